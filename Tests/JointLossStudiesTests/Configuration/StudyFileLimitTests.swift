import Foundation
import JointLossTestSupport
import Testing

@testable import JointLossStudies

/// Study files that are too long, no files or no text: a short message that says so, soon.
@Suite(.timeLimit(.minutes(10))) struct StudyFileLimitTests {
  private static func message(_ yaml: String) -> String {
    do {
      _ = try Local.plan(StudySpecification(content: Data(yaml.utf8), file: "study.yaml"))
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    ("baseline: \(String(repeating: "b", count: 1_000_000))\n", "no strategy is named “bbbb"),
    ("\(String(repeating: "k", count: 900)): 1\n", "unknown key"),
    ("\(String(repeating: "k", count: 1_000_000)): 1\n", "is not YAML: mapping values are not allowed"),
    ("epochs: \(String(repeating: "9", count: 1_000_000))\n", "is a whole number, not “9999"),
    ("suites:\n\(String(repeating: "  - related\n", count: 300_001))", "up to 1000 suites, not 300001"),
    ((0..<100_000).map { "k\($0): 1\n" }.joined(), "and 99980 more problems"),
    (
      "seeds: 100000\nsuites: [related, unrelated, conflicting, feature-bank]\n",
      "runs, and a study has up to 2000000"
    ),
  ])
  func `Much text ends in a short message`(yaml: String, message: String) {
    let text = Self.message(yaml)
    #expect(text.contains(message) && text.utf8.count < 8_000, "\(text.prefix(500))")
    #expect(text.split(separator: "\n").count <= StudyError.mostListed + 1)
  }

  @Test(arguments: ["every", "patience", "warm-up"]) func `Counts of a schedule are bounded`(key: String) {
    let name = key == "patience" ? "plateau" : "step"
    let every = key == "step" || name == "plateau" || key == "every" ? "" : "every: 2, "
    for value in ["9223372036854775807", "9223372036854775808", "9007199254740993", "-9223372036854775808"] {
      let text = Self.message("schedule: {name: \(name), \(every)\(key): \(value)}\n")
      #expect(text.hasPrefix("study.yaml:1: schedule"), "\(text)")
    }
  }

  @Test func `A value with a line break takes one line of the message`() {
    let text = Self.message("epochs: \"a\\nb\\u2028c\"\n")
    #expect(text == #"study.yaml:1: epochs: is a whole number, not “a\nb\u{2028}c”"#)
  }

  @Test func `Text that is not UTF-8 is refused with its line`() {
    let content = Data("seeds: 2\nepochs: 3 # ".utf8) + [0xC3, 0x28, 0x0A]
    let error = #expect(throws: StudyError.self) {
      try StudySpecification(content: content, file: "study.yaml")
    }
    #expect(error?.description == "study.yaml:2: the line is not text in UTF-8")
  }

  @Test func `What is not a file is refused with what it is`() throws {
    let folder = try TemporaryFolder()
    func path(_ name: String) -> String { "\(folder.path)/\(name)" }
    #expect(mkfifo(path("pipe"), 0o600) == 0)
    #expect(symlink("loop", path("loop")) == 0)
    let cases = [
      (folder.path, "it is a folder"), (path("pipe"), "it is a pipe"), ("/dev/zero", "it is a device"),
      ("/dev/null", "it is a device"), (path("loop"), "its symbolic links lead in a circle"),
      (path("none"), "there is no such file"),
    ]
    for (file, message) in cases {
      let error = #expect(throws: StudyError.self) { try StudySpecification(contentsOf: file) }
      #expect(
        error?.file == file && error?.message.contains(message) == true, "\(file): \(error?.message ?? "")")
    }
  }

  @Test func `A record that is a pipe or a device is refused, and folders in a circle are named`() throws {
    let folder = try TemporaryFolder()
    let store = try RunStore(folder.path)
    let run = try #require(Local.plan(Local.study()).runs.first)
    let path = try store.path(of: run)
    #expect(mkfifo(path, 0o600) == 0)
    let pipe = #expect(throws: StudyError.self) { try store.lookup(run) }
    #expect(pipe?.message == "cannot be read: it is a pipe, not a file")
    try FileManager.default.removeItem(atPath: path)
    #expect(symlink("/dev/zero", path) == 0)
    let device = #expect(throws: StudyError.self) { try store.lookup(run) }
    #expect(device?.message == "cannot be read: it is a device, not a file")
    #expect(symlink("runs", "\(folder.path)/circle") == 0)
    #expect(symlink("runs", "\(folder.path)/circle/runs") == 0)
    let circle = #expect(throws: StudyError.self) { try RunStore("\(folder.path)/circle/runs") }
    #expect(
      circle?.message.contains("its symbolic links lead in a circle") == true, "\(circle?.message ?? "")")
    #expect(throws: StudyError.self) { try RunStore("") }
    let empty = #expect(throws: StudyError.self) { try RunStore(existing: "") }
    #expect(empty?.description == "the folder of a study needs a name, not an empty text")
  }

  @Test func `An error is one printable line, whatever the file is called`() {
    let error = StudyError("is damaged (moved to b\u{7})", file: "a\u{1B}[2J\n.jsonl", line: 3)
    #expect(error.description == "a [2J .jsonl:3: is damaged (moved to b )")
  }
}
