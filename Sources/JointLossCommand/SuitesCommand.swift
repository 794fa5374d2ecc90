import ArgumentParser
import JointLossStudies
import JointLossSuites
import JointLossTraining
import JointLossWeighting

/// `jointloss suites`: what task suites there are.
struct SuitesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "suites",
    abstract: "Lists the task suites, or tells all about one.")

  @Argument(help: "A suite's name.")
  var name: String?

  func run() throws {
    let registry = JointLoss.suites
    guard let name else {
      let table = ReportTable(
        columns: [.init("suite", .left), .init("what it is", .left)],
        rows: registry.types.map { [$0.about.name, $0.about.summary] })
      return try StandardOutput.write(
        "\(table.plainText)\n\n`jointloss suites NAME` gives generator, source and parameters.")
    }
    let type = try registry.type(named: name)
    let about = type.about
    let suite = try registry.make(name, parameters: [:])
    let recipe = suite.recipe
    var facts = [(name: "generator", text: about.formula)]
    if let citation = about.citation { facts.append(("source", "\(citation.text)\n\(citation.link)")) }
    facts += [
      ("tasks", suite.taskSpecifications.map { "\($0.name) (\($0.loss.rawValue))" }.joined(separator: ", ")),
      (
        "trained by default",
        "\(Self.model(of: recipe)), "
          + "Adam \(recipe.learningRate), batch \(recipe.batchSize), \(recipe.epochs) epochs"
      ),
    ]
    try StandardOutput.write(
      """
      \(about.name): \(about.summary)

      \(Listing.facts(facts))

      \(Listing.parameters(type.parameters, of: about.name))
      """)
  }

  private static func model(of recipe: TrainingRecipe) -> String {
    guard let trunk = recipe.trunk, let activation = recipe.activation else { return "its own model" }
    return "trunk \(trunk.map(String.init).joined(separator: "-")) \(activation.rawValue)"
  }
}
