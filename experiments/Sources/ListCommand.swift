import ArgumentParser

/// `experiments list`: what there is to repeat.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the experiments, their questions and how long they take.")

  func run() {
    for replication in Experiments.all {
      print(
        """
        \(replication.name) (about \(replication.minutes) min on 2 cores)
          \(replication.question)
          study: experiments/configs/\(replication.name).yaml   page: papers/\(replication.name).md
        """)
    }
  }
}
