import JointLossWeighting

/// Steps of rules that give the update of the shared parameters: `θ ← θ − η u`, after the optimiser's step on a
/// gradient of zeros there.
///
/// On such a gradient gradient descent and Adam stand still, since all that they remember of these parameters is 0
/// from the beginning. AdamW decays them first, as it does before its own step: its decay is no part of the step
/// that the update takes the place of.
extension Trainer {
  /// Checks that the shared parameters stay finite, before anything moves.
  func requireFinite(afterUpdate update: [Double]) throws(TrainingError) {
    // With both finite the difference from a decayed parameter is finite too: it lies between the two.
    guard let (tensor, element, step) = flat.firstOutOfRange(afterUpdate: update, rate: learningRate) else {
      return
    }
    throw diverged(
      "the update \(step) of element \(element) of \(flat.tensors[tensor].name) is not finite after step "
        + "\(counts.steps)", task: nil)
  }

  /// Moves the shared parameters.
  func move(by update: [Double]) { flat.moveShared(by: update, rate: learningRate) }
}
