import Foundation
import JointLossWeighting

extension SolverTrial {
  /// The weights that a rule gives to random gradients, on the unit gradients of the tasks that count.
  ///
  /// An optimum of the given Gramian need not be one of the gradients: with v the answer, v* that of the gradients,
  /// δ the rounding of a cosine and ρ the ridge, their directions differ by at most √(δ(|v|² + |v*|²) + ρ|v*|²), in sums
  /// of absolute values. An answer whose certificate has the residual r, relative to terms of |v| at most, may miss the
  /// least square of a direction by r|v|(|v| + |v*|), and so its direction by the root of twice that. What differs by
  /// more is contradicted.
  struct Answer {
    /// The reference has not come to an end, so that nothing can be said of the answer.
    struct Unjudged: Error {}

    private let rounding: Double
    private let ridge: Double
    private let residual: Double
    /// T: those left out count in a mean.
    private let taskCount: Int
    /// The unit gradients and the norms, in units of the largest.
    private let units: [[Double]]
    private let norms: [Double]
    /// The weights times the norms.
    private let shares: [Double]
    /// The weights and the Gramian's part, as the rule has them.
    private let weights: [Double]
    private let gramian: [[Double]]

    init(_ random: RandomGramian, weights: [Double], certificate: SolverCertificate?) {
      let given = random.gramian
      let lengths = weights.indices.map { given.norm(of: $0) }
      let largest = lengths.max() ?? 0
      let active = weights.indices.filter { lengths[$0] > ScaledGramian.threshold * largest }
      ridge = certificate?.ridge ?? 0
      residual = certificate?.residual ?? 0
      rounding = random.rounding
      taskCount = weights.count
      norms = active.map { lengths[$0] / largest }
      units = active.map { task in
        let norm = RandomGramian.norm(random.rows[task])
        return random.rows[task].map { $0 / norm }
      }
      self.weights = active.map { weights[$0] }
      shares = zip(self.weights, norms).map { $0 * $1 }
      // No cosine is above 1; rounding in Float makes some of a Gramian's so.
      gramian = active.map { i in
        active.map { j in
          let bound = lengths[i] * lengths[j]
          return min(max(given[i, j], -bound), bound)
        }
      }
    }

    private func sum(_ factors: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: units.first?.count ?? 0)
      for (factor, unit) in zip(factors, units) where factor != 0 {
        for column in unit.indices { result[column] += factor * unit[column] }
      }
      return result
    }

    private static func distance(_ one: [Double], _ other: [Double]) -> Double {
      RandomGramian.norm(zip(one, other).map { $0 - $1 })
    }

    private static func size(_ values: [Double]) -> Double { values.reduce(0) { $0 + abs($1) } }

    // MARK: Judgements

    /// Whether the direction is not the projection on the cone along which no loss ascends: of the mean gradient, or
    /// the mean of those of each gradient.
    func projectionContradiction(ofEach isEach: Bool) throws(Unjudged) -> String? {
      guard !units.isEmpty else { return nil }
      var solver = NonNegativeLeastSquares(units)
      let mean = norms.map { $0 / Double(taskCount) }
      let own = Self.size(shares)
      var (wanted, slack) = (sum(mean.map { _ in 0 }), 1e-12 * Self.size(mean))
      let targets = isEach ? mean.indices.map { t in mean.indices.map { $0 == t ? mean[t] : 0 } } : [mean]
      for target in targets {
        guard let factors = solver.solve(sum(target).map { -$0 }) else { throw Unjudged() }
        let reference = zip(target, factors).map { $0 + $1 }
        for (column, value) in sum(reference).enumerated() { wanted[column] += value }
        let size = Self.size(reference)
        let unproven = 2 * residual * own * (own + size)
        let gap = referenceGap(reference, factors, own: own)
        slack += (2 * rounding * (own * own + size * size) + ridge * size * size + unproven + gap)
          .squareRoot()
      }
      guard zip(shares, mean).allSatisfy({ $0 >= $1 * (1 - 1e-12) }) else {
        return "a weight below the preference"
      }
      // What a Gramian of 16 digits can say nothing about is none of the rule's to find.
      guard own <= 1e8 * Self.size(mean) else { return "weights of the sum \(own) for \(Self.size(mean))" }
      let distance = Self.distance(sum(shares), wanted)
      return distance <= slack ? nil : "a direction \(distance) off, where \(slack) is explained"
    }

    /// How far the reference is from optimal itself: its conditions hold to the rounding of its `Double` numbers.
    ///
    /// Let d = Jᵀv be the answer's direction, d' = Jᵀv' that of the reference, u the preferences, and h = Jd' the
    /// products of d' with the unit gradients. Both v and v' are at least u.
    /// At an exact optimum h ≥ 0, and h_t = 0 where v'_t > u_t, so that hᵀ(v − v') ≥ 0.
    /// This inequality is what bounds |d − d'|²: it is hᵀ(v' − v) + dᵀ(d − d'), and the other product is the answer's.
    /// At the reference found, hᵀ(v' − v) = hᵀ(v' − u) − hᵀ(v − u).
    /// The first is at most Σ |h_t|(v'_t − u_t), the second at least that of the most negative h_t times |v|.
    private func referenceGap(_ reference: [Double], _ factors: [Double], own: Double) -> Double {
      let direction = sum(reference)
      var (steepest, complementary) = (0.0, 0.0)
      for (unit, factor) in zip(units, factors) {
        let product = zip(unit, direction).reduce(0) { $0 + $1.0 * $1.1 }
        steepest = max(steepest, -product)
        complementary += abs(product) * factor
      }
      return steepest * own + complementary
    }

    /// Whether a shorter convex combination of the gradients exists.
    func minNormContradiction() throws(Unjudged) -> String? {
      guard !units.isEmpty else { return nil }
      let least = norms.min() ?? 1
      let factors = try minNormFactors()
      let total = zip(factors, norms).reduce(0) { $0 + $1.0 / $1.1 }
      let reference = factors.map { $0 / total }
      // The weights of those that count sum to their share of the tasks.
      let share = Double(units.count) / Double(taskCount)
      let given = weights.reduce(0, +)
      guard abs(given - share) <= 1e-9, weights.allSatisfy({ $0 >= 0 }) else {
        return "weights of the sum \(given) instead of \(share)"
      }
      let own = shares.map { $0 / share }
      let (length, best) = (RandomGramian.norm(sum(own)), RandomGramian.norm(sum(reference)))
      let (ownSize, size) = (Self.size(own), Self.size(reference))
      let slack =
        1e-12 * least * least + 2 * rounding * (ownSize * ownSize + size * size) + ridge * size * size
      return length * length <= best * best + slack
        ? nil : "a combination of length \(length), where \(best) exists"
    }

    /// Whether a direction of the ball around the mean has a larger least gain, by the bound of the dual at the weights
    /// themselves and at the min-norm point.
    func gainContradiction(radius c: Double) throws(Unjudged) -> String? {
      guard !units.isEmpty else { return nil }
      let mean = norms.map { $0 / Double(taskCount) }
      let change = zip(shares, mean).map { $0 - $1 }
      let (toMean, direction) = (sum(mean), sum(shares))
      let radius = c * RandomGramian.norm(toMean)
      let own = Self.size(shares)
      guard own <= 1e8 * Self.size(mean) else { return "weights of the sum \(own) for \(Self.size(mean))" }
      let size = Self.size(mean) + Self.size(change)
      let slack = (2 * rounding + ridge).squareRoot() * size + 1e-9 * Self.size(mean)
      let distance = RandomGramian.norm(sum(change))
      guard distance <= radius + slack else {
        return "a direction \(distance) from the mean, beyond \(radius)"
      }
      func gain(_ t: Int, _ direction: [Double]) -> Double {
        norms[t] * zip(units[t], direction).reduce(0) { $0 + $1.0 * $1.1 }
      }
      let least = norms.indices.map { gain($0, direction) }.min() ?? 0
      var bound = Double.infinity
      let minNormWeights = zip(try minNormFactors(), norms).map { $0 / $1 }
      for weights in [zip(change, norms).map { max($0 / $1, 0) }, minNormWeights] {
        let total = weights.reduce(0, +)
        guard total > 0 else { continue }
        let shares = zip(weights, norms).map { $0 / total * $1 }
        let point = sum(shares)
        let product = zip(point, toMean).reduce(0) { $0 + $1.0 * $1.1 }
        bound = min(bound, product + radius * RandomGramian.norm(point))
      }
      guard bound.isFinite else { throw Unjudged() }
      return least >= bound - slack ? nil : "a least gain of \(least), where \(bound) bounds it"
    }

    /// The factors of the unit gradients in the shortest convex combination of the gradients, but for a common one.
    private func minNormFactors() throws(Unjudged) -> [Double] {
      let least = norms.min() ?? 1
      var solver = NonNegativeLeastSquares(zip(units, norms).map { $0 + [least / $1] })
      guard let factors = solver.solve((units.first ?? []).map { _ in 0 } + [1]) else { throw Unjudged() }
      return factors
    }

    /// Whether `(G + ρ diag G) w = w^(−1/α)` does not hold; with a ridge, relative to a 1e-5 of its terms at least.
    func fairnessContradiction(alpha: Double) -> String? {
      for t in weights.indices {
        let right = pow(weights[t], -1 / alpha)
        var (left, size) = (ridge * gramian[t][t] * weights[t], 0.0)
        for s in weights.indices {
          left += gramian[t][s] * weights[s]
          size += abs(gramian[t][s] * weights[s])
        }
        let scale = ridge > 0 ? max(right, 1e-5 * size) : right
        guard abs(left - right) <= 1e-6 * scale else {
          return "\(left) instead of \(right) in row \(t)"
        }
      }
      return nil
    }
  }
}
