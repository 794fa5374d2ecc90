extension GraphBuilder {
  /// Cross-stitch: towers `tower.T.K`, and after layer K the units `stitch.K.T`, row T of the layer's coefficients.
  ///
  /// The last coefficients of a task serve its head alone.
  mutating func stitchedTowers(_ widths: [Int]) -> [GraphNode] {
    var nodes = tasks.map { _ in input }
    for (layer, width) in widths.enumerated() {
      let towers = tasks.enumerated().map { task, specification in
        block(
          "tower.\(task).\(layer)", nodes[task], width: width, task: nil,
          component: "tower/\(specification.name)/\(layer)")
      }
      nodes = tasks.indices.map { task in
        let others = 0.1 / Double(max(tasks.count - 1, 1))
        let coefficients = tasks.indices.map { tasks.count == 1 ? 1 : $0 == task ? 0.9 : others }
        return stitch(
          "stitch.\(layer).\(task)", of: towers, task: layer == widths.count - 1 ? task : nil,
          coefficients: coefficients)
      }
    }
    return tasks.indices.map { head(nodes[$0], task: $0) }
  }
}
