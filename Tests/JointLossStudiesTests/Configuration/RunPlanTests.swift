import JointLossStudies
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct RunPlanTests {
  private func problems(_ study: StudySpecification) -> [String] {
    do {
      _ = try Local.plan(study)
      return []
    } catch {
      return "\(error)".split(separator: "\n").map(String.init)
    }
  }

  @Test func `Runs come seed by seed, then by suite, then by strategy`() throws {
    var study = Local.study([.init("apart"), .init("equal")])
    study.suites.append(.init("local", label: "quiet", parameters: ["noise": .number(0)]))
    study.seeds = .list([7, 3])
    let runs = try Local.plan(study).runs.map { "\($0.seed) \($0.suiteLabel) \($0.strategyLabel)" }
    #expect(
      runs == [
        "7 local apart", "7 local equal", "7 quiet apart", "7 quiet equal",
        "3 local apart", "3 local equal", "3 quiet apart", "3 quiet equal",
      ])
  }

  @Test func `Parameters and training fields are resolved, with the suite's recipe where none is given`()
    throws
  {
    var study = Local.study([.init("breaking", parameters: ["step": .number(2)])])
    let run = try #require(try Local.plan(study).runs.first { $0.strategy == "breaking" })
    #expect(
      run.strategyParameters.values == ["step": .number(2), "how": .text("infinite"), "scale": .numbers([])])
    #expect(
      run.suiteParameters.values == ["noise": .number(0.1), "tasks": .number(2), "samples": .number(24)])
    #expect(run.trunk == [4] && run.activation == .tanh && run.epochs == 3 && run.batchSize == 8)
    #expect(run.optimizer == .adam(learningRate: 0.01))

    study.trunk = [5, 6]
    study.activation = .relu
    study.epochs = 9
    study.batchSize = 4
    study.optimizer = .sgd
    study.learningRate = 0.5
    study.momentum = 0.25
    let other = try #require(try Local.plan(study).runs.first)
    #expect(other.trunk == [5, 6] && other.activation == .relu && other.epochs == 9 && other.batchSize == 4)
    #expect(other.optimizer == .sgd(learningRate: 0.5, momentum: 0.25))
  }

  @Test func `Every strategy, parameter, seed and scale of the data has an identity of its own`() throws {
    var study = Local.study(StrategyRegistry.builtIn.names.map { .init($0) })
    study.strategies += [
      .init("cagrad", parameters: ["c": .number(0.5)]), .init("cagrad", parameters: ["rescale": .number(1)]),
    ]
    study.suites.append(.init("local", label: "loud", parameters: ["noise": .number(100)]))
    let runs = try Local.plan(study).runs
    #expect(runs.count == 2 * 2 * (StrategyRegistry.builtIn.names.count + 3))
    #expect(Set(try runs.map { try $0.identity }).count == runs.count)
    // The same again is the same.
    #expect(try Local.plan(study).runs.map { try $0.identity } == runs.map { try $0.identity })
  }

  @Test func `A run has an architecture and a block where they are not the plain ones`() throws {
    var study = Local.study([.init("equal")])
    let plain = try #require(try Local.plan(study).runs.first)
    study.architecture = .hardSharing
    study.block = .plain
    #expect(try Local.plan(study).runs.first?.identity == plain.identity)
    #expect(try !plain.canonicalJSON.contains("architecture") && !plain.canonicalJSON.contains("block"))
    study.architecture = .mixtureOfExperts(experts: 3)
    let other = try #require(try Local.plan(study).runs.first)
    #expect(try other.canonicalJSON.contains(#""architecture":{"mixtureOfExperts":{"experts":3}}"#))
    #expect(try other.identity != plain.identity)
  }

  @Test func `A label is the name with the parameters that differ from their defaults`() throws {
    let plan = try Local.plan(
      Local.study([
        .init("breaking"),
        .init("breaking", parameters: ["step": .number(2), "how": .text("infinite")]),
        .init("breaking", parameters: ["scale": .numbers([1, 2.5]), "how": .text("error")]),
        .init("breaking", label: "mine", parameters: ["step": .number(9)]),
      ]))
    #expect(
      plan.strategyLabels == [
        "apart", "equal", "breaking", "breaking(step=2)", "breaking(how=error, scale=1,2.5)", "mine",
      ])
  }

  @Test func `A missing baseline and reference are added, and the caller is told`() throws {
    let plan = try Local.plan(Local.study([.init("breaking")]))
    #expect(plan.strategyLabels == ["apart", "equal", "breaking"])
    #expect(
      plan.notices == [
        "apart was added to the strategies: it is the study's baseline",
        "equal was added to the strategies: it is the study's reference",
      ])
    #expect(try Local.plan(plan.study).notices.isEmpty)
    #expect(try Local.plan(plan.study).runs == plan.runs)
  }

  @Test func `Baseline and reference may be a label or a name that only one strategy has`() throws {
    var study = Local.study([.init("apart", label: "alone"), .init("equal", label: "unit")])
    let plan = try Local.plan(study)
    #expect(plan.baseline == "alone" && plan.reference == "unit" && plan.notices.isEmpty)

    study.strategies.append(.init("equal", label: "one"))
    #expect(problems(study) == ["reference: “equal” could be unit or one: give a label"])
    study.reference = "one"
    #expect(try Local.plan(study).reference == "one")
  }

  @Test func `A baseline that trains one network for all tasks is an error`() {
    var study = Local.study()
    study.baseline = "equal"
    #expect(
      problems(study) == [
        "baseline: equal trains one network for all tasks: a baseline trains one for each task"
      ])
  }

  @Test func `Everything that does not exist or fit is reported at once, with the lines of the file`() throws
  {
    let study = try StudySpecification(
      yaml: """
        suites:
          - name: local
            set:
              noise: -1
              nois: 2
          - locul
          - name: local
            set: {tasks: 8, noise: 6}
        strategies:
          - equall
          - name: breaking
            label: a
            set: {how: maybe}
          - name: apart
            set: {alpha: 1}
          - equal
          - equal
        baseline: apart
        """, file: "study.yaml")
    #expect(
      problems(study) == [
        "study.yaml:4: suites[0].set.noise: local.noise is a number ≥ 0, not -1",
        "study.yaml:5: suites[0].set.nois: local has no parameter “nois”: did you mean noise?",
        "study.yaml:6: suites[1]: no suite is named “locul”: did you mean local?",
        "study.yaml:8: suites[2].set: local has too much noise for eight tasks",
        "study.yaml:10: strategies[0]: no strategy is named “equall”: did you mean equal?",
        "study.yaml:13: strategies[1].set.how: breaking.how is infinite | error | certificate, not maybe",
        "study.yaml:15: strategies[2].set.alpha: apart has no parameter “alpha”: it has no parameters",
      ])
  }

  @Test func `Two entries of one label are an error`() throws {
    let study = try StudySpecification(
      yaml: """
        suites: [local]
        strategies:
          - {name: breaking, label: equal}
          - equal
        baseline: apart
        """, file: "study.yaml")
    #expect(
      problems(study) == [
        "study.yaml:4: strategies[1]: has the label “equal” of strategies[0]: give it a label of its own"
      ])
  }

  @Test func `Parameters that do not fit the number of tasks are an error of the plan`() {
    let study = Local.study([.init("breaking", parameters: ["scale": .numbers([1, 2, 3])])])
    #expect(problems(study) == ["strategies[0]: on local: breaking.scale has 3 values for 2 tasks"])
  }

  @Test func `A study made by code is checked as one from a file`() {
    var study = Local.study()
    study.seeds = .count(0)
    study.epochs = -1
    #expect(
      problems(study) == [
        "seeds: a study has 1 to 100000 seeds, not 0", "epochs: is 1 to 10000000, not -1",
      ])
  }

  @Test func `The default study is six strategies on two suites with ten seeds`() throws {
    let plan = try Local.plan(StudySpecification())
    #expect(plan.runs.count == 120 && Set(plan.runs).count == 120 && plan.notices.isEmpty)
    #expect(plan.baseline == "single-task" && plan.reference == "equal")
    #expect(plan.suiteLabels == ["related", "unrelated"])
  }

  @Test func `What a step leaves open is in the run's specification, and not where it is the default`() throws
  {
    let plain = try Local.plan(Local.study())
    #expect(plain.runs.allSatisfy { $0.step == nil })
    let json = try plain.runs[0].canonicalJSON
    #expect(!json.contains("\"step\""), "runs from before there was a choice keep their identity")
    var study = Local.study([.init("pcgrad")])
    (study.gradientScope, study.headPolicy, study.scalePolicy) = (.representation, .unit, .matchNorm)
    let run = try #require(try Local.plan(study).runs.last)
    #expect(
      run.step
        == StepOptions(gradientScope: .representation, headPolicy: .unit, scalePolicy: .matchNorm))
    let expected =
      #""step":{"accumulation":1,"gradientScope":"representation","headPolicy":"unit","scalePolicy":"match-norm"}"#
    #expect(try run.canonicalJSON.contains(expected))
    // The defaults by name are the defaults.
    study = Local.study()
    (study.headPolicy, study.scalePolicy, study.accumulation) = (.strategy, .paper, 1)
    #expect(try Local.plan(study).runs == plain.runs)
  }

  @Test func `Accumulation with a rule that sees gradients is refused before anything runs`() throws {
    var study = Local.study([.init("equal"), .init("pcgrad")])
    study.accumulation = 2
    let error = #expect(throws: StudyError.self) { try Local.plan(study) }
    #expect(error?.key == "accumulation" && error?.further.isEmpty == true)
    #expect(error?.message.contains("pcgrad reads gramian") == true)
    study.strategies = [.init("equal")]
    study.accumulation = 9
    let parts = #expect(throws: StudyError.self) { try Local.plan(study) }
    #expect(parts?.message.contains("a batch of 8 samples cannot be split into 9 micro-batches") == true)
  }

  @Test func `So are clipping and scaled weights with a rule that gives the update`() throws {
    func refusal(_ change: (inout StudySpecification) -> Void) -> StudyError? {
      var study = Local.study([.init("equal"), .init("adatask")])
      change(&study)
      return #expect(throws: StudyError.self) { try Local.plan(study) }
    }
    let clipped = refusal { $0.clipNorm = 1 }
    #expect(clipped?.key == "clip-norm" && clipped?.message.contains("adatask gives an update") == true)
    let scaled = refusal { $0.scalePolicy = .matchNorm }
    #expect(scaled?.message.contains("the scale policy match-norm") == true)
    let plain = Local.study([.init("equal"), .init("adatask")])
    #expect(try Local.plan(plain).runs.contains { $0.strategy == "adatask" })
  }
}
