import JointLossConformance
import JointLossWeighting
import Testing

/// The kit rejects every broken strategy, by the check meant for its fault.
@Suite struct NegativeControlTests {
  /// A broken strategy and the checks that must find it, the one meant for it first.
  struct Control: Sendable, CustomTestStringConvertible {
    let type: any WeightingStrategy.Type
    let checks: [ConformanceCheck]
    var testDescription: String { type.about.name }
  }

  static let controls: [Control] = [
    Control(type: SwappedTasks.self, checks: [.taskOrder]),
    Control(type: FirstAmongEquals<AnyOrder>.self, checks: [.taskOrder]),
    Control(type: FirstAmongEquals<OneDirection>.self, checks: [.taskOrder]),
    Control(type: FirstAmongEquals<WithoutTies>.self, checks: [.taskOrder]),
    Control(type: FirstOfTies.self, checks: [.taskOrder]),
    Control(type: LoadedDice.self, checks: [.taskOrder]),
    Control(type: LoadedDirection.self, checks: [.taskOrder]),
    Control(type: Presuming.self, checks: [.finiteWeights]),
    // What lies outside the value is not saved with it either.
    Control(type: HiddenCounter.self, checks: [.isolation, .resume, .errorKeepsState]),
    Control(type: SharedGenerator.self, checks: [.isolation, .resume, .errorKeepsState]),
    Control(
      type: Unseeded.self, checks: [.determinism, .isolation, .resume, .errorKeepsState, .declaredEvidence]),
    Control(type: Forgetful.self, checks: [.resume]),
    Control(type: ZeroDivision.self, checks: [.finiteWeights]),
    Control(type: NegativePivot.self, checks: [.finiteWeights]),
    Control(type: OneStepLate.self, checks: [.memory]),
    Control(type: FalsePeace.self, checks: [.nonConflict]),
    Control(type: WrongSum.self, checks: [.weightSum]),
    Control(type: AbsoluteEpsilon.self, checks: [.scaleLaw]),
    Control(type: NothingForOne.self, checks: [.singleTask]),
    Control(type: Sideways.self, checks: [.singleTask]),
    Control(type: Uphill.self, checks: [.singleTask]),
    Control(type: CountsRefusals.self, checks: [.errorKeepsState]),
    Control(type: Hoarder.self, checks: [.stateSize]),
    Control(type: WrongPlace.self, checks: [.application]),
    Control(type: MissingUpdate.self, checks: [.application]),
    Control(type: GradientAsUpdate.self, checks: [.scaleLaw]),
    Control(type: ShortUpdate.self, checks: [.weightCount]),
    Control(type: WrongSign.self, checks: [.sign]),
    Control(type: OneTooFew.self, checks: [.weightCount]),
    Control(type: BadCertificate.self, checks: [.certificate]),
    // NaN is no other NaN: a step with it is never the same again.
    Control(type: EmptyCertificate<NoResidual>.self, checks: [.certificate, .errorKeepsState]),
    Control(type: EmptyCertificate<EndlessRidge>.self, checks: [.certificate]),
    Control(type: EmptyCertificate<NegativeIterations>.self, checks: [.certificate]),
    Control(type: TenAtMost.self, checks: [.creation]),
    Control(type: Greedy.self, checks: [.declaredEvidence]),
    Control(type: Credulous.self, checks: [.nonFiniteEvidence]),
    Control(type: Peeking.self, checks: [.skippedGradients]),
    Control(type: PeekingAhead.self, checks: [.skippedGradients]),
    Control(type: Unprepared.self, checks: [.skippedGradients]),
  ]

  @Test(arguments: controls) func `A broken strategy is found by the check meant for it`(control: Control) {
    let report = Conformance.check(type: control.type)
    #expect(report.strategy == control.type.about.name)
    #expect(!report.passes)
    #expect(Set(report.findings.map(\.check)) == Set(control.checks), "\(report)")
  }

  @Test func `Every check has a broken strategy that it is meant for`() {
    #expect(Set(Self.controls.compactMap(\.checks.first)) == Set(ConformanceCheck.allCases))
  }

  @Test func `A finding has the smallest input`() throws {
    let peace = try #require(Conformance.check(type: FalsePeace.self).findings.first)
    #expect(peace.input.taskCount == 2)
    #expect(peace.input.steps.count == 1)
    #expect(peace.input.steps[0].gradients.allSatisfy { $0.count == 1 })
    #expect(peace.value.map { $0 < 0 } ?? false)
    let division = try #require(Conformance.check(type: ZeroDivision.self).findings.first)
    #expect(division.input.taskCount == 1)
    #expect(division.input.steps.map(\.gradients) == [[[0]]])
    #expect(division.description.contains("finite-weights"))
    #expect(division.description.contains("gradients [[0]]"))
  }

  @Test func `A strategy that cannot be created has that one finding`() {
    struct Never: WeightingStrategy {
      static let about = StrategyDescription(
        "never", "", formula: "", weighs: .losses)
      func start(taskCount: Int) throws(WeightingError) { throw WeightingError(.parameter, "no") }
      func weights(for step: Step<NoGradients>) -> TaskWeights { TaskWeights([]) }
    }
    let report = Conformance.check(type: Never.self)
    #expect(report.findings.map(\.check) == [.creation])
    #expect(report.passedCount == 0)
  }
}
