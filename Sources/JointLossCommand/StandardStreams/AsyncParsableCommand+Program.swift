import ArgumentParser

extension AsyncParsableCommand {
  /// Runs the command that the arguments of the program name; an error ends the program.
  package static func runProgram() async {
    StandardStreams.prepare()
    do {
      var command = try await asyncParseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  /// Ends the program; help and version, which come as errors of status 0, are answers that may not get lost either.
  private static func end(with error: any Error) -> Never {
    guard exitCode(for: error) == .success else { exit(withError: error) }
    do {
      try StandardOutput.write(fullMessage(for: error))
      exit()
    } catch {
      exit(withError: error)
    }
  }
}
