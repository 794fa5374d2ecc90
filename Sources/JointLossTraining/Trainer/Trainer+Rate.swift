import JointLossLinearAlgebra

extension Trainer {
  /// Changes the learning rate of the steps to come, as a ``LearningRateSchedule`` asks for.
  ///
  /// - Parameter rate: the new rate, at least 0.
  /// - Throws: ``TrainingError`` with the code `configuration` if it is not a finite number of at least 0.
  public func setLearningRate(_ rate: Double) throws(TrainingError) {
    guard rate >= 0, rate.isFinite else {
      throw TrainingError(
        .configuration, "a learning rate is a finite number of at least 0, not \(rate)", step: counts.steps)
    }
    learningRate = rate
  }
}
