/// CAGrad's direction, by its dual, exactly and without a scale.
///
///     maximise min_t g_t·d   subject to   ‖d − g₀‖ ≤ c‖g₀‖,   g₀ the mean of the gradients
///     dual:  minimise F(w) = g_w·g₀ + c‖g₀‖‖g_w‖ over the simplex,  g_w = Σ w_t g_t
///
/// For a given λ the minimum of ½‖g_w + λ g₀‖² over the simplex is a quadratic program; the dual's solution is
/// that of the λ with ‖g_w‖ = c‖g₀‖λ. On a support w is affine in λ, A + λB with AᵀGB = 0, so that this λ is
/// √(AᵀGA / (c²‖g₀‖² − BᵀGB)): solve, take that λ, and repeat until the support stays.
///
/// At a Pareto-stationary point AᵀGA = 0: then d = g₀ + JᵀB, the solution nearest to g₀.
///
/// Where rounding decides between the two, or has made the Gramian indefinite, a ridge on the cosines is tried, and
/// the answer of the smallest residual is taken.
package struct CAGradDual: ScratchBuffer, Sendable {
  private static let iterationLimit = 200
  private static let ridges = [0] + SolverCertificate.ridges

  private var program = ActiveSetProgram()
  /// The cosines, and a ridge on their diagonal.
  private var matrix: [Double] = []
  private var sums: [Double] = []
  /// J g₀ in units of each gradient's norm and the smallest norm.
  private var products: [Double] = []
  /// The size of the terms of each of them.
  private var productTerms: [Double] = []
  private var constant: [Double] = []
  private var slope: [Double] = []
  /// Of d − g₀ on the unit gradients.
  var weights: [Double] = []

  /// Creates a solver; it allocates in its first call.
  package init() {}

  /// Solves.
  ///
  /// - Parameters:
  ///   - gradients: norms and cosines.
  ///   - taskCount: the number that the mean divides by: those left out count in it.
  ///   - c: the radius, > 0.
  ///   - result: the weights that d − g₀ puts on the raw gradients that count, in their order.
  /// - Returns: the certificate: the duality gap over the size of its terms.
  /// - Throws: ``WeightingError`` if it stays above ``SolverCertificate/limit``.
  package mutating func solve(
    _ gradients: borrowing ScaledGramian, taskCount: Int, c: Double, into result: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let count = gradients.count
    reserve(count)
    guard count > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    var smallest = Double.infinity
    for t in 0..<count { smallest = min(smallest, gradients.norms[t]) }
    for t in 0..<count { sums[t] = smallest / gradients.norms[t] }
    var (found, iterations) = (SolverCertificate(iterations: 0, residual: .infinity), 0)
    for ridge in Self.ridges {
      guard !SolverCertificate.isEnough(found.residual, before: ridge) else { break }
      for index in 0..<count * count { matrix[index] = gradients.cosines[index] }
      for t in 0..<count { matrix[t * count + t] += ridge }
      let certificate = attempt(count, taskCount: taskCount, c: c, ridge: ridge)
      iterations += certificate.iterations
      guard ridge == 0 || certificate.residual < found.residual else { continue }
      found = certificate
      for t in 0..<count { result[t] = weights[t] * sums[t] }
    }
    return try SolverCertificate(iterations: iterations, residual: found.residual, ridge: found.ridge)
      .usable("CAGrad's dual")
  }

  /// Solves with `matrix` for the cosines, and leaves the weights of d − g₀ on the unit gradients in `weights`.
  private mutating func attempt(
    _ count: Int, taskCount: Int, c: Double, ridge: Double
  ) -> SolverCertificate {
    var (mean, size) = (0.0, 0.0)
    for t in 0..<count {
      (products[t], productTerms[t]) = (0, 0)
      for s in 0..<count {
        let product = matrix[t * count + s] / sums[s] / Double(taskCount)
        products[t] += product
        productTerms[t] += abs(product)
      }
      mean += products[t] / sums[t] / Double(taskCount)
      size += 1 / sums[t] / Double(taskCount)
    }
    // ‖g₀‖² to the rounding of its terms: below it the mean is 0, and so is d.
    guard mean > Double(count) * .ulpOfOne * size * size else {
      for t in 0..<count { weights[t] = 0 }
      return SolverCertificate(iterations: 0, residual: 0, ridge: ridge)
    }
    let radius = c * mean.squareRoot()
    program.load(order: count, matrix, sums: sums)
    let (iterations, lambda) = search(count, radius: radius, start: 1 / c)
    let factor = lambda > 0 ? 1 / lambda : 1
    for t in 0..<count { weights[t] = (lambda > 0 ? program.solution[t] : slope[t]) * factor }
    return SolverCertificate(
      iterations: iterations, residual: residual(count, radius: radius, isStationary: lambda == 0),
      ridge: ridge)
  }

  /// Finds λ, and leaves its solution in the program; 0 for a Pareto-stationary point, whose B is in `slope`.
  private mutating func search(
    _ count: Int, radius: Double, start: Double
  ) -> (iterations: Int, lambda: Double) {
    var (lower, upper, lambda) = (0.0, Double.infinity, start)
    // A square that is about as large as its rounding is taken for 0, until a smaller λ shows that it is not.
    var (takesForZero, hasTakenForZero) = (true, false)
    var iterations = 0
    for pass in 0..<Self.iterationLimit {
      for t in 0..<count {
        program.linear[t] = lambda * products[t]
        program.linearTerms[t] = lambda * productTerms[t]
      }
      iterations += 1 + program.solve(restart: pass > 0, ridges: []).iterations
      let (square, scale, growth) = pieces(count)
      var next = (square / (radius * radius - growth)).squareRoot()
      if radius * radius > growth && takesForZero && square <= 64 * .ulpOfOne * Double(count) * scale {
        (next, hasTakenForZero) = (0, true)
      }
      if !(radius * radius > growth) { next = .infinity }
      if next == lambda || abs(next - lambda) <= 4 * .ulpOfOne * lambda { return (iterations, lambda) }
      // ‖g_w‖ − rλ falls from λ to λ: its sign here says on which side the solution is.
      if next > lambda {
        lower = max(lower, lambda)
        // No solution is below, so that a λ at which the square was taken for 0 bounds none from above.
        if hasTakenForZero && takesForZero { upper = .infinity }
        takesForZero = false
      } else {
        upper = min(upper, lambda)
      }
      if next == 0 && lambda * lambda * radius * radius <= 64 * .ulpOfOne * Double(count) * scale {
        return (iterations, 0)
      }
      if !(next > lower && next < upper) {
        next = upper == .infinity ? 4 * lambda : lower == 0 ? lambda / 16 : (lower * upper).squareRoot()
      }
      if next == 0 { next = lambda / 16 }
      lambda = next
    }
    return (iterations, lambda)
  }

  /// AᵀCA, the size of its terms, and BᵀCB on the present support; B is left in `slope`.
  private mutating func pieces(
    _ count: Int
  ) -> (square: Double, scale: Double, growth: Double) {
    let support = program.support
    for (position, t) in support.enumerated() {
      constant[position] = sums[t]
      weights[position] = products[t]
    }
    program.solveOnSupport(&constant)
    program.solveOnSupport(&weights)
    var (gain, reached) = (0.0, 0.0)
    for (position, t) in support.enumerated() {
      gain += sums[t] * constant[position]
      reached += sums[t] * weights[position]
    }
    for t in 0..<count { slope[t] = 0 }
    for (position, t) in support.enumerated() {
      constant[position] /= gain
      slope[t] = constant[position] * reached - weights[position]
    }
    var (square, scale, growth) = (0.0, 0.0, 0.0)
    for (row, t) in support.enumerated() {
      for (column, s) in support.enumerated() {
        let term = constant[row] * matrix[t * count + s] * constant[column]
        square += term
        scale += abs(term)
        growth += slope[t] * matrix[t * count + s] * slope[s]
      }
    }
    return (max(square, 0), scale, max(growth, 0))
  }

  /// How far the direction is from optimal: the duality gap, or at a stationary point the steepest ascent, and the
  /// distance from the ball's surface; each over the size of the terms that make it up.
  ///
  /// The terms grow with the weights. So the rounding of a gain's terms, relative to those of the mean gradient, is
  /// taken for a residual too; and so is what of the distance's square the rounding of its terms does not explain,
  /// relative to the square of the radius.
  func residual(_ count: Int, radius: Double, isStationary: Bool) -> Double {
    var rounding = 0.0
    var least = (value: Double.infinity, size: 0.0)
    var (change, dual, norm) = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0))
    for t in 0..<count {
      var (moved, movedSize, point, pointSize) = (0.0, 0.0, 0.0, 0.0)
      let meanSize = productTerms[t]
      for s in 0..<count {
        let cosine = matrix[t * count + s]
        moved += cosine * weights[s]
        movedSize += abs(cosine * weights[s])
        point += cosine * program.solution[s]
        pointSize += abs(cosine) * program.solution[s]
      }
      let gain = (products[t] + moved) / sums[t]
      rounding = Self.larger(rounding, .ulpOfOne * movedSize / meanSize)
      if gain < least.value { least = (gain, (meanSize + movedSize) / sums[t]) }
      change = (change.0 + weights[t] * moved, change.1 + abs(weights[t]) * movedSize)
      norm = (norm.0 + program.solution[t] * point, norm.1 + program.solution[t] * pointSize)
      dual = (dual.0 + program.solution[t] * products[t], dual.1 + program.solution[t] * meanSize)
    }
    let square = radius * radius
    // Each of the sums of `count` products is rounded in its terms, and so are those that the weights are found by.
    let beyond = change.0 - square
    let unexplained = abs(beyond) - 8 * .ulpOfOne * Double(count) * change.1
    if !isStationary || beyond > 0 { rounding = Self.larger(rounding, unexplained / square) }
    if isStationary {
      // The optimum is 0 there: d must not ascend, and must lie in the ball.
      return Self.larger(
        rounding, Self.larger(-least.value / least.size, (change.0 - square) / (change.1 + square)))
    }
    let bound = dual.0 + radius * max(norm.0, 0).squareRoot()
    let size = dual.1 + radius * norm.1.squareRoot() + least.size
    return Self.larger(
      rounding,
      Self.larger((bound - least.value) / size, abs(change.0 - square) / (change.1 + square)))
  }

  private static func larger(_ one: Double, _ other: Double) -> Double {
    one.isNaN || other.isNaN ? .infinity : max(one, other, 0)
  }

  private mutating func reserve(_ count: Int) {
    guard sums.count < count else { return }
    sums = [Double](repeating: 0, count: count)
    (products, productTerms, constant, slope, weights) = (sums, sums, sums, sums, sums)
    matrix = [Double](repeating: 0, count: count * count)
  }
}
