import ArgumentParser
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
    let registry = SuiteRegistry.builtIn
    guard let name else {
      let rows = registry.types.map { [$0.descriptor.name, $0.descriptor.summary] }
      print(Listing.columns([["NAME", "WHAT IT IS"]] + rows))
      print("\n`jointloss suites NAME` gives generator, source and parameters.")
      return
    }
    let descriptor = try registry.type(named: name).descriptor
    let suite = try registry.make(name, parameters: [:])
    let recipe = suite.recipe
    var facts = [["generator", descriptor.formula]]
    if let citation = descriptor.citation {
      facts += [["source", citation.text], ["", citation.link]]
    }
    facts.append(["tasks", suite.tasks.map { "\($0.name) (\($0.loss.rawValue))" }.joined(separator: ", ")])
    facts.append([
      "trained by default",
      "trunk \(recipe.trunk.map(String.init).joined(separator: "-")) \(recipe.activation.rawValue), "
        + "Adam \(recipe.learningRate), batch \(recipe.batchSize), \(recipe.epochs) epochs",
    ])
    print("\(descriptor.name): \(descriptor.summary)\n")
    print(Listing.columns(facts, indent: 2))
    Listing.printParameters(descriptor.parameters, of: descriptor.name)
  }
}
