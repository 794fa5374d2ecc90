import JointLossLinearAlgebra

/// Convex quadratic programs over the non-negative orthant, or over a simplex in it, by an active set.
///
///     minimise ½ yᵀHy + fᵀy   subject to   y ≥ 0   and, where a sum is set,   eᵀy = 1
///
/// C. L. Lawson, R. J. Hanson, *Solving Least Squares Problems*, 1974, chapter 23; over a simplex it is
/// P. Wolfe, *Finding the nearest point in a polytope*, Mathematical Programming 11, 1976. H is positive
/// semidefinite. The Cholesky factor of its block over the support is kept: a variable that enters adds a row,
/// one that leaves is rotated out, O(T²) each. It ends at the exact solution, not near it.
///
/// The support stays independent. A variable that depends on the support, to rounding, moves the solution along their
/// null vector, on which the objective falls or stays, until a member reaches 0 and leaves (Wolfe's degenerate step).
/// Where no member would reach 0 the variable is passed over, and the residual tells whether that mattered.
package struct ActiveSetProgram: Sendable {
  /// The number of variables.
  package private(set) var order = 0
  /// H, without gaps; over a simplex H + eeᵀ, which differs by a constant there and is definite wherever the
  /// support's points are affinely independent.
  private var hessian: [Double] = []
  /// f, to be set before ``solve(restart:)``.
  package var linear: [Double] = []
  /// The size of the terms that each element of f is the sum of, to be set with it: f is known to their rounding.
  package var linearTerms: [Double] = []
  /// e; unused without a sum.
  private var sums: [Double] = []
  private var isSimplex = false
  /// y.
  package internal(set) var solution: [Double] = []
  /// The variables that are not 0, in the order of the factor's rows.
  package private(set) var support: [Int] = []
  private var isMember: [Bool] = []
  private var isBlocked: [Bool] = []
  private var factor: [Double] = []
  private var gradient: [Double] = []
  private var candidate: [Double] = []
  private var scratch: [Double] = []
  private var response: [Double] = []
  /// The multiplier of the sum.
  private var multiplier = 0.0

  /// What was added to H's diagonal since it was set.
  private var ridge = 0.0
  /// The best of several attempts, and its multiplier.
  private var best: [Double] = []
  private var bestMultiplier = 0.0

  /// What a step along a null vector needs of a member that is to leave: a smaller share is rounding, and the step
  /// would be as long as its inverse.
  private static let leastShare = 1e-6
  /// The solution's largest sum, in units of f's largest terms: Gramians hold nothing about what is larger.
  private static let largestSum = 1e7

  /// Creates an empty program.
  package init() {}

  /// Sets H and e.
  ///
  /// - Parameters:
  ///   - order: the number of variables.
  ///   - matrix: H without gaps, of diagonal 1 or so, in its first elements.
  ///   - sums: e, positive; empty for no sum.
  package mutating func load(order: Int, _ matrix: [Double], sums: [Double] = []) {
    if linear.count < order {
      let zeros = [Double](repeating: 0, count: order)
      (linear, linearTerms, solution, gradient, candidate) = (zeros, zeros, zeros, zeros, zeros)
      (scratch, response, self.sums, best) = (zeros, zeros, zeros, zeros)
      hessian = [Double](repeating: 0, count: order * order)
      factor = hessian
      isMember = [Bool](repeating: false, count: order)
      isBlocked = isMember
      support.reserveCapacity(order)
    }
    self.order = order
    ridge = 0
    isSimplex = !sums.isEmpty
    for j in 0..<order {
      if isSimplex { self.sums[j] = sums[j] }
      for i in 0..<order {
        hessian[j * order + i] = matrix[j * order + i] + (isSimplex ? sums[i] * sums[j] : 0)
      }
    }
    for j in 0..<order { isMember[j] = false }
    support.removeAll(keepingCapacity: true)
  }

  /// Solves the program, with a ridge on H where rounding has made it indefinite, or its solution too large.
  ///
  /// - Parameters:
  ///   - restart: whether to start at the last solution; H and e are then those of the last call.
  ///   - ridges: what is added to H's diagonal, one after the other, while the residual is above the tolerance.
  /// - Returns: iterations, the residual of the optimality conditions, unchecked, and the ridge: of the attempt with
  ///   the smallest residual, whose solution is left in ``solution``.
  package mutating func solve(
    restart: Bool = false, ridges: [Double] = SolverCertificate.ridges
  ) -> SolverCertificate {
    var (iterations, hasEnded) = attempt(restart: restart)
    var found = (residual: residual(), ridge: ridge)
    // Where rounding has led the supports round in a circle, the last of them may be the worst. Without a sum the
    // residual has the duality gap, which tells; with one it has not.
    guard !((hasEnded || !isSimplex) && found.residual <= SolverCertificate.tolerance) else {
      return SolverCertificate(iterations: iterations, residual: found.residual, ridge: ridge)
    }
    keepBest()
    for next in ridges where next > ridge {
      guard !((hasEnded || !isSimplex) && SolverCertificate.isEnough(found.residual, before: next)) else {
        break
      }
      for j in 0..<order { hessian[j * order + j] += next - ridge }
      ridge = next
      let more: Int
      (more, hasEnded) = attempt(restart: false)
      iterations += more
      let residual = residual()
      if residual < found.residual {
        found = (residual, ridge)
        keepBest()
      }
    }
    for j in 0..<order { solution[j] = best[j] }
    multiplier = bestMultiplier
    return SolverCertificate(iterations: iterations, residual: found.residual, ridge: found.ridge)
  }

  private mutating func keepBest() {
    for j in 0..<order { best[j] = solution[j] }
    bestMultiplier = multiplier
  }

  /// Runs the active set once; the gradient is that of its answer.
  ///
  /// - Returns: the iterations, and whether it came to its end within their limit.
  private mutating func attempt(restart: Bool) -> (iterations: Int, hasEnded: Bool) {
    if !restart { start() }
    var iterations = 0
    if !support.isEmpty { iterations += descend() }
    clearBlocks()
    let limit = 20 * order + 100
    while iterations < limit {
      updateGradient()
      guard let entering = mostViolated() else { break }
      iterations += 1
      solution[entering] = 0
      let size = support.count
      guard enter(entering) else {
        isBlocked[entering] = true
        if support.count < size { iterations += descend() }
        continue
      }
      let hasExchanged = support.count <= size
      setCandidate()
      if candidate[support.count - 1] <= 0 && !hasExchanged {
        // Its violation is rounding.
        remove(at: support.count - 1)
        isBlocked[entering] = true
        setCandidate()
        continue
      }
      iterations += descend(hasCandidate: true)
      // What has left along a null vector must not come back along it.
      if !hasExchanged { clearBlocks() }
    }
    refine()
    updateGradient()
    return (iterations, iterations < limit)
  }

  /// Brings a variable into the support, in exchange for a member where it depends on them.
  ///
  /// - Parameter variable: a variable outside the support, at 0.
  /// - Returns: false if it depends on the support and no member bounds the step along the null vector.
  private mutating func enter(_ variable: Int) -> Bool {
    let dependence = PseudoInverse.rounding(order: order) * hessian[variable * order + variable]
    while true {
      let pivot = setRow(of: variable)
      guard !(pivot > dependence) else {
        append(variable, pivot: pivot)
        return true
      }
      let count = support.count
      for position in 0..<count { response[position] = scratch[position] }
      DenseKernels.solve(order: count, lower: factor, stride: order, transposed: true, &response)
      var (step, leaving): (Double, Int?) = (.infinity, nil)
      for (position, j) in support.enumerated() where response[position] > Self.leastShare {
        let ratio = solution[j] / response[position]
        if ratio < step { (step, leaving) = (ratio, position) }
      }
      guard let leaving else {
        solution[variable] = 0
        return false
      }
      for (position, j) in support.enumerated() {
        solution[j] = max(solution[j] - step * response[position], 0)
      }
      solution[variable] += step
      solution[support[leaving]] = 0
      isBlocked[support[leaving]] = true
      remove(at: leaving)
    }
  }

  private mutating func start() {
    for j in 0..<order {
      isMember[j] = false
      solution[j] = 0
    }
    support.removeAll(keepingCapacity: true)
    guard isSimplex else { return }
    var (best, vertex) = (Double.infinity, 0)
    for j in 0..<order {
      let value = (hessian[j * order + j] / sums[j] / 2 + linear[j]) / sums[j]
      if value < best { (best, vertex) = (value, j) }
    }
    append(vertex, pivot: setRow(of: vertex))
    solution[vertex] = 1 / sums[vertex]
  }

  private mutating func clearBlocks() {
    for j in 0..<order { isBlocked[j] = false }
  }

  mutating func updateGradient() {
    DenseKernels.multiply(order: order, hessian, solution, into: &gradient)
    for j in 0..<order { gradient[j] += linear[j] }
  }

  /// The variable outside the support along which the objective falls fastest, or nil.
  private func mostViolated() -> Int? {
    var total = 0.0
    for j in support { total += solution[j] }
    var (worst, entering): (Double, Int?) = (0, nil)
    for j in 0..<order where !isMember[j] && !isBlocked[j] {
      let share = isSimplex ? multiplier * sums[j] : 0
      let slack = gradient[j] - share
      guard slack < worst else { continue }
      let bound = linearTerms[j] + abs(share)
      let rounding = 4 * .ulpOfOne * Double(support.count + 4)
      // No element of H is much above 1, which settles most rows; in a graded H a row's terms may be far smaller.
      if slack < -rounding * (total + bound) || slack < -rounding * (bound + size(of: j)) {
        (worst, entering) = (slack, j)
      }
    }
    return entering
  }

  /// The sum of the sizes of a row's terms.
  private func size(of row: Int) -> Double {
    var sum = 0.0
    for i in support { sum += abs(hessian[row * order + i]) * solution[i] }
    return sum
  }

  /// Goes to the minimum over the support, dropping variables that reach 0 on the way.
  private mutating func descend(hasCandidate: Bool = false) -> Int {
    if !hasCandidate { setCandidate() }
    var iterations = 0
    while !support.isEmpty {
      var (step, leaving): (Double, Int?) = (1, nil)
      for (position, j) in support.enumerated() where candidate[position] <= 0 {
        let ratio = solution[j] > 0 ? solution[j] / (solution[j] - candidate[position]) : 0
        if leaving == nil || ratio < step { (step, leaving) = (min(ratio, 1), position) }
      }
      for (position, j) in support.enumerated() {
        solution[j] += step * (candidate[position] - solution[j])
      }
      guard let leaving else { break }
      solution[support[leaving]] = 0
      remove(at: leaving)
      iterations += 1
      setCandidate()
    }
    return iterations
  }

  /// The minimum over the support, without the bounds.
  private mutating func setCandidate() {
    let count = support.count
    for (position, j) in support.enumerated() { candidate[position] = -linear[j] }
    Self.substitute(support.count, factor, order, &candidate)
    guard isSimplex else { return }
    for (position, j) in support.enumerated() { response[position] = sums[j] }
    Self.substitute(support.count, factor, order, &response)
    var (reached, gain) = (0.0, 0.0)
    for (position, j) in support.enumerated() {
      reached += sums[j] * candidate[position]
      gain += sums[j] * response[position]
    }
    multiplier = gain > 0 ? (1 - reached) / gain : 0
    for position in 0..<count { candidate[position] += multiplier * response[position] }
  }

  // Static: a method of self that is handed one of its arrays would have to copy that array.
  private static func substitute(_ count: Int, _ factor: [Double], _ order: Int, _ vector: inout [Double]) {
    DenseKernels.solve(order: count, lower: factor, stride: order, transposed: false, &vector)
    DenseKernels.solve(order: count, lower: factor, stride: order, transposed: true, &vector)
  }

  /// One step of iterative refinement, where it does not leave the orthant.
  private mutating func refine() {
    updateGradient()
    let old = multiplier
    for (position, j) in support.enumerated() {
      candidate[position] = -gradient[j] + (isSimplex ? multiplier * sums[j] : 0)
    }
    Self.substitute(support.count, factor, order, &candidate)
    if isSimplex {
      var (missing, gain) = (1.0, 0.0)
      for (position, j) in support.enumerated() {
        missing -= sums[j] * (solution[j] + candidate[position])
        gain += sums[j] * response[position]
      }
      let change = gain > 0 ? missing / gain : 0
      multiplier += change
      for position in 0..<support.count { candidate[position] += change * response[position] }
    }
    for (position, j) in support.enumerated() where !(solution[j] + candidate[position] > 0) {
      multiplier = old
      return
    }
    for (position, j) in support.enumerated() { solution[j] += candidate[position] }
  }

  /// How far the solution is from optimal; infinite unless every number of it is finite.
  ///
  /// The largest violation of a row's conditions, relative to the row's terms. They grow with the solution: without a
  /// sum, which bounds it, the violations are also taken relative to the largest terms of f, and a thousandth of the
  /// duality gap yᵀHy + fᵀy to their square. The gap bounds the square of the direction's error where no slack is
  /// negative: at the tolerance that error is at most about a thousandth of the largest term.
  func residual() -> Double {
    var (worst, largest) = (0.0, 0.0)
    for j in 0..<order { largest = max(largest, linearTerms[j]) }
    var (sum, total, gap, value) = (0.0, 0.0, 0.0, 0.0)
    for j in 0..<order {
      let share = isSimplex ? multiplier * sums[j] : 0
      let slack = gradient[j] - share
      guard slack.isFinite, solution[j].isFinite, solution[j] >= 0 else { return .infinity }
      sum += isSimplex ? sums[j] * solution[j] : 0
      total += solution[j]
      gap += solution[j] * slack
      value += solution[j] * linear[j]
      guard isMember[j] || slack < 0, slack != 0 else { continue }
      worst = max(worst, abs(slack) / (linearTerms[j] + abs(share) + size(of: j)))
      if !isSimplex { worst = max(worst, abs(slack) / largest) }
    }
    if isSimplex {
      worst = max(worst, abs(sum - 1))
    } else if total > 0 {
      guard total <= Self.largestSum * largest else { return .infinity }
      worst = max(worst, 1e-3 * abs(gap) / (abs(value) + largest * largest))
    }
    return worst.isFinite ? worst : .infinity
  }

  // MARK: The factor

  /// Sets the row that a variable adds to the factor, in `scratch`.
  ///
  /// - Returns: the square of its diagonal element: what of the variable's own the support does not hold.
  private mutating func setRow(of variable: Int) -> Double {
    for (position, j) in support.enumerated() { scratch[position] = hessian[variable * order + j] }
    DenseKernels.solve(order: support.count, lower: factor, stride: order, transposed: false, &scratch)
    var pivot = hessian[variable * order + variable]
    for position in 0..<support.count { pivot -= scratch[position] * scratch[position] }
    return pivot
  }

  private mutating func append(_ variable: Int, pivot: Double) {
    let count = support.count
    for position in 0..<count { factor[position * order + count] = scratch[position] }
    factor[count * order + count] = pivot.squareRoot()
    support.append(variable)
    isMember[variable] = true
  }

  private mutating func remove(at position: Int) {
    isMember[support[position]] = false
    support.remove(at: position)
    let count = support.count
    guard position < count else { return }
    // The rows below move up, and rotations of neighbouring columns make the factor triangular again.
    for column in 0...count {
      for row in max(column, position + 1)...count {
        factor[column * order + row - 1] = factor[column * order + row]
      }
    }
    for k in position..<count {
      let (a, b) = (factor[k * order + k], factor[(k + 1) * order + k])
      let radius = (a * a + b * b).squareRoot()
      guard radius > 0 else { continue }
      let (c, s) = (a / radius, b / radius)
      for row in k..<count {
        let (x, y) = (factor[k * order + row], factor[(k + 1) * order + row])
        factor[k * order + row] = c * x + s * y
        factor[(k + 1) * order + row] = c * y - s * x
      }
    }
  }
}

extension ActiveSetProgram {
  /// Solves with H's block over the support: how its solution moves with f.
  ///
  /// - Parameter vector: the right-hand side and then the answer, in the order of ``support``.
  package func solveOnSupport(_ vector: inout [Double]) {
    Self.substitute(support.count, factor, order, &vector)
  }
}
