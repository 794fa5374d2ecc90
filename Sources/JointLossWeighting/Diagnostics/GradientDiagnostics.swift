import JointLossLinearAlgebra

/// How the task gradients of one point lie to one another: norms, cosines, conflicts and conditioning.
public struct GradientDiagnostics: Sendable, Hashable, Codable {
  /// The T norms of the task gradients.
  public let norms: [Double]
  /// The cosines of the pairs (0,1), (0,2), … (1,2), …; 0 where a gradient is 0.
  public let cosines: [Double]
  /// The share of pairs whose cosine is negative; nil for one task.
  public let conflictRate: Double?
  /// The largest norm over the smallest; nil if a norm is 0 or the ratio is beyond a `Double`.
  public let magnitudeRatio: Double?
  /// The largest eigenvalue of the Gramian over the smallest (LAPACK's syevd); nil if it is numerically singular.
  public let conditionNumber: Double?

  /// Computes the diagnostics of a Gramian.
  ///
  /// - Parameter gramian: T×T, of finite values.
  /// - Throws: ``WeightingError`` if there is no task, a value is not finite, or the eigenvalues do not converge.
  public init(_ gramian: Gramian) throws(WeightingError) {
    let taskCount = gramian.taskCount
    guard taskCount > 0 else { throw WeightingError(.taskCount, "a Gramian without tasks") }
    if let index = gramian.elements.firstIndex(where: { !$0.isFinite }) {
      let (i, j) = index.quotientAndRemainder(dividingBy: taskCount)
      throw WeightingError(
        .nonFinite, "the inner product of the gradients of tasks \(i) and \(j) is \(gramian[i, j])", task: i)
    }
    let norms = (0..<taskCount).map { gramian.norm(of: $0) }
    var cosines: [Double] = []
    for i in 0..<taskCount {
      for j in i + 1..<max(taskCount, i + 1) {
        let active = norms[i] > 0 && norms[j] > 0
        cosines.append(active ? min(max(gramian[i, j] / norms[i] / norms[j], -1), 1) : 0)
      }
    }
    self.norms = norms
    self.cosines = cosines
    conflictRate =
      cosines.isEmpty ? nil : Double(cosines.count { $0 < 0 }) / Double(cosines.count)
    let ratio = (norms.max() ?? 0) / (norms.min() ?? 0)
    magnitudeRatio = ratio.isFinite ? ratio : nil
    conditionNumber = try Self.conditionNumber(of: gramian)
  }

  private static func conditionNumber(of gramian: Gramian) throws(WeightingError) -> Double? {
    let taskCount = gramian.taskCount
    let matrix = Matrix(rows: taskCount, columns: taskCount, elements: gramian.elements)
    let eigenvalues: [Double]
    do {
      eigenvalues = try SymmetricEigen(of: matrix).values
    } catch {
      throw WeightingError(.solver, "the condition number of the Gramian: \(error)")
    }
    guard let smallest = eigenvalues.first, let largest = eigenvalues.last else { return nil }
    // Below it, an eigenvalue of syevd is rounding.
    let rounding = Double(taskCount) * .ulpOfOne * largest
    return smallest > rounding ? largest / smallest : nil
  }
}
