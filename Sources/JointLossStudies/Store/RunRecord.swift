public import JointLossTraining
public import JointLossWeighting

/// The complete record of one run: what a `runs/*.jsonl` file holds, line by line.
///
/// Line 1 is the header, then one line an epoch (epoch 0 is the untrained network), last the footer. Each
/// line is an object whose `kind` is `header`, `epoch` or `footer`.
public struct RunRecord: Sendable, Hashable {
  /// The first line.
  public var header: Header
  /// One line an epoch, from epoch 0 (before training).
  public var epochs: [Epoch]
  /// The last line.
  public var footer: Footer

  /// What was run, and by which versions.
  public struct Header: Sendable, Hashable, Codable {
    /// The whole specification.
    public var specification: RunSpecification
    /// The names of the tasks, in the order of all arrays.
    public var tasks: [String]
    /// What it was run with.
    public var versions: Versions
    /// What a step did where the strategy leaves it open, the defaults by name; nil in records from before it was
    /// written.
    ///
    /// Not a part of the run's identity. Its gradient scope is that of the gradients that the strategy saw, which a
    /// strategy that prescribes one does not take from the study; nil where it saw losses alone, or the run failed
    /// before there was a network.
    public var step: StepOptions?
  }

  /// The versions behind a record.
  public struct Versions: Sendable, Hashable, Codable {
    /// The version of this package.
    public var jointLoss: String
    /// The compiler's version.
    public var swift: String
    /// The BLAS and its kernel.
    public var blas: String
    /// The processor's architecture and operating system.
    public var platform: String
  }

  /// The state of a run at the end of an epoch.
  ///
  /// A network that has stopped early, while those of other tasks go on, repeats the values of its last epoch.
  public struct Epoch: Sendable, Hashable, Codable {
    /// The epoch; 0 is before training.
    public var epoch: Int
    /// The mean unweighted training loss of each task over the epoch's batches; on the whole training split
    /// at epoch 0.
    public var train: [Double]
    /// The validation loss of each task.
    public var validation: [Double]
    /// The test loss of each task.
    public var test: [Double]
    /// The mean weight of each task over the epoch's steps; nil at epoch 0.
    public var weights: [Double]?
    /// The norms of the task gradients on the probe batch, at the end of the epoch; nil where the tasks share
    /// no network.
    public var gradientNorms: [Double]?
    /// The cosines between task gradients on the probe batch, pairs in the order (0,1), (0,2), (1,2).
    public var cosines: [Double]?
    /// The share of task pairs with a negative cosine on the probe batch.
    public var conflictRate: Double?
    /// The condition number of the Gramian on the probe batch; nil where it is infinite.
    public var conditionNumber: Double?
    /// What the strategy saw in this epoch's steps, where it saw a Gramian: the mean share of conflicting pairs.
    public var seenConflictRate: Double?
    /// The learning rate of each task's network in this epoch, where a schedule changes it; nil at epoch 0.
    public var learningRates: [Double]?
    /// The share of clipped steps of each task's network in this epoch, where gradients are clipped; nil at
    /// epoch 0.
    public var clippedShares: [Double]?
    /// The mean norm, over the epoch's steps, of the shared gradient that the weights amount to, before it is clipped;
    /// nil at epoch 0, where the tasks share no network, and where the training would need a pass of its own to know
    /// it: see `EpochSummary.directionNorm`.
    public var directionNorm: Double?
    /// What the strategy's solver proved over the epoch's steps: all iterations, the largest relative residual and
    /// ridge; nil where nothing was solved.
    public var solver: SolverCertificate?
    /// Where the strategy departed from its formula: for each intervention the share of the epoch's steps in which it
    /// touched at least one task; nil where none did, where each task has a network of its own, and in records from
    /// before it was written.
    public var interventionShares: [Intervention: Double]?
  }

  /// How a run ended, and what it cost.
  public struct Footer: Sendable, Hashable, Codable {
    /// How a run ended.
    public enum Status: String, Sendable, Hashable, Codable {
      /// All epochs were trained, or those until every network had stopped early.
      case completed
      /// A loss, a gradient or a parameter stopped being finite.
      case diverged
      /// The strategy could not weigh a step, or there were no data or network to train.
      case failed
    }

    /// How the run ended.
    public var status: Status
    /// Why, where it is not completed.
    public var message: String?
    /// The training step at which it ended, where it is not completed.
    public var step: Int?
    /// The task at fault, by name, where one is.
    public var task: String?
    /// For each task, the epoch with the smallest validation loss: one epoch for all tasks of a joint network
    /// (smallest mean over tasks of the loss relative to epoch 0), each its own for separate networks.
    public var selectedEpochs: [Int]
    /// For each task, the test loss at its selected epoch.
    public var selectedTest: [Double]
    /// For each task, the last epoch in which its network was trained; absent without early stopping.
    public var stoppedAt: [Int]?
    /// What the run cost in passes: the same on every machine.
    public var passes: Passes
    /// What the run cost in time on this machine: the only values that differ when a run is repeated.
    ///
    /// In the file a `checksum` of all other bytes lies beside them, since it differs with them.
    public var measured: Measured
  }

  /// A run's cost in passes over batches.
  public struct Passes: Sendable, Hashable, Codable {
    /// Training steps (of all networks, where each task has its own).
    public var steps: Int
    /// Forward passes in training.
    public var forward: Int
    /// Backward passes in training, one a task and micro-batch where task gradients are taken apart: see
    /// `PassCounts.backward`.
    public var backward: Int
    /// Samples seen in training.
    public var samples: Int
  }

  /// A run's cost in time.
  ///
  /// Records from before have a `peakMemoryBytes` here, which is not read: it was that of the whole process with all
  /// its runs so far.
  public struct Measured: Sendable, Hashable, Codable {
    /// The whole run, with evaluation.
    public var seconds: Double
    /// The median time of a step (the sum of the networks' medians, where each task has its own).
    public var medianStepMicroseconds: Double
  }
}
