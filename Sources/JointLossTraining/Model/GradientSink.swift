import JointLossLinearAlgebra
import JointLossWeighting

/// What becomes of the representation's cotangents when a backward pass hands them over.
enum RepresentationUse<Scalar: TrainableScalar> {
  /// Nothing.
  case none
  /// They are summed.
  case sum(LayerGramian<Scalar>.Sum)
  /// They are copied, and the representation beside them.
  case copy
  /// This takes their place, sample by sample.
  case replace([Double])
}

/// What a backward pass has handed over, and the sums that are made of it.
///
/// Only views are kept: inner products, norms and the combined gradient are all computed from the stacks where
/// the model left them, so that one backward pass serves them all and no T×P matrix exists.
final class GradientSink<Scalar: TrainableScalar> {
  enum Contribution {
    case dense(weight: Int, bias: Int?, cotangents: MatrixView<Scalar>, input: MatrixView<Scalar>)
    case explicit(tensor: Int, gradients: MatrixView<Scalar>)
  }

  private let tensors: [ParameterTensor]
  private let taskCount: Int
  private var slots: Int
  private var contributions: [Contribution] = []
  /// For each tensor, how often it was handed over.
  private var counts: [Int]
  /// What becomes of the representation as it comes, and how often it came.
  private var representationUse = RepresentationUse<Scalar>.none
  private var representationCount = 0
  private var representationUnits = 0
  /// Copies of the representation and its cotangents, where a rule looks at them.
  private var copied: (values: Buffer<Scalar>, cotangents: Buffer<Scalar>)?
  private let capacity: Int
  private let products: LayerGramian<Scalar>
  /// rows × outputs of a shared layer: its weighted cotangent.
  private let combined: ScratchBuffer<Scalar>
  private let factors: Buffer<Scalar>
  /// Takes the bias gradient of layers without a bias.
  private let noBias: Buffer<Scalar>

  init(tensors: [ParameterTensor], tasks: Int, capacity: Int) {
    self.tensors = tensors
    taskCount = tasks
    self.capacity = capacity
    slots = tasks
    counts = [Int](repeating: 0, count: tensors.count)
    contributions.reserveCapacity(tensors.count)
    let shared = tensors.filter(\.isShared)
    products = LayerGramian(
      layers: shared.map { LayerShape(inputs: $0.columns, outputs: $0.rows) }, tasks: tasks,
      capacity: capacity)
    combined = ScratchBuffer(count: capacity * (shared.map(\.rows).max() ?? 0))
    factors = Buffer(rows: 1, columns: tasks)
    noBias = Buffer(rows: 1, columns: shared.map(\.rows).max() ?? 0)
  }

  func begin(slots: Int, representation use: RepresentationUse<Scalar>) {
    self.slots = slots
    (representationUse, representationCount) = (use, 0)
    if case .sum = use { products.reset() }
    contributions.removeAll(keepingCapacity: true)
    for tensor in counts.indices { counts[tensor] = 0 }
  }

  func add(_ contribution: Contribution) {
    contributions.append(contribution)
    switch contribution {
    case .dense(let weight, let bias, _, _):
      counts[weight] += 1
      if let bias { counts[bias] += 1 }
    case .explicit(let tensor, _): counts[tensor] += 1
    }
  }

  /// Uses the representation at once: the memory of its cotangents is the model's again.
  @specialized(where Scalar == Float)
  func addRepresentation(_ values: MatrixView<Scalar>, _ cotangents: MatrixView<Scalar>) {
    representationCount += 1
    representationUnits = values.columns
    switch representationUse {
    case .none: break
    case .sum(let sum): products.add(sum, cotangents: cotangents)
    case .copy:
      let copies =
        copied
        ?? (
          Buffer(rows: capacity, columns: values.columns), Buffer(rows: capacity, columns: cotangents.columns)
        )
      copied = copies
      copies.values.view.rows(0..<values.rows).copy(from: values)
      copies.cotangents.view.rows(0..<values.rows).copy(from: cotangents)
    case .replace(let cotangent):
      for index in 0..<cotangents.count { cotangents.pointer[index] = Scalar(cotangent[index]) }
      // Given back, so that the rule writes its next one in place.
      representationUse = .none
    }
  }

  /// The task gradients on the elements of the representation that was copied, and these.
  func jacobian(
    into jacobian: inout Jacobian, of representation: inout Representation, samples: Int, exponents: [Int]
  ) {
    guard let copied else { return }
    JacobianRows.set(
      &jacobian, of: &representation, stack: copied.cotangents.view.rows(0..<samples),
      values: copied.values.view.rows(0..<samples), exponents: exponents)
  }

  /// Checks that the representation was handed over once, of as many units as the model says.
  func requireRepresentation(units: Int?) throws(TrainingError) {
    guard representationCount == 1 else {
      throw TrainingError(
        .model,
        "the model's backward pass hands over the cotangents of its representation \(representationCount) times, "
          + "not once")
    }
    guard representationUnits == units else {
      throw TrainingError(
        .model,
        "the model's backward pass hands over a representation of \(representationUnits) units, and the model says "
          + "\(units ?? 0)")
    }
  }

  /// Checks that every tensor that is trained was handed over once: else its gradient would be another step's, or
  /// incomplete.
  func requireAll() throws(TrainingError) {
    // By index: generic code that is not specialised allocates for an iterator.
    var tensor = 0
    while tensor < counts.count, counts[tensor] == (tensors[tensor].isFrozen ? 0 : 1) { tensor += 1 }
    guard tensor < counts.count else { return }
    throw TrainingError(
      .model,
      "the model's backward pass hands over the gradients of \(tensors[tensor].name) \(counts[tensor]) times, "
        + "not once")
  }

  // MARK: Sums

  /// Adds up the inner products or squares over the shared tensors of a scope.
  @specialized(where Scalar == Float)
  func sum(_ sum: LayerGramian<Scalar>.Sum, scope: SharedScope) {
    products.reset()
    for contribution in contributions {
      switch contribution {
      case .dense(let weight, let bias, let cotangents, let input):
        let tensor = tensors[weight]
        guard isCounted(tensor, in: scope) else { continue }
        products.add(
          sum, layer: LayerShape(inputs: tensor.columns, outputs: tensor.rows), stack: cotangents,
          input: input,
          withBias: bias != nil && scope == .sharedParameters)
      case .explicit(let tensor, let gradients):
        guard isCounted(tensors[tensor], in: scope) else { continue }
        products.add(sum, gradients: gradients)
      }
    }
  }

  func finish(into gramian: inout Gramian, exponents: [Int]) {
    products.finish(into: &gramian, exponents: exponents)
  }

  func finish(into norms: inout [Double], exponents: [Int]) {
    products.finish(into: &norms, exponents: exponents)
  }

  private func isCounted(_ tensor: ParameterTensor, in scope: SharedScope) -> Bool {
    tensor.isShared && (scope == .sharedParameters || tensor.isLastShared)
  }

  // MARK: The gradient

  /// The gradient: shared tensors sum their slots times a factor each, those of a task are multiplied by its
  /// factor.
  @specialized(where Scalar == Float)
  func gradient(slotFactors: [Double], taskFactors: [Double], into gradient: FlatParameters<Scalar>) {
    for slot in 0..<slots { factors.pointer[slot] = Scalar(slotFactors[slot]) }
    // Without weights on the shared tensors there is nothing to form on them.
    let isShared = slotFactors.contains { $0 != 0 }
    if !isShared { gradient.setShared(nil) }
    for contribution in contributions {
      switch contribution {
      case .dense(let weight, let bias, let cotangents, let input):
        if let task = tensors[weight].task {
          let factor = Scalar(taskFactors[task])
          gradient.view(weight).setProduct(cotangents, .transposed, input, .asIs, alpha: factor)
          guard let bias else { continue }
          let sums = gradient.view(bias)
          Scalar._columnSums(sums.pointer, cotangents.pointer, cotangents.rows, cotangents.columns)
          scale(sums, by: factor)
        } else if isShared {
          let outputs = tensors[weight].rows
          let result = combined.matrix(rows: cotangents.rows, columns: outputs)
          Scalar._combine(
            result.pointer, bias.map { gradient.view($0).pointer } ?? noBias.pointer,
            cotangents.pointer, factors.pointer, cotangents.rows, slots, outputs)
          gradient.view(weight).setProduct(result, .transposed, input, .asIs)
        }
      case .explicit(let tensor, let gradients):
        let result = gradient.view(tensor).reshaped(rows: 1, columns: gradients.columns)
        if let task = tensors[tensor].task {
          result.copy(from: gradients)
          scale(result, by: Scalar(taskFactors[task]))
        } else if isShared {
          result.setProduct(factors.view.columns(0..<slots), .asIs, gradients, .asIs)
        }
      }
    }
  }

  /// Checks that every dense layer has a row a sample, as K-FAC takes for granted.
  func requireRows(_ samples: Int) throws(TrainingError) {
    for index in 0..<contributions.count {
      guard case .dense(let weight, _, _, let input) = contributions[index], input.rows != samples else {
        continue
      }
      throw TrainingError(
        .configuration,
        "K-FAC knows dense layers with one row a sample, and \(tensors[weight].name) has \(input.rows) rows for "
          + "\(samples) samples")
    }
  }

  /// Shows the dense layers after a pass of one cotangent.
  func showDenseLayers(
    to observer: some DenseLayerObserver<Scalar>, taskFactors: [Double], in flat: FlatParameters<Scalar>
  ) {
    // By index: generic code that is not specialised allocates for an iterator.
    for index in 0..<contributions.count {
      guard case .dense(let weight, let bias, let cotangents, let input) = contributions[index] else {
        continue
      }
      let tensor = tensors[weight]
      observer.reached(
        DensePlace(
          inputs: tensor.columns, outputs: tensor.rows, weightOffset: flat.offset(of: weight),
          biasOffset: bias.map { flat.offset(of: $0) }),
        input: input, cotangent: cotangents, factor: tensor.task.map { taskFactors[$0] } ?? 1)
    }
  }

  private func scale(_ view: MatrixView<Scalar>, by factor: Scalar) {
    guard factor != 1 else { return }
    view.withElements { elements in
      for index in elements.indices { elements[index] *= factor }
    }
  }
}
