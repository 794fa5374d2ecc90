import ArgumentParser
import JointLossLinearAlgebra
import JointLossWeighting
import Testing

@testable import JointLossCommand

@Suite struct SolverTrialTests {
  @Test func `Random Gramians have no errors, nothing that is not finite, and no contradicted answer`() throws
  {
    var stream = PhiloxStream(seed: 7, purpose: "bench random Gramians")
    var trials = SolverTrial.rules.map { SolverTrial($0) }
    for number in 0..<60 {
      let random = try RandomGramian(from: &stream)
      for index in trials.indices { try trials[index].add(random, number: number) }
    }
    for trial in trials {
      #expect(trial.faults.isEmpty && trial.count == 60 && trial.unjudged == 0)
      #expect(trial.worstResidual <= SolverCertificate.tolerance)
    }
  }

  /// The weights of a rule twice as large, or moved, are found to be wrong.
  @Test func `The judges contradict wrong answers`() throws {
    var stream = PhiloxStream(seed: 8, purpose: "bench random Gramians")
    var found = [String: Int]()
    for _ in 0..<40 {
      let random = try RandomGramian(from: &stream)
      guard random.rows.count > 2, random.rounding < 1e-12, !random.summary.contains("rank 0") else {
        continue
      }
      for (name, judge) in SolverTrial.rules.prefix(6) {
        var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: random.rows.count)
        var observation = StepObservation(losses: [])
        observation.gramian = random.gramian
        let weights = try strategy.weights(observing: observation)
        let certificate = weights.certificate
        #expect(try judge(.init(random, weights: weights.values, certificate: certificate)) == nil)
        let huge = weights.values.map { $0 * 1e10 }
        #expect(
          try judge(.init(random, weights: huge, certificate: certificate)) != nil,
          "\(name): \(random.summary)")
        var moved = weights.values
        moved[0] += 0.1 * (moved.map(abs).max() ?? 0)
        if try judge(.init(random, weights: moved, certificate: certificate)) != nil {
          found[name, default: 0] += 1
        }
      }
    }
    for (name, _) in SolverTrial.rules.prefix(6) { #expect(found[name, default: 0] >= 5, "\(name)") }
  }

  @Test func `A Gramian drawn after a skip is the one of its number`() throws {
    var (stream, skipped) = (
      PhiloxStream(seed: 12, purpose: "bench random Gramians"),
      PhiloxStream(seed: 12, purpose: "bench random Gramians")
    )
    for _ in 0..<7 { _ = try RandomGramian(from: &stream) }
    RandomGramian.skip(7, in: &skipped)
    let (one, other) = (try RandomGramian(from: &stream), try RandomGramian(from: &skipped))
    #expect(one.rows == other.rows && one.gramian == other.gramian && one.summary == other.summary)
  }

  @Test(arguments: [["--skip", "3"], ["--seed", "3"], ["--strategy", "mgda"]])
  func `Options of random Gramians are refused without them`(arguments: [String]) {
    let error = #expect(throws: (any Error).self) { try SolverBenchCommand.parse(arguments) }
    #expect(
      error.map { SolverBenchCommand.message(for: $0) }?.contains("\(arguments[0]) is for random Gramians")
        ?? false)
  }

  @Test func `The reference is the closed form of two vectors`() throws {
    // b = (1, 1) from (1, 0) and (−1, 1)/√2: x₂ must be √2 and x₁ 2; from (1, 0) and (0, −1) the second stays at 0.
    var both = NonNegativeLeastSquares([[1, 0], [-0.5.squareRoot(), 0.5.squareRoot()]])
    let solved = both.solve([1, 1])
    let first = try #require(solved)
    #expect(abs(first[0] - 2) <= 1e-14 && abs(first[1] - 2.0.squareRoot()) <= 1e-14)
    var one = NonNegativeLeastSquares([[1, 0], [0, -1]])
    let second = one.solve([1, 1])
    #expect(second == [1, 0])
  }
}
