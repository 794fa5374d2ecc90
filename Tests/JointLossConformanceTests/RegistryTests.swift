import JointLossConformance
import JointLossWeighting
import Testing

/// The kit over every registered strategy, with its default parameters, with every option of every choice, with
/// some other numbers, and in every wrapper.
@Suite struct RegistryTests {
  /// A strategy and its parameters.
  struct StrategyCase: Sendable, CustomTestStringConvertible {
    let name: String
    var parameters: [String: ParameterValue] = [:]
    var testDescription: String {
      ([name] + parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        .joined(separator: " ")
    }
  }

  private static let choices = StrategyRegistry.builtIn.types.flatMap { type in
    type.parameters.flatMap { parameter -> [StrategyCase] in
      guard case .choice(let usual, let options) = parameter.kind else { return [] }
      return options.filter { $0 != usual }.map {
        StrategyCase(name: type.about.name, parameters: [parameter.name: .text($0)])
      }
    }
  }

  private static let numbers = [
    StrategyCase(name: "fixed", parameters: ["weights": .numbers([1, 0, 3])]),
    StrategyCase(name: "uncertainty", parameters: ["form": .text("full-loss"), "optimizer": .text("sgd")]),
    StrategyCase(
      name: "gradnorm", parameters: ["initial-losses": .text("first-epoch"), "optimizer": .text("sgd")]),
    StrategyCase(
      name: "dwa",
      parameters: [
        "averages": .text("windows-from-ones"), "window": .number(2), "reduction": .text("mean"),
      ]),
    StrategyCase(name: "dwa", parameters: ["averages": .text("windows"), "window": .number(1)]),
    StrategyCase(
      name: "gradnorm", parameters: ["parametrisation": .text("exponential"), "optimizer": .text("sgd")]),
    StrategyCase(name: "gradnorm", parameters: ["parametrisation": .text("softmax"), "sum": .text("one")]),
    StrategyCase(name: "gradnorm", parameters: ["targets": .text("inverse"), "alpha": .number(40)]),
    StrategyCase(name: "pcgrad", parameters: ["epsilon": .number(1e-8)]),
    StrategyCase(name: "pcgrad", parameters: ["visits": .text("all"), "reduction": .text("mean")]),
    StrategyCase(name: "pcgrad", parameters: ["visits": .text("all"), "order": .text("shared")]),
    StrategyCase(name: "gradvac", parameters: ["beta": .number(0.5), "targets": .text("turned")]),
    StrategyCase(name: "mgda", parameters: ["normalisation": .text("l2"), "combine": .text("raw")]),
    StrategyCase(name: "cagrad", parameters: ["c": .number(2), "rescale": .number(1)]),
    StrategyCase(name: "cagrad", parameters: ["c": .number(1)]),
    StrategyCase(name: "cagrad", parameters: ["rescale": .number(3)]),
    StrategyCase(name: "cagrad", parameters: ["rescale": .number(3), "reduction": .text("sum")]),
    StrategyCase(name: "nash-mtl", parameters: ["max-norm": .number(1), "update-every": .number(4)]),
    StrategyCase(name: "fairgrad", parameters: ["alpha": .number(0.05)]),
    StrategyCase(name: "nash-mtl", parameters: ["update-every": .number(4)]),
    StrategyCase(name: "fairgrad", parameters: ["alpha": .number(0.5)]),
    StrategyCase(name: "fairgrad", parameters: ["alpha": .number(1)]),
    StrategyCase(name: "fairgrad", parameters: ["alpha": .number(5)]),
    StrategyCase(name: "fairgrad", parameters: ["alpha": .number(100)]),
    StrategyCase(name: "upgrad", parameters: ["regularisation": .number(1e-4), "zero-trace": .number(1e-4)]),
    StrategyCase(name: "upgrad", parameters: ["regularisation": .number(1)]),
    StrategyCase(name: "dualproj", parameters: ["regularisation": .number(1e-4)]),
    StrategyCase(name: "upgrad", parameters: ["preferences": .numbers([1, 2, 5])]),
    StrategyCase(name: "dualproj", parameters: ["preferences": .numbers([0, 1])]),
    StrategyCase(name: "aligned-mtl", parameters: ["preferences": .numbers([1, 1, 1])]),
    StrategyCase(name: "pbi", parameters: ["preferences": .numbers([1, 2]), "reference": .number(0.1)]),
    StrategyCase(name: "stch", parameters: ["variant": .text("libmtl"), "warm-up-epochs": .number(1)]),
    StrategyCase(name: "cov", parameters: ["decay": .number(0.9)]),
    StrategyCase(name: "softadapt", parameters: ["variant": .text("normalised"), "beta": .number(5)]),
    StrategyCase(
      name: "relobralo", parameters: ["expected-saudade": .number(0.5), "alpha": .number(0.9)]),
    StrategyCase(name: "igb", parameters: ["base-epoch": .number(0)]),
    StrategyCase(name: "dtp", parameters: ["alpha": .number(0.3), "gamma": .number(2)]),
    StrategyCase(name: "krum", parameters: ["byzantine": .number(1), "selected": .number(2)]),
    StrategyCase(name: "trimmed-mean", parameters: ["trim": .number(2)]),
    StrategyCase(name: "graddrop", parameters: ["leak": .numbers([0, 0.5, 1])]),
    StrategyCase(
      name: "graddrop", parameters: ["scope": .text("representation"), "signs": .text("one")]),
    StrategyCase(name: "famo", parameters: ["decay": .number(0), "optimizer": .text("sgd")]),
    StrategyCase(name: "excess-mtl", parameters: ["warm-up": .number(0), "step-size": .number(1)]),
    StrategyCase(name: "excess-mtl", parameters: ["warm-up": .number(3), "epsilon": .number(1e-7)]),
    StrategyCase(name: "db-mtl", parameters: ["start": .text("zero"), "sigma": .number(0.5)]),
    StrategyCase(name: "moco", parameters: ["gamma": .number(10), "rho": .number(0.1)]),
    StrategyCase(name: "modo", parameters: ["gamma": .number(1)]),
    StrategyCase(name: "sdmgrad", parameters: ["lambda": .number(0), "learning-rate": .number(1)]),
    StrategyCase(name: "adatask", parameters: ["epsilon": .number(0)]),
    StrategyCase(
      name: "adatask", parameters: ["beta1": .number(0), "beta2": .number(0), "epsilon": .number(0)]),
    StrategyCase(name: "adatask", parameters: ["variant": .text("rmsprop"), "epsilon": .number(0)]),
    StrategyCase(name: "adatask", parameters: ["variant": .text("adagrad"), "epsilon": .number(0)]),
  ]

  private static let wrapped =
    ["every", "normalised", "average"].flatMap { wrapper in
      ["equal", "gradnorm", "dwa", "pcgrad", "random", "imtl-g", "upgrad", "nash-mtl"].map {
        StrategyCase(name: "\($0)+\(wrapper)")
      }
    } + [
      StrategyCase(name: "famo+every", parameters: ["every-steps": .number(2)]),
      StrategyCase(name: "famo+average"),
      StrategyCase(name: "excess-mtl+normalised"),
      StrategyCase(name: "gradvac+every+average+normalised", parameters: ["every-steps": .number(2)]),
      StrategyCase(name: "upgrad+every", parameters: ["every-steps": .number(1)]),
      StrategyCase(name: "mgda+every", parameters: ["every-steps": .number(3)]),
      StrategyCase(
        name: "nash-mtl+every", parameters: ["every-steps": .number(2), "update-every": .number(2)]),
      StrategyCase(name: "excess-mtl+every", parameters: ["every-steps": .number(2)]),
      StrategyCase(
        name: "equal+normalised",
        parameters: ["normalised-sum": .text("one"), "normalised-by": .text("plain")]),
    ]

  static let cases =
    StrategyRegistry.builtIn.names.map { StrategyCase(name: $0) } + choices + numbers + wrapped

  @Test(arguments: cases) func `Every strategy passes its checks`(strategy: StrategyCase) throws {
    let report = Conformance.check(
      type: try StrategyRegistry.builtIn.type(named: strategy.name), parameters: strategy.parameters)
    // The case ran its own strategy, and all that applies to it.
    #expect(report.strategy == strategy.name)
    #expect(report.results.map(\.check) == ConformanceCheck.allCases)
    #expect(report.passedCount >= 13)
    #expect(report.passes, "\(report)")
  }

  @Test func `They pass on other inputs too`() throws {
    for type in StrategyRegistry.builtIn.types {
      let report = Conformance.check(type: type, seed: 1)
      #expect(report.passes, "\(report)")
    }
  }
}
