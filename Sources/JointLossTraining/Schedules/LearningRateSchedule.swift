#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How the learning rate changes from epoch to epoch: a shape, and a linear warm-up in front of it.
///
/// A schedule has no state. The rate of an epoch is a function of the epoch and of the validation losses before
/// it, so that a run that is resumed goes on as if it had not been interrupted.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
  /// The course of the rate after the warm-up.
  public enum Shape: Codable, Hashable, Sendable {
    /// The optimiser's rate in every epoch.
    case constant
    /// Half a cosine from the optimiser's rate down to a share of it, which is reached after the last epoch:
    /// `f + (1 − f)(1 + cos πj/n)/2` in the epoch j = 0 … n − 1 (I. Loshchilov, F. Hutter, ICLR 2017).
    case cosine(final: Double)
    /// Times a factor after every so many epochs.
    case step(every: Int, factor: Double)
    /// Times a factor each time that the validation loss was above its smallest value in so many epochs since
    /// that value, or since the last drop. Only a worse loss counts: an equal one does not.
    case plateau(patience: Int, factor: Double)
  }

  /// The course of the rate after the warm-up.
  public let shape: Shape
  /// The number k of epochs with the rates 1/(k + 1), 2/(k + 1) … of the optimiser's, before the shape begins.
  public let warmUp: Int

  /// Creates a schedule.
  ///
  /// - Parameters:
  ///   - shape: the course of the rate after the warm-up.
  ///   - warmUp: the epochs of linear warm-up, at least 0.
  /// - Throws: ``TrainingError`` with the code `configuration` if a number makes no sense.
  public init(_ shape: Shape, warmUp: Int = 0) throws(TrainingError) {
    func require(_ holds: Bool, _ what: String, _ value: some Any) throws(TrainingError) {
      guard holds else { throw TrainingError(.configuration, "the schedule needs \(what), not \(value)") }
    }
    try require(warmUp >= 0, "a warm-up of at least 0 epochs", warmUp)
    try require(warmUp < 1 << 53, "a warm-up below 2^53 epochs", warmUp)
    switch shape {
    case .constant: break
    case .cosine(let final): try require(final >= 0 && final <= 1, "a final share in [0, 1]", final)
    case .step(let every, let factor):
      try require(every >= 1, "at least one epoch between two steps", every)
      try require(factor > 0 && factor < 1, "a factor in (0, 1)", factor)
    case .plateau(let patience, let factor):
      try require(patience >= 1, "a patience of at least one epoch", patience)
      try require(factor > 0 && factor < 1, "a factor in (0, 1)", factor)
    }
    self.shape = shape
    self.warmUp = warmUp
  }

  /// Decodes a schedule.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, or ``TrainingError`` if the numbers make no sense.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      container.decode(Shape.self, forKey: .shape), warmUp: container.decode(Int.self, forKey: .warmUp))
  }

  /// Whether the rate is the optimiser's in every epoch.
  public var isConstant: Bool { shape == .constant && warmUp == 0 }

  /// Whether the rate falls with validation losses.
  public var readsValidation: Bool {
    if case .plateau = shape { true } else { false }
  }

  /// The share of the optimiser's learning rate in an epoch.
  ///
  /// - Parameters:
  ///   - epoch: the epoch, counted from 1.
  ///   - epochs: the number of epochs of the whole training.
  ///   - validation: the validation loss before training and after each epoch so far, smaller is better; only a
  ///     plateau reads it.
  /// - Returns: the share, in [0, 1].
  public func factor(epoch: Int, of epochs: Int, validation: [Double]) -> Double {
    guard epoch > warmUp else { return Double(epoch) / Double(warmUp + 1) }
    let position = epoch - warmUp - 1
    switch shape {
    case .constant: return 1
    case .cosine(let final):
      let angle = Double.pi * Double(position) / Double(max(epochs - warmUp, 1))
      return final + (1 - final) * (1 + cos(angle)) / 2
    case .step(let every, let factor): return pow(factor, Double(position / every))
    case .plateau(let patience, let factor):
      return pow(factor, Double(Self.drops(validation.dropFirst(warmUp), patience: patience)))
    }
  }

  private static func drops(_ losses: ArraySlice<Double>, patience: Int) -> Int {
    guard var best = losses.first else { return 0 }
    var (worse, drops) = (0, 0)
    for loss in losses.dropFirst() {
      if loss < best {
        (best, worse) = (loss, 0)
      } else if loss > best {
        worse += 1
      }
      if worse == patience { (worse, drops) = (0, drops + 1) }
    }
    return drops
  }
}
