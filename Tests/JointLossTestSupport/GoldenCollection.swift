package import Foundation
package import JointLossWeighting

/// One entry of `Tests/Golden/mapping.json`: which strategy of ours a golden file is about.
package struct GoldenMapping: Decodable, Sendable {
  package let source: String
  package let strategy: String
  package let parameters: [String: JSONValue]
  /// The name of our strategy; nil for a file that is left out.
  package let name: String?
  /// Its parameters.
  package let set: [String: ParameterValue]
  /// Lists of one number a task, by parameter: `ramp` is t/Σt for t = 1 … T, `uniform` 1/T, `tenths` (t − 1)/10 up
  /// to 1.
  package let perTask: [String: String]?
  /// Whether each task visits itself after the others of the file's `orders`.
  package let visitsItselfLast: Bool?
  /// The vectors to compare: `weights`, `direction`, `direction_raw`, `direction_normalised`.
  package let compare: [String]
  /// The cases that are not compared, each with the reason.
  package let except: [String: String]?
  /// Why vectors of the file are not compared, or the file is left out.
  package let why: String?

  /// The parameters for a number of tasks.
  package func parameters(taskCount: Int) -> [String: ParameterValue] {
    let total = Double(taskCount * (taskCount + 1)) / 2
    return set.merging(
      (perTask ?? [:]).mapValues { shape in
        .numbers(
          (1...taskCount).map { task in
            switch shape {
            case "ramp": Double(task) / total
            case "tenths": min(Double(task - 1) / 10, 1)
            default: 1 / Double(taskCount)
            }
          })
      }
    ) { $1 }
  }

  /// The visiting orders of a step, as our strategy is given them.
  package func orders(_ step: GoldenFile.Step) -> [[Int]]? {
    step.orders?.enumerated().map { $1 + (visitsItselfLast == true ? [$0] : []) }
  }

  /// Another entry, with other vectors to compare and other cases left out.
  package func comparing(_ compare: [String], except: [String: String]? = nil) -> GoldenMapping {
    GoldenMapping(
      source: source, strategy: strategy, parameters: parameters, name: name, set: set, perTask: perTask,
      visitsItselfLast: visitsItselfLast, compare: compare, except: except, why: why)
  }

  fileprivate func matches(_ file: GoldenFile) -> Bool {
    source == file.source && strategy == file.strategy && parameters == file.parameters
  }
}

/// The golden files of this package, and those of a folder of the user's own.
package enum GoldenCollection {
  /// A file, and the entry that it belongs to.
  package struct Entry: Sendable {
    package let url: URL
    package let file: GoldenFile
    package var mapping: GoldenMapping
  }

  /// A file of `vectors` without an entry, or an entry without a file.
  package struct Unmapped: Error, CustomStringConvertible {
    package let description: String
  }

  /// `Tests/Golden`.
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Golden")

  /// The entries of `mapping.json`.
  package static func mappings() throws -> [GoldenMapping] {
    try JSONDecoder().decode(
      [GoldenMapping].self, from: Data(contentsOf: folder.appending(path: "mapping.json")))
  }

  /// The files of `vectors` with their entries, those that are left out among them.
  ///
  /// - Throws: ``Unmapped`` for a file without an entry, and for an entry without a file.
  package static func vectors(_ mappings: [GoldenMapping]) throws -> [Entry] {
    let own = try files(in: folder.appending(path: "vectors")).flatMap { url in
      let file = try GoldenFile(contentsOf: url)
      let matching = mappings.filter { $0.matches(file) }
      guard !matching.isEmpty else {
        throw Unmapped(description: "\(url.lastPathComponent) has no entry in mapping.json")
      }
      return matching.map { Entry(url: url, file: file, mapping: $0) }
    }
    if let stale = mappings.first(where: { mapping in !own.contains { mapping.matches($0.file) } }) {
      throw Unmapped(
        description: "no file in vectors is \(stale.source) \(stale.strategy) \(stale.parameters)")
    }
    return own
  }

  /// All files to check: those of `vectors`, and the mapped ones of the folder `JOINTLOSS_GOLDEN_EXTRA`, which
  /// may have a `mapping.json` of its own.
  package static func entries() throws -> [Entry] {
    let mappings = try mappings()
    let own = try vectors(mappings).filter { $0.mapping.name != nil }
    guard let extra = ProcessInfo.processInfo.environment["JOINTLOSS_GOLDEN_EXTRA"] else { return own }
    // A mapping of the user's own, beside the files, comes before ours.
    let extraFolder = URL(filePath: extra)
    let table = extraFolder.appending(path: "mapping.json")
    let extraMappings =
      FileManager.default.fileExists(atPath: table.path(percentEncoded: false))
      ? try JSONDecoder().decode([GoldenMapping].self, from: Data(contentsOf: table)) : []
    let others = try files(in: extraFolder).flatMap { url -> [Entry] in
      // JSON of another shape in a user's folder is no golden file.
      guard let file = try? GoldenFile(contentsOf: url) else { return [] }
      let theirs = extraMappings.filter { $0.matches(file) }
      return (theirs.isEmpty ? mappings.filter { $0.matches(file) } : theirs).map {
        Entry(url: url, file: file, mapping: $0)
      }
    }
    return own + others.filter { $0.mapping.name != nil }
  }

  private static func files(in folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }
}

/// What we made of a step of a golden file.
package struct GoldenAnswer: Sendable {
  package let weights: [Double]
  package let direction: [Double]?

  package init(weights: [Double], direction: [Double]?) {
    self.weights = weights
    self.direction = direction
  }
}

extension GoldenCollection.Entry {
  /// Compares our answers to a case with the expected ones.
  ///
  /// - Parameters:
  ///   - answers: one a step.
  ///   - expected: the case.
  /// - Returns: a sentence for every vector that is off; nothing if the case passes.
  package func mismatches(of answers: [GoldenAnswer], from expected: GoldenFile.Case) -> [String] {
    guard answers.count == expected.steps.count else {
      return ["\(expected.name): \(answers.count) answers to \(expected.steps.count) steps"]
    }
    return zip(answers, expected.steps).enumerated().flatMap { index, pair in
      let (answer, step) = pair
      let place = "\(url.lastPathComponent), \(expected.name), step \(index)"
      guard (answer.weights + (answer.direction ?? [])).allSatisfy(\.isFinite) else {
        return ["\(place): \(answer) is not finite"]
      }
      if expected.isUnstable || step.unstable == true || mapping.except?[expected.name] != nil { return [] }
      let rows = step.jacobian ?? step.jacobians?.flatMap { $0 } ?? []
      let largest = rows.joined().map(abs).max() ?? 1
      return mapping.compare.compactMap { name -> String? in
        guard let wanted = step.expected[name], wanted.contains(where: { $0 != nil }) else { return nil }
        let (got, floor) = name == "weights" ? (answer.weights, 1) : (answer.direction ?? [], min(1, largest))
        guard let tolerance = expected.tolerance else { return "\(place): the case has no tolerance" }
        let limit = tolerance * max(floor, wanted.compactMap { $0.map(abs) }.max() ?? 0)
        let passes =
          got.count == wanted.count
          && zip(got, wanted).allSatisfy { got, wanted in wanted.map { abs(got - $0) <= limit } ?? true }
        return passes ? nil : "\(place): \(name) \(got), expected \(wanted) within \(limit)"
      }
    }
  }
}
