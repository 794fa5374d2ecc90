import Foundation
import JointLossWeighting

/// The check of the tasks' order: weights are permuted with the tasks, as far as the strategy promises.
extension Subject {
  /// How much more the order of the tasks may change than gradients that differ by a unit in the last place: a rule
  /// that magnifies rounding has weights that no computation determines.
  private static var multiple: Double { 4 }

  func taskOrderFailure(_ input: ConformanceInput) -> Failure? {
    guard let claim = (try? make(input.taskCount))?.strategy.promises.taskOrder, isHeldToTaskOrder(on: input)
    else {
      return nil
    }
    let tasks = Array(0..<input.taskCount)
    // Of many tasks one order, the reverse.
    let orders = [Array(tasks.reversed()), Array(tasks.dropFirst()) + tasks.prefix(1)]
      .prefix(tasks.count > 10 ? 1 : 2).filter { $0 != tasks }
    return claim == .inDistribution
      ? distributionFailure(input, orders: orders)
      : orders.lazy.compactMap {
        equivarianceFailure(input, order: $0, isOfDirection: claim == .equivariantDirection)
      }.first
  }

  /// Whether the order of the tasks may not matter on an input: there are several, and of best answers one.
  func isHeldToTaskOrder(on input: ConformanceInput) -> Bool {
    guard input.taskCount > 1, let claim = promises?.taskOrder, claim != .matters else { return false }
    return claim != .withoutTies || input.steps.allSatisfy(\.isIndependent)
  }

  private func equivarianceFailure(
    _ input: ConformanceInput, order: [Int], isOfDirection: Bool
  ) -> Failure? {
    let permuted = input.permuted(order)
    guard let plainAnswers = answers(on: input) else { return nil }
    guard let gotAnswers = answers(on: permuted) else {
      return Failure(reason: "with the tasks in the order \(order) there are no finite weights")
    }
    let (plain, got) = (plainAnswers.map(\.numbers), gotAnswers.map(\.numbers))
    // Rounding alone, where it makes a difference.
    var nearby: [[[Double]]]?
    var sensitivity = 0.0
    for index in plain.indices {
      // A solver that had to add a ridge has solved another problem, and from there on the order may matter.
      if plainAnswers[index].hasRidge || gotAnswers[index].hasRidge {
        if promises?.isMemoryless == true { continue }
        break
      }
      // A direction or an update is the same for any order.
      let wanted = order.map { plain[index][$0] } + plain[index].dropFirst(order.count)
      let step = permuted.steps[index]
      guard !Self.agree(got[index], wanted),
        !isOfDirection || step.isIndependent || !step.hasSameSum(got[index], wanted, within: Self.tolerance)
      else { continue }
      let others = nearby ?? input.nearby.compactMap { weights(on: $0) }
      nearby = others
      for step in 0...index {
        for other in others { sensitivity = max(sensitivity, Self.difference(other[step], plain[step])) }
      }
      guard Self.difference(got[index], wanted) > Self.multiple * sensitivity else { continue }
      return Failure(
        reason:
          "with the tasks in the order \(order), step \(index) has the weights \(got[index]) instead of \(wanted)"
      )
    }
    return nil
  }

  /// Compares means over many seeds; a difference must exceed six standard errors.
  private func distributionFailure(_ input: ConformanceInput, orders: [[Int]]) -> Failure? {
    let length = input.taskCount > 10 ? 1 : 2
    guard let plain = moments(of: input, first: length) else { return nil }
    for order in orders {
      guard let got = moments(of: input.permuted(order), first: length) else {
        return Failure(reason: "with the tasks in the order \(order) there are no finite weights")
      }
      for index in plain.means.indices {
        // A direction or an update is the same for any order.
        let places = order + (order.count..<max(plain.means[index].count, order.count))
        for (position, place) in places.enumerated() {
          let difference = abs(got.means[index][position] - plain.means[index][place])
          let error = got.errors[index][position] + plain.errors[index][place]
          let rounding = Self.tolerance * (abs(got.means[index][position]) + abs(plain.means[index][place]))
          guard difference > 6 * error + rounding else { continue }
          return Failure(
            reason: """
              with the tasks in the order \(order), the mean \
              \(position < order.count ? "weight of task \(place)" : "element \(place - order.count) given") in step \
              \(index) is \(got.means[index][position]) instead of \(plain.means[index][place]), a difference of \
              \(difference / error) standard errors
              """, value: got.means[index][position])
        }
      }
    }
    return nil
  }

  /// Means over some hundred seeds, fewer for many tasks and for the many short runs, and their standard errors.
  private func moments(
    of input: ConformanceInput, first length: Int
  ) -> (means: [[Double]], errors: [[Double]])? {
    // More tasks take longer, and there are more of them to differ; a small bias shows in the long runs.
    let isLong = input.taskCount <= 10 && input.steps.count > ConformanceInput.stepsPerEpoch
    let count = isLong ? 400 : input.taskCount > 10 ? 25 : 100
    guard
      let observations = try? input.steps.indices.prefix(length).map({ try self.observation(input, at: $0) })
    else {
      return nil
    }
    var samples: [[[Double]]] = []
    for sample in 0..<UInt64(count) {
      guard var strategy = try? make(input.taskCount, seed: seed &+ sample),
        let weights = try? observations.indices.map({
          try step(&strategy, input, at: $0, observing: observations[$0])
        }),
        weights.allSatisfy({ $0.values.count == input.taskCount && $0.numbers.allSatisfy(\.isFinite) })
      else { return nil }
      samples.append(weights.map(\.numbers))
    }
    let zeros = samples[0].map { numbers in numbers.map { _ in 0.0 } }
    var (means, errors) = (zeros, zeros)
    for index in zeros.indices {
      for place in zeros[index].indices {
        let values = samples.map { $0[index][place] }
        let mean = values.reduce(0, +) / Double(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
        means[index][place] = mean
        errors[index][place] = (variance / Double(count)).squareRoot()
      }
    }
    return (means, errors)
  }

  /// The largest difference, relative to the largest number.
  private static func difference(_ got: [Double], _ wanted: [Double]) -> Double {
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    return zip(got, wanted).reduce(0) { max($0, abs($1.0 - $1.1) / largest) }
  }
}

extension ConformanceInput {
  /// The same with gradients that differ by a unit in the last place: alike for all tasks, by which those that are
  /// opposed stay so, and not alike.
  fileprivate var nearby: [ConformanceInput] {
    [0, 1].map { shift in
      ConformanceInput(
        steps: steps.map { step in
          Step(
            losses: step.losses,
            gradients: step.gradients.enumerated().map { task, row in
              row.enumerated().map { $1 * (1 + (($0 + shift * task).isMultiple(of: 2) ? 1 : -1) * 0x1p-52) }
            })
        })
    }
  }
}

extension ConformanceInput.Step {
  /// Whether no gradient is a combination of the others, as far as cosines tell.
  fileprivate var isIndependent: Bool {
    guard let gramian = try? Jacobian(rows: gradients).gramian else { return false }
    var (scaled, solver) = (ScaledGramian(), PseudoInverse())
    scaled.load(gramian)
    return scaled.count == gradients.count
      && (try? solver.decompose(order: scaled.count, scaled.cosines, rankTolerance: 1e-6)) != nil
      && solver.rank == gradients.count
  }

  /// Whether two weights of the gradients give the same direction, to so much of its terms.
  ///
  /// A direction that a rule gives itself is never excused.
  fileprivate func hasSameSum(_ one: [Double], _ other: [Double], within tolerance: Double) -> Bool {
    guard one.count == gradients.count, other.count == gradients.count else { return false }
    return (gradients.first ?? []).indices.allSatisfy { column in
      var (difference, size) = (0.0, 0.0)
      for (task, gradient) in gradients.enumerated() {
        difference += (one[task] - other[task]) * gradient[column]
        size += (abs(one[task]) + abs(other[task])) * abs(gradient[column])
      }
      return abs(difference) <= tolerance * size
    }
  }
}
