import Foundation
import JointLossTraining
import Testing

/// Learning rates and early stopping as functions of epochs and validation losses.
@Suite struct ScheduleTests {
  private func factors(_ schedule: LearningRateSchedule, epochs: Int, validation: [Double] = []) -> [Double] {
    (1...epochs).map { schedule.factor(epoch: $0, of: epochs, validation: Array(validation.prefix($0))) }
  }

  @Test func `A warm-up rises in equal steps in front of any shape`() throws {
    let shapes: [LearningRateSchedule.Shape] = [
      .constant, .cosine(final: 0.1), .step(every: 2, factor: 0.5), .plateau(patience: 1, factor: 0.5),
    ]
    let validation = [1.0, 3, 4, 0.5, 0.4, 0.3, 0.2, 0.1]
    for shape in shapes {
      let all = factors(try LearningRateSchedule(shape, warmUp: 3), epochs: 8, validation: validation)
      #expect(all.prefix(3) == [0.25, 0.5, 0.75])
      // What follows is the shape as if training began there.
      let rest = factors(
        try LearningRateSchedule(shape), epochs: 5, validation: Array(validation.dropFirst(3)))
      #expect(Array(all.dropFirst(3)) == rest)
    }
  }

  @Test func `The shapes are those of their formulas`() throws {
    #expect(factors(try LearningRateSchedule(.constant), epochs: 3) == [1, 1, 1])
    // 0.2 + 0.8 (1 + cos πj/4)/2 for j = 0 … 3.
    let cosine = factors(try LearningRateSchedule(.cosine(final: 0.2)), epochs: 4)
    let root = 0.5.squareRoot()
    for (value, due) in zip(cosine, [1, 0.6 + 0.4 * root, 0.6, 0.6 - 0.4 * root]) {
      #expect(abs(value - due) <= 1e-15)
    }
    #expect(
      factors(try LearningRateSchedule(.step(every: 2, factor: 0.5)), epochs: 7)
        == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125])
  }

  @Test func `A plateau lowers the rate when the loss is worse, and only then`() throws {
    let plateau = try LearningRateSchedule(.plateau(patience: 2, factor: 0.5))
    #expect(plateau.readsValidation)
    let better = (0..<12).map { 1 / Double($0 + 1) }
    #expect(factors(plateau, epochs: 12, validation: better).allSatisfy { $0 == 1 })
    #expect(factors(plateau, epochs: 12, validation: better.map { -$0 }).last == 1 / 32.0)
    #expect(factors(plateau, epochs: 12, validation: better.map { _ in 1 }).allSatisfy { $0 == 1 })
    // Worse than the best, though better than the epoch before, is worse.
    #expect(
      factors(plateau, epochs: 8, validation: [1, 2, 1.5, 1.2, 0.9, 1, 1, 1])
        == [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25])
  }

  @Test func `Early stopping waits for its patience from the last improvement on`() throws {
    let stopping = try EarlyStopping(patience: 2, minimumImprovement: 0.1)
    #expect(!stopping.ends(validation: []) && !stopping.ends(validation: [1]))
    #expect(!stopping.ends(validation: [1, 2]))
    #expect(stopping.ends(validation: [1, 2, 1.5]))
    #expect(!stopping.ends(validation: [1, 2, 0.8]))
    #expect(stopping.ends(validation: [1, 0.95, 0.92]))
    #expect(!stopping.ends(validation: [1, 0.95, 0.85]))
    #expect(!(try EarlyStopping(patience: 2).ends(validation: [1, 0.95, 0.92])))
  }

  @Test func `Numbers that make no sense are refused, from JSON too`() throws {
    func refused(_ body: () throws -> Void) -> Bool {
      do { try body() } catch { return error is TrainingError }
      return false
    }
    let shapes: [LearningRateSchedule.Shape] = [
      .cosine(final: -0.1), .cosine(final: 1.5), .cosine(final: .nan), .step(every: 0, factor: 0.5),
      .step(every: 1, factor: 1), .step(every: 1, factor: 0), .plateau(patience: 0, factor: 0.5),
      .plateau(patience: 1, factor: 2),
    ]
    for shape in shapes { #expect(refused { _ = try LearningRateSchedule(shape) }) }
    #expect(refused { _ = try LearningRateSchedule(.constant, warmUp: -1) })
    #expect(refused { _ = try EarlyStopping(patience: 0) })
    #expect(refused { _ = try EarlyStopping(patience: 1, minimumImprovement: -1) })
    #expect(
      refused {
        _ = try JSONDecoder().decode(
          LearningRateSchedule.self, from: Data(#"{"shape":{"cosine":{"final":2}},"warmUp":0}"#.utf8))
      })
    let schedule = try LearningRateSchedule(.plateau(patience: 3, factor: 0.25), warmUp: 2)
    #expect(
      try JSONDecoder().decode(LearningRateSchedule.self, from: JSONEncoder().encode(schedule)) == schedule)
  }
}
