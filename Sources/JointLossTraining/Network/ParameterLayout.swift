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
  var place: DensePlace {
    DensePlace(inputs: inputs, outputs: outputs, weightOffset: weightOffset, biasOffset: biasOffset)
  }
  var shape: LayerShape { LayerShape(inputs: inputs, outputs: outputs) }
}

/// Where every parameter of a network lies in one flat buffer: the trunk's tensors, layer by layer, then the
/// weights of all heads as one matrix, then the biases of all heads.
struct ParameterLayout {
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
    headRows = network.tasks.map(\.outputs).consecutiveRanges
  }

  /// All tensors: `trunk.K.weight` (outputs × inputs), `trunk.K.bias`, `head.T.weight`, `head.T.bias`.
  var placement: TensorPlacement {
    var result = TensorPlacement()
    for (index, layer) in trunk.enumerated() {
      result.place(
        ParameterTensor(
          "trunk.\(index).weight", rows: layer.outputs, columns: layer.inputs,
          isLastShared: index == trunk.count - 1),
        at: layer.weightOffset)
      result.place(ParameterTensor("trunk.\(index).bias", columns: layer.outputs), at: layer.biasOffset)
    }
    for (task, rows) in headRows.enumerated() {
      result.place(
        ParameterTensor("head.\(task).weight", rows: rows.count, columns: heads.inputs, task: task),
        at: heads.weightOffset + rows.lowerBound * heads.inputs)
      result.place(
        ParameterTensor("head.\(task).bias", columns: rows.count, task: task),
        at: heads.biasOffset + rows.lowerBound)
    }
    return result
  }
}
