namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Products of matrices and vectors, and decompositions.
[<AutoOpen>]
module LinearAlgebra =
    let private misfit (a: Tensor) (b: Tensor) reason =
        raise (
            ShapeException
                $"matmul: {Shape.show a.Dims} times {Shape.show b.Dims}: {reason}. A product needs (…, m, k) and (…, k, n); `.T` transposes the last two axes."
        )

    /// <summary>
    /// The matrix product over the last two axes; leading axes broadcast. A vector on the left is a row, on the right a
    /// column, and its axis is dropped from the result, as in NumPy.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The inner sizes differ, leading axes do not broadcast, or one is a scalar.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are Bool.</exception>
    /// <example><code>
    /// matmul (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]) (tensor [ 3.0; 4.0 ]) // [11, 25]
    /// </code></example>
    let matmul (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b
        Operands.sameDType "matmul" a b

        if a.DType = DType.Bool then
            raise (
                DTypeException
                    $"matmul is not defined on Bool, got {Shape.show a.Dims} and {Shape.show b.Dims}; convert to Int32 or a float first."
            )

        if a.Rank = 0 || b.Rank = 0 then misfit a b "a scalar is no matrix; multiply with *"

        let a2 = if a.Rank = 1 then a.Unsqueeze 0 else a
        let b2 = if b.Rank = 1 then b.Unsqueeze 1 else b
        let da, db = a2.Dims, b2.Dims
        let ra, rb = da.Length, db.Length

        if da[ra - 1] <> db[rb - 2] then
            misfit a b $"the inner sizes {da[ra - 1]} and {db[rb - 2]} differ"

        let product =
            if ra = 2 && rb = 2 then
                Shape.requireRoom "matmul" [| da[0]; db[1] |]
                Bind.one Primitive.MatMul [| a2; b2 |]
            elif rb = 2 && ra > 2 then
                // One matrix on the right of a batch: a single tall product.
                Shape.requireRoom "matmul" (Array.append da[.. ra - 2] [| db[1] |])
                let tall = a2.Reshape [| Shape.count da[.. ra - 2]; da[ra - 1] |]

                (Bind.one Primitive.MatMul [| tall; b2 |]).Reshape(Array.append da[.. ra - 2] [| db[1] |])
            else
                let batch = Shape.broadcast "matmul (leading axes)" da[.. ra - 3] db[.. rb - 3]

                Shape.requireRoom "matmul" (Array.append batch [| da[ra - 2]; db[rb - 1] |])

                Bind.one Primitive.MatMul [|
                    Operands.expandTo (Array.append batch da[ra - 2 ..]) a2
                    Operands.expandTo (Array.append batch db[rb - 2 ..]) b2
                |]

        if a.Rank = 1 && b.Rank = 1 then product.Reshape(product.Dims[.. product.Rank - 3])
        elif a.Rank = 1 then product.Squeeze -2
        elif b.Rank = 1 then product.Squeeze -1
        else product

    /// <summary>The sum of products of two vectors of one length.</summary>
    /// <exception cref="T:Cotangent.ShapeException">They are not two vectors of one length.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// dot (tensor [ 1; 2; 3 ]) (tensor [ 4; 5; 6 ]) // 32
    /// </code></example>
    let dot (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b

        if a.Rank <> 1 || not (Shape.equal a.Dims b.Dims) then
            raise (
                ShapeException
                    $"dot: {Shape.show a.Dims} and {Shape.show b.Dims}; two vectors of one length are needed. Use `matmul`, or multiply and sum."
            )

        Operands.sameDType "dot" a b

        if a.DType = DType.Bool then
            raise (DTypeException "dot is not defined on Bool; convert to Int32 or a float first.")

        matmul a b

    /// <summary>Every product of an element of one vector with one of another: shape (m, n).</summary>
    /// <exception cref="T:Cotangent.ShapeException">One is not a vector.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// outer (tensor [ 1; 2 ]) (tensor [ 3; 4; 5 ]) // [[3, 4, 5], [6, 8, 10]]
    /// </code></example>
    let outer (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b

        if a.Rank <> 1 || b.Rank <> 1 then
            raise (
                ShapeException
                    $"outer: {Shape.show a.Dims} and {Shape.show b.Dims}; two vectors are needed. Use `Flatten` first, or broadcast with `Unsqueeze` and `*`."
            )

        Operands.sameDType "outer" a b
        Operands.binaryOf "outer" Binary.Multiply (a.Unsqueeze 1) (b.Unsqueeze 0)

    let private requireMatrix (operation: string) (t: Tensor) =
        if t.Rank < 2 then
            raise (
                ShapeException
                    $"{operation}: shape {Shape.show t.Dims} has fewer than two axes; a matrix or a batch of them is needed. `Tensor.diag` makes one of a vector."
            )

    let private triangle (operation: string) (offset: int) lower (t: Tensor) : Tensor =
        requireMatrix operation t
        let iota n = Bind.create (Primitive.Iota(DType.Int32, n)) t.Device
        // Diagonals beyond the corners are all alike, and positions on them would overflow.
        let offset = offset |> max -t.Dims[t.Rank - 2] |> min t.Dims[t.Rank - 1]
        let rows = (iota t.Dims[t.Rank - 2] + offset).Unsqueeze 1
        let columns = iota t.Dims[t.Rank - 1]
        let inside = if lower then columns.LessEqual rows else columns.GreaterEqual rows
        where inside t (Tensor.zerosLike t)

    type Tensor with

        /// <summary>The matrix product, as <c>matmul</c>.</summary>
        /// <example><code>
        /// (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).MatMul(tensor [ 1.0; 10.0 ]) // [21, 43]
        /// </code></example>
        [<CompiledName "MatMul">]
        member a.MatMul(b: Tensor) : Tensor =
            Given.check "b" b
            matmul a b

        /// <summary>
        /// The diagonal of a matrix, or of each matrix in a batch; with an offset, so many places above it (below, if
        /// negative). Shape (…, m, n) to (…, length of the diagonal).
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Diagonal() // [1, 4]
        /// </code></example>
        [<CompiledName "Diagonal">]
        member t.Diagonal(?offset: int) : Tensor =
            requireMatrix "diagonal" t
            let offset = defaultArg offset 0
            let last = t.Rank - 2
            let m, n = t.Dims[last], t.Dims[last + 1]
            let count = max 0 (if offset >= 0 then min m (n - offset) else min (m + offset) n)
            let first = if offset >= 0 then offset else -offset * n
            let flat = t.Reshape(Array.append t.Dims[.. last - 1] [| m * n |])
            let along value other = Array.init flat.Rank (fun i -> if i = last then value else other i)

            // In row-major order the elements of the diagonal are n + 1 apart.
            Bind.one
                (Primitive.Slice {
                    Full = flat.Dims
                    Start = along (if count = 0 then 0 else first) (fun _ -> 0)
                    Count = along count (fun i -> flat.Dims[i])
                    Step = along (n + 1) (fun _ -> 1)
                })
                [| flat |]

        /// <summary>
        /// The matrix, or each matrix of a batch, with zeros above the diagonal; with an offset, above the diagonal so
        /// many places higher.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
        /// <example><code>
        /// (Tensor.ones DType.Float32 [ 3; 3 ]).Tril() // a causal mask: [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
        /// </code></example>
        [<CompiledName "Tril">]
        member t.Tril(?offset: int) : Tensor = triangle "tril" (defaultArg offset 0) true t

        /// <summary>
        /// The matrix, or each matrix of a batch, with zeros below the diagonal; with an offset, below the diagonal so
        /// many places higher.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
        /// <example><code>
        /// (Tensor.ones DType.Float32 [ 3; 3 ]).Triu 1 // [[0, 1, 1], [0, 0, 1], [0, 0, 0]]
        /// </code></example>
        [<CompiledName "Triu">]
        member t.Triu(?offset: int) : Tensor = triangle "triu" (defaultArg offset 0) false t

    /// <summary>The sum of the diagonal of a matrix, or of each matrix in a batch: shape (…, n, n) to (…).</summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <example><code>
    /// trace (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]) // 5
    /// </code></example>
    let trace (t: Tensor) : Tensor =
        Given.check "t" t
        requireMatrix "trace" t
        let diagonal = t.Diagonal()
        Bind.one (Primitive.Reduce(Reduction.Sum, [| diagonal.Rank - 1 |])) [| diagonal |]

    // ---- Decompositions ----

    let private requireFloats (operation: string) (t: Tensor) =
        requireMatrix operation t

        if not t.DType.IsFloat then
            raise (DTypeException $"{operation} is not defined on {t.DType}; {DTypes.orFloat64 t.DType}")

    /// <summary>
    /// A matrix as the product of q, whose columns are orthonormal, and r, which is upper triangular: (…, m, n) to (…, m, k)
    /// and (…, k, n), where k is the smaller of m and n. Nothing on the diagonal of r is negative, so that both are the only
    /// ones where the columns (of a wide matrix the first m) are independent; elsewhere they have no derivative.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// let q, r = qr (tensor [ [ 3.0; 0.0 ]; [ 4.0; 5.0 ] ])
    /// r // [[5, 4], [0, 3]]
    /// </code></example>
    let qr (a: Tensor) : Tensor * Tensor =
        Given.check "a" a
        requireFloats "qr" a
        let results = Bind.apply Primitive.Qr [| a |]
        results[0], results[1]

    /// <summary>
    /// The eigenvalues of a symmetric matrix, or of each of a batch, in rising order, and its eigenvectors, which are
    /// orthonormal, as columns: (…, n, n) to (…, n) and (…, n, n). Of a matrix that is not symmetric, those of
    /// (a + aᵀ)/2. A vector's sign is such that its first element that is at least half as large as its largest is
    /// positive. Where eigenvalues are equal, they have derivatives, but the vectors have none.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// let values, vectors = eigh (tensor [ [ 2.0; 1.0 ]; [ 1.0; 2.0 ] ])
    /// values // [1, 3]
    /// </code></example>
    let eigh (a: Tensor) : Tensor * Tensor =
        Given.check "a" a
        requireFloats "eigh" a

        if a.Dims[a.Rank - 1] <> a.Dims[a.Rank - 2] then
            raise (
                ShapeException
                    $"eigh: shape {Shape.show a.Dims} is not square; only square matrices have eigenvalues. `qr` takes others."
            )

        let results = Bind.apply Primitive.Eigh [| a |]
        results[0], results[1]
