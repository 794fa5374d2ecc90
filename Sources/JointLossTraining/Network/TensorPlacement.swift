/// The tensors of a model, and where each lies in a flat buffer without gaps.
struct TensorPlacement {
  private(set) var tensors: [ParameterTensor] = []
  private(set) var offsets: [Int] = []
  private(set) var count = 0
  /// Whether a tensor is frozen.
  private(set) var hasFrozen = false
  /// The shared tensors, in the order of a Jacobian's columns.
  private(set) var shared: [SharedBlock] = []
  /// The columns of a Jacobian.
  private(set) var sharedCount = 0

  /// Where a shared tensor lies in the flat buffer, and among the columns of a Jacobian.
  struct SharedBlock {
    let tensor: Int
    let offset: Int
    let column: Int
    let count: Int
  }

  init() {}

  /// One tensor after the other.
  init(consecutive tensors: [ParameterTensor]) {
    for tensor in tensors { place(tensor, at: count) }
  }

  mutating func place(_ tensor: ParameterTensor, at offset: Int) {
    if tensor.isShared {
      shared.append(
        SharedBlock(tensor: tensors.count, offset: offset, column: sharedCount, count: tensor.count))
      sharedCount += tensor.count
    }
    hasFrozen = hasFrozen || tensor.isFrozen
    tensors.append(tensor)
    offsets.append(offset)
    count = max(count, offset + tensor.count)
  }
}
