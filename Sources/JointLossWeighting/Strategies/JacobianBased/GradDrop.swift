import JointLossLinearAlgebra

/// Keeps, parameter by parameter or unit by unit, the gradients of one sign only, drawn by how much of the whole has it.
///
/// Z. Chen, J. Ngiam, Y. Huang, T. Luong, H. Kretzschmar, Y. Chai, D. Anguelov, *Just Pick a Sign: Optimizing Deep
/// Multitask Models with Gradient Sign Dropout*, NeurIPS 2020, Algorithm 1 (<https://arxiv.org/abs/2010.06808>).
///
///     P_j = ½ (1 + Σ_t g_tj / Σ_t |g_tj|)      U_j uniform over [0, 1)
///     m_tj = 1 if g_tj > 0 and P_j > U_j, or g_tj < 0 and P_j < U_j; else 0
///     d_j = Σ_t (ℓ_t + (1 − ℓ_t) m_tj) g_tj
///
/// On the parameters g_t is the task gradient itself. On the representation h, with z_t = ∂L_t/∂h, j is a unit and
///
///     g_tj = Σ_b sign(h_bj) z_tbj      d_bj = Σ_t (ℓ_t + (1 − ℓ_t) m_tj) z_tbj
///
/// so that the samples b of a batch keep or lose a unit's gradient together; d goes back through the trunk in the place
/// of the gradient on h. With `signs=one` all parameters, or all units, are one j: the sum runs over them too.
///
/// | symbol | property |
/// |---|---|
/// | g_tj, z_tbj | ``JacobianEvidence/jacobian`` |
/// | h | ``JacobianEvidence/representation`` |
/// | U_j | ``InjectedDraws/uniforms`` where given, else `stream` |
/// | ℓ_t | `leak` |
///
/// Without leak the expected direction is Σ g_t, on the parameters.
///
/// Cost: T trunk gradients held in memory, O(T P); on the representation T gradients of it, and one trunk pass.
///
/// Where we differ: the paper's rule is that on the representation, `scope=representation`, as in LibMTL. The default
/// is on the shared parameters, as in torchjd and the code of CAGrad, since not every architecture has one shared
/// representation. Aligned-MTL's code has `signs=one` on the representation, and for ℓ what is 1 − ℓ here, ½ by default.
/// The kept gradients are summed, which T times their mean in the code of CAGrad and FAMO is too. A task without
/// gradient on a unit as a whole (g_tj = 0) keeps none of its samples there, unless none of the tasks has one: then all
/// are kept, so that a single task has its own gradient.
public struct GradDrop: LegacyStrategy {
  public typealias Gradients = JointLossWeighting.Jacobian
  /// Name, citation, formula and parameters.
  public static let descriptor = StrategyDescriptor(
    name: "graddrop",
    title: "GradDrop",
    citation: Citation(
      "Z. Chen, J. Ngiam, Y. Huang, T. Luong, H. Kretzschmar, Y. Chai, D. Anguelov, Just Pick a Sign: Optimizing "
        + "Deep Multitask Models with Gradient Sign Dropout, NeurIPS 2020",
      link: "https://arxiv.org/abs/2010.06808"),
    formula: "d_j = Σ of the g_tj of one sign, positive with probability ½ (1 + Σ g_tj / Σ |g_tj|)",
    appliesTo: .direction,
    cost: "T gradients of the scope in memory, O(T P)",
    parameters: [
      ParameterDescriptor(
        "scope",
        .choice(
          default: GradientScope.sharedParameters.rawValue,
          options: [.sharedParameters, .representation].map(\GradientScope.rawValue)),
        "j: the shared parameters, or the units of the representation with its sign, summed over samples (the paper)."
      ),
      ParameterDescriptor(
        "signs", .choice(default: Signs.each.rawValue, options: Signs.allCases.map(\.rawValue)),
        "A sign drawn for each j (the paper), or one for all of them (Aligned-MTL's code)."),
      ParameterDescriptor(
        "leak", .numbers(range: .closed(0...1)),
        "ℓ: what share of a task's gradient is never dropped, one number a task; 0 each if not given."),
    ],
    differences: [
      "The default is on the shared parameters, as in torchjd and CAGrad's code.",
      "The paper and LibMTL mask gradients on the representation: scope=representation.",
      "Aligned-MTL's code draws one sign for the whole representation: signs=one, and leaks of ½, its own one minus ℓ.",
      "Where no task has a gradient on a unit as a whole, nothing is dropped there.",
      "The kept gradients are summed; Kurin et al. rescale the sum to the length of the plain one.",
    ],
    promises: StrategyPromises(
      weightSum: .tasks, hasNonNegativeWeights: true, scaleDegree: 0, isMemoryless: false))

  /// How many signs are drawn.
  private enum Signs: String, Codable, CaseIterable { case each, one }

  /// Columns whose sums are kept together, in the first cache.
  private static let blockColumns = 512

  private let taskCount: Int
  private let scope: GradientScope
  private let signs: Signs
  private let leak: [Double]
  private var stream: PhiloxStream
  // Buffers of a step, no state: the next step fills them, so they are not encoded.
  private var values: [Double] = []
  private var direction: [Double] = []
  private var purities: [Double] = []
  private var sizes: [Double] = []
  private var kept: [Double] = []
  /// T × units: g_tj where it is a sum.
  private var sums = Jacobian(taskCount: 0, parameterCount: 0)

  private enum CodingKeys: CodingKey { case taskCount, scope, signs, leak, stream }

  /// Creates the strategy.
  ///
  /// - Parameter setup: the number of tasks, the parameters and the random stream.
  /// - Throws: ``WeightingError`` if leaks are given for another number of tasks.
  public init(_ setup: StrategySetup) throws(WeightingError) {
    taskCount = setup.taskCount
    scope = setup.parameters.choice("scope")
    signs = setup.parameters.choice("signs")
    let given = setup.parameters.numbers("leak")
    guard given.isEmpty || given.count == setup.taskCount else {
      throw WeightingError(
        .parameter, "graddrop.leak has \(given.count) numbers for \(setup.taskCount) tasks")
    }
    leak = given.isEmpty ? [Double](repeating: 0, count: setup.taskCount) : given
    stream = setup.stream
  }

  /// Fewer promises with a leak of each task's own.
  public var promises: StrategyPromises { Self.descriptor.promises.with(preferences: leak) }

  /// A task without labels has a gradient of 0, which weighs nothing in P.
  public static let weighsAbsentTasks = true

  /// The representation, where the masks are on its units.
  public var gradientScope: GradientScope? { scope == .representation ? .representation : nil }

  /// The draws U_j, one for each j.
  ///
  /// - Parameter present: ignored.
  /// - Returns: uniforms.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> { [.uniforms] }

  /// One draw of the direction.
  ///
  /// - Parameter evidence: the T×P Jacobian, on the parameters or with the representation, and draws from outside
  ///   where there are any.
  /// - Returns: the direction; its weights are 1 each.
  /// - Throws: ``WeightingError`` for another number of tasks than at the start, of draws than parameters or units, if
  ///   the representation is missing, or if a sum of gradients overflows.
  public mutating func weights(for evidence: JacobianEvidence) throws(WeightingError) -> TaskWeights {
    try evidence.require(taskCount: taskCount, by: Self.descriptor.name)
    if values.count != taskCount { values = [Double](repeating: 1, count: taskCount) }
    let isOnUnits = scope == .representation
    let representation = isOnUnits ? evidence.representation : nil
    guard !isOnUnits || representation != nil else {
      throw WeightingError(
        .missingEvidence, "graddrop.scope=representation reads the representation beside the Jacobian on it")
    }
    let columns = signs == .one ? "signs" : isOnUnits ? "units of the representation" : "parameters"
    // All P first, so that a step that fails has drawn nothing.
    guard isOnUnits || signs == .one else {
      try setPurities(evidence.jacobian)
      try draw(evidence.draws, for: columns)
      drop(evidence.jacobian)
      return TaskWeights(direction: purities, values: values)
    }
    let units = signs == .one ? 1 : representation?.units ?? 1
    setSums(evidence.jacobian, of: units, signs: representation)
    try setPurities(sums)
    try draw(evidence.draws, for: columns)
    dropUnits(evidence.jacobian, of: units)
    return TaskWeights(direction: direction, values: values)
  }

  /// Sets P_j = ½ (1 + Σ g_tj / Σ |g_tj|).
  private mutating func setPurities(_ jacobian: Jacobian) throws(WeightingError) {
    let count = jacobian.parameterCount
    if purities.count != count { purities = [Double](repeating: 0, count: count) }
    if sizes.count != count { sizes = purities }
    for index in 0..<count { (purities[index], sizes[index]) = (0, 0) }
    for task in 0..<taskCount {
      jacobian.withRow(task) { row in
        purities.withUnsafeMutableBufferPointer { sums in
          sizes.withUnsafeMutableBufferPointer { sizes in
            for index in row.indices {
              sums[index] += row[index]
              sizes[index] += abs(row[index])
            }
          }
        }
      }
    }
    if let index = sizes.firstNonFinite {
      throw WeightingError(.nonFinite, "the gradients of column \(index) sum to \(sizes[index])")
    }
    // Without any gradient there is nothing to keep, whatever is drawn.
    for index in 0..<count {
      let size = sizes[index]
      purities[index] = size > 0 ? 0.5 * (1 + purities[index] / size) : 0.5
    }
  }

  /// Puts the draws U_j in the place of the sizes.
  private mutating func draw(_ draws: InjectedDraws, for columns: String) throws(WeightingError) {
    let count = sizes.count
    if let given = draws.uniforms, given.count != count {
      throw WeightingError(.shape, "\(given.count) uniform draws for \(count) \(columns)")
    }
    for index in 0..<count { sizes[index] = draws.uniforms?[index] ?? stream.uniform() }
  }

  /// Turns the purities into the direction, in their place, block by block, by the draws.
  private mutating func drop(_ jacobian: Jacobian) {
    if kept.isEmpty { kept = [Double](repeating: 0, count: Self.blockColumns) }
    for from in stride(from: 0, to: purities.count, by: Self.blockColumns) {
      let columns = from..<min(from + Self.blockColumns, purities.count)
      for column in kept.indices { kept[column] = 0 }
      for task in 0..<taskCount {
        let leak = leak[task]
        jacobian.withRow(task, columns: columns) { row in
          purities.withUnsafeBufferPointer {
            let purities = UnsafeBufferPointer(rebasing: $0[columns])
            sizes.withUnsafeBufferPointer {
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

  // MARK: Units

  /// Sums each task's gradients over the columns of a unit, on a representation times the signs of its elements.
  private mutating func setSums(_ jacobian: Jacobian, of units: Int, signs representation: Representation?) {
    if sums.parameterCount != units { sums = Jacobian(taskCount: taskCount, parameterCount: units) }
    for task in 0..<taskCount {
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
  private mutating func dropUnits(_ jacobian: Jacobian, of units: Int) {
    let count = jacobian.parameterCount
    if direction.count != count { direction = [Double](repeating: 0, count: count) }
    for index in 0..<count { direction[index] = 0 }
    for unit in 0..<units {
      var isEmpty = true
      for task in 0..<taskCount where sums.elements[task * units + unit] != 0 { isEmpty = false }
      let (purity, draw) = (purities[unit], sizes[unit])
      for task in 0..<taskCount {
        let sum = sums.elements[task * units + unit]
        let isKept = sum > 0 ? purity > draw : sum < 0 ? purity < draw : isEmpty
        // From here on the sum's place holds the factor.
        sums.elements[task * units + unit] = isKept ? 1 : leak[task]
      }
    }
    for task in 0..<taskCount {
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
