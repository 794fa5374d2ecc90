import Foundation

/// The record files of a study's folder, without the values that differ when a run is repeated.
enum RecordFile {
  /// For each file of `runs/`, its lines with the footer's `measured` removed.
  static func comparable(in folder: String) throws -> [String: [String]] {
    let runs = "\(folder)/runs"
    var records: [String: [String]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: runs) where name.hasSuffix(".jsonl") {
      var lines = try String(contentsOfFile: "\(runs)/\(name)", encoding: .utf8)
        .split(separator: "\n").map(String.init)
      let footer = try JSONSerialization.jsonObject(with: Data((lines.popLast() ?? "").utf8))
      var values = footer as? [String: Any] ?? [:]
      guard values.removeValue(forKey: "measured") != nil else {
        throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: name])
      }
      let stripped = try JSONSerialization.data(withJSONObject: values, options: .sortedKeys)
      records[name] = lines + [String(decoding: stripped, as: UTF8.self)]
    }
    return records
  }

  /// The number of complete records.
  static func count(in folder: String) -> Int {
    let names = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/runs")
    return (names ?? []).filter { $0.hasSuffix(".jsonl") }.count
  }

  /// For the file that each run in flight will have, the number of the run's newest checkpoint.
  static func checkpoints(in folder: String) -> [String: Int] {
    let (runs, suffix) = ("\(folder)/runs", ".checkpoint")
    var newest: [String: Int] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: runs)) ?? []
    where name.hasSuffix(suffix) {
      let numbers = try? FileManager.default.contentsOfDirectory(atPath: "\(runs)/\(name)")
      newest["\(name.dropLast(suffix.count)).jsonl"] = numbers?.compactMap { Int($0) }.max()
    }
    return newest
  }

  /// Removes the complete records but for some, so that their runs are made again.
  static func remove(in folder: String, except kept: Set<String>) throws {
    let runs = "\(folder)/runs"
    for name in try FileManager.default.contentsOfDirectory(atPath: runs)
    where name.hasSuffix(".jsonl") && !kept.contains(name) {
      try FileManager.default.removeItem(atPath: "\(runs)/\(name)")
    }
  }
}
