import ArgumentParser
package import JointLossWeighting

/// One `--set OWNER.PARAMETER=VALUE`, the owner being a strategy or a suite; `--set PARAMETER=VALUE` names none.
package struct ParameterSetting: ExpressibleByArgument, Hashable, Sendable {
  /// The strategy or suite whose parameter it is, where one is named.
  package let owner: String?
  /// The parameter's name.
  package let parameter: String
  /// The value.
  package let value: ParameterValue

  /// Reads a setting; nil without `=`, or where a name or the value is empty.
  package init?(argument: String) {
    let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, !sides[1].isEmpty else { return nil }
    let names = sides[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let parameter = names.last, names.allSatisfy({ !$0.isEmpty }) else { return nil }
    owner = names.count == 2 ? String(names[0]) : nil
    self.parameter = String(parameter)
    value = ParameterValue(parsing: String(sides[1]))
  }
}

extension [ParameterSetting] {
  /// The values for one owner, where every setting belongs to it.
  ///
  /// - Parameter owner: the only strategy or suite that is being set.
  /// - Returns: the values by parameter.
  /// - Throws: `ValidationError` for a setting of another owner, or two of one parameter.
  package func values(for owner: String) throws -> [String: ParameterValue] {
    var values: [String: ParameterValue] = [:]
    for setting in self {
      if let other = setting.owner, other != owner {
        throw ValidationError("--set \(other).\(setting.parameter): the strategy here is \(owner)")
      }
      guard values.updateValue(setting.value, forKey: setting.parameter) == nil else {
        throw ValidationError("--set \(owner).\(setting.parameter) is given twice")
      }
    }
    return values
  }
}
