import JointLossWeighting

/// Text in HTML.
enum HTML {
  /// The text with every scalar that HTML would read as markup escaped.
  ///
  /// - Parameter text: any text; its line breaks and tabs are kept.
  /// - Returns: the text that shows as it is, between tags and in quoted attributes.
  static func escape(_ text: String) -> String {
    text.mappingScalars { scalar in
      switch scalar {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      case "'": "&#39;"
      case "\n", "\t": String(scalar)
      default: scalar.isPrintable ? String(scalar) : " "
      }
    }
  }
}

/// Text in Markdown.
enum Markdown {
  /// The text with every scalar that Markdown or its HTML would read as markup escaped.
  ///
  /// - Parameter text: any text.
  /// - Returns: the text that shows as it is, on one line.
  static func escape(_ text: String) -> String {
    text.mappingScalars { scalar in
      switch scalar {
      case "\\", "|", "*", "_", "`", "[", "]", "#", "~", "$", "!": "\\" + String(scalar)
      case "<": "&lt;"
      case ">": "&gt;"
      case "&": "&amp;"
      default: scalar.isPrintable ? String(scalar) : " "
      }
    }
  }
}

/// Text in LaTeX.
enum LaTeX {
  private static let replacements: [Unicode.Scalar: String] = [
    "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{",
    "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "$<$", ">": "$>$",
    "*": "$^{*}$", "Δ": "$\\Delta$", "µ": "$\\mu$", "×": "$\\times$", "−": "$-$", "–": "--", "∞": "$\\infty$",
    "α": "$\\alpha$", "ρ": "$\\rho$", "“": "``", "”": "''", "\"": "''", "’": "'",
  ]

  /// The text with every scalar that LaTeX would read as markup escaped, and those of our tables that a
  /// plain LaTeX cannot set as commands.
  ///
  /// - Parameter text: any text.
  /// - Returns: the text that is set as it is, on one line.
  static func escape(_ text: String) -> String {
    text.mappingScalars { $0.isPrintable ? replacements[$0] ?? String($0) : " " }
  }
}
