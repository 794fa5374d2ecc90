import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The progress of a study on standard error: a bar on a terminal, plain lines elsewhere, nothing when quiet.
final class ProgressReporter: Sendable {
  /// How progress is shown.
  enum Style: Sendable {
    case bar
    case lines
    case silent
  }

  private struct State {
    var start = ContinuousClock.now
    var total = 0
    var reused = 0
    var lastLine: ContinuousClock.Instant?
  }

  private let style: Style
  private let state = Mutex(State())

  init(quiet: Bool) {
    style = quiet ? .silent : isatty(STDERR_FILENO) == 1 ? .bar : .lines
  }

  /// Says something that is not progress, unless quiet.
  func note(_ text: String) {
    guard style != .silent else { return }
    warn(text)
  }

  /// Says something that must be heard even when quiet.
  func warn(_ text: String) {
    write(style == .bar ? "\r\u{1B}[K\(text)\n" : "\(text)\n")
  }

  /// Starts the clock for `total` runs, `reused` of which are complete from an earlier session.
  func begin(total: Int, reused: Int) {
    state.withLock { state in
      state = State(total: total, reused: reused)
    }
    if reused > 0 { note("\(reused) of \(total) runs are complete from before.") }
  }

  /// Shows that `done` runs are complete.
  func update(done: Int, label: String) {
    switch style {
    case .silent: return
    case .bar:
      let (state, times) = (state.withLock { $0 }, times(done: done))
      let width = 24
      let filled = width * done / max(state.total, 1)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      write("\r\u{1B}[K\(bar) \(done)/\(state.total)  \(times)  \(label)" + (done == state.total ? "\n" : ""))
    case .lines:
      let due = state.withLock { state in
        let now = ContinuousClock.now
        guard done == state.total || state.lastLine.map({ $0.duration(to: now) > .seconds(5) }) ?? true else {
          return false
        }
        state.lastLine = now
        return true
      }
      if due { write("\(done) of \(state.withLock { $0.total }) runs, \(times(done: done))\n") }
    }
  }

  private func times(done: Int) -> String {
    let state = state.withLock { $0 }
    let elapsed = state.start.duration(to: .now)
    let computed = done - state.reused
    let remaining = computed > 0 ? Self.clock(elapsed * (Double(state.total - done) / Double(computed))) : "?"
    return "\(Self.clock(elapsed)) elapsed, \(remaining) remaining"
  }

  private func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  private static func clock(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    let digits = { (value: Int) in value < 10 ? "0\(value)" : "\(value)" }
    return seconds < 3600
      ? "\(seconds / 60):\(digits(seconds % 60))"
      : "\(seconds / 3600):\(digits(seconds / 60 % 60)):\(digits(seconds % 60))"
  }
}
