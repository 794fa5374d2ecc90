extension [Double] {
  /// The index of the first element that is not finite.
  var firstNonFinite: Int? {
    // Without a branch, so that the pass vectorises: where all bits of the exponent are set, adding to its lowest
    // bit carries into the sign's.
    let carries = withUnsafeBufferPointer { elements in
      var carries: UInt64 = 0
      for element in elements {
        carries |= (element.bitPattern & 0x7FF0_0000_0000_0000) &+ 0x0010_0000_0000_0000
      }
      return carries
    }
    return carries >> 63 == 0 ? nil : firstIndex { !$0.isFinite }
  }
}
