import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import Testing

@testable import JointLossWeighting

/// The solvers on Gramians of fewer independent gradients than tasks, exact or rounded to `Float`.
@Suite struct DependentGradientsTests {
  /// A Gramian on which a solver broke, with what scipy's NNLS makes of it: Tests/Golden/nnls/nnls.py.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let strategy: String
    let file: String
    let float: Bool
    let gramian: [[Double]]
    /// The squared length of the direction, and its products with the unit gradients, in units of the largest norm.
    let square: Double
    let products: [Double]
    var testDescription: String { "\(strategy) on \(file)" }
  }

  static let cases: [Case] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../Golden/nnls/dependent-gradients.json")
    do {
      return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    } catch {
      return []
    }
  }()

  @Test func `The file of NNLS solutions holds all strategies and Gramians`() {
    #expect(
      Self.cases.map(\.strategy) == [
        "dualproj", "dualproj", "upgrad", "upgrad", "dualproj", "cagrad", "mgda",
      ])
  }

  private func weights(_ name: String, _ gramian: Gramian) throws -> TaskWeights {
    var strategy = try StrategyRegistry.builtIn.makeWeigher(name, taskCount: gramian.taskCount)
    var step = StepObservation(losses: [])
    step.gramian = gramian
    return try strategy.weights(observing: step)
  }

  @Test(arguments: cases) func `Gramians on which a solver broke have the direction of NNLS`(given: Case)
    throws
  {
    let gramian = try Gramian(rows: given.gramian)
    let answer = try weights(given.strategy, gramian)
    let certificate = try #require(answer.certificate)
    #expect(certificate.residual <= SolverCertificate.tolerance && certificate.ridge <= 1e-6)
    let norms = (0..<gramian.taskCount).map { gramian.norm(of: $0) }
    let largest = norms.max() ?? 0
    let shares = zip(answer.values, norms).map { $0 * $1 / largest }
    // Weights of the size of NNLS's, which are at most 1400.
    #expect(shares.allSatisfy { abs($0) <= 2000 })
    var square = 0.0
    for t in shares.indices {
      var product = 0.0
      for s in shares.indices { product += gramian[t, s] / norms[t] / norms[s] * shares[s] }
      square += shares[t] * product
      #expect(abs(product - given.products[t]) <= (given.float ? 1e-4 : 1e-6))
    }
    #expect(abs(square - given.square) <= (given.float ? 1e-5 : 1e-9))
  }

  /// The conditions of the projection, computed here, relative to the data: terms of 1 on unit gradients.
  @Test(arguments: ["dualproj", "upgrad", "mgda", "cagrad"], [false, true])
  func `Random low-rank Gramians are solved, in Double and rounded to Float`(name: String, isFloat: Bool)
    throws
  {
    var stream = PhiloxStream(seed: 31, purpose: "test")
    for tasks in [4, 6, 8, 12, 16, 24, 30] {
      // In order: what is drawn depends on it.
      for rank in Set([1, 2, 3, tasks / 4, tasks / 2]).sorted() where rank > 0 && rank < tasks {
        var gramian = try Jacobian(rows: stream.jacobian(tasks: tasks, parameters: rank)).gramian
        if isFloat {
          for i in 0..<tasks { for j in 0..<tasks { gramian[i, j] = Double(Float(gramian[i, j])) } }
        }
        let answer = try weights(name, gramian)
        let certificate = try #require(answer.certificate)
        #expect(certificate.residual <= SolverCertificate.tolerance)
        #expect(certificate.ridge <= (isFloat ? 1e-5 : 1e-12))
        #expect(answer.values.allSatisfy { $0.isFinite && abs($0) <= 1e5 })
        guard name != "cagrad" else { continue }
        let norms = (0..<tasks).map { gramian.norm(of: $0) }
        let largest = norms.max() ?? 0
        for t in 0..<tasks {
          var product = 0.0
          for s in 0..<tasks {
            // Rounding to Float leaves some cosines outside -1...1: the rules read them as the ends.
            let cosine = t == s ? 1 : gramian[t, s] / norms[t] / norms[s]
            product += min(max(cosine, -1), 1) * norms[s] * answer.values[s]
          }
          let allowed = certificate.ridge * norms[t] * answer.values[t]
          #expect(product >= -allowed - 1e-7 * largest)
        }
      }
    }
  }

  // MARK: A certificate of what is wrong in size

  /// Three unit vectors in a plane, 120° apart: their sum is 0, so that (1, 1, 1) is a null vector.
  private static let star = [1, -0.5, -0.5, -0.5, 1, -0.5, -0.5, -0.5, 1]

  @Test(arguments: [1e10, 1e200, .nan, .infinity])
  func `An active set certifies no solution that is wrong in size`(factor: Double) {
    for matrix in [Self.star, [1, -0.5, 0.2, -0.5, 1, -0.9, 0.2, -0.9, 1]] {
      for sums in [[], [1.0, 0.5, 0.1]] {
        var program = ActiveSetProgram()
        program.load(order: 3, matrix, sums: sums)
        program.linear = [1, -0.5, 0.2]
        program.linearTerms = [1, 0.5, 0.2]
        #expect(program.solve().residual <= SolverCertificate.tolerance)
        let solution = program.solution
        program.solution = solution.map { $0 * factor }
        program.updateGradient()
        #expect(!(program.residual() <= SolverCertificate.limit))
        // Along the null vector, where no row's product changes.
        program.solution = solution.map { $0 + factor }
        program.updateGradient()
        #expect(!(program.residual() <= SolverCertificate.limit))
        program.solution = solution
        program.updateGradient()
        #expect(program.residual() <= SolverCertificate.tolerance)
      }
    }
  }

  @Test(arguments: [1e10, 1e-10, .nan, .infinity, 0.99])
  func `An eigendecomposition certifies no vectors or values that are wrong in size`(factor: Double) throws {
    var solver = PseudoInverse()
    let matrix = [1, -0.5, 0.2, -0.5, 1, -0.9, 0.2, -0.9, 1]
    func decompose() throws { _ = try solver.decompose(order: 3, matrix, rankTolerance: 1e-14) }
    try decompose()
    solver.vectors = solver.vectors.map { $0 * factor }
    #expect(!(solver.residual() <= SolverCertificate.limit))
    try decompose()
    solver.values = solver.values.map { $0 * factor }
    #expect(!(solver.residual() <= SolverCertificate.limit))
    // One vector twice, with its value.
    try decompose()
    for i in 0..<3 { solver.vectors[i] = solver.vectors[3 + i] }
    solver.values[0] = solver.values[1]
    #expect(!(solver.residual() <= SolverCertificate.limit))
    let error = #expect(throws: WeightingError.self) {
      _ = try solver.decompose(order: 2, [.nan, .nan, .nan, .nan], rankTolerance: 1e-14)
    }
    #expect(error?.code == .solver)
  }

  @Test(arguments: [1e10, 1e200, .nan, .infinity])
  func `CAGrad's dual certifies no direction that is wrong in size`(factor: Double) throws {
    var (scaled, dual) = (ScaledGramian(), CAGradDual())
    scaled.load(try Gramian(rows: [[1, 0.2, -0.5], [0.2, 1, -0.6], [-0.5, -0.6, 1]]))
    var result = [0.0, 0, 0]
    let mean = scaled.cosines.reduce(0, +) / 9
    #expect(
      try dual.solve(scaled, taskCount: 3, c: 0.5, into: &result).residual <= SolverCertificate.tolerance)
    let weights = dual.weights
    let radius = 0.5 * mean.squareRoot()
    #expect(dual.residual(3, radius: radius, isStationary: false) <= SolverCertificate.tolerance)
    for isStationary in [false, true] {
      dual.weights = weights.map { $0 * factor }
      #expect(!(dual.residual(3, radius: radius, isStationary: isStationary) <= SolverCertificate.limit))
    }
  }

  @Test func `CAGrad's dual certifies nothing along a null vector`() throws {
    var (scaled, dual) = (ScaledGramian(), CAGradDual())
    scaled.load(try Jacobian(rows: [[1, 0], [-1, 0], [0, 1]]).gramian)
    var result = [0.0, 0, 0]
    #expect(
      try dual.solve(scaled, taskCount: 3, c: 0.5, into: &result).residual <= SolverCertificate.tolerance)
    for t in 0..<2 { dual.weights[t] += 1e15 }
    #expect(dual.residual(3, radius: 0.5 / 3, isStationary: false) > SolverCertificate.tolerance)
  }

  @Test(arguments: [1e10, 1e-10, .nan, .infinity])
  func `The fairness equations certify no solution that is wrong in size`(factor: Double) throws {
    var (scaled, solver) = (ScaledGramian(), FairnessEquations())
    scaled.load(try Gramian(rows: [[1, 0.2, -0.5], [0.2, 1, -0.6], [-0.5, -0.6, 1]]))
    var result = [0.0, 0, 0]
    #expect(try solver.solve(scaled, alpha: 1, into: &result).residual <= SolverCertificate.tolerance)
    solver.logarithms = solver.logarithms.map { $0 + log(factor) }
    solver.products = solver.products.map { $0 * factor }
    for hasRidge in [false, true] {
      #expect(!(solver.residual(3, 1, hasRidge: hasRidge) <= SolverCertificate.limit))
    }
  }

  @Test func `An answer between tolerance and limit is returned with its residual, beyond it is an error`()
    throws
  {
    let unproven = SolverCertificate(iterations: 3, residual: 1e-6)
    #expect(try unproven.usable("a solver") == unproven)
    for residual in [1.1e-4, .nan, .infinity] {
      let error = #expect(throws: WeightingError.self) {
        try SolverCertificate(iterations: 3, residual: residual).usable("a solver")
      }
      #expect(error?.code == .solver)
      #expect(error?.message.hasSuffix("residual of \(residual), above 0.0001") == true)
    }
  }
}
