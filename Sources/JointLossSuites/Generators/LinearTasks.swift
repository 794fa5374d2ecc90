import JointLossLinearAlgebra
package import JointLossTraining

/// An affine predictor for each task.
package struct LinearPredictors: Sendable {
  /// For each task, one weight an input.
  package let weights: [[Double]]
  /// For each task, its bias.
  package let biases: [Double]

  /// Creates predictors.
  ///
  /// - Parameters:
  ///   - weights: for each task, one weight an input.
  ///   - biases: one bias a task.
  package init(weights: [[Double]], biases: [Double]) {
    self.weights = weights
    self.biases = biases
  }

  /// The least-squares predictors of a data set, one task at a time (gelsd; of least norm where they are
  /// many).
  ///
  /// - Parameter data: a data set of regressions with one output each.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package init(leastSquares data: TaskDataset) throws(SuiteError) {
    let (inputs, tasks) = (data.inputCount, data.targets.count)
    let design = Matrix<Double>(rows: data.sampleCount, columns: inputs + 1)
    let labels = Matrix<Double>(rows: data.sampleCount, columns: tasks)
    for sample in 0..<data.sampleCount {
      for input in 0..<inputs { design[sample, input] = data.inputs[sample * inputs + input] }
      design[sample, inputs] = 1
      for task in 0..<tasks { labels[sample, task] = data.targets[task][sample] }
    }
    do {
      let fit = try LeastSquares(design, labels)
      weights = (0..<tasks).map { task in (0..<inputs).map { fit.solution[$0, task] } }
      biases = (0..<tasks).map { fit.solution[inputs, $0] }
    } catch {
      throw SuiteError("the least-squares optimum: \(error)")
    }
  }

  /// The mean squared errors on a data set.
  ///
  /// - Parameter data: a data set of as many tasks.
  /// - Returns: one mean squared error a task.
  package func losses(on data: TaskDataset) -> [Double] {
    data.targets.indices.map { task in
      let predictions = Projection.values(data.inputs, onto: [weights[task]])
      var squares = 0.0
      for (prediction, target) in zip(predictions, data.targets[task]) {
        let error = prediction + biases[task] - target
        squares += error * error
      }
      return squares / Double(data.sampleCount)
    }
  }
}

/// The true coefficients of linear tasks on inputs N(0, I), and the risks that follow exactly.
package struct LinearTasks: Sendable {
  /// For each task, θ_t.
  package let coefficients: [[Double]]
  /// The variance of the label noise: the risk of the best predictor.
  package let noiseVariance: Double

  /// The exact excess risks of affine predictors: ‖w_t − θ_t‖² + b_t².
  ///
  /// - Parameter predictors: one predictor a task.
  /// - Returns: for each task, its expected squared error on new data beyond the noise's variance.
  package func excessRisks(of predictors: LinearPredictors) -> [Double] {
    coefficients.indices.map { task in
      let bias = predictors.biases[task]
      var risk = bias * bias
      for (weight, truth) in zip(predictors.weights[task], coefficients[task]) {
        risk += (weight - truth) * (weight - truth)
      }
      return risk
    }
  }

  /// The predictors of a shared trunk of few linear units with the least total excess risk (Eckart and
  /// Young).
  ///
  /// Their coefficients are the projections of the θ_t onto the leading eigenvectors of ΘᵀΘ, found from the
  /// T×T Gramian ΘΘᵀ (syevd); the total excess risk is the sum of its remaining eigenvalues.
  ///
  /// - Parameter rank: the trunk's units, at least 1.
  /// - Returns: one predictor a task.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func bestShared(rank: Int) throws(SuiteError) -> LinearPredictors {
    let (count, inputs) = (coefficients.count, coefficients.first?.count ?? 0)
    let rows = Matrix(rows: count, columns: inputs, elements: coefficients.flatMap { $0 })
    let gramian = Matrix<Double>(rows: count, columns: count)
    gramian.view.setSymmetricProduct(rows.view)
    do {
      let eigen = try SymmetricEigen(of: gramian)
      let kept = eigen.vectors.view.columns(max(count - rank, 0)..<count)
      let projector = Matrix<Double>(rows: count, columns: count)
      projector.view.setProduct(kept, .asIs, kept, .transposed)
      let best = Matrix<Double>(rows: count, columns: inputs)
      best.view.setProduct(projector.view, .asIs, rows.view)
      return LinearPredictors(
        weights: (0..<count).map { best.view.rows($0..<$0 + 1).elements },
        biases: [Double](repeating: 0, count: count))
    } catch {
      throw SuiteError("the best shared predictors of rank \(rank): \(error)")
    }
  }
}
