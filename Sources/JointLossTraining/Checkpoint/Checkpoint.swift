public import Foundation

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
    try SealedJSON.check(
      state, with: tensors,
      what: "the checkpoint of \(tensors.count) bytes of tensors and \(state.count) of state")
    self.tensors = tensors
    self.state = state
  }

  /// Seals a state, the bytes of a JSON object.
  init(tensors: Data, unsealed: Data) {
    self.tensors = tensors
    state = SealedJSON.seal(unsealed, with: tensors)
  }
}
