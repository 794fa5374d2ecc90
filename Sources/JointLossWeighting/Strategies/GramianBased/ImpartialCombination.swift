/// The combination of gradients with equal projections on all of them: the core of IMTL-G and IMTL.
///
///     v = G⁺ √diag(G),  w = v / Σ v            (Gw)_t / ‖g_t‖ is the same for all t
///
/// Where G has full rank it is computed on the cosines: v_t = (C⁻¹1)_t / ‖g_t‖.
struct ImpartialCombination: Sendable, Codable {
  /// What v is where the gradients are dependent.
  enum Inverse: String, Sendable, Codable, CaseIterable { case cosines, gramian }
  /// What the weights are divided by.
  enum Sign: String, Sendable, Codable, CaseIterable { case paper, descent }

  static let parameters = [
    ParameterDescriptor(
      "inverse", .choice(default: "cosines", options: Inverse.allCases.map(\.rawValue)),
      "Where gradients are dependent: the pseudo-inverse of the cosines, or of the Gramian as in torchjd."),
    ParameterDescriptor(
      "sign", .choice(default: "paper", options: Sign.allCases.map(\.rawValue)),
      "paper: divided by Σ v, and every task ascends where that is negative; descent: by |Σ v|."),
  ]
  static let differences = [
    "The paper's closed form fails for dependent gradients; here the pseudo-inverse gives the shortest solution.",
    "Σ v may be negative for three tasks or more: every task ascends then, in the paper's rule; sign=descent turns it.",
    "Where |Σ v| is at most 1e-12 of Σ |v| no such combination exists: the weights are 0, as in torchjd.",
    "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 0.",
  ]

  private static let vanishing = 1e-12

  private let inverse: Inverse
  let sign: Sign
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var gradients = ScaledGramian()
  private var solver = PseudoInverse()
  private var vector: [Double] = []
  private var matrix: [Double] = []

  private enum CodingKeys: CodingKey { case inverse, sign }

  init(_ setup: StrategySetup) {
    inverse = setup.parameters.choice("inverse")
    sign = setup.parameters.choice("sign")
  }

  /// Computes the weights.
  ///
  /// - Parameters:
  ///   - gramian: T×T.
  ///   - rowScales: positive factors on the gradients; the weights are those of the scaled gradients.
  ///   - values: T weights.
  /// - Returns: the certificate of the eigendecomposition.
  /// - Throws: ``WeightingError`` if the eigendecomposition fails.
  mutating func solve(
    _ gramian: Gramian, rowScales: [Double] = [], into values: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let taskCount = gramian.taskCount
    if vector.count != taskCount { vector = [Double](repeating: 0, count: taskCount) }
    gradients.load(gramian, rowScales: rowScales)
    let count = gradients.count
    let tolerance = PseudoInverse.rounding(order: count)
    var certificate = try solver.decompose(order: count, gradients.cosines, rankTolerance: tolerance)
    if inverse == .cosines || solver.rank == count {
      for t in 0..<count { vector[t] = 1 }
      solver.apply(to: &vector)
      for t in 0..<count { vector[t] /= gradients.norms[t] }
    } else {
      if matrix.count != taskCount * taskCount {
        matrix = [Double](repeating: 0, count: taskCount * taskCount)
      }
      for i in 0..<count {
        vector[i] = gradients.norms[i]
        for j in 0..<count {
          matrix[i * count + j] = gradients.norms[i] * gradients.cosines[i * count + j] * gradients.norms[j]
        }
      }
      certificate = try certificate.merged(
        with: solver.decompose(order: count, matrix, rankTolerance: tolerance))
      solver.apply(to: &vector)
    }
    var (sum, size) = (0.0, 0.0)
    for t in 0..<count {
      sum += vector[t]
      size += abs(vector[t])
    }
    for task in 0..<taskCount { values[task] = count == 0 ? 1 / Double(taskCount) : 0 }
    guard abs(sum) > Self.vanishing * size else { return certificate }
    let divisor = sign == .paper ? sum : abs(sum)
    for t in 0..<count { values[gradients.tasks[t]] = vector[t] / divisor }
    return certificate
  }
}
