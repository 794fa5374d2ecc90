import Foundation
import JointLossLinearAlgebra
import JointLossTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a study: `study.yaml`, and `runs/` with one file for each complete run.
///
/// Where that is asked for, `models/` has a folder for each run: the networks at their selected epochs, and what they read
/// and said. A run that takes long has a folder of checkpoints beside the file it will have, gone when it is complete.
///
/// The folder itself may be a symbolic link. A folder in it that is one is refused: files would be written elsewhere.
///
/// A run's file is written under a temporary name and renamed, so that it is complete or not there. Several
/// processes may share the folder without locks: two that do the same run write the same bits, but for
/// ``RunRecord/Measured``. A damaged file is moved to `runs/damaged/`.
///
/// Records carry their whole specification, so runs of other studies may lie in the same folder: a study reuses
/// those that are also its own and leaves the others alone. `study.yaml` is the study that was run last; the report of
/// one before it is in `earlier/`, in a folder named by the hash of its study file, with that file.
public struct RunStore: Sendable {
  /// What the store has of a run.
  public enum Lookup: Sendable {
    /// Nothing.
    case missing
    /// The complete record.
    case complete(RunRecord)
    /// A damaged file, now set aside: where and why.
    case damaged(StudyError)
  }

  /// The folder.
  public let directory: String
  private var models: String { "\(directory)/models" }
  private var runs: String { "\(directory)/runs" }
  private var damaged: String { "\(runs)/damaged" }
  private var earlier: String { "\(directory)/earlier" }
  private var studyFile: String { "\(directory)/study.yaml" }

  /// Opens a folder, creating it where it does not exist, and clears what killed processes left half-written.
  ///
  /// - Parameter directory: the folder's path.
  /// - Throws: ``StudyError`` that names the folder if it cannot be created, or the one in it that is a symbolic link.
  public init(_ directory: String) throws(StudyError) {
    self.directory = directory
    try Self.requireName(directory)
    try requireNoLinks()
    try StudyFile.createFolder(runs)
    AtomicFile.removeLeftovers(in: directory)
    AtomicFile.removeLeftovers(in: runs)
    AtomicFile.removeLeftovers(in: models)
  }

  /// Opens the folder of an earlier study.
  ///
  /// - Parameter directory: the folder's path.
  /// - Throws: ``StudyError`` if it holds no study, or if a folder in it is a symbolic link.
  public init(existing directory: String) throws(StudyError) {
    self.directory = directory
    try Self.requireName(directory)
    guard FileManager.default.fileExists(atPath: studyFile) else {
      throw StudyError("holds no study: study.yaml is missing", file: directory)
    }
    try requireNoLinks()
  }

  /// Checks the folders of the study before its runs take their time.
  private func requireNoLinks() throws(StudyError) {
    for folder in [runs, damaged, models, earlier, "\(directory)/\(Report.figures)"] {
      try StudyFile.requireNoLink(folder)
    }
  }

  private static func requireName(_ directory: String) throws(StudyError) {
    guard !directory.isEmpty else {
      throw StudyError("the folder of a study needs a name, not an empty text")
    }
  }

  // MARK: The study

  /// The study that was last run in this folder.
  ///
  /// - Returns: the study.
  /// - Throws: ``StudyError`` if `study.yaml` cannot be read.
  public func study() throws(StudyError) -> StudySpecification {
    try StudySpecification(contentsOf: studyFile)
  }

  /// Writes `study.yaml`; the report of another study that was run here is put aside with its study file.
  ///
  /// - Parameter study: the study about to be run.
  /// - Returns: the folder of the other study's report; nil if the folder held no other study.
  /// - Throws: ``StudyError`` if a file cannot be written or moved.
  @discardableResult
  public func write(_ study: StudySpecification) throws(StudyError) -> String? {
    let text = study.yaml
    let earlier = try? StudyFile.content(of: studyFile)
    guard earlier != Data(text.utf8) else { return nil }
    let kept = try earlier.map { earlier throws(StudyError) in
      try keepReport(of: String(decoding: earlier, as: UTF8.self))
    }
    try StudyFile.write(Data(text.utf8), to: studyFile)
    return kept
  }

  /// Moves the report in the folder to `earlier/`, beside a copy of the study file that it is of.
  private func keepReport(of study: String) throws(StudyError) -> String {
    let source = try OutputFolder(directory)
    let target = try OutputFolder(earlier).folder(named: StableHash.digits(of: study))
    try target.write(study, to: "study.yaml")
    for name in Report.files { try source.move(name, into: target) }
    return target.path
  }

  // MARK: Runs

  /// Looks up the record of a run; a damaged one is set aside.
  ///
  /// - Parameter specification: the run.
  /// - Returns: what there is.
  /// - Throws: ``StudyError`` if a file cannot be read or set aside.
  public func lookup(_ specification: RunSpecification) throws(StudyError) -> Lookup {
    let path = try path(of: specification)
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return .missing }
    guard !isFolder.boolValue else {
      let aside = try setAside(path, isFolder: true)
      return .damaged(StudyError("a folder is where a record should be (moved to \(aside))", file: path))
    }
    return try lookup(path, expecting: specification)
  }

  /// Reads the record in a file, of any run or of the one that is expected; a damaged one is set aside.
  private func lookup(
    _ path: String, expecting expected: RunSpecification? = nil
  ) throws(StudyError) -> Lookup {
    let content = try StudyFile.content(of: path)
    do throws(StudyError) {
      let record = try RunRecord(content: content, file: path)
      if let expected, record.header.specification != expected {
        throw StudyError(
          "the record is that of another run", file: path, line: 1, key: "specification")
      }
      return .complete(record)
    } catch {
      let aside = try setAside(path)
      return .damaged(
        StudyError("\(error.message) (moved to \(aside))", file: path, line: error.line, key: error.key))
    }
  }

  /// Writes the record of a run.
  ///
  /// - Parameter record: the complete record.
  /// - Throws: ``StudyError`` if it cannot be written: the folder is gone, the disk is full.
  public func write(_ record: RunRecord) throws(StudyError) {
    let path = try path(of: record.header.specification)
    let content: Data
    do {
      content = try record.fileContent()
    } catch {
      throw StudyError("a value of the record has no JSON: \(error)", file: path)
    }
    try StudyFile.write(content, to: path)
  }

  /// The complete records of a plan, in its order; damaged ones are set aside.
  ///
  /// - Parameter plan: the plan.
  /// - Returns: the records, and what was damaged.
  /// - Throws: ``StudyError`` if a file cannot be read or set aside.
  public func records(of plan: RunPlan) throws(StudyError) -> (records: [RunRecord], damaged: [StudyError]) {
    var records: [RunRecord] = []
    var damaged: [StudyError] = []
    for run in plan.runs {
      switch try lookup(run) {
      case .missing: break
      case .complete(let record): records.append(record)
      case .damaged(let notice): damaged.append(notice)
      }
    }
    return (records, damaged)
  }

  /// The complete records in the folder that are a study's, whether or not its strategies and suites exist here; damaged
  /// ones are set aside.
  ///
  /// - Parameter study: the study.
  /// - Returns: the records by the names of their files, and what was damaged.
  /// - Throws: ``StudyError`` if the folder or a file cannot be read or set aside.
  package func records(of study: StudySpecification) throws(StudyError) -> (
    records: [RunRecord], damaged: [StudyError]
  ) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: runs).filter { $0.hasSuffix(".jsonl") }
        .sorted()
    } catch {
      throw StudyError("cannot be read: \(error.localizedDescription)", file: runs)
    }
    var records: [RunRecord] = []
    var damaged: [StudyError] = []
    for name in names {
      let file = "\(runs)/\(name)"
      switch try lookup(file) {
      case .missing: break
      case .complete(let record):
        let run = record.header.specification
        // A copy under another name is no second run.
        if study.includes(run), try path(of: run) == file { records.append(record) }
      case .damaged(let notice): damaged.append(notice)
      }
    }
    return (records, damaged)
  }

  /// The folder of a run's checkpoints, beside the file that its record will have; no symbolic link.
  func checkpoints(of run: RunSpecification) throws(StudyError) -> String {
    let folder = "\((try path(of: run) as NSString).deletingPathExtension).checkpoint"
    try StudyFile.requireNoLink(folder)
    return folder
  }

  /// Removes the checkpoints of a run that is complete.
  func removeCheckpoints(of run: RunSpecification) {
    guard let folder = try? checkpoints(of: run) else { return }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Whether a run had networks to keep, and they are not there.
  func lacksModels(of record: RunRecord) -> Bool {
    guard !record.epochs.isEmpty, let path = try? models(of: record.header.specification) else {
      return false
    }
    return !FileManager.default.fileExists(atPath: path)
  }

  /// Writes the folder of a run's networks, or where there are no files removes one that an earlier record left.
  func write(_ files: [String: Data], modelsOf run: RunSpecification) throws(StudyError) {
    let path = try models(of: run)
    try? FileManager.default.removeItem(atPath: path)
    guard !files.isEmpty else { return }
    try StudyFile.createFolder(models)
    do {
      try AtomicFile.writeFolder(files, to: path)
    } catch {
      // Another process that does the same run was faster, with the same bits.
      guard error.exists else { throw StudyError(error.message, file: error.path) }
    }
  }

  /// The folder of a run's networks: named as the file of its record.
  func models(of run: RunSpecification) throws(StudyError) -> String {
    let record = try path(of: run) as NSString
    return "\(models)/\((record.lastPathComponent as NSString).deletingPathExtension)"
  }

  /// The path of a run's file: `runs/<suite>__<strategy>__seed<k>__<identity>.jsonl`.
  func path(of run: RunSpecification) throws(StudyError) -> String {
    let identity: String
    do {
      identity = try run.identity
    } catch {
      throw StudyError(
        "a value of the run of \(run.strategyLabel) on \(run.suiteLabel) has no JSON: \(error)")
    }
    let labels = [run.suiteLabel, run.strategyLabel].map(Self.fileName)
    return "\(runs)/\(labels.joined(separator: "__"))__seed\(run.seed)__\(identity).jsonl"
  }

  /// A label with whatever may trouble a file system or a shell replaced; the identity keeps names apart.
  private static func fileName(_ label: String) -> String {
    let safe = FileName.safe(label, allowing: "-_.=")
    return String((safe.first == "." ? "-" + safe.dropFirst() : safe).prefix(60))
  }

  /// Moves a file or folder to `runs/damaged/` under a name that no other has.
  private func setAside(_ path: String, isFolder: Bool = false) throws(StudyError) -> String {
    let folder = damaged
    try StudyFile.createFolder(folder)
    let name = (path as NSString).lastPathComponent
    for copy in 1... {
      let target = "\(folder)/\(name)\(copy == 1 ? "" : ".\(copy)")"
      // Reserves the name, so that two processes cannot choose the same; the move replaces what is empty.
      let reservation =
        isFolder ? mkdir(target, 0o777) : open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard reservation >= 0 else {
        if errno == EEXIST { continue }
        throw StudyFile.failure(target)
      }
      if !isFolder { close(reservation) }
      if rename(path, target) == 0 { return target }
      let (code, error) = (errno, StudyFile.failure(target))
      remove(target)
      // Another process has set it aside already.
      guard code == ENOENT else { throw error }
      return folder
    }
    return folder
  }
}
