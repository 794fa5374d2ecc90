import ArgumentParser
import JointLossStudies
import JointLossWeighting

/// `jointloss strategies`: what weighting strategies there are.
struct StrategiesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strategies",
    abstract: "Lists the weighting strategies, or tells all about one.")

  @Argument(help: "A strategy's name; wrappers may follow it: pcgrad+every.")
  var name: String?

  @Flag(help: "Print the list as the table of the README.")
  var markdown = false

  func validate() throws {
    guard name == nil || !markdown else { throw ValidationError("--markdown lists all strategies.") }
  }

  func run() throws {
    if markdown { return try StandardOutput.write(Listing.markdown(JointLoss.registry)) }
    guard let name else {
      let table = ReportTable(
        columns: ["strategy", "reads", "sum of weights", "title"].map { .init($0, .left) },
        rows: JointLoss.registry.types.map { type in
          [
            type.descriptor.name, type.needs, type.descriptor.claims.weightSum.rawValue,
            type.descriptor.title,
          ]
        })
      let wrappers = Listing.facts(StrategyWrappers.summaries.map { ("NAME+\($0.name)", $0.summary) })
      return try StandardOutput.write(
        """
        \(table.plainText)

        Each may be wrapped, in one wrapper or several:

        \(wrappers)

        `jointloss strategies NAME` gives formula, source, claims and parameters.
        """)
    }
    let type = try JointLoss.registry.type(named: name)
    let descriptor = type.descriptor
    var facts = [(name: "formula", text: descriptor.formula)]
    if let citation = descriptor.citation { facts.append(("source", "\(citation.text)\n\(citation.link)")) }
    facts += [
      ("reads", type.needs),
      ("weights apply to", Listing.place(of: descriptor.appliesTo)),
      ("claims", Listing.claims(descriptor.claims)),
      ("cost", descriptor.cost),
    ]
    if descriptor.arrangement == .separate { facts.append(("arrangement", "one network a task")) }
    if !descriptor.differences.isEmpty {
      facts.append(("where we differ", descriptor.differences.joined(separator: "\n")))
    }
    try StandardOutput.write(
      """
      \(descriptor.name): \(descriptor.title)

      \(Listing.facts(facts))

      \(Listing.parameters(descriptor.parameters, of: descriptor.name))
      """)
  }
}
