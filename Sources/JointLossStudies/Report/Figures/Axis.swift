import Foundation

/// The range and tics of an axis, chosen from the values it shows.
struct Axis {
  /// The letter of the axis, `x` or `y`.
  let letter: String
  let lower: Double
  let upper: Double
  let isLogarithmic: Bool

  /// The magnitudes that a figure shows beside 0: margins, ratios and tics of such values are finite.
  private static let magnitudes = 1e-100...1e100

  /// Whether a figure can show a value: 0, or a finite one that is far from the ends of `Double`.
  ///
  /// - Parameter value: any value.
  /// - Returns: whether it is drawn.
  static func canShow(_ value: Double) -> Bool { value == 0 || magnitudes.contains(value.magnitude) }

  /// The sentence of a caption on what was left out.
  ///
  /// - Parameter count: the values left out.
  /// - Returns: the sentence with a space before it, or nothing where the count is 0.
  static func note(leftOut count: Int) -> String {
    count == 0
      ? ""
      : " \(NumberText.count(count, "value")) left out: no figure shows what is not finite, above 1e100 or, beside 0, "
        + "below 1e-100 in magnitude."
  }

  /// An axis for values, logarithmic where all are positive and the largest is ten times the smallest or more.
  ///
  /// - Parameters:
  ///   - letter: `x` or `y`.
  ///   - values: the values; those that no figure can show are not looked at.
  ///   - smallestSpan: the least length of a linear axis, relative to its middle, so that a nearly constant
  ///     value looks constant, and the six digits of a script tell its ends apart.
  init(_ letter: String, showing values: [Double], smallestSpan: Double = 1e-4) {
    self.letter = letter
    let shown = values.filter(Self.canShow)
    let (least, most) = (shown.min() ?? 0, shown.max() ?? 1)
    isLogarithmic = least > 0 && most >= 10 * least
    if isLogarithmic {
      let margin = pow(most / least, 0.04)
      (lower, upper) = (least / margin, most * margin)
    } else {
      let middle = (least + most) / 2
      let span = max(most - least, smallestSpan * abs(middle))
      let half = span > 0 ? span * 0.54 : max(abs(middle), 1) * 0.5
      // An axis of values that are never negative does not begin below 0.
      (lower, upper) = (least >= 0 ? max(0, middle - half) : middle - half, middle + half)
    }
  }

  /// Lines of gnuplot that set the axis.
  var settings: [String] {
    let range = "set \(letter)range [\(GnuplotScript.number(lower)):\(GnuplotScript.number(upper))]"
    guard isLogarithmic else { return [range] }
    let tics = logarithmicTics.map(GnuplotScript.number).joined(separator: ", ")
    return ["set logscale \(letter)", range, "set format \(letter) '%g'", "set \(letter)tics (\(tics))"]
  }

  /// Tics at 1, 2 and 5 times powers of ten over at most two decades, at the powers beyond, and only at some of
  /// those over many decades.
  private var logarithmicTics: [Double] {
    let decades = log10(upper / lower)
    let mantissas: [Double] = decades <= 1.3 ? [1, 2, 3, 5, 7] : decades <= 2.5 ? [1, 2, 5] : [1]
    let step = max(1, Int((decades / 7).rounded(.up)))
    let exponents = Int(log10(lower).rounded(.down))...Int(log10(upper).rounded(.up))
    return exponents.filter { $0 % step == 0 }.flatMap { exponent in
      mantissas.map { $0 * pow(10, Double(exponent)) }
    }.filter { $0 >= lower && $0 <= upper }
  }

  /// Lines of gnuplot that set an axis of epochs: whole numbers, at most about six.
  ///
  /// - Parameters:
  ///   - first: the first epoch shown.
  ///   - last: the last epoch shown.
  /// - Returns: the lines.
  static func epochs(from first: Int, to last: Int) -> [String] {
    let length = max(last - first, 1)
    let power = pow(10, Double(max(0, String(length).count - 2)))
    let step = [1, 2, 5, 10, 20, 50, 100].map { $0 * power }.first { Double(length) <= 6 * $0 } ?? power
    return [
      "set xrange [\(first):\(max(last, first + 1))]", "set xtics 0,\(GnuplotScript.number(step))",
      "set xlabel 'epoch' offset 0,0.4",
    ]
  }
}
