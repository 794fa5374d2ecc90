import JointLossTraining
import JointLossWeighting
import Yams

extension StudyReader {
  /// An architecture: a name, or a mapping of the name and the sizes that belong to it.
  mutating func architecture(_ node: Node, at path: String) -> Architecture? {
    let earlier = problems.count
    var (name, sizes) = ("", [String: Int]())
    if node.mapping == nil {
      name = text(node, at: path, expected: "a name, or a mapping of name and sizes") ?? ""
    } else {
      let known = ["name", "levels", "experts", "shared-experts", "task-experts"]
      for (key, value) in fields(of: node, at: path, known: known) {
        if key == "name" {
          name = text(value, at: "\(path).name") ?? ""
        } else {
          sizes[key] = integer(value, at: "\(path).\(key)")
        }
      }
      if name.isEmpty { report("has no name", at: path) }
    }
    guard problems.count == earlier else { return nil }
    guard let due = Architecture.sizes.first(where: { $0.name == name })?.keys else {
      let names = Architecture.sizes.map(\.name)
      report(
        "there is no architecture “\(Quotation.short(name))”: "
          + NearestNames.hint(for: name, among: names, what: "architectures"), at: path)
      return nil
    }
    for key in sizes.keys.sorted() where !due.contains(key) {
      report("does not belong to the architecture \(name)", at: "\(path).\(key)")
    }
    for key in due where sizes[key] == nil { report("\(name) needs \(key)", at: path) }
    guard problems.count == earlier, let architecture = Architecture(name: name, sizes: sizes) else {
      return nil
    }
    return checked(architecture, at: path) { () throws(TrainingError) in try architecture.validate() }
  }

  /// What a layer has beside its dense map and activation.
  mutating func block(_ node: Node, at path: String) -> BlockSpecification? {
    let earlier = problems.count
    var (layerNorm, dropout, residual) = (false, 0.0, false)
    for (key, value) in fields(of: node, at: path, known: ["layer-norm", "dropout", "residual"]) {
      let keyPath = "\(path).\(key)"
      switch key {
      case "layer-norm": layerNorm = flag(value, at: keyPath)
      case "residual": residual = flag(value, at: keyPath)
      default: dropout = number(value, at: keyPath) ?? 0
      }
    }
    guard problems.count == earlier else { return nil }
    let block = BlockSpecification(layerNorm: layerNorm, dropout: dropout, residual: residual)
    return checked(block, at: path) { () throws(TrainingError) in try block.validate() }
  }

  private mutating func flag(_ node: Node, at path: String) -> Bool {
    switch scalar(node) {
    case "true": return true
    case "false": return false
    default:
      let _: Bool? = mismatch(node, at: path, expected: "true or false")
      return false
    }
  }

  private mutating func checked<Value>(
    _ value: Value, at path: String, _ check: () throws(TrainingError) -> Void
  ) -> Value? {
    do {
      try check()
      return value
    } catch {
      report(error.message, at: path)
      return nil
    }
  }
}
