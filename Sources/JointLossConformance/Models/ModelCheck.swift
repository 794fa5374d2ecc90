/// What is checked of a model of one's own, one fault each.
public enum ModelCheck: String, Sendable, Hashable, CaseIterable {
  /// It describes itself without contradiction, and its initial values are finite and the same for the same seed.
  case creation
  /// The same batch has the same predictions, losses and gradients to the bit, with another batch in between.
  case determinism
  /// Its backward pass hands over every tensor that is trained, once and in the right shape.
  case handover
  /// The predictions for a sample do not depend on the other samples of its batch.
  case sampleIndependence = "sample-independence"
  /// The loss of a batch is the mean of the losses of its samples, of those that have a label.
  case meanLoss = "mean-loss"
  /// A tensor that is said to belong to one task has no part in the losses of others.
  case taskOwnership = "task-ownership"
  /// The backward pass of each task computes the derivatives of its loss, as central differences do.
  case gradient
  /// A pass of all tasks computes what passes of one cotangent do: each task's gradient, and their weighted sums.
  case stackedGradients = "stacked-gradients"
  /// The Gramian is that of the tasks' gradients, taken one by one.
  case gramian
  /// The backward pass goes on from the representation that it hands over.
  case representation

  /// What a model that passes does, in one sentence.
  public var summary: String {
    switch self {
    case .creation: "it describes itself without contradiction, and starts from finite values"
    case .determinism: "the same batch gives the same bits, and a pass leaves nothing behind"
    case .handover: "every tensor that is trained is handed over once, in its shape"
    case .sampleIndependence: "a sample's predictions do not depend on the others of its batch"
    case .meanLoss: "the loss of a batch is the mean over its labelled samples"
    case .taskOwnership: "a tensor of one task has no part in the losses of others"
    case .gradient: "the backward pass agrees with central differences of the losses"
    case .stackedGradients: "a pass of all tasks agrees with a pass for each"
    case .gramian: "the Gramian agrees with the tasks' gradients, taken one by one"
    case .representation: "the backward pass goes on from the representation that it hands over"
    }
  }
}
