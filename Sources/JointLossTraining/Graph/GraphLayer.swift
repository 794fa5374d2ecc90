import JointLossLinearAlgebra

/// The output of a layer: samples × width.
struct GraphNode: Sendable {
  /// The position in the graph; 0 is the input of the network.
  let index: Int
  let width: Int
  /// The only task that the node serves, or nil where tasks share it.
  let task: Int?
}

/// One piece of a network: its forward pass, and its backward pass for all cotangents of its output at once.
protocol GraphLayer: Sendable {
  /// The nodes that the layer reads.
  var sources: [GraphNode] { get }
  /// The node that it computes.
  var output: GraphNode { get }

  /// Computes the output from the sources.
  func forward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>)

  /// Hands over the gradients of the layer's tensors and takes the output's cotangents to the sources.
  func backward<Scalar: TrainableScalar>(_ pass: ModelPass<Scalar>, _ graph: NetworkGraph)
}

/// The place of a node's cotangents in the stack of one of its sources.
struct CotangentWindow<Scalar: TrainableScalar> {
  /// samples × (the node's slots · the source's width).
  let view: MatrixView<Scalar>
  /// What the cotangents are multiplied by where they enter the nodes that tasks share.
  let factor: Scalar
  /// Whether to add to what is there.
  let accumulates: Bool
}

extension ModelPass {
  /// A node's values: samples × width.
  func value(_ node: GraphNode) -> MatrixView<Scalar> {
    node.index == 0 ? inputs : buffer(4 * node.index, columns: node.width)
  }

  /// The cotangents of a node: samples × (slots · width).
  func stack(_ node: GraphNode) -> MatrixView<Scalar> {
    buffer(4 * node.index + 1, columns: slots(of: node) * node.width)
  }

  /// What a layer keeps beside its output's values and cotangents, in two buffers.
  func extra(_ node: GraphNode, _ which: Int = 0, rows: Int? = nil, columns: Int) -> MatrixView<Scalar> {
    buffer(4 * node.index + 2 + which, rows: rows, columns: columns)
  }

  func slots(of node: GraphNode) -> Int { node.task == nil ? slots : 1 }
}
