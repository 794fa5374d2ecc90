#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import JointLossLinearAlgebra
package import JointLossTraining

/// The generator behind `feature-bank` and the presets: tasks over shared, private and contested features.
///
/// With K features a task, inputs x ~ N(0, I_d) and features φ_k(x) = tanh(a_kᵀx), the label of task t is
///
///     y_t = scale_t · (Σ_k c_tk φ_tk(x) / sd_t + noise_t · ε),   ε ~ N(0, 1)
///
/// - ρ ≥ 0: ρK features are shared by all tasks, the others private; all directions have length 2 and are
///   uniform over the sphere. Private coefficients are independent N(0, 1/K); shared ones correlate by the
///   alignment α between tasks. The mean over banks of the label correlation is about ρα, as
///   E[cov] / E[var] = ρα. With α = 0 it is 0: tasks may share all features and yet not correlate.
/// - ρ < 0: |ρ|K features are *contested*. All tasks give such a feature the same coefficient, but each sees
///   it along its own direction; the directions of a feature have length 3 and pairwise cosine −1/T. So labels
///   correlate negatively.
///
/// A network with a head for each task turns a sign for nothing, so that mirrored labels alone (the same
/// direction, read with opposite sign) are no conflict: they help one another as much as equal labels do.
/// What conflicts is the demand for the trunk's units. The contested directions have full rank T, and tanh at
/// length 3 is further from linear than at length 2, so that a unit between two directions serves neither.
///
/// The standard deviation sd_t is exact (``TanhFeature``) for the bank as drawn: no data set is consulted. A
/// classification task's label is whether y_t > 0. Training and validation labels are noisy; test labels are
/// not, so that the squared test error is the excess risk itself.
///
/// What task t draws (private directions, coefficients, noise) depends on the seed and on t alone; shared
/// directions and inputs on the seed alone. Only contested directions change with the number of tasks.
package struct FeatureBank: Sendable {
  /// One task: how it is scored, and the scale and relative noise of its labels.
  package struct Task: Sendable {
    let specification: TaskSpecification
    let scale: Double
    let noise: Double
  }

  /// One drawn task: directions, and coefficients that give labels of variance 1.
  package struct Function: Sendable {
    package let directions: [[Double]]
    let features: [TanhFeature]
    var coefficients: [Double]
  }

  /// The name of the suite, for messages.
  let suite: String
  /// The tasks, in order.
  let tasks: [Task]
  let inputs: Int
  let features: Int
  let overlap: Double
  let alignment: Double
  let sizes: SplitSizes

  /// Creates a bank.
  ///
  /// - Parameters:
  ///   - suite: the suite's name, for messages.
  ///   - tasks: the tasks, at least one.
  ///   - overlap: ρ in −1 … 1.
  ///   - alignment: α in 0 … 1.
  ///   - features: K.
  ///   - inputs: d.
  ///   - samples: the training samples.
  init(
    suite: String, tasks: [Task], overlap: Double, alignment: Double, features: Int, inputs: Int, samples: Int
  ) {
    self.suite = suite
    self.tasks = tasks
    self.overlap = overlap
    self.alignment = alignment
    self.features = features
    self.inputs = inputs
    sizes = SplitSizes(train: samples, validation: 1000, test: 2000)
  }

  /// Checks that the numbers fit together.
  ///
  /// - Throws: ``SuiteError`` if |ρ|K is not whole to 0.01, or tasks that contest features are more than the inputs.
  func validate() throws(SuiteError) {
    let share = abs(overlap) * Double(features)
    guard abs(share - share.rounded()) <= 0.01 else {
      throw SuiteError(
        "\(suite).overlap \(overlap) of \(features) features is \(share) features: "
          + "choose a multiple of 1/\(features)"
      )
    }
    guard !(contested && common > 0) || tasks.count <= inputs else {
      throw SuiteError(
        "\(suite).inputs is \(inputs): \(tasks.count) tasks that contest features need at least as many")
    }
  }

  /// How many of a task's features are shared with, or contested by, all others.
  private var common: Int { Int((abs(overlap) * Double(features)).rounded()) }

  private var contested: Bool { overlap < 0 }

  /// The tasks as the trainer needs them.
  package var specifications: [TaskSpecification] { tasks.map(\.specification) }

  /// Draws the tasks.
  ///
  /// - Parameter streams: the streams of a seed.
  /// - Returns: one function a task.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  package func functions(_ streams: SuiteStreams) throws(SuiteError) -> [Function] {
    var bank = streams.stream("bank")
    let bankCoefficients = bank.normals(features)
    // One set of directions for all tasks where features are shared, a set a task where they are contested.
    var commonDirections: [[[Double]]] = []
    for _ in 0..<common {
      if contested {
        do {
          let frame = try EquiangularFrame.rows(
            count: tasks.count, dimensions: inputs, cosine: -1 / Double(tasks.count), using: &bank)
          commonDirections.append(frame.map { $0.map { TanhFeature.sharp.length * $0 } })
        } catch {
          throw SuiteError("\(suite): \(error)")
        }
      } else {
        commonDirections.append([bank.direction(dimensions: inputs, length: TanhFeature.plain.length)])
      }
    }
    let agreement = contested ? 1 : alignment
    return tasks.indices.map { task in
      var own = streams.stream("task/\(task)/function")
      let coefficients = bankCoefficients.enumerated().map { feature, bankCoefficient in
        let draw = own.normal()
        return feature < common
          ? agreement.squareRoot() * bankCoefficient + (1 - agreement).squareRoot() * draw : draw
      }
      let privateDirections = (common..<features).map { _ in
        own.direction(dimensions: inputs, length: TanhFeature.plain.length)
      }
      var function = Function(
        directions: commonDirections.map { contested ? $0[task] : $0[0] } + privateDirections,
        features: (0..<features).map { $0 < common && contested ? .sharp : .plain },
        coefficients: coefficients)
      let deviation = Self.covariance(function, function).squareRoot()
      function.coefficients = coefficients.map { $0 / deviation }
      return function
    }
  }

  /// The exact covariance of the noiseless, unscaled labels of two drawn tasks.
  ///
  /// - Parameters:
  ///   - first: a task.
  ///   - second: another or the same.
  /// - Returns: the covariance; for tasks of one bank it is the correlation.
  package static func covariance(_ first: Function, _ second: Function) -> Double {
    var total = 0.0
    for (i, a) in first.directions.enumerated() {
      for (j, b) in second.directions.enumerated() {
        let (feature, other) = (first.features[i], second.features[j])
        let cosine = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / (feature.length * other.length)
        total +=
          first.coefficients[i] * second.coefficients[j] * feature.covariance(with: other, cosine: cosine)
      }
    }
    return total
  }

  /// Draws the data of a seed.
  ///
  /// - Parameter streams: the streams of the seed.
  /// - Returns: the three splits.
  /// - Throws: ``SuiteError`` if LAPACK fails.
  func data(_ streams: SuiteStreams) throws(SuiteError) -> SuiteData {
    let functions = try functions(streams)
    try SuiteData.requireMemory(of: suite, samples: sizes[.train], inputs: inputs, tasks: specifications)
    return try SuiteData(
      of: suite, inputs: inputs, tasks: specifications, irreducibleLoss: tasks.map { _ in 0 }
    ) { (split) throws(SuiteError) in
      var inputStream = streams.stream("inputs/\(split.rawValue)")
      let samples = inputStream.normals(sizes[split] * inputs)
      let targets = zip(tasks, functions).enumerated().map { index, pair in
        let (task, function) = pair
        var noiseStream = streams.stream("task/\(index)/noise/\(split.rawValue)")
        let noise = split == .test ? 0 : task.noise
        return function.values(samples).map { clean in
          let label = clean + noise * noiseStream.normal()
          return task.specification.loss == .binaryCrossEntropy ? (label > 0 ? 1 : 0) : task.scale * label
        }
      }
      return (samples, targets)
    }
  }
}

extension FeatureBank.Function {
  /// The noiseless, unscaled labels of samples.
  fileprivate func values(_ samples: [Double]) -> [Double] {
    let projections = Projection.values(samples, onto: directions)
    let count = coefficients.count
    return (0..<projections.count / count).map { sample in
      (0..<count).reduce(0) { $0 + coefficients[$1] * tanh(projections[sample * count + $1]) }
    }
  }
}
