import JointLossCommand

await JointLoss.main(adding: [MyWeighting.self, ConflictDropout.self])
