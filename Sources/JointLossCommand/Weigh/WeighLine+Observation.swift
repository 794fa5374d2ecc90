import JointLossWeighting

extension WeighLine {
  /// A Gramian and a Jacobian of one line may differ by what single precision makes of their products.
  private static let agreement = 1e-5

  /// The step, every field of the line checked: also those that no strategy of this session reads.
  ///
  /// - Returns: the observation, with the Jacobian's Gramian where none is given; what is given of tasks that
  ///   are not present is set to 0.
  /// - Throws: ``WeighLineError`` naming the field.
  func observation() throws(WeighLineError) -> StepObservation {
    var observation = StepObservation(losses: losses ?? [])
    observation.gradientNorms = gradientNorms
    observation.jacobian = try jacobian.map { rows throws(WeighLineError) in
      try Self.jacobian(rows, .jacobian)
    }
    observation.jacobians = try jacobians.map { batches throws(WeighLineError) in
      try batches.map { rows throws(WeighLineError) in try Self.jacobian(rows, .jacobians) }
    }
    observation.representation = try representation.map { rows throws(WeighLineError) in
      let representation = try Self.naming(.representation) { () throws(WeightingError) in
        try Representation(rows: rows)
      }
      guard let columns = observation.jacobian?.parameterCount else {
        throw WeighLineError("representation is given without a jacobian on its elements")
      }
      let count = representation.elements.count
      guard count == columns else {
        throw WeighLineError("representation has \(count) elements, and jacobian \(columns) columns")
      }
      return representation
    }
    let product = observation.jacobian?.gramian
    if let gramian {
      observation.gramian = try Self.naming(.gramian) { () throws(WeightingError) in
        try Gramian(rows: gramian)
      }
    } else {
      observation.gramian = product
    }
    observation.draws = InjectedDraws(orders: orders, uniforms: uniforms, normals: normals)

    let taskCount = observation.taskCount
    guard taskCount > 0, losses?.isEmpty != true else {
      throw WeighLineError(
        "a step needs losses, gramian, jacobian, jacobians or gradient_norms of at least one task")
    }
    let counts: [(CodingKeys, Int?)] = [
      (.gradientNorms, gradientNorms?.count), (.gramian, gramian?.count), (.jacobian, jacobian?.count),
      (.lossesAfter, lossesAfter?.count),
    ]
    for case (let key, let count?) in counts where count != taskCount {
      throw WeighLineError("\(key.rawValue) is of \(count) tasks, the line of \(taskCount)")
    }
    if gramian != nil, let product, let given = observation.gramian {
      try Self.requireAgreement(of: given, with: product)
    }
    try Self.naming(.orders) { () throws(WeightingError) in
      try observation.draws.requireOrders(taskCount: taskCount, withItself: nil)
    }
    if let task = gradientNorms?.firstIndex(where: { $0 < 0 }), let norm = gradientNorms?[task] {
      throw WeighLineError("gradient_norms[\(task)] is \(norm): a norm is not negative")
    }
    if let index = uniforms?.firstIndex(where: { !(0..<1).contains($0) }), let value = uniforms?[index] {
      throw WeighLineError("uniforms[\(index)] is \(value), outside [0, 1)")
    }
    for jacobian in observation.jacobians ?? [] where jacobian.taskCount != taskCount {
      throw WeighLineError("jacobians holds one of \(jacobian.taskCount) tasks, the line is of \(taskCount)")
    }
    if let samples, samples.count != 1, samples.count != taskCount {
      throw WeighLineError("samples is of \(samples.count) tasks, the line of \(taskCount)")
    }
    if let present {
      try Self.naming(.present) { () throws(WeightingError) in try observation.keep(present) }
    }
    return observation
  }

  /// The labelled samples of a task, for the means of the epoch.
  func sampleCount(of task: Int) -> Int {
    guard present?[task] ?? true else { return 0 }
    return samples.map { $0.count == 1 ? $0[0] : $0[task] } ?? 1
  }

  private static func jacobian(_ rows: [[Double]], _ key: CodingKeys) throws(WeighLineError) -> Jacobian {
    let jacobian = try naming(key) { () throws(WeightingError) in try Jacobian(rows: rows) }
    guard jacobian.parameterCount > 0 else { throw WeighLineError("\(key.rawValue) has no columns") }
    return jacobian
  }

  private static func requireAgreement(of given: Gramian, with product: Gramian) throws(WeighLineError) {
    for i in 0..<given.taskCount {
      for j in 0..<given.taskCount {
        let scale = max(given.norm(of: i), product.norm(of: i)) * max(given.norm(of: j), product.norm(of: j))
        guard abs(given[i, j] - product[i, j]) <= agreement * scale else {
          throw WeighLineError(
            "gramian and jacobian disagree: \(given[i, j]) at (\(i), \(j)), the rows' product is \(product[i, j])"
          )
        }
      }
    }
  }

  private static func naming<Result>(
    _ key: CodingKeys, _ body: () throws(WeightingError) -> Result
  ) throws(WeighLineError) -> Result {
    do {
      return try body()
    } catch {
      throw WeighLineError("\(key.rawValue): \(error.message)")
    }
  }
}
