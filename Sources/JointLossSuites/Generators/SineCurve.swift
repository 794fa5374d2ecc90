#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// g(s) = s + Σ sin(α_i s + β_i), with its exact moments for s ~ N(0, c²).
///
/// From E[e^{iαs}] = e^{−α²c²/2} and Stein's lemma E[s h(s)] = c² E[h′(s)].
package struct SineCurve {
  let terms: [(alpha: Double, beta: Double)]
  let scale: Double

  /// Creates a curve.
  ///
  /// - Parameters:
  ///   - terms: the frequencies α_i and phases β_i.
  ///   - scale: c.
  package init(terms: [(alpha: Double, beta: Double)], scale: Double) {
    self.terms = terms
    self.scale = scale
  }

  /// g(s).
  package func value(_ s: Double) -> Double {
    terms.reduce(s) { $0 + sin($1.alpha * s + $1.beta) }
  }

  /// E[g(s)].
  package var mean: Double { terms.reduce(0) { $0 + damping($1.alpha) * sin($1.beta) } }

  /// Var[g(s)].
  package var variance: Double {
    var second = scale * scale
    for a in terms {
      second += 2 * a.alpha * scale * scale * damping(a.alpha) * cos(a.beta)
      for b in terms {
        second +=
          (damping(a.alpha - b.alpha) * cos(a.beta - b.beta) - damping(a.alpha + b.alpha)
            * cos(a.beta + b.beta)) / 2
      }
    }
    return second - mean * mean
  }

  private func damping(_ frequency: Double) -> Double {
    exp(-frequency * frequency * scale * scale / 2)
  }
}
