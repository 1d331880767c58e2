namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Eigenvalues of any square matrices, and what is made of them.
[<AutoOpen>]
module Eigenvalues =
    let private decompose (operation: string) (a: Tensor) =
        Matrix.requireSquareNumbers operation "a" a
        Bind.apply Primitive.Eig [| a |]

    /// <summary>
    /// The eigenvalues of a square matrix, or of each of a batch, and its eigenvectors as columns: (…, n, n) to (…, n) and
    /// (…, n, n), both complex, also of real matrices. By rising real parts, then by imaginary ones. A vector has length 1, and its
    /// first element that is at least half as large as its largest is real and positive. By Hessenberg matrices and shifted QR
    /// steps. Where eigenvalues are equal, the vectors have no derivative; where there are fewer than n independent vectors,
    /// nothing has. Of symmetric and Hermitian matrices <c>eigh</c> is faster and more exact.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// let values, vectors = eig (tensor [ [ 0.0; -1.0 ]; [ 1.0; 0.0 ] ])
    /// imag values // [-1, 1]
    /// </code></example>
    let eig (a: Tensor) : Tensor * Tensor =
        let results = decompose "eig" a
        results[0], results[1]

    /// <summary>
    /// The eigenvalues of a square matrix, or of each of a batch, complex, by rising real parts, then by imaginary ones: (…, n, n)
    /// to (…, n). NumPy's <c>eigvals</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">It is not square, or there are fewer than two axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// real (eigenvalues (tensor [ [ 2.0; 7.0 ]; [ 0.0; 1.0 ] ])) // [1, 2]
    /// </code></example>
    let eigenvalues (a: Tensor) : Tensor = (decompose "eigenvalues" a)[0]

    /// <summary>
    /// The complex roots of a polynomial, or of each of a batch, given by its coefficients, that of the highest power first:
    /// (…, n + 1) to (…, n), by rising real parts, then by imaginary ones. These are the eigenvalues of its companion matrix, and
    /// have derivatives where they are different. The first coefficient must not be 0. NumPy's <c>roots</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are fewer than two coefficients.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is neither floating-point nor complex.</exception>
    /// <example><code>
    /// real (roots (tensor [ 1.0; -3.0; 2.0 ])) // [1, 2]
    /// </code></example>
    let roots (coefficients: Tensor) : Tensor =
        let operation = "roots"
        Given.check "coefficients" coefficients
        Matrix.requireNumber operation coefficients
        let last = coefficients.Rank - 1

        if last < 0 || coefficients.Dims[last] < 2 then
            raise (
                ShapeException
                    $"{operation}: coefficients of shape {Shape.show coefficients.Dims}; two or more are needed along the last axis, that of the highest power first."
            )

        let n = coefficients.Dims[last] - 1
        let batch = coefficients.Dims[.. last - 1]
        let highest = sliceAxis last 0 1 coefficients
        let row = (-(sliceAxis last 1 n coefficients) / highest).Unsqueeze -2
        let full value shape = Bind.full (Literal.Real value) coefficients.DType shape coefficients.Device
        let shifted = (full 1.0 (Array.append batch [| n; n |])).Tril().Triu()
        (decompose operation (concat -2 [ row; sliceAxis last 0 (n - 1) shifted ]))[0]
