import Foundation
import JointLossLinearAlgebra
import JointLossWeighting
import Testing

@testable import JointLossTraining

/// Kronecker-factored curvature against Newton's method, explicit Fisher matrices and its invariance.
@Suite struct KFACTests {
  private func newton(damping: Double) -> OptimizerSpecification {
    .kfac(learningRate: 1, momentum: 0, damping: damping, interval: 1)
  }

  @Test func `On a linear regression one step is Newton's`() throws {
    // `python3 Tests/Golden/optimizers.py`: the least-squares solution.
    let optimum = [0.3536960985626286, 0.6078028747433267, 0.0682751540041065]
    let one = try LinearRegression.train(newton(damping: 1e-20), steps: 1).parameters
    for (value, due) in zip(one, optimum) { #expect(abs(value - due) <= 1e-9) }
    // Damped steps are those of the damped factors, and are not at the optimum.
    let damped = try LinearRegression.train(newton(damping: 0.3), steps: 5).parameters
    for (value, due) in zip(damped, dampedNewton) { #expect(abs(value - due) <= 1e-13) }
    #expect(abs(damped[1] - optimum[1]) > 1e-4)
  }

  private let dampedNewton: [Double] = [0.352343395239752, 0.5848642923161133, 0.0940218865342264]

  // MARK: Against explicit matrices

  /// A network 2 → 3 tanh → 1 by hand; its parameters are W (3×2), b (3), v (3) and c, one after the other.
  private struct Tiny {
    static let samples = 9
    var inputs: [Double]
    var targets: [Double]
    var parameters: [Double]

    init() {
      var stream = PhiloxStream(seed: 5, purpose: "test")
      inputs = (0..<2 * Self.samples).map { _ in stream.normal() }
      targets = (0..<Self.samples).map { _ in stream.normal() }
      parameters = (0..<13).map { _ in stream.normal() }
    }

    func output(_ p: [Double], sample: Int, shift: [Double] = [0, 0, 0]) -> Double {
      let x = inputs[2 * sample..<2 * sample + 2].map { $0 }
      let hidden = (0..<3).map { unit in
        tanhOf(p[2 * unit] * x[0] + p[2 * unit + 1] * x[1] + p[6 + unit] + shift[unit])
      }
      return (0..<3).reduce(p[12]) { $0 + p[9 + $1] * hidden[$1] }
    }

    func hidden(sample: Int) -> [Double] {
      (0..<3).map { unit in
        tanhOf(
          parameters[2 * unit] * inputs[2 * sample] + parameters[2 * unit + 1] * inputs[2 * sample + 1]
            + parameters[6 + unit])
      }
    }

    private func tanhOf(_ x: Double) -> Double { 1 - 2 / (1 + exp(2 * x)) }

    /// Central differences of the mean squared error.
    func gradient() -> [Double] {
      parameters.indices.map { index in
        func loss(_ change: Double) -> Double {
          var p = parameters
          p[index] += change
          return (0..<Self.samples).reduce(0) { sum, sample in
            let error = output(p, sample: sample) - targets[sample]
            return sum + error * error
          } / Double(Self.samples)
        }
        return (loss(1e-5) - loss(-1e-5)) / 2e-5
      }
    }

    /// By how much K-FAC's undamped step moves each parameter.
    func step() throws -> [Double] {
      let network = try NetworkSpecification(
        inputs: 2, trunk: [3], activation: .tanh,
        tasks: [TaskSpecification(name: "y", loss: .meanSquaredError)])
      let trainer = try Trainer<Double, EqualWeighting>(
        network: network, strategy: Problem.equal(network),
        optimizer: .kfac(learningRate: 1, momentum: 0, damping: 1e-18, interval: 1), batchSize: Self.samples,
        seed: 0)
      let names = [
        "trunk.0.weight": 0..<6, "trunk.0.bias": 6..<9, "head.0.weight": 9..<12, "head.0.bias": 12..<13,
      ]
      try trainer.setParameters(names.mapValues { Array(parameters[$0]) })
      let data = try TaskDataset(inputCount: 2, inputs: inputs, targets: [targets], tasks: network.tasks)
      try trainer.step(on: PreparedData(data, network: network), samples: 0..<Self.samples)
      var moved = parameters
      for (name, range) in names {
        for (index, value) in zip(range, trainer.parameters[name] ?? []) { moved[index] -= value }
      }
      return moved
    }
  }

  /// `matrix · step − gradient`, relative to the gradient: zero where the step solves the system.
  private func residual(_ matrix: [[Double]], _ step: [Double], _ gradient: [Double]) -> Double {
    let scale = gradient.map(abs).max() ?? 0
    return zip(matrix, gradient).map { row, due in
      abs(zip(row, step).reduce(0) { $0 + $1.0 * $1.1 } - due) / scale
    }.max() ?? .infinity
  }

  @Test func `The head's step solves with its Fisher matrix`() throws {
    // The Hessian of the squared error by the output is 2: F = 2 E[j jᵀ], j the gradient of the output.
    let tiny = Tiny()
    let (step, gradient) = (try tiny.step(), tiny.gradient())
    var fisher = [[Double]](repeating: [Double](repeating: 0, count: 4), count: 4)
    for sample in 0..<Tiny.samples {
      let j = (9..<13).map { index -> Double in
        var (up, down) = (tiny.parameters, tiny.parameters)
        up[index] += 1e-4
        down[index] -= 1e-4
        return (tiny.output(up, sample: sample) - tiny.output(down, sample: sample)) / 2e-4
      }
      for (a, b) in product(4) { fisher[a][b] += 2 * j[a] * j[b] / Double(Tiny.samples) }
    }
    #expect(residual(fisher, Array(step[9..<13]), Array(gradient[9..<13])) <= 1e-6)
    // The gradient itself is no such solution.
    #expect(residual(fisher, Array(gradient[9..<13]), Array(gradient[9..<13])) > 0.1)
  }

  @Test func `A hidden layer's step solves with the Kronecker product of its moments`() throws {
    let tiny = Tiny()
    let (step, gradient) = (try tiny.step(), tiny.gradient())
    var (a, s) = (
      [[Double]](repeating: [0, 0, 0], count: 3), [[Double]](repeating: [0, 0, 0], count: 3)
    )
    for sample in 0..<Tiny.samples {
      let x = [tiny.inputs[2 * sample], tiny.inputs[2 * sample + 1], 1]
      // The derivative of the output by what the activation reads.
      let d = (0..<3).map { unit -> Double in
        var shift = [0.0, 0, 0]
        shift[unit] = 1e-5
        let up = tiny.output(tiny.parameters, sample: sample, shift: shift)
        return (up - tiny.output(tiny.parameters, sample: sample, shift: shift.map { -$0 })) / 2e-5
      }
      for (i, j) in product(3) {
        a[i][j] += x[i] * x[j] / Double(Tiny.samples)
        s[i][j] += 2 * d[i] * d[j] / Double(Tiny.samples)
      }
    }
    // Rows (output o, input i): the place of W[o, i], and of b[o] for i = 2.
    let places = (0..<3).flatMap { output -> [Int] in [2 * output, 2 * output + 1, 6 + output] }
    var fisher = [[Double]](repeating: [Double](repeating: 0, count: 9), count: 9)
    for (row, column) in product(9) {
      fisher[row][column] = s[row / 3][column / 3] * a[row % 3][column % 3]
    }
    #expect(residual(fisher, places.map { step[$0] }, places.map { gradient[$0] }) <= 1e-6)
  }

  private func product(_ count: Int) -> [(Int, Int)] {
    (0..<count).flatMap { a in (0..<count).map { (a, $0) } }
  }

  @Test func `Drawn cotangents have the losses' Hessian as their second moment`() throws {
    let network = try NetworkSpecification(
      inputs: 3, trunk: [], activation: .identity,
      tasks: [
        TaskSpecification(name: "a", loss: .meanSquaredError, outputs: 2),
        TaskSpecification(name: "b", loss: .softmaxCrossEntropy, outputs: 3),
        TaskSpecification(name: "c", loss: .binaryCrossEntropy, outputs: 2),
      ])
    let trainer = try Trainer<Double, ConstantWeights<NoGradients, OnLosses>>(
      network: network, strategy: ConstantWeights([1, 2, -0.5]),
      optimizer: .kfac(learningRate: 1e-300, decay: 0.999_999, interval: 1), batchSize: 16, seed: 4)
    // Predictions from the biases alone: p = (1, 2, 5)/8 and p = 4/5, 1/2.
    var parameters = trainer.parameters.mapValues { $0.map { _ in 0.0 } }
    parameters["head.1.bias"] = [0, log(2), log(5)]
    parameters["head.2.bias"] = [log(4), 0]
    try trainer.setParameters(parameters)
    var stream = PhiloxStream(seed: 1, purpose: "test")
    let data = try PreparedData<Double>(
      TaskDataset(
        inputCount: 3, inputs: (0..<48).map { _ in stream.normal() },
        targets: [
          (0..<32).map { _ in stream.normal() }, (0..<16).map { Double($0 % 3) },
          (0..<32).map { Double($0 % 2) },
        ], tasks: network.tasks), network: network)
    for _ in 0..<4000 { try trainer.step(on: data, samples: 0..<16) }

    var due = [[Double]](repeating: [Double](repeating: 0, count: 7), count: 7)
    for output in 0..<2 { due[output][output] = 1 }
    let p = [0.125, 0.25, 0.625]
    for (a, b) in product(3) { due[2 + a][2 + b] = 2 * ((a == b ? p[a] : 0) - p[a] * p[b]) }
    for (output, p) in [0.8, 0.5].enumerated() { due[5 + output][5 + output] = 0.5 * p * (1 - p) / 2 }
    let kfac = try #require(trainer.optimizer as? KFAC<Double>)
    let moment = try #require(kfac.layers.first).cotangentMoment.view
    for (a, b) in product(7) where a <= b {
      // 64000 draws: five standard deviations of a product of cotangents of variance due[a][a], due[b][b].
      let bound = 5 * (due[a][a] * due[b][b]).squareRoot() * 2 / 64000.squareRoot()
      #expect(abs(moment[a, b] - due[a][b]) <= bound, "(\(a), \(b)): \(moment[a, b]) for \(due[a][b])")
    }
  }

  // MARK: Invariance, failure and fallback

  @Test func `Steps do not depend on an affine map of the inputs`() throws {
    let problem = try Problem(
      inputs: 2, trunk: [4], activation: .tanh, tasks: [(.meanSquaredError, 1), (.binaryCrossEntropy, 1)],
      samples: 30)
    // x' = M x + m with M = [[2, 1], [−1, 3]], M⁻¹ = [[3, −1], [1, 2]]/7; W' = W M⁻¹ and b' = b − W' m.
    let mapped = stride(from: 0, to: 60, by: 2).flatMap { row -> [Double] in
      let (x, y) = (problem.data.inputs[row], problem.data.inputs[row + 1])
      return [2 * x + y + 10, -x + 3 * y - 4]
    }
    let other = try TaskDataset(
      inputCount: 2, inputs: mapped, targets: problem.data.targets, tasks: problem.network.tasks)
    var parameters = problem.parameters
    let (weight, bias) = (parameters["trunk.0.weight"] ?? [], parameters["trunk.0.bias"] ?? [])
    parameters["trunk.0.weight"] = (0..<4).flatMap { unit -> [Double] in
      let (a, b): (Double, Double) = (weight[2 * unit], weight[2 * unit + 1])
      return [(3 * a + b) / 7, (-a + 2 * b) / 7]
    }
    let new = parameters["trunk.0.weight"] ?? []
    parameters["trunk.0.bias"] = (0..<4).map { unit -> Double in
      let shift: Double = 10 * new[2 * unit] - 4 * new[2 * unit + 1]
      return bias[unit] - shift
    }

    func losses(
      _ optimizer: OptimizerSpecification, _ data: TaskDataset, _ start: [String: [Double]]
    ) throws -> [Double] {
      let trainer = try Trainer<Double, EqualWeighting>(
        network: problem.network, strategy: Problem.equal(problem.network), optimizer: optimizer,
        batchSize: 30,
        seed: 0)
      try trainer.setParameters(start)
      let prepared = try PreparedData<Double>(data, network: problem.network)
      for _ in 0..<5 { try trainer.step(on: prepared, samples: 0..<30) }
      return try trainer.losses(on: prepared)
    }
    func difference(_ optimizer: OptimizerSpecification) throws -> Double {
      try zip(losses(optimizer, problem.data, problem.parameters), losses(optimizer, other, parameters))
        .map { abs($0 - $1) / $0 }.max() ?? 0
    }
    #expect(
      try difference(.kfac(learningRate: 0.03, momentum: 0.5, damping: 1e-22, interval: 2)) <= 1e-7)
    #expect(try difference(.sgd(learningRate: 0.01)) > 1e-3)
    #expect(try difference(.adam(learningRate: 0.01)) > 1e-3)
  }

  @Test func `A factor that damping does not save is a typed error, and no parameter moves`() throws {
    // Three inputs that are one, in numbers without rounding.
    let network = try NetworkSpecification(
      inputs: 3, trunk: [], activation: .identity,
      tasks: [TaskSpecification(name: "y", loss: .meanSquaredError)])
    let data = try PreparedData<Double>(
      TaskDataset(
        inputCount: 3, inputs: [1, 1, 1, -1, -1, -1, 2, 2, 2, -2, -2, -2], targets: [[1, 2, 3, 4]],
        tasks: network.tasks), network: network)
    let trainer = try Trainer<Double, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: newton(damping: 1e-60), batchSize: 4,
      seed: 0)
    let before = trainer.parameters
    let error = #expect(throws: TrainingError.self) { try trainer.step(on: data, samples: 0..<4) }
    #expect(error?.code == .optimizer && error?.step == 0)
    #expect(error?.message.contains("1×3 layer are not positive definite with a damping of 1e-60") ?? false)
    #expect(trainer.parameters == before)
    let damped = try Trainer<Double, EqualWeighting>(
      network: network, strategy: Problem.equal(network), optimizer: newton(damping: 1e-6), batchSize: 4,
      seed: 0)
    try damped.step(on: data, samples: 0..<4)
  }

  @Test func `Curvature does not touch what a strategy sees`() throws {
    let problem = try Problem(
      inputs: 4, trunk: [5, 3], activation: .relu,
      tasks: [(.meanSquaredError, 2), (.softmaxCrossEntropy, 3)],
      samples: 9)
    func step(_ optimizer: OptimizerSpecification) throws -> [Double] {
      let trainer = try Trainer<Double, NormRecorder>(
        network: problem.network, strategy: NormRecorder(scope: .sharedParameters), optimizer: optimizer,
        batchSize: 9, seed: 0)
      try trainer.setParameters(problem.parameters)
      let data = try PreparedData<Double>(problem.data, network: problem.network)
      // A rate of next to nothing: the second step sees the same network after the curvature's pass.
      for _ in 0..<2 { try trainer.step(on: data, samples: 0..<9) }
      return trainer.strategy.norms + trainer.lastLosses
    }
    #expect(
      try step(.kfac(learningRate: 1e-300, interval: 1)) == step(.sgd(learningRate: 1e-300)))
  }

  @Test func `A model of graph layers has the steps of the same network in the dense engine`() throws {
    let (tiny, tasks) = (Tiny(), [TaskSpecification(name: "y", loss: .meanSquaredError)])
    let network = try NetworkSpecification(inputs: 2, trunk: [3, 2], activation: .tanh, tasks: tasks)
    let data = try TaskDataset(inputCount: 2, inputs: tiny.inputs, targets: [tiny.targets], tasks: tasks)
    func steps<Gradients, Place>(
      _ trainer: Trainer<Double, ConstantWeights<Gradients, Place>>
    ) throws -> [Double] {
      let prepared = try PreparedData<Double>(data, network: network)
      for _ in 0..<5 { try trainer.step(on: prepared, samples: 0..<Tiny.samples) }
      return trainer.parameters.sorted { $0.key < $1.key }.flatMap(\.value)
    }
    func check<Gradients, Place>(_ strategy: ConstantWeights<Gradients, Place>) throws {
      let rule = OptimizerSpecification.kfac(learningRate: 0.1, interval: 2)
      let dense = try steps(
        Trainer(network: network, strategy: strategy, optimizer: rule, batchSize: Tiny.samples, seed: 3))
      let graph = try steps(
        Trainer(
          model: GraphModel<Double>(graph: NetworkGraph(network)), strategy: strategy, optimizer: rule,
          batchSize: Tiny.samples, seed: 3))
      #expect(dense.count == graph.count)
      for (a, b) in zip(dense, graph) { #expect(abs(a - b) <= 1e-10) }
    }
    try check(ConstantWeights<NoGradients, OnSharedGradient>([1.5]))
    try check(ConstantWeights<NoGradients, OnLosses>([1.5]))
    try check(ConstantWeights<Gramian, OnSharedGradient>([1.5]))
  }

  @Test func `Passes for curvature are counted: all at first, then one an interval`() throws {
    let problem = try Problem(
      inputs: 3, trunk: [4], activation: .tanh, tasks: [(.meanSquaredError, 1)], samples: 6)
    let trainer = try Trainer<Double, EqualWeighting>(
      network: problem.network, strategy: Problem.equal(problem.network),
      optimizer: .kfac(learningRate: 0.01, interval: 3), batchSize: 6, seed: 0)
    let data = try PreparedData<Double>(problem.data, network: problem.network)
    var extra: [Int] = []
    for _ in 0..<10 {
      try trainer.step(on: data, samples: 0..<6)
      extra.append(trainer.counts.backward - trainer.counts.steps)
    }
    #expect(extra == [1, 2, 3, 4, 4, 4, 5, 5, 5, 6])
  }
}
