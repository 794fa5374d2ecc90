import Testing

@testable import JointLossStudies

@Suite struct ConclusionTests {
  /// A study of one task: the reference's loss is 1 − noise, a strategy's that times a factor.
  private func conclusion(_ factors: [(String, (Int) -> Double)], seeds: Int) throws -> String {
    var records = try SyntheticRecords.runs("single", (0..<seeds).map { _ in [1] })
    let equal = (0..<seeds).map { 0.9 + 0.002 * Double($0) }
    records += try SyntheticRecords.runs("equal", equal.map { [$0] })
    for (name, factor) in factors {
      records += try SyntheticRecords.runs(name, equal.enumerated().map { [$0.element * factor($0.offset)] })
    }
    let comparison = try Comparison(records: records, baseline: "single", reference: "equal")
    return try #require(comparison.suites.first?.conclusion)
  }

  // Ten seeds, three tests: p = 2/2¹⁰ each, times three for the smallest, and Holm keeps the later ones there.
  @Test func `Significant differences are named with their direction`() throws {
    let sentence = try conclusion(
      [("good", { _ in 0.9 }), ("noise", { $0 % 2 == 0 ? 1.01 : 0.99 })], seeds: 10)
    #expect(
      sentence == "On toy, compared with equal over 10 seeds, significantly better: good (+9.1 points of Δm, "
        + "p = 0.006); significantly worse: single (−9.1 points of Δm, p = 0.006); no other difference is "
        + "significant.")
  }

  @Test func `Where all are significant the sentence says so`() throws {
    let sentence = try conclusion([("bad", { _ in 1.2 })], seeds: 10)
    #expect(
      sentence
        == "On toy, compared with equal over 10 seeds, significantly worse: single (−9.1 points of Δm, "
        + "p = 0.004) and bad (−18.2 points of Δm, p = 0.004); every difference is significant.")
  }

  @Test func `Where none is significant the smallest p is given`() throws {
    let noise: (Int) -> Double = { $0 % 2 == 0 ? 1.01 : 0.99 }
    var records = try SyntheticRecords.runs("equal", (0..<10).map { _ in [1] })
    records += try SyntheticRecords.runs("noise", (0..<10).map { [noise($0)] })
    let comparison = try Comparison(records: records, baseline: "single", reference: "equal")
    #expect(
      comparison.suites.first?.conclusion
        == "On toy, no strategy differs significantly from equal over 10 seeds (smallest adjusted p = 1.000)."
    )
  }

  // Two tests: 2 × 2/2ⁿ < 0.05 first holds at n = 7 (0.03125).
  @Test func `Where too few seeds make significance impossible the sentence says how many are needed`() throws
  {
    let sentence = try conclusion([("good", { _ in 0.5 })], seeds: 4)
    #expect(
      sentence
        == "On toy, no difference from equal can be significant: with 4 seeds Wilcoxon's p is at least "
        + "0.125, and at least 0.25 after Holm's correction over 2 strategies; at least 7 seeds are needed.")
    #expect(try conclusion([("good", { _ in 0.5 })], seeds: 7).contains("significantly better: good"))
    #expect(try conclusion([("good", { _ in 0.5 })], seeds: 6).contains("at least 7 seeds are needed"))
  }

  @Test func `A p below the level is never rounded up to it`() {
    #expect(NumberText.pEquation(0.04996) == "= 0.0499")
    #expect(NumberText.pEquation(0.05) == "= 0.050")
    #expect(NumberText.pEquation(0.00098) == "< 0.001")
    #expect(NumberText.pValue(0.0123) == "0.012")
  }

  @Test func `Numbers are set with their signs and seeds as ranges`() {
    #expect(NumberText.signed(-4.66, decimals: 1) == "−4.7")
    #expect(NumberText.signed(4.66, decimals: 1) == "+4.7")
    #expect(NumberText.signed(-0.04, decimals: 1) == "0.0")
    #expect(NumberText.signed(0.04, decimals: 1) == "0.0")
    #expect(NumberText.ranges([0, 1, 2, 3, 7, 9, 10]) == "0–3, 7, 9, 10")
    #expect(NumberText.ranges([.max]) == "18446744073709551615")
  }
}
