import Foundation
import JointLossWeighting

/// A gnuplot script that draws panels in a grid with one legend beside them, as SVG and as PNG.
struct GnuplotScript {
  /// One set of axes.
  struct Panel {
    var title = ""
    /// What the vertical axis shows, with its unit; empty where its tics say it.
    var verticalLabel = ""
    /// Lines of gnuplot: labels, ranges and tics.
    var settings: [String]
    /// The elements of the `plot` command, without the word itself.
    var plots: [String]
  }

  /// One line of the legend.
  struct Entry {
    let label: String
    let style: LineStyle
  }

  /// The name of the script and of its pictures, without ending.
  let name: String
  let title: String
  let subtitle: String
  let panels: [Panel]
  let legend: [Entry]
  /// The size of a panel's plotting area, in pixels.
  var panelSize: (width: Int, height: Int) = (300, 210)
  /// The space for the labels of the vertical axis, in pixels.
  var leftMargin = 86

  private static let gap = (right: 18, top: 34, bottom: 60)
  private static let head = 62

  private var columns: Int { panels.count <= 3 ? max(panels.count, 1) : panels.count == 4 ? 2 : 3 }
  private var rows: Int { (panels.count + columns - 1) / columns }
  private var legendWidth: Int {
    legend.isEmpty ? 16 : 66 + 10 * min(legend.map(\.label.count).max() ?? 0, Self.longestText)
  }
  private var cell: (width: Int, height: Int) {
    (
      panelSize.width + leftMargin + Self.gap.right,
      panelSize.height + Self.gap.top + Self.gap.bottom
    )
  }
  /// The size of the picture, in pixels.
  var size: (width: Int, height: Int) {
    let forTitle = 9 * min(max(title.count, subtitle.count * 4 / 5), Self.longestText) + 40
    let forLegend = 24 * legend.count + Self.head + 20
    return (
      max(columns * cell.width + legendWidth, forTitle), max(rows * cell.height + Self.head + 6, forLegend)
    )
  }

  /// The whole script.
  var text: String {
    """
    # \(name), drawn by jointloss report; by hand: cd figures, gnuplot \(name).gp
    set encoding utf8
    set minussign
    if (!exists('prefix')) prefix = ''
    do for [format in 'svg png'] {
      if (format eq 'svg') {
        set terminal svg size \(size.width),\(size.height) dynamic noenhanced font 'Helvetica,14' name \(Self.quote(FileName.identifier(name))) background rgb '#ffffff'
      } else {
        set terminal pngcairo size \(2 * size.width),\(2 * size.height) noenhanced font 'Helvetica,14' fontscale 2 linewidth 2 pointscale 2 background rgb '#ffffff'
      }
      set output prefix.'\(name).'.format
      set multiplot
      set border 3 linecolor rgb '#404040' linewidth 1
      set tics nomirror out scale 0.6 textcolor rgb '#202020'
      set grid xtics ytics linetype 1 linecolor rgb '#e6e6e6' linewidth 1
      unset key
    \(panelText.map { "  " + $0 }.joined(separator: "\n"))
    \(legendText.map { "  " + $0 }.joined(separator: "\n"))
      unset multiplot
      unset output
      reset
    }
    """ + "\n"
  }

  private var panelText: [String] {
    var lines = [
      "set label 1 \(Self.quote(title)) at screen \(x(16)),\(y(26)) left font 'Helvetica,18'",
      "set label 2 \(Self.quote(subtitle)) at screen \(x(16)),\(y(50)) left font 'Helvetica,13' "
        + "textcolor rgb '#505050'",
    ]
    for (index, panel) in panels.enumerated() {
      let left = index % columns * cell.width + leftMargin
      let top = index / columns * cell.height + Self.gap.top + Self.head
      lines += margins(left: left, right: left + panelSize.width, top: top, bottom: top + panelSize.height)
      // A label of our own: gnuplot's goes off the page where tics are wide and the margin is set.
      let middle = top + panelSize.height / 2
      lines.append(
        "set label 4 \(Self.quote(panel.verticalLabel)) at screen \(x(left - 68)),\(y(middle)) center rotate by 90"
      )
      lines.append("set title \(Self.quote(panel.title)) offset 0,-0.4 font 'Helvetica,15'")
      lines += panel.settings
      lines.append("plot " + panel.plots.joined(separator: ", \\\n    "))
      lines.append("unset logscale; set xrange [*:*]; set yrange [*:*]; unset xlabel")
      lines.append("set xtics autofreq; set ytics autofreq; set format; unset label; unset arrow")
    }
    return lines
  }

  /// Axes that show nothing but their key: so the legend may be higher than a panel.
  private var legendText: [String] {
    guard !legend.isEmpty else { return [] }
    let left = columns * cell.width
    let keys = legend.map { "2 with lines \($0.style.line) title \(Self.quote($0.label))" }
    return margins(
      left: left, right: left + legendWidth - 8, top: Self.head + Self.gap.top, bottom: size.height - 10)
      + [
        "unset border; unset tics; unset grid; unset title; unset xlabel",
        "set xrange [0:1]; set yrange [0:1]",
        "set key left top vertical Left reverse samplen 2.2 spacing 1.3 width 0",
        "plot " + keys.joined(separator: ", \\\n    "),
      ]
  }

  private func margins(left: Int, right: Int, top: Int, bottom: Int) -> [String] {
    [
      "set lmargin at screen \(x(left)); set rmargin at screen \(x(right))",
      "set tmargin at screen \(y(top)); set bmargin at screen \(y(bottom))",
    ]
  }

  private func x(_ pixels: Int) -> String { Self.number(Double(pixels) / Double(size.width)) }
  private func y(_ pixels: Int) -> String { Self.number(1 - Double(pixels) / Double(size.height)) }

  // MARK: Texts of gnuplot

  /// The most scalars of a text that a figure shows: gnuplot cuts longer ones in the middle of a character.
  static let longestText = 100

  /// A text as gnuplot reads it between double quotes.
  ///
  /// Letters and spaces of ASCII stand as they are, every other byte of the UTF-8 as an octal code: so no text can end the
  /// string, and none is code. Digits are codes too, for gnuplot takes one that follows a code for a part of it.
  ///
  /// - Parameter text: any text; what is not printable becomes a space, and what is too long for a figure ends in dots.
  /// - Returns: the quoted text.
  static func quote(_ text: String) -> String {
    let scalars = text.printable.unicodeScalars
    let shown = scalars.count <= longestText ? String(scalars) : String(scalars.prefix(longestText)) + "…"
    let codes = shown.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: " "):
        String(UnicodeScalar(byte))
      default: String(format: "\\%03o", byte)
      }
    }
    return "\"" + codes.joined() + "\""
  }

  static func number(_ value: Double) -> String { String(format: "%.6g", value) }
}

extension FileName {
  /// A name of ASCII letters, digits and underscores only, as gnuplot asks of an SVG's name.
  ///
  /// - Parameter name: any name.
  /// - Returns: the identifier.
  static func identifier(_ name: String) -> String {
    "figure_" + safe(name, allowing: "", replacement: "_")
  }
}
