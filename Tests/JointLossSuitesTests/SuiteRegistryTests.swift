import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct SuiteRegistryTests {
  static let names = [
    "related", "unrelated", "conflicting", "feature-bank", "mmoe-sine", "gradnorm-tanh", "linear-subspace",
  ]

  /// Values that make a suite's data small; for all suites alike.
  static func small(_ name: String) -> [String: ParameterValue] {
    name == "gradnorm-tanh"
      ? ["samples": .number(40), "inputs": .number(12), "outputs": .number(5)] : ["samples": .number(40)]
  }

  @Test func `The built-in suites are these`() {
    #expect(SuiteRegistry.builtIn.names == Self.names)
  }

  @Test(arguments: names) func `A suite says what it is, and is created with its defaults`(name: String)
    throws
  {
    let type = try SuiteRegistry.builtIn.type(named: name)
    #expect(type.about.name == name)
    #expect(type.about.summary.hasSuffix(".") && !type.about.formula.isEmpty)
    #expect(!type.parameters.isEmpty)
    for parameter in type.parameters {
      #expect(parameter.summary.hasSuffix("."), "\(name).\(parameter.name)")
    }
    let suite = try SuiteRegistry.builtIn.make(name)
    #expect(Set(suite.taskSpecifications.map(\.name)).count == suite.taskSpecifications.count)
    let recipe = suite.recipe
    #expect(recipe.epochs > 0 && recipe.batchSize > 0 && recipe.learningRate > 0)
    let trunk = try #require(recipe.trunk)
    #expect(!trunk.isEmpty && trunk.allSatisfy { $0 > 0 } && recipe.activation != nil)
  }

  @Test(arguments: names) func `A seed gives the same bits again, another seed other ones`(name: String)
    throws
  {
    let suite = try SuiteRegistry.builtIn.make(name, parameters: Self.small(name))
    func draw(_ seed: UInt64) throws -> SuiteData {
      var stream = PhiloxStream(seed: seed, purpose: "data")
      return try suite.generate(using: &stream)
    }
    let (first, again, other) = (try draw(1), try draw(1), try draw(2))
    #expect(first.train == again.train)
    #expect(first.validation == again.validation)
    #expect(first.test == again.test)
    #expect(first.train.inputs != other.train.inputs)
    #expect(first.train.targets != other.train.targets)
    #expect(first.train.sampleCount == 40 && suite.trainingSampleCount == 40)
    #expect(first.train.targets.count == suite.taskSpecifications.count)
    #expect(first.irreducibleLoss?.count == suite.taskSpecifications.count)
    // No sample is in two splits.
    let inputs = first.train.inputCount
    #expect(!first.test.inputs.starts(with: first.train.inputs.prefix(inputs)))
    #expect(!first.validation.inputs.starts(with: first.train.inputs.prefix(inputs)))
    #expect(!first.validation.inputs.starts(with: first.test.inputs.prefix(inputs)))
  }

  @Test(arguments: names) func `More training samples leave the first ones and the test split as they are`(
    name: String
  ) throws {
    var more = Self.small(name)
    more["samples"] = .number(60)
    func draw(_ parameters: [String: ParameterValue]) throws -> SuiteData {
      var stream = PhiloxStream(seed: 3, purpose: "data")
      return try SuiteRegistry.builtIn.make(name, parameters: parameters).generate(using: &stream)
    }
    let (few, many) = (try draw(Self.small(name)), try draw(more))
    #expect(many.test == few.test)
    #expect(many.train.inputs.starts(with: few.train.inputs))
    for (all, start) in zip(many.train.targets, few.train.targets) { #expect(all.starts(with: start)) }
  }

  @Test func `An unknown suite is an error that suggests the nearest names`() {
    #expect(throws: SuiteError("no suite is named “realted”: did you mean related?")) {
      try SuiteRegistry.builtIn.make("realted")
    }
  }

  @Test func `Unknown and impossible parameters are typed errors`() {
    let cases: [(String, [String: ParameterValue], String)] = [
      ("related", ["sample": .number(3)], "related has no parameter “sample”: did you mean samples?"),
      ("related", ["samples": .number(0)], "related.samples is a whole number in [1, 1000000], not 0"),
      ("feature-bank", ["tasks": .number(0)], "feature-bank.tasks is a whole number in [1, 64], not 0"),
      (
        "feature-bank", ["overlap": .number(0.25)],
        "feature-bank.overlap 0.25 of 6 features is 1.5 features: choose a multiple of 1/6"
      ),
      (
        "feature-bank", ["scales": .numbers([1, 2])], "feature-bank.scales has 2 values for 4 tasks"
      ),
      (
        "feature-bank", ["overlap": .number(-1), "inputs": .number(3)],
        "feature-bank.inputs is 3: 4 tasks that contest features need at least as many"
      ),
      (
        "mmoe-sine", ["tasks": .number(3), "correlation": .number(-0.5)],
        "mmoe-sine.correlation is -0.5: more than two tasks need at least 0"
      ),
      (
        "mmoe-sine", ["tasks": .number(3), "inputs": .number(3)],
        "mmoe-sine.inputs is 3: 3 tasks need at least 4"
      ),
      (
        "gradnorm-tanh", ["tasks": .number(11)],
        "gradnorm-tanh.sigmas has defaults for 1 … 10 tasks, not for 11: give one a task"
      ),
      (
        "gradnorm-tanh", ["sigmas": .numbers([1, 2, 3])],
        "gradnorm-tanh.sigmas has 3 values for 2 tasks"
      ),
      (
        "gradnorm-tanh", ["reading": .text("deviation")],
        "gradnorm-tanh.reading is variance | standard-deviation, not deviation"
      ),
      (
        "linear-subspace", ["cosine": .number(-0.5)],
        "linear-subspace.cosine is -0.5: 4 vectors cannot all meet at less than -0.3333333333333333"
      ),
      (
        "linear-subspace", ["inputs": .number(3)],
        "linear-subspace.inputs is 3: 4 tasks need at least as many"
      ),
    ]
    for (name, parameters, message) in cases {
      #expect(throws: SuiteError(message)) {
        try SuiteRegistry.builtIn.make(name, parameters: parameters)
      }
    }
  }

  @Test func `An added suite is listed last, and made with its parameters by name`() throws {
    let registry = try SuiteRegistry.builtIn.adding([Line.self])
    #expect(registry.names == Self.names + ["line"])
    #expect(Line.parameters.map(\.name) == ["label-noise", "shape"])
    let suite = try registry.make("line", parameters: ["label-noise": .number(0.5), "shape": .text("bent")])
    let line = try #require(suite as? Line)
    #expect(line.labelNoise == 0.5 && line.shape == .bent)
    #expect(try #require(try registry.make("line") as? Line).labelNoise == 0.1)
    #expect(throws: SuiteError("line.label-noise is a number ≥ 0, not -1")) {
      try registry.make("line", parameters: ["label-noise": .number(-1)])
    }
    #expect(throws: SuiteError("line has no parameter “noise”: its parameters are label-noise, shape")) {
      try registry.make("line", parameters: ["noise": .number(1)])
    }
    #expect(throws: SuiteError("line.shape is bent without label noise")) {
      try registry.make("line", parameters: ["label-noise": .number(0), "shape": .text("bent")])
    }
  }

  @Test func `A suite that cannot be is refused when it is added`() throws {
    let cases: [(any TaskSuite.Type, String)] = [
      (Taken.self, "a suite named “related” exists already"),
      (Hidden.self, "a suite has a name of one line in printable characters, not “a\\nb”"),
      (Twice.self, "twice.noise is declared twice"),
      (OutOfRange.self, "out-of-range.noise is a number ≥ 0, and its default is -1"),
    ]
    for (type, message) in cases {
      let error = #expect(throws: SuiteError.self) { try SuiteRegistry.builtIn.adding([type]) }
      #expect(error?.description == message)
    }
    let once = try SuiteRegistry.builtIn.adding([Line.self])
    #expect(throws: SuiteError("a suite named “line” exists already")) { try once.adding([Line.self]) }
  }

  @Test func `A task whose name hides is refused when the suite is made`() throws {
    let registry = try SuiteRegistry.builtIn.adding([HiddenTask.self])
    let error = #expect(throws: SuiteError.self) { try registry.make("hidden-task") }
    #expect(
      error?.description
        == "a task of hidden-task has a name of one line in printable characters, not “a\\u{202E}b”")
  }

  @Test func `A suite has either models of its own or the recipe of a network`() throws {
    let registry = try SuiteRegistry.builtIn.adding([
      Modeled.self, Neither.self, Both.self, OnlyJoint.self, Renaming.self, Widened.self,
    ])
    #expect(try registry.make("modeled").model(for: Modeled().taskSpecifications) != nil)
    #expect(try registry.make("related").model(for: []) == nil)
    let cases = [
      ("neither", "neither has no model of its own: its recipe needs a trunk and an activation"),
      ("both", "both has a model of its own: its recipe has no trunk and no activation"),
      ("only-joint", "only-joint has a model for all of its tasks, and none for a alone"),
      ("renaming", "the model of renaming for the tasks a, b has other tasks: x, b"),
      ("widened", "the model of widened has 2 inputs, its samples have 3"),
    ]
    for (name, message) in cases {
      #expect(throws: SuiteError(message)) { try registry.make(name) }
    }
  }
}

// MARK: Suites of somebody's program

private protocol OneTask: TaskSuite {}

extension OneTask {
  var taskSpecifications: [TaskSpecification] { [TaskSpecification(name: "y", loss: .meanSquaredError)] }
  var recipe: TrainingRecipe {
    TrainingRecipe(trunk: [2], activation: .tanh, epochs: 1, batchSize: 2, learningRate: 0.1)
  }
  func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    throw SuiteError("has no data")
  }
}

private struct Line: OneTask {
  enum Shape: String, Codable, CaseIterable { case straight, bent }
  static let about = SuiteDescription("line", "A line.", formula: "y = x")
  @Parameter("The noise.", in: .nonNegative) var labelNoise = 0.1
  @Parameter("The shape.") var shape = Shape.straight

  func validate() throws(SuiteError) {
    if shape == .bent && labelNoise == 0 { throw SuiteError("line.shape is bent without label noise") }
  }
}

private struct Taken: OneTask {
  static let about = SuiteDescription("related", "Not the first.", formula: "y = 0")
}

private struct Hidden: OneTask {
  static let about = SuiteDescription("a\nb", "Two lines.", formula: "y = 0")
}

private struct Twice: OneTask {
  struct Noise: ParameterGroup, Sendable {
    @Parameter("The noise.", in: .nonNegative) var noise = 0.1
  }
  static let about = SuiteDescription("twice", "One name twice.", formula: "y = 0")
  var first = Noise()
  var second = Noise()
}

private struct OutOfRange: OneTask {
  static let about = SuiteDescription("out-of-range", "A default that cannot be.", formula: "y = 0")
  @Parameter("The noise.", in: .nonNegative) var noise = -1.0
}

private struct HiddenTask: OneTask {
  static let about = SuiteDescription("hidden-task", "A task's name turns the writing.", formula: "y = 0")
  var taskSpecifications: [TaskSpecification] {
    [TaskSpecification(name: "a\u{202E}b", loss: .meanSquaredError)]
  }
}

/// A model that nobody trains.
private struct Blank: MultiTaskModel {
  let inputs = 2
  let tasks: [TaskSpecification]
  var tensors: [ParameterTensor] { [ParameterTensor("weight", columns: 2)] }
  func initialise(_ values: (Int) -> MatrixView<Float>, seed: UInt64) {}
  func forward(_ pass: ModelPass<Float>) {}
  func backward(_ pass: ModelPass<Float>) {}
}

private protocol TwoTasks: TaskSuite {}

extension TwoTasks {
  var taskSpecifications: [TaskSpecification] {
    ["a", "b"].map { TaskSpecification(name: $0, loss: .meanSquaredError) }
  }
  var recipe: TrainingRecipe { TrainingRecipe(epochs: 1, batchSize: 2, learningRate: 0.1) }
  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? { Blank(tasks: tasks) }
  func generate(using stream: inout PhiloxStream) throws -> SuiteData { throw SuiteError("has no data") }
}

private struct Modeled: TwoTasks {
  static let about = SuiteDescription("modeled", "A model.", formula: "y = 0")
}

private struct Neither: TwoTasks {
  static let about = SuiteDescription("neither", "No model, no trunk.", formula: "y = 0")
  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? { nil }
}

private struct Both: TwoTasks {
  static let about = SuiteDescription("both", "A model and a trunk.", formula: "y = 0")
  let recipe = TrainingRecipe(trunk: [2], activation: .tanh, epochs: 1, batchSize: 2, learningRate: 0.1)
}

private struct OnlyJoint: TwoTasks {
  static let about = SuiteDescription("only-joint", "No model of one task.", formula: "y = 0")
  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? {
    tasks.count == 2 ? Blank(tasks: tasks) : nil
  }
}

private struct Renaming: TwoTasks {
  static let about = SuiteDescription("renaming", "A model of other tasks.", formula: "y = 0")
  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? {
    Blank(tasks: [TaskSpecification(name: "x", loss: .meanSquaredError)] + tasks.dropFirst())
  }
}

private struct Widened: TwoTasks {
  static let about = SuiteDescription("widened", "Samples of three inputs.", formula: "y = 0")
  let inputCount: Int? = 3
}
