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
  /// The absolute path of the program; nil where the search path does not lead to it.
  private let path: String?

  private static let endings = ["svg", "png"]

  /// Looks for the program on the search path of this process.
  ///
  /// - Parameter program: its name.
  init(program: String) {
    self.program = program
    let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? ""
    path = Self.path(of: program, in: searchPath.components(separatedBy: ":"))
  }

  /// Looks for a program in folders.
  ///
  /// Folders without an absolute path are passed over. The program is started in the folder of the figures, where they
  /// would mean that folder, and any file in it with the name of the program would be run.
  ///
  /// - Parameters:
  ///   - program: the name of the program.
  ///   - folders: the folders of the search path, in their order.
  /// - Returns: the absolute path of the first executable file of that name; nil if there is none.
  static func path(of program: String, in folders: [String]) -> String? {
    folders.filter { $0.hasPrefix("/") }.map { "\($0)/\(program)" }.first { file in
      var isFolder = ObjCBool(false)
      return FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) && !isFolder.boolValue
        && FileManager.default.isExecutableFile(atPath: file)
    }
  }

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
    guard let path else { return .missingProgram }
    let prefix = TemporaryName.new() + "-"
    // What a program that failed has begun.
    defer { for ending in Self.endings { try? folder.remove("\(prefix)\(figure.name).\(ending)") } }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = ["-e", "prefix = '\(prefix)'", "\(figure.name).gp"]
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
