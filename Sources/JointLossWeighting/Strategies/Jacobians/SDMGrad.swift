/// The common descent direction nearest to the average gradient, from independent batches (Algorithm 1).
///
///     A = J₂ J₃ᵀ / s²,  s the mean of √A_tt      b ← μ b + A (w + λ/T)      w ← Π_Δ(w − η b), K times
///     d = J₁ᵀ (w + λ/T) / (1 + λ)
///
/// J₁, J₂, J₃ are the task gradients of three batches; w is 1/T at first and kept from step to step.
public struct SDMGrad: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "sdmgrad", "SDMGrad",
    citation: Citation(
      "P. Xiao, H. Ban, K. Ji, Direction-oriented Multi-objective Learning: Simple and Provable Stochastic "
        + "Algorithms, NeurIPS 2023",
      link: "https://arxiv.org/abs/2305.18409"),
    formula: "d = J₁ᵀ(w + λ/T)/(1 + λ), w by K projected gradient steps on wᵀJ₂J₃ᵀ(w/2 + λ/T)",
    weighs: .direction,
    cost: "T trunk gradients on each of three batches, in memory, O(T² P)",
    differences: [
      "Three batches; the authors' code has three names for the last one's gradients.",
      "λ as in the authors' scripts (0.6 in the class), η as in their code (5 in LibMTL).",
      "Where no product of a task's gradients is positive, w stays as it is.",
      "A slope of at most 1e-12 of its terms counts as 0, so that rounding cannot move w.",
      "Where tasks have no labels the step is that of the others, whose w keep their sum.",
    ],
    promises: [.sum(.one), .nonNegative, .scaleDegree(0)])

  /// The share of its terms up to which a slope is their rounding, which K steps of this length would make weights of.
  private static let rounding = 1e-12

  @Parameter("λ: how near the average gradient.", in: .nonNegative) var lambda = 0.3
  @Parameter("η: the step size of the weights.", in: .positive) var learningRate = 10.0
  @Parameter("μ: the momentum of the weights.", in: 0..<1) var momentum = 0.5
  @Parameter("K: the steps of the weights.", in: 1...10_000) var iterations = 20
  private var simplex: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var weights: [Double] = []
  @Scratch private var velocity: [Double] = []
  @Scratch private var products: [Double] = []
  @Scratch private var direction: [Double] = []
  @Scratch private var projection = SimplexProjection()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights.
  public mutating func start(taskCount: Int) {
    simplex = [Double](repeating: 1 / Double(taskCount), count: taskCount)
  }

  /// The weights from two batches, and the direction on the other.
  ///
  /// - Parameter step: three T×P Jacobians.
  /// - Returns: the direction; its weights are (w + λ/T)/(1 + λ), of sum 1, that of an absent task 0.
  /// - Throws: ``WeightingError`` if a product overflows; the state is then unchanged.
  public mutating func weights(for step: Step<IndependentJacobians>) throws(WeightingError) -> TaskWeights {
    let taskCount = step.taskCount
    values.resize(to: taskCount)
    weights.resize(to: taskCount)
    velocity.resize(to: taskCount)
    products.resize(to: taskCount * taskCount)
    direction.resize(to: step.jacobians[0].parameterCount)
    let sum = PresentSimplex.take(&weights, from: simplex, in: step)
    if multiply(step) { improve(step) }
    let pull = lambda / Double(step.presentCount)
    for task in 0..<taskCount {
      values[task] = step.isPresent(task) ? (weights[task] + pull) / (1 + lambda) : 0
    }
    step.jacobians[0].combine(values, into: &direction)
    try JacobianBuffer.requireFinite(
      direction, values, by: Self.about.name, weightsLetBy: ("learning-rate", learningRate))
    PresentSimplex.put(weights, sum: sum, into: &simplex, in: step)
    return TaskWeights(direction: direction, values: values)
  }

  /// Sets the products to those of two batches over their scale.
  ///
  /// - Returns: false if they have none.
  private mutating func multiply(_ step: Step<IndependentJacobians>) -> Bool {
    step.jacobians[1].multiply(transposed: step.jacobians[2], into: &products)
    var scale = 0.0
    for task in 0..<step.taskCount where step.isPresent(task) {
      scale += max(products[task * step.taskCount + task], 0).squareRoot() / Double(step.presentCount)
    }
    guard scale > 0 else { return false }
    for index in products.indices { products[index] = products[index] / scale / scale }
    return true
  }

  private mutating func improve(_ step: Step<IndependentJacobians>) {
    let (taskCount, pull) = (step.taskCount, lambda / Double(step.presentCount))
    for task in 0..<taskCount { velocity[task] = 0 }
    for _ in 0..<iterations {
      for i in 0..<taskCount where step.isPresent(i) {
        var (slope, size) = (0.0, 0.0)
        for j in 0..<taskCount where step.isPresent(j) {
          let term = products[i * taskCount + j] * (weights[j] + pull)
          slope += term
          size += abs(term)
        }
        // What has overflowed stays, and is refused as a direction.
        if size.isFinite, abs(slope) <= Self.rounding * size { slope = 0 }
        velocity[i] = momentum * velocity[i] + slope
      }
      for task in 0..<taskCount { weights[task] -= learningRate * velocity[task] }
      _projection.wrappedValue.project(&_weights.wrappedValue, present: step.present)
    }
  }
}
