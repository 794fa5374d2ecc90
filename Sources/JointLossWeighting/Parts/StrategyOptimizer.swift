import RealModule

/// The optimiser of the few numbers that a strategy learns itself, apart from the network's.
///
/// Adam is D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR 2015, Algorithm 1
/// (<https://arxiv.org/abs/1412.6980>) with β = (0.9, 0.999) and ε = 1e-8. No weight decay: it would pull the
/// strategy's numbers towards values that mean something else in every rule.
struct StrategyOptimizer: ParameterGroup, Sendable, Codable {
  enum Rule: String, Sendable, Codable, CaseIterable { case adam, sgd }

  @Parameter("The optimiser of the strategy's own numbers.") var optimizer = Rule.adam
  // At larger ones a step overflows.
  @Parameter("The learning rate of this optimiser.", in: .open(0, 1e100)) var learningRate = 0.025

  private static let decay = (first: 0.9, second: 0.999)
  private static let epsilon = 1e-8

  /// For each task, the steps it took: one that has no labels takes none.
  private var steps: [Int] = []
  private var firstMoments: [Double] = []
  private var secondMoments: [Double] = []

  init() {}

  /// Begins with no moments.
  mutating func start(taskCount: Int) {
    let count = optimizer == .adam ? taskCount : 0
    steps = [Int](repeating: 0, count: count)
    firstMoments = [Double](repeating: 0, count: count)
    secondMoments = firstMoments
  }

  /// Takes one step in place, without allocating.
  ///
  /// - Parameters:
  ///   - values: the numbers to learn, one a task.
  ///   - gradient: their gradient.
  ///   - present: which tasks take the step; nil for all. The others keep number and moments.
  ///   - cause: what a message on an overflow ends with: ``LossTransforms/clause(of:_:)``.
  /// - Throws: ``WeightingError`` naming the task whose gradient is not finite or overflows when squared;
  ///   nothing has changed then.
  mutating func step(
    _ values: inout [Double], gradient: [Double], present: [Bool]? = nil,
    cause: @autoclosure () -> String = ""
  ) throws(WeightingError) {
    for task in gradient.indices
    where present?[task] ?? true && !(gradient[task] * gradient[task]).isFinite {
      let square = gradient[task].isFinite ? ", whose square overflows" : ""
      throw WeightingError(
        .nonFinite,
        "the gradient of the strategy's own parameter of task \(task) is \(gradient[task])\(square)\(cause())",
        task: task)
    }
    switch optimizer {
    case .sgd:
      for task in gradient.indices where present?[task] ?? true {
        values[task] -= learningRate * gradient[task]
      }
    case .adam:
      let (first, second) = Self.decay
      // Without missing labels all tasks are at the same step, whose powers are then taken once.
      var (step, correction) = (0, (0.0, 0.0))
      for task in gradient.indices where present?[task] ?? true {
        steps[task] += 1
        if steps[task] != step {
          step = steps[task]
          correction = (1 - Double.pow(first, step), (1 - Double.pow(second, step)).squareRoot())
        }
        firstMoments[task] += (1 - first) * (gradient[task] - firstMoments[task])
        secondMoments[task] += (1 - second) * (gradient[task] * gradient[task] - secondMoments[task])
        let scale = secondMoments[task].squareRoot() / correction.1 + Self.epsilon
        values[task] -= learningRate / correction.0 * firstMoments[task] / scale
      }
    }
  }

  /// Holds the numbers of the present tasks in their range after a step, and notes those that had left it.
  ///
  /// - Parameters:
  ///   - values: the numbers that the rule learns, one a task.
  ///   - range: where they are held.
  ///   - present: which tasks took the step; nil for all.
  ///   - interventions: where it is noted; reset here.
  static func clamp(
    _ values: inout [Double], to range: ClosedRange<Double>, present: [Bool]?,
    noting interventions: inout Interventions
  ) {
    interventions.reset(taskCount: values.count)
    for task in values.indices where (present?[task] ?? true) && !range.contains(values[task]) {
      values[task] = min(max(values[task], range.lowerBound), range.upperBound)
      interventions.insert(.clamp, task: task)
    }
  }
}
