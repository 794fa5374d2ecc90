/// What a study that is running tells its caller, one event at a time.
public enum StudyEvent: Sendable {
  /// Something that the user should know, a sentence.
  case notice(String)
  /// A damaged record was set aside; its run is done again.
  case damaged(StudyError)
  /// The runs begin: how many the study has, and how many of them are complete from before.
  case begun(total: Int, reused: Int)
  /// A run ended: its specification and status, and how many of all are complete now.
  case finished(RunSpecification, status: RunRecord.Footer.Status, done: Int, total: Int)
}
