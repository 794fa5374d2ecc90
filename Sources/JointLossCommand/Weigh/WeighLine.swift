import Foundation
import JointLossTraining
import JointLossWeighting

/// One line of input to `jointloss weigh`: a training step as a JSON object.
struct WeighLine {
  let losses: [Double]?
  /// For each task whether the step has labels of it.
  let present: [Bool]?
  let gramian: [[Double]]?
  let jacobian: [[Double]]?
  let gradientNorms: [Double]?
  let epoch: Int?
  let epochEnd: Bool?
  /// The samples of the batch: one number, or the labelled ones of each task.
  let samples: [Int]?
  let orders: [[Int]]?
  let uniforms: [Double]?
  let normals: [Double]?
  let lossesAfter: [Double]?
  let jacobians: [[[Double]]]?
  /// Samples × units; the Jacobian is then on its elements.
  let representation: [[Double]]?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case losses, present, gramian, jacobian, epoch, samples, orders, uniforms, normals, jacobians,
      representation
    case gradientNorms = "gradient_norms"
    case epochEnd = "epoch_end"
    case lossesAfter = "losses_after"
  }

  /// Whether the line holds the losses after the step of an earlier line, and no step of its own.
  var endsStepAlone: Bool {
    lossesAfter != nil && losses == nil && gramian == nil && jacobian == nil && jacobians == nil
      && gradientNorms == nil
  }

  /// Checks that a line that ends the step of an earlier one has nothing beside the losses, for nobody would read it.
  ///
  /// - Throws: ``WeighLineError`` naming the first other field.
  func requireLossesAfterAlone() throws(WeighLineError) {
    let others: [(CodingKeys, isGiven: Bool)] = [
      (.present, present != nil), (.epoch, epoch != nil), (.epochEnd, epochEnd != nil),
      (.samples, samples != nil), (.orders, orders != nil), (.uniforms, uniforms != nil),
      (.normals, normals != nil), (.representation, representation != nil),
    ]
    for (key, isGiven) in others where isGiven {
      throw WeighLineError(
        "\(key.rawValue) is given beside losses_after alone: it belongs on the line of a step")
    }
  }

  /// Reads a line.
  ///
  /// - Parameter text: a JSON object with some of the known fields.
  /// - Throws: ``WeighLineError`` naming the field, for anything else.
  init(parsing text: String) throws(WeighLineError) {
    let data = Data(text.utf8)
    do {
      try StrictJSON.check(data)
    } catch {
      // NaN and Infinity are no JSON, but many programs write them: name the field that holds one.
      let lenient = JSONDecoder()
      lenient.allowsJSON5 = true
      if let line = try? lenient.decode(WeighLine.self, from: data) { try line.requireFinite() }
      throw WeighLineError("not valid JSON: \(error)")
    }
    do {
      self = try JSONDecoder().decode(WeighLine.self, from: data)
    } catch let error as WeighLineError {
      throw error
    } catch {
      throw WeighLineError(decoding: error)
    }
    try requireFinite()
  }

  private func requireFinite() throws(WeighLineError) {
    let lists: [(CodingKeys, [Double]?)] = [
      (.losses, losses), (.gradientNorms, gradientNorms), (.uniforms, uniforms), (.normals, normals),
      (.lossesAfter, lossesAfter),
    ]
    for (key, list) in lists {
      if let index = list?.firstIndex(where: { !$0.isFinite }), let value = list?[index] {
        throw WeighLineError("\(key.rawValue)[\(index)] is \(value), not a finite number")
      }
    }
    let matrices =
      [(CodingKeys.gramian, gramian), (.jacobian, jacobian), (.representation, representation)]
      + (jacobians ?? []).map { (.jacobians, $0) }
    for (key, rows) in matrices {
      for (task, row) in (rows ?? []).enumerated() {
        if let index = row.firstIndex(where: { !$0.isFinite }) {
          throw WeighLineError("\(key.rawValue)[\(task)][\(index)] is \(row[index]), not a finite number")
        }
      }
    }
  }
}

extension WeighLine: Decodable {
  init(from decoder: any Decoder) throws {
    let known = CodingKeys.allCases.map(\.rawValue)
    let names = try decoder.container(keyedBy: FieldName.self).allKeys.map(\.stringValue)
    if let unknown = names.sorted().first(where: { !known.contains($0) }) {
      throw WeighLineError(
        "there is no field “\(Quotation.short(unknown))”: \(NearestNames.hint(for: unknown, among: known, what: "fields"))"
      )
    }
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    losses = try fields.decodeIfPresent([Double].self, forKey: .losses)
    gramian = try fields.decodeIfPresent([[Double]].self, forKey: .gramian)
    jacobian = try fields.decodeIfPresent([[Double]].self, forKey: .jacobian)
    gradientNorms = try fields.decodeIfPresent([Double].self, forKey: .gradientNorms)
    epoch = try Self.wholeNumber(in: fields, .epoch, atLeast: 0)
    epochEnd = try fields.decodeIfPresent(Bool.self, forKey: .epochEnd)
    present = try fields.decodeIfPresent([Bool].self, forKey: .present)
    samples = try Self.samples(in: fields)
    orders = try fields.decodeIfPresent([[Double]].self, forKey: .orders)?.enumerated().map { task, order in
      try order.map { try Self.wholeNumber($0, "orders[\(task)]", atLeast: 0) }
    }
    uniforms = try fields.decodeIfPresent([Double].self, forKey: .uniforms)
    normals = try fields.decodeIfPresent([Double].self, forKey: .normals)
    lossesAfter = try fields.decodeIfPresent([Double].self, forKey: .lossesAfter)
    jacobians = try fields.decodeIfPresent([[[Double]]].self, forKey: .jacobians)
    representation = try fields.decodeIfPresent([[Double]].self, forKey: .representation)
  }

  private static func samples(in fields: KeyedDecodingContainer<CodingKeys>) throws -> [Int]? {
    guard let list = try? fields.decodeIfPresent([Double].self, forKey: .samples) else {
      return try wholeNumber(in: fields, .samples, atLeast: 1).map { [$0] }
    }
    return try list.enumerated().map { task, count in
      try wholeNumber(count, "samples[\(task)]", atLeast: 0)
    }
  }

  private static func wholeNumber(
    in fields: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, atLeast smallest: Int
  ) throws -> Int? {
    try fields.decodeIfPresent(Double.self, forKey: key).map {
      try wholeNumber($0, key.rawValue, atLeast: smallest)
    }
  }

  private static func wholeNumber(
    _ number: Double, _ place: String, atLeast smallest: Int
  ) throws(WeighLineError) -> Int {
    // 2^53: beyond it a Double no longer holds every whole number.
    guard let whole = Int(exactly: number), whole >= smallest, number <= 0x1p53 else {
      throw WeighLineError(
        "\(place) is \(ParameterValue.number(number)), not a whole number of at least \(smallest)")
    }
    return whole
  }

  private struct FieldName: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

/// A line that `jointloss weigh` cannot read.
struct WeighLineError: Error, CustomStringConvertible {
  /// One sentence that names the field.
  let description: String

  init(_ description: String) { self.description = description }

  /// The field and the reason of a decoding error.
  init(decoding error: any Error) {
    switch error {
    case DecodingError.typeMismatch(_, let context) where context.codingPath.isEmpty,
      DecodingError.valueNotFound(_, let context) where context.codingPath.isEmpty:
      description = "the line is not a JSON object"
    case DecodingError.typeMismatch(let type, let context),
      DecodingError.valueNotFound(let type, let context):
      let expected = type == Double.self ? "a number" : type == Bool.self ? "true or false" : "a list"
      description = "\(Self.place(context.codingPath)) is not \(expected)"
    case DecodingError.dataCorrupted(let context):
      description = "\(Self.place(context.codingPath)): \(Quotation.short(context.debugDescription))"
    default:
      description = "\(error)"
    }
  }

  private static func place(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in key.intValue.map { "\(text)[\($0)]" } ?? text + key.stringValue }
  }
}
