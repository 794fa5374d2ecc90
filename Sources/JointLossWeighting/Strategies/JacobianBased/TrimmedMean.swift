/// Averages the task gradients, parameter by parameter, without the largest and the smallest.
///
/// D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, *Byzantine-Robust Distributed Learning: Towards Optimal
/// Statistical Rates*, ICML 2018, Definition 2 (<https://arxiv.org/abs/1803.01498>).
///
///     d_j = mean of the g_tj that are neither among the k largest nor the k smallest
///
/// | symbol | property |
/// |---|---|
/// | g_tj | ``JacobianEvidence/jacobian`` |
/// | k | `trim` |
///
/// Cost: T trunk gradients held in memory, O(k P T).
///
/// Where we differ: where 2k ≥ T as many are left out as leave one or two, where torchjd raises an error.
public struct TrimmedMean: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "trimmed-mean",
    title: "trimmed mean",
    citation: Citation(
      "D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, Byzantine-Robust Distributed Learning: Towards Optimal "
        + "Statistical Rates, ICML 2018",
      link: "https://arxiv.org/abs/1803.01498"),
    formula: "d_j = the mean of the g_tj without the k largest and the k smallest",
    appliesTo: .direction,
    cost: "T trunk gradients in memory, O(k P T)",
    parameters: [
      ParameterDescriptor(
        "trim", .integer(default: 1, range: .closed(0...1_000_000)),
        "k: how many gradients are left out at each end.")
    ],
    differences: [
      "Where 2k ≥ T, (T − 1)/2 rounded down are left out at each end; torchjd raises an error.",
      "Where tasks have no labels T is the number of the others.",
    ],
    promises: StrategyPromises(
      weightSum: .one, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: true))

  /// The mean is that of the present tasks.
  public static let weighsAbsentTasks = true

  /// Columns that are looked at together: a block of 40 tasks stays in the second cache.
  private static let blockColumns = 512

  private let taskCount: Int
  private let trim: Int
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var block: [Double] = []
  private var direction: [Double] = []

  private enum CodingKeys: CodingKey { case taskCount, trim }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks and the parameters.
  public init(_ setup: StrategySetup) {
    taskCount = setup.taskCount
    trim = min(setup.parameters.integer("trim"), (setup.taskCount - 1) / 2)
  }

  /// The trimmed mean of every column.
  ///
  /// - Parameter evidence: the T×P Jacobian.
  /// - Returns: the direction; its weights are 1/T each, T the number of present tasks, and 0 of an absent one.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    let count = evidence.jacobian.parameterCount
    if block.isEmpty {
      block = [Double](repeating: 0, count: taskCount * Self.blockColumns)
      values = [Double](repeating: 0, count: taskCount)
    }
    let share = 1 / Double(evidence.presentCount)
    for task in 0..<taskCount { values[task] = evidence.isPresent(task) ? share : 0 }
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    for from in stride(from: 0, to: count, by: Self.blockColumns) {
      average(evidence, columns: from..<min(from + Self.blockColumns, count))
    }
    return TaskWeights(direction: direction, values: values)
  }

  /// Sets a block of the direction.
  ///
  /// The exchanges go through all columns of the block at once, without branches: each pass takes the largest of
  /// what is left to the end, or the smallest to the beginning.
  private mutating func average(_ evidence: JacobianEvidence, columns: Range<Int>) {
    var count = 0
    for task in 0..<taskCount where evidence.isPresent(task) {
      evidence.jacobian.withRow(task, columns: columns) { row in
        for column in row.indices { block[count * Self.blockColumns + column] = row[column] }
      }
      count += 1
    }
    let trim = min(trim, (count - 1) / 2)
    for place in 0..<trim {
      for row in place..<count - 1 - place { exchange(row, row + 1) }
      for row in (place..<count - 2 - place).reversed() { exchange(row, row + 1) }
    }
    let share = 1 / Double(count - 2 * trim)
    for column in columns { direction[column] = 0 }
    for place in trim..<count - trim {
      direction.withUnsafeMutableBufferPointer {
        let direction = UnsafeMutableBufferPointer(rebasing: $0[columns])
        block.withUnsafeBufferPointer {
          let row = UnsafeBufferPointer(
            rebasing: $0[place * Self.blockColumns..<(place + 1) * Self.blockColumns])
          // Divided first, so that no sum leaves the range.
          for column in direction.indices { direction[column] += share * row[column] }
        }
      }
    }
  }

  /// Puts the smaller value of each column into one row, and the larger one into the other.
  private mutating func exchange(_ lower: Int, _ upper: Int) {
    // Eight columns at a time, where the compiler would make a branch of each choice.
    typealias Columns = SIMD8<Double>
    let size = Self.blockColumns * MemoryLayout<Double>.stride
    block.withUnsafeMutableBytes {
      for offset in stride(from: 0, to: size, by: MemoryLayout<Columns>.size) {
        let (low, high) = (lower * size + offset, upper * size + offset)
        let x = $0.loadUnaligned(fromByteOffset: low, as: Columns.self)
        let y = $0.loadUnaligned(fromByteOffset: high, as: Columns.self)
        $0.storeBytes(of: x.replacing(with: y, where: y .< x), toByteOffset: low, as: Columns.self)
        $0.storeBytes(of: y.replacing(with: x, where: y .< x), toByteOffset: high, as: Columns.self)
      }
    }
  }
}
