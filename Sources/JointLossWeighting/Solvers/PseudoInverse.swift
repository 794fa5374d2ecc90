import JointLossLinearAlgebra
import RealModule

/// The eigendecomposition of a symmetric matrix, with what follows from it: pseudo-inverse and rank.
///
/// LAPACK's syevd, with the rows in the order of their diagonal, largest first: on gradients of very different norms
/// its small eigenvalues then keep their digits, which they lose in any other order. Eigenvalues up to
/// `rankTolerance · λ_max` count as 0.
package struct PseudoInverse: ScratchBuffer, Sendable {
  /// The tolerance below which an eigenvalue of a T×T matrix is rounding: 10 T ε.
  ///
  /// - Parameter order: T.
  /// - Returns: the share of the largest eigenvalue.
  package static func rounding(order: Int) -> Double { 10 * Double(order) * .ulpOfOne }

  /// The number of rows.
  package private(set) var order = 0
  /// The eigenvalues, ascending.
  package internal(set) var values: [Double] = []
  /// The eigenvectors, one after the other.
  package internal(set) var vectors: [Double] = []
  /// The index of the first eigenvalue that is not 0; `order` if all are.
  package private(set) var firstRanked = 0
  private var matrix: [Double] = []
  /// The rows of `matrix`, by their diagonal, largest first.
  private var sorted: [Int] = []
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
    guard order > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    sort(order, matrix)
    for i in 0..<order {
      for j in 0..<order {
        self.matrix[i * order + j] = matrix[i * order + j]
        vectors[i * order + j] = matrix[sorted[i] * order + sorted[j]]
      }
    }
    do {
      try DenseKernels.decompose(
        order: order, &vectors, values: &values, work: &work, integerWork: &integerWork)
    } catch {
      throw WeightingError(.solver, "the eigenvalues of a \(order)×\(order) Gramian: \(error)")
    }
    restoreOrder()
    let largest = max(values[order - 1], 0)
    firstRanked = order
    while firstRanked > 0, values[firstRanked - 1] > rankTolerance * largest { firstRanked -= 1 }
    return try SolverCertificate(iterations: 1, residual: residual()).checked("the eigendecomposition")
  }

  /// Sorts the rows by insertion: beside a decomposition it is nothing.
  private mutating func sort(_ order: Int, _ matrix: [Double]) {
    for index in 0..<order {
      var position = index
      while position > 0, matrix[sorted[position - 1] * (order + 1)] < matrix[index * (order + 1)] {
        sorted[position] = sorted[position - 1]
        position -= 1
      }
      sorted[position] = index
    }
  }

  /// Brings the elements of the eigenvectors from the sorted order to that of the matrix.
  private mutating func restoreOrder() {
    for k in 0..<order {
      for i in 0..<order { coefficients[sorted[i]] = vectors[k * order + i] }
      for i in 0..<order { vectors[k * order + i] = coefficients[i] }
    }
  }

  /// The largest |A v − λ v| over the largest element of A; infinite unless every number is finite.
  ///
  /// It shrinks with the eigenvectors, and does not see one that is there twice. So their lengths are held to 1, the
  /// sum of the eigenvalues to the trace of A, and the sum of their squares to that of A's elements.
  mutating func residual() -> Double {
    var (worst, largest) = (0.0, 0.0)
    for index in 0..<order * order {
      guard matrix[index].isFinite else { return .infinity }
      largest = max(largest, abs(matrix[index]))
    }
    guard largest > 0 else { return 0 }
    var (trace, squares) = ((own: 0.0, sum: 0.0, size: 0.0), (own: 0.0, sum: 0.0))
    for index in 0..<order * order { squares.own += (matrix[index] / largest) * (matrix[index] / largest) }
    for k in 0..<order {
      let value = values[k] / largest
      let diagonal = matrix[k * order + k] / largest
      trace = (trace.own + diagonal, trace.sum + value, trace.size + abs(diagonal))
      squares.sum += value * value
      var length = 0.0
      for i in 0..<order {
        coefficients[i] = vectors[k * order + i]
        length += coefficients[i] * coefficients[i]
      }
      worst = Self.larger(worst, abs(length - 1))
      DenseKernels.multiply(order: order, matrix, coefficients, into: &work)
      for i in 0..<order { worst = Self.larger(worst, abs(work[i] - values[k] * coefficients[i]) / largest) }
    }
    worst = Self.larger(worst, abs(trace.own - trace.sum) / max(trace.size, 1))
    return Self.larger(worst, abs(squares.own - squares.sum) / squares.own)
  }

  private static func larger(_ one: Double, _ other: Double) -> Double {
    one.isNaN || other.isNaN ? .infinity : max(one, other)
  }

  /// `x ← A^p x` on the range of A, 0 off it: the pseudo-inverse for p = −1.
  ///
  /// - Parameters:
  ///   - vector: x.
  ///   - power: p.
  package mutating func apply(to vector: inout [Double], power: Double = -1) {
    let ranked = firstRanked..<max(order, firstRanked)
    project(vector, onto: ranked)
    for k in ranked { coefficients[k] *= power == -1 ? 1 / values[k] : Double.pow(values[k], power) }
    combine(ranked, into: &vector)
  }

  /// The part of x off the range of A, from its own eigenvectors: the difference to the part in the range would lose
  /// what is small in x.
  ///
  /// - Parameter vector: x.
  package mutating func removeRange(from vector: inout [Double]) {
    project(vector, onto: 0..<firstRanked)
    combine(0..<firstRanked, into: &vector)
  }

  /// Sets the coefficients of a vector along some of the eigenvectors.
  private mutating func project(_ vector: [Double], onto range: Range<Int>) {
    for k in range {
      var product = 0.0
      for i in 0..<order { product += vectors[k * order + i] * vector[i] }
      coefficients[k] = product
    }
  }

  /// The combination of some of the eigenvectors by their coefficients.
  private func combine(_ range: Range<Int>, into vector: inout [Double]) {
    for i in 0..<order { vector[i] = 0 }
    for k in range {
      for i in 0..<order { vector[i] += coefficients[k] * vectors[k * order + i] }
    }
  }

  private mutating func reserve(_ order: Int) {
    guard values.count < order else { return }
    let needed = DenseKernels.eigenWorkspace(order: order)
    values = [Double](repeating: 0, count: order)
    coefficients = values
    matrix = [Double](repeating: 0, count: order * order)
    sorted = [Int](repeating: 0, count: order)
    vectors = matrix
    work = [Double](repeating: 0, count: needed.work)
    integerWork = [Int32](repeating: 0, count: needed.integerWork)
  }
}
