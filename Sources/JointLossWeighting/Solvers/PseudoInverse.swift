import JointLossLinearAlgebra
import RealModule

/// The eigendecomposition of a symmetric matrix, with what follows from it: pseudo-inverse and rank.
///
/// LAPACK's syevd. Eigenvalues up to `rankTolerance · λ_max` count as 0.
package struct PseudoInverse: Sendable {
  /// The tolerance below which an eigenvalue of a T×T matrix is rounding: 10 T ε.
  ///
  /// - Parameter order: T.
  /// - Returns: the share of the largest eigenvalue.
  package static func rounding(order: Int) -> Double { 10 * Double(order) * .ulpOfOne }

  /// The number of rows.
  package private(set) var order = 0
  /// The eigenvalues, ascending.
  package private(set) var values: [Double] = []
  /// The eigenvectors, one after the other.
  package private(set) var vectors: [Double] = []
  /// The index of the first eigenvalue that is not 0; `order` if all are.
  package private(set) var firstRanked = 0
  private var matrix: [Double] = []
  private var work: [Double] = []
  private var integerWork: [Int32] = []
  private var coefficients: [Double] = []

  /// Creates a solver; it allocates in its first call.
  package init() {}

  /// The number of eigenvalues that are not 0.
  package var rank: Int { order - firstRanked }

  /// Decomposes a matrix.
  ///
  /// - Parameters:
  ///   - order: the number of rows.
  ///   - matrix: a symmetric matrix without gaps, in its first elements.
  ///   - rankTolerance: the share of the largest eigenvalue up to which one counts as 0.
  /// - Returns: the certificate: ‖A − VΛVᵀ‖ over ‖A‖, largest elements.
  /// - Throws: ``WeightingError`` if LAPACK's iteration fails, or the residual is above the tolerance.
  package mutating func decompose(
    order: Int, _ matrix: [Double], rankTolerance: Double
  ) throws(WeightingError) -> SolverCertificate {
    reserve(order)
    self.order = order
    for index in 0..<order * order {
      self.matrix[index] = matrix[index]
      vectors[index] = matrix[index]
    }
    guard order > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    do {
      try DenseKernels.decompose(
        order: order, &vectors, values: &values, work: &work, integerWork: &integerWork)
    } catch {
      throw WeightingError(.solver, "the eigenvalues of a \(order)×\(order) Gramian: \(error)")
    }
    let largest = max(values[order - 1], 0)
    firstRanked = order
    while firstRanked > 0, values[firstRanked - 1] > rankTolerance * largest { firstRanked -= 1 }
    return try SolverCertificate(iterations: 1, residual: residual()).checked("the eigendecomposition")
  }

  /// The largest |A v − λ v| over the largest element of A.
  private mutating func residual() -> Double {
    var (worst, largest) = (0.0, 0.0)
    for index in 0..<order * order { largest = max(largest, abs(matrix[index])) }
    guard largest > 0 else { return 0 }
    for k in 0..<order {
      for i in 0..<order { coefficients[i] = vectors[k * order + i] }
      DenseKernels.multiply(order: order, matrix, coefficients, into: &work)
      for i in 0..<order {
        let difference = abs(work[i] - values[k] * coefficients[i]) / largest
        worst = difference.isNaN ? .infinity : max(worst, difference)
      }
    }
    return worst
  }

  /// `x ← A^p x` on the range of A, 0 off it: the pseudo-inverse for p = −1.
  ///
  /// - Parameters:
  ///   - vector: x.
  ///   - power: p.
  package mutating func apply(to vector: inout [Double], power: Double = -1) {
    for k in firstRanked..<max(order, firstRanked) {
      var product = 0.0
      for i in 0..<order { product += vectors[k * order + i] * vector[i] }
      coefficients[k] = product * (power == -1 ? 1 / values[k] : Double.pow(values[k], power))
    }
    for i in 0..<order { vector[i] = 0 }
    for k in firstRanked..<max(order, firstRanked) {
      for i in 0..<order { vector[i] += coefficients[k] * vectors[k * order + i] }
    }
  }

  private mutating func reserve(_ order: Int) {
    guard values.count < order else { return }
    let needed = DenseKernels.eigenWorkspace(order: order)
    values = [Double](repeating: 0, count: order)
    coefficients = values
    matrix = [Double](repeating: 0, count: order * order)
    vectors = matrix
    work = [Double](repeating: 0, count: needed.work)
    integerWork = [Int32](repeating: 0, count: needed.integerWork)
  }
}
