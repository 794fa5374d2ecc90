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
  func sealed() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return SealedJSON.seal(try encoder.encode(self))
  }
}

extension WeighState {
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
    // 2^53: a Double holds no whole number exactly beyond it, and no run takes as many steps.
    let counts = 0...Int(0x1p53)
    guard taskCount > 0, means.taskCount == taskCount, counts.contains(epoch), counts.contains(step)
    else {
      throw WeighStateError(
        "the state contradicts itself: it is of \(taskCount) tasks, epoch \(epoch), step \(step)")
    }
  }

  private static func decoded<Value: Decodable>(_ content: Data) throws(WeighStateError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: content)
    } catch {
      throw WeighStateError("the state cannot be read: \(error)")
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
