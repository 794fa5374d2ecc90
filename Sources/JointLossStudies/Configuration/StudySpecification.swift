public import JointLossTraining
public import JointLossWeighting

/// What is compared on what, and how often: the content of a study file.
///
/// Fields that are nil follow the recipe of each suite. The value is plain: ``RunPlan`` checks it against the
/// suites and strategies that exist, and names the line of a study file where something is wrong.
public struct StudySpecification: Sendable, Hashable {
  /// A suite or a strategy of a study.
  public struct Entry: Sendable, Hashable {
    /// The name in its registry.
    public var name: String
    /// The label in tables, or nil for the name with the parameters that differ from their defaults.
    public var label: String?
    /// The parameters that are set; the others have their defaults.
    public var parameters: [String: ParameterValue]

    /// Creates an entry.
    ///
    /// - Parameters:
    ///   - name: the name in its registry.
    ///   - label: the label in tables.
    ///   - parameters: the parameters that are set.
    public init(_ name: String, label: String? = nil, parameters: [String: ParameterValue] = [:]) {
      self.name = name
      self.label = label
      self.parameters = parameters
    }
  }

  /// The paired seeds of a study.
  public enum Seeds: Sendable, Hashable {
    /// The seeds 0, 1, … up to a count.
    case count(Int)
    /// These seeds.
    case list([UInt64])
  }

  /// The rule that updates the parameters.
  public enum Optimizer: String, Sendable, Hashable, CaseIterable {
    /// Adam with its usual constants.
    case adam
    /// Adam with decoupled weight decay.
    case adamw
    /// Stochastic gradient descent, with momentum if one is given.
    case sgd
    /// Stochastic gradient descent with Nesterov's momentum.
    case nesterov
    /// Kronecker-factored natural gradient on dense layers.
    case kfac
  }

  /// The suites, at least one.
  public var suites: [Entry] = [Entry("related"), Entry("unrelated")]
  /// The strategies, at least one.
  public var strategies: [Entry] = ["single-task", "equal", "uncertainty", "gradnorm", "dwa", "pcgrad"]
    .map { Entry($0) }
  /// The paired seeds, at least one.
  public var seeds: Seeds = .count(10)
  /// The number of epochs, at least 1.
  public var epochs: Int?
  /// Samples a batch, at least 1.
  public var batchSize: Int?
  /// The learning rate, above 0.
  public var learningRate: Double?
  /// The optimiser; Adam if nil.
  public var optimizer: Optimizer?
  /// The momentum of `sgd` (0 if nil), `nesterov` and `kfac` (0.9 if nil), in [0, 1).
  public var momentum: Double?
  /// The decoupled weight decay of `adamw`, at least 0; 0.01 if nil.
  public var weightDecay: Double?
  /// The decay of the first moments of `adam` and `adamw`, in [0, 1); 0.9 if nil.
  public var beta1: Double?
  /// The decay of their second moments, in [0, 1); 0.999 if nil.
  public var beta2: Double?
  /// What they add to the root of the second moments, above 0; 1e-8 if nil.
  public var epsilon: Double?
  /// The damping of `kfac`, above 0; 0.01 if nil.
  public var damping: Double?
  /// The share of the old factors in an average of `kfac`, in [0, 1); 0.95 if nil.
  public var factorDecay: Double?
  /// The steps between two averages of `kfac`, at least 1; 10 if nil.
  public var factorInterval: Int?
  /// How the learning rate changes from epoch to epoch; not at all if nil.
  public var schedule: LearningRateSchedule?
  /// The norm at which gradients are clipped, above 0; not at all if nil.
  public var clipNorm: Double?
  /// When a network stops before the last epoch; never if nil.
  public var earlyStopping: EarlyStopping?
  /// How the tasks share the layers; one trunk for all if nil.
  public var architecture: Architecture?
  /// The widths of the layers of the trunk, of every expert or of every tower.
  public var trunk: [Int]?
  /// The activation of these layers.
  public var activation: Activation?
  /// What each of these layers has beside its dense map and activation; nothing if nil.
  public var block: BlockSpecification?
  /// The gradients that rules see which prescribe none; all shared parameters if nil.
  public var gradientScope: GradientScope?
  /// What heads follow; what the strategy says if nil.
  public var headPolicy: StepOptions.HeadPolicy?
  /// How weights are scaled; not at all if nil.
  public var scalePolicy: StepOptions.ScalePolicy?
  /// The micro-batches of a batch, at least 1; 1 if nil.
  public var accumulation: Int?
  /// The strategy that losses are divided by, as label or name: one that trains a network for each task.
  public var baseline = "single-task"
  /// The strategy that the others are tested against, as label or name.
  public var reference = "equal"

  /// Where the study file has these values.
  var locations = SourceLocations()

  /// Creates the default study: six strategies on related and unrelated tasks, ten paired seeds.
  public init() {}

  /// What a step does where the strategy leaves it open.
  var step: StepOptions {
    StepOptions(
      gradientScope: gradientScope, headPolicy: headPolicy ?? .strategy, scalePolicy: scalePolicy ?? .paper,
      accumulation: accumulation ?? 1, clipNorm: clipNorm)
  }

  /// The seeds themselves, in order.
  public var seedValues: [UInt64] {
    switch seeds {
    case .count(let count): (0..<max(count, 0)).map { UInt64($0) }
    case .list(let values): values
    }
  }
}
