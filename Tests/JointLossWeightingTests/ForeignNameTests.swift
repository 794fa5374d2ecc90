import JointLossWeighting
import Testing

/// Names of other systems lead to ours in the hint, and are accepted nowhere.
@Suite struct ForeignNameTests {
  @Test(arguments: [
    // As in LibMTL's command line, in the tables of papers, in torchjd and in the authors' code.
    ("uw", "uncertainty"), ("UW", "uncertainty"), ("kendall", "uncertainty"), ("EW", "equal"),
    ("ls", "equal"),
    ("RLW", "random"), ("si", "scale-invariant"), ("log-sum", "scale-invariant"),
    ("log_sum", "scale-invariant"),
    ("STL", "single-task"), ("nash", "nash-mtl"), ("Nash_MTL", "nash-mtl"), ("mgda-ub", "mgda"),
    ("IMTL_G", "imtl-g"),
    ("Aligned_MTL", "aligned-mtl"), ("MoCo", "moco"), ("DB_MTL", "db-mtl"), ("UPGrad", "upgrad"),
    ("GradNorm", "gradnorm"),
    ("DualProj", "dualproj"), ("ConFIG", "config"), ("UW_SO", "uw-so"), ("scaleinvls", "scale-invariant"),
    ("TrimmedMean", "trimmed-mean"), ("Uncert", "uncertainty"), ("geometric mean", "gls"),
    ("AMTL", "aligned-mtl"),
  ])
  func `A name of another system is no name here, and the hint says ours`(foreign: String, ours: String) {
    let error = #expect(throws: WeightingError.self) {
      try StrategyRegistry.builtIn.makeWeigher(foreign, taskCount: 2)
    }
    #expect(error?.code == .unknownStrategy)
    #expect(error?.message == "no strategy is named “\(foreign)”: did you mean \(ours)?")
  }

  @Test func `Linear scalarization is equal or fixed weights`() {
    let error = #expect(throws: WeightingError.self) {
      try StrategyRegistry.builtIn.type(named: "linear-scalarization+every")
    }
    #expect(error?.message.hasSuffix("did you mean equal or fixed?") == true)
  }

  @Test func `A mistyped name has the nearest ones still`() {
    let error = #expect(throws: WeightingError.self) { try StrategyRegistry.builtIn.type(named: "gradnrm") }
    #expect(error?.message.contains("did you mean gradnorm") == true)
  }
}
