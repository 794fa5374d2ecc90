import JointLossWeighting
import Testing

@testable import JointLossCommand

@Suite struct BLASFloorTests {
  typealias Kind = BLASFloor.Kind

  static let kinds: [(kind: Kind, strategies: [String])] = [
    (
      Kind(gradients: .gramian, batches: 1, looksAfterStep: false),
      [
        "aligned-mtl", "cagrad", "config", "dualproj", "fairgrad", "gradnorm", "gradvac", "imtl", "imtl-g",
        "krum", "mgda", "nash-mtl", "pcgrad", "unit-gradient", "upgrad",
      ]
    ),
    (Kind(gradients: .lastLayer, batches: 1, looksAfterStep: false), ["gradnorm-last"]),
    (
      Kind(gradients: .jacobian, batches: 1, looksAfterStep: false),
      ["adatask", "db-mtl", "excess-mtl", "graddrop", "moco", "trimmed-mean"]
    ),
    (Kind(gradients: .jacobian, batches: 3, looksAfterStep: false), ["modo", "sdmgrad"]),
    (Kind(gradients: .none, batches: 1, looksAfterStep: true), ["famo"]),
    (
      Kind(gradients: .none, batches: 1, looksAfterStep: false),
      [
        "cosmos", "cov", "dtp", "dwa", "equal", "fixed", "gls", "go4align", "igb", "imtl-l", "ldc-mtl", "pbi",
        "random", "relobralo", "revised-uncertainty", "scale-invariant", "softadapt", "stch", "uncertainty",
        "uw-o", "uw-so",
      ]
    ),
  ]

  @Test func `Every strategy is measured against the products of what it reads`() throws {
    var names: [Kind: [String]] = [:]
    for row in try BenchmarkStrategy.all(in: .builtIn, tasks: 3) {
      names[BLASFloor.Kind(of: row.strategy), default: []].append(row.name)
    }
    for (kind, strategies) in Self.kinds { #expect(names[kind]?.sorted() == strategies, "\(kind)") }
    #expect(names.count == Self.kinds.count)
  }

  @Test func `A scope is measured by its own products`() throws {
    let strategy = try StrategyRegistry.builtIn.make(
      "gradnorm", taskCount: 3, parameters: ["scope": .text("representation")])
    #expect(Kind(of: strategy) == Kind(gradients: .representation, batches: 1, looksAfterStep: false))
  }

  // Shapes that do not fit trap; inputs above and below the samples take different products.
  @Test(arguments: [3, 20])
  func `The products of every kind fit together`(inputs: Int) {
    let workload = Workload(
      name: "test", inputs: inputs, width: 9, layers: 3, tasks: 4, outputs: 2, batch: 11)
    for (kind, _) in Self.kinds { BLASFloor(workload, kind).run() }
    BLASFloor(workload, Kind(gradients: .representation, batches: 1, looksAfterStep: false)).run()
  }
}
