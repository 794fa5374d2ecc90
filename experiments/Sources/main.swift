await Experiments.main()
