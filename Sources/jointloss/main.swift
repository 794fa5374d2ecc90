import JointLossCommand

await JointLoss.main()
