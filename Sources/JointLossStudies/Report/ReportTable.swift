import JointLossWeighting

/// A table of texts, ready to be set as plain text, Markdown, LaTeX or HTML.
package struct ReportTable: Sendable, Hashable {
  /// On which side a column's texts are flush.
  package enum Alignment: Sendable, Hashable {
    case left
    case right
  }

  /// A heading and the side its column is flush on.
  package struct Column: Sendable, Hashable {
    package let heading: String
    package let alignment: Alignment

    package init(_ heading: String, _ alignment: Alignment = .right) {
      self.heading = heading
      self.alignment = alignment
    }
  }

  /// What stands where there is no value.
  package static let missing = "–"

  package let columns: [Column]
  /// One text a column in each row.
  package let rows: [[String]]

  /// Creates a table.
  ///
  /// - Parameters:
  ///   - columns: headings and sides.
  ///   - rows: one text a column in each row.
  package init(columns: [Column], rows: [[String]]) {
    self.columns = columns
    self.rows = rows
  }

  /// Columns padded to their widest text, for a terminal: nothing that is not printable reaches it.
  package var plainText: String {
    let headings = columns.map(\.heading.printable)
    let rows = rows.map { $0.map(\.printable) }
    let widths = columns.indices.map { index in
      max(headings[index].count, rows.map { $0[index].count }.max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { index in
        let space = String(repeating: " ", count: widths[index] - cells[index].count)
        return columns[index].alignment == .left ? cells[index] + space : space + cells[index]
      }
      return padded.joined(separator: "  ").trimmingTrailingSpaces
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return ([line(headings), rule] + rows.map(line)).joined(separator: "\n")
  }

  /// The table with some of its columns only.
  ///
  /// - Parameter indices: the columns to keep, in their new order.
  /// - Returns: the smaller table.
  func columns(at indices: [Int]) -> ReportTable {
    ReportTable(columns: indices.map { columns[$0] }, rows: rows.map { row in indices.map { row[$0] } })
  }

  /// A pipe table.
  var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let rule = columns.map { $0.alignment == .left ? ":---" : "---:" }
    let body = rows.map { row in line(row.map(Markdown.escape)) }
    return ([line(columns.map { Markdown.escape($0.heading) }), line(rule)] + body).joined(separator: "\n")
  }

  /// A `tabular` with the rules of booktabs, which ``Report`` defines as plain ones for a document without that package.
  var latex: String {
    func line(_ cells: [String]) -> String {
      // After spaces too, a “[” at the start of a row would begin the optional argument of the line break or rule before it.
      "    {}" + cells.map(LaTeX.escape).joined(separator: " & ") + " \\\\"
    }
    let sides = columns.map { $0.alignment == .left ? "l" : "r" }.joined()
    return """
        \\begin{tabular}{@{}\(sides)@{}}
          \\toprule
      \(line(columns.map(\.heading)))
          \\midrule
      \(rows.map(line).joined(separator: "\n"))
          \\bottomrule
        \\end{tabular}
      """
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
