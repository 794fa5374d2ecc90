import JointLossLinearAlgebra

/// Keeps, parameter by parameter, the gradients of one sign only, drawn by how much of the whole has it.
///
/// Z. Chen, J. Ngiam, Y. Huang, T. Luong, H. Kretzschmar, Y. Chai, D. Anguelov, *Just Pick a Sign: Optimizing Deep
/// Multitask Models with Gradient Sign Dropout*, NeurIPS 2020, Algorithm 1 (<https://arxiv.org/abs/2010.06808>).
///
///     P_j = ½ (1 + Σ_t g_tj / Σ_t |g_tj|)      U_j uniform over [0, 1)
///     m_tj = 1 if g_tj > 0 and P_j > U_j, or g_tj < 0 and P_j < U_j; else 0
///     d_j = Σ_t (ℓ_t + (1 − ℓ_t) m_tj) g_tj
///
/// | symbol | property |
/// |---|---|
/// | g_tj | ``JacobianEvidence/jacobian`` |
/// | U_j | ``InjectedDraws/uniforms`` where given, else `stream` |
/// | ℓ_t | `leak` |
///
/// Without leak the expected direction is Σ g_t.
///
/// Cost: T trunk gradients held in memory, O(T P).
///
/// Where we differ: this is not the paper's rule, and there is no variant that is. The paper masks the gradients on the
/// shared representation, sample by sample, with a P of their products with the representation's sign, summed over the
/// batch. That sign, one a sample and unit, is in no evidence: a rule here sees the T gradients as rows of the Jacobian
/// and nothing of the activations. So the mask is on the shared parameters, as in torchjd and the code of CAGrad. No
/// rescaling by T.
public struct GradDrop: WeightingStrategy {
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "graddrop",
    title: "GradDrop",
    citation: Citation(
      "Z. Chen, J. Ngiam, Y. Huang, T. Luong, H. Kretzschmar, Y. Chai, D. Anguelov, Just Pick a Sign: Optimizing "
        + "Deep Multitask Models with Gradient Sign Dropout, NeurIPS 2020",
      link: "https://arxiv.org/abs/2010.06808"),
    formula: "d_j = Σ of the g_tj of one sign, positive with probability ½ (1 + Σ g_tj / Σ |g_tj|)",
    appliesTo: .direction,
    cost: "T trunk gradients in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "leak", .numbers(range: .closed(0...1)),
        "ℓ: what share of a task's gradient is never dropped, one number a task; 0 each if not given.")
    ],
    differences: [
      "Not the paper's rule: on the shared parameters, as in torchjd and CAGrad's code.",
      "The paper masks gradients on the representation, by its sign in each sample, which no evidence holds.",
      "Aligned-MTL's code draws one sign for the whole representation, with a leak of ½: there is no variant for it.",
      "The direction is not multiplied by T (CAGrad, FAMO) nor rescaled to the norm of the plain sum (Kurin et al.).",
    ],
    claims: StrategyClaims(
      weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: false))

  /// Columns whose sums are kept together, in the first cache.
  private static let blockColumns = 512

  private let taskCount: Int
  private let leak: [Double]
  private var stream: PhiloxStream
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var direction: [Double] = []
  private var sizes: [Double] = []
  private var kept: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, leak, stream }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, the parameters and the random stream.
  /// - Throws: ``WeightingError`` if leaks are given for another number of tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    taskCount = setup.taskCount
    let given = setup.parameters.numbers("leak")
    guard given.isEmpty || given.count == setup.taskCount else {
      throw WeightingError(
        .parameter, "graddrop.leak has \(given.count) numbers for \(setup.taskCount) tasks")
    }
    leak = given.isEmpty ? [Double](repeating: 0, count: setup.taskCount) : given
    stream = setup.stream
  }

  /// Fewer promises with a leak of each task's own.
  public var claims: StrategyClaims { Self.descriptor.claims.with(preferences: leak) }

  /// A task without labels has a gradient of 0, which weighs nothing in P.
  public static let weighsAbsentTasks = true

  /// One draw of the direction.
  ///
  /// - Parameter evidence: the T×P Jacobian, and draws from outside where there are any.
  /// - Returns: the direction; its weights are 1 each.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, of draws than parameters, or if a
  ///   sum of gradients overflows.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let count = evidence.jacobian.parameterCount
    if let given = evidence.draws.uniforms, given.count != count {
      throw WeightingError(.shape, "\(given.count) uniform draws for \(count) parameters")
    }
    if values.count != taskCount { values = [Double](repeating: 1, count: taskCount) }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    if sizes.count != count { sizes = [Double](repeating: 0, count: count) }
    if kept.isEmpty { kept = [Double](repeating: 0, count: Self.blockColumns) }
    // All P first, in the direction's place, so that a step that fails has drawn nothing.
    try setPurities(evidence.jacobian)
    // From here on the sizes' place holds the draws.
    for parameter in 0..<count {
      sizes[parameter] = evidence.draws.uniforms?[parameter] ?? stream.uniform()
    }
    drop(evidence.jacobian)
    return TaskWeights(direction: direction, values: values)
  }

  /// Sets the direction to P_j = ½ (1 + Σ g_tj / Σ |g_tj|).
  private mutating func setPurities(_ jacobian: Jacobian) throws(WeightingError) {
    for parameter in direction.indices { (direction[parameter], sizes[parameter]) = (0, 0) }
    for task in 0..<taskCount {
      jacobian.withRow(task) { row in
        direction.withUnsafeMutableBufferPointer { sums in
          sizes.withUnsafeMutableBufferPointer { sizes in
            for parameter in row.indices {
              sums[parameter] += row[parameter]
              sizes[parameter] += abs(row[parameter])
            }
          }
        }
      }
    }
    if let parameter = sizes.firstNonFinite {
      throw WeightingError(
        .nonFinite, "the gradients of parameter \(parameter) sum to \(sizes[parameter])")
    }
    // Without any gradient there is nothing to keep, whatever is drawn.
    for parameter in direction.indices {
      let size = sizes[parameter]
      direction[parameter] = size > 0 ? 0.5 * (1 + direction[parameter] / size) : 0.5
    }
  }

  /// Turns the purities in the direction's place into the direction, block by block, by the draws.
  private mutating func drop(_ jacobian: Jacobian) {
    for from in stride(from: 0, to: direction.count, by: Self.blockColumns) {
      let columns = from..<min(from + Self.blockColumns, direction.count)
      for column in kept.indices { kept[column] = 0 }
      for task in 0..<taskCount {
        let leak = leak[task]
        jacobian.withRow(task, columns: columns) { row in
          direction.withUnsafeBufferPointer {
            let purities = UnsafeBufferPointer(rebasing: $0[columns])
            sizes.withUnsafeBufferPointer {
              let draws = UnsafeBufferPointer(rebasing: $0[columns])
              kept.withUnsafeMutableBufferPointer { kept in
                for column in row.indices {
                  let (element, purity, draw) = (row[column], purities[column], draws[column])
                  let isKept = element > 0 ? purity > draw : purity < draw
                  kept[column] += isKept ? element : leak * element
                }
              }
            }
          }
        }
      }
      for column in columns { direction[column] = kept[column - from] }
    }
  }
}
