import JointLossLinearAlgebra
import RealModule

/// The equations `G w = w^(−1/α)`, w > 0: Nash's bargaining solution for α = 1, α-fairness for others.
///
/// A. Navon et al., *Multi-Task Learning as a Bargaining Game*, ICML 2022, for α = 1; H. Ban,
/// K. Ji, *Fair Resource Allocation in Multi-Task Learning*, ICML 2024, for others.
///
/// With u_t = n_t w_t and β = 1/α the left side is n_t (C u)_t and the right one n_t^β u_t^(−β), so they are C u = p,
/// p = q u^(−β), q_t = n_t^(β−1): the stationarity of the strictly convex ½uᵀCu − Σ q_t u_t^(1−β)/(1−β) (−log for
/// β = 1). Newton's method for u and p at once, both positive, the second equations in their logarithms: as in
/// S. J. Wright, *Primal-Dual Interior-Point Methods*, 1997, where p u = μ is what p u^β = q is here. log u and log p
/// are kept beside u and p, so that what falls by many powers of ten does so in one step, and no power leaves the
/// range of a `Double`. For an α far from 1 the solutions for α between are approached first, as μ is lowered there.
///
/// Where the gradients have a convex combination of 0 (a Pareto-stationary point) there is no solution, and where p is
/// below 1e-7 of u none in `Double` that satisfies C u = p to 1e-9 of p. Then C + ρI takes the place of C, with the
/// first ρ of 1e-5, 1e-4 … 1e-1 for which the residual is reached, and the certificate's ridge is ρ.
///
/// The residual is the largest |C u − p|/p, p = q u^(−β): that of G w and w^(−β) themselves. With a ridge, p may be a
/// difference of terms 1e100 times as large, which no u in `Double` can satisfy; there p is at least 1e-5 of its row's
/// terms in the denominator. At the tolerance of 1e-9 that is 1e-14 of the terms, their rounding, and as C + ρI has a
/// condition of at most T/ρ, u is known to 1e-14·T/ρ.
package struct FairnessEquations: ScratchBuffer, Sendable {
  /// The ridges on the cosines where the equations as stated have no solution, in the order they are tried.
  private static let ridges = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]

  private static let iterationLimit = 200
  /// The factor from one α to the next on the way from 1, and how far and how long each is followed.
  private static let pathFactor = 3.0
  private static let pathResidual = 0.1
  private static let pathLimit = 10
  /// The share of its terms that p is taken for at least, with a ridge.
  private static let leastVisible = 1e-5
  /// Where log q u^(−β−1) = log p/u falls below that of 1e-7, rounding decides the solution.
  private static let leastCurvature = -16.118095650958319
  /// What a step would leave less than this share of falls in its logarithm.
  private static let leastShare = 0.05
  /// What p is at least, where its logarithm is less: u/p must be a number.
  private static let leastSlope = 1e-250
  /// A smaller u may have lost its digits, and its relative step is taken from F = 0.
  private static let leastUnknown = 1e-200

  /// C + ρI.
  private var matrix: [Double] = []
  private var hessian: [Double] = []
  /// u and log u; where u is too small for a `Double` it is 0 and its logarithm is not.
  private var unknowns: [Double] = []
  var logarithms: [Double] = []
  /// p and log p, C u, log q, and the logarithms of the norms in units of their geometric mean.
  private var slopes: [Double] = []
  private var slopeLogarithms: [Double] = []
  var products: [Double] = []
  private var scales: [Double] = []
  private var lengths: [Double] = []
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
  /// - Returns: the certificate: the largest difference of the two sides, relative to the right one.
  /// - Throws: ``WeightingError`` if the residual stays above ``SolverCertificate/tolerance``.
  package mutating func solve(
    _ gradients: borrowing ScaledGramian, alpha: Double, into weights: inout [Double]
  ) throws(WeightingError) -> SolverCertificate {
    let count = gradients.count
    guard count > 0 else { return SolverCertificate(iterations: 0, residual: 0) }
    reserve(count)
    var mean = 0.0
    for t in 0..<count {
      lengths[t] = Double.log(gradients.norms[t])
      mean += lengths[t] / Double(count)
    }
    for t in 0..<count { lengths[t] -= mean }
    var certificate = solve(count, gradients.cosines, alpha, ridge: 0, from: 0)
    for ridge in Self.ridges where !(certificate.residual <= SolverCertificate.tolerance) {
      certificate = solve(count, gradients.cosines, alpha, ridge: ridge, from: certificate.iterations)
    }
    certificate = try certificate.checked("the solver of G w = w^(−1/α)")
    // With g = unit·g', w = unit^(−2/(1+β))·w'; u' = n' w'.
    let unit = Double.exp(mean)
    let back = Double.exp(-2 * mean / (1 + 1 / alpha))
    for t in 0..<count { weights[t] = back * (unknowns[t] * (unit / gradients.norms[t])) }
    return certificate
  }

  /// Solves with a ridge, from the solution of C = I and α = 1 along a few α to that wanted.
  private mutating func solve(
    _ count: Int, _ cosines: [Double], _ alpha: Double, ridge: Double, from start: Int
  ) -> SolverCertificate {
    for index in 0..<count * count { matrix[index] = cosines[index] }
    for t in 0..<count {
      matrix[t * count + t] += ridge
      (unknowns[t], logarithms[t], slopes[t], slopeLogarithms[t]) = (1, 0, 1, 0)
    }
    var (iterations, path) = (start, 1.0)
    while path != alpha {
      iterations += newton(count, 1 / path, ridge: ridge, isLast: false).iterations
      path = alpha > 1 ? min(alpha, path * Self.pathFactor) : max(alpha, path / Self.pathFactor)
    }
    let last = newton(count, 1 / alpha, ridge: ridge, isLast: true)
    return SolverCertificate(
      iterations: iterations + last.iterations, residual: last.residual, ridge: ridge)
  }

  /// Newton's method for one α, from where u and p are.
  private mutating func newton(
    _ count: Int, _ beta: Double, ridge: Double, isLast: Bool
  ) -> (iterations: Int, residual: Double) {
    for t in 0..<count { scales[t] = (beta - 1) * lengths[t] }
    var (best, iteration, stalls) = (Double.infinity, 0, 0)
    while true {
      DenseKernels.multiply(order: count, matrix, unknowns, into: &products)
      let residual = residual(count, beta, hasRidge: ridge > 0)
      stalls = residual < 0.5 * best ? 0 : stalls + 1
      best = min(best, residual)
      if isLast {
        if ridge == 0 && !isDetermined(count, beta) { return (iteration, .infinity) }
        // The last steps are quadratic: go on until rounding stops them.
        let isSettled =
          residual <= 4 * .ulpOfOne || (residual <= 1e-11 && stalls > 0)
          || (residual <= SolverCertificate.tolerance && stalls > 5)
        if isSettled || iteration == Self.iterationLimit { return (iteration, residual) }
      } else if residual <= Self.pathResidual || iteration == Self.pathLimit {
        return (iteration, residual)
      }
      guard setStep(count, beta) else { return (iteration, residual) }
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
      let slopeShare = slopeStep[t] / slopes[t]
      // By F + Δ log p + β Δ log u = 0.
      let linear = -(sides[t] + slopeShare) / beta
      let share = unknowns[t] > Self.leastUnknown ? step[t] / unknowns[t] : linear
      logarithms[t] += Self.change(length * share, otherwise: length * linear)
      slopeLogarithms[t] += Self.change(length * slopeShare, otherwise: -length * (sides[t] + beta * share))
      unknowns[t] = Double.exp(logarithms[t])
      slopes[t] = max(Double.exp(slopeLogarithms[t]), Self.leastSlope)
    }
  }

  /// The change of a logarithm by a relative step, or by a step of its own where that would leave next to nothing.
  private static func change(_ share: Double, otherwise step: Double) -> Double {
    1 + share > leastShare ? Double.log(1 + share) : min(max(step, -50), 5)
  }

  /// The largest difference of C u and q u^(−β), relative to the latter.
  func residual(_ count: Int, _ beta: Double, hasRidge: Bool) -> Double {
    var worst = 0.0
    for t in 0..<count {
      let right = Double.exp(scales[t] - beta * logarithms[t])
      let difference = abs(products[t] - right)
      guard difference.isFinite else { return .infinity }
      guard difference > 0 else { continue }
      var size = right
      if hasRidge {
        for s in 0..<count { size += abs(matrix[t * count + s]) * unknowns[s] }
        size = max(right, Self.leastVisible * size)
      }
      worst = max(worst, difference / size)
    }
    return worst
  }

  private mutating func reserve(_ count: Int) {
    guard unknowns.count < count else { return }
    let zeros = [Double](repeating: 0, count: count)
    (unknowns, logarithms, slopes, products, scales) = (zeros, zeros, zeros, zeros, zeros)
    (ratios, sides, step, slopeStep, slopeLogarithms, lengths) = (zeros, zeros, zeros, zeros, zeros, zeros)
    matrix = [Double](repeating: 0, count: count * count)
    hessian = matrix
  }
}
