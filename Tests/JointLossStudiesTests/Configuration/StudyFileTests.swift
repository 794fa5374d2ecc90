import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

@Suite struct StudyFileTests {
  private func read(_ yaml: String) throws -> StudySpecification {
    try StudySpecification(yaml: yaml, file: "study.yaml")
  }

  private func problems(_ yaml: String) -> [String] {
    do {
      _ = try read(yaml)
      return []
    } catch {
      return "\(error)".split(separator: "\n").map(String.init)
    }
  }

  @Test func `A file says everything that a study has`() throws {
    let study = try read(
      """
      suites:
        - related
        - name: feature-bank
          label: "bank: narrow"
          set: {overlap: 0.5, widths: [6, 7], kind: "12"}
      strategies: [equal, {name: gradnorm, set: {alpha: 1.5}}]
      seeds: [3, 18446744073709551615]
      epochs: 40
      batch-size: 16
      learning-rate: 3e-3
      optimizer: sgd
      momentum: 0.9
      architecture: {name: ple, levels: 2, shared-experts: 3, task-experts: 1}
      trunk: [32, 8]
      activation: tanh
      block: {layer-norm: true, dropout: 0.1}
      gradient-scope: representation
      head-policy: unit
      scale-policy: match-norm
      accumulation: 4
      baseline: apart
      reference: gradnorm
      """)
    var expected = StudySpecification()
    expected.suites = [
      .init("related"),
      .init(
        "feature-bank", label: "bank: narrow",
        parameters: ["overlap": .number(0.5), "widths": .numbers([6, 7]), "kind": .text("12")]),
    ]
    expected.strategies = [.init("equal"), .init("gradnorm", parameters: ["alpha": .number(1.5)])]
    expected.seeds = .list([3, .max])
    expected.epochs = 40
    expected.batchSize = 16
    expected.learningRate = 0.003
    expected.optimizer = .sgd
    expected.momentum = 0.9
    expected.architecture = .progressiveExtraction(levels: 2, sharedExperts: 3, taskExperts: 1)
    expected.block = BlockSpecification(layerNorm: true, dropout: 0.1)
    expected.trunk = [32, 8]
    expected.activation = .tanh
    expected.gradientScope = .representation
    expected.headPolicy = .unit
    expected.scalePolicy = .matchNorm
    expected.accumulation = 4
    expected.baseline = "apart"
    expected.reference = "gradnorm"
    #expect(study == expected)
  }

  @Test func `Schedules, clipping and early stopping are read and printed`() throws {
    func schedule(_ text: String) throws -> LearningRateSchedule? { try read("schedule: \(text)").schedule }
    #expect(try schedule("constant") == LearningRateSchedule(.constant))
    #expect(try schedule("cosine") == LearningRateSchedule(.cosine(final: 0)))
    #expect(
      try schedule("{name: cosine, final: 0.25, warm-up: 2}")
        == LearningRateSchedule(.cosine(final: 0.25), warmUp: 2))
    #expect(try schedule("{name: step, every: 3}") == LearningRateSchedule(.step(every: 3, factor: 0.1)))
    #expect(try schedule("plateau") == LearningRateSchedule(.plateau(patience: 10, factor: 0.1)))
    let shapes: [LearningRateSchedule.Shape] = [
      .constant, .cosine(final: 0.1), .step(every: 2, factor: 0.5), .plateau(patience: 4, factor: 0.3),
    ]
    for (warmUp, shape) in shapes.enumerated() {
      var study = StudySpecification()
      study.schedule = try LearningRateSchedule(shape, warmUp: warmUp)
      study.clipNorm = 0.5
      study.earlyStopping = try EarlyStopping(patience: 5, minimumImprovement: 1e-3)
      #expect(try read(study.yaml) == study)
    }
    var study = StudySpecification()
    study.optimizer = .kfac
    (study.learningRate, study.damping, study.momentum) = (0.1, 0.02, 0.5)
    (study.factorDecay, study.factorInterval) = (0.8, 3)
    #expect(try read(study.yaml) == study)
    #expect(
      study.optimizer(learningRate: 0.1)
        == .kfac(learningRate: 0.1, momentum: 0.5, damping: 0.02, decay: 0.8, interval: 3))
    study = StudySpecification()
    (study.optimizer, study.weightDecay) = (.adamw, 0.05)
    (study.beta1, study.beta2, study.epsilon) = (0.8, 0.99, 1e-6)
    #expect(try read(study.yaml) == study)
    #expect(
      study.optimizer(learningRate: 0.1)
        == .adamw(learningRate: 0.1, beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.05))
    (study.optimizer, study.weightDecay) = (nil, nil)
    #expect(
      study.optimizer(learningRate: 0.1) == .adam(learningRate: 0.1, beta1: 0.8, beta2: 0.99, epsilon: 1e-6))
  }

  @Test func `Without keys of their own optimisers have the constants of the library`() {
    var study = StudySpecification()
    let due: [(StudySpecification.Optimizer, OptimizerSpecification)] = [
      (.adam, .adam(learningRate: 0.1)), (.adamw, .adamw(learningRate: 0.1)), (.sgd, .sgd(learningRate: 0.1)),
      (.nesterov, .nesterov(learningRate: 0.1)), (.kfac, .kfac(learningRate: 0.1)),
    ]
    for (optimizer, expected) in due {
      study.optimizer = optimizer
      #expect(study.optimizer(learningRate: 0.1) == expected)
    }
    #expect(due.count == StudySpecification.Optimizer.allCases.count)
  }

  @Test func `Keys that are left out have the defaults`() throws {
    var expected = StudySpecification()
    expected.epochs = 7
    #expect(try read("epochs: 7") == expected)
    #expect(try read("epochs: 8") != expected)
  }

  @Test func `All problems of a file are reported at once, each with its line and key`() {
    let yaml = """
      suites:
        - label: nameless
        - name: related
          sett: {}
      startegies: [equal]
      seeds: 0
      epochs: many
      learning-rate: -0.1
      batch-size: "32"
      optimizer: adamx
      trunk:
        - 32
        - wide
      activation:
      baseline: [a]
      """
    #expect(
      problems(yaml) == [
        "study.yaml:2: suites[0]: has no name",
        "study.yaml:4: suites[1].sett: unknown key: did you mean set?",
        "study.yaml:5: startegies: unknown key: did you mean strategies?",
        "study.yaml:6: seeds: a study has 1 to 100000 seeds, not 0",
        "study.yaml:7: epochs: is a whole number, not “many”",
        "study.yaml:8: learning-rate: is a finite number above 0, not -0.1",
        "study.yaml:9: batch-size: is a whole number, not “32”",
        "study.yaml:10: optimizer: is adam | adamw | sgd | nesterov | kfac, not “adamx”: did you mean adam or adamw?",
        "study.yaml:13: trunk[1]: is a whole number, not “wide”",
        "study.yaml:14: activation: is a word, not nothing",
        "study.yaml:15: baseline: is a word, not a list",
      ])
  }

  @Test(arguments: [
    ("seeds: [1, 2, 1]", "study.yaml:1: seeds[2]: the seed 1 is listed twice"),
    ("seeds: [1, -2]", "study.yaml:1: seeds[1]: is a whole number from 0 to 18446744073709551615, not “-2”"),
    ("seeds: []", "study.yaml:1: seeds: a study has 1 to 100000 seeds, not 0"),
    ("seeds: 1.5", "study.yaml:1: seeds: is a number of seeds, or a list of them, not “1.5”"),
    ("\nstrategies: []", "study.yaml:2: strategies: a study needs at least one strategy"),
    ("suites: []", "study.yaml:1: suites: a study needs at least one suite"),
    ("suites: related", "study.yaml:1: suites: is a list, not “related”"),
    ("suites: [[a]]", "study.yaml:1: suites[0]: is a name, or a mapping of name, label and set, not a list"),
    (
      "suites: [{name: a, label: \"x\\ny\"}]",
      "study.yaml:1: suites[0].label: a label is a text of one line in printable characters, not “x\\ny”"
    ),
    ("suites: [{name: \"\"}]", "study.yaml:1: suites[0].name: is a name, not an empty text"),
    ("suites: [{name: }]", "study.yaml:1: suites[0].name: is a word, not nothing"),
    ("suites: [{name: a, set: 3}]", "study.yaml:1: suites[0].set: is a mapping, not “3”"),
    (
      "suites: [{name: a, set: {rho: }}]",
      "study.yaml:1: suites[0].set.rho: is a number, a list of numbers or a word, not nothing"
    ),
    ("suites: [{name: a, set: {rho: [1, b]}}]", "study.yaml:1: suites[0].set.rho[1]: is a number, not “b”"),
    ("architecture: mmoe", "study.yaml:1: architecture: mmoe needs experts"),
    (
      "epochs: 1\narchitecture: cros-stitch",
      "study.yaml:2: architecture: there is no architecture “cros-stitch”: did you mean cross-stitch?"
    ),
    ("architecture: {experts: 3}", "study.yaml:1: architecture: has no name"),
    (
      "architecture: [mmoe]",
      "study.yaml:1: architecture: is a name, or a mapping of name and sizes, not a list"
    ),
    (
      "architecture:\n  name: mmoe\n  experts: 2\n  levels: 2",
      "study.yaml:4: architecture.levels: does not belong to the architecture mmoe"
    ),
    (
      "architecture:\n  name: mmoe\n  experts: two",
      "study.yaml:3: architecture.experts: is a whole number, not “two”"
    ),
    (
      "architecture: {name: mmoe, experts: 0}",
      "study.yaml:1: architecture: an architecture has 1 to 4096 shared experts, not 0"
    ),
    ("block: {dropout: 1}", "study.yaml:1: block: a dropout rate is in [0, 1), not 1.0"),
    ("block: {residual: 1}", "study.yaml:1: block.residual: is true or false, not “1”"),
    ("block: {drop-out: 1}", "study.yaml:1: block.drop-out: unknown key: did you mean dropout?"),
    ("epochs: 0", "study.yaml:1: epochs: is 1 to 10000000, not 0"),
    ("batch-size: 0", "study.yaml:1: batch-size: is 1 to 10000000, not 0"),
    ("accumulation: 0", "study.yaml:1: accumulation: is 1 to 10000000, not 0"),
    (
      "head-policy: units",
      "study.yaml:1: head-policy: is strategy | unit | weighted, not “units”: did you mean unit?"
    ),
    ("learning-rate: 0", "study.yaml:1: learning-rate: is a finite number above 0, not 0"),
    ("learning-rate: nan", "study.yaml:1: learning-rate: is a finite number above 0, not nan"),
    ("learning-rate: 1e999", "study.yaml:1: learning-rate: is a finite number above 0, not inf"),
    ("trunk: []", "study.yaml:1: trunk: needs at least one layer: without it tasks share nothing"),
    ("trunk: [0]", "study.yaml:1: trunk[0]: a layer has 1 to 65536 units, not 0"),
    ("momentum: 0.9", "study.yaml:1: momentum: belongs to the optimizers sgd, nesterov and kfac"),
    (
      "optimizer: sgd", "study.yaml:1: optimizer: sgd needs a learning-rate: those of the suites are for adam"
    ),
    (
      "optimizer: sgd\nlearning-rate: 1\nmomentum: 1",
      "study.yaml:3: momentum: is in [0, 1), not 1"
    ),
    (
      "optimizer: kfac",
      "study.yaml:1: optimizer: kfac needs a learning-rate: those of the suites are for adam"
    ),
    ("weight-decay: 0.1", "study.yaml:1: weight-decay: belongs to the optimizer adamw"),
    (
      "optimizer: adamw\nweight-decay: -1",
      "study.yaml:2: weight-decay: is at least 0 and below 1 / learning-rate, not -1"
    ),
    ("damping: 0.1", "study.yaml:1: damping: belongs to the optimizer kfac"),
    (
      "optimizer: kfac\nlearning-rate: 1\ndamping: 0",
      "study.yaml:3: damping: is a finite number above 0, not 0"
    ),
    (
      "learning-rate: 1e-50",
      "study.yaml:1: learning-rate: is 1e-50, which is 0.0 in the precision of a run"
    ),
    ("learning-rate: 1e50", "study.yaml:1: learning-rate: is 1e+50, which is inf in the precision of a run"),
    ("beta1: 1", "study.yaml:1: beta1: is in [0, 1), not 1"),
    ("beta2: 0.999999999", "study.yaml:1: beta2: is 0.999999999, which is 1 in the precision of a run"),
    ("optimizer: adamw\nbeta2: -0.1", "study.yaml:2: beta2: is in [0, 1), not -0.1"),
    ("epsilon: nan", "study.yaml:1: epsilon: is a finite number above 0, not nan"),
    ("epsilon: 1e-60", "study.yaml:1: epsilon: is 1e-60, which is 0.0 in the precision of a run"),
    (
      "optimizer: sgd\nlearning-rate: 1\nbeta1: 0.5",
      "study.yaml:3: beta1: belongs to the optimizers adam and adamw"
    ),
    ("factor-decay: 0.5", "study.yaml:1: factor-decay: belongs to the optimizer kfac"),
    ("factor-interval: 5", "study.yaml:1: factor-interval: belongs to the optimizer kfac"),
    (
      "optimizer: kfac\nlearning-rate: 1\nfactor-decay: 1", "study.yaml:3: factor-decay: is in [0, 1), not 1"
    ),
    (
      "optimizer: kfac\nlearning-rate: 1\nfactor-interval: 0",
      "study.yaml:3: factor-interval: is 1 to 10000000, not 0"
    ),
    (
      "optimizer: kfac\nlearning-rate: 1\nfactor-interval: 2.5",
      "study.yaml:3: factor-interval: is a whole number, not “2.5”"
    ),
    ("clip-norm: 0", "study.yaml:1: clip-norm: is a finite number above 0, not 0"),
    ("clip-norm: inf", "study.yaml:1: clip-norm: is a finite number above 0, not inf"),
    ("schedule: cosin", "study.yaml:1: schedule: there is no schedule “cosin”: did you mean cosine?"),
    ("schedule: step", "study.yaml:1: schedule: step needs every, the epochs between two steps"),
    ("schedule: [cosine]", "study.yaml:1: schedule: is a name, or a mapping of name and warm-up, not a list"),
    ("schedule: {warm-up: 3}", "study.yaml:1: schedule: has no name"),
    (
      "schedule:\n  name: cosine\n  every: 3",
      "study.yaml:3: schedule.every: does not belong to the schedule cosine"
    ),
    ("schedule:\n  name: cosine\n  fnal: 3", "study.yaml:3: schedule.fnal: unknown key: did you mean final?"),
    (
      "schedule: {name: cosine, final: 2}",
      "study.yaml:1: schedule: the schedule needs a final share in [0, 1], not 2.0"
    ),
    ("schedule:\n  name: step\n  every: 1.5", "study.yaml:3: schedule.every: is a whole number, not “1.5”"),
    (
      "early-stopping: {minimum-improvement: 1}",
      "study.yaml:1: early-stopping: has no patience, the epochs without improvement that end training"
    ),
    (
      "early-stopping: {patience: 0}",
      "study.yaml:1: early-stopping: early stopping needs a patience of at least one epoch, not 0"
    ),
    ("early-stopping: {patience: x}", "study.yaml:1: early-stopping.patience: is a whole number, not “x”"),
    (
      "early-stopping: 3",
      "study.yaml:1: early-stopping: is a mapping with keys such as patience, minimum-improvement, not “3”"
    ),
    (
      "epochs: 3\nseeds: 4\nepochs: 5",
      "study.yaml:1: epochs: the key appears twice in one mapping, first here"
    ),
    ("epochs: 3\n seeds: 4", "study.yaml:2: is not YAML: mapping values are not allowed in this context"),
    ("", "study.yaml:1: the study file is empty"),
    ("- a", "study.yaml:1: is a mapping with keys such as suites, strategies, seeds, not a list"),
    ("epochs: 3\n---\nepochs: 4", "study.yaml:2: is not YAML: but found another document"),
    ("? [a]\n: 3", "study.yaml:1: a key is a word"),
  ])
  func `A bad value is an error with line, key and value`(yaml: String, message: String) {
    #expect(problems(yaml) == [message])
  }

  @Test func `A file that cannot be read is named`() {
    #expect { try StudySpecification(contentsOf: "/nowhere/study.yaml") } throws: { error in
      "\(error)".hasPrefix("/nowhere/study.yaml: cannot be read: ")
    }
  }

  @Test func `Printing and reading again gives the same study`() throws {
    var study = StudySpecification()
    #expect(try read(study.yaml) == study)

    let texts = [
      "null", "1.5", "true", "a: b", "- x", "#", "ü", "it's", "\"\\", " ", "gradnorm(alpha=0.12)", "é🙂", "~",
      "inf",
    ]
    let numbers = [0, -0.0, 0.1, 1e300, Double.leastNonzeroMagnitude, 123_456_789, -3, 1e22]
    study.suites = texts.map { .init($0, label: $0, parameters: [$0: .text($0)]) }
    study.strategies = numbers.map {
      .init("s\($0)", parameters: ["v": .number($0), "list": .numbers(numbers)])
    }
    study.strategies.append(.init("none", parameters: ["list": .numbers([]), "one": .numbers([2])]))
    study.seeds = .list([5, 0, .max])
    study.epochs = 12
    study.batchSize = 3
    (study.gradientScope, study.headPolicy) = (.lastSharedLayer, .weighted)
    (study.scalePolicy, study.accumulation) = (.sumToTasks, 2)
    study.learningRate = 1e-3
    study.optimizer = .sgd
    study.momentum = 0.95
    study.block = BlockSpecification(dropout: 0.25, residual: true)
    study.trunk = [3, 5]
    study.activation = .identity
    study.baseline = "no"
    study.reference = "a b"
    let architectures: [Architecture] = [
      .hardSharing, .mixtureOfExperts(experts: 4), .customizedGateControl(sharedExperts: 2, taskExperts: 0),
      .progressiveExtraction(levels: 3, sharedExperts: 2, taskExperts: 1), .crossStitch,
    ]
    for architecture in architectures {
      study.architecture = architecture
      #expect(try read(study.yaml) == study)
    }
  }

  @Test func `The file of the default study is what a newcomer edits`() {
    #expect(
      StudySpecification().yaml == """
        suites:
          - related
          - unrelated
        strategies:
          - single-task
          - equal
          - uncertainty
          - gradnorm
          - dwa
          - pcgrad
        seeds: 10
        baseline: single-task
        reference: equal

        """)
  }
}
