import Foundation
import JointLossTraining

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
  func draw(_ figure: Figure, in folder: OutputFolder) throws(StudyError) -> Outcome {
    let prefix = TemporaryName.new() + "-"
    // What a program that failed has begun.
    defer { for ending in Self.endings { try? folder.remove("\(prefix)\(figure.name).\(ending)") } }
    let process = Process()
    // `env` finds the program on the search path.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program, "-e", "prefix = '\(prefix)'", "\(figure.name).gp"]
    process.currentDirectoryURL = URL(filePath: folder.path, directoryHint: .isDirectory)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    let reason: String
    do {
      try process.run()
      let text = try errors.fileHandleForReading.readToEnd() ?? Data()
      reason = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      return .failed("\(error)")
    }
    process.waitUntilExit()
    // What `env` ends with where there is no such program.
    if process.terminationStatus == 127 { return .missingProgram }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      return .failed(reason.isEmpty ? "it ended with the status \(process.terminationStatus)" : reason)
    }
    let picture = folder.text(of: "\(prefix)\(figure.name).svg")
    for ending in Self.endings {
      try folder.move("\(prefix)\(figure.name).\(ending)", to: "\(figure.name).\(ending)")
    }
    return picture.map(Outcome.drawn) ?? .failed("it wrote no SVG")
  }
}
