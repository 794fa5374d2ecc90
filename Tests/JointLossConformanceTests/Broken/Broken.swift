import JointLossWeighting

/// What most of them are but for their fault: equal weights.
func broken(
  _ name: String, promises: StrategyPromises = StrategyPromises(), appliesTo: TaskWeights.Application = .losses
) -> StrategyDescriptor {
  StrategyDescriptor(name: name, title: name, formula: "", appliesTo: appliesTo, promises: promises)
}

func losses(_ values: [Double]) -> TaskWeights { TaskWeights(values) }
