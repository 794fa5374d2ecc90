import JointLossStudies
import JointLossSuites
import JointLossWeighting
import Testing

/// Networks, gradients and optimisers that cannot be are refused before a study begins.
@Suite struct PlannedNetworkTests {
  /// What planning the text of a study file says.
  private func problems(_ yaml: String) -> String {
    do {
      let study = try StudySpecification(yaml: yaml, file: "study.yaml")
      _ = try RunPlan(study, strategies: .builtIn, suites: .builtIn)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    (
      "trunk: [5, 6]\nblock: {residual: true}",
      "study.yaml:4: block: on related: no layer of the trunk [5, 6] on 30 inputs is as wide as its input: none can "
        + "have a residual sum"
    ),
    ("trunk: [5, 5]\nblock: {residual: true}", ""), ("trunk: [30, 6]\nblock: {residual: true}", ""),
    (
      "gradient-scope: representation\narchitecture: {name: mmoe, experts: 2}",
      "study.yaml:1: strategies[1]: on related: mgda reads gramian on shared parameters over the scope "
        + "representation, but they do not act through one output that all tasks read"
    ),
    ("gradient-scope: representation\narchitecture: {name: mmoe, experts: 1}", ""),
    ("gradient-scope: representation\nactivation: gelu\nblock: {layer-norm: true}", ""),
    (
      "trunk: [65536]",
      "study.yaml:3: trunk: on related: a layer of 65536 units is too large: "
        + "its weights must stay below 2^31"
    ),
    (
      "optimizer: adamw\nweight-decay: 100",
      "study.yaml:4: weight-decay: on related: the optimiser needs a weight decay in [0, 1/η), not 100.0"
    ),
  ])
  func `A network that cannot be is an error with line and key, not a failure of every run`(
    yaml: String, message: String
  ) {
    #expect(problems("strategies: [single-task, mgda]\nsuites: [related]\n\(yaml)") == message)
  }

  @Test(arguments: [
    ("trunk: [6]", ""),
    (
      "architecture: {name: mmoe, experts: 2}",
      "study.yaml:1: strategies[1]: on related: graddrop reads jacobian on shared parameters over the scope "
        + "representation, but they do not act through one output that all tasks read"
    ),
    (
      "accumulation: 2",
      "study.yaml:1: strategies[1]: on related: graddrop reads the task gradients on the representation of the whole "
        + "batch, which is not split into 2 micro-batches"
    ),
  ])
  func `A rule that prescribes the representation is refused where it has none`(yaml: String, message: String)
  {
    let strategies = "strategies: [equal, {name: graddrop, set: {scope: representation}}]"
    #expect(problems("\(strategies)\nsuites: [related]\n\(yaml)") == message)
  }

  @Test(arguments: [("graddrop", "a direction"), ("adatask", "an update")])
  func `K-FAC has nothing to follow where a rule gives the step itself`(name: String, gives: String) {
    let message = problems(
      "strategies: [equal, \(name)]\nsuites: [related]\noptimizer: kfac\nlearning-rate: 0.1")
    #expect(message.hasPrefix("study.yaml:1: strategies[1]: on related: \(name) gives \(gives)"))
    #expect(message.contains("K-FAC"))
  }
}
