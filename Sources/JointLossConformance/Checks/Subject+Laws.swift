import Foundation
import JointLossWeighting

/// Checks of laws that relate two runs, or weights and gradients: scale, conflict.
extension Subject {
  /// The relative difference that rounding and a solver's tolerance may make of two runs that should agree.
  static var tolerance: Double { 1e-6 }
  /// What a sum of products may fall below 0, relative to its terms.
  private static var conflict: Double { 1e-9 }

  func scaleLawFailure(_ input: ConformanceInput) -> Failure? {
    guard let degree = (try? make(input.taskCount))?.strategy.promises.scaleDegree,
      let plain = answers(on: input)
    else { return nil }
    // Powers of two near 1e5, 1e-10, 1e10 and 1e-15: scaling adds no rounding of its own.
    for scale in [0x1p17, 0x1p-33, 0x1p33, 0x1p-50] {
      let scaled = input.scaled(losses: scale, gradients: scale)
      guard let got = answers(on: scaled) else {
        return Failure(reason: "times \(scale), losses and gradients have no finite weights")
      }
      let factor = pow(scale, degree)
      // Where a solver had to add a ridge the rule has no solution, and the law nothing to say.
      for index in plain.indices where !plain[index].hasRidge && !got[index].hasRidge {
        let wanted = plain[index].values.map { factor * $0 }
        // A direction has the gradients' own scale besides; an update has not.
        let given =
          plain[index].elements?.map { $0 * factor * (plain[index].direction == nil ? 1 : scale) } ?? []
        guard
          !Self.agree(got[index].values, wanted, where: input.steps[index].isActive)
            || !Self.agree(got[index].elements ?? [], given)
        else { continue }
        return Failure(
          reason: """
            losses and gradients times \(scale): step \(index) has the weights \(got[index].values) instead of \
            \(scale)^\(ParameterValue.number(degree)) \(plain[index].values)
            """)
      }
    }
    return nil
  }

  func nonConflictFailure(_ input: ConformanceInput) -> Failure? {
    guard weights(on: input) != nil, var strategy = try? make(input.taskCount) else { return nil }
    for index in input.steps.indices {
      guard let gramian = (try? self.observation(input, at: index))?.gramian,
        let weights = try? step(&strategy, input, at: index)
      else { return nil }
      let largest = (0..<input.taskCount).reduce(0) { max($0, gramian.norm(of: $1)) }
      let ridge = weights.certificate?.ridge ?? 0
      // A gradient of 1e-12 of the largest or less counts as none.
      for task in 0..<input.taskCount where gramian.norm(of: task) > 1e-12 * largest {
        // A solver that had to add a ridge to the diagonal says so; its equations hold for that sum.
        var product = ridge * gramian[task, task] * weights.values[task]
        var size = 0.0
        if let given = weights.elements {
          for (element, step) in zip(input.steps[index].gradients[task], given) {
            product += element * step
            size += abs(element * step)
          }
        } else {
          for (other, weight) in weights.values.enumerated() {
            product += gramian[task, other] * weight
            size += abs(gramian[task, other] * weight)
          }
        }
        // Elements rounded to `Float` are known to no better: norms and cosines from them differ by as much.
        let rounding = input.steps[index].hasFloatGramian ? Double(Float.ulpOfOne) : 0
        guard product < -max(Self.conflict, rounding) * size else { continue }
        return Failure(
          reason: """
            along the direction of step \(index), of weights \(weights.values), the loss of task \(task) \
            rises: the product with its gradient is \(product)
            """, value: product)
      }
    }
    return nil
  }

  /// Whether numbers agree within the tolerance, relative to the largest.
  static func agree(_ got: [Double], _ wanted: [Double], where counts: [Bool]? = nil) -> Bool {
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    return wanted.indices.allSatisfy { task in
      counts?[task] == false || abs(got[task] - wanted[task]) <= tolerance * largest
    }
  }
}

extension ConformanceInput.Step {
  /// Which tasks have a gradient of more than 1e-12 of the largest; the others have a neutral weight, which no
  /// scale changes.
  fileprivate var isActive: [Bool] {
    let norms = gradients.map { row in row.reduce(0) { max($0, abs($1)) } }
    let largest = norms.max() ?? 0
    return norms.map { $0 > 1e-12 * largest }
  }
}
