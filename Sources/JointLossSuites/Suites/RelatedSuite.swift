/// The preset of the feature bank at overlap 1, with tasks of unlike scale, noise and loss.
package struct RelatedSuite: MixedTasksSuite {
  /// Name, summary and generator.
  package static let about = preset(
    "related", "All features are shared: joint training can help every task.")

  /// The overlap ρ of the feature bank.
  package static let overlap = 1.0

  package let size = MixedTasksSize()

  /// Creates the suite with its defaults.
  package init() {}
}
