import JointLossCommand

<<<<<<< HEAD
await JointLoss.main(strategies: [MyWeighting.self])
=======
await JointLoss.main(adding: [MyWeighting.self, ConflictDropout.self])
>>>>>>> docs
