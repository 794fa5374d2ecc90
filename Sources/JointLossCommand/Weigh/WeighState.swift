import Foundation
import JointLossTraining
import JointLossWeighting

/// What a session is of: a state fits no other.
struct WeighOrigin: Codable, Equatable {
  let strategy: String
  /// The values of all its parameters.
  let parameters: [String: ParameterValue]
  let seed: UInt64

  /// Checks that a state of this origin suits a session of another.
  func require(_ session: WeighOrigin) throws(WeighStateError) {
    guard strategy == session.strategy else {
      throw WeighStateError("the state is of the strategy \(strategy), not of \(session.strategy)")
    }
    for (name, value) in session.parameters.sorted(by: { $0.key < $1.key }) {
      let found = parameters[name]
      guard found == value else {
        throw WeighStateError(
          "the state is of \(strategy).\(name)=\(found?.description ?? "(none)"), not of \(value)")
      }
    }
    guard parameters.count == session.parameters.count else {
      throw WeighStateError("the state is of \(strategy) with parameters that it does not have now")
    }
    guard seed == session.seed else {
      throw WeighStateError("the state is of the seed \(seed), not of \(session.seed)")
    }
  }
}

/// The file of `jointloss weigh --state`: a strategy between two lines, as sealed JSON.
struct WeighState<Strategy: WeightingStrategy>: Codable {
  var format = WeighStatePreamble.currentFormat
  let origin: WeighOrigin
  let taskCount: Int
  let epoch: Int
  let step: Int
  let awaitsLosses: Bool
  let means: EpochMeans
  let strategy: Strategy

  /// The content of the file.
  ///
  /// - Throws: ``WeighStateError`` if a number is not finite, or a count beyond what the file may hold.
  func sealed() throws(WeighStateError) -> Data {
    if let defect { throw WeighStateError("the state cannot be kept: \(defect)") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return SealedJSON.seal(try encoder.encode(self))
    } catch EncodingError.invalidValue(let value, let context) {
      let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(
        separator: ".")
      throw WeighStateError("the state cannot be kept: \(place) is \(value)")
    } catch {
      throw WeighStateError("the state cannot be kept: \(error)")
    }
  }
}

extension WeighState {
  /// A count beyond all that the file may hold, in words; nil where there is none.
  ///
  /// A state with one is neither written nor read.
  var defect: String? {
    // 2^53: a Double holds no whole number exactly beyond it, and no run takes as many steps.
    let counts = 0...Int(0x1p53)
    for (what, count) in [("epoch", epoch), ("step", step)] where !counts.contains(count) {
      return "the \(what) is \(count), not in 0 ... 2^53"
    }
    return means.defect
  }

  /// Reads the content of a file.
  ///
  /// - Parameters:
  ///   - content: the bytes.
  ///   - session: what the session is of.
  /// - Throws: ``WeighStateError`` if the content is damaged, of another format or of another session.
  init(sealed content: Data, for session: WeighOrigin) throws(WeighStateError) {
    do throws(TrainingError) {
      try SealedJSON.check(content, what: "the state")
    } catch {
      throw WeighStateError(error.message)
    }
    do {
      try StrictJSON.check(content)
    } catch {
      throw WeighStateError("the state cannot be read: \(error)")
    }
    let preamble: WeighStatePreamble = try Self.decoded(content)
    guard preamble.format == WeighStatePreamble.currentFormat else {
      throw WeighStateError(
        "the state has the format \(preamble.format), this program reads \(WeighStatePreamble.currentFormat)")
    }
    let header: WeighStateHeader = try Self.decoded(content)
    try header.origin.require(session)
    self = try Self.decoded(content)
    guard taskCount > 0, means.taskCount == taskCount else {
      throw WeighStateError(
        "the state contradicts itself: it is of \(taskCount) tasks, its means of \(means.taskCount)")
    }
    if let defect { throw WeighStateError("the state contradicts itself: \(defect)") }
  }

  private static func decoded<Value: Decodable>(_ content: Data) throws(WeighStateError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: content)
    } catch {
      throw WeighStateError(
        "the state cannot be read: \(Quotation.short(StrictJSON.reason(error), longest: 300))")
    }
  }
}

/// The field that every version of a state has.
private struct WeighStatePreamble: Decodable {
  static let currentFormat = 1

  let format: Int
}

/// The part of a state that can be read before the strategy is known to be the right one.
private struct WeighStateHeader: Decodable {
  let origin: WeighOrigin
}

/// A state of `jointloss weigh` that cannot be used.
package struct WeighStateError: Error, CustomStringConvertible {
  /// One sentence, which names the file where there is one.
  package let description: String

  init(_ description: String) { self.description = description }
}
