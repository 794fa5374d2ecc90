import Foundation
import JointLossTestSupport
import JointLossTraining
import JointLossWeighting
import Testing

/// The file format, against the public Python package `safetensors` and against damage.
@Suite struct SafeTensorsTests {
  private struct Tensor: Decodable, Equatable {
    let type: String
    let shape: [Int]
    let values: [Double]
  }

  @Test func `The public Python package reads parameters and moments as they are`() throws {
    func check<Scalar: TrainableScalar>(_ scalar: Scalar.Type, type: String) throws {
      let problem = try CheckpointTests.problem()
      let trainer: Trainer<Scalar, GradNorm> = try CheckpointTests.trainer(
        GradNorm.self, problem, in: scalar)
      let data = try PreparedData<Scalar>(problem.data, network: problem.network)
      for _ in 0..<3 { try trainer.trainEpoch(on: data) }
      let folder = try TemporaryFolder()
      try CheckpointFolder(folder.path).write(trainer.checkpoint())
      let output = try Python.run(
        """
        import json, sys
        from safetensors import safe_open
        with safe_open(sys.argv[1], framework="np") as f:
            tensors = {k: f.get_tensor(k) for k in f.keys()}
            assert f.metadata() == {"format": "jointloss 1"}, f.metadata()
        print(json.dumps({k: {"type": str(v.dtype), "shape": v.shape,
                              "values": [float(x) for x in v.ravel()]} for k, v in tensors.items()}))
        """, "\(folder.path)/1/parameters.safetensors")
      let tensors = try JSONDecoder().decode([String: Tensor].self, from: output)
      #expect(tensors.count == 3 * trainer.tensors.count)
      for tensor in trainer.tensors {
        let read = try #require(tensors[tensor.name])
        #expect(read.type == type && read.shape == [tensor.rows, tensor.columns])
        #expect(read.values == trainer.parameters[tensor.name], "\(tensor.name)")
        for moment in ["first", "second"] {
          let moments = try #require(tensors["optimizer.\(moment).\(tensor.name)"])
          #expect(moments.values.contains { $0 != 0 } && moments.shape == read.shape)
          if moment == "second" { #expect(moments.values.allSatisfy { $0 >= 0 }) }
        }
      }
    }
    try check(Float.self, type: "float32")
    try check(Double.self, type: "float64")
  }

  @Test func `What the public Python package writes is read here`() throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/python.safetensors"
    _ = try Python.run(
      """
      import sys, numpy as np
      from safetensors.numpy import save_file
      save_file({"b": np.arange(6, dtype=np.float64).reshape(2, 3), "a": np.float32([1.5, -2]),
                 "empty": np.zeros((0, 4), np.float32), "scalar": np.array(7.0)}, sys.argv[1], {"by": "Python"})
      """, file)
    let read = try SafeTensors(Data(contentsOf: URL(filePath: file)))
    #expect(read.metadata == ["by": "Python"])
    let tensors = Dictionary(uniqueKeysWithValues: read.tensors.map { ($0.name, $0) })
    #expect(tensors["b"]?.shape == [2, 3] && tensors["b"]?.type == .double)
    #expect(tensors["a"]?.bytes == Data([0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0]) && tensors["a"]?.type == .float)
    #expect(tensors["empty"]?.shape == [0, 4] && tensors["empty"]?.bytes.isEmpty == true)
    #expect(tensors["scalar"]?.shape == [] && tensors["scalar"]?.bytes.count == 8)
  }

  // MARK: Damage

  private func file(_ header: String, _ elements: Int = 0, length: UInt64? = nil) -> Data {
    let length = length ?? UInt64(header.utf8.count)
    return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }) + Data(header.utf8)
      + Data(count: elements)
  }

  private func message(_ data: Data) -> String {
    do {
      _ = try SafeTensors(data)
      return "read"
    } catch {
      return error.code == .checkpoint ? error.message : "\(error.code)"
    }
  }

  @Test func `A damaged file is refused with the numbers, whatever its header says`() {
    let tensor = #"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#
    #expect(message(file(tensor, 16)) == "read")
    #expect(message(Data([1, 2, 3])).contains("3 bytes"))
    #expect(message(file(tensor, 15)).contains("ends 15 bytes after its header"))
    #expect(message(file(tensor, 17)).contains("17 bytes of tensors, and the header tells of 16"))
    #expect(message(file(tensor, length: 1 << 40)).contains("the header alone has 1099511627776"))
    #expect(message(file(tensor, length: .max)).contains("\(UInt64.max)"))
    #expect(message(file("{\"a\":3}")).contains("no readable header"))
    #expect(message(file("nothing")).contains("no readable header"))
    #expect(message(file(#"{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#, 2)).contains("header"))
    for entry in [
      #"{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]}"#,
      #"{"dtype":"F32","shape":[2,3],"data_offsets":[0,16]}"#,
      #"{"dtype":"F32","shape":[-2,-2],"data_offsets":[0,16]}"#,
      #"{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}"#,
      #"{"dtype":"F64","shape":[4611686018427387904],"data_offsets":[0,16]}"#,
      #"{"dtype":"F32","shape":[4],"data_offsets":[0]}"#,
      #"{"dtype":"F32","shape":[4],"data_offsets":[16,0]}"#,
      #"{"dtype":"F32","shape":[4],"data_offsets":[0,-16]}"#,
    ] {
      #expect(message(file("{\"a\":\(entry)}", 20)).contains("places the tensor a"), "\(entry)")
    }
    let twice =
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    #expect(message(file(twice, 4)).contains("where byte 4 is next"))
  }
}
