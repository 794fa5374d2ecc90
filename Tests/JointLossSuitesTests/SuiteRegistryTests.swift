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
    let descriptor = try SuiteRegistry.builtIn.type(named: name).descriptor
    #expect(descriptor.name == name)
    #expect(descriptor.summary.hasSuffix(".") && !descriptor.formula.isEmpty)
    #expect(!descriptor.parameters.isEmpty)
    for parameter in descriptor.parameters {
      #expect(parameter.summary.hasSuffix("."), "\(name).\(parameter.name)")
    }
    let suite = try SuiteRegistry.builtIn.make(name)
    #expect(Set(suite.tasks.map(\.name)).count == suite.tasks.count)
    let recipe = suite.recipe
    #expect(recipe.epochs > 0 && recipe.batchSize > 0 && recipe.learningRate > 0)
    #expect(!recipe.trunk.isEmpty && recipe.trunk.allSatisfy { $0 > 0 })
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
    #expect(first.train.targets.count == suite.tasks.count)
    #expect(first.irreducibleLoss?.count == suite.tasks.count)
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
}
