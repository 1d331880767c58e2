namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Matrices made of vectors and of other matrices, and products over chosen axes.
[<AutoOpen>]
module StructuredMatrices =
    let private requireNumbers (operation: string) (t: Tensor) =
        if t.DType = DType.Bool then
            raise (DTypeException $"{operation} is not defined on Bool; convert to Int32 or a float first.")

    /// <summary>
    /// Kronecker's product: of matrices (m, n) and (p, q) a matrix (m p, n q) of blocks, each the second times an element of the
    /// first. Of any two tensors; the one of fewer axes gets leading ones of size 1, as in NumPy.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// kron (tensor [ [ 1; 2 ] ]) (tensor [ [ 1 ]; [ 10 ] ]) // [[1, 2], [10, 20]]
    /// </code></example>
    let kron (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b
        Operands.sameDType "kron" a b
        requireNumbers "kron" a
        let rank = max a.Rank b.Rank
        let aligned (t: Tensor) = Array.append (Array.replicate (rank - t.Rank) 1) t.Dims
        let da, db = aligned a, aligned b
        // Each axis of a before that of b, which has size 1 there.
        let paired isFirst (dims: int[]) =
            Array.init (2 * rank) (fun i -> if (i % 2 = 0) = isFirst then dims[i / 2] else 1)

        let product =
            Operands.binaryOf "kron" Binary.Multiply (a.Reshape(paired true da)) (b.Reshape(paired false db))

        product.Reshape(Shape.sized "kron" (Array.map2 (fun m p -> int64 m * int64 p) da db))

    /// <summary>
    /// The cross product of vectors of three elements along the last axis; the axes before it broadcast.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of one is not of size 3.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// cross (tensor [ 1.0; 0.0; 0.0 ]) (tensor [ 0.0; 1.0; 0.0 ]) // [0, 0, 1]
    /// </code></example>
    let cross (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b
        Operands.sameDType "cross" a b
        requireNumbers "cross" a

        for t in [| a; b |] do
            if t.Rank = 0 || t.Dims[t.Rank - 1] <> 3 then
                raise (
                    ShapeException
                        $"cross: {Shape.show a.Dims} and {Shape.show b.Dims}; vectors of three elements along the last axis are needed. `MoveAxis` brings another axis there."
                )

        let turned first (t: Tensor) =
            let at i = sliceAxis (t.Rank - 1) (i % 3) 1 t
            concat -1 [ at first; at (first + 1); at (first + 2) ]

        let times x y = Operands.binaryOf "cross" Binary.Multiply x y
        times (turned 1 a) (turned 2 b) - times (turned 2 a) (turned 1 b)

    /// <summary>
    /// Vandermonde's matrix of a vector: row i holds the powers 0, 1, …, count - 1 of element i, rising: (n,) to (n, count). NumPy's
    /// has falling ones unless told otherwise: <c>.Flip 1</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not a vector.</exception>
    /// <exception cref="T:Cotangent.ValueException">The count is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// vander 3 (tensor [ 2.0; 3.0 ]) // [[1, 2, 4], [1, 3, 9]]
    /// </code></example>
    let vander (count: int) (x: Tensor) : Tensor =
        Given.check "x" x
        requireNumbers "vander" x

        if x.Rank <> 1 then
            raise (ShapeException $"vander: shape {Shape.show x.Dims} is not a vector; `Flatten` makes one.")

        if count < 0 then raise (ValueException $"vander: {count} powers; 0 or more are needed.")

        if count = 0 then
            Bind.full (Literal.Real 0.0) x.DType [| x.Dims[0]; 0 |] x.Device
        else
            let powers = Array.zeroCreate<Tensor> count
            powers[0] <- Tensor.onesLike x

            for k in 1 .. count - 1 do
                powers[k] <- if k = 1 then x else Operands.binaryOf "vander" Binary.Multiply powers[k - 1] x

            stack 1 powers

    /// <summary>
    /// Toeplitz's matrix of a first column (m,) and a first row (n,), each diagonal of which holds one number: (m, n). The corner is the
    /// column's first element; that of the row is not read.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">They are not vectors, or the column is empty.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// toeplitz (tensor [ 1; 2; 3 ]) (tensor [ 1; 8; 9 ]) // [[1, 8, 9], [2, 1, 8], [3, 2, 1]]
    /// </code></example>
    let toeplitz (column: Tensor) (row: Tensor) : Tensor =
        Given.check "column" column
        Given.check "row" row
        Operands.sameDType "toeplitz" column row

        if column.Rank <> 1 || row.Rank <> 1 || column.Dims[0] = 0 || row.Dims[0] = 0 then
            raise (
                ShapeException
                    $"toeplitz: a column {Shape.show column.Dims} and a row {Shape.show row.Dims}; two vectors of at least one element are needed."
            )

        let m, n = column.Dims[0], row.Dims[0]
        // From the last of the row over the corner to the last of the column; row i begins so that the corner moves along.
        let all = concat 0 [ (sliceAxis 0 1 (n - 1) row).Flip 0; column ]
        let iota k = Bind.create (Primitive.Iota(DType.Int32, k)) column.Device
        let places = (iota m).Unsqueeze 1 - iota n + (n - 1)
        Bind.one (Primitive.Gather(Finder.Gather, 0, 0)) [| all; places |]

    type Tensor with

        /// <summary>
        /// The sum of products over pairs of axes: the first of <c>axes</c> of this tensor with the first of <c>otherAxes</c> of the other, and so
        /// on. What is left of this one's axes comes first, then what is left of the other's.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">Not as many axes, or their sizes differ.</exception>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or is named twice.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are Bool.</exception>
        /// <example><code>
        /// let a, b = Tensor.ones DType.Float32 [ 2; 3; 4 ], Tensor.ones DType.Float32 [ 4; 5; 3 ]
        /// a.TensorDot(b, [ 1; 2 ], [ 2; 0 ]) // shape (2, 5)
        /// </code></example>
        [<CompiledName "TensorDot">]
        member a.TensorDot(b: Tensor, axes: int seq, otherAxes: int seq) : Tensor =
            Given.check "b" b
            Given.check "axes" axes
            Given.check "otherAxes" otherAxes
            Operands.sameDType "tensorDot" a b
            requireNumbers "tensorDot" a
            let given (t: Tensor) axes = Array.ofSeq axes |> Array.map (Shape.axis "tensorDot" t.Rank)
            let mine, others = given a axes, given b otherAxes
            // Which also refuses one that is named twice.
            Shape.axes "tensorDot" a.Rank mine |> ignore
            Shape.axes "tensorDot" b.Rank others |> ignore
            let sizes (t: Tensor) axes = axes |> Array.map (fun axis -> t.Dims[axis])

            if mine.Length <> others.Length || not (Shape.equal (sizes a mine) (sizes b others)) then
                raise (
                    ShapeException
                        $"tensorDot: axes {Shape.show mine} of {Shape.show a.Dims} and {Shape.show others} of {Shape.show b.Dims}; as many, of equal sizes, are needed."
                )

            let left (t: Tensor) axes = Range.filter t.Rank (fun axis -> not (Array.contains axis axes))

            let ofA, ofB = left a mine, left b others
            let inner = Shape.count (sizes a mine)
            let first = (a.Permute(Array.append ofA mine)).Reshape [| Shape.count (sizes a ofA); inner |]
            let second = (b.Permute(Array.append others ofB)).Reshape [| inner; Shape.count (sizes b ofB) |]
            (matmul first second).Reshape(Array.append (sizes a ofA) (sizes b ofB))
