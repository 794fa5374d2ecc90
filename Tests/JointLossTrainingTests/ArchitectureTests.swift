import JointLossTraining
import JointLossWeighting
import Testing

/// Every layer and architecture through every path of a step, in `Double`.
@Suite struct ArchitectureTests {
  private static let weights = [0.3, 1.7, -0.4]

  @Test(arguments: NetworkCase.all)
  func `Gradients are those of central differences, whatever the strategy sees`(_ test: NetworkCase) throws {
    let problem = try Problem(test.network, samples: 9)
    let differences = try problem.differences(evaluating: !test.hasDropout)
    let weights = Array(Self.weights.prefix(test.network.tasks.count))
    func check(_ what: String, _ application: TaskWeights.Application, _ strategy: some WeightingStrategy)
      throws
    {
      let error = differences.error(
        of: try problem.gradient(strategy), shared: weights, heads: application == .losses ? weights : nil)
      #expect(error <= 1e-7, "\(what), weights on \(application)")
    }
    for application in [TaskWeights.Application.losses, .sharedGradient] {
      try check("losses", application, constantWeights(NoGradients.self, weights, appliesTo: application))
      try check("gramian", application, constantWeights(Gramian.self, weights, appliesTo: application))
      for scope in GradientScope.onParameters {
        try check(
          "norms over \(scope)", application,
          constantWeights(GradientNorms.self, weights, appliesTo: application, scope: scope))
      }
    }
  }

  @Test(arguments: NetworkCase.all)
  func `Weights of 0 leave nothing on shared parameters, whatever was there before`(_ test: NetworkCase)
    throws
  {
    let problem = try Problem(test.network, samples: 9)
    // Rows of the Jacobian are formed where the gradient is.
    let gradient = try problem.gradient(
      ConstantWeights<Jacobian, OnSharedGradient>(test.network.tasks.map { _ in 0 }))
    for tensor in problem.tensors {
      let isMoved = gradient[tensor.name]?.contains { $0 != 0 }
      #expect(isMoved == (tensor.task != nil), "\(tensor.name)")
    }
  }

  @Test(arguments: NetworkCase.all)
  func `The check notices each tensor that is wrong by a millionth`(_ test: NetworkCase) throws {
    let problem = try Problem(test.network, samples: 9)
    let differences = try problem.differences(evaluating: !test.hasDropout)
    let weights = Array(Self.weights.prefix(test.network.tasks.count))
    let gradient = try problem.gradient(ConstantWeights<NoGradients, OnLosses>(weights))
    for (name, tensor) in gradient {
      #expect(tensor.contains { $0 != 0 }, "\(name) has no gradient")
      var wrong = gradient
      wrong[name] = tensor.map { $0 * (1 + 1e-6) }
      #expect(differences.error(of: wrong, shared: weights, heads: weights) > 1e-7, "\(name)")
    }
  }

  @Test(arguments: NetworkCase.all)
  func `Gramian and norms of every scope of parameters are those of the Jacobian`(_ test: NetworkCase) throws
  {
    for samples in [9, 150] {
      let problem = try Problem(test.network, samples: samples)
      for scope in GradientScope.onParameters {
        let rows = try problem.jacobianRows(over: scope)
        let recorder = try problem.stepped(NormRecorder(scope: scope))
        for (norm, row) in zip(recorder.norms, rows) {
          let expected = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
          #expect(abs(norm - expected) <= 1e-12 * expected, "\(scope), \(samples) samples")
        }
        let gramian = try #require(
          try problem.stepped(GramianRecorder(), options: StepOptions(gradientScope: scope)).gramian)
        let expected = try Jacobian(rows: rows).gramian
        #expect(gramian.error(against: expected) <= 1e-12, "\(scope), \(samples) samples")
        guard scope == .sharedParameters else { continue }
        if !test.hasDropout {
          #expect(try problem.gramian(in: Double.self).error(against: expected) <= 1e-12)
        }
        let single = try problem.gramian(in: Float.self)
        #expect(try single.error(against: problem.gramian(in: Double.self)) <= 1e-5)
      }
    }
  }

  @Test(arguments: NetworkCase.all)
  func `Shared are the tensors that several losses depend on, and no others`(_ test: NetworkCase) throws {
    let problem = try Problem(test.network, samples: 9)
    let count = test.network.tasks.count
    let gradients = try (0..<count).map { task in
      try problem.gradient(
        ConstantWeights<NoGradients, OnLosses>((0..<count).map { $0 == task ? 1 : 0 }))
    }
    for tensor in problem.tensors {
      let users = (0..<count).filter { gradients[$0][tensor.name]?.contains { $0 != 0 } ?? false }
      let isShared = test.shared.contains { tensor.name.hasPrefix($0) }
      #expect((tensor.task == nil) == isShared, "\(tensor.name)")
      #expect(isShared ? users.count == count : users == [tensor.task], "\(tensor.name) is used by \(users)")
      #expect(tensor.isLastShared == test.lastShared.contains(tensor.name), "\(tensor.name)")
    }
  }

  @Test func `There are cases for every architecture and layer`() {
    #expect(NetworkCase.all.count == 18)
  }
}
