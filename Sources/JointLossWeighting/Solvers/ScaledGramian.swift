/// The gradients that count in a step, as norms and cosines.
///
/// A task whose gradient is at most 1e-12 of the largest is left out (STRATEGIES' inactive task). On cosines
/// no solver needs an absolute constant, and the scale of a row is a factor of its answer.
package struct ScaledGramian: ScratchBuffer, Sendable {
  /// The relative norm up to which a gradient is no gradient.
  package static let threshold = 1e-12

  /// The number of tasks that count.
  package private(set) var count = 0
  /// Their indices, in the first ``count`` elements.
  package private(set) var tasks: [Int] = []
  /// The norms of their gradients.
  package private(set) var norms: [Double] = []
  /// Their cosines, `count`×`count` without gaps.
  package private(set) var cosines: [Double] = []

  /// Creates an empty one; ``load(_:rowScales:)`` fills it.
  package init() {}

  /// Notes the tasks of the last Gramian that have labels and are left out.
  ///
  /// - Parameters:
  ///   - interventions: where it is noted; reset here.
  ///   - present: the tasks with labels; nil for all.
  func noteLeftOut(in interventions: inout Interventions, present: [Bool]?) {
    interventions.reset(taskCount: tasks.count)
    var next = 0
    for task in tasks.indices {
      if next < count && tasks[next] == task {
        next += 1
      } else if present?[task] ?? true {
        interventions.insert(.leftOut, task: task)
      }
    }
  }

  /// Takes over a Gramian.
  ///
  /// - Parameters:
  ///   - gramian: T×T.
  ///   - rowScales: factors of at least 0 on the gradients, of which 0 leaves a task out; none are applied where there
  ///     are none.
  package mutating func load(_ gramian: Gramian, rowScales: [Double] = []) {
    let taskCount = gramian.taskCount
    if tasks.count != taskCount {
      tasks = [Int](repeating: 0, count: taskCount)
      norms = [Double](repeating: 0, count: taskCount)
      cosines = [Double](repeating: 0, count: taskCount * taskCount)
    }
    var largest = 0.0
    for task in 0..<taskCount {
      let scale = rowScales.isEmpty ? 1 : rowScales[task]
      norms[task] = scale * gramian.norm(of: task)
      largest = max(largest, norms[task])
    }
    count = 0
    for task in 0..<taskCount where norms[task] > Self.threshold * largest {
      tasks[count] = task
      norms[count] = norms[task]
      count += 1
    }
    for i in 0..<count {
      let row = tasks[i] * taskCount
      let inverse = 1 / gramian.norm(of: tasks[i])
      for j in 0..<i {
        let cosine = gramian.elements[row + tasks[j]] * inverse / gramian.norm(of: tasks[j])
        let clamped = min(max(cosine, -1), 1)
        cosines[i * count + j] = clamped
        cosines[j * count + i] = clamped
      }
      cosines[i * count + i] = 1
    }
  }
}
