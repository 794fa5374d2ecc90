import JointLossSuites
import JointLossTraining
import JointLossWeighting

/// Two questions about two numbers: their product, and which is the larger one.
struct MySuite: TaskSuite {
  static let about = SuiteDescription(
    "my-suite", "The product of two numbers and their order.", formula: "y_1 = a b + σ ε,  y_2 = [a > b]")
  @Parameter("The standard deviation σ of the product's noise.", in: .nonNegative) var noise = 0.1
  let taskSpecifications = [
    TaskSpecification(name: "product", loss: .meanSquaredError),
    TaskSpecification(name: "order", loss: .binaryCrossEntropy),
  ]
  let recipe = TrainingRecipe(epochs: 30, batchSize: 32, learningRate: 1e-2)

  func model(for tasks: [TaskSpecification]) -> (any MultiTaskModel<Float>)? { SineModel(tasks: tasks) }

  func generate(using stream: inout PhiloxStream) throws -> SuiteData {
    func draw(_ samples: Int) throws -> TaskDataset {
      let rows = (0..<samples).map { _ in (a: stream.normal(), b: stream.normal(), e: stream.normal()) }
      return try TaskDataset(
        inputCount: 2, inputs: rows.flatMap { [$0.a, $0.b] },
        targets: [rows.map { $0.a * $0.b + noise * $0.e }, rows.map { $0.a > $0.b ? 1 : 0 }],
        tasks: taskSpecifications)
    }
    return SuiteData(train: try draw(256), validation: try draw(256), test: try draw(1000))
  }
}
