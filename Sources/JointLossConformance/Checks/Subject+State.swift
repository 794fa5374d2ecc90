import Foundation
import JointLossWeighting

/// Checks of the state: all of it in the value, all of it encoded, none of it elsewhere.
extension Subject {
  func determinismFailure(_ input: ConformanceInput) -> Failure? {
    guard let first = weights(on: input), let second = weights(on: input) else { return nil }
    return first == second
      ? nil : Failure(reason: "two runs of one seed differ: \(Self.difference(first, second))")
  }

  func isolationFailure(_ input: ConformanceInput) -> Failure? {
    let order = Array((0..<input.taskCount).reversed())
    let otherInput = input.permuted(order).scaled(losses: 2, gradients: -3)
    let otherSeed = seed &+ 1
    guard let alone = weights(on: input), weights(on: otherInput, seed: otherSeed) != nil,
      var one = try? make(input.taskCount), var other = try? make(input.taskCount, seed: otherSeed)
    else { return nil }
    var beside: [[Double]] = []
    for index in input.steps.indices {
      guard (try? step(&other, otherInput, at: index)) != nil,
        let weights = try? step(&one, input, at: index)
      else { return Failure(reason: "step \(index) throws beside another instance, and not alone") }
      beside.append(weights.numbers)
    }
    guard alone != beside else { return nil }
    return Failure(
      reason: "another instance beside it changes its weights: \(Self.difference(alone, beside))")
  }

  func resumeFailure(_ input: ConformanceInput) -> Failure? {
    guard let whole = weights(on: input), var strategy = try? make(input.taskCount) else { return nil }
    for cut in 0..<input.steps.count {
      do {
        var loaded = try decoded(encoded(strategy), for: strategy)
        let rest = try run(&loaded, input, cut..<input.steps.count).map(\.numbers)
        guard rest == Array(whole[cut...]) else {
          let difference = Self.difference(Array(whole[cut...]), rest, from: cut)
          return Failure(reason: "saved and loaded before step \(cut), it goes on otherwise: \(difference)")
        }
        _ = try step(&strategy, input, at: cut)
      } catch {
        return Failure(reason: "saved and loaded before step \(cut), it fails: \(error)")
      }
    }
    return nil
  }

  func stateSizeFailure(_ input: ConformanceInput) -> Failure? {
    guard !input.steps.isEmpty, var strategy = try? make(input.taskCount) else { return nil }
    var middle = 0
    for index in 0..<1000 {
      let position = index % input.steps.count
      guard var observation = try? self.observation(input, at: position) else { return nil }
      observation.step = index
      observation.epoch = index / ConformanceInput.stepsPerEpoch
      guard (try? strategy.answer(observing: observation)) != nil else { return nil }
      if strategy.looksAfterStep { strategy.stepEnded(lossesAfter: input.lossesAfter(position)) }
      if index % ConformanceInput.stepsPerEpoch == ConformanceInput.stepsPerEpoch - 1 {
        strategy.epochEnded(meanLosses: observation.losses)
      }
      if index == 499 { middle = (try? encoded(strategy).count) ?? 0 }
    }
    guard let end = try? encoded(strategy).count else { return nil }
    // Room for numbers that need more digits than before.
    guard end > middle + middle / 4 + 250 else { return nil }
    return Failure(
      reason: "the encoded state grows: \(middle) bytes after 500 steps, \(end) after 1000",
      value: Double(end))
  }

  func memoryFailure(_ input: ConformanceInput) -> Failure? {
    let last = input.steps.count - 1
    let order = Array((0..<input.taskCount).reversed())
    var other = input.permuted(order).scaled(losses: 3, gradients: -2)
    guard last > 0, let expected = weights(on: input) else { return nil }
    other.steps[last] = input.steps[last]
    guard let got = weights(on: other), got[last] != expected[last] else { return nil }
    return Failure(
      reason: """
        after other steps the weights of step \(last) are \(got[last]) instead of \(expected[last]): \
        earlier steps matter, or they are not those of the step
        """)
  }

  /// Where two runs first differ.
  static func difference(_ one: [[Double]], _ other: [[Double]], from start: Int = 0) -> String {
    guard let index = zip(one, other).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset
    else {
      return "\(one.count) and \(other.count) steps"
    }
    return "\(one[index]) and \(other[index]) in step \(start + index)"
  }
}
