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
            type.about.name, type.needs, type.about.promises.weightSum.rawValue,
            type.about.title,
          ]
        })
      let wrappers = Listing.facts(StrategyWrappers.summaries.map { ("NAME+\($0.name)", $0.summary) })
      return try StandardOutput.write(
        """
        \(table.plainText)

        Each may be wrapped, in one wrapper or several:

        \(wrappers)

        `jointloss strategies NAME` gives formula, source, promises and parameters.
        """)
    }
    let type = try JointLoss.registry.type(named: name)
    let about = type.about
    var facts = [(name: "formula", text: about.formula)]
    if let citation = about.citation { facts.append(("source", "\(citation.text)\n\(citation.link)")) }
    facts += [
      ("reads", type.needs),
      ("weights apply to", Listing.place(of: about.weighs)),
      ("promises", Listing.promises(about.promises)),
      ("cost", about.cost),
    ]
    if about.arrangement == .separate { facts.append(("arrangement", "one network a task")) }
    if !about.differences.isEmpty {
      facts.append(("where we differ", about.differences.joined(separator: "\n")))
    }
    try StandardOutput.write(
      """
      \(about.name): \(about.title)

      \(Listing.facts(facts))

      \(Listing.parameters(type.parameters, of: about.name))
      """)
  }
}
