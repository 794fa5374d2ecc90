import Testing

@testable import JointLossStudies

@Suite struct TableTests {
  /// One seed, two tasks: ratios of equal (½, 1), of a_b (1, 1½); one seed has no intervals.
  private func tiny() throws -> Comparison {
    let records =
      try SyntheticRecords.runs("single", [[1, 2]], step: 30)
      + SyntheticRecords.runs("equal", [[0.5, 2]], step: 10)
      + SyntheticRecords.runs("a_b", [[1, 3]], step: 25)
    return try Comparison(records: records, baseline: "single", reference: "equal")
  }

  @Test func `The text of a tiny study is this one`() throws {
    let text = Report.text(try tiny())
    let expected = """
      toy: 2 tasks, 1 seed (0)

      strategy  loss / single   Δm %  rank  Δm − equal's  p (Holm)  µs/step  × equal  diverged
      ────────────────────────────────────────────────────────────────────────────────────────
      single                1      0  2.00         −25.0  1.000        30.0     3.00    0 of 1
      equal             0.750  +25.0  1.25             –  –            10.0     1.00    0 of 1
      a_b               1.250  −25.0  2.75         −50.0  1.000        25.0     2.50    0 of 1

      On toy, no difference from equal can be significant: with 1 seed Wilcoxon's p is at least 1, and at least 1
        after Holm's correction over 2 strategies; at least 7 seeds are needed.

      """
    #expect(text.hasPrefix(expected))
    #expect(text.contains("positive is better"))
  }

  @Test func `Intervals and stars are shown where there are some`() throws {
    let ten = (0..<10).map { 1 + 0.01 * Double($0) }
    let records =
      try SyntheticRecords.runs("single", ten.map { [$0] })
      + SyntheticRecords.runs("equal", ten.map { [$0 * 0.9] })
      + SyntheticRecords.runs("good", ten.map { [$0 * 0.8] })
    let text = Report.text(try Comparison(records: records, baseline: "single", reference: "equal"))
    // Every seed has Δm 20 and difference 10 up to rounding: the intervals are points.
    #expect(
      text.contains(
        "good      0.800 [0.800, 0.800]  +20.0 [+20.0, +20.0]  1.00  +10.0 [+10.0, +10.0]  0.004 *"))
  }

  @Test func `A diverged and a failed run show in the row and in a note`() throws {
    let records =
      try SyntheticRecords.runs("single", [[1], [2], [3]]) + SyntheticRecords.runs("equal", [[1], [2], [3]])
      + [
        SyntheticRecords.run("odd", seed: 0, test: [1]),
        SyntheticRecords.run("odd", seed: 1, test: [0], status: .diverged),
        SyntheticRecords.run("odd", seed: 2, test: [0], status: .failed),
      ]
    let text = Report.text(try Comparison(records: records, baseline: "single", reference: "equal"))
    #expect(text.contains("1 of 3, 1 failed"))
    #expect(text.contains("Note: odd: 2 of 3 runs did not complete: seed 1 diverged (step 7, task t0"))
    #expect(text.contains("seed 2 failed (step 7, task t0"))
  }

  @Test func `Untrained networks that were best on validation data show in a note`() throws {
    var records =
      try SyntheticRecords.runs("single", [[1], [2]]) + SyntheticRecords.runs("equal", [[1], [2]])
    records[3].footer.selectedEpochs = [0]
    let text = Report.text(try Comparison(records: records, baseline: "single", reference: "equal"))
    #expect(text.contains("Note: equal: in 1 of 2 completed runs an untrained network was best"))
    #expect(!text.contains("Note: single"))
  }

  @Test func `Markdown shows every cell and escapes what would be markup`() {
    let table = ReportTable(
      columns: [.init("a|b", .left), .init("n")], rows: [["x_y", "1"], ["*<z>*", "2"]])
    #expect(
      table.markdown == """
        | a\\|b | n |
        | :--- | ---: |
        | x\\_y | 1 |
        | \\*&lt;z&gt;\\* | 2 |
        """)
  }

  @Test func `LaTeX has the rules of booktabs and escapes its special characters`() {
    #expect(
      LaTeX.escape(##"a_b & 50% #1 {x} ~ ^ \ $"##)
        == ##"a\_b \& 50\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$"##)
    #expect(LaTeX.escape("Δm −4.7, × 2 µs, 0–9") == #"$\Delta$m $-$4.7, $\times$ 2 $\mu$s, 0--9"#)
    #expect(LaTeX.escape("two\nlines") == "two lines")
    let table = ReportTable(
      columns: [.init("s", .left), .init("n")], rows: [["x_y", "1"], ["[a]", "2"], ["  [5cm]", "3"]])
    #expect(
      table.latex == #"""
          \begin{tabular}{@{}lr@{}}
            \toprule
            {}s & n \\
            \midrule
            {}x\_y & 1 \\
            {}[a] & 2 \\
            {}  [5cm] & 3 \\
            \bottomrule
          \end{tabular}
        """#)
  }
}
