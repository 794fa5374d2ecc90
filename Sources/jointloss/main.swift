import JointLossCommand

JointLoss.main(adding: [])
