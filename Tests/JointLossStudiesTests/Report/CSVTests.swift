import Testing

@testable import JointLossStudies

@Suite struct CSVTests {
  /// Reads RFC 4180 back: rows as dictionaries by the names of the first.
  private func parse(_ text: String) throws -> [[String: String]] {
    var rows: [[String]] = [[]]
    var field = ""
    var isQuoted = false
    var rest = text[...]
    while let character = rest.popFirst() {
      if isQuoted {
        if character == "\"", rest.first == "\"" {
          field.append(rest.removeFirst())
        } else if character == "\"" {
          isQuoted = false
        } else {
          field.append(character)
        }
      } else if character == "\"" {
        isQuoted = true
      } else if character == "," || character == "\n" {
        rows[rows.count - 1].append(field)
        field = ""
        if character == "\n" { rows.append([]) }
      } else {
        field.append(character)
      }
    }
    let names = try #require(rows.first)
    return rows.dropFirst().filter { !$0.isEmpty }.map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
  }

  private func comparison() throws -> Comparison {
    let records =
      try SyntheticRecords.runs("single", [[1.0, 2], [2, 4], [4, 1]])
      + SyntheticRecords.runs("equal", [[0.5, 2], [2, 3], [5, 1]])
      + SyntheticRecords.runs("odd, \"quoted\"", [[0.5, 1], [1, 3], [2, 1]])
    return try Comparison(records: records, baseline: "single", reference: "equal")
  }

  @Test func `Read back, the file has every number in full precision`() throws {
    let comparison = try comparison()
    let rows = try parse(CSV.suites(comparison))
    #expect(rows.map { $0["strategy"] } == ["single", "equal", "odd, \"quoted\""])
    let odd = try #require(comparison.suites.first?.rows.last)
    let row = try #require(rows.last)
    func number(_ name: String) -> Double? { row[name].flatMap(Double.init) }
    #expect(number("delta_m_percent") == 37.5)
    #expect(number("delta_m_percent_lower") == odd.improvement?.interval?.lower)
    #expect(number("difference_points") == odd.difference?.estimate.mean)
    #expect(number("wilcoxon_p") == 0.25)
    #expect(number("holm_p") == 0.5)
    #expect(number("mean_rank") == 8.0 / 6)
    #expect(row["pairs"] == "3")
    #expect(row["suite"] == "toy")
    #expect(row["yardstick"] == "single")
  }

  @Test func `A value that does not exist is an empty field`() throws {
    let row = try #require(try parse(CSV.suites(try comparison())).first { $0["strategy"] == "equal" })
    #expect(row["difference_points"] == "")
    #expect(row["holm_p"] == "")
    #expect(row["loss_ratio"] != "")
  }

  @Test func `The tasks' file has one row a strategy and task`() throws {
    let rows = try parse(CSV.tasks(try comparison()))
    #expect(rows.count == 6)
    #expect(rows[5]["task"] == "t1")
    #expect(rows[5]["loss_ratio"].flatMap(Double.init) == 0.75)
    #expect(rows[5]["test_loss"].flatMap(Double.init) == 5.0 / 3)
  }
}
