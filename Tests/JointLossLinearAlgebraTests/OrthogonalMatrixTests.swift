import JointLossLinearAlgebra
import Testing

@Suite struct OrthogonalMatrixTests {
  @Test(arguments: [(7, 3), (3, 7), (4, 4), (1, 5), (5, 1)])
  func `Rows or columns are orthonormal, whichever are fewer`(shape: (Int, Int)) throws {
    try check(shape, Double.self, tolerance: 1e-14)
    try check(shape, Float.self, tolerance: 2e-6)
  }

  @Test func `A seed gives the same matrix again, another seed another one`() throws {
    func draw(_ seed: UInt64) throws -> [Double] {
      var stream = PhiloxStream(seed: seed, purpose: "orthogonal")
      return try Matrix<Double>.randomOrthogonal(rows: 4, columns: 6, using: &stream).elements
    }
    #expect(try draw(1) == draw(1))
    #expect(try draw(1) != draw(2))
  }

  @Test func `Without the sign of R the law would not be uniform`() throws {
    // Uniform on the sphere: each entry of a 1×3 frame has mean 0 and variance 1/3, whatever its sign.
    var stream = PhiloxStream(seed: 3, purpose: "orthogonal")
    var (sums, squares) = ([0.0, 0, 0], [0.0, 0, 0])
    let draws = 4000
    for _ in 0..<draws {
      let row = try Matrix<Double>.randomOrthogonal(rows: 1, columns: 3, using: &stream)
      for i in 0..<3 {
        sums[i] += row[0, i] / Double(draws)
        squares[i] += row[0, i] * row[0, i] / Double(draws)
      }
    }
    // Five standard errors: 5·√(1/3 / 4000) = 0.046; the squares' standard deviation is 0.298.
    #expect(sums.allSatisfy { abs($0) < 0.046 })
    #expect(squares.allSatisfy { abs($0 - 1.0 / 3) < 0.024 })
  }

  @Test(arguments: [(0, 3), (3, 0), (0, 0)]) func `An empty shape is a typed error`(shape: (Int, Int)) {
    #expect {
      var stream = PhiloxStream(seed: 1, purpose: "orthogonal")
      _ = try Matrix<Double>.randomOrthogonal(rows: shape.0, columns: shape.1, using: &stream)
    } throws: {
      ($0 as? LAPACKError)?.code == .shape
    }
  }

  private func check<Scalar: BLASScalar>(
    _ shape: (Int, Int), _ type: Scalar.Type, tolerance: Double
  ) throws {
    var stream = PhiloxStream(seed: 7, purpose: "orthogonal \(shape)")
    let matrix = try Matrix<Scalar>.randomOrthogonal(rows: shape.0, columns: shape.1, using: &stream)
    #expect((matrix.rows, matrix.columns) == shape)
    let narrow = min(shape.0, shape.1)
    let gramian = Matrix<Scalar>(rows: narrow, columns: narrow)
    if shape.0 >= shape.1 {
      gramian.view.setProduct(matrix.view, .transposed, matrix.view, .asIs)
    } else {
      gramian.view.setProduct(matrix.view, .asIs, matrix.view, .transposed)
    }
    for i in 0..<narrow {
      for j in 0..<narrow { #expect(abs(Double(gramian[i, j]) - (i == j ? 1 : 0)) < tolerance) }
    }
  }
}
