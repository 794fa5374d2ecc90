// Rules that draw at random draw from a stream: whoever imports this module alone can name it, and use all that
// it has under `MemberImportVisibility` too, which a type alias would not give. Nothing else is passed on.
@_exported public import struct JointLossLinearAlgebra.PhiloxStream
