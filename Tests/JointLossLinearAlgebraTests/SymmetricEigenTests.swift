import JointLossLinearAlgebra
import Testing

@Suite struct SymmetricEigenTests {
  @Test(arguments: [1, 2, 5, 24]) func `Residual and orthogonality are at rounding`(order: Int) throws {
    try check(order, Double.self, tolerance: 1e-13)
    try check(order, Float.self, tolerance: 1e-5)
  }

  @Test func `The second difference has its known spectrum`() throws {
    // 2 on the diagonal, −1 beside it: 2 − 2 cos(kπ/(n + 1)); for n = 5 the angles are multiples of 30°.
    let matrix = Matrix<Double>(rows: 5, columns: 5)
    for i in 0..<5 {
      matrix[i, i] = 2
      if i < 4 {
        matrix[i, i + 1] = -1
        matrix[i + 1, i] = -1
      }
    }
    let root = 3.0.squareRoot()
    let values = try SymmetricEigen(of: matrix).values
    for (value, expected) in zip(values, [2 - root, 1, 2, 3, 2 + root]) {
      #expect(abs(value - expected) < 1e-14)
    }
  }

  @Test func `An equicorrelated matrix has two eigenvalues`() throws {
    // (1 − r)I + r 11ᵀ: 1 − r five times, and 1 + 5r.
    let matrix = Matrix<Double>(rows: 6, columns: 6, elements: (0..<36).map { $0 % 7 == 0 ? 1 : -0.1 })
    let values = try SymmetricEigen(of: matrix).values
    for (value, expected) in zip(values, [0.5, 1.1, 1.1, 1.1, 1.1, 1.1]) {
      #expect(abs(value - expected) < 1e-14)
    }
  }

  @Test func `Only the upper triangle is read`() throws {
    let upper = Matrix<Double>(rows: 2, columns: 2, elements: [2, 1, 777, 2])
    let values = try SymmetricEigen(of: upper).values
    #expect(zip(values, [1.0, 3.0]).allSatisfy { abs($0 - $1) < 1e-14 })
  }

  @Test func `An empty matrix has no eigenvalues`() throws {
    #expect(try SymmetricEigen(of: Matrix<Double>(rows: 0, columns: 0)).values.isEmpty)
  }

  @Test func `A matrix that is not square is a typed error`() {
    #expect {
      _ = try SymmetricEigen(of: Matrix<Double>(rows: 2, columns: 3))
    } throws: { error in
      (error as? LAPACKError)?.code == .shape && "\(error)" == "syevd: 2×3 is not square"
    }
  }

  @Test func `A NaN is a typed error`() {
    let matrix = Matrix<Double>(rows: 2, columns: 2, elements: [1, .nan, .nan, 1])
    #expect {
      _ = try SymmetricEigen(of: matrix)
    } throws: { error in
      guard let error = error as? LAPACKError, case .argument = error.code else { return false }
      return error.routine == "syevd"
    }
  }

  private func check<Scalar: BLASScalar>(_ order: Int, _ type: Scalar.Type, tolerance: Double) throws {
    var stream = PhiloxStream(seed: 5, purpose: "eigen \(order)")
    let half: Matrix<Scalar> = RandomMatrices.normal(order, order, using: &stream)
    let matrix = Matrix<Scalar>(rows: order, columns: order)
    for i in 0..<order {
      for j in 0..<order { matrix[i, j] = half[i, j] + half[j, i] }
    }
    let eigen = try SymmetricEigen(of: matrix)
    #expect(eigen.values == eigen.values.sorted())
    #expect(RandomMatrices.orthogonalityDefect(eigen.vectors.view) < tolerance * Double(order))
    let residual = Matrix<Scalar>(rows: order, columns: order)
    residual.view.setProduct(matrix.view, .asIs, eigen.vectors.view)
    let scaled = eigen.vectors.copy()
    for i in 0..<order {
      for j in 0..<order { scaled[i, j] *= eigen.values[j] }
    }
    #expect(RandomMatrices.distance(residual.view, scaled.view) < 5 * tolerance * Double(order))
  }
}
