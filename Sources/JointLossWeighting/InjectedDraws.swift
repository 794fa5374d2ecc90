/// Random draws handed in from outside, so that a rule's output can be compared with another system's.
public struct InjectedDraws: Sendable, Codable, Hashable {
  /// For each task, the other tasks in the order it visits them (PCGrad, GradVac).
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
  /// - Parameter taskCount: the number of tasks.
  /// - Throws: ``WeightingError`` with the task whose order is not a permutation of the other tasks.
  public func requireOrders(taskCount: Int) throws(WeightingError) {
    guard let orders else { return }
    guard orders.count == taskCount else {
      throw WeightingError(.shape, "\(orders.count) visiting orders for \(taskCount) tasks")
    }
    for (task, order) in orders.enumerated() {
      guard order.sorted() == (0..<taskCount).filter({ $0 != task }) else {
        throw WeightingError(
          .shape, "the visiting order of task \(task) is \(order), not a permutation of the other tasks",
          task: task)
      }
    }
  }
}
