/// What papers and other systems call the strategies: for hints alone, no name here is accepted anywhere.
enum ForeignNames {
  /// The strategies that another system calls by a name.
  ///
  /// - Parameter name: the name; case does not matter, and underscores and spaces count as hyphens.
  /// - Returns: names of this package, the likeliest first; the name as this package writes names if no system is known
  ///   to use it.
  static func strategies(called name: String) -> [String] {
    let plain = String(name.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 })
    return table[plain] ?? [plain]
  }

  private static let table: [String: [String]] = [
    // Constants.
    "ew": ["equal"], "eq": ["equal"], "ls": ["equal"], "sum": ["equal"], "mean": ["equal"],
    "average": ["equal"], "uniform": ["equal"], "unitary": ["equal"], "unit-scalarization": ["equal"],
    "unitary-scalarization": ["equal"], "linear-scalarization": ["equal", "fixed"],
    "scalarization": ["equal"],
    "manual": ["fixed"], "static": ["fixed"], "constant": ["fixed"], "weighted-sum": ["fixed"],
    "stl": ["single-task"], "single": ["single-task"], "independent": ["single-task"],
    // On losses.
    "uw": ["uncertainty"], "kendall": ["uncertainty"], "homoscedastic": ["uncertainty"],
    "uncert": ["uncertainty"], "uncertainty-weighting": ["uncertainty"], "ruw": ["revised-uncertainty"],
    "auto": ["revised-uncertainty"], "awl": ["revised-uncertainty"],
    "automatic-weighted-loss": ["revised-uncertainty"], "liebel": ["revised-uncertainty"],
    "rlw": ["random"], "rlw-normal": ["random"], "random-loss-weighting": ["random"], "rgw": ["random"],
    "geometric": ["gls"], "geometric-mean": ["gls"], "geometric-loss": ["gls"],
    "si": ["scale-invariant"], "scaleinvls": ["scale-invariant"], "log": ["scale-invariant"],
    "log-sum": ["scale-invariant"], "logsum": ["scale-invariant"],
    "scale-invariant-loss": ["scale-invariant"],
    "dynamic-weight-average": ["dwa"], "dynamic-weight-averaging": ["dwa"],
    "cv": ["cov"], "cov-weighting": ["cov"], "covweighting": ["cov"],
    "dynamic-task-prioritization": ["dtp"], "dynamic-task-prioritisation": ["dtp"],
    "soft-adapt": ["softadapt"], "relobra": ["relobralo"], "relative-loss-balancing": ["relobralo"],
    "uwo": ["uw-o"], "uwso": ["uw-so"], "soft-optimal-uncertainty": ["uw-so"], "ldcmtl": ["ldc-mtl"],
    "go4": ["go4align"], "tchebycheff": ["stch"], "chebyshev": ["stch"], "smooth-tchebycheff": ["stch"],
    // On gradients.
    "grad-norm": ["gradnorm"], "pc-grad": ["pcgrad"], "gradient-surgery": ["pcgrad"], "surgery": ["pcgrad"],
    "grad-vac": ["gradvac"], "gradient-vaccine": ["gradvac"], "moo": ["mgda"], "mgda-ub": ["mgda"],
    "mgdaub": ["mgda"], "min-norm": ["mgda"], "frank-wolfe": ["mgda"], "ca-grad": ["cagrad"],
    "nash": ["nash-mtl"], "nashmtl": ["nash-mtl"], "bargaining": ["nash-mtl"], "fair": ["fairgrad"],
    "fair-grad": ["fairgrad"], "aligned": ["aligned-mtl"], "alignedmtl": ["aligned-mtl"],
    "amtl": ["aligned-mtl"], "ica": ["aligned-mtl"], "imtlg": ["imtl-g"], "imtll": ["imtl-l"],
    "imtl-h": ["imtl"], "jd": ["upgrad"], "jacobian-descent": ["upgrad"], "gem": ["dualproj"],
    "unit": ["unit-gradient"], "normalized-gradients": ["unit-gradient"],
    "grad-drop": ["graddrop"], "gradient-sign-dropout": ["graddrop"], "dbmtl": ["db-mtl"],
    "dual-balancing": ["db-mtl"], "excess": ["excess-mtl"], "excessmtl": ["excess-mtl"],
    "sdm-grad": ["sdmgrad"], "ada-task": ["adatask"], "multi-krum": ["krum"], "trimmed": ["trimmed-mean"],
  ]
}
