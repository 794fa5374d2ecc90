/// A test function that compares a strategy's numbers with those of somebody else.
struct ValueTest: Sendable, Hashable {
  /// The suite, which is also the name of its file.
  let suite: String
  /// The function's name.
  let function: String

  init(_ suite: String, _ function: String) { (self.suite, self.function) = (suite, function) }
}

extension ValueTest {
  /// The test that compares with every golden file that `Tests/Golden/mapping.json` maps to a strategy.
  static let golden = ValueTest("GoldenTests", "The strategies reproduce every golden vector")

  /// The tests against closed forms or against numpy, of strategies that no golden file is about.
  static let closedForms: [String: ValueTest] = [
    "fixed": ValueTest("ConstantWeightingTests", "Fixed weights are the user's, or ones"),
    "single-task": ValueTest("ConstantWeightingTests", "Single-task training asks for a network a task"),
    "revised-uncertainty": ValueTest(
      "LossRuleTests", "The first step of revised uncertainty is its gradient's"),
    "scale-invariant": ValueTest(
      "LossRuleTests", "Log-sum and UW-O divide by the loss, GLS by the loss and its share"),
    "cov": ValueTest("LossRuleTests", "CoV waits two steps and then weighs by the variation of the ratios"),
    "dtp": ValueTest("LossRuleTests", "Priorities fall with the performance"),
    "softadapt": ValueTest("LossRuleTests", "SoftAdapt weighs the changes of the losses"),
    "relobralo": ValueTest(
      "LossRuleTests", "ReLoBRaLo mixes its memory with the balance since the last step"),
    "uw-o": ValueTest(
      "LossRuleTests", "Log-sum and UW-O divide by the loss, GLS by the loss and its share"),
    "uw-so": ValueTest("LossRuleTests", "UW-SO is the softmax of inverse losses"),
    "igb": ValueTest("LossRuleTests", "IGB weighs the logarithms by the gap to the base epoch"),
    "go4align": ValueTest("LossRuleTests", "GO4Align scales the losses and groups its weights"),
    "ldc-mtl": ValueTest("LossRuleTests", "LDC-MTL's weights are the derivatives of its objective"),
    "unit-gradient": ValueTest("GramianRuleTests", "Two tasks have the closed forms"),
    "adatask": ValueTest("AdaTaskTests", "Five steps are those of numpy"),
  ]

  /// What is wrong with the test, by the text of the test files; nothing where it runs and compares numbers.
  ///
  /// - Parameters:
  ///   - name: the strategy that it must name before it compares, or nil for a test of many.
  ///   - files: the text of each file, by name.
  /// - Returns: sentences.
  func faults(of name: String?, in files: [String: String]) -> [String] {
    guard let text = files["\(suite).swift"], text.contains("@Suite struct \(suite) ") else {
      return ["there is no suite \(suite)"]
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let declaration = lines.firstIndex(where: { $0.contains("func `\(function)`(") }) else {
      return ["\(suite) has no test “\(function)”"]
    }
    let attributes = lines[...declaration].reversed()
      .prefix { !$0.isEmpty && $0 != "  }" }.reversed().joined(separator: "\n")
    guard attributes.contains("@Test"), !attributes.contains(".disabled"), !attributes.contains(".enabled")
    else { return ["“\(function)” is no test that always runs"] }
    var body = lines[(declaration + 1)...].prefix { $0 != "  }" }.filter {
      !$0.drop { $0 == " " }.hasPrefix("//")
    }
    if let name {
      guard let first = body.firstIndex(where: { $0.contains("\"\(name)\"") }) else {
        return ["“\(function)” does not name \(name)"]
      }
      body = Array(body[first...])
    }
    return body.contains(where: Self.compares) ? [] : ["“\(function)” compares no numbers"]
  }

  /// Whether a line compares numbers, by itself or by a helper.
  private static func compares(_ line: Substring) -> Bool {
    line.contains("#expect(") && (line.contains("==") || line.contains("<=") || line.contains("mismatches"))
      || line.contains(/\bexpect\(/) && !line.contains("#expect(")
  }
}
