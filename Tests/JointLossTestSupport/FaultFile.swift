import Foundation
package import JointLossWeighting

/// A public bug report's input for `jointloss weigh`, with what is right: `Tests/Faults/NAME.jsonl` and
/// `NAME.expected.json`.
package struct FaultFile: Sendable {
  /// The lines of input.
  package let lines: [String]
  /// The strategy.
  package let strategy: String
  /// The settings of its parameters.
  package let parameters: [String: ParameterValue]
  /// What is right, in words or as a list of weights or directions.
  package let expected: JSONValue

  private struct Expectation: Decodable {
    let strategy: String
    let set: [String]
    let expected: JSONValue
  }

  /// Reads both files.
  ///
  /// - Parameter name: the file's name without its endings.
  /// - Throws: an error if one of them is missing or not as expected.
  package init(_ name: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Faults")
    let text = try String(contentsOf: folder.appending(path: "\(name).jsonl"), encoding: .utf8)
    let expectation = try JSONDecoder().decode(
      Expectation.self, from: Data(contentsOf: folder.appending(path: "\(name).expected.json")))
    lines = text.split(separator: "\n").map(String.init)
    strategy = expectation.strategy
    expected = expectation.expected
    parameters = Dictionary(
      uniqueKeysWithValues: expectation.set.map { setting in
        let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
        return (parts[0], ParameterValue(parsing: parts[1]))
      })
  }
}
