import JointLossTraining
import JointLossWeighting
import Yams

/// Reads the mapping of a study file; collects every problem with its line instead of stopping at the first.
struct StudyReader {
  private(set) var problems: [StudyError] = []
  private(set) var locations: SourceLocations

  init(file: String) { locations = SourceLocations(file: file) }

  /// The study; fields with a problem keep their defaults.
  mutating func study(from root: Node) -> StudySpecification {
    var study = StudySpecification()
    let known = [
      "suites", "strategies", "seeds", "epochs", "learning-rate", "batch-size", "optimizer", "momentum",
      "weight-decay", "beta1", "beta2", "epsilon", "damping", "factor-decay", "factor-interval", "schedule",
      "clip-norm", "early-stopping", "architecture", "trunk",
      "activation", "block", "gradient-scope", "head-policy", "scale-policy", "accumulation", "baseline",
      "reference",
    ]
    for (key, value) in fields(of: root, at: "", known: known) {
      switch key {
      case "suites": entries(value, at: key).map { study.suites = $0 }
      case "strategies": entries(value, at: key).map { study.strategies = $0 }
      case "seeds": seeds(value, at: key).map { study.seeds = $0 }
      case "epochs": integer(value, at: key).map { study.epochs = $0 }
      case "learning-rate": number(value, at: key).map { study.learningRate = $0 }
      case "batch-size": integer(value, at: key).map { study.batchSize = $0 }
      case "optimizer": choice(value, at: key).map { study.optimizer = $0 }
      case "momentum": number(value, at: key).map { study.momentum = $0 }
      case "weight-decay": number(value, at: key).map { study.weightDecay = $0 }
      case "beta1": number(value, at: key).map { study.beta1 = $0 }
      case "beta2": number(value, at: key).map { study.beta2 = $0 }
      case "epsilon": number(value, at: key).map { study.epsilon = $0 }
      case "damping": number(value, at: key).map { study.damping = $0 }
      case "factor-decay": number(value, at: key).map { study.factorDecay = $0 }
      case "factor-interval": integer(value, at: key).map { study.factorInterval = $0 }
      case "schedule": schedule(value, at: key).map { study.schedule = $0 }
      case "clip-norm": number(value, at: key).map { study.clipNorm = $0 }
      case "early-stopping": earlyStopping(value, at: key).map { study.earlyStopping = $0 }
      case "architecture": architecture(value, at: key).map { study.architecture = $0 }
      case "block": block(value, at: key).map { study.block = $0 }
      case "trunk":
        list(value, at: key) { $0.integer($1, at: $2) }.map { study.trunk = $0 }
      case "activation": choice(value, at: key).map { study.activation = $0 }
      case "gradient-scope": choice(value, at: key).map { study.gradientScope = $0 }
      case "head-policy": choice(value, at: key).map { study.headPolicy = $0 }
      case "scale-policy": choice(value, at: key).map { study.scalePolicy = $0 }
      case "accumulation": integer(value, at: key).map { study.accumulation = $0 }
      case "baseline": text(value, at: key).map { study.baseline = $0 }
      default: text(value, at: key).map { study.reference = $0 }
      }
    }
    study.locations = locations
    return study
  }

  // MARK: Structures

  private mutating func entries(_ node: Node, at path: String) -> [StudySpecification.Entry]? {
    list(node, at: path) { $0.entry($1, at: $2) }
  }

  private mutating func entry(_ node: Node, at path: String) -> StudySpecification.Entry? {
    guard node.mapping != nil else {
      return text(node, at: path, expected: "a name, or a mapping of name, label and set")
        .map { StudySpecification.Entry($0) }
    }
    var entry = StudySpecification.Entry("")
    var isNamed = false
    for (key, value) in fields(of: node, at: path, known: ["name", "label", "set"]) {
      let keyPath = "\(path).\(key)"
      switch key {
      case "name":
        isNamed = true
        guard let name = text(value, at: keyPath) else { continue }
        if name.isEmpty { report("is a name, not an empty text", at: keyPath) }
        entry.name = name
      case "label": entry.label = text(value, at: keyPath)
      default:
        for (name, value) in fields(of: value, at: keyPath, known: nil) {
          entry.parameters[name] = parameter(value, at: "\(keyPath).\(name)")
        }
      }
    }
    if !isNamed { report("has no name", at: path) }
    return entry.name.isEmpty ? nil : entry
  }

  private mutating func seeds(_ node: Node, at path: String) -> StudySpecification.Seeds? {
    if node.sequence != nil {
      return list(node, at: path) { $0.seed($1, at: $2) }.map { .list($0) }
    }
    guard let count = scalar(node).flatMap({ Int($0) }) else {
      return mismatch(node, at: path, expected: "a number of seeds, or a list of them")
    }
    return .count(count)
  }

  private mutating func seed(_ node: Node, at path: String) -> UInt64? {
    guard let seed = scalar(node).flatMap({ UInt64($0) }) else {
      return mismatch(node, at: path, expected: "a whole number from 0 to \(UInt64.max)")
    }
    return seed
  }

  private mutating func parameter(_ node: Node, at path: String) -> ParameterValue? {
    if node.sequence != nil {
      return list(node, at: path) { $0.notNaN($0.number($1, at: $2), $1, at: $2) }.map { .numbers($0) }
    }
    guard let text = node.scalar?.string, !isNull(node) else {
      return mismatch(node, at: path, expected: "a number, a list of numbers or a word")
    }
    // Quotes make a text of what would be a number.
    guard let number = scalar(node).flatMap({ Double($0) }) else { return .text(text) }
    return notNaN(number, node, at: path).map { .number($0) }
  }

  /// NaN is not equal to itself: a study that held it would be another one each time it is read.
  private mutating func notNaN(_ number: Double?, _ node: Node, at path: String) -> Double? {
    number?.isNaN == true ? mismatch(node, at: path, expected: "a number") : number
  }

  // MARK: Rules of training

  private mutating func schedule(_ node: Node, at path: String) -> LearningRateSchedule? {
    var (name, warmUp, numbers) = ("", 0, [String: Double]())
    let shapes = LearningRateSchedule.keys
    let known = ["name", "warm-up"] + Set(shapes.values.joined()).sorted()
    let earlier = problems.count
    if node.mapping == nil {
      name = text(node, at: path, expected: "a name, or a mapping of name and \(known[1])") ?? ""
    } else {
      for (key, value) in fields(of: node, at: path, known: known) {
        let keyPath = "\(path).\(key)"
        switch key {
        case "name": name = text(value, at: keyPath) ?? ""
        case "warm-up": warmUp = count(value, at: keyPath) ?? 0
        case "every", "patience": numbers[key] = count(value, at: keyPath).map { Double($0) }
        default: numbers[key] = number(value, at: keyPath)
        }
      }
      if name.isEmpty { report("has no name", at: path) }
    }
    guard problems.count == earlier else { return nil }
    guard let own = shapes[name] else {
      report(
        "there is no schedule “\(Quotation.short(name))”: "
          + NearestNames.hint(for: name, among: shapes.keys.sorted(), what: "schedules"), at: path)
      return nil
    }
    for key in numbers.keys.sorted() where !own.contains(key) {
      report("does not belong to the schedule \(name)", at: "\(path).\(key)")
    }
    if name == "step", numbers["every"] == nil {
      report("step needs every, the epochs between two steps", at: path)
    }
    guard problems.count == earlier else { return nil }
    let factor = numbers["factor"] ?? 0.1
    let shape: LearningRateSchedule.Shape =
      switch name {
      case "cosine": .cosine(final: numbers["final"] ?? 0)
      case "step": .step(every: Int(numbers["every"] ?? 1), factor: factor)
      case "plateau": .plateau(patience: Int(numbers["patience"] ?? 10), factor: factor)
      default: .constant
      }
    return checked(at: path) { () throws(TrainingError) in try LearningRateSchedule(shape, warmUp: warmUp) }
  }

  private mutating func earlyStopping(_ node: Node, at path: String) -> EarlyStopping? {
    var (patience, improvement) = (Int?.none, 0.0)
    let earlier = problems.count
    for (key, value) in fields(of: node, at: path, known: ["patience", "minimum-improvement"]) {
      switch key {
      case "patience": patience = count(value, at: "\(path).\(key)")
      default: improvement = number(value, at: "\(path).\(key)") ?? 0
      }
    }
    guard problems.count == earlier else { return nil }
    guard let patience else {
      report("has no patience, the epochs without improvement that end training", at: path)
      return nil
    }
    return checked(at: path) { () throws(TrainingError) in
      try EarlyStopping(patience: patience, minimumImprovement: improvement)
    }
  }

  private mutating func checked<Value>(
    at path: String, _ make: () throws(TrainingError) -> Value
  ) -> Value? {
    do {
      return try make()
    } catch {
      report(error.message, at: path)
      return nil
    }
  }

  // MARK: Fields, lists and scalars

  /// The known fields of a mapping; unknown ones and keys that are no text are reported.
  mutating func fields(of node: Node, at path: String, known: [String]?) -> [(String, Node)] {
    guard let mapping = node.mapping else {
      let example = known.map { " with keys such as \($0.prefix(3).joined(separator: ", "))" } ?? ""
      return mismatch(node, at: path, expected: "a mapping\(example)") ?? []
    }
    var result: [(String, Node)] = []
    for (keyNode, value) in mapping {
      guard let key = keyNode.scalar?.string else {
        report("a key is a word", at: path, line: keyNode.mark?.line)
        continue
      }
      let keyPath = path.isEmpty ? key : "\(path).\(key)"
      locations.lines[keyPath] = keyNode.mark?.line
      if let known, !known.contains(key) {
        // Those that are not listed need no search for a hint.
        let hint =
          problems.count > StudyError.mostListed
          ? "" : ": \(NearestNames.hint(for: key, among: known, what: "keys"))"
        report("unknown key\(hint)", at: keyPath)
      } else {
        result.append((key, value))
      }
    }
    return result
  }

  private mutating func list<Element>(
    _ node: Node, at path: String, of element: (inout Self, Node, String) -> Element?
  ) -> [Element]? {
    guard let sequence = node.sequence else { return mismatch(node, at: path, expected: "a list") }
    var result: [Element] = []
    for (index, node) in sequence.enumerated() {
      let elementPath = "\(path)[\(index)]"
      locations.lines[elementPath] = node.mark?.line
      if let value = element(&self, node, elementPath) { result.append(value) }
    }
    // A list with a bad element is reported once, for that element, and counts as not given.
    return result.count == sequence.count ? result : nil
  }

  mutating func integer(_ node: Node, at path: String) -> Int? {
    guard let value = scalar(node).flatMap({ Int($0) }) else {
      return mismatch(node, at: path, expected: "a whole number")
    }
    return value
  }

  /// A whole number that is small enough to count with; whether it is large enough is for others to say.
  private mutating func count(_ node: Node, at path: String) -> Int? {
    guard let value = integer(node, at: path) else { return nil }
    let largest = StudySpecification.Limit.count
    guard (-largest...largest).contains(value) else {
      return mismatch(node, at: path, expected: "a whole number of at most \(largest)")
    }
    return value
  }

  mutating func number(_ node: Node, at path: String) -> Double? {
    guard let value = scalar(node).flatMap({ Double($0) }) else {
      return mismatch(node, at: path, expected: "a number")
    }
    return value
  }

  private mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ node: Node, at path: String
  ) -> Choice? {
    guard let text = text(node, at: path) else { return nil }
    if let value = Choice(rawValue: text) { return value }
    let options = Choice.allCases.map(\.rawValue)
    report(
      "is \(options.joined(separator: " | ")), not “\(Quotation.short(text))”: "
        + NearestNames.hint(for: text, among: options, what: "values"),
      at: path)
    return nil
  }

  mutating func text(_ node: Node, at path: String, expected: String = "a word") -> String? {
    guard let text = node.scalar?.string, !isNull(node) else {
      return mismatch(node, at: path, expected: expected)
    }
    return text
  }

  /// The text of a scalar without quotes: what may be a number.
  func scalar(_ node: Node) -> String? {
    guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return nil }
    return scalar.string
  }

  private func isNull(_ node: Node) -> Bool { scalar(node).map { ["", "~", "null"].contains($0) } ?? false }

  // MARK: Reports

  mutating func mismatch<Value>(_ node: Node, at path: String, expected: String) -> Value? {
    let found =
      if isNull(node) {
        "nothing"
      } else {
        switch node {
        case .scalar(let scalar): "“\(Quotation.short(scalar.string))”"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
      }
    report("is \(expected), not \(found)", at: path, line: node.mark?.line)
    return nil
  }

  mutating func report(_ message: String, at path: String, line: Int? = nil) {
    problems.append(
      StudyError(
        message, file: locations.file, line: line ?? locations.lines[path], key: path.isEmpty ? nil : path))
  }
}
