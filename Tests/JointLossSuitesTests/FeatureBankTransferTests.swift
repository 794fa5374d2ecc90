import JointLossSuites
import JointLossWeighting
import Testing

@Suite struct FeatureBankTransferTests {
  /// The dial at 600 samples and width 6, over three seeds. Over 16 seeds (mean ± sd) it gave, at 1, ½, 0,
  /// −½, −1:
  ///
  ///     gain            84 ± 12   21 ± 19   −20 ± 18   −33 ± 22   −26 ± 34 %
  ///     label corr.     0.46      0.22      0.02       −0.10      −0.19
  ///     gradient cos.   −0.037    −0.075    −0.095     −0.105     −0.105
  ///
  /// PROTOCOLS (with independent coefficients): +83 ± 6 at 1, −5 ± 16 at ½, −26 ± 7 at 0.
  @Test func `Joint training gains at overlap one and loses where nothing is shared`() async throws {
    let overlaps = [1, 0.5, 0, -0.5]
    let seeds: [UInt64] = [1, 2, 3]
    let points = try await withThrowingTaskGroup(of: (Int, TransferMeasurement).self) { group in
      for (index, overlap) in overlaps.enumerated() {
        let suite = try FeatureBankTests.suite(["overlap": .number(overlap)])
        for seed in seeds {
          group.addTask { (index, try TransferMeasurement(suite, seed: seed)) }
        }
      }
      return try await group.reduce(into: [[TransferMeasurement]](repeating: [], count: overlaps.count)) {
        $0[$1.0].append($1.1)
      }
    }
    let gains = points.map { LabelStatistics.mean($0.map(\.gain)) }
    let correlations = points.map { LabelStatistics.mean($0.map(\.labelCorrelation)) }
    let cosines = points.map { LabelStatistics.mean($0.map(\.gradientCosine)) }
    #expect(gains[0] > 50 && gains[0] > gains[1], "\(gains)")
    #expect(gains[1] > gains[2] && gains[1] > gains[3], "\(gains)")
    #expect(gains[2] < 0 && gains[3] < 0, "\(gains)")
    #expect(correlations == correlations.sorted(by: >), "\(correlations)")
    #expect(cosines[0] > cosines[2] && cosines[0] > cosines[3], "\(cosines)")
  }
}
