import JointLossCommand

await JointLoss.main(strategies: [MyWeighting.self])
