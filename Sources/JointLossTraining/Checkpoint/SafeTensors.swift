package import Foundation
import JointLossWeighting

/// A file of tensors in the safetensors format: the length of a header in eight bytes, little endian, the header
/// as JSON, then the elements of all tensors without gaps.
///
/// Only the element types that networks are trained in: `F32` and `F64`. On the machines this package runs on,
/// which are little endian, elements lie in the file as they do in memory.
package struct SafeTensors {
  /// A type of elements.
  package enum ElementType: String, Codable, Sendable {
    case float = "F32"
    case double = "F64"

    var size: Int { self == .float ? 4 : 8 }
  }

  /// A tensor by name; its elements row by row.
  package struct Tensor {
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    package let bytes: Data
  }

  /// The largest header that is read: that of the format's own library.
  private static let headerLimit = 100_000_000
  private static let metadataKey = "__metadata__"

  /// The tensors, in the order of their elements.
  package let tensors: [Tensor]
  /// Texts by name.
  package let metadata: [String: String]

  package init(tensors: [Tensor], metadata: [String: String]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Reads a file's content.
  ///
  /// - Parameter data: the bytes of the file.
  /// - Throws: ``TrainingError`` with the numbers if the file is cut short, or not of this format.
  package init(_ data: Data) throws(TrainingError) {
    guard data.count >= 8 else {
      throw Self.damaged("has \(data.count) bytes, and its header's length alone takes 8")
    }
    let length = data.prefix(8).enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * $1.offset) }
    guard length <= UInt64(min(Self.headerLimit, data.count - 8)) else {
      throw Self.damaged("ends after \(data.count) bytes, and the header alone has \(length)")
    }
    let header: Header
    do {
      let text = data.dropFirst(8).prefix(Int(length))
      try StrictJSON.check(text)
      header = try JSONDecoder().decode(Header.self, from: text)
    } catch {
      throw Self.damaged("has no readable header: \(Quotation.short("\(error)"))")
    }
    let elements = data.dropFirst(8 + Int(length))
    var (tensors, end): ([Tensor], Int) = ([], 0)
    for (name, entry) in header.entries.sorted(by: {
      $0.value.offsets.lexicographicallyPrecedes($1.value.offsets)
    }) {
      let count = entry.shape.reduce(into: (value: 1, overflow: false)) { product, factor in
        let (value, overflow) = product.value.multipliedReportingOverflow(by: factor)
        product = (value, product.overflow || overflow || factor < 0)
      }
      let size = count.value.multipliedReportingOverflow(by: entry.type.size)
      guard !count.overflow, !size.overflow, entry.offsets.count == 2, entry.offsets[0] == end,
        entry.offsets[1].subtractingReportingOverflow(end) == (size.partialValue, false)
      else {
        throw Self.damaged(
          "places the tensor \(Quotation.short(name)) of the shape \(Quotation.short("\(entry.shape)")) at "
            + "\(Quotation.short("\(entry.offsets)")), where byte \(end) is next"
        )
      }
      guard entry.offsets[1] <= elements.count else {
        throw Self.damaged(
          "ends \(elements.count) bytes after its header, in the tensor \(Quotation.short(name)), which reaches to byte "
            + "\(entry.offsets[1])")
      }
      let bytes = elements.dropFirst(end).prefix(size.partialValue)
      tensors.append(Tensor(name: name, type: entry.type, shape: entry.shape, bytes: bytes))
      end = entry.offsets[1]
    }
    guard end == elements.count else {
      throw Self.damaged("has \(elements.count) bytes of tensors, and the header tells of \(end)")
    }
    self.tensors = tensors
    metadata = header.metadata
  }

  /// The content of the file.
  package func encoded() throws(TrainingError) -> Data {
    var (header, end) = (Header(metadata: metadata), 0)
    for tensor in tensors {
      header.entries[tensor.name] = Header.Entry(
        type: tensor.type, shape: tensor.shape, offsets: [end, end + tensor.bytes.count])
      end += tensor.bytes.count
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text: Data
    do {
      text = try encoder.encode(header)
    } catch {
      throw TrainingError(.checkpoint, "the names of the tensors have no JSON: \(error)")
    }
    // The format asks that elements begin at a multiple of eight.
    text.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    var data = Data(capacity: 8 + text.count + end)
    for shift in stride(from: 0, to: 64, by: 8) {
      data.append(UInt8(truncatingIfNeeded: text.count >> shift))
    }
    data.append(text)
    for tensor in tensors { data.append(tensor.bytes) }
    return data
  }

  private static func damaged(_ message: String) -> TrainingError {
    TrainingError(.checkpoint, "the file of tensors \(message)")
  }

  private struct Header: Codable {
    struct Entry: Codable {
      let type: ElementType
      let shape: [Int]
      let offsets: [Int]

      enum CodingKeys: String, CodingKey {
        case shape
        case type = "dtype"
        case offsets = "data_offsets"
      }
    }

    struct Name: CodingKey {
      let stringValue: String
      let intValue: Int? = nil
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    var entries: [String: Entry] = [:]
    let metadata: [String: String]

    init(metadata: [String: String]) { self.metadata = metadata }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      metadata =
        try container.decodeIfPresent([String: String].self, forKey: Name(stringValue: metadataKey)) ?? [:]
      for name in container.allKeys where name.stringValue != metadataKey {
        entries[name.stringValue] = try container.decode(Entry.self, forKey: name)
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Name.self)
      try container.encode(metadata, forKey: Name(stringValue: metadataKey))
      for (name, entry) in entries { try container.encode(entry, forKey: Name(stringValue: name)) }
    }
  }
}
