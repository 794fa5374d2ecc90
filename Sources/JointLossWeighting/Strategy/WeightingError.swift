/// Evidence, parameters or names that a strategy cannot work with, or a rule that has no answer for them.
public struct WeightingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Code: String, Sendable {
    /// No strategy has this name.
    case unknownStrategy
    /// Two strategies want the same name.
    case duplicateStrategy
    /// A strategy or a parameter has a name that cannot be printed.
    case name
    /// A parameter is unknown, of the wrong type or out of range.
    case parameter
    /// The number of tasks is zero, or not the number the strategy was created for.
    case taskCount
    /// A loss, a gradient or a weight is NaN or infinite.
    case nonFinite
    /// Rows of unequal length, a Gramian that is not square, symmetric or of non-negative diagonal.
    case shape
    /// The step lacks what the strategy reads.
    case missingEvidence
    /// None of the tasks has labels in the step.
    case absentTask
    /// Losses for which the rule is not defined (a negative one under a logarithm, say).
    case domain
    /// A strategy's answer is of another size than the step, or not what its description says.
    case answer
    /// A solver did not reach its certificate.
    case solver
  }

  /// What went wrong.
  public let code: Code
  /// One sentence with the values that explain it.
  public let message: String
  /// The task at fault, counted from 0, where one is.
  public let task: Int?

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - code: what went wrong.
  ///   - message: one sentence with the values that explain it.
  ///   - task: the task at fault, counted from 0, where one is.
  public init(_ code: Code, _ message: String, task: Int? = nil) {
    self.code = code
    self.message = message
    self.task = task
  }

  /// The message.
  public var description: String { message }
}
