import ArgumentParser
import JointLossWeighting

/// `jointloss weigh`: one training step a line in, its weights a line out.
struct WeighCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weigh",
    abstract: "Weighs the steps of any training loop: JSON Lines in, JSON Lines out.",
    discussion: """
      Reads one training step a line from standard input:

        {"losses":[0.7,1.2],"gramian":[[2,-1],[-1,3]]}

      with "jacobian" (T rows), "jacobians" (one a batch) or "gradient_norms" in the Gramian's place, as the \
      strategy reads; for a rule on the representation "representation" (a row a sample) stands beside a Jacobian on \
      its elements, sample by sample. For strategies that look at the losses after a step, "losses_after" gives them, on the \
      step's line or, once they are known, on a line of its own, which has no answer. "epoch":k with \
      a new k ends the epoch before, "epoch_end":true the one of its line; "samples" weighs a batch in the \
      epoch's means, a number or one a task. "present":[true,false] says which tasks have labels in this step: \
      what is given of the others is not looked at, and their weight is 0. "orders" (for \
      each task a list of the tasks in the order in which it meets them), "uniforms" (numbers in [0, 1)) and "normals" \
      (numbers of the standard normal law) replace random draws.

      Every strategy takes losses, a Gramian and a Jacobian, so that one loop serves all: losses that it does not read go \
      into the epoch's means, and gradients that it does not read into the diagnostics. A line with draws, \
      "gradient_norms", "jacobians", "representation" or "losses_after" that the strategy does not read is an error.

      Writes one line a step:

        {"applies_to":"losses","diagnostics":{},"weights":[1.0,1.0]}

      with "direction", the strategy's own or the weighted sum of the rows, where a Jacobian was given, or "update" of \
      a strategy that gives what the shared parameters lose for each unit of the learning rate, in place of an \
      optimiser's step; with "head_weights" of a strategy that weighs the losses of the heads by other numbers than 1 \
      beside its direction. In the diagnostics "solver" has iterations, residual and ridge of a strategy's solver. A \
      residual above 1e-9 is that of an answer that is not proven; with a ridge, "solver_note" says what it leaves of \
      the promises. "interventions" has for each task where the strategy departed from its formula in this step: \
      "clamp" (a number that it learns was held in its range), "floor" and "ceiling" (a loss, mean or ratio counted as \
      the smallest or largest allowed one), "minimum-weight", "left-out" (next to no gradient beside the others). \
      State is carried from line to \
      line. A line that cannot be weighed gets {"error":"…","line":N}, changes nothing, and makes the exit \
      status 1 at the end.

      With --state the state is also carried from one process to the next: it is read from the file where there is \
      one, and written to it after each line, before the answer. The file is replaced as a whole, so that a process \
      that is killed leaves the state before its last line or after it. One process at a time may use a file: a process \
      that finds it changed by another ends with an error.
      """)

  @Argument(help: "The strategy's name.")
  var strategy: String

  @Option(
    name: .customLong("set"), help: "A parameter's value: alpha=1.5 or gradnorm.alpha=1.5. Repeatable.")
  var settings: [ParameterSetting] = []

  @Option(help: "The seed of the strategy's random draws.")
  var seed: UInt64 = 0

  @Option(
    name: .customLong("state"),
    help: "A file that the strategy's state is read from, if it is there, and written to after each line.")
  var statePath: String?

  func validate() throws {
    _ = try start()
  }

  func run() throws {
    var (session, file) = try start()
    var input = StandardInput()
    while let line = try input.line() {
      let failures = session.failures
      let answer = session.answer(to: line)
      if file != nil, session.failures == failures, let state = try session.state() { try file?.write(state) }
      guard let answer else { continue }
      // Written at once, so that a loop on the other side of a pipe gets its weights.
      try StandardOutput.write(answer)
    }
    if session.failures > 0 { throw ExitCode.failure }
  }

  private func start() throws -> (session: WeighSession, file: WeighStateFile?) {
    let parameters = try settings.values(for: strategy)
    var session: WeighSession
    do {
      session = try WeighSession(
        strategy: strategy, parameters: parameters, seed: seed, registry: JointLoss.registry,
        keepsState: statePath != nil)
    } catch {
      throw ValidationError(error.message)
    }
    guard let statePath else { return (session, nil) }
    do throws(WeighStateError) {
      var file = try WeighStateFile(statePath)
      if let state = try file.read() { try session.restore(state, from: statePath) }
      return (session, file)
    } catch {
      throw ValidationError(error.description)
    }
  }
}
