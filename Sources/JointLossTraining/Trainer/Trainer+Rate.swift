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

  static func validate(clipNorm: Double) throws(TrainingError) {
    guard clipNorm > 0, clipNorm.isFinite else {
      throw TrainingError(
        .configuration, "gradients are clipped at a finite norm above 0, not \(clipNorm)")
    }
  }

  /// Shortens the gradient of trunk and heads to ``clipNorm`` where it is longer.
  func clipGradient() throws(TrainingError) {
    guard let clipNorm else { return }
    let gradient = backward.gradient
    let norm = gradient.norm
    guard norm.isFinite else {
      throw TrainingError(
        .diverged, "the norm of the gradient is \(norm) in step \(counts.steps)", step: counts.steps)
    }
    if norm > clipNorm { gradient.scale(by: Scalar(clipNorm / norm)) }
    tally.add(isClipped: norm > clipNorm)
  }
}

extension FlatParameters {
  /// The square root of the sum of all squares, added up in `Double`.
  fileprivate var norm: Double {
    let all = view(ParameterLayout.Tensor(name: "", offset: 0, rows: 1, columns: count))
    return all.dot(all).squareRoot()
  }

  @specialized(where Scalar == Float)
  fileprivate func scale(by factor: Scalar) {
    for index in 0..<count { pointer[index] *= factor }
  }
}
