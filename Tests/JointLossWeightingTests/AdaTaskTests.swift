import Foundation
import JointLossLinearAlgebra
import JointLossTestSupport
import JointLossWeighting
import Testing

/// AdaTask's update: by hand, against `python3 Tests/Golden/adatask.py`, and what it leaves alone.
@Suite struct AdaTaskTests {
  private func make(_ tasks: Int, _ parameters: [String: ParameterValue] = [:]) throws -> Weigher<AdaTask> {
    try Weigher<AdaTask>(taskCount: tasks, parameters: parameters)
  }

  private func step(_ rows: [[Double]], present: [Bool]? = nil) throws -> StepObservation {
    var observation = StepObservation(losses: rows.map { _ in 1 })
    observation.jacobian = try Jacobian(rows: rows)
    if let present { try observation.keep(present) }
    return observation
  }

  private func update(
    _ strategy: inout Weigher<AdaTask>, _ rows: [[Double]], present: [Bool]? = nil
  ) throws -> [Double] {
    let weights = try strategy.weights(observing: step(rows, present: present))
    #expect(weights.direction == nil && weights.headWeights == nil)
    return try #require(weights.update)
  }

  private func encoded(_ strategy: Weigher<AdaTask>) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(strategy)
  }

  /// The gradients of `adatask.py`.
  private static func rows(_ step: Int) -> [[Double]] {
    let scales = [2, 0.01]
    return scales.indices.map { task in
      (0..<3).map { column in
        let place = (7 * step + 5 * column + 3 * task) % 11
        return scales[task] * (Double(place) - 5.5)
      }
    }
  }

  // MARK: Values

  private static let runs: [([String: ParameterValue], absent: Set<Int>, [[Double]])] = [
    (
      [:], [],
      [
        [-1.9999995990910688, -3.8999984020016143e-07, 2.8460309298150577e-07],
        [-0.125254447171947, -0.6220510509296703, 0.8008042801890003],
        [-0.26359851561533704, -0.7368041507970976, 0.042686469562504735],
        [-0.15554256110255027, -0.6101752642374735, -0.05465378628894646],
        [0.18339293640300133, -0.9998526046680701, 0.12464977817166409],
      ]
    ),
    (
      ["variant": .text("rmsprop")], [],
      [
        [-63.245152299336254, -0.00038999494358549214, 0.00028460059321133713],
        [35.97074845638086, -47.7051464331666, 25.860006532208267],
        [-9.651359580655173, -12.653825441157883, -22.532850576889242],
        [0.8057729943444585, -1.4027509802327067, -4.7149648203750125],
        [17.532113341706683, -34.12245719331601, 8.701001107652866],
      ]
    ),
    (
      ["variant": .text("adagrad")], [],
      [
        [-1.999999599091069, -3.8999984020016143e-07, 2.8460309298150577e-07],
        [1.1372745118715895, -1.5083793125330565, 0.8175381642823288],
        [-0.3049360339156876, -0.40017287580174565, -0.7120966004522804],
        [0.025401650458121816, -0.04428240075940815, -0.14907109888888992],
        [0.5538581189500004, -1.0782232130602678, 0.27488568453484014],
      ]
    ),
    (
      ["beta1": .number(0.5), "beta2": .number(0.8), "epsilon": .number(0.1)], [],
      [
        [-1.190990990990991, -0.709090909090909, 0.7297517297517297],
        [-0.05696341060870125, -0.9396376865518772, 0.6830021878539476],
        [-0.43078718214879924, -0.20909718561597307, -0.3536782854058604],
        [0.30992075485604487, -0.33947498235210755, 0.21415967349275025],
        [0.4035731149478498, -0.9762619919701392, 0.1437332233564138],
      ]
    ),
    (
      [:], [1, 2],
      [
        [-1.9999995990910688, -3.8999984020016143e-07, 2.8460309298150577e-07],
        [-0.45053902850008554, -0.8135489932558924, 0.7481727162792219],
        [-0.575659491369164, -0.2415613930902528, 0.06645928897549358],
        [-1.0361958599982064, 0.6054595591162057, -0.6488653163204369],
        [-0.19233114858838127, -0.45242944128549306, -0.19594681044785606],
      ]
    ),
  ]

  @Test(arguments: runs)
  func `Five steps are those of numpy`(
    parameters: [String: ParameterValue], absent: Set<Int>, expected: [[Double]]
  ) throws {
    var strategy = try StrategyRegistry.builtIn.makeWeigher("adatask", taskCount: 2, parameters: parameters)
    for (index, expected) in expected.enumerated() {
      let present = absent.contains(index) ? [true, false] : nil
      let got = try #require(
        try strategy.weights(observing: step(Self.rows(index), present: present)).update)
      // 1e-12 of a task's own step: they cancel in some places.
      for (got, due) in zip(got, expected) { #expect(abs(got - due) <= 1e-12 * max(1, abs(due))) }
      #expect(got.count == 3)
    }
  }

  @Test func `Without memory and ε every step is the sum of the signs`() throws {
    let rows = [[3, -0.2, 0], [1e-5, -7, 2], [-4e8, 0, 1e-90]] as [[Double]]
    let plain: [String: ParameterValue] = [
      "beta1": .number(0), "beta2": .number(0), "epsilon": .number(0),
    ]
    var forgetful = try make(3, plain)
    for scale in [1.0, -3, 0.5] {
      let got = try update(&forgetful, rows.map { $0.map { scale * $0 } })
      let sign = scale > 0 ? 1.0 : -1
      for (got, due) in zip(got, [1, -2, 2]) { #expect(abs(got - sign * Double(due)) <= 1e-14) }
    }
    // So is the first step with any memory: that is what its correction is for.
    var usual = try make(3, ["epsilon": .number(0)])
    for (got, due) in zip(try update(&usual, rows), [1.0, -2, 2]) { #expect(abs(got - due) <= 1e-14) }
    // Adam of the sum of the gradients is another rule.
    var joint = try make(1, plain)
    let sum = (0..<3).map { column in rows.reduce(0) { $0 + $1[column] } }
    #expect(try update(&joint, [sum]) == [-1, -1, 1])
  }

  @Test
  func `Without ε no constant factor of a task's loss matters; with it, it does where gradients are small`()
    throws
  {
    var stream = PhiloxStream(seed: 4, purpose: "test")
    for epsilon in [0, 1e-8] {
      var (one, other) = (
        try make(3, ["epsilon": .number(epsilon)]), try make(3, ["epsilon": .number(epsilon)])
      )
      // Powers of two: no rounding of their own.
      let factors = [0x1p-40, 1, 0x1p30]
      var differences = 0
      for _ in 0..<6 {
        let rows = stream.jacobian(tasks: 3, parameters: 4)
        let scaled = zip(factors, rows).map { factor, row in row.map { factor * $0 } }
        if try update(&one, rows) != update(&other, scaled) { differences += 1 }
      }
      #expect(differences == (epsilon == 0 ? 0 : 6))
    }
    #expect(try make(2).strategy.promises.scaleDegree == nil)
    #expect(try make(2, ["epsilon": .number(0)]).strategy.promises.scaleDegree == 0)
  }

  // MARK: Absent tasks

  @Test func `Without some tasks it is the rule of the others, and their moments wait`() throws {
    var stream = PhiloxStream(seed: 6, purpose: "test")
    var (five, three, waiting) = (try make(5), try make(3), try make(2))
    for index in 0..<8 {
      let rows = stream.jacobian(tasks: 5, parameters: 6)
      let others = [rows[0], rows[2], rows[4]]
      guard index % 4 == 3 else {
        let got = try five.weights(
          observing: step(rows, present: [true, false, true, false, true]))
        #expect(got.values == [1, 0, 1, 0, 1])
        #expect(try got.update == update(&three, others))
        continue
      }
      // All are there: the two that waited go on as if the steps between had not been.
      let sum = try zip(update(&three, others), update(&waiting, [rows[1], rows[3]])).map { $0 + $1 }
      for (got, due) in zip(try update(&five, rows), sum) { #expect(abs(got - due) <= 1e-14) }
    }
  }

  // MARK: State and refusals

  @Test func `Encoded and decoded in mid-run it goes on with the same bits`() throws {
    var strategy = try make(2)
    for index in 0..<3 { _ = try update(&strategy, Self.rows(index)) }
    var loaded = try JSONDecoder().decode(Weigher<AdaTask>.self, from: encoded(strategy))
    for index in 3..<6 {
      #expect(try update(&loaded, Self.rows(index)) == update(&strategy, Self.rows(index)))
    }
    #expect(try encoded(loaded) == encoded(strategy))
  }

  @Test func `Squares that overflow are refused by the task, and leave no trace`() throws {
    for warmUp in [0, 2] {
      var strategy = try make(2)
      for index in 0..<warmUp { _ = try update(&strategy, Self.rows(index)) }
      let before = try encoded(strategy)
      let error = #expect(throws: WeightingError.self) {
        try strategy.weights(observing: step([[1, 2, 3], [0, 1e170, 1]]))
      }
      #expect(error?.code == .nonFinite && error?.task == 1)
      #expect(try encoded(strategy) == before)
    }
  }

  @Test func `A step of other parameters is refused`() throws {
    var strategy = try make(2)
    _ = try update(&strategy, Self.rows(0))
    let error = #expect(throws: WeightingError.self) {
      try strategy.weights(observing: step([[1, 2], [3, 4]]))
    }
    #expect(error?.code == .shape && error?.message.contains("3 parameters, this step has 2") == true)
  }

  @Test(arguments: ["every", "average", "normalised"])
  func `An update cannot be wrapped`(wrapper: String) throws {
    let error = #expect(throws: WeightingError.self) {
      try StrategyRegistry.builtIn.makeWeigher("adatask+\(wrapper)", taskCount: 2)
    }
    #expect(error?.code == .parameter && error?.message.contains("adatask gives an update") == true)
  }
}
