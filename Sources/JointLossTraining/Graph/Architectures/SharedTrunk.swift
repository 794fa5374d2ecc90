extension GraphBuilder {
  /// Hard sharing: one trunk, `trunk.K`, and a linear head a task.
  mutating func sharedTrunk(_ widths: [Int]) -> [GraphNode] {
    let trunk = blocks("trunk", input, widths: widths, task: nil, component: "trunk")
    return tasks.indices.map { head(trunk, task: $0) }
  }
}
