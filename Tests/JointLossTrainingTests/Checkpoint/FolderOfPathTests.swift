import JointLossTraining
import Testing

@Suite struct FolderOfPathTests {
  @Test(arguments: [
    ("S", "."), ("é", "."), (".", "."), ("a/b", "a"), ("/a", "/"), ("x/", "x"), ("/a/b", "/a"), ("", "."),
  ])
  func `A path of any length has a folder`(path: String, folder: String) {
    #expect(AtomicFile.folder(of: path) == folder)
  }
}
