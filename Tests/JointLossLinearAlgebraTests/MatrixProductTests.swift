import JointLossLinearAlgebra
import Testing

/// Products against loops that accumulate in `Double`.
@Suite struct MatrixProductTests {
  /// Sizes with zeros and ones among them, unlike one another.
  static let shapes: [(m: Int, n: Int, k: Int)] = [
    (0, 3, 2), (3, 0, 2), (3, 2, 0), (1, 1, 1), (1, 7, 4), (5, 1, 3), (4, 6, 5), (17, 9, 33), (40, 31, 64),
  ]

  @Test(arguments: shapes) func `gemm is the naive product`(shape: (m: Int, n: Int, k: Int)) {
    checkGemm(shape, Double.self, tolerance: 1e-13)
    checkGemm(shape, Float.self, tolerance: 1e-5)
  }

  @Test(arguments: shapes) func `gemv is the naive product`(shape: (m: Int, n: Int, k: Int)) {
    checkGemv(shape, Double.self, tolerance: 1e-13)
    checkGemv(shape, Float.self, tolerance: 1e-5)
  }

  @Test(arguments: shapes) func `syrk is the upper triangle of the naive product`(
    shape: (m: Int, n: Int, k: Int)
  ) {
    checkSyrk(shape, Double.self, tolerance: 1e-13)
    checkSyrk(shape, Float.self, tolerance: 1e-5)
  }

  @Test func `axpy and dot are the naive sums`() {
    for count in [0, 1, 3, 64, 1001] {
      checkVectors(count, Double.self, tolerance: 1e-13)
      checkVectors(count, Float.self, tolerance: 1e-6)
    }
  }

  @Test func `dot of Floats accumulates in Double`() {
    // In Float, 1 + 2⁻³⁰ is 1.
    let a = Matrix<Float>(rows: 1, columns: 3, elements: [1, 0x1p-30, -1])
    let b = Matrix<Float>(rows: 1, columns: 3, elements: [1, 1, 1])
    #expect(a.view.dot(b.view) == 0x1p-30)
  }

  @Test func `With beta zero what is there is not read`() {
    let target = Matrix<Double>(rows: 2, columns: 2, elements: [.nan, .nan, .infinity, .nan])
    let factor = Matrix<Double>(rows: 2, columns: 2, elements: [1, 2, 3, 4])
    target.view.setProduct(factor.view, .asIs, factor.view)
    #expect(target.elements == [7, 10, 15, 22])
    let empty = Matrix<Double>(rows: 2, columns: 0)
    target.view.fill(.nan)
    target.view.setProduct(empty.view, .asIs, empty.view, .transposed)
    #expect(target.elements == [0, 0, 0, 0])
    target.view.fill(.nan)
    target.view.setSymmetricProduct(empty.view)
    #expect((target[0, 0], target[0, 1], target[1, 1]) == (0, 0, 0))
  }

  private func checkGemm<Scalar: BLASScalar>(
    _ shape: (m: Int, n: Int, k: Int), _ type: Scalar.Type, tolerance: Double
  ) {
    var stream = PhiloxStream(seed: 1, purpose: "gemm \(shape)")
    let transpositions: [Transposition] = [.asIs, .transposed]
    for transposeA in transpositions {
      for transposeB in transpositions {
        for (alpha, beta) in [(1, 0), (-1.5, 0.5), (0, 2)] as [(Scalar, Scalar)] {
          // Windows inside larger matrices, so that strides differ from the number of columns.
          let a: Matrix<Scalar> = RandomMatrices.normal(shape.m + shape.k + 2, 70, using: &stream)
          let b: Matrix<Scalar> = RandomMatrices.normal(shape.n + shape.k + 2, 71, using: &stream)
          let c: Matrix<Scalar> = RandomMatrices.normal(shape.m + 2, shape.n + 3, using: &stream)
          let before = c.copy()
          let left = window(a.view, shape.m, shape.k, transposeA)
          let right = window(b.view, shape.k, shape.n, transposeB)
          let target = c.view.rows(1..<1 + shape.m).columns(2..<2 + shape.n)
          target.setProduct(left, transposeA, right, transposeB, alpha: alpha, beta: beta)
          for i in 0..<c.rows {
            for j in 0..<c.columns {
              let inside = (1..<1 + shape.m).contains(i) && (2..<2 + shape.n).contains(j)
              guard inside else {
                #expect(c[i, j] == before[i, j])
                continue
              }
              let product = (0..<shape.k).reduce(0.0) {
                $0
                  + Double(entry(left, i - 1, $1, transposeA)) * Double(entry(right, $1, j - 2, transposeB))
              }
              let expected = Double(alpha) * product + Double(beta) * Double(before[i, j])
              #expect(abs(Double(c[i, j]) - expected) <= tolerance * (10 + Double(shape.k)))
            }
          }
        }
      }
    }
  }

  private func checkGemv<Scalar: BLASScalar>(
    _ shape: (m: Int, n: Int, k: Int), _ type: Scalar.Type, tolerance: Double
  ) {
    var stream = PhiloxStream(seed: 2, purpose: "gemv \(shape)")
    for transpose in [Transposition.asIs, .transposed] {
      for (alpha, beta) in [(1, 0), (-1.5, 0.5)] as [(Scalar, Scalar)] {
        let a: Matrix<Scalar> = RandomMatrices.normal(shape.m + shape.k + 2, 70, using: &stream)
        let x: Matrix<Scalar> = RandomMatrices.normal(1, shape.k, using: &stream)
        let y: Matrix<Scalar> = RandomMatrices.normal(shape.m, 1, using: &stream)
        let before = y.copy()
        let left = window(a.view, shape.m, shape.k, transpose)
        y.view.setProduct(left, transpose, vector: x.view, alpha: alpha, beta: beta)
        for i in 0..<shape.m {
          let product = (0..<shape.k).reduce(0.0) {
            $0 + Double(entry(left, i, $1, transpose)) * Double(x[0, $1])
          }
          let expected = Double(alpha) * product + Double(beta) * Double(before[i, 0])
          #expect(abs(Double(y[i, 0]) - expected) <= tolerance * (10 + Double(shape.k)))
        }
      }
    }
  }

  private func checkSyrk<Scalar: BLASScalar>(
    _ shape: (m: Int, n: Int, k: Int), _ type: Scalar.Type, tolerance: Double
  ) {
    var stream = PhiloxStream(seed: 3, purpose: "syrk \(shape)")
    for transpose in [Transposition.asIs, .transposed] {
      for (alpha, beta) in [(1, 0), (-1.5, 0.5)] as [(Scalar, Scalar)] {
        let a: Matrix<Scalar> = RandomMatrices.normal(shape.m + shape.k + 2, 70, using: &stream)
        let c: Matrix<Scalar> = RandomMatrices.normal(shape.m, shape.m + 4, using: &stream)
        let before = c.copy()
        let factor = window(a.view, shape.m, shape.k, transpose)
        c.view.columns(3..<3 + shape.m)
          .setSymmetricProduct(factor, transpose, alpha: alpha, beta: beta)
        for i in 0..<shape.m {
          for j in 0..<shape.m {
            guard j >= i else {
              #expect(c[i, j + 3] == before[i, j + 3])
              continue
            }
            let product = (0..<shape.k).reduce(0.0) {
              $0 + Double(entry(factor, i, $1, transpose)) * Double(entry(factor, j, $1, transpose))
            }
            let expected = Double(alpha) * product + Double(beta) * Double(before[i, j + 3])
            #expect(abs(Double(c[i, j + 3]) - expected) <= tolerance * (10 + Double(shape.k)))
          }
        }
      }
    }
  }

  private func checkVectors<Scalar: BLASScalar>(
    _ count: Int, _ type: Scalar.Type, tolerance: Double
  ) {
    var stream = PhiloxStream(seed: 4, purpose: "vectors \(count)")
    let x: Matrix<Scalar> = RandomMatrices.normal(1, count, using: &stream)
    let y: Matrix<Scalar> = RandomMatrices.normal(count, 1, using: &stream)
    let before = y.copy()
    let expected = zip(x.elements, y.elements).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(x.view.dot(y.view) - expected) <= tolerance * (1 + Double(count)))
    y.view.add(x.view, times: -2.5)
    for i in 0..<count {
      let sum = Double(before[i, 0]) - 2.5 * Double(x[0, i])
      #expect(abs(Double(y[i, 0]) - sum) <= tolerance * 10)
    }
  }

  /// A window whose `op` is rows × columns.
  private func window<Scalar>(
    _ view: MatrixView<Scalar>, _ rows: Int, _ columns: Int, _ transpose: Transposition
  ) -> MatrixView<Scalar> {
    let (height, width) = transpose == .asIs ? (rows, columns) : (columns, rows)
    return view.rows(1..<1 + height).columns(2..<2 + width)
  }

  private func entry<Scalar>(
    _ view: MatrixView<Scalar>, _ row: Int, _ column: Int, _ transpose: Transposition
  ) -> Scalar {
    transpose == .asIs ? view[row, column] : view[column, row]
  }
}
