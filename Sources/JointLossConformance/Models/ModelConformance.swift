public import JointLossTraining

/// Checks that a model of one's own computes what it says: its backward pass above all, whose faults no training run
/// reports.
///
/// Nothing here needs a test library. In a test of the model's package, `#expect(report.passes, "\(report)")` does.
///
/// A model in `Double` is held to a relative error of 1e-7, one in `Float` to 1e-2: differences of a loss in `Float`
/// tell no more. A model that is generic over its scalar is checked in `Double`.
public enum ModelConformance {
  /// Runs all checks on a model.
  ///
  /// - Parameters:
  ///   - model: the model, small: a check takes some passes for each value of a tensor, for 64 of a larger one.
  ///   - data: samples to check it on, of which the first five are taken; nil for drawn ones. A model whose inputs are
  ///     of a kind, indices of words say, needs samples of its own.
  ///   - seed: the seed of parameters, drawn samples and dropout.
  /// - Returns: for each check whether it passed, and the smallest input on which it did not.
  public static func check<Model: MultiTaskModel>(
    _ model: Model, data: TaskDataset? = nil, seed: UInt64 = 0
  ) -> ModelReport {
    var results: [ModelReport.Result] = []
    var subjects: [ModelSubject<Model>] = []
    for check in ModelCheck.allCases {
      results.append(.init(check: check, outcome: outcome(of: check)))
    }
    return ModelReport(model: "\(Model.self)", results: results)

    func outcome(of check: ModelCheck) -> ModelReport.Outcome {
      if check == .creation { return creation() }
      if check == .representation, model.representationUnits == nil { return .notApplicable("it has none") }
      if let earlier = results.first(where: { isNeeded($0.check, by: check) && !$0.isPassed }) {
        return .notApplicable("\(earlier.check.rawValue) failed")
      }
      for subject in subjects {
        guard let failure = subject.failure(of: check) else { continue }
        return .failed(
          ModelFinding(check: check, reason: failure.reason, value: failure.value, input: subject.input))
      }
      return .passed(inputs: subjects.count)
    }

    func creation() -> ModelReport.Outcome {
      var input = ModelInput(data: .none, isTraining: false, seed: seed)
      do throws(TrainingError) {
        for next in try ModelInput.all(for: model, data: data, seed: seed) {
          input = next
          let subject = try ModelSubject(model, next)
          if let failure = try subject.creationFailure() {
            return .failed(
              ModelFinding(check: .creation, reason: failure.reason, value: failure.value, input: next))
          }
          subjects.append(subject)
        }
        return .passed(inputs: subjects.count)
      } catch {
        return .failed(ModelFinding(check: .creation, reason: error.message, value: nil, input: input))
      }
    }
  }

  /// Whether a check says nothing of a model that fails an earlier one.
  private static func isNeeded(_ earlier: ModelCheck, by check: ModelCheck) -> Bool {
    switch earlier {
    case .creation, .determinism: check != earlier
    case .handover: [.gradient, .stackedGradients, .gramian, .representation].contains(check)
    case .sampleIndependence: check == .meanLoss
    case .gradient: [.stackedGradients, .gramian, .representation].contains(check)
    case .stackedGradients: check == .gramian || check == .representation
    default: false
    }
  }
}

extension ModelReport.Result {
  fileprivate var isPassed: Bool { if case .passed = outcome { true } else { false } }
}

extension TaskDataset {
  /// No sample, where a model does not even say what a sample is.
  fileprivate static var none: TaskDataset {
    do { return try TaskDataset(inputCount: 1, inputs: [], targets: [], tasks: []) } catch {
      fatalError("\(error)")
    }
  }
}
