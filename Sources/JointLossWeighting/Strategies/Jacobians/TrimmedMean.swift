/// Averages the task gradients, parameter by parameter, without the largest and the smallest (Definition 2).
///
///     d_j = mean of the g_tj that are neither among the k largest nor the k smallest
public struct TrimmedMean: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "trimmed-mean", "trimmed mean",
    citation: Citation(
      "D. Yin, Y. Chen, K. Ramchandran, P. Bartlett, Byzantine-Robust Distributed Learning: Towards Optimal "
        + "Statistical Rates, ICML 2018",
      link: "https://arxiv.org/abs/1803.01498"),
    formula: "d_j = the mean of the g_tj without the k largest and the k smallest",
    weighs: .direction,
    cost: "T trunk gradients in memory, O(k P T)",
    differences: [
      "Where 2k ≥ T, (T − 1)/2 rounded down are left out at each end; torchjd raises an error.",
      "Where tasks have no labels T is the number of the others.",
    ],
    promises: [.sum(.one), .nonNegative, .scaleDegree(0), .memoryless])

  /// Columns that are looked at together: a block of 40 tasks stays in the second cache.
  private static let blockColumns = 512

  @Parameter("k: how many gradients are left out at each end.", in: 0...1_000_000) var trim = 1
  @Scratch private var values: [Double] = []
  @Scratch private var block: [Double] = []
  @Scratch private var direction: [Double] = []

  /// Creates the rule with its default parameters.
  public init() {}

  /// The trimmed mean of every column; the weights beside it are 1/T each, T the number of present tasks.
  public mutating func weights(for step: Step<Jacobian>) -> TaskWeights {
    let count = step.jacobian.parameterCount
    values.resize(to: step.taskCount)
    block.resize(to: step.taskCount * Self.blockColumns)
    direction.resize(to: count)
    let share = 1 / Double(step.presentCount)
    for task in values.indices { values[task] = step.isPresent(task) ? share : 0 }
    for from in stride(from: 0, to: count, by: Self.blockColumns) {
      average(step, columns: from..<min(from + Self.blockColumns, count))
    }
    return TaskWeights(direction: direction, values: values)
  }

  /// Sets a block of the direction.
  ///
  /// The exchanges go through all columns of the block at once, without branches: each pass takes the largest of
  /// what is left to the end, or the smallest to the beginning.
  private mutating func average(_ step: Step<Jacobian>, columns: Range<Int>) {
    var count = 0
    for task in 0..<step.taskCount where step.isPresent(task) {
      step.jacobian.withRow(task, columns: columns) { row in
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
      _direction.wrappedValue.withUnsafeMutableBufferPointer {
        let direction = UnsafeMutableBufferPointer(rebasing: $0[columns])
        _block.wrappedValue.withUnsafeBufferPointer {
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
