/// What a layer of trunk, expert or tower has beside its dense map and activation.
///
/// In order: dense map, layer norm, activation, dropout, and the sum with the layer's input.
public struct BlockSpecification: Codable, Hashable, Sendable {
  /// Whether the dense map's outputs are normalised, with a learned gain and bias a unit.
  public let layerNorm: Bool
  /// The probability that a unit is dropped in a training step, in [0, 1); 0 is no dropout.
  public let dropout: Double
  /// Whether a layer as wide as its input adds that input to its output; layers of other widths are as they are.
  public let residual: Bool

  /// Nothing but the dense map and its activation.
  public static let plain = BlockSpecification()

  /// Describes a block.
  ///
  /// - Parameters:
  ///   - layerNorm: whether the dense map's outputs are normalised.
  ///   - dropout: the probability that a unit is dropped, in [0, 1).
  ///   - residual: whether a layer as wide as its input adds that input to its output.
  public init(layerNorm: Bool = false, dropout: Double = 0, residual: Bool = false) {
    self.layerNorm = layerNorm
    self.dropout = dropout
    self.residual = residual
  }

  /// Checks the numbers, whatever the layers.
  ///
  /// - Throws: ``TrainingError`` if the dropout rate makes no sense.
  package func validate() throws(TrainingError) {
    guard dropout >= 0, dropout < 1 else {
      throw TrainingError(.configuration, "a dropout rate is in [0, 1), not \(dropout)")
    }
  }

  func validate(inputs: Int, trunk: [Int]) throws(TrainingError) {
    try validate()
    guard self == .plain || !trunk.isEmpty else {
      throw TrainingError(
        .configuration, "layer norm, dropout and residual sums need a layer, and the trunk has none")
    }
    guard !residual || zip([inputs] + trunk, trunk).contains(where: { $0 == $1 }) else {
      throw TrainingError(
        .configuration,
        "no layer of the trunk \(trunk) on \(inputs) inputs is as wide as its input: none can "
          + "have a residual sum")
    }
  }
}
