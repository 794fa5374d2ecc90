/// Random draws handed in from outside, so that a rule's output can be compared with another system's.
public struct InjectedDraws: Sendable, Codable, Hashable {
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
