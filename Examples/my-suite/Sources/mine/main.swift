import JointLossCommand

await JointLoss.main(suites: [MySuite.self])
