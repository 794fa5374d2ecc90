import JointLossLinearAlgebra
import RealModule

/// The equations `G w = w^(−1/α)`, w > 0: Nash's bargaining solution for α = 1, α-fairness for others.
///
/// With u_t = n_t w_t and β = 1/α they are C u = p, p = q u^(−β), q_t = n_t^(β−1): the stationarity of the strictly
/// convex ½uᵀCu − Σ q_t u_t^(1−β)/(1−β) (−log for β = 1). Newton's method for u and p at once, both positive, the
/// second equations in their logarithms: as in S. J. Wright, *Primal-Dual Interior-Point Methods*, 1997, where
/// p u = μ is what p u^β = q is here. log u and log p are kept beside u and p, so that what falls by many powers of ten
/// does so in one step, and no power leaves the range of a `Double`.
///
/// Where the gradients have a convex combination of 0 (a Pareto-stationary point) there is no solution, and
/// very near it none that a Gramian in `Double` determines to 1e-9. Then C + ρI takes the place of C, with the first
/// ρ of 1e-5, 1e-4 … 1e-1 for which the residual is reached, and the certificate's ridge is ρ. There is a solution
/// then, but p may be a difference of terms so much larger that their rounding hides it: the residual is relative to
/// those terms, and so bounds the relative change of C + ρI for which the answer is exact.
package struct FairnessEquations: Sendable {
  /// The ridges on the cosines where the equations as stated have no solution, in the order they are tried.
  private static let ridges = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]

  private static let iterationLimit = 200
  /// Where log q u^(−β−1), the barrier's share of the Hessian's diagonal, falls below that of 1e-7, rounding decides
  /// the solution.
  private static let leastCurvature = -16.118095650958319
  /// What a step would leave less than this share of falls in its logarithm.
  private static let leastShare = 0.05
  /// What p is at least, where its logarithm is less: u/p must be a number.
  private static let leastSlope = 1e-250

  /// C + ρI.
  private var matrix: [Double] = []
  private var hessian: [Double] = []
  /// u and log u; where u is too small for a `Double` it is 0 and its logarithm is not.
  private var unknowns: [Double] = []
  private var logarithms: [Double] = []
  /// p and log p, C u, and log q.
  private var slopes: [Double] = []
  private var slopeLogarithms: [Double] = []
  private var products: [Double] = []
  private var scales: [Double] = []
  /// √(u/p), F = log p + β log u − log q, and the steps of u and p.
  private var ratios: [Double] = []
  private var sides: [Double] = []
  private var step: [Double] = []
  private var slopeStep: [Double] = []

  /// Creates a solver; it allocates in its first call.
  package init() {}

  /// Solves.
  ///
  /// - Parameters:
  ///   - gradients: norms and cosines.
  ///   - alpha: α > 0.
  ///   - weights: w for the gradients that count, in their order; the rest is left as it was. A weight that is too
  ///     small for a `Double` is 0.
  /// - Returns: the certificate: the largest difference of the two sides, relative to the right one, or to the terms of
  ///   the left one where there is a ridge.
  /// - Throws: ``WeightingError`` if the residual stays above ``SolverCertificate/tolerance``.
  package mutating func solve(
    _ gradients: borrowing ScaledGramian, alpha: Double, into weights: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let count = gradients.count
    guard count > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    reserve(count)
    let beta = 1 / alpha
    // In units of the geometric mean of the norms.
    var sum = 0.0
    for t in 0..<count { sum += Double.log(gradients.norms[t]) }
    let unit = Double.exp(sum / Double(count))
    for t in 0..<count { scales[t] = (beta - 1) * Double.log(gradients.norms[t] / unit) }
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
      logarithms[t] = scales[t] / (1 + beta)
      unknowns[t] = Double.exp(logarithms[t])
      slopeLogarithms[t] = scales[t] - beta * logarithms[t]
      slopes[t] = max(Double.exp(slopeLogarithms[t]), Self.leastSlope)
    }
    var (best, iteration, stalls) = (Double.infinity, 0, 0)
    while true {
      DenseKernels.multiply(order: count, matrix, unknowns, into: &products)
      let residual = residual(count, beta)
      let isUndetermined = ridge == 0 && !isDetermined(count, beta)
      stalls = residual.sides < 0.5 * best ? 0 : stalls + 1
      best = min(best, residual.sides)
      // The last steps are quadratic: go on until rounding stops them.
      let isSettled = best <= 1e-11 || (ridge > 0 && residual.terms <= 1e-14)
      if isUndetermined || residual.sides <= 4 * .ulpOfOne || (isSettled && stalls > 0)
        || (best <= SolverCertificate.tolerance && stalls > 10)
        || iteration == Self.iterationLimit || !setStep(count, beta)
      {
        return SolverCertificate(
          iterations: start + iteration,
          residual: isUndetermined ? .infinity : ridge > 0 ? residual.terms : residual.sides, ridge: ridge)
      }
      move(count, beta)
      iteration += 1
    }
  }

  private func isDetermined(_ count: Int, _ beta: Double) -> Bool {
    for t in 0..<count {
      guard scales[t] - (beta + 1) * logarithms[t] > Self.leastCurvature else { return false }
    }
    return true
  }

  /// The Newton step of C u = p, F = 0; false where rounding has made its matrix singular.
  ///
  /// With D = diag √(u/p) it is D y, (βI + D C D) y = −D (p F + C u − p): a matrix whose eigenvalues are at least β.
  private mutating func setStep(_ count: Int, _ beta: Double) -> Bool {
    for t in 0..<count {
      ratios[t] = (unknowns[t] / slopes[t]).squareRoot()
      sides[t] = slopeLogarithms[t] + beta * logarithms[t] - scales[t]
      step[t] = -ratios[t] * (slopes[t] * sides[t] + products[t] - slopes[t])
    }
    for column in 0..<count {
      for row in column..<count {
        hessian[column * count + row] = ratios[row] * matrix[column * count + row] * ratios[column]
      }
      hessian[column * count + column] += beta
    }
    do { try DenseKernels.factorize(order: count, &hessian, stride: count) } catch { return false }
    DenseKernels.solve(order: count, lower: hessian, stride: count, transposed: false, &step)
    DenseKernels.solve(order: count, lower: hessian, stride: count, transposed: true, &step)
    for t in 0..<count { step[t] *= ratios[t] }
    DenseKernels.multiply(order: count, matrix, step, into: &slopeStep)
    for t in 0..<count { slopeStep[t] += products[t] - slopes[t] }
    return true
  }

  /// Takes the step, shortened until no u grows more than a hundredfold.
  private mutating func move(_ count: Int, _ beta: Double) {
    var length = 1.0
    for t in 0..<count where step[t] > 0 { length = min(length, 99 * unknowns[t] / step[t]) }
    for t in 0..<count {
      // The step of log u, by F = 0 where u may be 0 already; that of log p likewise.
      let slopeShare = slopeStep[t] / slopes[t]
      let share = unknowns[t] > 0 ? step[t] / unknowns[t] : -(sides[t] + slopeShare) / beta
      logarithms[t] += Self.change(length * share, otherwise: -length * (sides[t] + slopeShare) / beta)
      slopeLogarithms[t] += Self.change(length * slopeShare, otherwise: -length * (sides[t] + beta * share))
      unknowns[t] = Double.exp(logarithms[t])
      slopes[t] = max(Double.exp(slopeLogarithms[t]), Self.leastSlope)
    }
  }

  /// The change of a logarithm by a relative step, or by a step of its own where that would leave next to nothing.
  private static func change(_ share: Double, otherwise step: Double) -> Double {
    1 + share > leastShare ? Double.log(1 + share) : min(max(step, -50), 5)
  }

  /// The right side of an equation, q u^(−β).
  private func wanted(_ t: Int, _ beta: Double) -> Double { Double.exp(scales[t] - beta * logarithms[t]) }

  /// The largest difference of C u and q u^(−β), relative to the latter, and relative to all terms.
  private func residual(_ count: Int, _ beta: Double) -> (sides: Double, terms: Double) {
    var (sides, terms) = (0.0, 0.0)
    for t in 0..<count {
      let wanted = wanted(t, beta)
      var size = wanted
      for s in 0..<count { size += abs(matrix[t * count + s]) * unknowns[s] }
      let difference = abs(products[t] - wanted)
      guard difference.isFinite else { return (.infinity, .infinity) }
      if difference > 0 { (sides, terms) = (max(sides, difference / wanted), max(terms, difference / size)) }
    }
    return (sides, terms)
  }

  private mutating func reserve(_ count: Int) {
    guard unknowns.count < count else { return }
    let zeros = [Double](repeating: 0, count: count)
    (unknowns, logarithms, slopes, products, scales) = (zeros, zeros, zeros, zeros, zeros)
    (ratios, sides, step, slopeStep, slopeLogarithms) = (zeros, zeros, zeros, zeros, zeros)
    matrix = [Double](repeating: 0, count: count * count)
    hessian = matrix
  }
}
