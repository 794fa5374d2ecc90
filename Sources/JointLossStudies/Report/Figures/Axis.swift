import Foundation

/// The range and tics of an axis, chosen from the values it shows.
struct Axis {
  /// The letter of the axis, `x` or `y`.
  let letter: String
  let lower: Double
  let upper: Double
  let isLogarithmic: Bool

  /// An axis for values, logarithmic where all are positive and the largest is ten times the smallest or more.
  ///
  /// - Parameters:
  ///   - letter: `x` or `y`.
  ///   - values: finite values, not empty.
  ///   - smallestSpan: the least length of a linear axis, relative to its middle, so that a nearly constant
  ///     value looks constant.
  init(_ letter: String, showing values: [Double], smallestSpan: Double = 0) {
    self.letter = letter
    let (least, most) = (values.min() ?? 0, values.max() ?? 1)
    // Values so small that the ratio overflows have no decades to count.
    isLogarithmic = least > 0 && most >= 10 * least && (most / least).isFinite
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
    let power = Int(pow(10, Double(max(0, String(length).count - 2))))
    let step = [1, 2, 5, 10, 20, 50, 100].map { $0 * power }.first { length <= 6 * $0 } ?? length
    return [
      "set xrange [\(first):\(max(last, first + 1))]", "set xtics 0,\(step)",
      "set xlabel 'epoch' offset 0,0.4",
    ]
  }
}
