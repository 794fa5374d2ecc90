package import Foundation
import JointLossLinearAlgebra
import JointLossTraining

extension RunRecord {
  /// The content of the record's file: JSON Lines with sorted keys, doubles in their shortest form that reads
  /// back to the same bits.
  ///
  /// The object `measured` of the footer also holds a `checksum` of all other bytes of the file, so that
  /// `measured` remains all that differs when a run is repeated.
  package func fileContent() throws -> Data {
    var lines = [try Self.line(.header, header)]
    for epoch in epochs { lines.append(try Self.line(.epoch, epoch)) }
    lines.append(try Self.line(.footer, footer))
    let unsealed = Data(lines.map { $0 + [0x0A] }.joined())
    guard let opening = unsealed.range(of: Self.measured, options: .backwards) else { return unsealed }
    var sealed = unsealed
    sealed.insert(contentsOf: Self.seal(of: unsealed).utf8, at: opening.upperBound)
    return sealed
  }

  /// Reads the content of a record's file.
  ///
  /// - Parameters:
  ///   - content: the bytes of the file.
  ///   - file: its name, for messages.
  /// - Throws: ``StudyError`` with the line where the record is damaged.
  package init(content: Data, file: String) throws(StudyError) {
    guard content.last == 0x0A else {
      let line = content.count { $0 == 0x0A } + 1
      throw StudyError("the record ends in the middle: it was cut off", file: file, line: line)
    }
    let lines = content.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
    var header: Header?
    var epochs: [Epoch] = []
    var footer: Footer?
    for (index, line) in lines.enumerated() {
      let number = index + 1
      do {
        try StrictJSON.check(line)
        switch try JSONDecoder().decode(Kinded.self, from: line).kind {
        case .header where index == 0: header = try JSONDecoder().decode(Header.self, from: line)
        case .epoch where index > 0 && index < lines.count - 1:
          epochs.append(try JSONDecoder().decode(Epoch.self, from: line))
        case .footer where index > 0 && index == lines.count - 1:
          footer = try JSONDecoder().decode(Footer.self, from: line)
        case let kind:
          throw StudyError("a line of kind \(kind.rawValue) is out of place", file: file, line: number)
        }
      } catch let error as StudyError {
        throw error
      } catch let error as StrictJSON.Defect {
        throw StudyError("the line is damaged: it is not JSON, \(error)", file: file, line: number)
      } catch {
        throw StudyError("the line is damaged: \(StrictJSON.reason(error))", file: file, line: number)
      }
    }
    guard let header, let footer else {
      throw StudyError("the record has no footer: it was cut off", file: file, line: lines.count)
    }
    self.init(header: header, epochs: epochs, footer: footer)
    if let defect { throw StudyError(defect.message, file: file, line: defect.line, key: defect.key) }
    guard Self.isIntact(content) else {
      throw StudyError("the record was changed after it was written: its checksum differs", file: file)
    }
  }

  // MARK: Lines

  private enum Kind: String, Codable { case header, epoch, footer }

  private struct Kinded: Decodable { let kind: Kind }

  /// A line's object with its `kind` among its fields.
  private struct Line<Body: Encodable>: Encodable {
    enum CodingKeys: CodingKey { case kind }
    let kind: Kind
    let body: Body

    func encode(to encoder: any Encoder) throws {
      try body.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(kind, forKey: .kind)
    }
  }

  private static func line(_ kind: Kind, _ body: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(Line(kind: kind, body: body))
  }

  // MARK: Checksum

  private static let measured = Data(#""measured":{"#.utf8)

  private static func seal(of content: Data) -> String {
    "\"checksum\":\"\(StableHash.digits(of: String(decoding: content, as: UTF8.self)))\","
  }

  private static func isIntact(_ content: Data) -> Bool {
    guard let opening = content.range(of: measured, options: .backwards) else { return false }
    // The seal's length is that of any seal.
    let end = opening.upperBound + seal(of: Data()).utf8.count
    guard end <= content.endIndex else { return false }
    var unsealed = content
    unsealed.removeSubrange(opening.upperBound..<end)
    return content[opening.upperBound..<end].elementsEqual(seal(of: unsealed).utf8)
  }
}
