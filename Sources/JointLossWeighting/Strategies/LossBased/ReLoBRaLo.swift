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
public struct ReLoBRaLo: WeightingStrategy {
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
        "temperature", .number(default: 0.1, range: .positive), "τ: the larger, the nearer to equal weights."),
      ParameterDescriptor(
        "expected-saudade", .number(default: 0.999, range: .closed(0...1)),
        "p: how often the memory is kept, and not the progress since the first step."),
    ],
    differences: [
      "A loss below 1e-12 divides as 1e-12, and no ratio exceeds 1e12.",
      "A negative loss is an error.",
    ],
    claims: StrategyClaims(weightSum: .tasks, hasNonNegativeWeights: true))

  private static let smallestLoss = 1e-12
  private static let largestRatio = 1e12

  private let alpha: Double
  private let temperature: Double
  private let expectedSaudade: Double
  private var stream: PhiloxStream
  private var initial: [Double] = []
  private var previous: [Double] = []
  private var last: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var balance: [Double] = []

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
  }

  /// The balanced weights.
  ///
  /// - Parameter evidence: T losses of at least 0.
  /// - Returns: T weights of sum T, on the losses.
  /// - Throws: ``WeightingError`` naming the task whose loss is negative, or for another number of tasks.
  public mutating func weights(for evidence: LossEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: last.count, by: Self.descriptor.name)
    try LossTransforms.requireNonNegative(evidence.losses, by: Self.descriptor.name)
    if values.count != last.count {
      values = last
      balance = last
    }
    if initial.isEmpty {
      initial = evidence.losses
      previous = evidence.losses
    } else {
      let remembers = stream.uniform() < expectedSaudade
      if !remembers {
        setBalance(evidence.losses, since: initial)
        for task in last.indices { last[task] = balance[task] }
      }
      setBalance(evidence.losses, since: previous)
      for task in last.indices {
        last[task] = alpha * last[task] + (1 - alpha) * balance[task]
        previous[task] = evidence.losses[task]
      }
    }
    for task in last.indices { values[task] = last[task] }
    return TaskWeights(values, appliesTo: .losses)
  }

  private mutating func setBalance(_ losses: [Double], since earlier: [Double]) {
    for task in losses.indices {
      let ratio = min(losses[task] / max(earlier[task], Self.smallestLoss), Self.largestRatio)
      balance[task] = ratio / temperature
    }
    LossTransforms.softmax(&balance, sum: Double(losses.count))
  }
}
