/// The preset of the feature bank at overlap -0.5, with tasks of unlike scale, noise and loss.
package struct ConflictingSuite: MixedTasksSuite {
  /// Name, formula and parameters.
  package static let descriptor = preset(
    name: "conflicting",
    summary:
      "Half of the features are contested: labels correlate negatively and the tasks compete for the trunk."
  )

  /// The overlap ρ of the feature bank.
  package static let overlap = -0.5

  package let bank: FeatureBank
  package let width: Int

  /// Creates the suite from its validated settings.
  package init(bank: FeatureBank, width: Int) {
    self.bank = bank
    self.width = width
  }
}
