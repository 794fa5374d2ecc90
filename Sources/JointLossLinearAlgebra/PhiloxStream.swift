#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A counter-based random stream: Philox 4×64 with ten rounds.
///
/// J. K. Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011. Its raw output is numpy's
/// `Philox` for the same key and counter. One stream serves one purpose and is derived from (seed, purpose),
/// so that a purpose added later never changes what another one draws.
public struct PhiloxStream: RandomNumberGenerator, Codable, Hashable, Sendable {
  private var counter: SIMD4<UInt64>
  private let key: SIMD2<UInt64>
  private var block = SIMD4<UInt64>.zero
  private var position = 4
  private var spareNormal: Double?

  /// The stream of a purpose under a seed.
  ///
  /// - Parameters:
  ///   - seed: the study's seed.
  ///   - purpose: what the stream is drawn for: `data`, `initialisation`, `batches`, `strategy` …
  public init(seed: UInt64, purpose: String) {
    self.init(key: (seed, StableHash.fnv1a(purpose)))
  }

  /// A stream from a raw key and counter, in numpy's order of words.
  ///
  /// - Parameters:
  ///   - key: two words.
  ///   - counter: four words, the least significant first; the first block drawn is that of `counter + 1`,
  ///     as in numpy.
  public init(
    key: (UInt64, UInt64), counter: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  ) {
    self.key = SIMD2(key.0, key.1)
    self.counter = SIMD4(counter.0, counter.1, counter.2, counter.3)
  }

  /// The stream of one step of many: independent of those of the other steps, and the same whatever they have drawn.
  ///
  /// - Parameter step: its index, from 0; the stream of step 0 is that of ``init(seed:purpose:)``.
  /// - Returns: the stream at its beginning.
  package func substream(ofStep step: Int) -> PhiloxStream {
    PhiloxStream(key: (key[0], key[1]), counter: (0, 0, 0, UInt64(bitPattern: Int64(step))))
  }

  /// Decodes a stream.
  ///
  /// - Parameter decoder: the source.
  /// - Throws: `DecodingError`, also for a stream that cannot be: words are missing, or the position in the block is
  ///   not 0 to 4.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let words = (
      try container.decode([UInt64].self, forKey: .counter),
      try container.decode([UInt64].self, forKey: .key),
      try container.decode([UInt64].self, forKey: .block)
    )
    position = try container.decode(Int.self, forKey: .position)
    spareNormal = try container.decodeIfPresent(Double.self, forKey: .spareNormal)
    guard words.0.count == 4, words.1.count == 2, words.2.count == 4, (0...4).contains(position),
      spareNormal?.isFinite ?? true
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .position, in: container,
        debugDescription:
          "a random stream has 4 words of counter, 2 of key, 4 of block and a position of 0 to 4, "
          + "not \(words.0.count), \(words.1.count), \(words.2.count) and \(position)")
    }
    (counter, key, block) = (SIMD4(words.0), SIMD2(words.1), SIMD4(words.2))
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    if position == 4 {
      for word in 0..<4 {
        counter[word] &+= 1
        if counter[word] != 0 { break }
      }
      fillBlock()
      position = 0
    }
    defer { position += 1 }
    return block[position]
  }

  /// A value uniform over [0, 1), with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A standard normal value, by Box and Muller's transformation.
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    // 1 − u lies in (0, 1], where the logarithm is finite.
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  /// An index uniform over `0 ..< count`, without bias.
  ///
  /// - Parameter count: at least 1.
  /// - Returns: the index.
  public mutating func index(below count: Int) -> Int {
    Int.random(in: 0..<count, using: &self)
  }

  /// Shuffles an array in place (Fisher and Yates), without allocating.
  ///
  /// - Parameter values: the array.
  @specialized(where Element == Int)
  public mutating func shuffle<Element>(_ values: inout [Element]) {
    guard values.count > 1 else { return }
    for last in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(last, index(below: last + 1))
    }
  }

  private mutating func fillBlock() {
    var (x0, x1, x2, x3) = (counter[0], counter[1], counter[2], counter[3])
    var (k0, k1) = (key[0], key[1])
    for round in 0..<10 {
      if round > 0 {
        k0 &+= 0x9E37_79B9_7F4A_7C15
        k1 &+= 0xBB67_AE85_84CA_A73B
      }
      let first = x0.multipliedFullWidth(by: 0xD2E7_470E_E14C_6C93)
      let second = x2.multipliedFullWidth(by: 0xCA5A_8263_9512_1157)
      (x0, x1, x2, x3) = (second.high ^ x1 ^ k0, second.low, first.high ^ x3 ^ k1, first.low)
    }
    block[0] = x0
    block[1] = x1
    block[2] = x2
    block[3] = x3
  }
}
