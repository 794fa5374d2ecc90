import JointLossLinearAlgebra

/// A network as layers in the order of their evaluation.
struct NetworkGraph: Sendable {
  let inputs: Int
  let tasks: [TaskSpecification]
  let layers: [any GraphLayer]
  let tensors: [ParameterTensor]
  /// How each tensor starts.
  let initialValues: [InitialValues]
  /// For each task, the node of its predictions.
  let outputs: [GraphNode]
  /// The output of shared layers that all tasks read, if it is all that they read of them.
  let representation: GraphNode?
  /// For each node, whether several layers read it, and add up its cotangents.
  private let accumulates: [Bool]
  /// For each node, whether it lies below the last shared layers.
  private let isBelowLastShared: [Bool]

  init(_ builder: GraphBuilder, outputs: [GraphNode]) {
    inputs = builder.input.width
    tasks = builder.tasks
    layers = builder.layers
    initialValues = builder.parameters.map(\.initialValues)
    self.outputs = outputs
    var readers = [Int](repeating: 0, count: layers.count + 1)
    for node in layers.flatMap(\.sources) { readers[node.index] += 1 }
    accumulates = readers.map { $0 > 1 }

    representation = Self.representation(of: layers, tasks: tasks.count)

    // A shared dense layer is a last one if no other reads, directly or not, what it computes.
    let dense = layers.compactMap { $0 as? DenseLayer }.filter { $0.output.task == nil }
    var lower = Self.ancestors(of: dense.flatMap(\.sources), layers)
    let last = dense.filter { !lower[$0.output.index] }
    lower = Self.ancestors(of: last.flatMap(\.sources), layers)
    isBelowLastShared = lower
    let lastWeights = Set(last.map(\.weight))
    tensors = builder.parameters.enumerated().map { index, parameter in
      ParameterTensor(
        parameter.name, rows: parameter.rows, columns: parameter.columns, task: parameter.task,
        isLastShared: lastWeights.contains(index))
    }
  }

  /// The one shared node that layers of tasks read, if there is one and each task does.
  private static func representation(of layers: [any GraphLayer], tasks: Int) -> GraphNode? {
    var (nodes, readers) = ([Int: GraphNode](), Set<Int>())
    for layer in layers {
      guard let task = layer.output.task else { continue }
      for source in layer.sources where source.task == nil && source.index > 0 {
        nodes[source.index] = source
        readers.insert(task)
      }
    }
    return nodes.count == 1 && readers.count == tasks ? nodes.values.first : nil
  }

  /// The nodes and all that they are computed from.
  private static func ancestors(of nodes: [GraphNode], _ layers: [any GraphLayer]) -> [Bool] {
    var result = [Bool](repeating: false, count: layers.count + 1)
    for node in nodes { result[node.index] = true }
    for layer in layers.reversed() where result[layer.output.index] {
      for source in layer.sources { result[source.index] = true }
    }
    return result
  }

  /// Where the cotangents of a node enter one of its sources; nil if nobody asks for that source's.
  func window<Scalar>(
    from node: GraphNode, to source: GraphNode, _ pass: ModelPass<Scalar>
  ) -> CotangentWindow<Scalar>? {
    guard source.index > 0, !(pass.endsAtLastShared && isBelowLastShared[source.index]) else { return nil }
    let stack = pass.stack(source)
    guard source.task == nil, let task = node.task else {
      return CotangentWindow(view: stack, factor: 1, accumulates: accumulates[source.index])
    }
    let slot = pass.slot(of: task)
    return CotangentWindow(
      view: stack.columns(slot.index * source.width..<(slot.index + 1) * source.width),
      factor: Scalar(slot.factor), accumulates: accumulates[source.index])
  }

  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    for layer in layers { layer.forward(pass) }
    for (task, output) in outputs.enumerated() { pass.outputs(of: task).copy(from: pass.value(output)) }
  }

  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>) {
    for layer in layers where accumulates[layer.output.index] { pass.stack(layer.output).fill(0) }
    for (task, output) in outputs.enumerated() { pass.stack(output).copy(from: pass.outputs(of: task)) }
    for layer in layers.reversed() where !(pass.endsAtLastShared && isBelowLastShared[layer.output.index]) {
      if let representation, layer.output.index == representation.index {
        // Every layer that reads it has been passed.
        pass.addRepresentation(pass.value(representation), cotangents: pass.stack(representation))
        if pass.endsAtRepresentation { return }
      }
      layer.backward(pass, self)
    }
  }
}

/// A ``NetworkGraph`` as a model.
struct GraphModel<Scalar: TrainableScalar>: MultiTaskModel {
  let graph: NetworkGraph

  var inputs: Int { graph.inputs }
  var tasks: [TaskSpecification] { graph.tasks }
  var tensors: [ParameterTensor] { graph.tensors }
  var representationUnits: Int? { graph.representation?.width }

  func initialise(_ values: (Int) -> MatrixView<Scalar>, seed: UInt64) throws(TrainingError) {
    var streams: [String: PhiloxStream] = [:]
    for (tensor, initial) in graph.initialValues.enumerated() {
      switch initial {
      case .zeros: values(tensor).fill(0)
      case .ones: values(tensor).fill(1)
      case .elements(let elements):
        for (column, element) in elements.enumerated() { values(tensor)[0, column] = Scalar(element) }
      case .orthogonal(let gain, let component):
        try values(tensor).fillOrthogonal(
          gain: gain,
          using: &streams[
            component, default: PhiloxStream(seed: seed, purpose: "initialisation/\(component)")])
      }
    }
  }

  func forward(_ pass: ModelPass<Scalar>) { graph.forward(pass) }

  func backward(_ pass: ModelPass<Scalar>) { graph.backward(pass) }
}
