/// The tensors of a model, and where each lies in a flat buffer without gaps.
struct TensorPlacement {
  private(set) var tensors: [ParameterTensor] = []
  private(set) var offsets: [Int] = []
  private(set) var count = 0

  init() {}

  /// One tensor after the other.
  init(consecutive tensors: [ParameterTensor]) {
    for tensor in tensors { place(tensor, at: count) }
  }

  mutating func place(_ tensor: ParameterTensor, at offset: Int) {
    tensors.append(tensor)
    offsets.append(offset)
    count = max(count, offset + tensor.count)
  }
}
