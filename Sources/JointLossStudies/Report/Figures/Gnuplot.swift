import Foundation
import JointLossTraining
import Subprocess
import SystemPackage

/// The program that draws the figures.
struct Gnuplot {
  /// What came of a figure.
  enum Outcome: Sendable {
    /// The picture, as SVG.
    case drawn(String)
    /// The program is not on the search path.
    case missingProgram
    /// The program ended with an error, in its words.
    case failed(String)
  }

  /// The name of the program on the search path.
  let program: String

  private static let endings = ["svg", "png"]

  /// Removes the pictures of an earlier report: none may stand beside data that it does not show.
  ///
  /// - Parameters:
  ///   - figure: the figure that is about to be written.
  ///   - folder: the folder.
  /// - Throws: ``StudyError`` with the path, if a picture cannot be removed.
  func removePictures(of figure: Figure, in folder: OutputFolder) throws(StudyError) {
    for ending in Self.endings { try folder.remove("\(figure.name).\(ending)") }
  }

  /// Runs the script of a figure.
  ///
  /// gnuplot writes under a temporary name of this process, for another may draw the same figure, and the
  /// pictures are renamed when both are complete.
  ///
  /// - Parameters:
  ///   - figure: the figure, whose data and script are in the folder.
  ///   - folder: the folder.
  /// - Returns: what came of it.
  /// - Throws: ``StudyError`` with the path, if a picture cannot be replaced.
  func draw(_ figure: Figure, in folder: OutputFolder) async throws(StudyError) -> Outcome {
    let prefix = TemporaryName.new() + "-"
    // What a program that failed has begun.
    defer { for ending in Self.endings { try? folder.remove("\(prefix)\(figure.name).\(ending)") } }
    do {
      let result = try await Subprocess.run(
        .name(program), arguments: ["-e", "prefix = '\(prefix)'", "\(figure.name).gp"],
        workingDirectory: FilePath(folder.path), output: .discarded, error: .string(limit: 1 << 16))
      guard result.terminationStatus.isSuccess else {
        let reason = result.standardError.trimmingCharacters(in: .whitespacesAndNewlines)
        return .failed(reason.isEmpty ? "\(result.terminationStatus)" : reason)
      }
    } catch let error as SubprocessError where error.code == .executableNotFound {
      return .missingProgram
    } catch {
      return .failed("\(error)")
    }
    let picture = folder.text(of: "\(prefix)\(figure.name).svg")
    for ending in Self.endings {
      try folder.move("\(prefix)\(figure.name).\(ending)", to: "\(figure.name).\(ending)")
    }
    return picture.map(Outcome.drawn) ?? .failed("it wrote no SVG")
  }
}
