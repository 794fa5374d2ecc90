import Foundation
import JointLossLinearAlgebra
import Testing

@Suite struct PhiloxStreamTests {
  // numpy 2.4.6, Philox(key=np.array(key, dtype=np.uint64), counter=np.array(counter, dtype=np.uint64))
  // .random_raw(9): two blocks and the first word of a third.
  @Test(arguments: [
    Vector(
      key: (0, 0), counter: (0, 0, 0, 0),
      raw: [
        213_000_021_201_967_259, 4_455_796_210_202_625_458, 2_055_444_239_878_205_049,
        10_411_612_076_246_414_556, 9_267_267_987_884_836_803, 5_120_919_030_223_861_725,
        17_460_660_323_513_034_167, 18_189_711_684_604_811_196, 4_682_203_132_107_789_405,
      ]),
    Vector(
      key: (.max, .max), counter: (.max, .max, .max, .max),
      raw: [
        4_951_506_842_108_805_673, 7_365_267_267_606_094_301, 4_572_245_654_624_237_582,
        6_941_811_595_378_622_897, 7_874_205_360_917_102_206, 10_542_541_251_131_640_768,
        18_285_563_372_517_265_793, 13_016_267_076_873_377_421, 7_485_312_567_314_605_438,
      ]),
    Vector(
      key: (1, 2), counter: (.max, 0, 0, 0),
      raw: [
        10_645_084_735_030_566_500, 14_020_254_779_637_415_407, 12_769_461_056_460_246_702,
        17_441_127_035_858_520_596, 6_322_889_474_364_269_786, 16_763_523_446_480_756_862,
        15_034_084_018_021_393_611, 2_942_759_900_454_646_456, 3_341_644_943_210_900_611,
      ]),
    // The third block's counter carries through three words.
    Vector(
      key: (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210), counter: (.max - 1, .max, .max, 5),
      raw: [
        1_701_175_088_960_304_054, 4_477_604_033_468_535_039, 16_303_392_986_619_763_503,
        14_657_546_768_319_771_354, 4_346_529_972_249_900_606, 6_502_054_086_084_870_264,
        5_253_370_366_339_088_611, 15_096_231_755_483_267_992, 11_079_211_564_525_199_768,
      ]),
    Vector(
      key: (42, 1 << 63), counter: (.max, .max, 0, .max),
      raw: [
        6_742_057_293_704_768_993, 5_398_766_594_865_452_844, 14_391_886_909_866_521_528,
        6_125_536_151_532_999_730, 3_925_826_258_422_997_838, 8_807_361_754_391_305_157,
        2_816_683_699_322_515_299, 15_599_918_776_285_867_841, 9_944_479_381_356_105_751,
      ]),
  ]) func `Raw output is numpy's`(vector: Vector) {
    var stream = PhiloxStream(key: vector.key, counter: vector.counter)
    #expect((0..<9).map { _ in stream.next() } == vector.raw)
  }

  @Test func `Uniforms are numpy's`() {
    // Generator(Philox(key=[7, 11], counter=[1, 2, 3, 4])).random(6), arrays of np.uint64, numpy 2.4.6.
    var stream = PhiloxStream(key: (7, 11), counter: (1, 2, 3, 4))
    #expect(
      (0..<6).map { _ in stream.uniform() } == [
        0x1.190b5e538cdd5p-1, 0x1.f0421f4a51646p-1, 0x1.1a05ae37c0408p-2, 0x1.1dbd01239e6b8p-2,
        0x1.4fee1b01c3217p-1, 0x1.53c47fbe0c57cp-2,
      ])
  }

  @Test func `Purposes and seeds have streams of their own`() {
    var firsts: Set<UInt64> = []
    for seed in UInt64(0)..<20 {
      for purpose in ["data", "initialisation", "batches", "strategy", ""] {
        var stream = PhiloxStream(seed: seed, purpose: purpose)
        firsts.insert(stream.next())
      }
    }
    #expect(firsts.count == 100)
  }

  @Test func `Normal values have the moments of the normal law`() {
    var stream = PhiloxStream(seed: 1, purpose: "normal")
    let count = 100_000
    var moments = [0.0, 0, 0, 0]
    var below = 0
    for _ in 0..<count {
      let value = stream.normal()
      for power in 0..<4 { moments[power] += pow(value, Double(power + 1)) / Double(count) }
      if value < -1 { below += 1 }
    }
    // Five standard errors, from the variances 1, 2, 15 and 96 of the powers and p(1 − p) of the tail.
    let laws: [(mean: Double, variance: Double)] = [(0, 1), (1, 2), (0, 15), (3, 96)]
    for (moment, law) in zip(moments, laws) {
      let bound = 5 * (law.variance / Double(count)).squareRoot()
      #expect(abs(moment - law.mean) < bound)
    }
    let tail = 0.158655253931457
    let bound = 5 * (tail * (1 - tail) / Double(count)).squareRoot()
    #expect(abs(Double(below) / Double(count) - tail) < bound)
  }

  @Test func `Consecutive normal values are uncorrelated`() {
    var stream = PhiloxStream(seed: 2, purpose: "normal")
    let values = (0..<50_000).map { _ in stream.normal() }
    let correlation = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / 50_000
    #expect(abs(correlation) < 5 / 50_000.0.squareRoot())
  }

  @Test func `Indices are uniform and shuffles are permutations`() {
    var stream = PhiloxStream(seed: 3, purpose: "index")
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[stream.index(below: 7)] += 1 }
    // Five standard deviations of a binomial count: 5·√(7000·6/49) = 146.
    #expect(counts.allSatisfy { abs($0 - 1000) < 147 })
    var values = Array(0..<50)
    stream.shuffle(&values)
    #expect(values != Array(0..<50) && values.sorted() == Array(0..<50))
    var none: [Int] = []
    stream.shuffle(&none)
    #expect(none.isEmpty)
  }

  @Test func `Every order of three is equally likely`() {
    var stream = PhiloxStream(seed: 4, purpose: "shuffle")
    var counts: [[Int]: Int] = [:]
    for _ in 0..<6000 {
      var values = [0, 1, 2]
      stream.shuffle(&values)
      counts[values, default: 0] += 1
    }
    #expect(counts.count == 6 && counts.values.allSatisfy { abs($0 - 1000) < 145 })
  }

  @Test(arguments: 0..<6) func `A stream coded in mid-block goes on with the same bits`(drawn: Int) throws {
    var stream = PhiloxStream(seed: 5, purpose: "coding")
    for _ in 0..<drawn { _ = stream.next() }
    // Leaves the second value of Box and Muller's pair waiting.
    _ = stream.normal()
    var restored = try JSONDecoder().decode(PhiloxStream.self, from: JSONEncoder().encode(stream))
    #expect(restored == stream)
    #expect((0..<5).map { _ in restored.normal() } == (0..<5).map { _ in stream.normal() })
    #expect((0..<9).map { _ in restored.next() } == (0..<9).map { _ in stream.next() })
  }

  struct Vector: Sendable {
    let key: (UInt64, UInt64)
    let counter: (UInt64, UInt64, UInt64, UInt64)
    let raw: [UInt64]
  }
}
