import Foundation
import JointLossTestSupport
import JointLossWeighting
import Testing

@testable import JointLossCommand

/// Lines of `jointloss weigh` that are no JSON, too long or wrong.
@Suite(.timeLimit(.minutes(1))) struct WeighMutantTests {
  private static func session(_ strategy: String) throws -> WeighSession {
    try WeighSession(strategy: strategy, parameters: [:], seed: 0, registry: .builtIn)
  }

  private static func answer(_ line: String) throws -> String {
    var session = try session("equal")
    return session.answer(to: line) ?? ""
  }

  @Test(arguments: [
    (#"{"losses":[1,2,]}"#, "losses[1]: a comma stands before “]” at byte 16"),
    (#"{"losses":[1,2],}"#, "a comma stands before “}” at byte 17"),
    (#"{"losses":[1,2],"loss\u0065s":[3,4]}"#, "the key “losses” is given twice at byte 17"),
    (#"{"losses":[1,2],"losses":[3,4]}"#, "the key “losses” is given twice at byte 17"),
    (#"{"losses":[01,2]}"#, "losses[0]: a number is not written as JSON has it at byte 12"),
    (#"{"losses":[1.,2]}"#, "a number is not written as JSON has it"),
    (#"{"losses":[1 2]}"#, "“2” stands where a comma or “]” is due"),
    (#"{losses:[1,2]}"#, "a key in quotes is due at byte 2"),
    (#"{"losses":[1,2]}{}"#, "more text follows the value"),
    (#"{"losses":[1,2]"#, "the text ends before “}”"),
  ])
  func `What is no strict JSON is refused with key and byte`(line: String, message: String) throws {
    let object = try JSONSerialization.jsonObject(with: Data(Self.answer(line).utf8)) as? [String: Any]
    let error = try #require(object?["error"] as? String)
    #expect(error.hasPrefix("not valid JSON: ") && error.contains(message), "\(error)")
  }

  @Test func `A byte order mark at the beginning is no error`() throws {
    #expect(try Self.answer("\u{FEFF}" + #"{"losses":[1,2]}"#).contains(#""weights":[1.0,1.0]"#))
  }

  @Test func `Much text ends in a short message`() throws {
    let long = String(repeating: "k", count: 10_000_000)
    let digits = String(repeating: "9", count: 1_000_000)
    for line in [
      "{\"\(long)\":1}", "{\"losses\":[\(digits),1]}", "{\"epoch\":\(digits)}", "{\"losses\":[1e\(digits)]}",
      String(repeating: "[", count: 100_000),
    ] {
      let answer = try Self.answer(line)
      #expect(answer.hasPrefix("{\"error\"") && answer.utf8.count < 1_000, "\(answer.prefix(1_000))")
    }
  }

  @Test func `20,000 mutants of lines are refused or weighed`() throws {
    let lines = [
      (
        "pcgrad",
        #"{"losses":[0.7,1.2],"gramian":[[2,-1],[-1,3]],"epoch":0,"orders":[[1],[0]],"present":[true,true]}"#
      ),
      ("mgda", #"{"losses":[0.7,1.2],"jacobian":[[1,0.5,-2],[-1,3,0.25]],"epoch":1,"samples":[8,4]}"#),
      ("gradnorm", #"{"losses":[0.7,1.2],"gradient_norms":[0.5,2],"epoch":2,"epoch_end":true,"samples":3}"#),
      ("db-mtl", #"{"losses":[0.7,1.2],"jacobian":[[1,0.5,-2],[-1,3,0.25]],"epoch":0}"#),
      ("dwa", #"{"losses":[0.7,1.2],"epoch":0,"epoch_end":true,"samples":[3,5]}"#),
      (
        "graddrop", #"{"losses":[0.7,1.2],"jacobian":[[1,0.5],[-1,3]],"uniforms":[0.5,0.25]}"#
      ),
      ("modo", #"{"losses":[1,2],"jacobians":[[[1,2],[3,4]],[[1,0],[0,1]],[[2,1],[1,2]]]}"#),
      ("famo", #"{"losses":[0.7,1.2],"losses_after":[0.6,1.1],"epoch":3}"#),
    ]
    var (refused, weighed) = (0, 0)
    for (index, (strategy, line)) in lines.enumerated() {
      var mutator = Mutator(line.utf8, seed: UInt64(index))
      var session = try Self.session(strategy)
      #expect(session.answer(to: line)?.contains("\"weights\"") == true, "\(strategy)")
      for mutant in 0..<2_500 {
        if mutant.isMultiple(of: 10) { session = try Self.session(strategy) }
        guard let answer = session.answer(to: String(decoding: mutator.next(), as: UTF8.self)) else {
          continue
        }
        let isRefused = answer.hasPrefix("{\"error\"")
        (refused, weighed) = (refused + (isRefused ? 1 : 0), weighed + (isRefused ? 0 : 1))
        if isRefused { #expect(answer.utf8.count < 1_000, "\(answer)") }
        // A number that is not finite is no JSON.
        if mutant.isMultiple(of: 5) { _ = try JSONSerialization.jsonObject(with: Data(answer.utf8)) }
      }
    }
    #expect(refused > 8_000 && weighed > 1_000, "\(refused) refused, \(weighed) weighed")
  }
}
