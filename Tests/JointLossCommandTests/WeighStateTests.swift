import Foundation
import JointLossCommand
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

/// `jointloss weigh --state`: a strategy that goes on in another process.
@Suite struct WeighStateTests {
  private func session(
    _ strategy: String, _ parameters: [String: ParameterValue] = [:], seed: UInt64 = 0
  ) throws -> WeighSession {
    try WeighSession(strategy: strategy, parameters: parameters, seed: seed, registry: .builtIn)
  }

  /// Lines on which every rule has something to remember: three tasks, epochs of four steps.
  private static func lines(_ type: any WeightingStrategy.Type) -> [String] {
    (0..<12).map { step in
      let size = 1 + 0.5 * sin(Double(step))
      let rows = "[[\(size),0.1,0],[-0.5,\(1 / size),0.2],[0.3,-0.2,1]]"
      let gradients =
        type.independentBatches > 1 ? #""jacobians":[\#(rows),\#(rows),\#(rows)]"# : #""jacobian":\#(rows)"#
      let after = type.looksAfterStep ? #","losses_after":[\#(0.9 * size),0.8,2]"# : ""
      return
        #"{"losses":[\#(size),\#(1 / size),2],"epoch":\#(step / 4),"samples":\#(step % 3 + 1),\#(gradients)\#(after)}"#
    }
  }

  @Test(arguments: StrategyRegistry.builtIn.names + ["random+every", "dwa+average", "mgda+every+normalised"])
  func `A session cut after every line gives the answers of one that is not`(name: String) throws {
    let lines = Self.lines(try StrategyRegistry.builtIn.type(named: name))
    var whole = try session(name)
    var state: Data?
    for line in lines {
      var part = try session(name)
      if let state { try part.restore(state, from: "state") }
      let answer = whole.answer(to: line)
      #expect(part.answer(to: line) == answer)
      state = try part.state()
    }
    #expect(whole.failures == 0)
  }

  @Test func `Losses after a step may come in the next process`() throws {
    var (whole, first, second) = (try session("famo"), try session("famo"), try session("famo"))
    let lines = [#"{"losses":[1,2]}"#, #"{"losses_after":[0.5,2]}"#, #"{"losses":[0.5,2]}"#]
    let answers = lines.map { whole.answer(to: $0) }
    #expect(first.answer(to: lines[0]) == answers[0])
    try second.restore(#require(try first.state()), from: "state")
    #expect(lines.dropFirst().map { second.answer(to: $0) } == [nil, answers[2]])
    #expect(whole.failures + second.failures == 0)
  }

  // MARK: States that do not fit

  @Test(arguments: [
    (
      "cov", [:] as [String: ParameterValue], 0 as UInt64,
      "the state is of the strategy relobralo, not of cov"
    ),
    ("relobralo", ["alpha": .number(0.5)], 0, "the state is of relobralo.alpha=0.999, not of 0.5"),
    ("relobralo", [:], 1, "the state is of the seed 0, not of 1"),
    ("relobralo+average", [:], 0, "the state is of the strategy relobralo, not of relobralo+average"),
  ])
  func `The state of another strategy, parameter or seed is refused with the file's name`(
    name: String, parameters: [String: ParameterValue], seed: UInt64, message: String
  ) throws {
    var source = try session("relobralo")
    _ = source.answer(to: #"{"losses":[1,2]}"#)
    let state = try #require(try source.state())
    var other = try session(name, parameters, seed: seed)
    let error = #expect(throws: WeighStateError.self) { try other.restore(state, from: "run/state.json") }
    #expect(error?.description == "run/state.json: \(message)")
    // As if it had not been tried.
    #expect(try other.state() == nil)
  }

  @Test func `A line of another number of tasks is refused with the file's name`() throws {
    var (source, other) = (try session("cov"), try session("cov"))
    _ = source.answer(to: #"{"losses":[1,2]}"#)
    try other.restore(#require(try source.state()), from: "run/state.json")
    let answer = other.answer(to: #"{"losses":[1,2,3]}"#) ?? ""
    #expect(answer.contains("this line has 3 tasks, the state of run/state.json has 2"), "\(answer)")
  }

  @Test func `A damaged state is refused wherever it is damaged`() throws {
    var source = try session("uncertainty")
    _ = source.answer(to: #"{"losses":[1,2]}"#)
    let state = try #require(try source.state())
    func refuse(_ content: Data) throws {
      var other = try session("uncertainty")
      let error = #expect(throws: WeighStateError.self) { try other.restore(content, from: "state.json") }
      #expect(error?.description.hasPrefix("state.json: the state ") == true, "\(error as Any)")
    }
    for length in 0..<state.count { try refuse(state.prefix(length)) }
    for index in state.indices {
      var changed = state
      changed[index] ^= 1
      try refuse(changed)
    }
  }

  @Test(arguments: [
    (#""format":1"#, #""format":2"#, "the state has the format 2, this program reads 1"),
    (#""taskCount":2"#, #""taskCount":3"#, "the state contradicts itself"),
    (#""step":1"#, #""step":-1"#, "the state contradicts itself"),
    (#""epoch":0"#, #""epoch":9223372036854775807"#, "the state contradicts itself"),
    (#""origin":{"#, #""origin":{"x":"#, "the state cannot be read"),
    (#""logVariances":["#, #""logVariances":["a","#, "the state cannot be read"),
    (
      #""logVariances":["#, #""logVariances":[0,"#,
      "the state's uncertainty.logVariances has 3 values where 2 are due"
    ),
    (#""steps":["#, #""steps":[-1,"#, "the state's uncertainty.optimizer.steps has 3 values"),
    (#""step":1"#, #""step":1,"step":1"#, "the state cannot be read"),
  ])
  func `A state that another program has sealed is read with care`(
    found: String, replacement: String, message: String
  ) throws {
    var source = try session("uncertainty")
    _ = source.answer(to: #"{"losses":[1,2]}"#)
    let text = String(decoding: try #require(try source.state()), as: UTF8.self)
    #expect(text.contains(found))
    let body = "{" + text.drop { $0 != "," }.dropFirst().replacing(found, with: replacement)
    var other = try session("uncertainty")
    let error = #expect(throws: WeighStateError.self) {
      try other.restore(SealedJSON.seal(Data(body.utf8)), from: "state.json")
    }
    #expect(error?.description.hasPrefix("state.json: \(message)") == true, "\(error as Any)")
  }

  @Test(arguments: [
    ("excess-mtl", #""warmUp":0"#, #""warmUp":5"#, "excess-mtl.warmUp is 5, not 0"),
    ("excess-mtl", #""stepSize":0.01"#, #""stepSize":0.5"#, "excess-mtl.stepSize is 0.5, not 0.01"),
    ("moco", #""variant":"paper""#, #""variant":"libmtl""#, "moco.variant is libmtl, not paper"),
  ])
  func `A parameter that differs inside a sealed state is refused`(
    name: String, found: String, replacement: String, message: String
  ) throws {
    let parameters: [String: ParameterValue] = name == "moco" ? [:] : ["warm-up": .number(0)]
    var source = try session(name, parameters)
    _ = source.answer(to: #"{"losses":[1,2],"jacobian":[[1,0],[0,1]]}"#)
    let text = String(decoding: try #require(try source.state()), as: UTF8.self)
    // The last place is that of the strategy, behind the parameters of the session.
    let place = try #require(text.ranges(of: found).last)
    let body = "{" + text.replacingCharacters(in: place, with: replacement).drop { $0 != "," }.dropFirst()
    var other = try session(name, parameters)
    let error = #expect(throws: WeighStateError.self) {
      try other.restore(SealedJSON.seal(Data(body.utf8)), from: "state.json")
    }
    #expect(error?.description == "state.json: the state's \(message)")
  }

  // MARK: Processes

  @Test func `The command reads the state and writes it after each line`() async throws {
    let folder = try TemporaryFolder()
    let state = "\(folder.path)/weigh.json"
    var whole = try session("relobralo", ["expected-saudade": .number(0.5)], seed: 3)
    let arguments = ["relobralo", "--set", "expected-saudade=0.5", "--seed", "3", "--state", state]
    for losses in ["[1,2]", "[3,1]", "[0.5,4]"] {
      let line = #"{"losses":\#(losses)}"#
      let outcome = try await WeighProcess.run(arguments, input: line + "\n")
      #expect(outcome.succeeded, "\(outcome.error)")
      #expect(outcome.output == (whole.answer(to: line) ?? "") + "\n")
      #expect(try Data(contentsOf: URL(filePath: state)) == whole.state())
    }
    // A line that cannot be weighed changes nothing.
    #expect(try await !WeighProcess.run(arguments, input: "x\n").succeeded)
    #expect(try Data(contentsOf: URL(filePath: state)) == whole.state())
    let other = try await WeighProcess.run(["cov", "--state", state], input: "")
    #expect(!other.succeeded && other.output.isEmpty)
    #expect(other.error.contains("\(state): the state is of the strategy relobralo, not of cov"))
    #expect(try folder.names(in: "") == ["weigh.json"])
  }

  @Test(arguments: [
    ("missing/state.json", #"{"losses":[1,2]}"# + "\n", "missing/state.json cannot be written"),
    // Refused before a line is read.
    ("", "", "cannot be read"),
  ])
  func `A file that cannot be read or written is an error that names it`(
    name: String, line: String, message: String
  ) async throws {
    let folder = try TemporaryFolder()
    let outcome = try await WeighProcess.run(
      ["cov", "--state", "\(folder.path)/\(name)"], input: line)
    #expect(!outcome.succeeded && outcome.output.isEmpty)
    #expect(outcome.error.contains(folder.path) && outcome.error.contains(message), "\(outcome.error)")
  }

  @Test(.timeLimit(.minutes(1))) func `A pipe in place of the state is not waited for`() throws {
    let folder = try TemporaryFolder()
    let state = "\(folder.path)/weigh.json"
    #expect(mkfifo(state, 0o600) == 0)
    var file = try WeighStateFile(state)
    let error = #expect(throws: WeighStateError.self) { try file.read() }
    #expect(error?.description == "\(state) cannot be read: it is a pipe, not a file")
  }

  @Test func `A second process on one state is told, and loses no step without a word`() throws {
    let folder = try TemporaryFolder()
    let state = "\(folder.path)/weigh.json"
    var (first, second) = (try WeighStateFile(state), try WeighStateFile(state))
    #expect(try first.read() == nil && second.read() == nil)
    try first.write(Data("1".utf8))
    let error = #expect(throws: WeighStateError.self) { try second.write(Data("2".utf8)) }
    #expect(
      error?.description
        == "\(state) has been changed by another process: one state is for one process at a time")
    #expect(try second.read() == Data("1".utf8))
    try second.write(Data("2".utf8))
    #expect(throws: WeighStateError.self) { try first.write(Data("3".utf8)) }
    #expect(try first.read() == Data("2".utf8))
    try FileManager.default.removeItem(atPath: state)
    #expect(throws: WeighStateError.self) { try first.write(Data("3".utf8)) }
  }

  @Test func `A link in place of the state stays a link`() throws {
    let folder = try TemporaryFolder()
    let (link, target) = ("\(folder.path)/link", "\(folder.path)/state.json")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    let error = #expect(throws: WeighStateError.self) { try WeighStateFile(link) }
    #expect(error?.description == "\(link) is a link that leads to no file")
    try Data("1".utf8).write(to: URL(filePath: target))
    var file = try WeighStateFile(link)
    #expect(try file.read() == Data("1".utf8))
    try file.write(Data("2".utf8))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    #expect(try Data(contentsOf: URL(filePath: target)) == Data("2".utf8))
  }

  // MARK: States that could not be read again

  @Test(arguments: [
    (
      [String](repeating: #"{"losses":[1,2],"samples":9007199254740992}"#, count: 2),
      "the samples of task 0 in this epoch are 1.8014398509481984e+16, not in 0 ... 2^53"
    ),
    (
      [String](repeating: #"{"losses":[1e308,1]}"#, count: 2),
      "the sum of the losses of task 0 in this epoch overflows"
    ),
    (
      [#"{"losses":[1,2]}"#, #"{"losses":[1,2],"epoch":9007199254740992,"epoch_end":true}"#],
      "the state cannot be kept: the epoch is 9007199254740993, not in 0 ... 2^53"
    ),
  ])
  func `A line after which the state could not be read again is an error and changes nothing`(
    lines: [String], message: String
  ) throws {
    var session = try WeighSession(
      strategy: "cov", parameters: [:], seed: 0, registry: .builtIn, keepsState: true)
    _ = session.answer(to: lines[0])
    let before = try #require(try session.state())
    let answer = session.answer(to: lines[1]) ?? ""
    #expect(answer.contains(message) && session.failures == 1, "\(answer)")
    #expect(try session.state() == before)
    // The session goes on, and so does the next one.
    var next = try self.session("cov")
    try next.restore(before, from: "state")
    let line = #"{"losses":[2,1]}"#
    #expect(session.answer(to: line) == next.answer(to: line))
    #expect(try session.state() == next.state())
  }

  @Test(.timeLimit(.minutes(2)))
  func `A process killed at any moment leaves a state with which the next one goes on`() async throws {
    let folder = try TemporaryFolder()
    let state = "\(folder.path)/weigh.json"
    let lines = (0..<400).map { #"{"losses":[\#(1 + 0.5 * sin(Double($0))),2,\#(1 / Double($0 + 1))]}"# }
    var whole = try session("relobralo", ["expected-saudade": .number(0.5)])
    let answers = lines.map { whole.answer(to: $0) ?? "" }
    var done = 0
    for kill in 0..<12 where done < lines.count {
      let process = Process()
      process.executableURL = URL(filePath: BuiltProducts.folder).appending(path: "jointloss")
      process.arguments = ["weigh", "relobralo", "--set", "expected-saudade=0.5", "--state", state]
      let (input, output) = (Pipe(), Pipe())
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      try input.fileHandleForWriting.write(
        contentsOf: Data((lines[done...].joined(separator: "\n") + "\n").utf8))
      // After another number of answers each time, and at another moment in what it does then.
      var seen = 0
      while seen < 1 + 3 * kill {
        seen += output.fileHandleForReading.availableData.count { $0 == UInt8(ascii: "\n") }
      }
      Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let step = try position(in: state)
      #expect(step >= done + min(seen, lines.count - done))
      done = step
      guard done < lines.count else { break }
      var resumed = try session("relobralo", ["expected-saudade": .number(0.5)])
      try resumed.restore(Data(contentsOf: URL(filePath: state)), from: state)
      #expect(resumed.answer(to: lines[done]) == answers[done])
    }
  }

  /// The number of steps that a state has seen.
  private func position(in file: String) throws -> Int {
    struct Position: Decodable { let step: Int }
    return try JSONDecoder().decode(Position.self, from: Data(contentsOf: URL(filePath: file))).step
  }
}

extension WeightingStrategy {
  fileprivate static var independentBatches: Int { Gradients.independentBatches }
  fileprivate static var looksAfterStep: Bool { Self().looksAfterStep }
}
