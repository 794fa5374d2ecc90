/// A hash that is the same in every process, unlike the standard library's.
public enum StableHash {
  /// The 64-bit FNV-1a hash of bytes.
  ///
  /// - Parameters:
  ///   - bytes: the bytes.
  ///   - start: the hash of what goes before them.
  /// - Returns: the hash.
  public static func fnv1a(_ bytes: UnsafeRawBufferPointer, after start: UInt64 = offset) -> UInt64 {
    var hash = start
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* prime }
    return hash
  }

  /// The hash of nothing.
  public static let offset: UInt64 = 0xcbf2_9ce4_8422_2325
  private static let prime: UInt64 = 0x0000_0100_0000_01b3

  /// The 64-bit FNV-1a hash of a text's UTF-8 bytes.
  ///
  /// - Parameter text: the text.
  /// - Returns: the hash.
  public static func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(offset) { ($0 ^ UInt64($1)) &* prime }
  }

  /// The hash of a text as 16 hexadecimal digits.
  ///
  /// - Parameter text: the text.
  /// - Returns: the digits, in lower case.
  public static func digits(of text: String) -> String {
    let digits = String(fnv1a(text), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
