/// How a tensor starts.
enum InitialValues: Sendable {
  case zeros
  case ones
  /// The values of a row.
  case elements([Double])
  /// Orthonormal rows or columns times a gain, drawn from the stream of a component of the network: networks that
  /// have the component in common start it alike.
  case orthogonal(gain: Double, component: String)
}

/// Puts a network together, layer by layer.
struct GraphBuilder {
  struct Parameter {
    let name: String
    let rows: Int
    let columns: Int
    let task: Int?
    let initialValues: InitialValues
  }

  let tasks: [TaskSpecification]
  let input: GraphNode
  private let block: BlockSpecification
  private let activation: Activation
  private(set) var layers: [any GraphLayer] = []
  private(set) var parameters: [Parameter] = []

  init(_ network: NetworkSpecification) {
    tasks = network.tasks
    input = GraphNode(index: 0, width: network.inputs, task: nil)
    block = network.block
    activation = network.activation
  }

  /// The head of a task: a linear map to its predictions.
  mutating func head(_ node: GraphNode, task: Int) -> GraphNode {
    dense(
      "head.\(task)", node, outputs: tasks[task].outputs, task: task, component: "head/\(tasks[task].name)",
      gain: 1)
  }

  /// Blocks of some widths on one another.
  ///
  /// - Parameters:
  ///   - name: the tensors' names begin with it.
  ///   - node: what the first block reads.
  ///   - widths: one block each.
  ///   - task: the only task that they serve, or nil.
  ///   - component: the stream of the initial values.
  /// - Returns: the output of the last block.
  mutating func blocks(
    _ name: String, _ node: GraphNode, widths: [Int], task: Int?, component: String
  ) -> GraphNode {
    var node = node
    for (layer, width) in widths.enumerated() {
      node = block("\(name).\(layer)", node, width: width, task: task, component: component)
    }
    return node
  }

  /// A dense map, then what the specification's block has: layer norm, activation, dropout, and the sum with the
  /// block's input where that has the same width.
  mutating func block(
    _ name: String, _ input: GraphNode, width: Int, task: Int?, component: String
  ) -> GraphNode {
    var node = dense(
      name, input, outputs: width, task: task, component: component, gain: activation.initialGain)
    if block.layerNorm { node = layerNorm("\(name).norm", node) }
    if activation != .identity {
      node = append(width: width, task: task) { [activation] output in
        ActivationLayer(source: node, output: output, activation: activation)
      }
    }
    if block.dropout > 0 {
      node = append(width: width, task: task) { [block] output in
        DropoutLayer(source: node, output: output, rate: block.dropout)
      }
    }
    if block.residual, input.width == width {
      node = append(width: width, task: task) { output in
        ResidualSum(source: input, branch: node, output: output)
      }
    }
    return node
  }

  /// The convex combination of experts, by the softmax of a linear gate.
  mutating func mixture(
    _ name: String, of experts: [GraphNode], gatedBy node: GraphNode, task: Int?, component: String
  ) -> GraphNode {
    let gate = dense(
      name, node, outputs: experts.count, task: task, component: component, gain: 1, hasBias: false)
    return append(width: experts[0].width, task: task) { output in
      MixtureLayer(gate: gate, experts: experts, output: output)
    }
  }

  /// A linear combination of nodes with one learned coefficient each.
  mutating func stitch(_ name: String, of nodes: [GraphNode], task: Int?, coefficients: [Double]) -> GraphNode
  {
    let weight = add("\(name).weight", columns: nodes.count, task: task, .elements(coefficients))
    return append(width: nodes[0].width, task: task) { output in
      StitchLayer(sources: nodes, output: output, weight: weight)
    }
  }

  private mutating func dense(
    _ name: String, _ node: GraphNode, outputs: Int, task: Int?, component: String, gain: Double,
    hasBias: Bool = true
  ) -> GraphNode {
    let weight = add(
      "\(name).weight", rows: outputs, columns: node.width, task: task,
      .orthogonal(gain: gain, component: component))
    let bias = hasBias ? add("\(name).bias", columns: outputs, task: task, .zeros) : nil
    return append(width: outputs, task: task) { output in
      DenseLayer(source: node, output: output, weight: weight, bias: bias)
    }
  }

  private mutating func layerNorm(_ name: String, _ node: GraphNode) -> GraphNode {
    let gain = add("\(name).gain", columns: node.width, task: node.task, .ones)
    let bias = add("\(name).bias", columns: node.width, task: node.task, .zeros)
    return append(width: node.width, task: node.task) { output in
      LayerNormLayer(source: node, output: output, gain: gain, bias: bias)
    }
  }

  private mutating func add(
    _ name: String, rows: Int = 1, columns: Int, task: Int?, _ initialValues: InitialValues
  ) -> Int {
    parameters.append(
      Parameter(name: name, rows: rows, columns: columns, task: task, initialValues: initialValues))
    return parameters.count - 1
  }

  private mutating func append(
    width: Int, task: Int?, _ layer: (GraphNode) -> any GraphLayer
  ) -> GraphNode {
    let output = GraphNode(index: layers.count + 1, width: width, task: task)
    layers.append(layer(output))
    return output
  }
}
