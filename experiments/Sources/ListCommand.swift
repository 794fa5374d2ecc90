import ArgumentParser
import JointLossCommand

/// `experiments list`: what there is to repeat.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the experiments, their questions and how long they take.")

  func run() throws {
    for replication in Experiments.all {
      try StandardOutput.write(
        """
        \(replication.name) (about \(replication.minutes) min on 2 cores)
          \(replication.question)
          study: experiments/configs/\(replication.name).yaml   page: papers/\(replication.name).md
        """)
    }
  }
}
