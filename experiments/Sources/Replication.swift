import JointLossStudies

/// An experiment of the field, repeated: its study file is `experiments/configs/NAME.yaml`.
protocol Replication {
  /// The name of the study file and of the page in `papers/`.
  static var name: String { get }
  /// What it asks, in one sentence.
  static var question: String { get }
  /// How long it takes on two cores, in minutes.
  static var minutes: Int { get }
  /// What the results say to the question, beyond the tables of every study.
  static func conclusion(_ comparison: Comparison, _ records: [RunRecord]) -> String
}
