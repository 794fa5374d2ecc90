import JointLossLinearAlgebra
import JointLossWeighting

/// The length of the gradient: known where a step has to know it, or can tell for next to nothing.
extension Trainer {
  /// Shortens the gradient of all parameters to ``StepOptions/clipNorm`` where it is longer.
  ///
  /// Returns the norm of its shared part before that; nil where gradients are not clipped.
  func clip(_ gradient: FlatParameters<Scalar>) throws(TrainingError) -> Double? {
    guard let clipNorm = options.clipNorm else { return nil }
    let squares = gradient.squares
    let norm = (squares.shared + squares.heads).squareRoot()
    guard norm.isFinite else {
      throw TrainingError(
        .diverged, "the norm of the gradient is \(norm) in step \(counts.steps)", step: counts.steps)
    }
    if norm > clipNorm { gradient.scale(by: Scalar(clipNorm / norm)) }
    tally.add(isClipped: norm > clipNorm)
    return squares.shared.squareRoot()
  }

  /// The norm of the shared part of a gradient that is not clipped, or nil.
  ///
  /// Beside T rows of a Jacobian a sum over a direction is nothing. Beside the one backward pass of a rule on losses
  /// it is not: on a network of 6000 shared parameters it would be a thirtieth of the step.
  func knownNorm(of gradient: FlatParameters<Scalar>, isDirection: Bool) -> Double? {
    if isDirection { return gradient.squares.shared.squareRoot() }
    guard options.scalePolicy == .matchNorm || update == nil && observesSharedGramian else { return nil }
    return sharedGramian.norm(weights: lastWeights)
  }
}
