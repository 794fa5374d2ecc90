import Foundation

extension ConformanceInput {
  /// The trials that a search for a smaller input may take.
  private static let budget = 400

  /// The smallest input found on which a check still fails: fewer steps, tasks and parameters, rounder numbers.
  ///
  /// - Parameter fails: whether the check fails on an input.
  /// - Returns: this input, or a simpler one.
  func shrunk(while fails: (ConformanceInput) -> Bool) -> ConformanceInput {
    var (best, trials) = (self, 0)
    var improved = true
    while improved && trials < Self.budget {
      improved = false
      for candidate in best.simpler where candidate.complexity < best.complexity {
        trials += 1
        if trials > Self.budget { break }
        guard fails(candidate) else { continue }
        (best, improved) = (candidate, true)
        break
      }
    }
    return best
  }

  /// How much there is to read: the length of all numbers.
  private var complexity: Int {
    steps.reduce(0) { sum, step in
      sum + 4 + (step.losses + step.gradients.joined()).reduce(0) { $0 + Self.complexity(of: $1) }
    }
  }

  private static func complexity(of number: Double) -> Int {
    number == 0 ? 1 : number == 1 ? 2 : "\(number)".count
  }

  /// Simpler inputs, the boldest first.
  private var simpler: [ConformanceInput] {
    var candidates: [ConformanceInput] = []
    if steps.count > 1 {
      candidates.append(ConformanceInput(steps: Array(steps.prefix(steps.count / 2))))
      candidates.append(ConformanceInput(steps: Array(steps.suffix(steps.count / 2))))
      candidates += steps.indices.map { dropped in
        ConformanceInput(steps: steps.enumerated().filter { $0.offset != dropped }.map(\.element))
      }
    }
    if taskCount > 3 {
      candidates.append(permuted(Array(0..<taskCount / 2)))
      candidates.append(permuted(Array(taskCount / 2..<taskCount)))
    }
    if taskCount > 1 {
      candidates += (0..<taskCount).map { dropped in permuted((0..<taskCount).filter { $0 != dropped }) }
    }
    let columns = steps.first?.gradients.first?.count ?? 0
    if columns > 1 {
      if columns > 3 { candidates.append(mapped { _, row in Array(row.prefix(columns / 2)) }) }
      candidates += (0..<columns).map { dropped in
        mapped { _, row in row.enumerated().filter { $0.offset != dropped }.map(\.element) }
      }
    }
    candidates.append(mapped { losses, row in row.map { losses ? 1 : $0 } })
    candidates += [mapped(Self.rounded), mapped(Self.inUnitsOfTheLargest)]
    return candidates + singleNumbers
  }

  /// Losses and each gradient replaced by what a function makes of them; its first argument tells losses.
  private func mapped(_ change: (Bool, [Double]) -> [Double]) -> ConformanceInput {
    ConformanceInput(
      steps: steps.map { step in
        let losses = change(true, step.losses)
        return step.with(
          losses: losses.count == step.losses.count ? losses : step.losses,
          gradients: step.gradients.map { change(false, $0) })
      })
  }

  private static func rounded(_ isLosses: Bool, _ row: [Double]) -> [Double] {
    row.map { value in
      guard value != 0, value.isFinite else { return value }
      let unit = pow(10, floor(log10(abs(value))))
      let result = (value / unit).rounded() * unit
      return result.isFinite ? result : value
    }
  }

  private static func inUnitsOfTheLargest(_ isLosses: Bool, _ row: [Double]) -> [Double] {
    let largest = row.map(abs).max() ?? 0
    return largest > 0 ? row.map { $0 / largest } : row
  }

  /// One number replaced by 0 or ±1; only in inputs of a few numbers.
  private var singleNumbers: [ConformanceInput] {
    guard steps.count * taskCount <= 12, (steps.first?.gradients.first?.count ?? 0) <= 4 else { return [] }
    var candidates: [ConformanceInput] = []
    for step in steps.indices {
      for task in 0..<taskCount {
        for value in [0.0, 1, -1] {
          for column in steps[step].gradients[task].indices {
            var candidate = self
            candidate.steps[step].gradients[task][column] = value
            candidates.append(candidate)
          }
          if value >= 0 {
            var candidate = self
            candidate.steps[step].losses[task] = value
            candidates.append(candidate)
          }
        }
      }
    }
    return candidates
  }
}
