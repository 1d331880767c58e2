namespace Cotangent

/// Functions of square matrices: not of their elements.
[<AutoOpen>]
module MatrixPowers =
    /// Of a complex matrix the function of the real one of twice the size, which has its eigenvalues and their conjugates.
    let private ofMatrix (f: MatrixFunction) (a: Tensor) : Tensor =
        let real = Bind.one (Primitive.OfMatrix f)

        if a.DType.IsComplex then
            ComplexMatrices.ofReal (real [| ComplexMatrices.toReal a |])
        else
            real [| a |]

    /// <summary>
    /// The power of a square matrix, or of each of a batch, by repeated squaring: (…, n, n) to (…, n, n). The power 0 is the identity; negative
    /// ones are those of the inverse.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The exponent is negative and a matrix singular.</exception>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// matrixPower 10 (tensor [ [ 1.0; 1.0 ]; [ 1.0; 0.0 ] ]) // Fibonacci: [[89, 55], [55, 34]]
    /// </code></example>
    let matrixPower (exponent: int) (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "matrixPower" "a" a

        let rec go (square: Tensor) (n: int64) (product: Tensor voption) =
            let product =
                if n % 2L = 0L then
                    product
                else
                    match product with
                    | ValueNone -> ValueSome square
                    | ValueSome product -> ValueSome(matmul product square)

            if n <= 1L then product else go (matmul square square) (n / 2L) product

        let start = if exponent < 0 then inv a else a

        match go start (abs (int64 exponent)) ValueNone with
        | ValueSome product -> product
        | ValueNone -> Operands.expandTo a.Dims ((Tensor.onesLike a).Tril().Triu())

    /// <summary>
    /// The exponential of a square matrix, 1 + a + a²/2 + a³/6 + …, or of each of a batch: (…, n, n) to (…, n, n). By scaling and squaring
    /// (Higham 2005); the derivative is exact, of any order.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// matrixExp (tensor [ [ 0.0; 1.0 ]; [ 0.0; 0.0 ] ]) // [[1, 1], [0, 1]]
    /// </code></example>
    let matrixExp (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "matrixExp" "a" a
        ofMatrix MatrixFunction.Exp a

    /// <summary>
    /// The principal square root of a square matrix, or of each of a batch: (…, n, n) to (…, n, n). Of symmetric ones by their eigenvalues,
    /// which may be 0, but not where a derivative is asked for; of others by Denman's and Beavers's iteration.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">An eigenvalue is a negative number, or 0 and the matrix not symmetric.</exception>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// matrixSqrt (tensor [ [ 4.0; 0.0 ]; [ 0.0; 9.0 ] ]) // [[2, 0], [0, 3]]
    /// </code></example>
    let matrixSqrt (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "matrixSqrt" "a" a
        ofMatrix MatrixFunction.Sqrt a

    /// <summary>
    /// The principal logarithm of a square matrix, or of each of a batch: (…, n, n) to (…, n, n); its exponential is the matrix.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">An eigenvalue is 0 or a negative number.</exception>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// matrixLog (tensor [ [ 1.0; 1.0 ]; [ 0.0; 1.0 ] ]) // [[0, 1], [0, 0]]
    /// </code></example>
    let matrixLog (a: Tensor) : Tensor =
        Matrix.requireSquareNumbers "matrixLog" "a" a
        ofMatrix MatrixFunction.Log a
