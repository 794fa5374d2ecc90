import JointLossTestSupport
import Subprocess
import Testing

@Suite struct BenchCommandTests {
  #if DEBUG
    @Test(.timeLimit(.minutes(1)))
    func `A debug build refuses to time itself`() async throws {
      let result = try await bench([])
      #expect(!result.success)
      #expect(result.error.contains("debug build"))
    }
  #else
    @Test(.timeLimit(.minutes(1)))
    func `One object a line names workload, strategy, time, floor, ratio, kernel and threads`() async throws {
      let result = try await bench(
        ["--workload", "small", "--strategy", "equal", "--strategy", "pcgrad", "--seconds", "0.05", "--json"])
      #expect(result.success)
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 2)
      for key in [
        "workload", "strategy", "microseconds", "floorMicroseconds", "ratio", "blasKernel", "threads",
        "peakMemoryBytes", "deviation", "meanLosses",
      ] {
        #expect(lines.allSatisfy { $0.contains("\"\(key)\":") }, "\(key)")
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func `Names that do not exist and times that make no sense are refused`() async throws {
      let workload = try await bench(["--workload", "smal"])
      #expect(workload.error.contains("did you mean small"))
      let strategy = try await bench(["--strategy", "single-task"])
      #expect(strategy.error.contains("no strategy to time"))
      let seconds = try await bench(["--seconds", "0"])
      #expect(seconds.error.contains("a time > 0, not 0.0"))
      #expect(!workload.success && !strategy.success && !seconds.success)
    }
  #endif

  private func bench(_ arguments: [String]) async throws -> (success: Bool, output: String, error: String) {
    let result = try await run(
      .name("jointloss"), arguments: Arguments(["bench"] + arguments),
      environment: .inherit.updating(["PATH": BuiltProducts.folder]), output: .string(limit: 1 << 16),
      error: .string(limit: 1 << 16))
    return (
      result.terminationStatus.isSuccess, result.standardOutput, result.standardError
    )
  }
}
