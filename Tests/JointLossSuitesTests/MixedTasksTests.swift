import JointLossLinearAlgebra
import JointLossSuites
import JointLossTraining
import JointLossWeighting
import Testing

@Suite struct MixedTasksTests {
  @Test(arguments: ["related", "unrelated", "conflicting"])
  func `A preset has three regressions of unlike scale and a class`(name: String) throws {
    let suite = try SuiteRegistry.builtIn.make(name)
    #expect(suite.taskSpecifications.map(\.name) == ["unit", "large", "small", "class"])
    #expect(
      suite.taskSpecifications.map(\.loss) == [
        .meanSquaredError, .meanSquaredError, .meanSquaredError, .binaryCrossEntropy,
      ])
    let data = try FeatureBankTests.data(suite, 1)
    #expect(data.train.sampleCount == 600 && data.train.inputCount == 30)
    for (targets, scale) in zip(data.test.targets, [1, 3, 0.3]) {
      #expect(abs(LabelStatistics.deviation(targets) / scale - 1) < 0.08)
    }
    // The latent label is symmetric about zero: the classes are balanced.
    #expect(abs(LabelStatistics.mean(data.test.targets[3]) - 0.5) < 5 * 0.5 / 2000.0.squareRoot())
    #expect(Set(data.train.targets[3]) == [0, 1])
  }

  @Test func `The presets are the feature bank at three overlaps`() throws {
    // The first task has scale 1 and noise 0.3 in both.
    let presets: [(any MixedTasksSuite.Type, Double)] = [
      (RelatedSuite.self, 1), (UnrelatedSuite.self, 0), (ConflictingSuite.self, -0.5),
    ]
    for (type, overlap) in presets {
      let preset = try SuiteRegistry.builtIn.make(type.about.name)
      let bank = try FeatureBankTests.suite(["overlap": .number(overlap)])
      let (a, b) = (try FeatureBankTests.data(preset, 5), try FeatureBankTests.data(bank, 5))
      #expect(type.overlap == overlap)
      #expect(a.train.targets[0] == b.train.targets[0])
      #expect(a.test.targets[1] == b.test.targets[1].map { 3 * $0 })
      #expect(a.test.targets[3] == b.test.targets[3].map { $0 > 0 ? 1 : 0 })
    }
  }
}
