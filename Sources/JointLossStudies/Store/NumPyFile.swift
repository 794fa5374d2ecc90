import Foundation

/// An array as a file that NumPy reads: format version 1.0, little endian, row by row.
enum NumPyFile {
  /// An array of `Float`.
  static func content(_ values: [Float], columns: Int) -> Data {
    // Every machine that this package runs on is little endian.
    header(type: "<f4", "(\(values.count / columns), \(columns))") + values.withUnsafeBytes { Data($0) }
  }

  /// A row of truth values.
  static func content(_ values: [Bool]) -> Data {
    header(type: "|b1", "(\(values.count),)") + Data(values.map { $0 ? 1 : 0 })
  }

  private static func header(type: String, _ shape: String) -> Data {
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
    // The elements begin at a multiple of 64, after ten bytes and a line break.
    text += String(repeating: " ", count: (64 - (10 + text.utf8.count + 1) % 64) % 64) + "\n"
    let length = text.utf8.count
    return Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, UInt8(length & 255), UInt8(length >> 8)])
      + Data(text.utf8)
  }
}
