import ArgumentParser
import Foundation
import JointLossTestSupport
import JointLossTraining
import Testing

@testable import JointLossCommand

@Suite struct NumbersCommandTests {
  @Test func `The file holds inputs, targets and weights, one after the other`() throws {
    let folder = try TemporaryFolder()
    let file = URL(filePath: "\(folder.path)/numbers")
    try NumbersCommand.parse(["small", file.path]).run()
    let bytes = try Data(contentsOf: file)
    let values = stride(from: 0, to: bytes.count, by: 4).map { start in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
      return Double(Float(bitPattern: bits))
    }
    let workload = try #require(Workload.all.first)
    let (data, parameters) = (try workload.data(), try workload.initialParameters())
    let layers = ["trunk.0", "trunk.1", "head.0", "head.1"]
    let weights = try layers.map { try #require(parameters["\($0).weight"]) }
    #expect(values == data.inputs + data.targets[0] + data.targets[1] + weights.flatMap { $0 })
    #expect(parameters.filter { $0.key.hasSuffix("bias") }.values.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test func `A workload that does not exist is refused`() throws {
    #expect(throws: ValidationError.self) { try NumbersCommand.parse(["smal", "file"]).run() }
  }
}
