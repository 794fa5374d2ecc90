import ArgumentParser
import JointLossWeighting

/// `jointloss strategies`: what weighting strategies there are.
struct StrategiesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strategies",
    abstract: "Lists the weighting strategies, or tells all about one.")

  @Argument(help: "A strategy's name.")
  var name: String?

  func run() throws {
    guard let name else {
      let rows = JointLoss.registry.types.map { type in
        [type.descriptor.name, type.need.rawValue, type.descriptor.weightSum, type.descriptor.title]
      }
      print(Listing.columns([["NAME", "READS", "SUM OF WEIGHTS", "TITLE"]] + rows))
      print("\n`jointloss strategies NAME` gives formula, citation and parameters.")
      return
    }
    let type = try JointLoss.registry.type(named: name)
    let descriptor = type.descriptor
    var facts = [["formula", descriptor.formula]]
    if let citation = descriptor.citation {
      facts += [["source", citation.text], ["", citation.link]]
    }
    facts += [
      ["reads", type.need.rawValue],
      [
        "weights apply to",
        descriptor.appliesTo == .losses ? "losses" : "the shared gradient; heads at weight 1",
      ],
      ["sum of weights", descriptor.weightSum],
      ["cost", descriptor.cost],
    ]
    if descriptor.arrangement == .separate { facts.append(["arrangement", "one network a task"]) }
    for difference in descriptor.differences { facts.append(["we differ", difference]) }
    print("\(descriptor.name): \(descriptor.title)\n")
    print(Listing.columns(facts, indent: 2))
    Listing.printParameters(descriptor.parameters, of: descriptor.name)
  }
}

extension WeightingStrategy {
  /// What the strategy reads.
  fileprivate static var need: EvidenceNeed { Evidence.need }
}
