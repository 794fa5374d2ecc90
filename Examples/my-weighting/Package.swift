// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "my-weighting",
  // In a package of your own: .package(url: "https://…/JointLoss", from: "…").
  dependencies: [.package(name: "JointLoss", path: "../..")],
  targets: [
    .executableTarget(
      name: "mine",
      dependencies: [
        .product(name: "JointLossCommand", package: "JointLoss"),
        .product(name: "JointLossWeighting", package: "JointLoss"),
      ]),
    .executableTarget(
      name: "training-loop",
      dependencies: [
        .product(name: "JointLossTraining", package: "JointLoss"),
        .product(name: "JointLossWeighting", package: "JointLoss"),
      ]),
    .executableTarget(
      name: "own-loop", dependencies: [.product(name: "JointLossWeighting", package: "JointLoss")]),
    .executableTarget(
      name: "own-model",
      dependencies: [
        .product(name: "JointLossLinearAlgebra", package: "JointLoss"),
        .product(name: "JointLossTraining", package: "JointLoss"),
        .product(name: "JointLossWeighting", package: "JointLoss"),
      ]),
    .testTarget(
      name: "mineTests",
      dependencies: [
        "mine",
        .product(name: "JointLossConformance", package: "JointLoss"),
        .product(name: "JointLossWeighting", package: "JointLoss"),
      ]),
  ]
)
