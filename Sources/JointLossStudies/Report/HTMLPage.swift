import Foundation
import JointLossWeighting
import Mustache

/// The report as one page that needs nothing but itself: no scripts, no files beside it, no network.
struct HTMLPage {
  let comparison: Comparison
  let figures: [Figure]
  /// SVG by the name of the figure; a figure that is missing was not drawn.
  let pictures: [String: String]
  let records: [RunRecord]
  /// The text of the study file, where there is one.
  let study: String?

  /// The page.
  var text: String {
    get throws(StudyError) {
      do {
        MustacheContentTypes.register(EscapedScalars(), named: "SCALARS")
        let library = MustacheLibrary(templates: [
          "page": try MustacheTemplate(string: HTMLTemplate.text),
          "table": try MustacheTemplate(string: HTMLTemplate.table),
        ])
        return library.render(context, withTemplate: "page") ?? ""
      } catch {
        throw StudyError("the template of report.html cannot be read: \(error)")
      }
    }
  }

  /// What the templates escape text with: Mustache's own way goes over characters, and misses a `<` with a combining
  /// mark.
  private struct EscapedScalars: MustacheContentType {
    func escapeText(_ text: String) -> String { HTML.escape(text) }
  }

  // Everything below is text; the template escapes it. Only a picture is inserted as it is.
  private var context: [String: Any] {
    [
      "title": "Comparison of " + NumberText.list(comparison.suites.map(\.label)),
      "conclusions": comparison.suites.map(\.conclusion),
      "suites": comparison.suites.map(suite),
      "conventions": Report.conventions(comparison),
      "study": study ?? "",
      "hasStudy": study != nil,
      "settings": rows(of: settings),
      "versions": rows(of: versions),
      "runs": records.count,
    ]
  }

  private func suite(_ suite: SuiteComparison) -> [String: Any] {
    let tables = ComparisonTables(suite: suite, reference: comparison.reference)
    return [
      "heading": Report.heading(suite),
      "conclusion": suite.conclusion,
      "notes": suite.notes,
      "main": table(tables.main),
      "yardstick": tables.yardstick,
      "losses": table(tables.taskLosses),
      "ratios": table(tables.taskRatios),
      "costs": table(tables.costs),
      "figures": figures.filter { $0.suite == suite.label }.map(figure),
    ]
  }

  private func figure(_ figure: Figure) -> [String: Any] {
    [
      "title": figure.title,
      "caption": figure.caption,
      "files": "figures/\(figure.name).svg, .png, .dat, .gp",
      "script": "figures/\(figure.name).gp",
      "width": figure.width,
      "isDrawn": pictures[figure.name] != nil,
      "picture": pictures[figure.name].map(Self.inline) ?? "",
    ]
  }

  private func table(_ table: ReportTable) -> [String: Any] {
    func cells(_ texts: [String]) -> [[String: Any]] {
      zip(table.columns, texts).map { column, text in
        ["text": text, "side": column.alignment == .left ? "left" : "right"]
      }
    }
    return ["head": cells(table.columns.map(\.heading)), "rows": table.rows.map { ["cells": cells($0)] }]
  }

  private func rows(of pairs: [(name: String, value: String)]) -> [[String: Any]] {
    pairs.map { ["name": $0.name, "value": $0.value] }
  }

  /// The element of an SVG file without the declarations before it, which a page must not repeat.
  private static func inline(_ svg: String) -> String {
    svg.firstRange(of: "<svg").map { String(svg[$0.lowerBound...]) } ?? ""
  }

  // MARK: What the runs were made with

  /// What each suite's runs share, one row a suite and distinct setting.
  private var settings: [(name: String, value: String)] {
    distinct { header in
      let run = header.specification
      return (
        run.suiteLabel,
        "\(run.suite)\(list(run.suiteParameters.values)); \(run.modelText); "
          + "\(run.optimizer); batches of \(run.batchSize); \(NumberText.count(run.epochs, "epoch"))"
      )
    }
      + distinct { header in
        let run = header.specification
        return (run.strategyLabel, run.strategy + list(run.strategyParameters.values))
      }
  }

  private var versions: [(name: String, value: String)] {
    distinct { ("JointLoss", $0.versions.jointLoss) } + distinct { ("Swift", $0.versions.swift) }
      + distinct { ("BLAS", $0.versions.blas) } + distinct { ("platform", $0.versions.platform) }
  }

  private func list<Value>(_ values: [String: Value]) -> String {
    let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    return pairs.isEmpty ? "" : " (\(pairs.joined(separator: ", ")))"
  }

  private func distinct(
    _ pair: (RunRecord.Header) -> (name: String, value: String)
  ) -> [(name: String, value: String)] {
    var seen: Set<[String]> = []
    let pairs = records.map { pair($0.header) }.filter { seen.insert([$0.name, $0.value]).inserted }
    return pairs.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
  }
}
