/// Where a dense layer's tensors lie in the flat parameter buffer.
struct DenseLayout {
  let inputs: Int
  let outputs: Int
  let weightOffset: Int
  let biasOffset: Int

  init(inputs: Int, outputs: Int, at offset: Int) {
    self.inputs = inputs
    self.outputs = outputs
    weightOffset = offset
    biasOffset = offset + outputs * inputs
  }

  var end: Int { biasOffset + outputs }
}

/// Where every parameter of a network lies in one flat buffer: the trunk's tensors, layer by layer, then the
/// weights of all heads as one matrix, then the biases of all heads.
struct ParameterLayout {
  /// A tensor with a name of its own.
  struct Tensor {
    let name: String
    let offset: Int
    let rows: Int
    let columns: Int
  }

  let trunk: [DenseLayout]
  /// The heads, stacked to one layer: their products are one product.
  let heads: DenseLayout
  /// For each task, its rows of the stacked heads.
  let headRows: [Range<Int>]

  init(_ network: NetworkSpecification) {
    var trunk: [DenseLayout] = []
    var (inputs, offset) = (network.inputs, 0)
    for width in network.trunk {
      let layer = DenseLayout(inputs: inputs, outputs: width, at: offset)
      trunk.append(layer)
      (inputs, offset) = (width, layer.end)
    }
    self.trunk = trunk
    heads = DenseLayout(inputs: inputs, outputs: network.outputCount, at: offset)
    var row = 0
    headRows = network.tasks.map { task in
      defer { row += task.outputs }
      return row..<row + task.outputs
    }
  }

  /// The number of shared parameters: they come first.
  var sharedCount: Int { heads.weightOffset }
  /// The number of all parameters.
  var count: Int { heads.end }

  /// All tensors: `trunk.K.weight` (outputs × inputs), `trunk.K.bias`, `head.T.weight`, `head.T.bias`.
  var tensors: [Tensor] {
    var result: [Tensor] = []
    for (index, layer) in trunk.enumerated() {
      result.append(
        Tensor(
          name: "trunk.\(index).weight", offset: layer.weightOffset, rows: layer.outputs,
          columns: layer.inputs))
      result.append(
        Tensor(name: "trunk.\(index).bias", offset: layer.biasOffset, rows: 1, columns: layer.outputs))
    }
    for (task, rows) in headRows.enumerated() {
      result.append(
        Tensor(
          name: "head.\(task).weight", offset: heads.weightOffset + rows.lowerBound * heads.inputs,
          rows: rows.count, columns: heads.inputs))
      result.append(
        Tensor(
          name: "head.\(task).bias", offset: heads.biasOffset + rows.lowerBound, rows: 1, columns: rows.count)
      )
    }
    return result
  }
}
