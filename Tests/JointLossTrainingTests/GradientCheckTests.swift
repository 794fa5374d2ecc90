import JointLossTraining
import JointLossWeighting
import Testing

/// Every layer, activation, loss and path of the backward pass against central differences in `Double`.
@Suite struct GradientCheckTests {
  private static let losses: [(TaskLoss, Int)] = [
    (.meanSquaredError, 2), (.softmaxCrossEntropy, 3), (.binaryCrossEntropy, 1), (.binaryCrossEntropy, 2),
    (.meanSquaredError, 1),
  ]
  private static let weights = [0.3, 1.7, -0.4, 1, 0]

  private func problem(_ activation: Activation, trunk: [Int] = [6, 5]) throws -> Problem {
    try Problem(inputs: 4, trunk: trunk, activation: activation, tasks: Self.losses, samples: 9)
  }

  @Test(arguments: Activation.allCases)
  func `Weighted losses`(activation: Activation) throws {
    let problem = try problem(activation)
    let gradient = try problem.gradient(ConstantWeights<NoGradients, OnLosses>(Self.weights))
    #expect(try problem.differences().error(of: gradient, shared: Self.weights, heads: Self.weights) <= 1e-7)
  }

  @Test(arguments: Activation.allCases)
  func `Weights on the shared gradient, from losses alone`(activation: Activation) throws {
    let problem = try problem(activation)
    let gradient = try problem.gradient(
      ConstantWeights<NoGradients, OnSharedGradient>(Self.weights))
    #expect(try problem.differences().error(of: gradient, shared: Self.weights) <= 1e-7)
  }

  @Test(arguments: Activation.allCases, [TaskWeights.Application.losses, .sharedGradient])
  func `Stacked cotangents under a Gramian strategy`(
    activation: Activation, application: TaskWeights.Application
  ) throws {
    let problem = try problem(activation)
    let gradient = try problem.gradient(
      constantWeights(Gramian.self, Self.weights, appliesTo: application))
    let heads = application == .losses ? Self.weights : nil
    #expect(try problem.differences().error(of: gradient, shared: Self.weights, heads: heads) <= 1e-7)
  }

  @Test(arguments: Activation.allCases, GradientScope.onParameters)
  func `Stacked cotangents under gradient norms`(activation: Activation, scope: GradientScope) throws {
    let problem = try problem(activation)
    let gradient = try problem.gradient(
      ConstantWeights<GradientNorms, OnLosses>(Self.weights, scope: scope))
    #expect(try problem.differences().error(of: gradient, shared: Self.weights, heads: Self.weights) <= 1e-7)
  }

  @Test(arguments: Activation.allCases)
  func `Heads of one output each, which have a kernel of their own`(activation: Activation) throws {
    let problem = try Problem(
      inputs: 4, trunk: [7], activation: activation,
      tasks: [(.meanSquaredError, 1), (.binaryCrossEntropy, 1), (.meanSquaredError, 1)], samples: 9)
    let weights = [0.3, 1.7, -0.4]
    let gradient = try problem.gradient(
      ConstantWeights<Gramian, OnSharedGradient>(weights))
    #expect(try problem.differences().error(of: gradient, shared: weights) <= 1e-7)
  }

  @Test func `A single task, and a trunk without layers`() throws {
    let single = try Problem(
      inputs: 4, trunk: [5], activation: .tanh, tasks: [(.softmaxCrossEntropy, 4)], samples: 9)
    let stacked = try single.gradient(ConstantWeights<Gramian, OnSharedGradient>([2.5]))
    #expect(try single.differences().error(of: stacked, shared: [2.5]) <= 1e-7)
    let linear = try problem(.relu, trunk: [])
    let gradient = try linear.gradient(ConstantWeights<NoGradients, OnLosses>(Self.weights))
    #expect(try linear.differences().error(of: gradient, shared: Self.weights, heads: Self.weights) <= 1e-7)
  }

  @Test func `The check notices a gradient that is wrong by a millionth`() throws {
    let problem = try problem(.tanh)
    var gradient = try problem.gradient(ConstantWeights<NoGradients, OnLosses>(Self.weights))
    let differences = try problem.differences()
    for (name, tensor) in gradient {
      var wrong = gradient
      wrong[name] = tensor.map { $0 * (1 + 1e-6) }
      // The head of the task with weight 0 has no gradient that could be wrong.
      guard tensor.contains(where: { $0 != 0 }) else { continue }
      #expect(differences.error(of: wrong, shared: Self.weights, heads: Self.weights) > 1e-7, "\(name)")
    }
    gradient["trunk.0.bias"]?.swapAt(0, 1)
    #expect(differences.error(of: gradient, shared: Self.weights, heads: Self.weights) > 1e-7)
  }
}
