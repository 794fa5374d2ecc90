package import Foundation
import JointLossWeighting

/// A folder with the newest checkpoint of a training run, and the one before it.
///
/// A checkpoint is a folder of files with a number for a name. It is written under another name and renamed, and
/// only then is the last but one removed: whenever a process is killed, a whole checkpoint is left.
public struct CheckpointFolder: Sendable {
  /// The folder's path.
  public let path: String

  private static let tensors = "parameters.safetensors"
  private static let state = "state.json"

  /// Names a folder; the first ``write(_:)`` creates it.
  ///
  /// - Parameter path: the folder's path.
  public init(_ path: String) { self.path = path }

  /// Writes a checkpoint: `parameters.safetensors` and `state.json` in a folder of their own.
  ///
  /// - Parameter checkpoint: the checkpoint.
  /// - Throws: ``TrainingError`` with the code `checkpoint` if the disk is full, say; the earlier ones are left.
  public func write(_ checkpoint: Checkpoint) throws(TrainingError) {
    try write([Self.tensors: checkpoint.tensors, Self.state: checkpoint.state])
  }

  /// The newest checkpoint that is whole.
  ///
  /// Nothing is changed on the disk.
  ///
  /// - Returns: the checkpoint, with what is wrong with newer ones; nil if there is none.
  /// - Throws: ``TrainingError`` with the code `checkpoint` if there are checkpoints, but all are damaged.
  public func newest() throws(TrainingError) -> (checkpoint: Checkpoint, damaged: [TrainingError])? {
    let found = try newest { files throws(TrainingError) in
      try Checkpoint(tensors: files(Self.tensors), state: files(Self.state))
    }
    return found.map { ($0.value, $0.damaged) }
  }

  // MARK: Any files

  /// Writes a checkpoint of files of the caller's own.
  package func write(_ files: [String: Data]) throws(TrainingError) {
    do {
      try AtomicFile.createFolder(path)
    } catch {
      throw TrainingError(.checkpoint, "\(error.path): \(error.message)")
    }
    AtomicFile.removeLeftovers(in: path)
    let earlier = numbers
    var number = (earlier.first ?? 0) + 1
    while true {
      do {
        try AtomicFile.writeFolder(files, to: folder(number))
        break
      } catch {
        // Another process was faster.
        guard error.exists else { throw TrainingError(.checkpoint, "\(error.path) \(error.message)") }
        number += 1
      }
    }
    for old in earlier.dropFirst() { try? FileManager.default.removeItem(atPath: folder(old)) }
  }

  /// The newest checkpoint that can be read, by a function that is given the content of files by name.
  package func newest<Value>(
    _ read: ((String) throws(TrainingError) -> Data) throws(TrainingError) -> Value
  ) throws(TrainingError) -> (value: Value, damaged: [TrainingError])? {
    var damaged: [TrainingError] = []
    for number in numbers {
      let folder = folder(number)
      do throws(TrainingError) {
        let value = try read { name throws(TrainingError) in
          do throws(AtomicFile.Failure) {
            return try RegularFile.content(of: "\(folder)/\(name)")
          } catch {
            throw TrainingError(.checkpoint, "\(name) \(error.message)")
          }
        }
        return (value, damaged)
      } catch {
        damaged.append(TrainingError(.checkpoint, "\(folder): \(error.message)"))
      }
    }
    guard let first = damaged.first else { return nil }
    throw first
  }

  /// The numbers of the checkpoints, the newest first.
  private var numbers: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    // A name that is not written as this type writes it is none of its own: “007”, “+7”, or a number so large that
    // no next one exists.
    return names.compactMap { name in
      Int(name).flatMap { $0 > 0 && $0 < StrategyState.largestCount && String($0) == name ? $0 : nil }
    }.sorted(by: >)
  }

  private func folder(_ number: Int) -> String { "\(path)/\(number)" }
}
