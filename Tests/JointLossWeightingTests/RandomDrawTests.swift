import JointLossWeighting
import Testing

/// A rule that draws at random needs one import, also where members are visible to importers of their own module alone, as
/// in this package.
@Suite struct RandomDrawTests {
  private struct Drawing: Codable {
    var stream = PhiloxStream(seed: 1, purpose: "drawing")

    mutating func draw() -> [Double] { [stream.normal(), stream.uniform(), Double(stream.index(below: 5))] }
  }

  @Test func `A stream is named, kept and drawn from`() {
    var (one, other) = (Drawing(), Drawing())
    let first = one.draw()
    #expect(first == other.draw() && first != one.draw())
  }
}
