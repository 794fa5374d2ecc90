import JointLossCommand

await JointLoss.main(adding: [])
