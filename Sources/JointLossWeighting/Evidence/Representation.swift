/// What the tasks read of the shared layers, sample by sample: samples × units, in `Double`.
public struct Representation: Sendable, Hashable {
  /// The number of units.
  public let units: Int
  /// The elements, sample by sample.
  public var elements: [Double]

  /// A representation from its rows.
  ///
  /// - Parameter rows: for each sample equally many finite values, at least one.
  /// - Throws: ``WeightingError`` that names the offending sample and value.
  public init(rows: [[Double]]) throws(WeightingError) {
    units = rows.first?.count ?? 0
    guard units > 0 else { throw WeightingError(.shape, "the representation has no units") }
    for (sample, row) in rows.enumerated() {
      guard row.count == units else {
        throw WeightingError(
          .shape,
          "the representation is ragged: sample \(sample) has \(row.count) values, sample 0 has \(units)")
      }
      if let value = row.first(where: { !$0.isFinite }) {
        throw WeightingError(.nonFinite, "the representation of sample \(sample) holds \(value)")
      }
    }
    elements = rows.flatMap { $0 }
  }

  /// Sets all elements to 0.
  package mutating func clear() {
    for index in elements.indices { elements[index] = 0 }
  }

  /// A representation of zeros, to be filled.
  ///
  /// - Parameters:
  ///   - samples: the number of samples.
  ///   - units: the number of units, at least 1.
  public init(samples: Int, units: Int) {
    self.units = units
    elements = [Double](repeating: 0, count: samples * units)
  }
}
