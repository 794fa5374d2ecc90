import JointLossLinearAlgebra
import Testing

@Suite struct CholeskyTests {
  @Test(arguments: [1, 3, 20]) func `The factor reproduces the matrix, and solves with it`(order: Int) throws
  {
    try check(order, Double.self, tolerance: 1e-12)
    try check(order, Float.self, tolerance: 1e-4)
  }

  @Test func `The factor of a matrix in whole numbers is exact`() throws {
    // L Lᵀ of L = [2; 6 1; −8 5 3], multiplied by hand.
    let matrix = Matrix<Double>(rows: 3, columns: 3, elements: [4, 12, -16, 12, 37, -43, -16, -43, 98])
    let factorisation = try Cholesky(of: matrix)
    let factor = factorisation.factor.view
    let lower = (0..<3).map { row in (0...row).map { factor[row, $0] } }
    #expect(lower == [[2], [6, 1], [-8, 5, 3]])
  }

  @Test(arguments: [1, 2, 3]) func `The error names the minor that is not positive definite`(minor: Int) {
    let matrix = Matrix<Double>(rows: 3, columns: 3, elements: [4, 0, 0, 0, 4, 0, 0, 0, 4])
    matrix[minor - 1, minor - 1] = -1
    #expect {
      _ = try Cholesky(of: matrix)
    } throws: { error in
      (error as? LAPACKError)?.code == .notPositiveDefinite(minor)
        && "\(error)".contains("minor of order \(minor)")
    }
  }

  @Test func `A semidefinite matrix is not positive definite`() {
    #expect {
      _ = try Cholesky(of: Matrix<Double>(rows: 2, columns: 2, elements: [1, 1, 1, 1]))
    } throws: { error in
      (error as? LAPACKError)?.code == .notPositiveDefinite(2)
    }
  }

  @Test func `Wrong shapes and NaN are typed errors`() throws {
    #expect {
      _ = try Cholesky(of: Matrix<Double>(rows: 1, columns: 2))
    } throws: {
      ($0 as? LAPACKError)?.code == .shape
    }
    #expect {
      _ = try Cholesky(of: Matrix<Double>(rows: 1, columns: 1, elements: [.nan]))
    } throws: { error in
      guard case .argument? = (error as? LAPACKError)?.code else { return false }
      return true
    }
    let factorisation = try Cholesky(of: Matrix<Double>(rows: 1, columns: 1, elements: [4]))
    let tall = Matrix<Double>(rows: 2, columns: 1)
    do {
      _ = try factorisation.solve(tall)
      Issue.record("two right-hand rows for a matrix of order 1 were solved")
    } catch {
      #expect(error.code == .shape && error.routine == "potrs")
    }
    let unknown = Matrix<Double>(rows: 1, columns: 1, elements: [.nan])
    do {
      _ = try factorisation.solve(unknown)
      Issue.record("a NaN was solved for")
    } catch {
      #expect(error.routine == "potrs")
    }
  }

  @Test func `Empty systems have empty solutions`() throws {
    let none = try Cholesky(of: Matrix<Double>(rows: 0, columns: 0))
      .solve(Matrix<Double>(rows: 0, columns: 2))
    #expect((none.rows, none.columns) == (0, 2))
    let without = try Cholesky(of: Matrix<Double>(rows: 1, columns: 1, elements: [4]))
      .solve(Matrix<Double>(rows: 1, columns: 0))
    #expect((without.rows, without.columns) == (1, 0))
  }

  private func check<Scalar: BLASScalar>(_ order: Int, _ type: Scalar.Type, tolerance: Double) throws {
    var stream = PhiloxStream(seed: 6, purpose: "cholesky \(order)")
    let matrix: Matrix<Scalar> = RandomMatrices.positiveDefinite(order, shift: 0.5, using: &stream)
    let factorisation = try Cholesky(of: matrix)
    let lower = factorisation.factor.copy()
    for i in 0..<order {
      for j in i + 1..<max(order, i + 1) { lower[i, j] = 0 }
    }
    let product = Matrix<Scalar>(rows: order, columns: order)
    product.view.setProduct(lower.view, .asIs, lower.view, .transposed)
    #expect(RandomMatrices.distance(product.view, matrix.view) < tolerance)
    let sides: Matrix<Scalar> = RandomMatrices.normal(order, 3, using: &stream)
    let solution = try factorisation.solve(sides)
    let back = Matrix<Scalar>(rows: order, columns: 3)
    back.view.setProduct(matrix.view, .asIs, solution.view)
    #expect(RandomMatrices.distance(back.view, sides.view) < tolerance)
  }
}
