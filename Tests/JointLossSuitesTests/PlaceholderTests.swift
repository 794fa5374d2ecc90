import JointLossSuites
import Testing
