import Foundation
import JointLossLinearAlgebra
public import JointLossTraining
public import JointLossWeighting

/// Everything that a run is a function of; its identity is the hash of its canonical JSON.
public struct RunSpecification: Codable, Hashable, Sendable {
  /// The version of the meaning of these fields; a change of it makes every run a new one.
  public let format: Int
  /// The label of the suite in the study: unique, it names files and headings.
  public let suiteLabel: String
  /// The suite's name in its registry.
  public let suite: String
  /// The value of every parameter of the suite.
  public let suiteParameters: ParameterValues
  /// The label of the strategy in the study: its name, and the parameters that a sweep varies.
  public let strategyLabel: String
  /// The strategy's name in its registry.
  public let strategy: String
  /// The value of every parameter of the strategy.
  public let strategyParameters: ParameterValues
  /// The seed of data, initial parameters, batch order and the strategy's draws.
  public let seed: UInt64
  /// The widths of the trunk's layers; absent where the suite's own model was trained.
  public let trunk: [Int]?
  /// The trunk's activation; absent where the suite's own model was trained.
  public let activation: Activation?
  /// The optimiser of trunk and heads.
  public let optimizer: OptimizerSpecification
  /// Samples a batch.
  public let batchSize: Int
  /// The number of epochs.
  public let epochs: Int
  /// How the learning rate changes; absent where it does not, so that runs from before keep their identity.
  public internal(set) var schedule: LearningRateSchedule?
  /// When a network stops before the last epoch; absent where none does.
  public internal(set) var earlyStopping: EarlyStopping?
  /// What a step does where the strategy leaves it open; nil for the defaults.
  ///
  /// Left out of the JSON then, so that runs from before there was a choice keep their identity.
  public var step: StepOptions?

  /// How the tasks share the layers; absent where one trunk serves all, so that runs from before there were others
  /// keep their identity.
  public internal(set) var architecture: Architecture?
  /// What a layer has beside its dense map and activation; absent where that is nothing.
  public internal(set) var block: BlockSpecification?

  /// What is trained, in words: `trunk 32, 8 (tanh)`.
  var modelText: String {
    guard let trunk, let activation else { return "the suite's own model" }
    let widths = trunk.map(String.init).joined(separator: ", ")
    return "\(architecture?.text ?? "trunk") \(widths) (\(activation)\(block.map { ", \($0.text)" } ?? ""))"
  }

  /// The version of the fields' meaning that this build writes.
  static let currentFormat = 1

  /// The canonical JSON: sorted keys, no white space.
  package var canonicalJSON: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// The identity: the stable hash of the canonical JSON, as 16 hexadecimal digits.
  package var identity: String {
    get throws {
      StableHash.digits(of: try canonicalJSON)
    }
  }
}
