import JointLossWeighting

/// What most of them are but for their fault: equal weights.
func broken(
  _ name: String, promises: StrategyPromises = StrategyPromises(), weighs: TaskWeights.Application = .losses
) -> StrategyDescription {
  StrategyDescription(name, name, formula: "", weighs: weighs, promises: promises)
}

func losses(_ values: [Double]) -> TaskWeights { TaskWeights(values) }
