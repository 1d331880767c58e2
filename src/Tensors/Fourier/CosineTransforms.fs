namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List
open FourierLines

/// <summary>Discrete cosine transforms, as SciPy defines and normalises them.</summary>
[<AutoOpen>]
module CosineTransforms =
    /// exp(sign πi k/2n) for k below count, along an axis of complex numbers.
    let private quarterTurns sign n count axis (like: Tensor) : Tensor =
        let angle =
            Bind.create (Primitive.Iota(DType.Float64, count)) like.Device
            * (sign * System.Math.PI / (2.0 * float n))

        let shape = like.Dims |> Array.mapi (fun i _ -> if i = axis then count else 1)
        ((complex (cos angle) (sin angle)).Convert like.DType).Reshape shape

    /// Every second number, from one on.
    let private everySecond axis first (x: Tensor) : Tensor =
        let region = {
            Full = x.Dims
            Start = Array.init x.Rank (fun i -> if i = axis then first else 0)
            Count = x.Dims |> Array.mapi (fun i n -> if i = axis then (n - first + 1) / 2 else n)
            Step = Array.init x.Rank (fun i -> if i = axis then 2 else 1)
        }

        if region.Count[axis] = 0 then
            sliceAxis axis 0 0 x
        else
            Bind.one (Primitive.Slice region) [| x |]

    /// One number at place 0 along an axis, another elsewhere.
    let private weights first others n axis (like: Tensor) : Tensor =
        let isFirst = (Bind.create (Primitive.Iota(DType.Int32, n)) like.Device).Equal 0.0
        let everywhere (x: float) = Bind.full (Literal.Real x) like.DType [| n |] like.Device
        let factors = where isFirst (everywhere first) (everywhere others)
        factors.Reshape(like.Dims |> Array.mapi (fun i _ -> if i = axis then n else 1))

    /// y_k = 2 Σ_j x_j cos(πk(2j + 1)/2n), by a Fourier transform of the same length: of the even numbers, and then the odd
    /// ones in reverse (J. Makhoul, "A fast cosine transform in one and two dimensions", 1980).
    let private second (operation: string) axis (x: Tensor) : Tensor =
        let n = x.Dims[axis]
        let sorted = concat axis [ everySecond axis 0 x; (everySecond axis 1 x).Flip axis ]
        let spectrum = complexAlong operation false axis None FourierNorm.Backward sorted
        real (spectrum * quarterTurns -1.0 n n axis spectrum) * 2.0

    /// y_k = x_0 + 2 Σ_(j>0) x_j cos(πj(2k + 1)/2n), which undoes the second one but for a factor 2n.
    let private third (operation: string) axis (x: Tensor) : Tensor =
        let n = x.Dims[axis]
        let half = n / 2 + 1
        // x_(n - k), where x_n is 0.
        let ends =
            concat axis [ Tensor.zerosLike (sliceAxis axis 0 1 x); (sliceAxis axis 1 (n - 1) x).Flip axis ]

        let first = sliceAxis axis 0 half
        let pairs = complex (first x) -(first ends)
        let spectrum = pairs * quarterTurns 1.0 n half axis pairs
        // Forward: without a factor.
        let sorted = inverseRealAlong operation axis (Some n) FourierNorm.Forward spectrum
        let evens = (n + 1) / 2
        let even, odd = sliceAxis axis 0 evens sorted, (sliceAxis axis evens (n - evens) sorted).Flip axis

        // One of each in turn; of an odd number an even one is left.
        let paired = stack (axis + 1) [ sliceAxis axis 0 (n / 2) even; odd ]
        let merged = paired.Reshape(Array.updateAt axis (2 * (n / 2)) x.Dims)
        if n % 2 = 0 then merged else concat axis [ merged; sliceAxis axis (evens - 1) 1 even ]

    let private transform (operation: string) isInverse axis kind isOrthonormal (x: Tensor) : Tensor =
        let axis = axisOf operation axis x
        requireParts operation x
        let n = x.Dims[axis]
        let kind = defaultArg kind 2

        if kind <> 2 && kind <> 3 then
            raise (ValueException $"{operation}: kind {kind}; there are 2 and 3.")

        if n < 1 then
            raise (
                ShapeException
                    $"{operation}: no numbers along axis {axis} of {Shape.show x.Dims}; at least 1 is needed."
            )

        let isSecond = (kind = 2) <> isInverse

        if defaultArg isOrthonormal false then
            let n' = float n

            if isSecond then
                second operation axis x * weights (sqrt (0.25 / n')) (sqrt (0.5 / n')) n axis x
            else
                third operation axis (x * weights (sqrt (1.0 / n')) (sqrt (0.5 / n')) n axis x)
        else
            let y = if isSecond then second operation axis x else third operation axis x
            if isInverse then y / (2.0 * float n) else y

    type Tensor with

        /// <summary>
        /// The cosine transform along an axis, the last by default. Kind 2 is y_k = 2 Σ_j x_j cos(πk(2j + 1)/2n), of which sounds
        /// and pictures are compressed; kind 3 is y_k = x_0 + 2 Σ_(j>0) x_j cos(πj(2k + 1)/2n). An orthonormal one keeps lengths, and then each of the
        /// two kinds is the other's inverse.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The numbers are not Float32 or Float64.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
        /// <exception cref="T:Cotangent.ValueException">The kind is neither 2 nor 3.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 1.0 ]).Dct() // [4, 0]
        /// (tensor [ 3.0; 4.0 ]).Dct(orthonormal = true) // [4.9497, -0.7071]
        /// </code></example>
        [<CompiledName "Dct">]
        member x.Dct(?axis: int, ?kind: int, ?orthonormal: bool) : Tensor =
            transform "dct" false axis kind orthonormal x

        /// <summary>The inverse of the cosine transform of the same kind, along an axis, the last by default.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The numbers are not Float32 or Float64.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.ShapeException">There is no number along the axis, or no axis.</exception>
        /// <exception cref="T:Cotangent.ValueException">The kind is neither 2 nor 3.</exception>
        /// <example><code>
        /// (tensor [ 1.0; 2.0; 4.0 ]).Dct().Idct() // [1, 2, 4]
        /// </code></example>
        [<CompiledName "Idct">]
        member x.Idct(?axis: int, ?kind: int, ?orthonormal: bool) : Tensor =
            transform "idct" true axis kind orthonormal x
