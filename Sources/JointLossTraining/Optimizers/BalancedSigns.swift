import JointLossLinearAlgebra

/// Random signs, one a sample and output, that are uncorrelated over a batch and not only on average.
///
/// With K the largest power of two up to the number of samples, the signs of K outputs are columns of a Hadamard
/// matrix: over K samples their products sum to zero, where independent signs would leave noise that makes the
/// curvature of a small batch near singular. Rows are permuted by a random mask, so that for each sample the
/// products have mean zero; every K outputs have a random sign of their own in each sample.
struct BalancedSigns {
  private var period: UInt64 = 1
  private var mask: UInt64 = 0
  private var keys: [UInt64] = []

  /// Draws the signs of a batch.
  mutating func draw(samples: Int, using stream: inout PhiloxStream) {
    period = 1
    while period * 2 <= UInt64(samples) { period *= 2 }
    mask = stream.next() % period
    keys.removeAll(keepingCapacity: true)
    for _ in 0..<samples { keys.append(stream.next()) }
  }

  /// 1 or −1.
  subscript(sample: Int, output: Int) -> Double {
    let (block, column) = UInt64(output).quotientAndRemainder(dividingBy: period)
    let row = (UInt64(sample) ^ mask) & column
    let bits = Self.mixed(keys[sample] &+ block &* Self.increment)
    return row.nonzeroBitCount.isMultiple(of: 2) == (bits & 1 == 0) ? 1 : -1
  }

  /// A number in [0, 1) for a sample and a task, beside the signs.
  func uniform(sample: Int, task: Int) -> Double {
    // Counted down: the signs of a sample count up.
    Double(Self.mixed(keys[sample] &- UInt64(task + 1) &* Self.increment) >> 11) * 0x1p-53
  }

  private static var increment: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  /// The finaliser of splitmix64 makes independent bits of consecutive numbers.
  private static func mixed(_ key: UInt64) -> UInt64 {
    var bits = key
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
