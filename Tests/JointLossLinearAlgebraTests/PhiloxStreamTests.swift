import JointLossLinearAlgebra
import Testing

@Suite struct PhiloxStreamTests {
  @Test func `Raw output is numpy's`() {
    // numpy.random.Philox(key=[7, 11], counter=[1, 2, 3, 4]).random_raw(6), numpy 2.4.6.
    var stream = PhiloxStream(key: (7, 11), counter: (1, 2, 3, 4))
    #expect(
      (0..<6).map { _ in stream.next() } == [
        10_125_691_931_170_090_025, 17_879_589_197_664_366_888, 5_080_460_112_012_780_077,
        5_147_403_580_975_277_768, 12_103_157_370_772_831_616, 6_120_708_482_130_114_508,
      ])
  }
}
