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

  /// Columns padded to their widest text, for a terminal.
  package var plainText: String {
    let widths = columns.indices.map { index in
      max(columns[index].heading.count, rows.map { $0[index].count }.max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { index in
        let space = String(repeating: " ", count: widths[index] - cells[index].count)
        return columns[index].alignment == .left ? cells[index] + space : space + cells[index]
      }
      return padded.joined(separator: "  ").trimmingTrailingSpaces
    }
    let rule = String(repeating: "─", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return ([line(columns.map(\.heading)), rule] + rows.map(line)).joined(separator: "\n")
  }

  /// A pipe table.
  var markdown: String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    let rule = columns.map { $0.alignment == .left ? ":---" : "---:" }
    let body = rows.map { row in line(row.map(Markdown.escape)) }
    return ([line(columns.map { Markdown.escape($0.heading) }), line(rule)] + body).joined(separator: "\n")
  }

  /// A `tabular` with the rules of booktabs.
  var latex: String {
    func line(_ cells: [String]) -> String {
      // A row that begins with “[” would be the optional argument of the line break before it.
      (cells.first?.hasPrefix("[") == true ? "    {}" : "    ")
        + cells.map(LaTeX.escape).joined(separator: " & ") + " \\\\"
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

/// Text in Markdown.
enum Markdown {
  /// The text with every character that Markdown or its HTML would read as markup escaped.
  ///
  /// - Parameter text: any text of one line.
  /// - Returns: the text that shows as it is.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\\", "|", "*", "_", "`", "[", "]", "#": escaped += "\\" + String(character)
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "&": escaped += "&amp;"
      case _ where character.isNewline: escaped += " "
      default: escaped.append(character)
      }
    }
    return escaped
  }
}

/// Text in LaTeX.
enum LaTeX {
  private static let replacements: [Character: String] = [
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{",
    "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "$<$", ">": "$>$",
    "*": "$^{*}$", "Δ": "$\\Delta$", "µ": "$\\mu$", "×": "$\\times$", "−": "$-$", "–": "--", "∞": "$\\infty$",
    "α": "$\\alpha$", "ρ": "$\\rho$", "“": "``", "”": "''", "\"": "''", "’": "'",
  ]

  /// The text with every character that LaTeX would read as markup escaped, and those of our tables that a
  /// plain LaTeX cannot set as commands.
  ///
  /// - Parameter text: any text of one line.
  /// - Returns: the text that is set as it is.
  static func escape(_ text: String) -> String {
    text.map { $0.isNewline ? " " : replacements[$0] ?? String($0) }.joined()
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
