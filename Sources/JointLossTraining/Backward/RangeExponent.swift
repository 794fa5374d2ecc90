/// The exponent of the power of two that brings a task's cotangents into range, from the sum of their squares.
///
/// Squares of a float leave its range beyond 2^±63: cotangents far from 1 are brought there. Within 2^±20
/// nothing is scaled, so that ordinary steps do not depend on this.
func rangeExponent(ofEnergy energy: Double) -> Int {
  let norm = energy.squareRoot()
  return norm.isNormal && norm.isFinite && abs(Int(norm.exponent)) > 20 ? -Int(norm.exponent) : 0
}

func powerOfTwo(_ exponent: Int) -> Double {
  Double(sign: .plus, exponent: exponent, significand: 1)
}
