import JointLossTestSupport
import Foundation
import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

@Suite struct RunStoreTests {
  private let folder: TemporaryFolder
  private let store: RunStore

  init() throws {
    folder = try TemporaryFolder()
    store = try RunStore(folder.path)
  }

  private func record(label: String = "equal", seed: UInt64 = 3) throws -> RunRecord {
    let specification = RunSpecification(
      format: 1, suiteLabel: "local", suite: "local",
      suiteParameters: try ParameterValues([:], of: "", against: []),
      strategyLabel: label, strategy: "equal",
      strategyParameters: try ParameterValues([:], of: "", against: []),
      seed: seed, trunk: [4], activation: .tanh, optimizer: .adam(learningRate: 0.01), batchSize: 8, epochs: 2
    )
    func epoch(_ index: Int, _ loss: Double) -> RunRecord.Epoch {
      RunRecord.Epoch(
        epoch: index, train: [loss, 0.1 + 0.2], validation: [loss, 5e-300], test: [loss / 3, 1e22],
        weights: index == 0 ? nil : [1, 1], gradientNorms: [0.1, 2], cosines: [-0.25], conflictRate: 1,
        conditionNumber: nil, seenConflictRate: nil)
    }
    return RunRecord(
      header: RunRecord.Header(
        specification: specification, tasks: ["a/b", "“β”"],
        versions: RunRecord.Versions(jointLoss: "0", swift: "0", blas: "none", platform: "none")),
      epochs: [epoch(0, 1), epoch(1, 0.5), epoch(2, 0.75)],
      footer: RunRecord.Footer(
        status: .completed, message: nil, step: nil, task: nil, selectedEpochs: [1, 1],
        selectedTest: [0.5 / 3, 1e22],
        passes: RunRecord.Passes(steps: 6, forward: 6, backward: 6, samples: 48),
        measured: RunRecord.Measured(seconds: 0.25, medianStepMicroseconds: 1.5)))
  }

  private func path(_ record: RunRecord) throws -> String { try store.path(of: record.header.specification) }

  /// Looks up a record, which must be damaged, and gives the notice without the folder's path.
  private func damage(_ record: RunRecord) throws -> String {
    guard case .damaged(let notice) = try store.lookup(record.header.specification) else {
      return "not damaged"
    }
    #expect(notice.file == (try path(record)))
    #expect(!FileManager.default.fileExists(atPath: try path(record)))
    let place = [notice.line.map { "line \($0)" }, notice.key].compactMap { $0 }.joined(separator: ", ")
    let message = notice.message.replacing(folder.path, with: "OUT")
    return "\(place): \(message)"
  }

  private func isComplete(_ record: RunRecord) throws -> Bool {
    guard case .complete(let found) = try store.lookup(record.header.specification) else { return false }
    return found == record
  }

  // MARK: Whole records

  @Test func `A record reads back to the same bits`() throws {
    let record = try record()
    try store.write(record)
    #expect(try isComplete(record))
    #expect(try folder.names() == [(try path(record) as NSString).lastPathComponent])
  }

  @Test func `A file is JSON Lines of header, epochs and footer with sorted keys`() throws {
    let record = try record()
    let lines = String(decoding: try record.fileContent(), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix(#"{"kind":"header","specification":{"activation":"tanh","batchSize":8,"#))
    #expect(
      lines[2] == """
        {"conflictRate":1,"cosines":[-0.25],"epoch":1,"gradientNorms":[0.1,2],"kind":"epoch",\
        "test":[0.16666666666666666,1e+22],"train":[0.5,0.30000000000000004],"validation":[0.5,5e-300],\
        "weights":[1,1]}
        """)
    #expect(lines[4].hasPrefix(#"{"kind":"footer","measured":{"checksum":""#))
  }

  @Test func `The README names every field of an epoch's line`() throws {
    let epoch = RunRecord.Epoch(
      epoch: 1, train: [1], validation: [1], test: [1], weights: [1], gradientNorms: [1], cosines: [],
      conflictRate: 0, conditionNumber: 1, seenConflictRate: 0, learningRates: [1], clippedShares: [0],
      directionNorm: 1, solver: SolverCertificate(iterations: 1, residual: 0),
      interventionShares: Dictionary(uniqueKeysWithValues: Intervention.allCases.map { ($0, 0.5) }))
    // A field that is added later and left nil here would be missed.
    #expect(Mirror(reflecting: epoch).children.allSatisfy { "\($0.value)" != "nil" })
    let line = try JSONSerialization.jsonObject(with: JSONEncoder().encode(epoch)) as? [String: Any]
    let fields = try #require(line)
    let solver = try #require(fields["solver"] as? [String: Any])
    let interventions = try #require(fields["interventionShares"] as? [String: Double])
    #expect(fields.count == 15 && solver.count == 3 && interventions.count == 6)
    let readme = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md"),
      encoding: .utf8)
    for key in Array(fields.keys) + Array(solver.keys) + Array(interventions.keys) {
      #expect(readme.contains("`\(key)`"), "\(key)")
    }
  }

  // Written by a build whose records had the memory of the whole process in every run.
  @Test func `A record with a peak of memory is still read`() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Faults/record-with-peak-memory.jsonl")
    let record = try RunRecord(content: Data(contentsOf: url), file: "old.jsonl")
    #expect(
      record.footer.status == .completed
        && record.footer.measured.medianStepMicroseconds == 12.428500000000001)
    #expect(try !String(decoding: record.fileContent(), as: UTF8.self).contains("peakMemory"))
  }

  @Test func `Repeated runs differ in measured alone`() throws {
    let first = try record()
    var second = first
    second.footer.measured.seconds = 99
    let contents = try [first, second].map { record in
      try String(decoding: record.fileContent(), as: UTF8.self).replacing(/"measured":{[^}]*}/, with: "")
    }
    #expect(contents[0] == contents[1])
    #expect(try first.fileContent() != second.fileContent())
  }

  @Test func `Labels that no file system likes make safe names, kept apart by the identity`() throws {
    let labels = [
      "a(b=0.12, c)", "../../etc", "", ".hidden", "ü/é", String(repeating: "x", count: 500), "a(b=0.12; c)",
    ]
    let records = try labels.map { try record(label: $0) }
    for record in records { try store.write(record) }
    for record in records { #expect(try isComplete(record)) }
    let names = try folder.names()
    #expect(names.count == labels.count)
    for name in names {
      #expect(name.wholeMatch(of: /local__[A-Za-z0-9_.=-]{0,60}__seed3__[0-9a-f]{16}\.jsonl/) != nil)
    }
    #expect(names.contains { $0.hasPrefix("local__a-b=0.12--c-__seed3__") })
  }

  // MARK: Damaged records

  @Test func `Any single changed byte is found`() throws {
    let record = try record()
    let content = try record.fileContent()
    for index in content.indices {
      var changed = content
      changed[index] ^= 1
      #expect(throws: StudyError.self) { try RunRecord(content: changed, file: "f") }
    }
  }

  @Test func `A record cut off anywhere is found`() throws {
    let content = try record().fileContent()
    for length in 0..<content.count {
      #expect(throws: StudyError.self) { try RunRecord(content: content.prefix(length), file: "f") }
    }
  }

  @Test func `A record cut off within a line names the line and is moved aside`() throws {
    let record = try record()
    try store.write(record)
    let content = try record.fileContent()
    try content.prefix(content.count / 2).write(to: URL(fileURLWithPath: path(record)))
    let name = (try path(record) as NSString).lastPathComponent
    #expect(
      try damage(record)
        == "line 3: the record ends in the middle: it was cut off (moved to OUT/runs/damaged/\(name))")
    guard case .missing = try store.lookup(record.header.specification) else {
      Issue.record("the damaged record is still there")
      return
    }
  }

  @Test func `A folder in a record's place is moved aside with all that is in it`() throws {
    let record = try record()
    let name = (try path(record) as NSString).lastPathComponent
    for copy in ["", ".2"] {
      let inner = "\(try path(record))/inner"
      try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
      #expect(
        try damage(record)
          == ": a folder is where a record should be (moved to OUT/runs/damaged/\(name)\(copy))")
      #expect(FileManager.default.fileExists(atPath: "\(folder.path)/runs/damaged/\(name)\(copy)/inner"))
    }
    try store.write(record)
    #expect(try isComplete(record))
  }

  @Test func `An earlier damaged record is never overwritten`() throws {
    let record = try record()
    for attempt in 1...3 {
      try Data("attempt \(attempt)\n".utf8).write(to: URL(fileURLWithPath: path(record)))
      _ = try damage(record)
    }
    let names = try folder.names(in: "runs/damaged")
    let contents = try names.map {
      try String(contentsOfFile: "\(folder.path)/runs/damaged/\($0)", encoding: .utf8)
    }
    #expect(contents == ["attempt 1\n", "attempt 2\n", "attempt 3\n"])
  }

  @Test func `A changed digit is found though the line is still JSON`() throws {
    let record = try record()
    var text = String(decoding: try record.fileContent(), as: UTF8.self)
    text = text.replacing("0.30000000000000004", with: "0.30000000000000005")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(record)))
    #expect(
      try damage(record).hasPrefix(": the record was changed after it was written: its checksum differs"))
  }

  @Test func `The record of another run under this name is damage`() throws {
    let (record, other) = (try record(), try record(seed: 4))
    try other.fileContent().write(to: URL(fileURLWithPath: path(record)))
    #expect(try damage(record).hasPrefix("line 1, specification: the record is that of another run"))
  }

  struct Contradiction: Sendable, CustomTestStringConvertible {
    let message: String
    let change: @Sendable (inout RunRecord) -> Void
    var testDescription: String { message }

    init(_ message: String, _ change: @escaping @Sendable (inout RunRecord) -> Void) {
      self.message = message
      self.change = change
    }
  }

  @Test(arguments: [
    Contradiction("line 3, epoch: is 2 where epoch 1 is due") { $0.epochs.swapAt(1, 2) },
    Contradiction("line 4, status: a completed run has the epochs 0 to 2, not 0 to 1") {
      $0.epochs.removeLast()
    },
    Contradiction("line 3, train: has 1 values, 2 are due") { $0.epochs[1].train.removeLast() },
    Contradiction("line 2, cosines: has 2 values, 1 are due") { $0.epochs[0].cosines = [0, 0] },
    Contradiction("line 4, weights: are missing") { $0.epochs[2].weights = nil },
    Contradiction("line 2, weights: there are none before training") { $0.epochs[0].weights = [1, 1] },
    Contradiction("line 5, selectedEpochs: there is no epoch 3") { $0.footer.selectedEpochs[1] = 3 },
    Contradiction("line 5, selectedTest: is not the test loss of task a/b at epoch 1") {
      $0.footer.selectedTest[0] = 0.5
    },
    Contradiction("line 5, selectedTest: has 1 values, 2 are due") { $0.footer.selectedTest = [1] },
    Contradiction("line 5, status: a run that ended early has fewer epochs than 0 to 2") {
      $0.footer.status = .diverged
    },
    Contradiction("line 5, task: there is no task “c”") { $0.footer.task = "c" },
    Contradiction("line 1, tasks: a record has at least one task") { $0.header.tasks = [] },
  ])
  func `A record that contradicts itself is damage`(_ contradiction: Contradiction) throws {
    var record = try record()
    contradiction.change(&record)
    try record.fileContent().write(to: URL(fileURLWithPath: path(record)))
    let found = try damage(record)
    #expect(found.hasPrefix("\(contradiction.message) (moved"), "\(found)")
  }

  @Test func `Lines out of place are damage`() throws {
    let record = try record()
    let lines = String(decoding: try record.fileContent(), as: UTF8.self).split(separator: "\n")
    for (order, message) in [
      ([1, 0, 2, 3, 4], "line 1: a line of kind epoch is out of place"),
      ([0, 1, 4, 2, 3], "line 3: a line of kind footer is out of place"),
      ([0, 1, 2, 3], "line 4: a line of kind epoch is out of place"),
      ([0, 1, 2, 3, 4, 4], "line 5: a line of kind footer is out of place"),
      ([0], "line 1: the record has no footer: it was cut off"),
    ] {
      let content = order.map { lines[$0] + "\n" }.joined()
      try Data(content.utf8).write(to: URL(fileURLWithPath: path(record)))
      let found = try damage(record)
      #expect(found.hasPrefix("\(message) (moved"), "\(found)")
    }
  }

  @Test(arguments: [
    ("{\"kind\":\"header\"}\n", "line 1: the line is damaged: specification is missing"),
    ("\n", "line 1: the line is damaged: it is not JSON, the text ends where a value is due at byte 1"),
    ("{\"kind\":\"head\"}\n", "line 1: the line is damaged: kind has no such value"),
    ("{\"kind\":7}\n", "line 1: the line is damaged: kind is of the wrong type"),
    ("", "line 1: the record ends in the middle: it was cut off"),
  ])
  func `A damaged line is described`(content: String, message: String) throws {
    let record = try record()
    try Data(content.utf8).write(to: URL(fileURLWithPath: path(record)))
    #expect(try damage(record).hasPrefix("\(message) (moved"))
  }

  // MARK: Atomic writing

  @Test func `A temporary file is never read, and cleared once its writer is gone`() throws {
    let record = try record()
    let living = TemporaryName.new()
    // Linux gives no process a number of 2^22 or above.
    let gone = living.replacing("-\(getpid())-", with: "-4194304-")
    #expect(kill(4_194_304, 0) == -1 && errno == ESRCH)
    let foreign = ".writing-0-4194304-1"
    for name in [living, gone, foreign] {
      try record.fileContent().write(to: URL(fileURLWithPath: "\(folder.path)/runs/\(name)"))
    }
    guard case .missing = try store.lookup(record.header.specification) else {
      Issue.record("a temporary file was read")
      return
    }
    _ = try RunStore(folder.path)
    #expect(Set(try folder.names()) == [living, foreign])
  }

  @Test func `A write that fails leaves the earlier file and no temporary one`() throws {
    let record = try record()
    try store.write(record)
    let target = "\(folder.path)/runs/taken"
    try FileManager.default.createDirectory(atPath: "\(target)/full", withIntermediateDirectories: true)
    #expect { try StudyFile.write(Data([1]), to: target) } throws: { error in
      (error as? StudyError)?.file == target && "\(error)".contains(": cannot be written: ")
    }
    #expect(try folder.names() == [(try path(record) as NSString).lastPathComponent, "taken"])
    #expect(try isComplete(record))
  }

  // MARK: The folder

  @Test func `A folder that cannot be created is named`() throws {
    let file = "\(folder.path)/file"
    try Data().write(to: URL(fileURLWithPath: file))
    #expect { try RunStore("\(file)/out") } throws: { error in
      "\(error)".hasPrefix("\(file)/out/runs: the folder cannot be created: ")
    }
  }

  @Test(arguments: ["runs", "runs/damaged", "models", "earlier", "figures"])
  func `A folder of the study that is a link out of it is refused`(name: String) throws {
    let elsewhere = try TemporaryFolder()
    // The temporary file of a process that is gone would be cleared.
    let host = try #require(TemporaryName.new().split(separator: "-").dropFirst().first)
    let temporary = ".writing-\(host)-2147483646-1"
    try Data().write(to: URL(filePath: "\(elsewhere.path)/\(temporary)"))
    #expect(TemporaryName.isLeftover(temporary))
    try Data(StudySpecification().yaml.utf8).write(to: URL(filePath: "\(folder.path)/study.yaml"))
    let link = "\(folder.path)/\(name)"
    try? FileManager.default.removeItem(atPath: link)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: elsewhere.path)
    for error in [
      #expect(throws: StudyError.self) { _ = try RunStore(folder.path) },
      #expect(throws: StudyError.self) { _ = try RunStore(existing: folder.path) },
    ] {
      #expect(error?.file == link)
      #expect(error?.message.hasPrefix("is a symbolic link") == true)
    }
    #expect(try elsewhere.names(in: "") == [temporary])
  }

  @Test func `Checkpoints and earlier reports that are links out of the folder are refused`() throws {
    let elsewhere = try TemporaryFolder()
    func refused(_ link: String, _ body: () throws -> Void) throws {
      try FileManager.default.createDirectory(
        atPath: AtomicFile.folder(of: link), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: elsewhere.path)
      let error = #expect(throws: StudyError.self) { try body() }
      #expect(
        error?.file.map { URL(filePath: $0).lastPathComponent } == URL(filePath: link).lastPathComponent)
      #expect(error?.message.hasPrefix("is a symbolic link") == true)
    }
    let record = try record()
    try refused(path(record).replacing(".jsonl", with: ".checkpoint")) {
      _ = try store.checkpoints(of: record.header.specification)
    }
    var study = StudySpecification()
    try store.write(study)
    let earlier = StableHash.digits(of: study.yaml)
    study.epochs = 1
    try refused("\(folder.path)/earlier/\(earlier)") { try store.write(study) }
    #expect(try elsewhere.names(in: "") == [])
  }

  @Test func `The folder of a report must hold a study`() throws {
    #expect { try RunStore(existing: folder.path) } throws: { error in
      "\(error)" == "\(folder.path): holds no study: study.yaml is missing"
    }
    try store.write(Local.study())
    #expect(try RunStore(existing: folder.path).study() == Local.study())
  }

  @Test func `Writing another study over one is told`() throws {
    #expect(try store.write(Local.study()) == nil)
    #expect(try store.write(Local.study()) == nil)
    var other = Local.study()
    other.epochs = 4
    #expect(try store.write(other) != nil)
    #expect(try store.study() == other)
  }
}
