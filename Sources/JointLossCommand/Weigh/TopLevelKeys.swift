/// The keys of a JSON object as they stand in its text.
///
/// Foundation's decoders keep one of two equal keys and drop the other without a word.
enum TopLevelKeys {
  /// The first key that an object has twice.
  ///
  /// - Parameter text: a valid JSON object.
  /// - Returns: the key as written between its quotes, or nil.
  static func firstRepeated(in text: String) -> String? {
    var seen: Set<String> = []
    var depth = 0
    var expectsKey = false
    var bytes = text.utf8[...]
    while let byte = bytes.popFirst() {
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        expectsKey = depth == 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ","): expectsKey = depth == 1
      case UInt8(ascii: "\""):
        let string = popString(&bytes)
        if expectsKey && depth == 1 && !seen.insert(string).inserted { return string }
        expectsKey = false
      default: break
      }
    }
    return nil
  }

  /// The rest of a string whose opening quote has been read.
  private static func popString(_ bytes: inout Substring.UTF8View) -> String {
    var content: [UInt8] = []
    while let byte = bytes.popFirst(), byte != UInt8(ascii: "\"") {
      content.append(byte)
      if byte == UInt8(ascii: "\\"), let escaped = bytes.popFirst() { content.append(escaped) }
    }
    return String(decoding: content, as: UTF8.self)
  }
}
