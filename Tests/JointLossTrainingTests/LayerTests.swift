import JointLossLinearAlgebra
import JointLossTraining
import JointLossWeighting
import Testing

/// Layers against closed forms: networks of one sample whose dense map is the identity.
@Suite struct LayerTests {
  /// The weighted sum of a layer's outputs for one sample, read off the squared errors to two targets.
  private struct Probe {
    let trainer: Trainer<Double, EqualWeighting>
    private let data: PreparedData<Double>

    init(
      _ inputs: [[Double]], _ activation: Activation, _ block: BlockSpecification, head: [Double],
      setting values: [String: [Double]] = [:], seed: UInt64 = 5
    ) throws {
      let width = head.count
      let network = try NetworkSpecification(
        inputs: width, trunk: [width], activation: activation, block: block,
        tasks: ["plus", "minus"].map { TaskSpecification(name: $0, loss: .meanSquaredError) })
      trainer = try Trainer(
        network: network, strategy: Problem.equal(network), optimizer: .sgd(learningRate: 1e-300),
        batchSize: inputs.count, seed: seed)
      let identity = (0..<width * width).map { $0 % (width + 1) == 0 ? 1.0 : 0 }
      var parameters = trainer.parameters
      parameters.merge([
        "trunk.0.weight": identity, "head.0.weight": head, "head.1.weight": head, "head.0.bias": [0],
        "head.1.bias": [0],
      ]) { $1 }
      parameters.merge(values) { $1 }
      try trainer.setParameters(parameters)
      data = try PreparedData(
        TaskDataset(
          inputCount: width, inputs: inputs.flatMap { $0 },
          targets: [1.0, -1].map { target in inputs.map { _ in target } }, tasks: network.tasks),
        network: network)
    }

    /// The mean over the samples, from (y + 1)² − (y − 1)² = 4y.
    func evaluated() throws -> Double {
      let losses = try trainer.losses(on: data)
      return (losses[1] - losses[0]) / 4
    }

    /// The same in a training step, which leaves the parameters as they are.
    func trained() throws -> Double {
      try trainer.step(on: data, samples: 0..<data.sampleCount)
      return (trainer.lastLosses[1] - trainer.lastLosses[0]) / 4
    }
  }

  @Test func `GELU is the exact form`() throws {
    // python3 -c "from math import *; print([x*(0.5*(1+erf(x/sqrt(2)))) for x in (-3,-0.5,0,0.7,2.5)])"
    let values = [
      (-3.0, -0.00404969409489031), (-0.5, -0.15426876936299344), (0, 0), (0.7, 0.5306254434438489),
      (2.5, 2.4844758366855597),
    ]
    for (x, expected) in values {
      let probe = try Probe([[x]], .gelu, .plain, head: [1])
      #expect(abs(try probe.evaluated() - expected) <= 1e-14)
    }
  }

  @Test func `Layer norm is numpy's, with gain and bias`() throws {
    // x = numpy.array([0.5, -1.25, 2, 4]); g * (x - x.mean()) / numpy.sqrt(x.var() + 1e-5) + b
    let (x, gain, bias) = ([0.5, -1.25, 2, 4], [1.5, -0.5, 2, 1], [0.25, 0, -1, 3])
    let expected = [-0.3810043359048446, 0.6633635326179136, -0.28809767231248296, 4.391445458661965]
    for (unit, value) in expected.enumerated() {
      let probe = try Probe(
        [x], .identity, BlockSpecification(layerNorm: true), head: (0..<4).map { $0 == unit ? 1 : 0 },
        setting: ["trunk.0.norm.gain": gain, "trunk.0.norm.bias": bias])
      #expect(abs(try probe.evaluated() - value) <= 1e-13)
    }
  }

  @Test func `Layer norm of equal values is its bias`() throws {
    let probe = try Probe(
      [[3, 3]], .identity, BlockSpecification(layerNorm: true), head: [1, 1],
      setting: ["trunk.0.norm.bias": [0.5, 0.25]])
    #expect(try probe.evaluated() == 0.75)
  }

  @Test func `A residual sum adds the layer's input`() throws {
    let block = BlockSpecification(residual: true)
    let probe = try Probe([[2, -3]], .relu, block, head: [1, 10])
    // x + max(x, 0) = (4, −3).
    #expect(abs(try probe.evaluated() - (4 - 30)) <= 1e-12)
  }

  // MARK: Dropout

  @Test func `The masks are words of the stream, by row, layer and step`() throws {
    let (rate, width, samples, seed) = (0.3, 10, 3, UInt64(5))
    // Units of powers of two: their sum says which were kept. One sample at a time differs from zero.
    for sample in 0..<samples {
      let inputs = (0..<samples).map { row in
        (0..<width).map { row == sample ? Double(1 << $0) : 0 }
      }
      let probe = try Probe(
        inputs, .identity, BlockSpecification(dropout: rate), head: [Double](repeating: 1, count: width),
        seed: seed)
      for step in 0..<4 {
        // The dropout layer is the second layer, after the dense map.
        var stream = PhiloxStream(
          key: (seed, StableHash.fnv1a("dropout")), counter: (0, UInt64(sample), 2, UInt64(step)))
        let kept = (0..<width).reduce(0) { stream.uniform() < rate ? $0 : $0 + (1 << $1) }
        let sum = try probe.trained() * Double(samples)
        #expect(abs(sum * (1 - rate) - Double(kept)) <= 1e-8, "sample \(sample), step \(step)")
      }
    }
  }

  @Test func `The expectation of a unit is its value, and evaluation drops nothing`() throws {
    let (rate, width, samples, steps) = (0.4, 50, 40, 50)
    let row = (0..<width).map { 1 + Double($0 % 3) }
    let probe = try Probe(
      [[Double]](repeating: row, count: samples), .identity, BlockSpecification(dropout: rate),
      head: [Double](repeating: 1, count: width))
    let sum = row.reduce(0, +)
    #expect(abs(try probe.evaluated() - sum) <= 1e-10)
    let mean = try (0..<steps).reduce(0) { total, _ in try total + probe.trained() } / Double(steps)
    // The standard deviation of the mean of samples · steps sums of independent units.
    let deviation =
      (rate / (1 - rate) * row.reduce(0) { $0 + $1 * $1 } / Double(samples * steps)).squareRoot()
    #expect(abs(mean - sum) <= 3 * deviation)
    #expect(abs(mean - sum) > 0, "nothing was dropped")
    #expect(abs(try probe.evaluated() - sum) <= 1e-10)
  }

  @Test func `A seed fixes the masks, whatever the strategy`() throws {
    let network = try #require(NetworkCase.all.first { $0.testDescription == "dropout" }).network
    let problem = try Problem(network, samples: 12)
    func train(_ strategy: some WeightingStrategy, seed: UInt64) throws -> [String: [Double]] {
      let trainer = try Trainer<Double, _>(
        network: network, strategy: strategy, optimizer: .sgd(learningRate: 0.1), batchSize: 5, seed: seed)
      try trainer.setParameters(problem.parameters)
      for _ in 0..<2 { try trainer.trainEpoch(on: PreparedData(problem.data, network: network)) }
      return trainer.parameters
    }
    let equal = try train(Problem.equal(network), seed: 1)
    #expect(try train(Problem.equal(network), seed: 1) == equal)
    #expect(try train(Problem.equal(network), seed: 2) != equal)
    let stacked = try train(
      ConstantWeights<Gramian, OnSharedGradient>([1, 1, 1]), seed: 1)
    for (name, values) in equal {
      for (a, b) in zip(values, stacked[name] ?? []) { #expect(abs(a - b) <= 1e-12, "\(name)") }
    }
  }

  @Test func `The probe Gramian drops nothing`() throws {
    let network = try #require(NetworkCase.all.first { $0.testDescription == "dropout" }).network
    let without = try NetworkSpecification(
      inputs: network.inputs, trunk: network.trunk, activation: network.activation, tasks: network.tasks)
    let (dropping, plain) = try (Problem(network, samples: 9), Problem(without, samples: 9))
    #expect(try dropping.gramian(in: Double.self) == plain.gramian(in: Double.self))
  }
}
