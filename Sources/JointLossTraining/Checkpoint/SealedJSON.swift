package import Foundation
import JointLossLinearAlgebra

/// JSON objects whose first field is a checksum of the rest, and of other bytes that belong to them.
package enum SealedJSON {
  /// Seals an object.
  ///
  /// - Parameters:
  ///   - object: a JSON object with at least one field.
  ///   - other: bytes that belong to it.
  /// - Returns: the object with the field `checksum`.
  package static func seal(_ object: Data, with other: Data = Data()) -> Data {
    let body = object.dropFirst()
    return Data(opening(body, other).utf8) + body
  }

  /// Checks a sealed object.
  ///
  /// - Parameters:
  ///   - sealed: the object.
  ///   - other: the bytes that belong to it.
  ///   - what: what the two are, for the message.
  /// - Throws: ``TrainingError`` with the code `checkpoint` if something is missing, or a bit has changed.
  package static func check(_ sealed: Data, with other: Data = Data(), what: String) throws(TrainingError) {
    let length = opening(Data(), Data()).utf8.count
    let due = opening(sealed.dropFirst(length), other)
    let found = String(decoding: sealed.prefix(length), as: UTF8.self)
    guard sealed.count > length, due == found else {
      throw TrainingError(
        .checkpoint,
        "\(what) was cut short or changed: its \(sealed.count + other.count) bytes give \(due)…, where "
          + "\(found)… is written")
    }
  }

  /// What a sealed object begins with; always of the same length.
  private static func opening(_ body: Data, _ other: Data) -> String {
    let hash = body.withUnsafeBytes { bytes in
      StableHash.fnv1a(bytes, after: other.withUnsafeBytes { StableHash.fnv1a($0) })
    }
    let digits = String(hash, radix: 16)
    return "{\"checksum\":\"\(String(repeating: "0", count: 16 - digits.count))\(digits)\","
  }
}
