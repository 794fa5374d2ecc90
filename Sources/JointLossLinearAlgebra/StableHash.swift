/// A hash that is the same in every process, unlike the standard library's.
public enum StableHash {
  /// The 64-bit FNV-1a hash of a text's UTF-8 bytes.
  ///
  /// - Parameter text: the text.
  /// - Returns: the hash.
  public static func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
