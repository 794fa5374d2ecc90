import JointLossLinearAlgebra
import Testing

/// Expected values: numpy.linalg.lstsq(A, B, rcond=None), numpy 2.4.6.
@Suite struct LeastSquaresTests {
  @Test func `An overdetermined system has numpy's solution`() throws {
    let matrix = Matrix<Double>(
      rows: 5, columns: 3, elements: [1, 2, 3, 4, 5, 6, 7, 8, 10, 2, -1, 0, 0, 3, -2])
    let sides = Matrix<Double>(rows: 5, columns: 2, elements: [1, 0, 2, 1, -1, 3, 0.5, -2, 4, 1])
    let fit = try LeastSquares(matrix, sides)
    expect(
      fit.solution.elements,
      [
        0.23205531761184714, -0.49037618040146547, 0.7661644047680481, 0.5071469116053458,
        -0.7368285257237216, 0.17302234377418824,
      ])
    expect(fit.singularValues, [17.41889599749681, 3.745613933280745, 2.133644415361387])
    #expect(fit.rank == 3)
  }

  @Test func `Of a deficient rank the least norm is taken`() throws {
    // The third column is the sum of the others: rank 2.
    let matrix = Matrix<Double>(rows: 4, columns: 3, elements: [1, 2, 3, 2, 4, 6, 1, 0, 1, 3, 2, 5])
    let sides = Matrix<Double>(rows: 4, columns: 1, elements: [1, 2, 3, 4])
    let fit = try LeastSquares(matrix, sides)
    expect(fit.solution.elements, [1.3910256410256414, -0.9358974358974367, 0.45512820512820573])
    #expect(fit.rank == 2)
    // (1, 1, −1) spans the null space; the solution of least norm has no part in it.
    #expect(abs(fit.solution[0, 0] + fit.solution[1, 0] - fit.solution[2, 0]) < 1e-14)
  }

  @Test func `An underdetermined system has numpy's solution of least norm`() throws {
    let matrix = Matrix<Double>(rows: 2, columns: 4, elements: [1, 2, 3, 4, 0, 1, -1, 2])
    let fit = try LeastSquares(matrix, Matrix<Double>(rows: 2, columns: 1, elements: [1, 2]))
    expect(
      fit.solution.elements,
      [-0.06106870229007637, 0.2824427480916031, -0.5877862595419845, 0.5648854961832059])
  }

  @Test func `Float agrees with Double`() throws {
    var stream = PhiloxStream(seed: 8, purpose: "gelsd")
    let matrix: Matrix<Double> = RandomMatrices.normal(12, 5, using: &stream)
    let sides: Matrix<Double> = RandomMatrices.normal(12, 2, using: &stream)
    let exact = try LeastSquares(matrix, sides)
    let single = try LeastSquares(
      Matrix<Float>(rows: 12, columns: 5, elements: matrix.elements.map(Float.init)),
      Matrix<Float>(rows: 12, columns: 2, elements: sides.elements.map(Float.init)))
    for (a, b) in zip(single.solution.elements, exact.solution.elements) {
      #expect(abs(Double(a) - b) < 1e-5)
    }
  }

  @Test func `The residual is orthogonal to the columns`() throws {
    var stream = PhiloxStream(seed: 9, purpose: "gelsd")
    for (rows, columns) in [(9, 4), (30, 30), (50, 7)] {
      let matrix: Matrix<Double> = RandomMatrices.normal(rows, columns, using: &stream)
      let sides: Matrix<Double> = RandomMatrices.normal(rows, 2, using: &stream)
      let fit = try LeastSquares(matrix, sides)
      let residual = sides.copy()
      residual.view.setProduct(matrix.view, .asIs, fit.solution.view, alpha: -1, beta: 1)
      let products = Matrix<Double>(rows: columns, columns: 2)
      products.view.setProduct(matrix.view, .transposed, residual.view)
      #expect(products.elements.allSatisfy { abs($0) < 1e-10 })
    }
  }

  @Test func `Shapes that do not fit or are empty are typed errors`() {
    for (rows, columns, sideRows, sides) in [(2, 2, 3, 1), (0, 2, 0, 1), (2, 0, 2, 1), (2, 2, 2, 0)] {
      #expect {
        _ = try LeastSquares(
          Matrix<Double>(rows: rows, columns: columns), Matrix<Double>(rows: sideRows, columns: sides))
      } throws: {
        ($0 as? LAPACKError)?.code == .shape && ($0 as? LAPACKError)?.routine == "gelsd"
      }
    }
  }

  @Test func `A NaN on either side is a typed error`() {
    let good = Matrix<Double>(rows: 1, columns: 1, elements: [1])
    let bad = Matrix<Double>(rows: 1, columns: 1, elements: [.nan])
    #expect {
      _ = try LeastSquares(bad, good)
    } throws: { error in
      guard case .argument? = (error as? LAPACKError)?.code else { return false }
      return true
    }
    #expect {
      _ = try LeastSquares(good, bad)
    } throws: { error in
      guard case .argument? = (error as? LAPACKError)?.code else { return false }
      return true
    }
  }

  private func expect(_ values: [Double], _ expected: [Double]) {
    #expect(values.count == expected.count)
    for (value, target) in zip(values, expected) { #expect(abs(value - target) < 1e-13 * 20) }
  }
}
