namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What the derivatives of eigenvectors and of singular vectors, real and complex, are made of.
module internal Vectors =
    let product a b = Bind.one Primitive.MatMul [| a; b |]
    let private part f (z: Tensor) = Bind.one (Primitive.OfComplex f) [| z |]
    let join (x: Tensor) (y: Tensor) = Bind.one Primitive.Complex [| x; y |]
    let private zerosOf (t: Tensor) = Bind.full (Literal.Real 0.0) t.DType t.Dims t.Device
    let ofReal (x: Tensor) = join x (zerosOf x)
    let ofImaginary (y: Tensor) = join (zerosOf y) y

    /// The conjugate; a real tensor as it is.
    let conj (t: Tensor) = if t.DType.IsComplex then Bind.one Primitive.Conjugate [| t |] else t

    let realPart (t: Tensor) = if t.DType.IsComplex then part ComplexFunction.Real t else t
    let imaginaryPart (z: Tensor) = part ComplexFunction.Imaginary z

    /// A real tensor in the dtype of another.
    let alike (t: Tensor) (x: Tensor) = if t.DType.IsComplex then ofReal x else x

    let sum (terms: Tensor voption list) = terms |> List.choose ValueOption.toOption |> List.reduce (+)

    let identityLike (t: Tensor) = ((Bind.full (Literal.Real 1.0) t.DType t.Dims t.Device).Tril()).Triu()

    let sumOfColumns (t: Tensor) = t.Sum([ -2 ], keepDims = true)

    /// The first element of each column that is at least half as large as the largest, 1, and 0 elsewhere: it is real and positive.
    let pivots (v: Tensor) : Tensor =
        let sizes = part ComplexFunction.Modulus (Bind.detach v)
        let isLarge = sizes.GreaterEqual(sizes.Max([ -2 ], keepDims = true) * 0.5)
        let first = (isLarge.Convert DType.Int32).ArgMax(-2, keepDims = true)
        let n = v.Dims[v.Rank - 2]
        let rows = (Bind.create (Primitive.Iota(DType.Int32, n)) v.Device).Reshape [| n; 1 |]
        (rows.Equal(first.Convert DType.Int32)).Convert sizes.DType
