/// A network, data set or training run that cannot be, or cannot go on.
public struct TrainingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Code: String, Sendable {
    /// A width, a count or a rate makes no sense.
    case configuration
    /// Sizes do not fit together.
    case shape
    /// Data hold a value that is not finite, or a label that is no class.
    case nonFinite
    /// A loss, a gradient or a parameter stopped being finite in training.
    case diverged
    /// The strategy could not weigh a step, or gave a weight or a direction that is not finite.
    case strategy
    /// The optimiser has no step for a gradient.
    case optimizer
    /// A model's passes do not keep to their contract.
    case model
    /// A checkpoint is damaged, belongs to another training run, or cannot be read or written.
    case checkpoint
  }

  /// What went wrong.
  public let code: Code
  /// One sentence with the values that explain it.
  public let message: String
  /// The task at fault, counted from 0, where one is.
  public let task: Int?
  /// The training step, counted from 0, where there is one.
  public let step: Int?

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - code: what went wrong.
  ///   - message: one sentence with the values that explain it.
  ///   - task: the task at fault, counted from 0, where one is.
  ///   - step: the training step, counted from 0, where there is one.
  public init(_ code: Code, _ message: String, task: Int? = nil, step: Int? = nil) {
    self.code = code
    self.message = message
    self.task = task
    self.step = step
  }

  /// The message.
  public var description: String { message }
}
