import JointLossLinearAlgebra
import RealModule

/// Balances losses by their progress since the last step and, at random, since the first.
///
/// R. Bischof, M. A. Kraus, *Multi-Objective Loss Balancing for Physics-Informed Deep Learning*, 2021, Equations 9
/// to 11 (<https://arxiv.org/abs/2110.09813>).
///
///     λ_bal(k, k') = T softmax(L(k) / (τ L(k')))
///     w(k) = α (ρ w(k−1) + (1 − ρ) λ_bal(k, 0)) + (1 − α) λ_bal(k, k−1),   ρ ~ Bernoulli(p)
///
/// | symbol | property |
/// |---|---|
/// | L(k) | ``LossEvidence/losses`` |
/// | L(0), L(k−1), w(k−1) | `initial`, `previous`, `last` |
/// | τ, α, p | `temperature`, `alpha`, `expected-saudade` |
/// | ρ | 1 where a draw of `stream` is below p |
///
/// Cost: O(T).
///
/// Where we differ: a ratio to a loss below 1e-12 is one to 1e-12, and no ratio exceeds 1e12. In the first step w = 1.
public struct ReLoBRaLo: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.NoGradients
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "relobralo",
    title: "ReLoBRaLo (relative loss balancing with random lookback)",
    citation: Citation(
      "R. Bischof, M. A. Kraus, Multi-Objective Loss Balancing for Physics-Informed Deep Learning, 2021",
      link: "https://arxiv.org/abs/2110.09813"),
    formula: "w ← α (ρ w + (1 − ρ) λ(k,0)) + (1 − α) λ(k,k−1), λ(k,k') = T softmax(L(k)/(τ L(k')))",
    appliesTo: .losses,
    cost: "O(T)",
    parameters: [
      ParameterDescriptor(
        "alpha", .number(default: 0.999, range: .closed(0...1)), "α: how long earlier weights last."),
      ParameterDescriptor(
        // At smaller ones the exponent of the largest ratio overflows.
        "temperature", .number(default: 0.1, range: .open(1e-290, .infinity)),
        "τ: the larger, the nearer to equal weights."),
      ParameterDescriptor(
        "expected-saudade", .number(default: 0.999, range: .closed(0...1)),
        "p: how often the memory is kept, and not the progress since the first step."),
    ],
    differences: [
      "A loss below 1e-12 divides as 1e-12, and no ratio exceeds 1e12.",
      "A negative loss is an error.",
      "Where tasks have no labels the weights of the others keep the sum they had.",
    ],
    promises: StrategyPromises(weightSum: .tasks, hasNonNegativeWeights: true))

  /// True: the weights of the present tasks keep their sum, and those of absent tasks stay.
  public static let weighsAbsentTasks = true

  private static let smallestLoss = 1e-12
  private static let largestRatio = 1e12

  private let alpha: Double
  private let temperature: Double
  private let expectedSaudade: Double
  private var stream: PhiloxStream
  /// For each task, the losses of the first and of the last step in which it had labels.
  private var initial: [Double?]
  private var previous: [Double?]
  private var last: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var balance: [Double] = []
  private var interventions = Interventions()

  private enum CodingKeys: CodingKey {
    case alpha, temperature, expectedSaudade, stream, initial, previous, last
  }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, the parameters and the random stream.
  public init(_ setup: StrategySetup) {
    alpha = setup.parameters.number("alpha")
    temperature = setup.parameters.number("temperature")
    expectedSaudade = setup.parameters.number("expected-saudade")
    stream = setup.stream
    last = [Double](repeating: 1, count: setup.taskCount)
    initial = [Double?](repeating: nil, count: setup.taskCount)
    previous = initial
  }

  /// One uniform draw, which keeps the memory where it is below p; none in a step whose tasks are all new.
  ///
  /// - Parameter present: the tasks with labels.
  /// - Returns: uniforms, or nothing.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> {
    isKnown(present) ? [.uniforms] : []
  }

  /// Whether one of the tasks with labels has had some before.
  private func isKnown(_ present: [Bool]?) -> Bool {
    initial.indices.contains { (present?[$0] ?? true) && initial[$0] != nil }
  }

  /// The balanced weights.
  ///
  /// - Parameter evidence: T losses of at least 0, and a draw from outside where there is one.
  /// - Returns: T weights of sum T, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks, or of draws
  ///   than one.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: last.count, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != last.count {
      values = last
      balance = last
    }
    try evidence.draws.requireUniforms(1, by: Self.descriptor.name, for: "for the look back")
    interventions.reset(taskCount: last.count)
    var sum = 0.0
    for task in last.indices where evidence.isPresent(task) { sum += last[task] }
    // The weights of the present tasks keep their sum: T where all are.
    if evidence.present == nil { sum = Double(last.count) }
    if isKnown(evidence.present) {
      let remembers = (evidence.draws.uniforms?[0] ?? stream.uniform()) < expectedSaudade
      if !remembers {
        setBalance(evidence, since: initial, sum: sum)
        for task in last.indices where evidence.isPresent(task) { last[task] = balance[task] }
      }
      setBalance(evidence, since: previous, sum: sum)
      for task in last.indices where evidence.isPresent(task) {
        last[task] = alpha * last[task] + (1 - alpha) * balance[task]
      }
    }
    for task in last.indices {
      values[task] = 0
      guard evidence.isPresent(task) else { continue }
      values[task] = last[task]
      previous[task] = evidence.losses[task]
      if initial[task] == nil { initial[task] = evidence.losses[task] }
    }
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setBalance(_ evidence: LossEvidence, since earlier: [Double?], sum: Double) {
    for task in evidence.losses.indices {
      // The first loss of a task is compared with itself.
      let ratio = earlier[task].map { evidence.losses[task] / max($0, Self.smallestLoss) } ?? 1
      balance[task] = min(ratio, Self.largestRatio) / temperature
      guard evidence.isPresent(task) else { continue }
      if let loss = earlier[task], loss < Self.smallestLoss { interventions.insert(.floor, task: task) }
      if ratio > Self.largestRatio { interventions.insert(.ceiling, task: task) }
    }
    LossTransforms.softmax(&balance, sum: sum, present: evidence.present)
  }
}
