import JointLossLinearAlgebra
import RealModule

/// The equations `G w = w^(−1/α)`, w > 0: Nash's bargaining solution for α = 1, α-fairness for others.
///
/// With u_t = n_t w_t and β = 1/α they are C u = q u^(−β), q_t = n_t^(β−1), the stationarity of the strictly
/// convex ½uᵀCu − Σ q_t u_t^(1−β)/(1−β) (−log for β = 1). Damped Newton: u stays positive, and the objective
/// falls until the decrement is small.
///
/// Where the gradients have a convex combination of 0 (a Pareto-stationary point) there is no solution, and
/// very near it none that a Gramian in `Double` determines to 1e-9. Then C + ρI takes the place of C, with the first
/// ρ of 1e-5, 1e-4 … 1e-1 for which the residual is reached, and the certificate's ridge is ρ.
package struct FairnessEquations: Sendable {
  /// The ridges on the cosines where the equations as stated have no solution, in the order they are tried.
  private static let ridges = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]

  private static let iterationLimit = 200
  /// Where the barrier's share of the Hessian's diagonal falls below this, rounding decides the solution.
  private static let leastCurvature = 1e-7

  private var hessian: [Double] = []
  private var matrix: [Double] = []
  private var unknowns: [Double] = []
  private var scales: [Double] = []
  private var products: [Double] = []
  private var step: [Double] = []
  private var trial: [Double] = []
  private var trialProducts: [Double] = []

  /// Creates a solver; it allocates in its first call.
  package init() {}

  /// Solves.
  ///
  /// - Parameters:
  ///   - gradients: norms and cosines.
  ///   - alpha: α > 0.
  ///   - weights: w for the gradients that count, in their order; the rest is left as it was.
  /// - Returns: the certificate: the largest relative difference of the two sides.
  /// - Throws: ``WeightingError`` if the residual stays above ``SolverCertificate/tolerance``.
  package mutating func solve(
    _ gradients: borrowing ScaledGramian, alpha: Double, into weights: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let count = gradients.count
    guard count > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    reserve(count)
    let beta = 1 / alpha
    // In units of the geometric mean of the norms, so that no power leaves the range of a Double early.
    var logarithms = 0.0
    for t in 0..<count { logarithms += Double.log(gradients.norms[t]) }
    let unit = Double.exp(logarithms / Double(count))
    for t in 0..<count { scales[t] = Double.pow(gradients.norms[t] / unit, beta - 1) }
    var certificate = newton(count, gradients.cosines, beta, ridge: 0, from: 0)
    for ridge in Self.ridges where !(certificate.residual <= SolverCertificate.tolerance) {
      certificate = newton(count, gradients.cosines, beta, ridge: ridge, from: certificate.iterations)
    }
    certificate = try certificate.checked("the solver of G w = w^(−1/α)")
    // With g = unit·g', w = unit^(−2/(1+β))·w'; u' = n' w'.
    let back = Double.pow(unit, -2 / (1 + beta))
    for t in 0..<count { weights[t] = back * (unknowns[t] * (unit / gradients.norms[t])) }
    return certificate
  }

  private mutating func newton(
    _ count: Int, _ cosines: [Double], _ beta: Double, ridge: Double, from start: Int
  ) -> SolverCertificate {
    for index in 0..<count * count { matrix[index] = cosines[index] }
    for t in 0..<count {
      matrix[t * count + t] += ridge
      unknowns[t] = Double.pow(scales[t], 1 / (1 + beta))
    }
    DenseKernels.multiply(order: count, matrix, unknowns, into: &products)
    var (best, iteration, stalls) = (Double.infinity, 0, 0)
    while iteration < Self.iterationLimit {
      if ridge == 0 && !isDetermined(count, beta) { break }
      let residual = residual(count, beta)
      stalls = residual < 0.5 * best ? 0 : stalls + 1
      best = min(best, residual)
      // The last steps are quadratic: go on until rounding stops them.
      if residual <= 4 * .ulpOfOne || (best <= 1e-11 && stalls > 0) || stalls > 40 || residual.isNaN { break }
      iteration += 1
      for index in 0..<count * count { hessian[index] = matrix[index] }
      for t in 0..<count {
        let pull = scales[t] * Double.pow(unknowns[t], -beta)
        hessian[t * count + t] += beta * pull / unknowns[t]
        step[t] = pull - products[t]
        trial[t] = step[t]
      }
      do { try DenseKernels.factorize(order: count, &hessian, stride: count) } catch { break }
      DenseKernels.solve(order: count, lower: hessian, stride: count, transposed: false, &step)
      DenseKernels.solve(order: count, lower: hessian, stride: count, transposed: true, &step)
      var decrement = 0.0
      for t in 0..<count { decrement += step[t] * trial[t] }
      guard move(count, beta, decrement: decrement) else { break }
    }
    let residual = isDetermined(count, beta) || ridge > 0 ? residual(count, beta) : .infinity
    return SolverCertificate(iterations: start + iteration, residual: residual, ridge: ridge)
  }

  private func isDetermined(_ count: Int, _ beta: Double) -> Bool {
    for t in 0..<count {
      let curvature = scales[t] * Double.pow(unknowns[t], -beta - 1)
      guard curvature > Self.leastCurvature else { return false }
    }
    return true
  }

  /// Takes the Newton step, shortened until u is positive and the objective falls as it should.
  private mutating func move(_ count: Int, _ beta: Double, decrement: Double) -> Bool {
    var length = 1.0
    for t in 0..<count where step[t] < 0 { length = min(length, -0.95 * unknowns[t] / step[t]) }
    let old = objective(count, beta, unknowns, products)
    for _ in 0..<60 {
      for t in 0..<count { trial[t] = unknowns[t] + length * step[t] }
      DenseKernels.multiply(order: count, matrix, trial, into: &trialProducts)
      let new = objective(count, beta, trial, trialProducts)
      // Near the solution the objective is flat to rounding, and the full step is right.
      if new <= old - 1e-4 * length * decrement || decrement <= 1e-8 * (1 + abs(old)) {
        swap(&unknowns, &trial)
        swap(&products, &trialProducts)
        return true
      }
      length /= 2
    }
    return false
  }

  private func objective(
    _ count: Int, _ beta: Double, _ unknowns: [Double], _ products: [Double]
  ) -> Double {
    var value = 0.0
    for t in 0..<count {
      let utility =
        beta == 1 ? Double.log(unknowns[t]) : Double.pow(unknowns[t], 1 - beta) / (1 - beta)
      value += unknowns[t] * products[t] / 2 - scales[t] * utility
    }
    return value
  }

  private func residual(_ count: Int, _ beta: Double) -> Double {
    var worst = 0.0
    for t in 0..<count {
      let wanted = scales[t] * Double.pow(unknowns[t], -beta)
      let relative = abs(products[t] - wanted) / wanted
      worst = relative.isNaN ? .infinity : max(worst, relative)
    }
    return worst
  }

  private mutating func reserve(_ count: Int) {
    guard unknowns.count < count else { return }
    unknowns = [Double](repeating: 0, count: count)
    (scales, products, step, trial, trialProducts) = (unknowns, unknowns, unknowns, unknowns, unknowns)
    matrix = [Double](repeating: 0, count: count * count)
    hessian = matrix
  }
}
