// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "JointLoss",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "JointLossLinearAlgebra", targets: ["JointLossLinearAlgebra"]),
    .library(name: "JointLossWeighting", targets: ["JointLossWeighting"]),
    .library(name: "JointLossTraining", targets: ["JointLossTraining"]),
    .library(name: "JointLossConformance", targets: ["JointLossConformance"]),
    .library(name: "JointLossSuites", targets: ["JointLossSuites"]),
    .library(name: "JointLossStudies", targets: ["JointLossStudies"]),
    .library(name: "JointLossCommand", targets: ["JointLossCommand"]),
    .executable(name: "jointloss", targets: ["jointloss"]),
    .executable(name: "experiments", targets: ["experiments"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    // MARK: C
    .systemLibrary(
      name: "_JointLossLAPACK",
      pkgConfig: "lapacke",
      providers: [.apt(["liblapacke-dev", "libopenblas-dev"]), .brew(["openblas"])]
    ),
    .target(name: "_JointLossKernels"),

    // MARK: Libraries, from the bottom up
    .target(name: "JointLossLinearAlgebra", dependencies: ["_JointLossLAPACK"]),
    .target(
      name: "JointLossWeighting",
      dependencies: [
        "JointLossLinearAlgebra", .product(name: "RealModule", package: "swift-numerics"),
      ]),
    .target(
      name: "JointLossTraining",
      dependencies: ["JointLossWeighting", "JointLossLinearAlgebra", "_JointLossKernels"]),
    .target(
      name: "JointLossConformance",
      dependencies: ["JointLossTraining", "JointLossWeighting", "JointLossLinearAlgebra"]),
    .target(
      name: "JointLossSuites",
      dependencies: ["JointLossTraining", "JointLossWeighting", "JointLossLinearAlgebra"]),
    .target(
      name: "JointLossStudies",
      dependencies: [
        "JointLossSuites", "JointLossTraining", "JointLossWeighting", "JointLossLinearAlgebra",
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "JointLossCommand",
      dependencies: [
        "JointLossStudies", "JointLossSuites", "JointLossTraining", "JointLossConformance",
        "JointLossWeighting", "JointLossLinearAlgebra",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // MARK: Programs
    .executableTarget(name: "jointloss", dependencies: ["JointLossCommand"]),
    .executableTarget(
      name: "experiments",
      dependencies: [
        "JointLossCommand", "JointLossStudies",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "experiments/Sources"),

    // MARK: Tests
    .target(
      name: "JointLossTestSupport", dependencies: ["JointLossWeighting", "JointLossLinearAlgebra"],
      path: "Tests/JointLossTestSupport"),
    .testTarget(name: "JointLossLinearAlgebraTests", dependencies: ["JointLossLinearAlgebra"]),
    .testTarget(
      name: "JointLossWeightingTests",
      dependencies: ["JointLossWeighting", "JointLossLinearAlgebra", "JointLossTestSupport"]),
    .testTarget(
      name: "JointLossConformanceTests",
      dependencies: [
        "JointLossConformance", "JointLossCommand", "JointLossTraining", "JointLossWeighting",
        "JointLossLinearAlgebra", "JointLossTestSupport",
      ]),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(
      name: "JointLossTrainingTests",
      dependencies: [
        "JointLossTraining", "JointLossWeighting", "JointLossLinearAlgebra", "JointLossTestSupport",
        "AllocationCounter",
      ]),
    .testTarget(
      name: "JointLossSuitesTests",
      dependencies: ["JointLossSuites", "JointLossTraining", "JointLossWeighting", "JointLossLinearAlgebra"]),
    .testTarget(
      name: "JointLossStudiesTests",
      dependencies: [
        "JointLossStudies", "JointLossSuites", "JointLossTraining", "JointLossWeighting",
        "JointLossTestSupport",
      ]),
    .testTarget(
      name: "JointLossCommandTests",
      dependencies: [
        "JointLossCommand", "JointLossConformance", "JointLossStudies", "JointLossTraining",
        "JointLossWeighting", "JointLossLinearAlgebra", "jointloss", "experiments", "JointLossTestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

let cTargets = ["_JointLossKernels", "AllocationCounter"]
for target in package.targets where target.type != .system && !cTargets.contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .treatAllWarnings(as: .error),
    ]
}
