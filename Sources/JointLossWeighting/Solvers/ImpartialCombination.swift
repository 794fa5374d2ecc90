/// The combination of gradients with equal projections on all of them: the core of IMTL-G and IMTL.
///
///     Σ w_t = 1 and (Gw)_t / ‖g_t‖ the same for all t
///     independent gradients: w = v / Σ v, v_t = (C⁻¹1)_t / ‖g_t‖, C the cosines
///
/// For dependent gradients the projections can be equal without being 0 only where 1 is in the range of C. Where it
/// is not, the paper's equations have combinations of 0 alone as solutions, the shortest of which is taken; or, as in
/// torchjd, v = G⁺ √diag(G), whose projections are not equal.
struct ImpartialCombination: ParameterGroup, Codable, Sendable {
  /// What w is where the gradients are dependent.
  enum Dependent: String, Codable, CaseIterable {
    case paper
    case pseudoInverse = "pseudo-inverse"
  }
  /// What the weights are divided by.
  enum Sign: String, Codable, CaseIterable { case paper, descent }

  static let differences = [
    "Dependent gradients: the shortest solution of the paper's equations, whose closed form may have none; torchjd's is dependent=pseudo-inverse.",
    "Σ v may be negative for three tasks or more: every task ascends then, in the paper's rule; sign=descent turns it.",
    "Where |Σ v| is at most 1e-12 of Σ |v| there is no solution: the weights are 0, as in torchjd.",
    "A task whose gradient is at most 1e-12 of the largest is left out and gets weight 0.",
  ]

  private static let vanishing = 1e-12
  private static let consistent = 1e-6

  @Parameter(
    "For dependent gradients: equal projections, 0 perhaps, or the pseudo-inverse of the Gramian (torchjd).")
  var dependent = Dependent.paper
  @Parameter("paper: divided by Σ v, and every task ascends where that is negative; descent: by |Σ v|.")
  var sign = Sign.paper
  @Scratch private var gradients = ScaledGramian()
  /// The tasks that the last step left out.
  @Scratch private(set) var interventions = Interventions()
  @Scratch private var solver = PseudoInverse()
  @Scratch private var vector: [Double] = []
  @Scratch private var matrix: [Double] = []

  /// Computes the weights.
  ///
  /// - Parameters:
  ///   - gramian: T×T.
  ///   - rowScales: positive factors on the gradients; the weights are those of the scaled gradients.
  ///   - present: the tasks with labels; nil for all.
  ///   - values: T weights.
  /// - Returns: the certificate of the eigendecomposition.
  /// - Throws: ``WeightingError`` if the eigendecomposition fails.
  mutating func solve(
    _ gramian: Gramian, rowScales: [Double] = [], present: [Bool]?, into values: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let taskCount = gramian.taskCount
    vector.resize(to: taskCount)
    matrix.resize(to: taskCount * taskCount)
    gradients.load(gramian, rowScales: rowScales)
    gradients.noteLeftOut(in: &interventions, present: present)
    let count = gradients.count
    let tolerance = PseudoInverse.rounding(order: count)
    var certificate = try solver.decompose(order: count, gradients.cosines, rankTolerance: tolerance)
    if dependent == .pseudoInverse && solver.rank < count {
      setGramian()
      certificate = try certificate.merged(
        with: solver.decompose(order: count, matrix, rankTolerance: tolerance))
      for t in 0..<count { vector[t] = gradients.norms[t] }
      _solver.wrappedValue.apply(to: &_vector.wrappedValue)
    } else {
      setEqualProjections()
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

  /// v with equal projections, of any sum; the eigenvectors are those of the cosines.
  private mutating func setEqualProjections() {
    let count = gradients.count
    for t in 0..<count { vector[t] = 1 }
    _solver.wrappedValue.apply(to: &_vector.wrappedValue)
    var (worst, smallest) = (0.0, Double.infinity)
    for t in 0..<count {
      var product = 0.0
      for s in 0..<count { product += gradients.cosines[t * count + s] * vector[s] }
      worst = max(worst, abs(product - 1))
      smallest = min(smallest, gradients.norms[t])
    }
    if solver.rank < count && worst > Self.consistent {
      // The part of 1/n that the range of C does not hold: the combination of 0 of least length.
      for t in 0..<count { vector[t] = smallest / gradients.norms[t] }
      _solver.wrappedValue.removeRange(from: &_vector.wrappedValue)
    }
    for t in 0..<count { vector[t] /= gradients.norms[t] }
  }

  private mutating func setGramian() {
    let count = gradients.count
    for i in 0..<count {
      for j in 0..<count {
        matrix[i * count + j] = gradients.norms[i] * gradients.cosines[i * count + j] * gradients.norms[j]
      }
    }
  }
}
