import ArgumentParser
import JointLossCommand
import JointLossWeighting
import Testing

@Suite struct ParameterSettingTests {
  @Test func `An owner is optional`() throws {
    let long = try #require(ParameterSetting(argument: "gradnorm.alpha=1.5"))
    #expect(long.owner == "gradnorm" && long.parameter == "alpha" && long.value == .number(1.5))
    let short = try #require(ParameterSetting(argument: "weights=1,2.5"))
    #expect(short.owner == nil && short.parameter == "weights" && short.value == .numbers([1, 2.5]))
    // Only the first “=” and the first “.” of the name separate.
    let text = try #require(ParameterSetting(argument: "csv.path=a.b=c"))
    #expect(text.owner == "csv" && text.parameter == "path" && text.value == .text("a.b=c"))
  }

  @Test(arguments: ["", "alpha", "alpha=", "=1", ".alpha=1", "gradnorm.=1"])
  func `Half a setting is none`(argument: String) {
    #expect(ParameterSetting(argument: argument) == nil)
  }

  @Test func `Settings of another owner and double ones are refused`() throws {
    let settings = ["alpha=1", "gradnorm.scope=shared-parameters"].compactMap(
      ParameterSetting.init(argument:))
    #expect(
      try settings.values(for: "gradnorm") == ["alpha": .number(1), "scope": .text("shared-parameters")])
    #expect(throws: ValidationError.self) { try settings.values(for: "dwa") }
    let double = ["alpha=1", "gradnorm.alpha=2"].compactMap(ParameterSetting.init(argument:))
    #expect(throws: ValidationError.self) { try double.values(for: "gradnorm") }
  }
}
