import Foundation
import JointLossTraining
import JointLossWeighting
import Yams

extension StudySpecification {
  /// Reads a study file.
  ///
  /// - Parameter path: where it is.
  /// - Throws: ``StudyError`` if it cannot be read, with all that is wrong with its content.
  public init(contentsOf path: String) throws(StudyError) {
    try self.init(content: StudyFile.content(of: path, limit: Self.longestFile), file: path)
  }

  /// The longest study file that is read, in bytes: far beyond the seeds and entries that a study may have.
  private static let longestFile = 8 << 20

  /// Reads the content of a study file.
  ///
  /// - Parameters:
  ///   - content: the bytes of the file.
  ///   - file: its name, for messages.
  /// - Throws: ``StudyError`` as ``init(yaml:file:)`` does, and with the line of the first byte that is not UTF-8.
  init(content: Data, file: String) throws(StudyError) {
    guard let text = String(validating: content, as: UTF8.self) else {
      let lines = content.split(separator: 0x0A, omittingEmptySubsequences: false)
      let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
      throw StudyError("the line is not text in UTF-8", file: file, line: line.map { $0 + 1 })
    }
    try self.init(yaml: text, file: file)
  }

  /// Reads the text of a study file; keys that are left out have the defaults of ``init()``.
  ///
  /// - Parameters:
  ///   - yaml: the text.
  ///   - file: the file's name, for messages.
  /// - Throws: ``StudyError`` with every unknown key, wrong type and bad value, each with its line.
  public init(yaml: String, file: String) throws(StudyError) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      throw Self.syntaxError(error, in: yaml, file: file)
    }
    guard let root else { throw StudyError("the study file is empty", file: file, line: 1) }
    var reader = StudyReader(file: file)
    let study = reader.study(from: root)
    if let error = StudyError.combining(reader.problems + study.problems()) { throw error }
    self = study
  }

  /// The study file of this study; reading it gives an equal value.
  public var yaml: String {
    var lines: [String] = []
    for (key, entries) in [("suites", suites), ("strategies", strategies)] {
      lines.append(entries.isEmpty ? "\(key): []" : "\(key):")
      lines += entries.flatMap(\.yamlLines)
    }
    switch seeds {
    case .count(let count): lines.append("seeds: \(count)")
    case .list(let values): lines.append("seeds: \(Self.flow(values))")
    }
    if let epochs { lines.append("epochs: \(epochs)") }
    if let batchSize { lines.append("batch-size: \(batchSize)") }
    if let learningRate { lines.append("learning-rate: \(ParameterValue.number(learningRate))") }
    if let optimizer { lines.append("optimizer: \(optimizer.rawValue)") }
    if let momentum { lines.append("momentum: \(ParameterValue.number(momentum))") }
    if let weightDecay { lines.append("weight-decay: \(ParameterValue.number(weightDecay))") }
    if let beta1 { lines.append("beta1: \(ParameterValue.number(beta1))") }
    if let beta2 { lines.append("beta2: \(ParameterValue.number(beta2))") }
    if let epsilon { lines.append("epsilon: \(ParameterValue.number(epsilon))") }
    if let damping { lines.append("damping: \(ParameterValue.number(damping))") }
    if let factorDecay { lines.append("factor-decay: \(ParameterValue.number(factorDecay))") }
    if let factorInterval { lines.append("factor-interval: \(factorInterval)") }
    if let schedule { lines.append("schedule: \(schedule.flow)") }
    if let clipNorm { lines.append("clip-norm: \(ParameterValue.number(clipNorm))") }
    if let earlyStopping { lines.append("early-stopping: \(earlyStopping.flow)") }
    if let architecture { lines.append("architecture: \(architecture.text)") }
    if let trunk { lines.append("trunk: \(Self.flow(trunk))") }
    if let activation { lines.append("activation: \(activation.rawValue)") }
    if let block { lines.append("block: \(block.text)") }
    if let gradientScope { lines.append("gradient-scope: \(gradientScope.rawValue)") }
    if let headPolicy { lines.append("head-policy: \(headPolicy.rawValue)") }
    if let scalePolicy { lines.append("scale-policy: \(scalePolicy.rawValue)") }
    if let accumulation { lines.append("accumulation: \(accumulation)") }
    lines.append("baseline: \(Self.quotedIfNeeded(baseline))")
    lines.append("reference: \(Self.quotedIfNeeded(reference))")
    return lines.joined(separator: "\n") + "\n"
  }

  fileprivate static func flow(_ values: [some CustomStringConvertible]) -> String {
    "[\(values.map(\.description).joined(separator: ", "))]"
  }

  /// A text as a YAML scalar: bare where it cannot be taken for anything else, else in double quotes.
  fileprivate static func quotedIfNeeded(_ text: String) -> String {
    let isBare =
      text.first.map { $0.isASCII && $0.isLetter } ?? false
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.()=".contains($0)) }
      && Double(text) == nil && text != "null"
    if isBare { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case " "..."~": quoted.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return quoted + "\""
  }

  private static func syntaxError(_ error: any Error, in yaml: String, file: String) -> StudyError {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      return StudyError("is not YAML: \(Quotation.short(problem, longest: 160))", file: file, line: mark.line)
    case YamlError.reader(let problem, let offset, _, _):
      let line = offset.map { yaml.prefix($0).count { $0.isNewline } + 1 }
      return StudyError("is not YAML: \(Quotation.short(problem, longest: 160))", file: file, line: line)
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      return StudyError(
        "the key appears twice in one mapping, first here", file: file, line: context.mark.line,
        key: duplicates.joined(separator: ", "))
    default:
      return StudyError("is not YAML: \(Quotation.short("\(error)", longest: 160))", file: file)
    }
  }
}

extension StudySpecification.Entry {
  /// The entry as an element of a YAML list.
  fileprivate var yamlLines: [String] {
    let name = StudySpecification.quotedIfNeeded(name)
    guard label != nil || !parameters.isEmpty else { return ["  - \(name)"] }
    var lines = ["  - name: \(name)"]
    if let label { lines.append("    label: \(StudySpecification.quotedIfNeeded(label))") }
    if !parameters.isEmpty { lines.append("    set:") }
    for (parameter, value) in parameters.sorted(by: { $0.key < $1.key }) {
      let text =
        switch value {
        case .number: value.description
        case .numbers(let values): StudySpecification.flow(values.map { ParameterValue.number($0) })
        case .text(let text): StudySpecification.quotedIfNeeded(text)
        }
      lines.append("      \(StudySpecification.quotedIfNeeded(parameter)): \(text)")
    }
    return lines
  }
}
