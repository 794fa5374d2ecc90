import JointLossWeighting

/// A strategy that says it reads gradients in every step, whatever the one in it says.
struct Attentive<Base: WeightingStrategy>: WeightingStrategy {
  typealias Gradients = Base.Gradients

  static var about: StrategyDescription { Base.about }

  private var base: Base

  init() { base = Base() }

  init(_ base: Base) { self.base = base }

  var gradientScope: GradientScope? { base.gradientScope }
  var looksAfterStep: Bool { base.looksAfterStep }

  mutating func start(taskCount: Int) throws(WeightingError) { try base.start(taskCount: taskCount) }
  mutating func weights(for step: Step<Gradients>) throws(WeightingError) -> TaskWeights {
    try base.weights(for: step)
  }
  mutating func epochEnded(meanLosses: [Double]) { base.epochEnded(meanLosses: meanLosses) }
  mutating func stepEnded(lossesAfter: [Double]) { base.stepEnded(lossesAfter: lossesAfter) }
}

/// All numbers of a step's gradients, whatever their kind.
protocol NumberedGradients: GradientEvidence {
  var numbers: [Double] { get }
}

extension GradientNorms: NumberedGradients {
  var numbers: [Double] { values }
}

extension Gramian: NumberedGradients {
  var numbers: [Double] { elements }
}

extension Jacobian: NumberedGradients {
  var numbers: [Double] { elements }
}

/// Weighs all tasks by 1, reads gradients in every third step, and remembers what it was shown in all.
struct GradientRecorder<Gradients: NumberedGradients>: WeightingStrategy {
  static var about: StrategyDescription {
    StrategyDescription("gradient-recorder", "gradient recorder", formula: "w_t = 1", weighs: .losses)
  }

  private(set) var seen: [[Double]] = []

  func readsGradients(present: [Bool]?) -> Bool { seen.count % 3 == 0 }

  mutating func weights(for step: Step<Gradients>) -> TaskWeights {
    seen.append(step.gradients.numbers)
    return TaskWeights([Double](repeating: 1, count: step.taskCount))
  }
}
