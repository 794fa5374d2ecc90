import JointLossLinearAlgebra
import Testing

@testable import JointLossTraining

/// The signs behind the curvature of a batch.
@Suite struct BalancedSignsTests {
  @Test func `Signs are uncorrelated over a batch, in every sample on average, and beyond its size`() {
    var (signs, stream) = (BalancedSigns(), PhiloxStream(seed: 2, purpose: "test"))
    var sums = [[Double]](repeating: [Double](repeating: 0, count: 20), count: 20)
    var first = sums
    let pairs = (0..<20).flatMap { a in (0..<20).map { (a, $0) } }
    let draws = 4000
    for _ in 0..<draws {
      signs.draw(samples: 8, using: &stream)
      for (a, b) in pairs {
        let products = (0..<8).map { signs[$0, a] * signs[$0, b] }
        // Eight outputs from a multiple of eight on are columns of one Hadamard matrix.
        if a / 8 == b / 8 { #expect(products.reduce(0, +) == (a == b ? 8 : 0)) }
        sums[a][b] += products.reduce(0, +)
        first[a][b] += products[0]
      }
    }
    for (a, b) in pairs where a != b {
      #expect(abs(first[a][b]) <= 5 * Double(draws).squareRoot())
      #expect(abs(sums[a][b]) <= 5 * Double(8 * draws).squareRoot())
    }
  }
}
