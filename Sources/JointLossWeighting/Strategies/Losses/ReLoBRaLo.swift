/// Balances losses by their progress since the last step and, at random, since the first.
///
///     λ_bal(k, k') = T softmax(L(k) / (τ L(k')))
///     w(k) = α (ρ w(k−1) + (1 − ρ) λ_bal(k, 0)) + (1 − α) λ_bal(k, k−1),   ρ ~ Bernoulli(p)
///
/// τ, α and p are `temperature`, `alpha` and `expected-saudade`; ρ is 1 where a uniform draw is below p.
public struct ReLoBRaLo: WeightingStrategy {
  /// Name, paper, formula, differences and promises.
  public static let about = StrategyDescription(
    "relobralo", "ReLoBRaLo (relative loss balancing with random lookback)",
    citation: Citation(
      "R. Bischof, M. A. Kraus, Multi-Objective Loss Balancing for Physics-Informed Deep Learning, 2021",
      link: "https://arxiv.org/abs/2110.09813"),
    formula: "w ← α (ρ w + (1 − ρ) λ(k,0)) + (1 − α) λ(k,k−1), λ(k,k') = T softmax(L(k)/(τ L(k')))",
    weighs: .losses,
    cost: "O(T)",
    differences: [
      "All weights are 1 in the first step.",
      "A loss below 1e-12 divides as 1e-12, and no ratio exceeds 1e12.",
      "A negative loss is an error.",
      "Where tasks have no labels the weights of the others keep the sum they had.",
    ],
    promises: [.sum(.tasks), .nonNegative])

  private static let smallestLoss = 1e-12
  private static let largestRatio = 1e12

  @Parameter("α: how long earlier weights last.", in: 0...1) var alpha = 0.999
  // At smaller ones the exponent of the largest ratio overflows.
  @Parameter("τ: the larger, the nearer to equal weights.", in: .open(1e-290, .infinity)) var temperature =
    0.1
  @Parameter("p: how often the memory is kept, and not the progress since the first step.", in: 0...1)
  var expectedSaudade = 0.999
  /// For each task, the losses of the first and of the last step in which it had labels.
  private var initial: [Double?] = []
  private var previous: [Double?] = []
  /// The weights w(k−1).
  private var last: [Double] = []
  @Scratch private var values: [Double] = []
  @Scratch private var balance: [Double] = []
  @Scratch private var interventions = Interventions()

  /// Creates the rule with its default parameters.
  public init() {}

  /// Begins with equal weights and no step to compare with.
  public mutating func start(taskCount: Int) {
    last = [Double](repeating: 1, count: taskCount)
    initial = [Double?](repeating: nil, count: taskCount)
    previous = initial
  }

  /// One uniform draw, which keeps the memory where it is below p; none in a step whose tasks are all new.
  public func readsDraws(present: [Bool]?) -> Set<InjectedDraws.Kind> {
    isKnown(present) ? [.uniforms] : []
  }

  /// Whether one of the tasks with labels has had some before.
  private func isKnown(_ present: [Bool]?) -> Bool {
    initial.indices.contains { (present?[$0] ?? true) && initial[$0] != nil }
  }

  /// The balanced weights.
  public mutating func weights(for step: Step<NoGradients>) throws(WeightingError) -> TaskWeights {
    try step.requireNonNegativeLosses(by: Self.self)
    try step.draws.requireUniforms(1, by: Self.about.name, for: "for the look back")
    values.resize(to: step.taskCount)
    balance.resize(to: step.taskCount)
    interventions.reset(taskCount: step.taskCount)
    // The weights of the present tasks keep their sum: T where all are.
    var sum = Double(step.taskCount)
    if step.present != nil {
      sum = 0
      for task in last.indices where step.isPresent(task) { sum += last[task] }
    }
    if isKnown(step.present) {
      var random = step.random
      let remembers = (step.draws.uniforms?[0] ?? random.uniform()) < expectedSaudade
      if !remembers {
        setBalance(step, since: initial, sum: sum)
        for task in last.indices where step.isPresent(task) { last[task] = balance[task] }
      }
      setBalance(step, since: previous, sum: sum)
      for task in last.indices where step.isPresent(task) {
        last[task] = alpha * last[task] + (1 - alpha) * balance[task]
      }
    }
    for (task, loss) in step.losses.enumerated() {
      values[task] = 0
      guard step.isPresent(task) else { continue }
      values[task] = last[task]
      previous[task] = loss
      if initial[task] == nil { initial[task] = loss }
    }
    return TaskWeights(values, interventions: interventions)
  }

  private mutating func setBalance(_ step: Step<NoGradients>, since earlier: [Double?], sum: Double) {
    for (task, loss) in step.losses.enumerated() {
      // The first loss of a task is compared with itself.
      let ratio = earlier[task].map { loss / max($0, Self.smallestLoss) } ?? 1
      balance[task] = min(ratio, Self.largestRatio) / temperature
      guard step.isPresent(task) else { continue }
      if let loss = earlier[task], loss < Self.smallestLoss { interventions.insert(.floor, task: task) }
      if ratio > Self.largestRatio { interventions.insert(.ceiling, task: task) }
    }
    LossTransforms.softmax(&balance, sum: sum, present: step.present)
  }
}
