/// A buffer that a strategy fills anew in every step: it is no state, is never saved, and is empty after loading.
///
///     @Scratch var weights: [Double] = []
///
/// It keeps its memory from step to step, so that from the second step on nothing is allocated.
@propertyWrapper
public struct Scratch<Value: ScratchBuffer & Sendable>: Sendable {
  /// The buffer.
  public var wrappedValue: Value

  /// Creates a buffer.
  ///
  /// - Parameter wrappedValue: the empty buffer.
  public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

/// What can be a ``Scratch`` buffer: a type with an empty value.
public protocol ScratchBuffer {
  /// Creates an empty buffer.
  init()
}

extension Array: ScratchBuffer {}

extension Array where Element == Double {
  /// Makes room for a number a task: empties a buffer of another size.
  ///
  /// - Parameters:
  ///   - count: the number of tasks.
  ///   - value: what each number is where the buffer had another size.
  public mutating func resize(to count: Int, filling value: Double = 0) {
    if self.count != count { self = [Double](repeating: value, count: count) }
  }
}

extension Scratch: Codable {
  /// Creates an empty buffer.
  ///
  /// - Parameter decoder: not read.
  public init(from decoder: any Decoder) { self.init(wrappedValue: Value()) }

  /// Encodes nothing.
  ///
  /// - Parameter encoder: not written.
  public func encode(to encoder: any Encoder) {}
}

extension KeyedEncodingContainer {
  /// Encodes nothing, not even a key: a buffer is no state.
  ///
  /// - Parameters:
  ///   - value: the buffer.
  ///   - key: its key.
  /// - Throws: nothing.
  public mutating func encode<Value>(_ value: Scratch<Value>, forKey key: Key) throws {}
}

extension KeyedDecodingContainer {
  /// An empty buffer, whatever is there.
  ///
  /// - Parameters:
  ///   - type: the buffer's type.
  ///   - key: its key.
  /// - Returns: the empty buffer.
  /// - Throws: nothing.
  public func decode<Value>(_ type: Scratch<Value>.Type, forKey key: Key) throws -> Scratch<Value> {
    Scratch(wrappedValue: Value())
  }
}

/// A buffer of any type, as `Mirror` finds it.
protocol AnyScratch {}

extension Scratch: AnyScratch {}
