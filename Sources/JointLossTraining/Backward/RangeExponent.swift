/// The exponent of the power of two that brings a task's cotangents into range, from the sum of their squares.
///
/// Squares of a float leave its range beyond 2^±63: cotangents far from 1 are brought there. Within 2^±20
/// nothing is scaled, so that ordinary steps do not depend on this. The power itself must be a float: that of a
/// cotangent below its normal range would not be.
func rangeExponent(ofEnergy energy: Double) -> Int {
  let norm = energy.squareRoot()
  guard norm.isNormal, norm.isFinite, abs(Int(norm.exponent)) > 20 else { return 0 }
  return -min(max(Int(norm.exponent), -100), 100)
}

func powerOfTwo(_ exponent: Int) -> Double {
  Double(sign: .plus, exponent: exponent, significand: 1)
}
