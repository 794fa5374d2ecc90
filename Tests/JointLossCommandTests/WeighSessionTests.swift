import Foundation
import JointLossCommand
import JointLossWeighting
import Testing

@Suite struct WeighSessionTests {
  /// An answer, every field optional.
  private struct Answer: Decodable {
    let weights: [Double]?
    let applies_to: String?
    let direction: [Double]?
    let error: String?
    let line: Int?
  }

  private func session(
    _ strategy: String, _ parameters: [String: ParameterValue] = [:], seed: UInt64 = 0
  ) throws -> WeighSession {
    try WeighSession(strategy: strategy, parameters: parameters, seed: seed, registry: .builtIn)
  }

  private func answer(_ session: inout WeighSession, _ line: String) throws -> Answer {
    try JSONDecoder().decode(Answer.self, from: Data(text(&session, line).utf8))
  }

  /// The answer as written; empty where there is none.
  private func text(_ session: inout WeighSession, _ line: String) -> String {
    session.answer(to: line) ?? ""
  }

  @Test func `A step has weights, their place, a direction and diagnostics`() throws {
    var session = try session("pcgrad")
    let answer = text(&session, #"{"losses":[1,2],"jacobian":[[3,0],[-3,4]]}"#)
    let object = try #require(JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])
    // g_12 = −9, ‖g_1‖² = 9, ‖g_2‖² = 25.
    let weights = try #require(object["weights"] as? [Double])
    #expect(abs(weights[0] - 2) <= 1e-14 && abs(weights[1] - 1.36) <= 1e-14)
    #expect(object["applies_to"] as? String == "shared_gradient")
    let direction = try #require(object["direction"] as? [Double])
    #expect(abs(direction[0] - 1.92) <= 1e-14 && abs(direction[1] - 5.44) <= 1e-14)
    let diagnostics = try #require(object["diagnostics"] as? [String: Any])
    #expect(
      diagnostics.keys.sorted() == [
        "condition_number", "conflict_rate", "cosines", "magnitude_ratio", "norms",
      ])
    #expect(diagnostics["norms"] as? [Double] == [3, 5])
    #expect(diagnostics["cosines"] as? [Double] == [-0.6])
  }

  @Test func `The losses after a step come with its line, or on a line of their own before the next`() throws
  {
    let lines = [#""losses":[1,2]"#, #""losses":[0.9,1]"#, #""losses":[0.8,0.7]"#]
    let after = [#""losses_after":[0.9,1.1]"#, #""losses_after":[0.7,0.9]"#]
    var (together, apart) = (try session("famo"), try session("famo"))
    let one = try zip(lines, after).map { try answer(&together, "{\($0),\($1)}").weights }
    let other = try zip(lines, after).map { line, after in
      let weights = try answer(&apart, "{\(line)}").weights
      #expect(apart.answer(to: "{\(after)}") == nil)
      return weights
    }
    #expect(one == other && one[0] != one[1])
    let last = text(&together, "{\(lines[2])}")
    #expect(text(&apart, "{\(lines[2])}") == last)
    // The step is open: another one must wait, and a step that is not open cannot be ended.
    let waiting = try answer(&apart, "{\(lines[0])}").error
    #expect(waiting?.contains("famo") == true && waiting?.contains("losses_after") == true)
    #expect(try answer(&apart, #"{"losses_after":[1]}"#).error?.contains("1 tasks") == true)
    #expect(apart.answer(to: #"{"losses_after":[1,1]}"#) == nil)
    #expect(try answer(&apart, #"{"losses_after":[1,1]}"#).error?.contains("no step") == true)
    #expect(apart.failures == 3)
  }

  @Test func `Three batches have a direction on the third, and their number is checked`() throws {
    var session = try session("modo", ["gamma": .number(0)])
    let right = try answer(&session, #"{"jacobians":[[[1,0],[0,1]],[[1,0],[0,1]],[[3,0],[-3,4]]]}"#)
    #expect(right.weights == [0.5, 0.5] && right.direction == [0, 2] && right.applies_to == "direction")
    let few = try answer(&session, #"{"jacobians":[[[1,0],[0,1]],[[1,0],[0,1]]]}"#).error
    #expect(few?.contains("3 independent batches, not of 2") == true)
  }

  @Test func `An update stands in the place of a direction`() throws {
    var session = try session("adatask", ["epsilon": .number(0)])
    let line = text(&session, #"{"jacobian":[[1,0],[-3,4]]}"#)
    let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    let update = try #require(object?["update"] as? [Double])
    #expect(abs(update[0]) <= 1e-15 && abs(update[1] - 1) <= 1e-15)
    #expect(object?["direction"] == nil && object?["applies_to"] as? String == "update")
    #expect(object?["weights"] as? [Double] == [1, 1])
  }

  @Test func `What is undefined in the diagnostics is null, and without a Gramian there are none`() throws {
    var session = try session("equal")
    let zero = text(&session, #"{"losses":[1,2],"gramian":[[0,0],[0,1]]}"#)
    #expect(zero.contains(#""condition_number":null"#) && zero.contains(#""magnitude_ratio":null"#))
    let losses = text(&session, #"{"losses":[1,2]}"#)
    #expect(losses == #"{"applies_to":"losses","diagnostics":{},"weights":[1.0,1.0]}"#)
  }

  @Test func `Gramian, Jacobian and gradient norms serve GradNorm alike`() throws {
    let places = [
      #""gradient_norms":[3,5]"#, #""gramian":[[9,-9],[-9,25]]"#, #""jacobian":[[3,0],[-3,4]]"#,
    ]
    let answers = try places.map { place in
      var session = try session("gradnorm")
      _ = try answer(&session, #"{"losses":[1,2],\#(place)}"#)
      return try #require(try answer(&session, #"{"losses":[1,1],\#(place)}"#).weights)
    }
    #expect(answers[0] != [1, 1])
    #expect(answers[0] == answers[1] && answers[1] == answers[2])
  }

  @Test func `Numbers survive the way out and back`() throws {
    var session = try session("fixed", ["weights": .numbers([0.1, 1.0 / 3, 1e-300, 123456789.123456789])])
    let weights = try answer(&session, #"{"losses":[1,1,1,1]}"#).weights
    #expect(weights == [0.1, 1.0 / 3, 1e-300, 123456789.123456789])
  }

  @Test func `A new epoch and epoch_end end an epoch with its sample-weighted means`() throws {
    let expected = [0.9607894391523232]  // e^(−0.04): ratios .9 and .98, temperature 2
    var numbered = try session("dwa")
    for line in [
      #"{"losses":[2,0],"epoch":0,"samples":1}"#, #"{"losses":[0.5,1.5],"epoch":0,"samples":2}"#,
      #"{"losses":[0.9,0.98],"epoch":1}"#,
    ] { #expect(try answer(&numbered, line).weights == [1, 1]) }
    let third = try #require(try answer(&numbered, #"{"losses":[1,1],"epoch":2}"#).weights)
    #expect(abs(third[0] / third[1] - expected[0]) <= 1e-14)

    var marked = try session("dwa")
    for line in [
      #"{"losses":[1,1],"epoch_end":true}"#, #"{"losses":[0.9,0.98],"epoch_end":true}"#,
    ] { #expect(try answer(&marked, line).weights == [1, 1]) }
    #expect(try answer(&marked, #"{"losses":[1,1],"epoch_end":false}"#).weights == third)

    // Both ways at once end each epoch once.
    var both = try session("dwa")
    for line in [
      #"{"losses":[1,1],"epoch":0,"epoch_end":true}"#, #"{"losses":[0.9,0.98],"epoch":1,"epoch_end":true}"#,
    ] { _ = try answer(&both, line) }
    #expect(try answer(&both, #"{"losses":[1,1],"epoch":2}"#).weights == third)
  }

  @Test(arguments: [
    (#"{"losses":[1,NaN]}"#, "losses[1] is nan"),
    (#"{"losses":[1,-Infinity]}"#, "losses[1] is -inf"),
    (#"{"losses":[1,1e999]}"#, "1e999"),
    (#"{"losses":[1,null]}"#, "losses[1] is not a number"),
    (#"{"losses":[1,"a"]}"#, "losses[1] is not a number"),
    (#"{"losses":[1,true]}"#, "losses[1] is not a number"),
    (#"{"losses":3}"#, "losses is not a list"),
    (#"{"losses":[]}"#, "at least one task"),
    (#"{"losses":[1,2"#, "not valid JSON"),
    (#"{"losses":[1,2]} x"#, "not valid JSON"),
    (#"{'losses':[1,2]}"#, "not valid JSON"),
    ("[1,2]", "not a JSON object"),
    ("null", "not a JSON object"),
    (#"{"loses":[1,2]}"#, "did you mean losses"),
    (#"{"losses":[1,2],"losses":[3,4]}"#, "“losses” is given twice"),
    (#"{"losses":[1,2,3]}"#, "3 tasks"),
    (#"{"losses":[1,2],"gradient_norms":[1]}"#, "gradient_norms is of 1 tasks"),
    (#"{"losses":[1,2],"gradient_norms":[1,-1]}"#, "gradient_norms[1] is -1"),
    (#"{"losses":[1,2],"gramian":[[1,0],[0]]}"#, "gramian: the Gramian is not square"),
    (#"{"losses":[1,2],"gramian":[[1,5],[5,1]]}"#, "gramian: the Gramian is that of no gradients"),
    (
      #"{"losses":[1,1,2],"gramian":[[1,-1,-1],[-1,1,-1],[-1,-1,1]]}"#,
      "gramian: the Gramian is that of no gradients: its cosines have the eigenvalue -"
    ),
    (#"{"losses":[1,2],"gramian":[[1,2],[0,1]]}"#, "gramian: the Gramian is not symmetric"),
    (#"{"losses":[1,2],"gramian":[[-1,0],[0,1]]}"#, "diagonal is negative"),
    (#"{"losses":[1,2],"gramian":[[1,0],[0,NaN]]}"#, "gramian[1][1] is nan"),
    (#"{"losses":[1,2],"gramian":[[1]]}"#, "gramian is of 1 tasks"),
    (#"{"losses":[1,2],"jacobian":[[1,0],[0]]}"#, "jacobian: the Jacobian is ragged"),
    (#"{"losses":[1,2],"jacobian":[[],[]]}"#, "jacobian has no columns"),
    (
      #"{"losses":[1,2],"jacobian":[[1,0],[0,1]],"representation":[[1],[2],[3]]}"#,
      "representation has 3 elements, and jacobian 2 columns"
    ),
    (
      #"{"losses":[1,2],"gramian":[[1,0],[0,1]],"representation":[[1],[2]]}"#,
      "representation is given without a jacobian on its elements"
    ),
    (
      #"{"losses":[1,2],"jacobian":[[1,0],[0,1]],"representation":[[1],[2,3]]}"#,
      "representation: the representation is ragged"
    ),
    (#"{"losses":[1,2],"jacobian":[[1,0],[0,1]],"gramian":[[1,0.1],[0.1,1]]}"#, "disagree"),
    (#"{"losses":[1,2],"jacobian":[[1e200],[1]]}"#, "inf"),
    (#"{"losses":[1,2],"epoch":-1}"#, "epoch is -1"),
    (#"{"losses":[1,2],"epoch":0.5}"#, "epoch is 0.5"),
    (#"{"losses":[1,2],"epoch":2}"#, "epoch 2 has ended"),
    (#"{"losses":[1,2],"epoch_end":1}"#, "epoch_end is not true or false"),
    (#"{"losses":[1,2],"samples":0}"#, "samples is 0"),
    (#"{"losses":[1,2],"orders":[[1],[1]]}"#, "orders: the visiting order of task 1"),
    (#"{"losses":[1,2],"orders":[[1],[0.5]]}"#, "orders[1] is 0.5"),
    (#"{"losses":[1,2],"uniforms":[0.5,1]}"#, "uniforms[1] is 1"),
    (#"{"losses":[1,2],"normals":[NaN]}"#, "normals[0] is nan"),
    (#"{"losses":[1,2],"losses_after":[1]}"#, "losses_after is of 1 tasks"),
    (#"{"losses":[1,2],"jacobians":[[[1],[2,3]]]}"#, "jacobians: the Jacobian is ragged"),
    (#"{"losses":[1,2],"jacobians":[[[1]]]}"#, "jacobians holds one of 1 tasks"),
    (#"{"jacobian":[[1],[2]]}"#, "reads losses: give the loss of each task"),
    (#"{"losses":[1,-2]}"#, "task 1"),
    ("{}", "at least one task"),
  ])
  func `A bad line is answered with an error, its number, and nothing else changes`(
    line: String, message: String
  ) throws {
    // In the third epoch of uncertainty weighting, whose state every good step moves.
    let good = (0..<4).map { #"{"losses":[\#(Double($0) + 0.5),2],"epoch":3}"# }
    var (disturbed, undisturbed) = (try session("uncertainty"), try session("uncertainty"))
    for line in good.prefix(2) { #expect(text(&disturbed, line) == text(&undisturbed, line)) }
    let answer = try self.answer(&disturbed, line)
    #expect(answer.error?.contains(message) == true, "\(answer.error ?? "no error")")
    #expect(answer.line == 3 && answer.weights == nil)
    #expect(disturbed.failures == 1)
    for line in good.suffix(2) { #expect(text(&disturbed, line) == text(&undisturbed, line)) }
  }

  @Test func `A bad line that would have ended an epoch ends none`() throws {
    var (disturbed, undisturbed) = (try session("dwa"), try session("dwa"))
    let lines = [[1.0, 1], [0.9, 0.5], [1, 1], [0.7, 0.9]].enumerated().map { epoch, losses in
      #"{"losses":\#(losses),"epoch":\#(epoch)}"#
    }
    for (epoch, line) in lines.enumerated() {
      // The first is refused before the strategy sees it, the second, without losses, by the strategy.
      for field in [#""losses":[1,1],"orders":[[1],[2]]"#, #""jacobian":[[1],[2]]"#] {
        #expect(try answer(&disturbed, #"{\#(field),"epoch":\#(epoch + 1)}"#).error != nil)
      }
      #expect(text(&disturbed, line) == text(&undisturbed, line))
    }
  }

  @Test func `A first line that fails does not fix the number of tasks`() throws {
    var session = try session("fixed", ["weights": .numbers([1, 2])])
    #expect(try answer(&session, #"{"losses":[1,2,3]}"#).error?.contains("2 values for 3 tasks") == true)
    #expect(try answer(&session, #"{"losses":[1,2]}"#).weights == [1, 2])
  }

  private struct Overstated: WeightingStrategy {
    static let about = StrategyDescription(
      "overstated", "overstated", formula: "w_t = 1", weighs: .losses)
    func weights(for step: Step<NoGradients>) -> TaskWeights {
      TaskWeights(
        step.losses.map { _ in 1 },
        certificate: SolverCertificate(iterations: 2, residual: 0, ridge: 1 / step.losses[0]))
    }
  }

  @Test func `A certificate with a number that JSON has no word for is an error of its line`() throws {
    let registry = try StrategyRegistry.builtIn.adding([Overstated.self])
    var session = try WeighSession(strategy: "overstated", parameters: [:], seed: 0, registry: registry)
    #expect(try answer(&session, #"{"losses":[1,2]}"#).weights == [1, 1])
    let failure = try answer(&session, #"{"losses":[0,2]}"#)
    #expect(failure.error == "overstated gave a solver's certificate with the ridge inf")
    #expect(failure.line == 2 && failure.weights == nil)
  }

  @Test func `Empty lines are passed over but counted`() throws {
    var session = try session("equal")
    #expect(text(&session, " ").isEmpty)
    #expect(try answer(&session, "x").line == 2)
  }

  @Test func `A Gramian in single precision agrees with its Jacobian`() throws {
    var session = try session("pcgrad")
    let line = #"{"jacobian":[[1,0.3],[-0.5,1]],"gramian":[[1.0900001,-0.2],[-0.2000001,1.25]]}"#
    #expect(try answer(&session, line).weights != nil)
  }

  @Test func `The seed decides the draws`() throws {
    let line = #"{"jacobian":[[1,0,0.1],[-0.5,0.8,0],[-0.5,-0.7,0.3]]}"#
    func weights(seed: UInt64) throws -> [[Double]?] {
      var session = try session("pcgrad", seed: seed)
      return try (0..<10).map { _ in try answer(&session, line).weights }
    }
    #expect(try weights(seed: 1) == weights(seed: 1))
    #expect(try weights(seed: 1) != weights(seed: 2))
  }

  @Test func `Unknown strategies and parameters are refused with the nearest names`() {
    let name = #expect(throws: WeightingError.self) { try session("gradnrm") }
    #expect(name?.message.contains("did you mean gradnorm") == true)
    let parameter = #expect(throws: WeightingError.self) { try session("gradnorm", ["alpa": .number(1)]) }
    #expect(parameter?.message.contains("did you mean alpha") == true)
    let range = #expect(throws: WeightingError.self) { try session("dwa", ["temperature": .number(0)]) }
    #expect(range?.message.contains("dwa.temperature") == true)
  }

  @Test func `A task that is not present has weight 0, whatever is given of it`() throws {
    var session = try session("pcgrad")
    let line = #"{"losses":[1,2,9],"present":[true,true,false],"jacobian":[[3,0],[-3,4],[-5,-5]]}"#
    let partial = try answer(&session, line)
    // Without the third task, as in the closed form of two.
    let weights = try #require(partial.weights)
    #expect(abs(weights[0] - 2) <= 1e-14 && abs(weights[1] - 1.36) <= 1e-14 && weights[2] == 0)
    let direction = try #require(partial.direction)
    #expect(abs(direction[0] - 1.92) <= 1e-14 && abs(direction[1] - 5.44) <= 1e-14)
    let whole = try answer(&session, #"{"losses":[1,2,9],"jacobian":[[3,0],[-3,4],[-5,-5]]}"#)
    #expect(whole.weights?.allSatisfy { $0 > 0 } == true)
  }

  @Test func `The means of an epoch weigh the labelled samples of each task`() throws {
    var (gaps, plain) = try (session("dwa"), session("dwa"))
    // Means: (2, 3), then (1, 3).
    for line in [
      #"{"losses":[3,1],"samples":[1,4]}"#, #"{"losses":[1,7],"samples":[1,2]}"#,
      #"{"losses":[5,3],"present":[false,true],"epoch_end":true}"#,
      #"{"losses":[1,3],"epoch_end":true}"#,
    ] {
      #expect(try answer(&gaps, line).error == nil)
    }
    for line in [#"{"losses":[2,3],"epoch_end":true}"#, #"{"losses":[1,3],"epoch_end":true}"#] {
      #expect(try answer(&plain, line).error == nil)
    }
    let line = #"{"losses":[1,1]}"#
    #expect(try answer(&gaps, line).weights == answer(&plain, line).weights)
  }

  @Test(arguments: [
    (#"{"losses":[1,2],"present":[true]}"#, "present: 1 flags of presence for 2 tasks"),
    (#"{"losses":[1,2],"present":[false,false]}"#, "present: none of the 2 tasks has labels"),
    (#"{"losses":[1,2],"present":[1,0]}"#, "present[0] is not true or false"),
    (#"{"losses":[1,2],"samples":[1,2,3]}"#, "samples is of 3 tasks, the line of 2"),
    (#"{"losses":[1,2],"samples":[1,0.5]}"#, "samples[1] is 0.5, not a whole number"),
  ])
  func `Presence and samples that do not fit are refused`(line: String, message: String) throws {
    var session = try session("equal")
    let error = try #require(try answer(&session, line).error)
    #expect(error.contains(message), "\(error)")
  }
}
