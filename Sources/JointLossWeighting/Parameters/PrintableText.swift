extension Unicode.Scalar {
  /// Whether the scalar may stand in a label or a name: it can be seen, or is a space.
  ///
  /// Not printable are controls, format characters (such as those that turn the direction of writing, and the Arabic
  /// number sign), ends of lines and paragraphs, scalars without a meaning of their own, and what shows nothing.
  /// Combining marks and variation selectors are printable.
  package var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: !properties.isDefaultIgnorableCodePoint || properties.isVariationSelector
    }
  }
}

extension String {
  /// Whether the text may be a label or a name of a task, suite, strategy or parameter: printable scalars, at least one.
  package var isPrintable: Bool { !isEmpty && unicodeScalars.allSatisfy(\.isPrintable) }

  /// The text on one line, every scalar that is not printable as a space.
  package var printable: String { mappingScalars { $0.isPrintable ? String($0) : " " } }

  /// The text with every scalar replaced.
  ///
  /// `map` goes over characters instead, and a quotation mark with a combining mark is not the character `"`.
  ///
  /// - Parameter replacement: what stands for a scalar.
  /// - Returns: the new text.
  package func mappingScalars(_ replacement: (Unicode.Scalar) -> String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in unicodeScalars { scalars.append(contentsOf: replacement(scalar).unicodeScalars) }
    return String(scalars)
  }
}
