public import Foundation
import JointLossLinearAlgebra

/// Everything that a training run goes on from, as the content of two files.
///
/// The tensors can be read by anything that reads safetensors; the state is one JSON object whose `checksum` is
/// over all other bytes of both.
public struct Checkpoint: Sendable, Hashable {
  /// Parameters and the optimiser's moments, in the safetensors format.
  public let tensors: Data
  /// Strategy, random streams, position and configuration, as JSON.
  public let state: Data

  /// A checkpoint from the content of its files.
  ///
  /// - Parameters:
  ///   - tensors: the content of the safetensors file.
  ///   - state: the content of the JSON file.
  /// - Throws: ``TrainingError`` with the code `checkpoint` if something is missing from a file, or a bit of it
  ///   has changed.
  public init(tensors: Data, state: Data) throws(TrainingError) {
    self.tensors = tensors
    self.state = state
    guard let body = Self.body(of: state) else {
      throw TrainingError(
        .checkpoint, "the state of \(state.count) bytes is no object that begins with its checksum")
    }
    let (due, found) = (Self.seal(body, tensors), Self.prefix(of: state))
    guard due == found else {
      throw TrainingError(
        .checkpoint,
        "the checkpoint was cut short or changed: \(tensors.count) bytes of tensors and \(state.count) of state "
          + "give \(due), where it says \(found)")
    }
  }

  /// Seals a state, the bytes of a JSON object with at least one field.
  init(tensors: Data, unsealed: Data) {
    self.tensors = tensors
    let body = unsealed.dropFirst()
    state = Data(Self.seal(body, tensors).utf8) + body
  }

  /// The opening of the object with the checksum in it; always of the same length.
  private static func seal(_ body: Data, _ tensors: Data) -> String {
    let hash = body.withUnsafeBytes { bytes in
      StableHash.fnv1a(bytes, after: tensors.withUnsafeBytes { StableHash.fnv1a($0) })
    }
    let digits = String(hash, radix: 16)
    return "{\"checksum\":\"\(String(repeating: "0", count: 16 - digits.count))\(digits)\","
  }

  private static let sealLength = seal(Data(), Data()).utf8.count

  private static func prefix(of state: Data) -> String {
    String(decoding: state.prefix(sealLength), as: UTF8.self)
  }

  private static func body(of state: Data) -> Data? {
    state.count > sealLength && state.starts(with: Data("{\"checksum\":\"".utf8))
      ? state.dropFirst(sealLength) : nil
  }
}
