/// The preset of the feature bank at overlap 1, with tasks of unlike scale, noise and loss.
package struct RelatedSuite: MixedTasksSuite {
  /// Name, formula and parameters.
  package static let descriptor = preset(
    name: "related", summary: "All features are shared: joint training can help every task.")

  /// The overlap ρ of the feature bank.
  package static let overlap = 1.0

  package let bank: FeatureBank
  package let width: Int

  /// Creates the suite from its validated settings.
  package init(bank: FeatureBank, width: Int) {
    self.bank = bank
    self.width = width
  }
}
