import JointLossLinearAlgebra

/// Keeps for each parameter, or each unit, the gradients of one sign only (Algorithm 1).
///
/// The sign is drawn by how much of the whole has it.
///
///     P_j = ½ (1 + Σ_t g_tj / Σ_t |g_tj|)      U_j uniform over [0, 1)
///     m_tj = 1 if g_tj > 0 and P_j > U_j, or g_tj < 0 and P_j < U_j; else 0
///     d_j = Σ_t (ℓ_t + (1 − ℓ_t) m_tj) g_tj
///
/// On the parameters g_t is the task gradient itself: without leak ℓ the expected direction is Σ g_t. On the
/// representation h, with z_t = ∂L_t/∂h, j is a unit and
///
///     g_tj = Σ_b sign(h_bj) z_tbj      d_bj = Σ_t (ℓ_t + (1 − ℓ_t) m_tj) z_tbj
///
/// so that the samples b of a batch keep or lose a unit's gradient together; d goes back through the trunk in the place
/// of the gradient on h. With `signs=one` all parameters, or all units, are one j: the sum runs over them too.
public struct GradDrop: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "graddrop", "GradDrop",
    citation: Citation(
      "Z. Chen, J. Ngiam, Y. Huang, T. Luong, H. Kretzschmar, Y. Chai, D. Anguelov, Just Pick a Sign: Optimizing "
        + "Deep Multitask Models with Gradient Sign Dropout, NeurIPS 2020",
      link: "https://arxiv.org/abs/2010.06808"),
    formula: "d_j = Σ of the g_tj of one sign, positive with probability ½ (1 + Σ g_tj / Σ |g_tj|)",
    weighs: .direction,
    cost: "T gradients of the scope in memory, O(T P)",
    differences: [
      "The default is on the shared parameters, as in torchjd and CAGrad's code.",
      "The paper and LibMTL mask gradients on the representation: scope=representation.",
      "Aligned-MTL's code draws one sign for the whole representation: signs=one, and leaks of ½, its own one minus ℓ.",
      "Where no task has a gradient on a unit as a whole, nothing is dropped there.",
      "The kept gradients are summed; Kurin et al. rescale the sum to the length of the plain one.",
    ],
    promises: [.sum(.tasks), .nonNegative, .scaleDegree(0)])

  enum Scope: String, Codable, CaseIterable {
    case sharedParameters = "shared-parameters"
    case representation
  }
  enum Signs: String, Codable, CaseIterable { case each, one }

  @Parameter(
    "j: the shared parameters, or the units of the representation with its sign, summed over samples (the paper)."
  )
  var scope = Scope.sharedParameters
  @Parameter("A sign drawn for each j (the paper), or one for all of them (Aligned-MTL's code).")
  var signs = Signs.each
  @Parameter(
    "ℓ: what share of a task's gradient is never dropped, one number a task; 0 each if not given.",
    in: .closed(0...1))
  var leak: [Double] = []
  /// ℓ of every task.
  private var leaks: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var direction: [Double] = []
  @Scratch private var columns = ColumnBuffers()
  /// T × units: g_tj where it is a sum.
  @Scratch private var sums = Jacobian()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Gives each task its leak.
  ///
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` if leaks are given for another number of tasks.
  public mutating func start(taskCount: Int) throws(WeightingError) {
    guard leak.isEmpty || leak.count == taskCount else {
      throw WeightingError(.parameter, "graddrop.leak has \(leak.count) numbers for \(taskCount) tasks")
    }
    leaks = leak.isEmpty ? [Double](repeating: 0, count: taskCount) : leak
  }

  /// Fewer promises with a leak of each task's own.
  public var promises: StrategyPromises { Self.about.promises.with(preferences: leak) }

  /// The representation, where the masks are on its units.
  public var gradientScope: GradientScope? { scope == .representation ? .representation : nil }

  /// The draws U_j, one for each j.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> { [.uniforms] }

  /// One draw of the direction.
  ///
  /// - Parameter step: the T×P Jacobian, on the parameters or with the representation, and draws from outside where
  ///   there are any.
  /// - Returns: the direction; its weights are 1 each.
  /// - Throws: ``WeightingError`` for another number of draws than parameters or units, if the representation is
  ///   missing, or if a sum of gradients overflows.
  public mutating func weights(for step: Step<Jacobian>) throws(WeightingError) -> TaskWeights {
    values.resize(to: step.taskCount, filling: 1)
    let isOnUnits = scope == .representation
    let representation = isOnUnits ? step.representation : nil
    guard !isOnUnits || representation != nil else {
      throw WeightingError(
        .missingEvidence, "graddrop.scope=representation reads the representation beside the Jacobian on it")
    }
    let what = signs == .one ? "signs" : isOnUnits ? "units of the representation" : "parameters"
    guard isOnUnits || signs == .one else {
      try columns.setPurities(step.jacobian)
      try columns.draw(step, for: what)
      columns.drop(step.jacobian, leaks: leaks)
      return TaskWeights(direction: columns.purities, values: values)
    }
    setSums(step.jacobian, of: signs == .one ? 1 : representation?.units ?? 1, signs: representation)
    try columns.setPurities(sums)
    try columns.draw(step, for: what)
    dropUnits(step.jacobian)
    return TaskWeights(direction: direction, values: values)
  }

  /// Sums each task's gradients over the columns of a unit, on a representation times the signs of its elements.
  private mutating func setSums(_ jacobian: Jacobian, of units: Int, signs representation: Representation?) {
    if sums.taskCount != jacobian.taskCount || sums.parameterCount != units {
      sums = Jacobian(taskCount: jacobian.taskCount, parameterCount: units)
    }
    for task in 0..<jacobian.taskCount {
      sums.clear(task)
      jacobian.withRow(task) { row in
        var unit = 0
        for index in row.indices {
          let value = representation?.elements[index] ?? 1
          if value != 0 { sums.elements[task * units + unit] += value > 0 ? row[index] : -row[index] }
          unit = unit + 1 == units ? 0 : unit + 1
        }
      }
    }
  }

  /// Sums the tasks' gradients, of each unit a task's whole or as far as it leaks.
  private mutating func dropUnits(_ jacobian: Jacobian) {
    let units = sums.parameterCount
    direction.resize(to: jacobian.parameterCount)
    for index in direction.indices { direction[index] = 0 }
    for unit in 0..<units {
      var isEmpty = true
      for task in leaks.indices where sums.elements[task * units + unit] != 0 { isEmpty = false }
      let (purity, draw) = (columns.purities[unit], columns.draws[unit])
      for task in leaks.indices {
        let sum = sums.elements[task * units + unit]
        let isKept = sum > 0 ? purity > draw : sum < 0 ? purity < draw : isEmpty
        // From here on the sum's place holds the factor.
        sums.elements[task * units + unit] = isKept ? 1 : leaks[task]
      }
    }
    for task in leaks.indices {
      jacobian.withRow(task) { row in
        var unit = 0
        for index in row.indices {
          direction[index] += sums.elements[task * units + unit] * row[index]
          unit = unit + 1 == units ? 0 : unit + 1
        }
      }
    }
  }
}

/// What GradDrop knows of each column j.
private struct ColumnBuffers: ScratchBuffer, Sendable {
  /// Columns whose sums are kept together, in the first cache.
  private static let blockColumns = 512

  /// P_j, and after ``drop(_:leaks:)`` the direction.
  private(set) var purities: [Double] = []
  /// Σ_t |g_tj|, and after ``draw(_:for:)`` U_j.
  private(set) var draws: [Double] = []
  private var kept: [Double] = []

  /// Sets P_j = ½ (1 + Σ g_tj / Σ |g_tj|).
  mutating func setPurities(_ jacobian: Jacobian) throws(WeightingError) {
    let count = jacobian.parameterCount
    purities.resize(to: count)
    draws.resize(to: count)
    for index in 0..<count { (purities[index], draws[index]) = (0, 0) }
    for task in 0..<jacobian.taskCount {
      jacobian.withRow(task) { row in
        purities.withUnsafeMutableBufferPointer { sums in
          draws.withUnsafeMutableBufferPointer { sizes in
            for index in row.indices {
              sums[index] += row[index]
              sizes[index] += abs(row[index])
            }
          }
        }
      }
    }
    if let index = draws.firstNonFinite {
      throw WeightingError(.nonFinite, "the gradients of column \(index) sum to \(draws[index])")
    }
    // Without any gradient there is nothing to keep, whatever is drawn.
    for index in 0..<count {
      let size = draws[index]
      purities[index] = size > 0 ? 0.5 * (1 + purities[index] / size) : 0.5
    }
  }

  /// Puts the draws U_j in the place of the sizes.
  mutating func draw(_ step: Step<Jacobian>, for what: String) throws(WeightingError) {
    let given = step.draws.uniforms
    if let given, given.count != draws.count {
      throw WeightingError(.shape, "\(given.count) uniform draws for \(draws.count) \(what)")
    }
    var random = step.random
    for index in draws.indices { draws[index] = given?[index] ?? random.uniform() }
  }

  /// Turns the purities into the direction, in their place, block by block, by the draws.
  mutating func drop(_ jacobian: Jacobian, leaks: [Double]) {
    kept.resize(to: Self.blockColumns)
    for from in stride(from: 0, to: purities.count, by: Self.blockColumns) {
      let columns = from..<min(from + Self.blockColumns, purities.count)
      for column in kept.indices { kept[column] = 0 }
      for task in leaks.indices {
        let leak = leaks[task]
        jacobian.withRow(task, columns: columns) { row in
          purities.withUnsafeBufferPointer {
            let purities = UnsafeBufferPointer(rebasing: $0[columns])
            draws.withUnsafeBufferPointer {
              let draws = UnsafeBufferPointer(rebasing: $0[columns])
              kept.withUnsafeMutableBufferPointer { kept in
                for column in row.indices {
                  let (element, purity, draw) = (row[column], purities[column], draws[column])
                  let isKept = element > 0 ? purity > draw : purity < draw
                  kept[column] += isKept ? element : leak * element
                }
              }
            }
          }
        }
      }
      for column in columns { purities[column] = kept[column - from] }
    }
  }
}
