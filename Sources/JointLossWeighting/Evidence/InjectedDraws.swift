/// Random draws handed in from outside, so that a rule's output can be compared with another system's.
public struct InjectedDraws: Sendable, Codable, Hashable {
  /// What may be handed in.
  public enum Kind: String, Sendable, Codable, Hashable, CaseIterable {
    /// ``InjectedDraws/orders``.
    case orders
    /// ``InjectedDraws/uniforms``.
    case uniforms
    /// ``InjectedDraws/normals``.
    case normals
  }

  /// For each task, the tasks that it visits, in their order: the others (PCGrad, GradVac), itself where the rule
  /// says so.
  public var orders: [[Int]]?
  /// Draws from [0, 1).
  public var uniforms: [Double]?
  /// Standard normal draws.
  public var normals: [Double]?

  /// Creates a set of draws; those left out come from the strategy's own stream.
  ///
  /// - Parameters:
  ///   - orders: visiting orders.
  ///   - uniforms: uniform draws.
  ///   - normals: normal draws.
  public init(orders: [[Int]]? = nil, uniforms: [Double]? = nil, normals: [Double]? = nil) {
    self.orders = orders
    self.uniforms = uniforms
    self.normals = normals
  }

  /// The kinds that are given.
  package var given: Set<Kind> {
    var kinds: Set<Kind> = []
    if orders != nil { kinds.insert(.orders) }
    if uniforms != nil { kinds.insert(.uniforms) }
    if normals != nil { kinds.insert(.normals) }
    return kinds
  }

  /// Checks that there are as many uniform draws as a rule reads, and that they lie in [0, 1).
  ///
  /// - Parameters:
  ///   - count: how many it reads.
  ///   - strategy: the strategy's name, for the message.
  ///   - what: what each of them is for.
  /// - Throws: ``WeightingError`` with both numbers, or with the draw that lies elsewhere.
  func requireUniforms(_ count: Int, by strategy: String, for what: String) throws(WeightingError) {
    guard let uniforms else { return }
    guard uniforms.count == count else {
      throw WeightingError(.shape, "\(strategy) reads \(count) uniforms, \(what), not \(uniforms.count)")
    }
    for (index, draw) in uniforms.enumerated() where !(0..<1).contains(draw) {
      throw WeightingError(.shape, "uniforms[\(index)] is \(draw), outside [0, 1)")
    }
  }

  /// Checks that the orders, where given, list for each task all the others once.
  ///
  /// - Parameters:
  ///   - taskCount: the number of tasks.
  ///   - withItself: whether a task is itself among those that it visits; nil where it may be.
  /// - Throws: ``WeightingError`` with the task whose order is not a permutation of the tasks that it visits.
  public func requireOrders(taskCount: Int, withItself: Bool? = false) throws(WeightingError) {
    guard let orders else { return }
    guard orders.count == taskCount else {
      throw WeightingError(.shape, "\(orders.count) visiting orders for \(taskCount) tasks")
    }
    for (task, order) in orders.enumerated() {
      let visitsItself = withItself ?? (order.count == taskCount)
      guard order.sorted() == (0..<taskCount).filter({ visitsItself || $0 != task }) else {
        let tasks = visitsItself ? "all tasks" : "the other tasks"
        throw WeightingError(
          .shape, "the visiting order of task \(task) is \(order), not a permutation of \(tasks)", task: task)
      }
    }
  }
}
