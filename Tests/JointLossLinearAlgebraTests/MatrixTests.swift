import JointLossLinearAlgebra
import Testing

@Suite struct MatrixTests {
  @Test func `A new matrix is zero and 64-byte aligned`() {
    for count in [1, 3, 100] {
      let matrix = Matrix<Float>(rows: 1, columns: count)
      #expect(matrix.elements == [Float](repeating: 0, count: count))
      matrix.view.withElements { buffer in
        #expect(Int(bitPattern: buffer.baseAddress) % 64 == 0)
      }
    }
  }

  @Test func `A copy is a matrix of its own`() {
    let matrix = Matrix<Double>(rows: 2, columns: 2, elements: [1, 2, 3, 4])
    let copy = matrix.copy()
    copy[0, 0] = 9
    #expect(matrix.elements == [1, 2, 3, 4])
    #expect(copy.elements == [9, 2, 3, 4])
  }

  @Test func `Views share memory, and fill and copy respect the stride`() {
    let matrix = Matrix<Double>(rows: 3, columns: 4, elements: (0..<12).map(Double.init))
    let window = matrix.view.rows(1..<3).columns(1..<3)
    #expect(window.elements == [5, 6, 9, 10])
    #expect(!window.isContiguous && matrix.view.isContiguous && window.rows(0..<1).isContiguous)
    window.fill(-1)
    #expect(matrix.elements == [0, 1, 2, 3, 4, -1, -1, 7, 8, -1, -1, 11])
    let source = Matrix<Double>(rows: 2, columns: 2, elements: [20, 21, 22, 23])
    window.copy(from: source.view)
    #expect(matrix.elements == [0, 1, 2, 3, 4, 20, 21, 7, 8, 22, 23, 11])
    #expect(matrix.view.reshaped(rows: 2, columns: 6)[1, 0] == 21)
    #expect(matrix.view(at: 4, rows: 2, columns: 2).elements == [4, 20, 21, 7])
  }

  @Test func `Empty matrices and views have no elements`() {
    let matrix = Matrix<Double>(rows: 0, columns: 3)
    #expect(matrix.elements.isEmpty && matrix.view.elements.isEmpty)
    #expect(matrix.view.dot(matrix.view) == 0)
    #expect(matrix.view.columns(1..<3).rows(0..<0).count == 0)
  }
}
