import Testing

@testable import JointLossStudies

@Suite struct FigureTests {
  private func figures(_ records: [RunRecord]) throws -> [Figure] {
    let comparison = try Comparison(records: records, baseline: "single-task", reference: "equal")
    let groups = try SuiteRecords.grouped(records, baseline: "single-task", reference: "equal")
    return Figure.all(of: comparison, groups)
  }

  private func epoch(_ epoch: Int, test: [Double], weights: [Double]? = nil, conflict: Double? = nil)
    -> RunRecord.Epoch
  {
    RunRecord.Epoch(
      epoch: epoch, train: test, validation: test, test: test, weights: weights, conflictRate: conflict)
  }

  /// The numbers of a block of a data file.
  private func block(_ index: Int, of figure: Figure) throws -> [[Double]] {
    let blocks = figure.data.split(separator: "\n\n\n", omittingEmptySubsequences: true)
    let lines = try #require(blocks.indices.contains(index) ? blocks[index] : nil).split(separator: "\n")
    return lines.filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ").compactMap { Double($0) } }
  }

  @Test func `Loss data are the median and quartiles over the completed runs`() throws {
    // Losses 1, 2, 3, 4, 5 of five seeds, and a diverged sixth that must not count.
    var records = try (1...5).map { seed in
      try SyntheticRecords.run(
        "equal", seed: UInt64(seed), test: [1],
        epochs: [epoch(0, test: [Double(seed)]), epoch(1, test: [Double(10 * seed)], weights: [1])])
    }
    records.append(
      try SyntheticRecords.run(
        "equal", seed: 6, test: [1], status: .diverged, epochs: [epoch(0, test: [1000])]))
    let loss = try #require(try figures(records).first { $0.name == "toy-loss" })
    #expect(try block(0, of: loss) == [[0, 3, 2, 4], [1, 30, 20, 40]])
  }

  @Test func `Conflict data are the mean and standard error in percent`() throws {
    let records = try [0.0, 0.5].enumerated().map { seed, rate in
      try SyntheticRecords.run(
        "equal", seed: UInt64(seed), test: [1, 1], epochs: [epoch(0, test: [1, 1], conflict: rate)])
    }
    let conflict = try #require(try figures(records).first { $0.name == "toy-conflict" })
    // Of 0 and 50: mean 25, standard deviation 50/√2, standard error 25.
    #expect(try block(0, of: conflict) == [[0, 25, 0, 50]])
  }

  // Rates of one run over 100 epochs: windows of two epochs, each the mean of its two.
  @Test func `Many epochs of conflict rates are averaged over windows`() throws {
    let epochs = (0...100).map { epoch($0, test: [1, 1], conflict: $0 % 2 == 0 ? 0 : 0.5) }
    let run = try SyntheticRecords.run("equal", seed: 0, test: [1, 1], epochs: epochs)
    let conflict = try #require(try figures([run]).first { $0.name == "toy-conflict" })
    let rows = try block(0, of: conflict)
    #expect(rows.count == 51)
    #expect(rows[0] == [0, 0, 0, 0])
    #expect(rows[1] == [2, 25, 25, 25])
    #expect(rows[50] == [100, 25, 25, 25])
    #expect(conflict.caption.contains("windows of 2 epochs"))
  }

  // BREAK F4: a loss of 1e300 ended the program in the tics of its axis.
  @Test(arguments: [1e300, 1e308, -1e308, Double.leastNonzeroMagnitude, 1e-300])
  func `Values at the ends of the range are left out and the caption says so`(value: Double) throws {
    let records = try ["single-task", "equal"].flatMap { strategy in
      try [value, 2].enumerated().map { seed, loss in
        try SyntheticRecords.run(
          strategy, seed: UInt64(seed), test: [loss],
          epochs: [
            epoch(0, test: [1], conflict: loss), epoch(1, test: [loss], weights: [loss]),
            epoch(2, test: [0.5], weights: [3]),
          ])
      }
    }
    let figures = try figures(records)
    for name in ["toy-loss", "toy-weights"] {
      let figure = try #require(figures.first { $0.name == name })
      #expect(figure.caption.contains("left out: no figure shows"))
      #expect(!figure.data.contains("e+30") && !figure.data.contains("e-3"))
    }
  }

  @Test func `Weights that never change have no panel and are named in the caption`() throws {
    let steady = try SyntheticRecords.run(
      "equal", seed: 0, test: [1], epochs: [epoch(0, test: [1]), epoch(1, test: [1], weights: [1])])
    #expect(try !figures([steady]).contains { $0.name == "toy-weights" })
    let moving = try SyntheticRecords.run(
      "moving", seed: 0, test: [1],
      epochs: [epoch(0, test: [1]), epoch(1, test: [1], weights: [1]), epoch(2, test: [1], weights: [2])])
    let figure = try #require(try figures([steady, moving]).first { $0.name == "toy-weights" })
    #expect(figure.caption.contains("weights never change: equal."))
    #expect(try block(0, of: figure) == [[1, 1, 1, 1], [2, 2, 2, 2]])
  }

  @Test func `Δm data are one row a strategy and one a seed, without the yardstick`() throws {
    let records =
      try SyntheticRecords.runs("single-task", [[1], [2]]) + SyntheticRecords.runs("equal", [[0.5], [1.5]])
    let figure = try #require(try figures(records).first { $0.name == "toy-improvement" })
    let mean = try #require(try block(0, of: figure).first)
    #expect(mean.prefix(2) == [1, 37.5])
    #expect(try block(1, of: figure) == [[1, 50], [1, 25]])
  }

  @Test func `Suites and labels that differ by punctuation only have files of their own`() {
    #expect(FileName.stems(["a/b", "a:b", "a-b", "ok"]) == ["a-b", "a-b-2", "a-b-3", "ok"])
    #expect(FileName.stem("../up") == "suite../up".replacing("/", with: "-"))
    #expect(FileName.stem("") == "suite")
  }

  @Test func `A label cannot leave its quotes in a script`() {
    #expect(GnuplotScript.quote("it's\n`Δ\"") == #""it\047s \140\316\224\042""#)
  }

  @Test func `A percent sign in a label is no format of its tic`() throws {
    let records = try ["single-task", "equal", "50% d"].flatMap { try SyntheticRecords.runs($0, [[1], [2]]) }
    let figure = try #require(try figures(records).first { $0.name == "toy-improvement" })
    #expect(figure.script.contains(#"set label 11 "\065\060\045 d" at graph -0.015,first 1 right"#))
  }

  @Test func `Axes are logarithmic from a factor of ten on, with tics inside`() {
    let wide = Axis("y", showing: [0.02, 1.5])
    #expect(wide.settings.contains("set logscale y"))
    #expect(wide.settings.contains("set ytics (0.02, 0.05, 0.1, 0.2, 0.5, 1)"))
    #expect(!Axis("y", showing: [0.2, 1.5]).settings.contains("set logscale y"))
    #expect(!Axis("y", showing: [-1, 100]).settings.contains("set logscale y"))
    #expect(
      Axis("y", showing: [1e-9, 1e9]).settings.contains(
        "set ytics (1e-09, 1e-06, 0.001, 1, 1000, 1e+06, 1e+09)"))
    #expect(!Axis("y", showing: [.leastNonzeroMagnitude, 1]).settings.contains("set logscale y"))
    // The ends of Double's range are not looked at: the axis is that of the others.
    for value in [1e300, 1e308, -1e308, Double.leastNonzeroMagnitude, .infinity, .nan] {
      #expect(Axis("y", showing: [0.02, 1.5, value]).settings == wide.settings)
      #expect(Axis("y", showing: [value]).upper.isFinite)
    }
    // A constant: 1 ± 20 % and a little margin.
    let flat = Axis("y", showing: [1, 1], smallestSpan: 0.4)
    #expect(flat.lower < 0.8 && flat.lower > 0.7 && flat.upper > 1.2 && flat.upper < 1.3)
  }

  @Test func `Strategies keep their colours and the baseline and reference stand out`() {
    let palette = Palette(
      strategies: ["base", "ref", "a", "b", "base", "a"], baseline: "base", reference: "ref")
    #expect(palette.style(of: "ref").color == "000000")
    #expect(palette.style(of: "base").dash != "1")
    #expect(palette.style(of: "a") != palette.style(of: "b"))
    let many = (0..<24).map { Palette.task($0) }
    #expect(Set(many).count == 24)
  }
}
