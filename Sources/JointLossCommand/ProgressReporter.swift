import Foundation
import JointLossWeighting
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
    write(style == .bar ? "\r\u{1B}[K\(Self.printable(text))\n" : "\(Self.printable(text))\n")
  }

  /// The text with its line breaks; all else that is not printable is a space, for a terminal may obey it.
  static func printable(_ text: String) -> String {
    text.mappingScalars { $0 == "\n" || $0.isPrintable ? String($0) : " " }
  }

  /// Starts the clock for `total` runs, `reused` of which are complete from an earlier session.
  func begin(total: Int, reused: Int) {
    state.withLock { state in
      state = State(total: total, reused: reused)
    }
    if reused > 0 { note("\(reused) of \(total) runs are complete from before.") }
    if style == .bar && reused < total { update(done: reused, label: "") }
  }

  /// Shows that `done` runs are complete.
  func update(done: Int, label: String) {
    switch style {
    case .silent: return
    case .bar:
      let (total, times) = (state.withLock { $0.total }, times(done: done))
      let bar = Self.bar(done: done, total: total, text: "\(times)  \(label)", columns: Self.columns)
      write("\r\u{1B}[K\(bar)" + (done == total ? "\n" : ""))
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

  /// A bar and what stands beside it, on one line of a terminal: one that wraps could not be written over.
  static func bar(done: Int, total: Int, text: String, columns: Int) -> String {
    let width = 24
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    return String("\(bar) \(done)/\(total)  \(text.printable)".prefix(max(columns - 1, 1)))
  }

  /// The columns of the terminal, or 80 where it does not tell.
  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
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
