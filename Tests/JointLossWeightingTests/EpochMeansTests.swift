import JointLossWeighting
import Testing

@Suite struct EpochMeansTests {
  @Test func `Batches count by their samples`() {
    var means = EpochMeans(taskCount: 2)
    #expect(means.means == nil)
    means.add(losses: [1, 10], samples: 3)
    means.add(losses: [5, 2], samples: 1)
    #expect(means.means == [2, 8])
    means.reset()
    #expect(means.means == nil)
    means.add(losses: [7, 7], samples: 2)
    #expect(means.means == [7, 7])
  }

  @Test func `Counts beyond all whole numbers do not overflow`() {
    var means = EpochMeans(taskCount: 1)
    means.add(losses: [1], samples: .max)
    means.add(losses: [3], samples: .max)
    #expect(means.means == [2])
  }
}
