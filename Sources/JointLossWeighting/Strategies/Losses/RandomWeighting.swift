import JointLossLinearAlgebra
import RealModule

/// Draws the weights of every step at random: the litmus test of any other rule.
///
///     normal               w = softmax(ξ), ξ_t standard normal
///     uniform              w = softmax(ξ), ξ_t uniform over [0, 1)
///     dirichlet            w uniform over the simplex
///     bernoulli            w = b / Σ b, b_t ∈ {0, 1} evenly, not all 0
///     one-hot              w is 1 for one task, evenly
public struct RandomWeighting: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "random", "random loss weighting",
    citation: Citation(
      "B. Lin, F. Ye, Y. Zhang, I. W. Tsang, Reasonable Effectiveness of Random Weighting: A Litmus Test for "
        + "Multi-Task Learning, TMLR 2022",
      link: "https://arxiv.org/abs/2111.10603"),
    formula: "w = softmax(ξ), ξ_t standard normal, anew in every step",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "Weights sum to 1, as in the paper; the code of Kurin et al. and IGB multiplies by T: sum=tasks.",
      "Where tasks have no labels the others share the sum: 1, or their number.",
    ],
    promises: [.sum(.one), .nonNegative, .scaleDegree(0), .order(.inDistribution), .memoryless])

  enum Law: String, Codable, CaseIterable {
    case normal, uniform, dirichlet, bernoulli
    case oneHot = "one-hot"
  }
  enum Sum: String, Codable, CaseIterable { case one, tasks }

  @Parameter("The law of the weights.") var law = Law.normal
  @Parameter("What the weights sum to: 1 or T.") var sum = Sum.one
  @Scratch private var values: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// What it promises with its parameters.
  public var promises: StrategyPromises {
    var promises = Self.about.promises
    if sum == .tasks { promises.weightSum = .tasks }
    return promises
  }

  /// Normals for the law `normal`, uniforms for the others: one a task, for `one-hot` a single one.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> {
    law == .normal ? [.normals] : [.uniforms]
  }

  /// Fresh weights.
  ///
  /// - Parameter step: the number of tasks, and draws from outside where there are any.
  /// - Returns: T weights of at least 0.
  /// - Throws: ``WeightingError`` for another number of draws than the law has, and under `bernoulli` for draws that
  ///   leave no task a weight.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount)
    let sum = sum == .one ? 1 : Double(step.presentCount)
    let uniforms = step.draws.uniforms
    var random = step.random
    switch law {
    case .normal:
      try setDraws(step.draws.normals, "normal") { random.normal() }
      LossTransforms.softmax(&values, sum: sum, present: step.present)
    case .uniform:
      try setDraws(uniforms, "uniform") { random.uniform() }
      LossTransforms.softmax(&values, sum: sum, present: step.present)
    case .dirichlet:
      // Unit exponential variables over their sum; 1 − u lies in (0, 1].
      try setDraws(uniforms, "uniform") { random.uniform() }
      for task in values.indices { values[task] = -Double.log(1 - values[task]) + .leastNormalMagnitude }
      for task in values.indices where !step.isPresent(task) { values[task] = 0 }
      divideBySum(sum)
    case .bernoulli:
      repeat {
        try setDraws(uniforms, "uniform") { random.uniform() }
        for task in values.indices { values[task] = values[task] < 0.5 && step.isPresent(task) ? 1 : 0 }
        guard uniforms == nil || values.contains(1) else {
          throw WeightingError(
            .shape,
            "these uniforms leave every task the weight 0: random.law=bernoulli needs one below 0.5")
        }
      } while !values.contains(1)
      divideBySum(sum)
    case .oneHot:
      try step.draws.requireUniforms(1, by: Self.about.name, for: "for the task that is chosen")
      let count = step.presentCount
      var left = uniforms.map { Int($0[0] * Double(count)) } ?? random.index(below: count)
      for task in values.indices {
        values[task] = 0
        guard step.isPresent(task) else { continue }
        if left == 0 { values[task] = sum }
        left -= 1
      }
    }
    return TaskWeights(values)
  }

  private mutating func setDraws(
    _ given: [Double]?, _ what: String, _ draw: () -> Double
  ) throws(WeightingError) {
    if let given {
      guard given.count == values.count else {
        throw WeightingError(.shape, "\(given.count) \(what) draws for \(values.count) tasks")
      }
      for task in values.indices { values[task] = given[task] }
    } else {
      for task in values.indices { values[task] = draw() }
    }
  }

  private mutating func divideBySum(_ sum: Double) {
    var total = 0.0
    for value in values { total += value }
    for task in values.indices { values[task] *= sum / total }
  }
}
