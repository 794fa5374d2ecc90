package import Foundation

/// A file of expected values that another system computed.
package struct GoldenFile: Decodable, Sendable {
  /// The system and its version.
  package let source: String
  /// The system's name of the rule.
  package let strategy: String
  /// The rule's parameters, in the system's own terms.
  package let parameters: [String: JSONValue]
  /// The cases; state starts fresh in each.
  package let cases: [Case]

  /// Reads a file.
  package init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(GoldenFile.self, from: Data(contentsOf: url))
  }

  /// One case: several steps of a stateful rule, or a single one.
  package struct Case: Decodable, Sendable {
    package let name: String
    package let note: String?
    package let tolerance: Double?
    package let isUnstable: Bool
    package let steps: [Step]

    private enum CodingKeys: String, CodingKey {
      case name, note, tolerance, steps
      case isUnstable = "unstable"
    }

    package init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      name = try fields.decode(String.self, forKey: .name)
      note = try fields.decodeIfPresent(String.self, forKey: .note)
      tolerance = try fields.decodeIfPresent(Double.self, forKey: .tolerance)
      isUnstable = try fields.decodeIfPresent(Bool.self, forKey: .isUnstable) ?? false
      steps = try fields.decodeIfPresent([Step].self, forKey: .steps) ?? [Step(from: decoder)]
    }
  }

  /// What the rule was given in one step, and what it made of it.
  package struct Step: Decodable, Sendable {
    package let losses: [Double]?
    package let jacobian: [[Double]]?
    package let epoch: Int?
    package let orders: [[Int]]?
    package let normals: [Double]?
    package let uniforms: [Double]?
    package let lossesAfter: [Double]?
    package let jacobians: [[[Double]]]?
    package let expected: Expected
    package let unstable: Bool?

    private enum CodingKeys: String, CodingKey {
      case losses, jacobian, jacobians, epoch, orders, normals, uniforms, expected, unstable
      case lossesAfter = "losses_after"
    }

    /// The number of tasks.
    package var taskCount: Int? { losses?.count ?? jacobian?.count ?? jacobians?.first?.count }
  }

  /// Expected vectors; an element is nil where the other system had no finite value.
  package struct Expected: Decodable, Sendable {
    package let weights: [Double?]?
    package let direction: [Double?]?
    /// MGDA with a normalisation: its weights on the raw gradients, and on the normalised ones.
    package let rawDirection: [Double?]?
    package let normalisedDirection: [Double?]?

    private enum CodingKeys: String, CodingKey, CaseIterable {
      case weights, direction
      case rawDirection = "direction_raw"
      case normalisedDirection = "direction_normalised"
    }

    /// The names of the vectors that hold a number.
    package var names: [String] {
      CodingKeys.allCases.map(\.rawValue).filter { name in self[name]?.contains { $0 != nil } == true }
    }

    /// A vector by its name in the file.
    package subscript(name: String) -> [Double?]? {
      switch CodingKeys(rawValue: name) {
      case .weights: weights
      case .direction: direction
      case .rawDirection: rawDirection
      case .normalisedDirection: normalisedDirection
      case nil: nil
      }
    }
  }
}

/// A JSON value, to compare the parameters of golden files.
package enum JSONValue: Decodable, Hashable, Sendable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }
}
