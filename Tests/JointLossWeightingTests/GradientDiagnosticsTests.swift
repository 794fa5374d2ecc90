import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

@Suite struct GradientDiagnosticsTests {
  // python3 -c "import numpy as np; g=np.array([[-4,1,1],[6,1,1.]]); print(np.linalg.norm(g, axis=1),
  //   np.linalg.cond(g @ g.T), g[0] @ g[1] / np.prod(np.linalg.norm(g, axis=1)))"
  @Test func `The diagnostics of two conflicting gradients`() throws {
    let diagnostics = try GradientDiagnostics(Gramian(rows: [[18, -22], [-22, 38]]))
    #expect(diagnostics.norms == [4.242640687119285, 6.164414002968976])
    #expect(abs(diagnostics.cosines[0] + 0.8411910241920599) <= 1e-15)
    #expect(diagnostics.conflictRate == 1)
    #expect(abs(try #require(diagnostics.magnitudeRatio) - 1.4529663145135578) <= 1e-14)
    #expect(abs(try #require(diagnostics.conditionNumber) / 13.606505745212955 - 1) <= 1e-13)
  }

  @Test func `Pairs come in the order of their first, then their second task`() throws {
    let diagnostics = try GradientDiagnostics(
      Jacobian(rows: [[1, 0], [0, 2], [-3, 0]]).gramian)
    #expect(diagnostics.cosines == [0, -1, 0])
    #expect(diagnostics.conflictRate == 1.0 / 3)
    #expect(diagnostics.conditionNumber == nil)
  }

  @Test func `What is undefined is nil`() throws {
    let single = try GradientDiagnostics(Gramian(rows: [[4]]))
    #expect(single.cosines.isEmpty && single.conflictRate == nil)
    #expect(single.magnitudeRatio == 1 && single.conditionNumber == 1)
    let zero = try GradientDiagnostics(Gramian(rows: [[0, 0], [0, 1]]))
    #expect(zero.cosines == [0] && zero.conflictRate == 0)
    #expect(zero.magnitudeRatio == nil && zero.conditionNumber == nil)
  }

  @Test func `A condition number does not depend on the scale, and a rank deficiency is seen`() throws {
    var stream = PhiloxStream(seed: 1, purpose: "test")
    let rows = stream.jacobian(tasks: 4, parameters: 6)
    let plain = try #require(GradientDiagnostics(Jacobian(rows: rows).gramian).conditionNumber)
    for scale in [1e-100, 1e-10, 1e10, 1e100] {
      let scaled = try Jacobian(rows: rows.map { $0.map { scale * $0 } }).gramian
      let condition = try #require(GradientDiagnostics(scaled).conditionNumber)
      #expect(abs(condition / plain - 1) <= 1e-9)
    }
    let tall = stream.jacobian(tasks: 5, parameters: 3)
    #expect(try GradientDiagnostics(Jacobian(rows: tall).gramian).conditionNumber == nil)
  }

  @Test func `No task and values that are not finite are refused`() throws {
    #expect(throws: WeightingError.self) { try GradientDiagnostics(Gramian(taskCount: 0)) }
    var gramian = Gramian(taskCount: 2)
    gramian[1, 0] = .nan
    let error = #expect(throws: WeightingError.self) { try GradientDiagnostics(gramian) }
    #expect(error?.code == .nonFinite && error?.task == 1)
  }
}
