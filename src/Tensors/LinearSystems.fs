namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// What decompositions ask of matrices.
module internal Matrix =
    /// Floats or complex numbers.
    let requireNumber (operation: string) (t: Tensor) =
        if not t.DType.IsFloat && not t.DType.IsComplex then
            raise (DTypeException $"{operation} is not defined on {t.DType}; {DTypes.orFloat64 t.DType}")

    let private requireMatrix (operation: string) (name: string) (t: Tensor) =
        Given.check name t

        if t.Rank < 2 then
            raise (
                ShapeException
                    $"{operation}: shape {Shape.show t.Dims} has fewer than two axes; a matrix or a batch of them is needed."
            )

    let require (operation: string) (name: string) (t: Tensor) =
        requireMatrix operation name t

        if not t.DType.IsFloat then
            raise (DTypeException $"{operation} is not defined on {t.DType}; {DTypes.orFloat64 t.DType}")

    let requireNumbers (operation: string) (name: string) (t: Tensor) =
        requireMatrix operation name t
        requireNumber operation t

    let private requireEqualSides (operation: string) (t: Tensor) =
        if t.Dims[t.Rank - 1] <> t.Dims[t.Rank - 2] then
            raise (
                ShapeException
                    $"{operation}: shape {Shape.show t.Dims} is not square; a square matrix or a batch of them is needed."
            )

    let requireSquare (operation: string) (name: string) (t: Tensor) =
        require operation name t
        requireEqualSides operation t

    let requireSquareNumbers (operation: string) (name: string) (t: Tensor) =
        requireNumbers operation name t
        requireEqualSides operation t

    /// A system's matrix (…, m, n) and right sides (…, m, k), their leading axes broadcast; a vector is a single column, and so is
    /// what `solve` makes of it.
    let system (operation: string) (a: Tensor) (b: Tensor) (solve: Tensor -> Tensor -> Tensor) : Tensor =
        Given.check "b" b
        Operands.sameDType operation a b

        if b.Rank = 0 then
            raise (
                ShapeException
                    $"{operation}: the right side is a scalar; a vector (m,) or columns (…, m, k) are needed."
            )

        let isVector = (b.Rank = 1)
        let columns = if isVector then b.Unsqueeze 1 else b
        let rows = a.Dims[a.Rank - 2]

        if columns.Dims[columns.Rank - 2] <> rows then
            raise (
                ShapeException
                    $"{operation}: a matrix of {rows} rows, {Shape.show a.Dims}, and a right side {Shape.show b.Dims}: it must have as many, as a vector (m,) or as columns (…, m, k)."
            )

        let batch =
            Shape.broadcast
                $"{operation} (leading axes)"
                a.Dims[.. a.Rank - 3]
                columns.Dims[.. columns.Rank - 3]

        let whole (t: Tensor) = Operands.expandTo (Array.append batch t.Dims[t.Rank - 2 ..]) t
        let x = solve (whole a) (whole columns)
        if isVector then x.Squeeze -1 else x

/// Systems of linear equations, determinants, and the decompositions that solve them.
[<AutoOpen>]
module LinearSystems =
    /// <summary>
    /// The lower triangular l, with a positive diagonal, of which a symmetric, or complex and Hermitian, positive definite matrix is
    /// l lᴴ: (…, n, n) to (…, n, n). Of a matrix that is not symmetric, that of (a + aᴴ)/2.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A matrix is not positive definite: the message says which of a batch.</exception>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// cholesky (tensor [ [ 4.0; 2.0 ]; [ 2.0; 5.0 ] ]) // [[2, 0], [1, 2]]
    /// </code></example>
    let cholesky (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "cholesky" "a" a

        if a.DType.IsComplex then
            ComplexMatrices.ofReal (Bind.one Primitive.Cholesky [| ComplexMatrices.toReal a |])
        else
            Bind.one Primitive.Cholesky [| a |]

    /// <summary>
    /// The LU decomposition with partial pivoting: the order of the rows (Int32, (…, m)), l (…, m, k), lower triangular with ones
    /// on its diagonal, and u (…, k, n), upper triangular, so that the rows of a (…, m, n) in that order are l u; k is the
    /// smaller of m and n. Where the matrix is singular, u has a 0 on its diagonal.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// let order, l, u = lu (tensor [ [ 1.0; 2.0 ]; [ 4.0; 4.0 ] ])
    /// order // [1, 0]
    /// u // [[4, 4], [0, 1]]
    /// </code></example>
    let lu (a: Tensor) : Tensor * Tensor * Tensor =
        Matrix.requireNumbers "lu" "a" a
        let parts = Bind.apply Primitive.Lu [| a |]
        let packed = parts[0]
        let m, n = packed.Dims[packed.Rank - 2], packed.Dims[packed.Rank - 1]
        let k = min m n
        let left = sliceAxis (packed.Rank - 1) 0 k packed
        let ones = (Tensor.onesLike left).Tril().Triu()
        parts[1], left.Tril -1 + ones, sliceAxis (packed.Rank - 2) 0 k (packed.Triu())

    type Tensor with

        /// <summary>
        /// x with a x = b, where a (…, n, n) is triangular: lower unless <c>upper</c>; nothing of the other triangle is read. With
        /// <c>transpose</c>, aᵀ x = b; with <c>unitDiagonal</c> the diagonal is taken for ones. b is (n,) or (…, n, k), leading axes
        /// broadcast. A 0 on the diagonal makes infinities or NaN.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">a is not square, or b does not fit.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are neither floating-point nor complex.</exception>
        /// <example><code>
        /// (tensor [ [ 2.0; 0.0 ]; [ 1.0; 4.0 ] ]).SolveTriangular(tensor [ 2.0; 9.0 ]) // [1, 2]
        /// </code></example>
        [<CompiledName "SolveTriangular">]
        member a.SolveTriangular(b: Tensor, ?upper: bool, ?transpose: bool, ?unitDiagonal: bool) : Tensor =
            Given.check "b" b
            Matrix.requireSquareNumbers "solveTriangular" "a" a
            let upper, transpose = defaultArg upper false, defaultArg transpose false

            Matrix.system "solveTriangular" a b (fun a b ->
                let a =
                    if defaultArg unitDiagonal false then
                        (if upper then a.Triu 1 else a.Tril -1) + (Tensor.onesLike a).Tril().Triu()
                    else
                        a

                let a = if transpose then a.Transpose() else a
                Bind.one (Primitive.TriangularSolve(upper <> transpose)) [| a; b |])

    /// <summary>
    /// x with a x = b, by LU decomposition: a (…, n, n), b a vector (n,) or columns (…, n, k); leading axes broadcast.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A matrix is singular: the message says which of a batch.</exception>
    /// <exception cref="T:Cotangent.ShapeException">a is not square, or b does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are neither floating-point nor complex.</exception>
    /// <example><code>
    /// solve (tensor [ [ 2.0; 1.0 ]; [ 1.0; 3.0 ] ]) (tensor [ 3.0; 5.0 ]) // [0.8, 1.4]
    /// </code></example>
    let solve (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b
        Matrix.requireSquareNumbers "solve" "a" a
        Matrix.system "solve" a b (fun a b -> Bind.one (Primitive.Solve false) [| a; b |])

    /// <summary>
    /// The inverse of a square matrix, or of each of a batch: (…, n, n) to (…, n, n). To solve a system, <c>solve</c> is faster
    /// and more exact.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A matrix is singular: the message says which of a batch.</exception>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// inv (tensor [ [ 2.0; 0.0 ]; [ 0.0; 4.0 ] ]) // [[0.5, 0], [0, 0.25]]
    /// </code></example>
    let inv (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "inv" "a" a
        Bind.one Primitive.Inverse [| a |]

    let private element (a: Tensor) i j =
        let row = sliceAxis (a.Rank - 2) i 1 a
        (sliceAxis (a.Rank - 1) j 1 row).Reshape a.Dims[.. a.Rank - 3]

    /// 1 or -1: of the order of the rows.
    let private parity (dtype: DType) (odd: Tensor) = (1 - 2 * odd).Convert dtype

    /// <summary>
    /// The determinant of a square matrix, or of each of a batch: (…, n, n) to (…). It is 0 where the matrix is singular. Of many
    /// rows it leaves the range of the dtype: <c>slogdet</c> does not.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// det (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]) // -2
    /// </code></example>
    let det (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "det" "a" a
        let at = element a

        match a.Dims[a.Rank - 1] with
        // Of the smallest the sums of products are as exact, and have derivatives where they are 0.
        | 1 -> at 0 0
        | 2 -> at 0 0 * at 1 1 - at 0 1 * at 1 0
        | 3 ->
            let minor j k = at 1 j * at 2 k - at 1 k * at 2 j
            at 0 0 * minor 1 2 - at 0 1 * minor 0 2 + at 0 2 * minor 0 1
        | _ ->
            let parts = Bind.apply Primitive.Lu [| a |]
            parts[0].Diagonal().Prod -1 * parity a.DType parts[2]

    /// <summary>
    /// The sign of the determinant (-1, 0 or 1; of a complex one what it is divided by its modulus) and the logarithm of its size,
    /// which stays in range: (…, n, n) to (…) and (…). Of a singular matrix these are 0 and -∞.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// let sign, logSize = slogdet (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ])
    /// sign // -1
    /// logSize // 0.6931
    /// </code></example>
    let slogdet (a: Tensor) : Tensor * Tensor =
        Matrix.requireSquareNumbers "slogdet" "a" a
        let parts = Bind.apply Primitive.Lu [| a |]
        let diagonal = parts[0].Diagonal()
        let sizes = abs diagonal

        let sign =
            if a.DType.IsComplex then
                let ofReal (x: Tensor) = Bind.one Primitive.Complex [| x; Tensor.zerosLike x |]
                let nonzero = where (sizes.Equal 0.0) (Tensor.onesLike sizes) sizes
                (diagonal / ofReal nonzero).Prod -1
            else
                diagonal.Sign().Prod -1

        sign * parity a.DType parts[2], (log sizes).Sum -1

    /// <summary>log |det a| of a square matrix, or of each of a batch: (…, n, n) to (…). Its gradient is the transposed inverse.</summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// logAbsDet (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]) // 0.6931
    /// </code></example>
    let logAbsDet (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "logAbsDet" "a" a
        snd (slogdet a)
