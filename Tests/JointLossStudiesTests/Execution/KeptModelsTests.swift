import Foundation
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

@testable import JointLossStudies

/// Whoever has the kept files of a run can compute its losses elsewhere.
@Suite struct KeptModelsTests {
  private func plan(_ suite: String, epochs: Int = 6) throws -> RunPlan {
    var study = Local.study(["apart", "equal", "pcgrad", "gradnorm"].map { .init($0) })
    study.suites = [.init(suite)]
    study.seeds = .count(1)
    study.epochs = epochs
    study.learningRate = 0.05
    return try Local.plan(study)
  }

  private func runner() throws -> StudyRunner {
    try StudyRunner(strategies: Local.strategies(), suites: Local.suites())
  }

  private func comparable(_ records: [RunRecord]) -> [RunRecord] {
    records.map { record in
      var record = record
      record.footer.measured = RunRecord.Measured(seconds: 0, medianStepMicroseconds: 0)
      return record
    }
  }

  /// Computes the losses of both splits of every run in a folder with NumPy: from the predictions, and from the
  /// parameters and inputs by the formulas of a tanh layer and linear heads; they must be those of the record.
  private static let script = """
    import glob, json, os, sys
    import numpy as np
    from safetensors.numpy import load_file

    def losses(kind, z, y):
        if kind == "mse": return ((z - y) ** 2).mean(axis=1)
        if kind == "binary": return (np.logaddexp(0, z) - y * z).mean(axis=1)
        shifted = z - z.max(axis=1, keepdims=True)
        chosen = shifted[np.arange(len(z)), y[:, 0].astype(int)]
        return np.log(np.exp(shifted).sum(axis=1)) - chosen

    count = 0
    for folder in sorted(glob.glob(sys.argv[1] + "/models/*")):
        lines = [json.loads(l) for l in open(sys.argv[1] + "/runs/" + os.path.basename(folder) + ".jsonl")]
        epochs = {l["epoch"]: l for l in lines if "epoch" in l}
        footer = [l for l in lines if "selectedEpochs" in l or "selectedTest" in l][0]
        tasks = json.load(open(folder + "/model.json"))["tasks"]
        owners = [t["network"] for t in tasks]
        for k, task in enumerate(tasks):
            assert task["selectedEpoch"] == footer["selectedEpochs"][k], task
            weights = load_file(f"{folder}/network{task['network']}.safetensors")
            head = sum(1 for o in owners[:k] if o == task["network"])
            for split in ["train", "validation", "test"]:
                read = lambda name: np.load(f"{folder}/{split}.{name}.npy")
                x, z, y = (a.astype(np.float64) for a in
                           (read("inputs"), read(f"task{k}.predictions"), read(f"task{k}.targets")))
                path = f"{folder}/{split}.task{k}.labels.npy"
                mask = np.load(path) if os.path.exists(path) else np.ones(len(z), bool)
                assert mask.dtype == bool and z.shape == (len(x), task["outputs"])
                h = np.tanh(x @ weights["trunk.0.weight"].astype(np.float64).T + weights["trunk.0.bias"])
                own = h @ weights[f"head.{head}.weight"].astype(np.float64).T + weights[f"head.{head}.bias"]
                assert abs(own - z).max() < 1e-5, (folder, k, split, abs(own - z).max())
                if split == "train": continue
                mean = losses(task["loss"], z, y)[mask].mean()
                due = epochs[task["selectedEpoch"]][split][k]
                assert abs(mean - due) <= 3e-6 * max(1, abs(due)), (folder, k, split, mean, due)
                if split == "test": assert due == footer["selectedTest"][k]
                count += 1
    print(count)
    """

  private func recompute(_ folder: String) throws -> String {
    String(decoding: try Python.run(Self.script, folder), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(arguments: ["local", "masked"])
  func `NumPy computes the losses of the record from the kept files`(suite: String) async throws {
    let folder = try TemporaryFolder()
    let plan = try plan(suite)
    let records = try await runner().run(plan, store: RunStore(folder.path), jobs: 2, keepsModels: true)
    #expect(records.count == 4 && records.allSatisfy { $0.footer.status == .completed })
    // Single networks are selected each at its own epoch.
    #expect(try recompute(folder.path) == "\(records.reduce(0) { $0 + 2 * $1.header.tasks.count })")
  }

  @Test func `Records are the same with and without, and runs without are done again`() async throws {
    let (plain, kept) = (try TemporaryFolder(), try TemporaryFolder())
    let plan = try plan("masked")
    let without = try await runner().run(plan, store: RunStore(plain.path), jobs: 1)
    let with = try await runner().run(plan, store: RunStore(kept.path), jobs: 1, keepsModels: true)
    #expect(comparable(with) == comparable(without))
    #expect(!FileManager.default.fileExists(atPath: "\(plain.path)/models"))

    let again = try await runner().run(plan, store: RunStore(plain.path), jobs: 1, keepsModels: true)
    #expect(comparable(again) == comparable(without))
    #expect(try plain.names(in: "models") == kept.names(in: "models"))
    for name in try plain.names(in: "models") {
      for file in try plain.names(in: "models/\(name)") {
        let contents = [plain, kept].map {
          FileManager.default.contents(atPath: "\($0.path)/models/\(name)/\(file)")
        }
        #expect(contents[0] == contents[1] && contents[0] != nil, "\(name)/\(file)")
      }
    }
    // Complete with its models, a study does nothing, and leaves the models where they are.
    let reused = try await runner().run(plan, store: RunStore(plain.path), jobs: 1)
    #expect(reused == again)
    #expect(try plain.names(in: "models").count == 4)
  }

  @Test func `A run that goes on from a checkpoint keeps the same networks`() throws {
    let executor = try RunExecutor(strategies: Local.strategies(), suites: Local.suites())
    for specification in try plan("masked", epochs: 12).runs {
      let folder = try TemporaryFolder()
      let whole = KeptModels()
      _ = try executor.run(
        specification, checkpoints: RunCheckpoints(folder.path, every: .zero) { _ in }, keeping: whole)
      // The newest checkpoint is that of the last epoch but one: the selected epoch is mostly before it.
      let resumed = KeptModels()
      var notices: [String] = []
      func run(_ models: KeptModels?) throws {
        let lines = Lines()
        _ = try executor.run(
          specification, checkpoints: RunCheckpoints(folder.path, every: .seconds(1000)) { lines.add($0) },
          keeping: models)
        notices = lines.all
      }
      try run(resumed)
      #expect(notices == ["goes on from epoch 11"] && resumed.files == whole.files && !whole.files.isEmpty)
      // Without the parameters of the selected epochs, or with others, the checkpoint is of no use.
      for number in [11, 12] {
        try Data("{}".utf8).write(to: URL(filePath: "\(folder.path)/\(number)/network0.selected.safetensors"))
      }
      let anew = KeptModels()
      try run(anew)
      #expect(anew.files == whole.files && notices.count == 1 && notices[0].contains("the run begins anew"))
      try run(nil)
      #expect(notices == ["goes on from epoch 11"])
    }
  }

  private final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    var all: [String] { lock.withLock { lines } }
    func add(_ line: String) { lock.withLock { lines.append(line) } }
  }
}
