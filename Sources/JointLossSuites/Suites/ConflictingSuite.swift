/// The preset of the feature bank at overlap -0.5, with tasks of unlike scale, noise and loss.
package struct ConflictingSuite: MixedTasksSuite {
  /// Name, summary and generator.
  package static let about = preset(
    "conflicting",
    "Half of the features are contested: labels correlate negatively and the tasks compete for the trunk."
  )

  /// The overlap ρ of the feature bank.
  package static let overlap = -0.5

  package let size = MixedTasksSize()

  /// Creates the suite with its defaults.
  package init() {}
}
