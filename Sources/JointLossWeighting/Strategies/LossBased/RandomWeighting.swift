import JointLossLinearAlgebra
import RealModule

/// Draws the weights of every step at random: the litmus test of any other rule.
///
/// B. Lin, F. Ye, Y. Zhang, I. W. Tsang, *Reasonable Effectiveness of Random Weighting: A Litmus Test for
/// Multi-Task Learning*, TMLR 2022 (<https://arxiv.org/abs/2111.10603>).
///
///     normal               w = softmax(ξ), ξ_t standard normal
///     uniform              w = softmax(ξ), ξ_t uniform over [0, 1)
///     dirichlet            w uniform over the simplex
///     bernoulli            w = b / Σ b, b_t ∈ {0, 1} evenly, not all 0
///     one-hot              w is 1 for one task, evenly
///
/// | symbol | property |
/// |---|---|
/// | ξ | ``InjectedDraws/normals``, ``InjectedDraws/uniforms`` where given, else `stream` |
///
/// Cost: O(T).
///
/// Where we differ: the code of Kurin et al. and of IGB multiplies by T: `sum`.
public struct RandomWeighting: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "random",
    title: "random loss weighting",
    citation: Citation(
      "B. Lin, F. Ye, Y. Zhang, I. W. Tsang, Reasonable Effectiveness of Random Weighting: A Litmus Test for "
        + "Multi-Task Learning, TMLR 2022",
      link: "https://arxiv.org/abs/2111.10603"),
    formula: "w = softmax(ξ), ξ_t standard normal, anew in every step",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "law", .choice(default: "normal", options: Law.allCases.map(\.rawValue)), "The law of the weights."),
      ParameterDescriptor(
        "sum", .choice(default: "one", options: ["one", "tasks"]), "What the weights sum to: 1 or T."),
    ],
    differences: [
      "Weights sum to 1, as in the paper; the code of Kurin et al. and IGB multiplies by T: sum=tasks.",
      "Where tasks have no labels the others share the sum: 1, or their number.",
    ],
    promises: StrategyPromises(
      weightSum: .one, hasNonNegativeWeights: true, scaleDegree: 0, taskOrder: .inDistribution,
      isMemoryless: true))

  /// True: the weights of the present tasks are drawn as if there were no others.
  public static let weighsAbsentTasks = true

  private enum Law: String, Codable, CaseIterable {
    case normal, uniform, dirichlet, bernoulli
    case oneHot = "one-hot"
  }

  private let taskCount: Int
  private let law: Law
  private let sum: Double
  private var stream: PhiloxStream
  // A buffer of a step, no state: the next step fills it, so it is not encoded.
  private var values: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, law, sum, stream }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, the parameters and the random stream.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    law = setup.parameters.choice("law")
    sum = setup.parameters.values["sum"] == .text("tasks") ? Double(setup.taskCount) : 1
    stream = setup.stream
  }

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.descriptor.promises
    if sum != 1 { promises.weightSum = .tasks }
    return promises
  }

  /// The draws of the law: one a task, for `one-hot` a single one.
  ///
  /// - Parameter present: ignored.
  /// - Returns: normals for the law `normal`, uniforms for the others.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> {
    law == .normal ? [.normals] : [.uniforms]
  }

  /// Fresh weights.
  ///
  /// - Parameter evidence: the number of tasks, and draws from outside where there are any.
  /// - Returns: T weights of at least 0, on the losses.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, for another number of draws than the
  ///   law has, and under `bernoulli` for draws that leave no task a weight.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 0, count: taskCount) }
    let present = evidence.present
    let sum = sum == 1 ? 1 : Double(evidence.presentCount)
    switch law {
    case .normal:
      try setDraws(evidence.draws.normals, "normal") { $0.normal() }
      LossTransforms.softmax(&values, sum: sum, present: present)
    case .uniform:
      try setDraws(evidence.draws.uniforms, "uniform") { $0.uniform() }
      LossTransforms.softmax(&values, sum: sum, present: present)
    case .dirichlet:
      // Unit exponential variables over their sum; 1 − u lies in (0, 1].
      try setDraws(evidence.draws.uniforms, "uniform") { $0.uniform() }
      for task in 0..<taskCount { values[task] = -Double.log(1 - values[task]) + .leastNormalMagnitude }
      for task in 0..<taskCount where !evidence.isPresent(task) { values[task] = 0 }
      divideBySum(sum)
    case .bernoulli:
      repeat {
        try setDraws(evidence.draws.uniforms, "uniform") { $0.uniform() }
        for task in 0..<taskCount { values[task] = values[task] < 0.5 && evidence.isPresent(task) ? 1 : 0 }
        guard evidence.draws.uniforms == nil || values.contains(1) else {
          throw WeightingError(
            .shape,
            "these uniforms leave every task the weight 0: random.law=bernoulli needs one below 0.5")
        }
      } while !values.contains(1)
      divideBySum(sum)
    case .oneHot:
      try evidence.draws.requireUniforms(1, by: Self.descriptor.name, for: "for the task that is chosen")
      let count = evidence.presentCount
      var left =
        evidence.draws.uniforms.map { Int($0[0] * Double(count)) } ?? stream.index(below: count)
      for task in 0..<taskCount {
        values[task] = 0
        guard evidence.isPresent(task) else { continue }
        if left == 0 { values[task] = sum }
        left -= 1
      }
    }
    return TaskWeights(values)
  }

  private mutating func setDraws(
    _ given: [Double]?, _ what: String, _ draw: (inout PhiloxStream) -> Double
  ) throws(WeightingError) {
    if let given {
      guard given.count == taskCount else {
        throw WeightingError(.shape, "\(given.count) \(what) draws for \(taskCount) tasks")
      }
      for task in 0..<taskCount { values[task] = given[task] }
    } else {
      for task in 0..<taskCount { values[task] = draw(&stream) }
    }
  }

  private mutating func divideBySum(_ sum: Double) {
    var total = 0.0
    for value in values { total += value }
    for task in 0..<taskCount { values[task] *= sum / total }
  }
}
