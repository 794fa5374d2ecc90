import Foundation
import JointLossTraining
import Testing

@Suite struct NetworkSpecificationTests {
  private func json(_ network: NetworkSpecification) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(network), as: UTF8.self)
  }

  @Test func `A plain trunk is written as it was before there were others`() throws {
    let network = try NetworkSpecification(
      inputs: 2, trunk: [3], activation: .relu,
      tasks: [TaskSpecification(name: "a", loss: .meanSquaredError)])
    #expect(
      try json(network)
        == #"{"activation":"relu","inputs":2,"tasks":[{"loss":"mse","name":"a","outputs":1}],"trunk":[3]}"#)
  }

  @Test(arguments: NetworkCase.all)
  func `Writing and reading gives an equal network`(_ test: NetworkCase) throws {
    let text = try json(test.network)
    #expect(try JSONDecoder().decode(NetworkSpecification.self, from: Data(text.utf8)) == test.network)
  }
}
