/// A tensor of a model's parameters: its name and shape, and which tasks its values serve.
public struct ParameterTensor: Sendable, Hashable {
  /// The name, unique in its model: printable characters on one line.
  ///
  /// A checkpoint keeps `__metadata__` and names that begin with `optimizer.` for other values.
  public let name: String
  /// The rows; the outputs of a dense layer.
  public let rows: Int
  /// The columns; the inputs of a dense layer.
  public let columns: Int
  /// The only task whose loss depends on the tensor, counted from 0; nil for a tensor that tasks share.
  ///
  /// Gramian, gradient norms and weights of the shared gradient concern shared tensors; all others follow their
  /// own task, as heads do.
  public let task: Int?
  /// Whether the tensor is the weight matrix of a last shared layer, over which some strategies take norms.
  public let isLastShared: Bool
  /// Whether nothing trains the tensor: it keeps its initial values.
  ///
  /// It is handed over by no backward pass, moved by no optimizer and shrunk by no weight decay, and it is none of the
  /// shared parameters. It is part of parameters and checkpoints.
  public let isFrozen: Bool

  /// Describes a tensor.
  ///
  /// - Parameters:
  ///   - name: the name, unique in its model: printable characters on one line.
  ///   - rows: the rows, at least 1; the outputs of a dense layer.
  ///   - columns: the columns, at least 1; the inputs of a dense layer.
  ///   - task: the only task whose loss depends on the tensor, or nil if tasks share it.
  ///   - isLastShared: whether the tensor is the weight matrix of a last shared layer.
  ///   - isFrozen: whether nothing trains the tensor; one of a last shared layer cannot be frozen.
  public init(
    _ name: String, rows: Int = 1, columns: Int, task: Int? = nil, isLastShared: Bool = false,
    isFrozen: Bool = false
  ) {
    self.name = name
    self.rows = rows
    self.columns = columns
    self.task = task
    self.isLastShared = isLastShared
    self.isFrozen = isFrozen
  }

  /// The number of values.
  public var count: Int { rows * columns }

  /// Whether it is one of the shared parameters: trained, and by no task alone.
  package var isShared: Bool { task == nil && !isFrozen }

  /// Whose it is, for messages.
  var owner: String { task.map { "task \($0)" } ?? "all tasks" }
}
