namespace Cotangent

/// Shape and dtype of a value that need not exist yet.
[<NoComparison; NoEquality>]
type internal Signature = { Shape: int[]; DType: DType }
