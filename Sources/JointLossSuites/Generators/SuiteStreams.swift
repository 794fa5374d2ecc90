package import JointLossLinearAlgebra

/// The streams of one seed's data, one for each purpose.
///
/// All are derived from one word of the suite's stream, so that what a task or a split draws does not depend
/// on how much another one draws.
package struct SuiteStreams: Sendable {
  private let root: UInt64

  /// Takes the root from a stream.
  ///
  /// - Parameter stream: the stream of the purpose `data`.
  package init(using stream: inout PhiloxStream) { root = stream.next() }

  /// The stream of a purpose.
  func stream(_ purpose: String) -> PhiloxStream { PhiloxStream(seed: root, purpose: purpose) }
}

extension PhiloxStream {
  /// Standard normal values.
  mutating func normals(_ count: Int) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(normal()) }
    return values
  }

  /// A direction uniform over the sphere, of a given length.
  mutating func direction(dimensions: Int, length: Double) -> [Double] {
    let values = normals(dimensions)
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / norm * length }
  }
}
