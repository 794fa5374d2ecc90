/// Ends the program with a message where shapes do not fit.
///
/// `precondition` would do the same, but an optimized build leaves out its message.
@usableFromInline
func requireShape(_ holds: Bool, _ message: @autoclosure () -> String) {
  guard holds else { fatalError(message()) }
}
