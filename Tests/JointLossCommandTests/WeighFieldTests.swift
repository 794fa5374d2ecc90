import Foundation
import JointLossCommand
import JointLossTestSupport
import JointLossWeighting
import Testing

/// Every field of a line of `jointloss weigh` is used, or the line is an error; every number that heads need is printed.
@Suite struct WeighFieldTests {
  private struct Answer: Decodable {
    let weights: [Double]?
    let direction: [Double]?
    let head_weights: [Double]?
    let diagnostics: Diagnostics?
    let error: String?
  }

  private struct Diagnostics: Decodable {
    let interventions: [[String]]?
  }

  private func session(
    _ strategy: String, _ parameters: [String: ParameterValue] = [:], seed: UInt64 = 0
  ) throws -> WeighSession {
    try WeighSession(strategy: strategy, parameters: parameters, seed: seed, registry: .builtIn)
  }

  private func text(_ session: inout WeighSession, _ line: String) throws -> String {
    let answer = session.answer(to: line)
    return try #require(answer)
  }

  private func answer(_ session: inout WeighSession, _ line: String) throws -> Answer {
    try JSONDecoder().decode(Answer.self, from: Data(text(&session, line).utf8))
  }

  private func answers(to fault: FaultFile, seed: UInt64 = 0) throws -> [Answer] {
    var session = try session(fault.strategy, fault.parameters, seed: seed)
    return try fault.lines.map { try answer(&session, $0) }
  }

  // MARK: Draws

  @Test func `Uniforms decide what the Bernoulli law draws, whatever the seed`() throws {
    let fault = try FaultFile("F3-random-bernoulli")
    for seed in 0..<5 as Range<UInt64> {
      #expect(try answers(to: fault, seed: seed)[0].weights == [1, 0, 0])
    }
  }

  @Test func `A uniform decides whether ReLoBRaLo keeps its memory`() throws {
    let fault = try FaultFile("N15-relobralo-uniforms")
    for seed in 0..<5 as Range<UInt64> {
      let weights = try answers(to: fault, seed: seed).map { try #require($0.weights) }
      #expect(fault.expected == .list(weights.map { .list($0.map { .number($0) }) }), "\(weights)")
    }
    // u = 0.9 is not below p: λ(1,0) = 2 softmax(3, ½) in the place of the memory.
    var session = try session(fault.strategy, fault.parameters)
    _ = try answer(&session, fault.lines[0])
    let weights = try #require(try answer(&session, #"{"losses":[3,1],"uniforms":[0.9]}"#).weights)
    #expect(abs(weights[0] - 2 / (1 + exp(-2.5))) <= 1e-15)
  }

  @Test(arguments: [
    ("one-hot", "[0.1]", [1.0, 0, 0]), ("one-hot", "[0.34]", [0, 1, 0]), ("one-hot", "[0.99999]", [0, 0, 1]),
    ("bernoulli", "[0.6,0.4,0.3]", [0, 0.5, 0.5]),
  ])
  func `Uniforms decide the law of random weights`(law: String, uniforms: String, weights: [Double]) throws {
    var session = try session("random", ["law": .text(law)])
    #expect(try answer(&session, #"{"losses":[1,1,1],"uniforms":\#(uniforms)}"#).weights == weights)
  }

  @Test func `One-hot chooses among the tasks with labels`() throws {
    var session = try session("random", ["law": .text("one-hot")])
    let line = #"{"losses":[1,1,1],"present":[true,false,true],"uniforms":[0.6]}"#
    #expect(try answer(&session, line).weights == [0, 0, 1])
  }

  @Test(arguments: [
    #""present":[true,true]"#, #""epoch":1"#, #""epoch_end":true"#, #""samples":3"#, #""orders":[[1],[0]]"#,
    #""uniforms":[0.5]"#, #""normals":[0.5]"#, #""representation":[[1]]"#,
  ])
  func `A field beside losses_after alone is an error, for nobody reads it`(field: String) throws {
    var session = try session("famo")
    _ = try answer(&session, #"{"losses":[1,2]}"#)
    let name = try #require(field.split(separator: "\"").first)
    let error = try answer(&session, #"{"losses_after":[0.5,2],\#(field)}"#).error
    #expect(error == "\(name) is given beside losses_after alone: it belongs on the line of a step")
    // Nothing has changed: the step still waits for its losses.
    #expect(session.answer(to: #"{"losses_after":[0.5,2]}"#) == nil)
  }

  private static let unread: [(String, [String: ParameterValue], String, String)] = [
    (
      "pcgrad", [:], #""gramian":[[1,0],[0,1]],"uniforms":[0.1]"#,
      "which pcgrad does not read in this step: of draws it reads orders"
    ),
    (
      "equal", [:], #""losses":[1,2],"orders":[[1],[0]]"#,
      "orders are given, which equal does not read in this step: of draws it reads none"
    ),
    ("equal", [:], #""losses":[1,2],"normals":[0,0]"#, "normals are given, which equal does not read"),
    ("random", [:], #""losses":[1,2],"uniforms":[0.1,0.2]"#, "of draws it reads normals"),
    (
      "random", ["law": .text("dirichlet")], #""losses":[1,2],"normals":[0.1,0.2]"#,
      "of draws it reads uniforms"
    ),
    (
      "random", ["law": .text("one-hot")], #""losses":[1,2],"uniforms":[0.1,0.2]"#,
      "random reads 1 uniforms, for the task that is chosen, not 2"
    ),
    (
      "random", ["law": .text("bernoulli")], #""losses":[1,2],"uniforms":[0.5,0.6]"#,
      "random.law=bernoulli needs one below 0.5"
    ),
    (
      "relobralo", [:], #""losses":[1,2],"uniforms":[0.1]"#,
      "relobralo does not read in this step: of draws it reads none"
    ),
    ("graddrop", [:], #""jacobian":[[1],[2]],"normals":[0.1]"#, "of draws it reads uniforms"),
    ("gradvac+average", [:], #""gramian":[[1,0],[0,1]],"uniforms":[0.1]"#, "of draws it reads orders"),
    (
      "equal", [:], #""losses":[1,2],"gradient_norms":[1,2]"#,
      "gradient_norms is given, which equal does not read: of gradients it reads none"
    ),
    ("pcgrad", [:], #""gradient_norms":[1,2],"gramian":[[1,0],[0,4]]"#, "of gradients it reads gramian"),
    (
      "cov", [:], #""losses":[1,2],"jacobians":[[[1],[2]],[[3],[4]]]"#,
      "jacobians is given, which cov does not read"
    ),
    (
      "mgda", [:], #""jacobian":[[1,0],[0,1]],"representation":[[1],[2]]"#,
      "representation is given, which mgda does not read"
    ),
    (
      "graddrop", [:], #""jacobian":[[1,0],[0,1]],"representation":[[1],[2]]"#,
      "representation is given, which graddrop does not read"
    ),
    (
      "gradnorm", [:], #""losses":[1,2],"gradient_norms":[1,2],"losses_after":[1,1]"#,
      "losses_after is given, which gradnorm does not read: it does not look at the losses after a step"
    ),
    (
      "famo", ["after": .text("next-step")], #""losses":[1,2],"losses_after":[1,1]"#,
      "losses_after is given, which famo does not read"
    ),
  ]

  @Test(arguments: unread.indices)
  func `A field that the strategy does not read is an error that says so, and changes nothing`(index: Int)
    throws
  {
    let (name, parameters, fields, message) = Self.unread[index]
    var session = try session(name, parameters)
    let error = try #require(try answer(&session, "{\(fields)}").error)
    #expect(error.contains(message), "\(error)")
    #expect(session.failures == 1)
    #expect(try session.state() == nil)
  }

  @Test func `Between two sets of weights nothing is drawn, and no draw is read`() throws {
    var session = try session("random+every", ["law": .text("uniform"), "every-steps": .number(2)])
    let line = #"{"losses":[1,2],"uniforms":[0.1,0.2]}"#
    #expect(try answer(&session, line).weights != nil)
    #expect(try answer(&session, line).error?.contains("random+every does not read in this step") == true)
    #expect(try answer(&session, #"{"losses":[1,2]}"#).weights != nil)
    #expect(try answer(&session, line).weights != nil)
  }

  @Test(arguments: StrategyRegistry.builtIn.names)
  func `Losses, Gramian and Jacobian may stand on a line of any strategy`(name: String) throws {
    var session = try session(name)
    var fields = [
      #""losses":[1,2]"#, #""gramian":[[1,0.3],[0.3,1.09]]"#, #""jacobian":[[1,0],[0.3,1]]"#, #""epoch":0"#,
      #""samples":3"#,
      #""present":[true,true]"#, #""epoch_end":false"#,
    ]
    if try StrategyRegistry.builtIn.type(named: name).independentBatches > 1 {
      fields.append(#""jacobians":[[[1,0],[0.3,1]],[[1,0],[0,1]],[[2,0],[0,1]]]"#)
    }
    #expect(try answer(&session, "{\(fields.joined(separator: ","))}").error == nil)
  }

  // MARK: Losses

  @Test func `Unit gradients need no losses`() throws {
    let fault = try FaultFile("F4-unit-gradient")
    for line in fault.lines {
      // Steps of one process, and of processes of their own.
      var session = try session(fault.strategy, fault.parameters)
      #expect(try answer(&session, line).weights == [0.25, 1])
    }
    let together = try answers(to: fault).map { $0.weights }
    #expect(together == [[0.25, 1], [0.25, 1], [0.25, 1]])
  }

  private static let onGradients: [String] = {
    var names: [String] = []
    for type in StrategyRegistry.builtIn.types where type.need != .losses {
      names.append(type.about.name)
    }
    return names
  }()

  private static let withLosses: [String: [String: ParameterValue]] = [
    "mgda": ["normalisation": .text("loss")], "moco": ["variant": .text("libmtl")],
  ]

  @Test(arguments: onGradients)
  func `The listing says of which rules on gradients the losses are read`(name: String)
    throws
  {
    let type = try StrategyRegistry.builtIn.type(named: name)
    let batches = type.independentBatches
    let gradients =
      batches > 1
      ? #""jacobians":[[[1,0],[0,1]],[[1,0],[0,1]],[[1,0],[0,1]]]"# : #""jacobian":[[1,0],[0.3,1]]"#
    func needsLosses(_ parameters: [String: ParameterValue]) throws -> Bool {
      var session = try session(name, parameters)
      let error = try answer(&session, "{\(gradients)}").error
      #expect(error == nil || error?.contains("losses") == true, "\(error ?? "")")
      return error != nil
    }
    let listing = Listing.markdown(StrategyRegistry.builtIn).split(separator: "\n")
      .first { $0.hasPrefix("| `\(name)` |") }
    let row = try #require(listing)
    switch type.readsLosses {
    case .never:
      #expect(try !needsLosses([:]) && !row.contains(", losses |"))
    case .always:
      #expect(try needsLosses([:]) && row.contains(", losses |"))
    case .with(let setting):
      let parameters = try #require(Self.withLosses[name])
      #expect(try !needsLosses([:]) && needsLosses(parameters))
      #expect(row.contains("; losses with \(setting) |"))
    }
  }

  // MARK: Answers

  @Test func `DB-MTL's heads follow 1 over their loss, which is printed`() throws {
    var session = try session("db-mtl")
    let answer = try answer(&session, #"{"losses":[0.25,4],"jacobian":[[1,0,2],[0,1,-1]]}"#)
    let heads = try #require(answer.head_weights)
    #expect(abs(heads[0] - 1 / (0.25 + 1e-8)) <= 1e-15 && abs(heads[1] - 1 / (4 + 1e-8)) <= 1e-15)
    var moco = try self.session("moco")
    #expect(try self.answer(&moco, #"{"jacobian":[[1,0,2],[0,1,-1]]}"#).head_weights == nil)
  }

  @Test func `Whole numbers have a point`() throws {
    var session = try session("equal")
    let text = try text(&session, #"{"losses":[1,2],"jacobian":[[2,0],[0,-1e20]]}"#)
    #expect(
      text
        == #"{"applies_to":"losses","diagnostics":{"condition_number":null,"conflict_rate":0.0,"cosines":[0.0],"#
        + #""magnitude_ratio":5e+19,"norms":[2.0,1e+20]},"direction":[2.0,-1e+20],"weights":[1.0,1.0]}"#)
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(object?["direction"] as? [Double] == [2, -1e20])
  }

  @Test func `What was done to a task stands in the diagnostics of its line alone`() throws {
    var session = try session("uncertainty", ["clamp": .number(0.01), "optimizer": .text("sgd")])
    #expect(try answer(&session, #"{"losses":[0,1]}"#).diagnostics?.interventions == [["clamp"], []])
    #expect(try answer(&session, #"{"losses":[1,1]}"#).diagnostics?.interventions == nil)
    var mgda = try self.session("mgda")
    let line = #"{"gramian":[[1,0],[0,0]]}"#
    #expect(try answer(&mgda, line).diagnostics?.interventions == [[], ["left-out"]])
  }
}

extension WeightingStrategy {
  fileprivate static var need: EvidenceNeed { Gradients.need }
  fileprivate static var independentBatches: Int { Gradients.independentBatches }
}
