import JointLossCommand
import JointLossTestSupport
import JointLossWeighting

/// What the repository says of its strategies.
///
/// Each function says what it lacks of one: nothing where all is there.
struct Completeness {
  /// The text of the strategies' source files, by file name.
  var sources: [String: String]
  /// The text of the files of tests, by file name.
  var tests: [String: String]
  var readme: String
  var golden: [GoldenCollection.Entry]
  /// The tests that stand for golden files, by the strategy's name.
  var closedForms = ValueTest.closedForms
  /// The strategies that the conformance kit is run on, with their default parameters.
  var checked: Set<String>

  /// What a strategy's description and the comment of its type lack: summary, formula, cost.
  func undocumented(_ type: any WeightingStrategy.Type) -> [String] {
    let about = type.about
    guard let text = sources["\(type).swift"] else { return ["there is no file \(type).swift"] }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let declaration = lines.firstIndex(where: { $0.hasPrefix("public struct \(type): ") }) else {
      return ["\(type).swift does not declare \(type)"]
    }
    let comment = Array(lines[..<declaration].reversed().prefix { $0.hasPrefix("///") }.reversed())
    guard let summary = comment.first else { return ["\(type) has no comment"] }
    let needs = [
      (summary.hasPrefix("/// ") && summary.hasSuffix("."), "no summary of one line that ends in a period"),
      (!about.formula.isEmpty, "no formula"),
      (!about.cost.isEmpty, "no cost"),
    ]
    return needs.filter { !$0.0 }.map { "\(type) has \($0.1)" }
  }

  /// What is wrong with the evidence that a strategy's numbers are right: a golden file that is compared with, or else
  /// a test against a closed form.
  func untested(_ name: String) -> [String] {
    var faults: [String] = []
    if let test = closedForms[name] {
      faults = test.faults(of: name, in: tests)
    } else if golden.contains(where: { $0.mapping.name == name && $0.comparesNumbers }) {
      faults = ValueTest.golden.faults(of: nil, in: tests)
    } else {
      faults = ["no golden file is compared with, and no test of a closed form is listed"]
    }
    return faults.map { "\(name): \($0)" }
  }

  /// Whether the README has the row that the descriptor makes, once.
  func unlisted(_ type: any WeightingStrategy.Type) -> [String] {
    let (name, row) = (type.about.name, Listing.markdown(type))
    let rows = readme.split(separator: "\n").filter { $0.hasPrefix("| `\(name)` |") }
    return rows.elementsEqual([row[...]])
      ? [] : ["the README has the rows \(rows) of \(name), and not \(row)"]
  }

  /// Whether the kit is run on a strategy.
  func unchecked(_ name: String) -> [String] {
    checked.contains(name) ? [] : ["the conformance kit is not run on \(name)"]
  }
}

extension GoldenCollection.Entry {
  /// Whether there is a number in the file that an answer is compared with.
  fileprivate var comparesNumbers: Bool {
    file.cases.contains { goldenCase in
      guard !goldenCase.isUnstable, goldenCase.tolerance != nil, mapping.except?[goldenCase.name] == nil
      else { return false }
      return goldenCase.steps.contains { step in
        step.unstable != true
          && mapping.compare.contains { (step.expected[$0] ?? []).contains { $0 != nil } }
      }
    }
  }
}
