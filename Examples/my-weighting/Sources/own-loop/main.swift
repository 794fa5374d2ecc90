import JointLossWeighting

// What a training loop of one's own knows of each step: the losses, and the inner products of the task gradients.
let steps = [([0.7, 1.2], [[2.0, -1], [-1, 3]]), ([0.5, 1.1], [[1, 0.5], [0.5, 2]])]
var weigher = try Weigher<NashMTL>(taskCount: 2, seed: 1)
for (index, (losses, products)) in steps.enumerated() {
  var step = StepObservation(losses: losses)
  step.step = index
  step.gramian = try Gramian(rows: products)
  print(try weigher.weights(observing: step).values)
}
weigher.epochEnded(meanLosses: [0.6, 1.15])
