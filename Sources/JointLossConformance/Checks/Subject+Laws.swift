import Foundation
import JointLossWeighting

/// Checks of laws that relate two runs, or weights and gradients: task order, scale, conflict.
extension Subject {
  /// The relative difference that rounding and a solver's tolerance may make of two runs that should agree.
  private static var tolerance: Double { 1e-6 }
  /// How much more the order of the tasks may change than gradients that differ by a unit in the last place: a rule
  /// that magnifies rounding has weights that no computation determines.
  private static var multiple: Double { 4 }
  /// What a sum of products may fall below 0, relative to its terms.
  private static var conflict: Double { 1e-9 }

  func taskOrderFailure(_ input: ConformanceInput) -> Failure? {
    guard let claim = (try? make(input.taskCount))?.claims.taskOrder, claim != .matters else { return nil }
    let tasks = Array(0..<input.taskCount)
    // Of many tasks one order, the reverse.
    let orders = [Array(tasks.reversed()), Array(tasks.dropFirst()) + tasks.prefix(1)]
    for order in orders.prefix(tasks.count > 10 ? 1 : 2) where order != tasks {
      let permuted = input.permuted(order)
      let failure =
        claim == .equivariant
        ? equivarianceFailure(input, permuted, order: order)
        : distributionFailure(input, permuted, order: order)
      if let failure { return failure }
    }
    return nil
  }

  private func equivarianceFailure(
    _ input: ConformanceInput, _ permuted: ConformanceInput, order: [Int]
  ) -> Failure? {
    guard let plain = weights(on: input) else { return nil }
    guard let got = weights(on: permuted) else {
      return Failure(reason: "with the tasks in the order \(order) there are no finite weights")
    }
    // Rounding alone, where it makes a difference.
    var nearby: [[Double]]?
    var sensitivity = 0.0
    for index in plain.indices {
      // A direction or an update is the same for any order.
      let wanted = order.map { plain[index][$0] } + plain[index].dropFirst(order.count)
      let step = permuted.steps[index]
      guard !Self.agree(got[index], wanted), !step.hasSameSum(got[index], wanted, within: Self.tolerance)
      else {
        continue
      }
      if nearby == nil { nearby = weights(on: input.nearby) }
      for step in 0...index {
        sensitivity = max(sensitivity, nearby.map { Self.difference($0[step], plain[step]) } ?? 0)
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
  private func distributionFailure(
    _ input: ConformanceInput, _ permuted: ConformanceInput, order: [Int]
  ) -> Failure? {
    let length = input.taskCount > 10 ? 1 : 2
    let short = { (whole: ConformanceInput) in ConformanceInput(steps: Array(whole.steps.prefix(length))) }
    guard let plain = moments(of: short(input)) else { return nil }
    guard let got = moments(of: short(permuted)) else {
      return Failure(reason: "with the tasks in the order \(order) there are no finite weights")
    }
    for index in plain.means.indices {
      for (position, task) in order.enumerated() {
        let difference = abs(got.means[index][position] - plain.means[index][task])
        let error = got.errors[index][position] + plain.errors[index][task]
        let rounding = Self.tolerance * (abs(got.means[index][position]) + abs(plain.means[index][task]))
        guard difference > 6 * error + rounding else { continue }
        return Failure(
          reason: """
            with the tasks in the order \(order), the mean weight of task \(task) in step \(index) is \
            \(got.means[index][position]) instead of \(plain.means[index][task]), a difference of \
            \(difference / error) standard errors
            """, value: got.means[index][position])
      }
    }
    return nil
  }

  /// Means over some hundred seeds, fewer for many tasks, and their standard errors.
  private func moments(of input: ConformanceInput) -> (means: [[Double]], errors: [[Double]])? {
    // More tasks take longer, and there are more of them to differ.
    let count = input.taskCount > 10 ? 25 : 400
    let samples = (0..<UInt64(count)).compactMap { weights(on: input, seed: seed &+ $0) }
    guard samples.count == count else { return nil }
    let zeros = input.steps.map { step in step.losses.map { _ in 0.0 } }
    var (means, errors) = (zeros, zeros)
    for index in zeros.indices {
      for task in zeros[index].indices {
        let values = samples.map { $0[index][task] }
        let mean = values.reduce(0, +) / Double(count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
        means[index][task] = mean
        errors[index][task] = (variance / Double(count)).squareRoot()
      }
    }
    return (means, errors)
  }

  func scaleLawFailure(_ input: ConformanceInput) -> Failure? {
    guard let degree = (try? make(input.taskCount))?.claims.scaleDegree, weights(on: input) != nil,
      var strategy = try? make(input.taskCount), let plain = try? run(&strategy, input)
    else { return nil }
    // Powers of two near 1e5, 1e-10, 1e10 and 1e-15: scaling adds no rounding of its own.
    for scale in [0x1p17, 0x1p-33, 0x1p33, 0x1p-50] {
      let scaled = input.scaled(losses: scale, gradients: scale)
      guard weights(on: scaled) != nil, var other = try? make(input.taskCount),
        let got = try? run(&other, scaled)
      else { return Failure(reason: "times \(scale), losses and gradients have no finite weights") }
      let factor = pow(scale, degree)
      // Where a solver had to add a ridge the rule has no solution, and the law nothing to say.
      for index in plain.indices where !plain[index].hasRidge && !got[index].hasRidge {
        let wanted = plain[index].values.map { factor * $0 }
        // A direction has the gradients' own scale besides; an update has not.
        let given =
          plain[index].given?.map { $0 * factor * (plain[index].direction == nil ? 1 : scale) } ?? []
        guard
          !Self.agree(got[index].values, wanted, where: input.steps[index].isActive)
            || !Self.agree(got[index].given ?? [], given)
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
      guard let gramian = (try? input.observation(at: index))?.gramian,
        let weights = try? step(&strategy, input, at: index)
      else { return nil }
      let largest = (0..<input.taskCount).reduce(0) { max($0, gramian.norm(of: $1)) }
      let ridge = weights.certificate?.ridge ?? 0
      // A gradient of 1e-12 of the largest or less counts as none.
      for task in 0..<input.taskCount where gramian.norm(of: task) > 1e-12 * largest {
        // A solver that had to add a ridge to the diagonal says so; its equations hold for that sum.
        var product = ridge * gramian[task, task] * weights.values[task]
        var size = 0.0
        if let given = weights.given {
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
        guard product < -Self.conflict * size else { continue }
        return Failure(
          reason: """
            along the direction of step \(index), of weights \(weights.values), the loss of task \(task) \
            rises: the product with its gradient is \(product)
            """, value: product)
      }
    }
    return nil
  }

  /// The largest difference, relative to the largest number.
  private static func difference(_ got: [Double], _ wanted: [Double]) -> Double {
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    return zip(got, wanted).reduce(0) { max($0, abs($1.0 - $1.1) / largest) }
  }

  private static func agree(_ got: [Double], _ wanted: [Double], where counts: [Bool]? = nil) -> Bool {
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    return wanted.indices.allSatisfy { task in
      counts?[task] == false || abs(got[task] - wanted[task]) <= tolerance * largest
    }
  }
}

extension ConformanceInput {
  /// The same with gradients that differ by a unit in the last place.
  fileprivate var nearby: ConformanceInput {
    ConformanceInput(
      steps: steps.map { step in
        Step(
          losses: step.losses,
          gradients: step.gradients.map { row in
            row.enumerated().map { $1 * (1 + ($0.isMultiple(of: 2) ? 1 : -1) * 0x1p-52) }
          })
      })
  }
}

extension ConformanceInput.Step {
  /// Whether the gradients are more than the parameters, or none, so that several weights give the same direction, and
  /// two weights do: a rule that minimises something of the direction alone may then give any of them.
  ///
  /// The directions may differ by so much of their terms; one that a rule gives itself is unique, and never excused.
  fileprivate func hasSameSum(_ one: [Double], _ other: [Double], within tolerance: Double) -> Bool {
    let (tasks, columns) = (gradients.count, gradients.first?.count ?? 0)
    guard tasks > columns || !isActive.contains(true), one.count == tasks, other.count == tasks else {
      return false
    }
    return (0..<columns).allSatisfy { column in
      var (difference, size) = (0.0, 0.0)
      for task in 0..<tasks {
        difference += (one[task] - other[task]) * gradients[task][column]
        size += (abs(one[task]) + abs(other[task])) * abs(gradients[task][column])
      }
      return abs(difference) <= tolerance * size
    }
  }

  /// Which tasks have a gradient of more than 1e-12 of the largest; the others have a neutral weight, which no
  /// scale changes.
  fileprivate var isActive: [Bool] {
    let norms = gradients.map { row in row.reduce(0) { max($0, abs($1)) } }
    let largest = norms.max() ?? 0
    return norms.map { $0 > 1e-12 * largest }
  }
}

extension TaskWeights {
  /// Whether they solve a problem that was changed to have a solution.
  fileprivate var hasRidge: Bool { (certificate?.ridge ?? 0) > 0 }
}
