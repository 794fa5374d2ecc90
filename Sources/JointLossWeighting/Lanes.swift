/// Eight values that a loop over gradients takes at a time, so that divisions, roots and choices are vector
/// instructions where the compiler would make branches of them.
typealias Lanes = SIMD8<Double>

extension UnsafeBufferPointer<Double> {
  /// The eight values from an index; zeros after the last.
  @inline(__always)
  func lanes(at index: Int) -> Lanes {
    if index + Lanes.scalarCount <= count, let baseAddress {
      return UnsafeRawPointer(baseAddress + index).loadUnaligned(as: Lanes.self)
    }
    var result = Lanes.zero
    for lane in 0..<Swift.min(Lanes.scalarCount, count - index) { result[lane] = self[index + lane] }
    return result
  }
}

extension UnsafeMutableBufferPointer<Double> {
  /// The eight values from an index; zeros after the last.
  @inline(__always)
  func lanes(at index: Int) -> Lanes { UnsafeBufferPointer(self).lanes(at: index) }

  /// Sets the eight values from an index, as far as there are so many.
  @inline(__always)
  func setLanes(at index: Int, _ lanes: Lanes) {
    if index + Lanes.scalarCount <= count, let baseAddress {
      UnsafeMutableRawPointer(baseAddress + index).storeBytes(of: lanes, as: Lanes.self)
      return
    }
    for lane in 0..<Swift.min(Lanes.scalarCount, count - index) { self[index + lane] = lanes[lane] }
  }
}
