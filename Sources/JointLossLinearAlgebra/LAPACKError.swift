/// A LAPACK routine that could not do its work.
public struct LAPACKError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong.
  public enum Code: Sendable, Hashable {
    /// The argument of this number (from 1, in LAPACKE's order: its layout is the first) was rejected, a NaN among its values say.
    case argument(Int)
    /// The iteration left this many values unconverged.
    case notConverged(Int)
    /// The leading minor of this order is not positive definite.
    case notPositiveDefinite(Int)
    /// The shapes do not fit the routine.
    case shape
    /// LAPACKE could not allocate its workspace.
    case outOfMemory
  }

  /// The routine, without its type letter, `syevd` say.
  public let routine: String
  /// What went wrong.
  public let code: Code
  /// Shapes or values that explain it.
  public let context: String

  /// The error as one sentence.
  public var description: String {
    switch code {
    case .argument(let number): "\(routine): argument \(number) was rejected (\(context))"
    case .notConverged(let count): "\(routine): \(count) values did not converge (\(context))"
    case .notPositiveDefinite(let order):
      "\(routine): the leading minor of order \(order) is not positive definite (\(context))"
    case .shape: "\(routine): \(context)"
    case .outOfMemory: "\(routine): no memory for the workspace (\(context))"
    }
  }

  /// Throws what a routine's `info` says, if it says anything.
  static func check(
    _ info: Int32, _ routine: String, _ context: @autoclosure () -> String, positive: (Int) -> Code
  ) throws(LAPACKError) {
    guard info != 0 else { return }
    let code: Code =
      switch info {
      case -1010, -1011: .outOfMemory
      case ..<0: .argument(Int(-info))
      default: positive(Int(info))
      }
    throw LAPACKError(routine: routine, code: code, context: context())
  }

  /// A matrix dimension as LAPACK's 32-bit integer.
  static func dimension(_ value: Int, _ routine: String) throws(LAPACKError) -> Int32 {
    guard let result = Int32(exactly: value), result >= 0 else {
      throw LAPACKError(routine: routine, code: .shape, context: "dimension \(value) is out of range")
    }
    return result
  }
}
