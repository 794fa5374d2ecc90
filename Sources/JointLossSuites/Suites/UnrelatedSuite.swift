/// The preset of the feature bank at overlap 0, with tasks of unlike scale, noise and loss.
package struct UnrelatedSuite: MixedTasksSuite {
  /// Name, summary and generator.
  package static let about = preset(
    "unrelated", "No feature is shared: the tasks compete for the trunk's units.")

  /// The overlap ρ of the feature bank.
  package static let overlap = 0.0

  package let size = MixedTasksSize()

  /// Creates the suite with its defaults.
  package init() {}
}
