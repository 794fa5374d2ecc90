import JointLossWeighting

/// What most of them are but for their fault: equal weights.
func broken(
  _ name: String, claims: StrategyClaims = StrategyClaims(), appliesTo: TaskWeights.Application = .losses
) -> StrategyDescriptor {
  StrategyDescriptor(name: name, title: name, formula: "", appliesTo: appliesTo, claims: claims)
}

func losses(_ values: [Double]) -> TaskWeights { TaskWeights(values, appliesTo: .losses) }
