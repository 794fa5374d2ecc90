/// The common descent direction nearest to the average gradient, from independent batches.
///
/// P. Xiao, H. Ban, K. Ji, *Direction-oriented Multi-objective Learning: Simple and Provable Stochastic
/// Algorithms*, NeurIPS 2023, Algorithm 1 (<https://arxiv.org/abs/2305.18409>).
///
///     A = J₂ J₃ᵀ / s²,  s the mean of √A_tt      b ← μ b + A (w + λ/T)      w ← Π_Δ(w − η b), K times
///     d = J₁ᵀ (w + λ/T) / (1 + λ)
///
/// | symbol | property |
/// |---|---|
/// | J₁, J₂, J₃ | ``IndependentBatchesEvidence/jacobians`` |
/// | w | `simplex`, 1/T at first, kept from step to step |
/// | λ, η, μ, K | `lambda`, `learning-rate`, `momentum`, `iterations` |
///
/// Cost: T trunk gradients on each of three batches, held in memory, then O(T² (P + K)).
///
/// Where we differ: the authors' code keeps the three gradients in one buffer, so that all are the last batch's;
/// here they are three. Where no A_tt is positive w stays as it is. An element of A (w + λ/T) of at most 1e-12 of its
/// terms counts as 0: at a stationary w it would be rounding, which η = 10 makes weights of. Where tasks have no
/// labels, the step is that of the others alone, T their number: their w are scaled to the sum 1, and afterwards back
/// to the sum they had. The w of an absent task stands still.
public struct SDMGrad: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.IndependentJacobians
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "sdmgrad",
    title: "SDMGrad",
    citation: Citation(
      "P. Xiao, H. Ban, K. Ji, Direction-oriented Multi-objective Learning: Simple and Provable Stochastic "
        + "Algorithms, NeurIPS 2023",
      link: "https://arxiv.org/abs/2305.18409"),
    formula: "d = J₁ᵀ(w + λ/T)/(1 + λ), w by K projected gradient steps on wᵀJ₂J₃ᵀ(w/2 + λ/T)",
    appliesTo: .direction,
    cost: "T trunk gradients on each of three batches, in memory, O(T² P)",
    parameters: [
      ParameterDescriptor(
        "lambda", .number(default: 0.3, range: .nonNegative), "λ: how near the average gradient."),
      ParameterDescriptor(
        "learning-rate", .number(default: 10, range: .positive), "η: the step size of the weights."),
      ParameterDescriptor(
        "momentum", .number(default: 0.5, range: .halfOpen(0..<1)), "μ: the momentum of the weights."),
      ParameterDescriptor(
        "iterations", .integer(default: 20, range: .closed(1...10_000)), "K: the steps of the weights."),
    ],
    differences: [
      "Three batches; the authors' code has three names for the last one's gradients.",
      "λ as in the authors' scripts (0.6 in the class), η as in their code (5 in LibMTL).",
      "Where no product of a task's gradients is positive, w stays as it is.",
      "A slope of at most 1e-12 of its terms counts as 0, so that rounding cannot move w.",
      "Where tasks have no labels the step is that of the others, whose w keep their sum.",
    ],
    promises: StrategyPromises(weightSum: .one, hasNonNegativeWeights: true, scaleDegree: 0))

  /// Absent tasks have no part in the direction, and their w stand still.
  public static let weighsAbsentTasks = true

  /// The share of its terms up to which a slope is their rounding, which K steps of this length would make weights of.
  private static let rounding = 1e-12

  private let lambda: Double
  private let learningRate: Double
  private let momentum: Double
  private let iterations: Int
  private var simplex: [Double]
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var weights: [Double] = []
  private var velocity: [Double] = []
  private var products: [Double] = []
  private var direction: [Double] = []
  private var projection = SimplexProjection()

  private enum CodingKeys: CodingKey { case lambda, learningRate, momentum, iterations, simplex }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    lambda = setup.parameters.number("lambda")
    learningRate = setup.parameters.number("learning-rate")
    momentum = setup.parameters.number("momentum")
    iterations = setup.parameters.integer("iterations")
    simplex = [Double](repeating: 1 / Double(setup.taskCount), count: setup.taskCount)
  }

  /// The weights from two batches, and the direction on the other.
  ///
  /// - Parameter evidence: three T×P Jacobians.
  /// - Returns: the direction; its weights are (w + λ/T)/(1 + λ), of sum 1, that of an absent task 0.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, or if a product overflows; the
  ///   state is then unchanged.
  public mutating func weights(
    for evidence: IndependentBatchesEvidence
  ) throws(WeightingError) -> TaskWeights {
    let (name, taskCount) = (Self.descriptor.name, simplex.count)
    try evidence.require(taskCount: taskCount, by: name)
    let count = evidence.jacobians[0].parameterCount
    if values.count != taskCount {
      values = [Double](repeating: 0, count: taskCount)
      (weights, velocity) = (values, values)
      products = [Double](repeating: 0, count: taskCount * taskCount)
    }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    let sum = PresentSimplex.take(&weights, from: simplex, by: evidence)
    if multiply(evidence) { improve(evidence) }
    let pull = lambda / Double(evidence.presentCount)
    for task in 0..<taskCount {
      values[task] = evidence.isPresent(task) ? (weights[task] + pull) / (1 + lambda) : 0
    }
    evidence.jacobians[0].combine(values, into: &direction)
    try JacobianBuffer.requireFinite(
      direction, values, by: name, weightsLetBy: ("learning-rate", learningRate))
    PresentSimplex.put(weights, sum: sum, into: &simplex, by: evidence)
    return TaskWeights(direction: direction, values: values)
  }

  /// Sets the products to those of two batches over their scale.
  ///
  /// - Returns: false if they have none.
  private mutating func multiply(_ evidence: IndependentBatchesEvidence) -> Bool {
    let (taskCount, presentCount) = (simplex.count, Double(evidence.presentCount))
    evidence.jacobians[1].multiply(transposed: evidence.jacobians[2], into: &products)
    var scale = 0.0
    for task in 0..<taskCount where evidence.isPresent(task) {
      scale += max(products[task * taskCount + task], 0).squareRoot() / presentCount
    }
    guard scale > 0 else { return false }
    for index in products.indices { products[index] = products[index] / scale / scale }
    return true
  }

  private mutating func improve(_ evidence: IndependentBatchesEvidence) {
    let (taskCount, pull) = (simplex.count, lambda / Double(evidence.presentCount))
    for task in 0..<taskCount { velocity[task] = 0 }
    for _ in 0..<iterations {
      for i in 0..<taskCount where evidence.isPresent(i) {
        var (slope, size) = (0.0, 0.0)
        for j in 0..<taskCount where evidence.isPresent(j) {
          let term = products[i * taskCount + j] * (weights[j] + pull)
          slope += term
          size += abs(term)
        }
        // What has overflowed stays, and is refused as a direction.
        if size.isFinite, abs(slope) <= Self.rounding * size { slope = 0 }
        velocity[i] = momentum * velocity[i] + slope
      }
      for task in 0..<taskCount { weights[task] -= learningRate * velocity[task] }
      projection.project(&weights, present: evidence.present)
    }
  }
}
