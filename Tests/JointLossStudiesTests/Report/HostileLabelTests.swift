import Foundation
import JointLossLinearAlgebra
import JointLossSuites
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

/// BREAK F1, F7 and F12: labels that are given to the writers directly, below the check of a study.
@Suite struct HostileLabelTests {
  /// One scalar of each general category, among them those that join the character beside them.
  private static let categories: [Unicode.Scalar] = [
    "A", "a", "\u{1C5}", "\u{2B0}", "\u{5D0}", "\u{301}", "\u{903}", "\u{20DD}", "7", "\u{2160}", "\u{B2}",
    "_", "-", "(",
    ")", "\u{AB}", "\u{BB}", "!", "+", "$", "^", "\u{A6}", " ", "\u{2028}", "\u{2029}", "\u{1}", "\u{600}",
    "\u{E000}",
    "\u{378}", "\u{200D}", "\u{85}", "\u{9B}", "\u{202E}", "\u{FEFF}", "\u{FFFF}",
  ]
  private static let metacharacters = Array("'\"<>&\\{}$%#_^~|,;`@*[]\n\r\t=".unicodeScalars)

  private static let labels: [String] =
    metacharacters.map { meta in
      categories.reduce(into: "") { $0 += "\($1)\(meta)\($1)" }
    } + [
      "eq\u{600}'; system(\"touch PWNED\") #", "eq\u{600}\"; system('touch PWNED') #",
      "`touch PWNED`\u{600}`",
      "=\u{301}cmd", "@SUM(1)", "-1+1", "<script\u{600}>alert(1)</script\u{600}>",
      "\\input\u{301} /etc/passwd", "Δm é",
    ]

  private func report(in folder: String) async throws -> [String] {
    let tasks = [Self.labels[0], Self.labels[3], "eq\u{600}'; system(\"touch PWNED\") #"]
    let suite = "s\u{600}'; system(\"touch PWNED\") \u{600}<b>&"
    let strategies: [(String, SyntheticRecords.Behaviour)] = Self.labels.map { label in
      (label, .init(weight: 2, drift: 1))
    }
    let records = try SyntheticRecords.study(
      suite: suite, strategies: strategies, tasks: tasks, seeds: 2, epochs: 2)
    let comparison = try Comparison(records: records, baseline: Self.labels[0], reference: Self.labels[1])
    var messages: [String] = []
    try Report.write(comparison, records: records, to: folder, log: { messages.append($0) })
    let text = Report.text(comparison)
    #expect(text.unicodeScalars.allSatisfy { $0.isPrintable || $0 == "\n" })
    return messages
  }

  @Test(.timeLimit(.minutes(10)), arguments: ["plain", "a\tb'\n\u{600}'; system(\"touch PWNED\") #"])
  func `No writer lets a label out of its place, and gnuplot runs none`(name: String) async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/\(name)"
    let messages = try await report(in: path)
    #expect(messages == [])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        == ["figures", "report.html", "table.csv", "table.md", "table.tex", "tasks.csv"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    let figures = try FileManager.default.contentsOfDirectory(atPath: "\(path)/figures")
    #expect(figures.count == 16)
    #expect(figures.allSatisfy { $0.hasPrefix("s---") })
    #expect(!FileManager.default.fileExists(atPath: "PWNED"))
    for script in figures.filter({ $0.hasSuffix(".gp") }) {
      let text = try String(contentsOfFile: "\(path)/figures/\(script)", encoding: .utf8)
      #expect(!text.contains("system(") && !text.utf8.contains(UInt8(ascii: "`")))
    }
    // Another program reads the files.
    let check = Process()
    check.executableURL = URL(filePath: "/usr/bin/env")
    check.arguments = ["python3", "-c", Self.parse, path]
    let output = Pipe()
    check.standardOutput = output
    check.standardError = output
    try check.run()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
  }

  private static let parse = #"""
    import csv, glob, re, sys, unicodedata, xml.dom.minidom
    from html.parser import HTMLParser
    folder = sys.argv[1]
    for name in ("table.csv", "tasks.csv"):
        rows = list(csv.reader(open(folder + "/" + name, newline="", encoding="utf8"), strict=True))
        assert len({len(row) for row in rows}) == 1, name
        assert len(rows) > 30, name
        for cell in (cell for row in rows for cell in row):
            assert cell[:1] not in "=+-@\t\r" or cell == "" or float(cell) == float(cell), cell
    known = set("""html head meta title style body h1 h2 h3 p section div table thead tbody tr th td figure figcaption
      strong span ul li code""".split())
    class Page(HTMLParser):
        inside = 0
        def handle_starttag(self, tag, attributes):
            self.inside += tag == "svg"
            assert self.inside or tag in known, tag
            assert tag != "script" and not any(name.startswith("on") for name, _ in attributes), (tag, attributes)
        def handle_endtag(self, tag):
            self.inside -= tag == "svg"
    Page().feed(open(folder + "/report.html", encoding="utf8").read())
    for name in glob.glob(glob.escape(folder) + "/figures/*.svg"):
        picture = xml.dom.minidom.parse(name)
        assert not picture.getElementsByTagName("script"), name
    lines = open(folder + "/table.md", encoding="utf8").read().split("\n")
    widths = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines if line.startswith("| ")]
    assert set(widths) <= {10, 5}, set(widths)
    assert not any("<" in line for line in lines)
    tex = open(folder + "/table.tex", encoding="utf8").read()
    rules = [r"\providecommand{\%srule}{\hline}" % place for place in ("top", "mid", "bottom")]
    body = "\n".join(line for line in tex.split("\n") if not line.startswith("%") and line not in rules)
    commands = set(re.findall(r"\\([A-Za-z]+)", body))
    assert commands <= set("""begin end centering footnotesize setlength tabcolsep caption label toprule midrule
      bottomrule medskip textbackslash textasciitilde textasciicircum Delta mu times infty alpha rho""".split()), commands
    assert not re.search(r"(?<!\\)[%#]", body)
    for name in ("table.csv", "tasks.csv", "table.md", "table.tex", "report.html"):
        for scalar in open(folder + "/" + name, newline="", encoding="utf8").read():
            assert scalar in "\n\t" or unicodedata.category(scalar) not in ("Cc", "Cf", "Zl", "Zp", "Co", "Cs"), name
    """#

  @Test func `Formulas in cells are text and numbers stay numbers`() throws {
    let records = try ["=1+1", "-3.5", "+x", "@a", "\t=1"].flatMap {
      try SyntheticRecords.runs($0, [[1], [2]])
    }
    let text = CSV.suites(try Comparison(records: records, baseline: "=1+1", reference: "-3.5"))
    for cell in [",'=1+1,", ",-3.5,", ",'+x,", ",'@a,", ",' =1,"] { #expect(text.contains(cell)) }
  }

  @Test func `What is not printable is refused in a study with its line, and in descriptions`() throws {
    for scalar in [
      "\u{600}", "\u{85}", "\u{9B}", "\u{2028}", "\u{202E}", "\u{200B}", "\u{FEFF}", "\u{E000}", "\u{3164}",
    ] {
      #expect(!"a\(scalar)".isPrintable)
      let yaml =
        "suites: [related]\nseeds: 2\nstrategies:\n  - single-task\n  - name: equal\n    label: \"a\\U\(Self.code(scalar))\"\n"
      let problem = #expect(throws: StudyError.self) {
        try StudySpecification(yaml: yaml, file: "study.yaml")
      }
      #expect(problem?.description.hasPrefix("study.yaml:6: strategies[1].label: a label is") == true)
      var record = try SyntheticRecords.run("a\(scalar)", seed: 0, test: [1])
      #expect(record.defect?.key == "strategyLabel")
      record = try SyntheticRecords.run("a", seed: 0, test: [1], tasks: ["t\(scalar)"])
      #expect(record.defect?.key == "tasks")
    }
    for text in ["Δm é", "e\u{301}", "日本", "50 % <b>'", "\u{2764}\u{FE0F}"] { #expect(text.isPrintable) }
    #expect(!"".isPrintable)
    let error = #expect(throws: SuiteError.self) {
      try SuiteRegistry.builtIn.adding([HiddenName.self])
    }
    #expect(error?.description.contains("\\u{202E}") == true)
  }

  private static func code(_ text: String) -> String {
    let digits = String(text.unicodeScalars.first?.value ?? 0, radix: 16, uppercase: true)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

/// A suite of somebody's program: its name turns the direction of writing.
private struct HiddenName: TaskSuite {
  static let about = SuiteDescription("hidden\u{202E}", "None.", formula: "y = 0")
  let taskSpecifications: [TaskSpecification] = []
  let recipe = TrainingRecipe(trunk: [2], activation: .tanh, epochs: 1, batchSize: 2, learningRate: 0.1)

  func generate(using stream: inout PhiloxStream) throws(SuiteError) -> SuiteData {
    throw SuiteError("has no data")
  }
}
