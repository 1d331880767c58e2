namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>
/// A smooth function with a smooth inverse, and the logarithm of how much it stretches: what densities are changed by. A tree, whose
/// tensors are its parameters. Those there are, are in <c>Bijections</c>; for one's own derive from this.
/// </summary>
[<AbstractClass>]
type Bijection() =
    /// How many axes one argument has: 0 for functions of numbers, which work on each number of a tensor.
    abstract ArgumentRank: int

    /// <summary>The shape of the value, from that of one argument.</summary>
    /// <example><code>
    /// // n (n + 1)/2 numbers fill a triangle.
    /// Bijections.CholeskyFactor.ValueShape [| 3 |] // [2, 2]
    /// </code></example>
    abstract ValueShape: argument: int[] -> int[]
    default _.ValueShape argument = argument

    /// The shape of its parameters, one function for each place: () where there are none.
    abstract BatchShape: int[]

    default _.BatchShape = [||]

    /// <summary>The value.</summary>
    /// <example><code>
    /// Bijections.Exp.Forward(tensor [ 0.0; 1.0 ]) // [1, 2.7183]
    /// </code></example>
    abstract Forward: x: Tensor -> Tensor

    /// <summary>What has this value. NaN or an infinity where nothing has: see <c>IsOutside</c>.</summary>
    /// <example><code>
    /// Bijections.Exp.Inverse(tensor [ 1.0; 2.0 ]) // [0, 0.6931]
    /// </code></example>
    abstract Inverse: y: Tensor -> Tensor

    /// <summary>The logarithm of the absolute determinant of the Jacobian at x, one number for each argument.</summary>
    /// <example><code>
    /// // 3 x + 1 stretches by 3 everywhere.
    /// Bijections.Affine(tensor 1.0, tensor 3.0).LogJacobian(tensor [ 0.0; 5.0 ]) // [1.0986, 1.0986]
    /// </code></example>
    abstract LogJacobian: x: Tensor -> Tensor

    /// <summary>Bool, one for each value: whether y is no value of the function.</summary>
    /// <example><code>
    /// Bijections.Exp.IsOutside(tensor [ 1.0; -1.0 ]) // [false, true]
    /// </code></example>
    abstract IsOutside: y: Tensor -> Tensor

    /// Of a function of numbers: Bool, where it decreases.
    abstract IsDecreasing: Tensor
    default _.IsDecreasing = Tensor.zeros DType.Bool []

/// Functions of numbers.
[<Sealed>]
type internal AffineBijection(shift: Tensor, scale: Tensor) =
    inherit Bijection()
    let batch = Parameters.batch "Bijections.Affine" [ "shift", shift; "scale", scale ]

    let scale =
        Parameters.require "Bijections.Affine" "scale" "a number other than 0" (scale.NotEqual 0.0) scale

    member val Shift: Tensor = Parameters.real "Bijections.Affine" "shift" batch shift
    member val Scale: Tensor = Parameters.real "Bijections.Affine" "scale" batch scale
    override _.ArgumentRank = 0
    override b.Forward x = b.Shift + b.Scale * x
    override b.Inverse y = (y - b.Shift) / b.Scale
    override b.LogJacobian x = log (abs b.Scale) + 0.0 * x
    override _.IsOutside y = y.Less -infinity // nowhere
    override b.BatchShape = b.Scale.Shape
    override b.IsDecreasing = b.Scale.Less 0.0

[<Sealed>]
type internal ExpBijection() =
    inherit Bijection()
    override _.ArgumentRank = 0
    override _.Forward x = exp x
    override _.Inverse y = log y
    override _.LogJacobian x = x
    override _.IsOutside y = y.LessEqual 0.0

[<Sealed>]
type internal SoftplusBijection() =
    inherit Bijection()
    override _.ArgumentRank = 0
    override _.Forward x = softplus x
    // log (eʸ - 1), without overflow.
    override _.Inverse y = y + log -(expm1 -y)
    override _.LogJacobian x = -(softplus -x)
    override _.IsOutside y = y.LessEqual 0.0

[<Sealed>]
type internal SigmoidBijection() =
    inherit Bijection()
    override _.ArgumentRank = 0
    override _.Forward x = sigmoid x
    override _.Inverse y = logit y
    override _.LogJacobian x = -(softplus x) - softplus -x
    override _.IsOutside y = (y.LessEqual 0.0).Or(y.GreaterEqual 1.0)

[<Sealed>]
type internal TanhBijection() =
    inherit Bijection()
    override _.ArgumentRank = 0
    override _.Forward x = tanh x
    override _.Inverse y = atanh y
    // log (1 - tanh² x), which keeps its digits in the tails.
    override _.LogJacobian x = 2.0 * (log 2.0 - x - softplus (-2.0 * x))
    override _.IsOutside y = (y.LessEqual -1.0).Or(y.GreaterEqual 1.0)

/// n(n + 1)/2 numbers, row by row, to a lower triangular matrix whose diagonal is their exponential there.
[<Sealed>]
type internal CholeskyBijection() =
    inherit Bijection()

    static let sizeOf (count: int) =
        let n = int (round ((sqrt (8.0 * float count + 1.0) - 1.0) / 2.0))

        if n * (n + 1) / 2 <> count then
            raise (
                ShapeException
                    $"Bijections.CholeskyFactor: vectors of {count} numbers fill no triangle; n (n + 1)/2 are needed, as 1, 3, 6, 10."
            )

        n

    /// Where each number of the matrix stands among those of the triangle: 0 for those above the diagonal.
    static let places (n: int) =
        Tensor.ofArray [ n * n ] [|
            for i in 0 .. n - 1 do
                for j in 0 .. n - 1 -> if j <= i then i * (i + 1) / 2 + j else 0
        |]

    static let inTriangle (n: int) =
        Tensor.ofArray [ n * (n + 1) / 2 ] [|
            for i in 0 .. n - 1 do
                for j in 0..i -> i * n + j
        |]

    static let diagonalOf (n: int) (x: Tensor) =
        x.Take((Tensor.ofArray [ n ] [| for i in 0 .. n - 1 -> i * (i + 1) / 2 + i |]).To x.Device, -1)

    override _.ArgumentRank = 1

    override _.ValueShape argument =
        let n = sizeOf argument[0]
        [| n; n |]

    override _.Forward x =
        let n = sizeOf x.Shape[x.Rank - 1]
        let shape = Array.append x.Shape[.. x.Rank - 2] [| n; n |]
        let below = (x.Take((places n).To x.Device, -1)).Reshape(shape).Tril -1
        below + Tensor.diag (exp (diagonalOf n x))

    override _.Inverse y =
        let n = y.Shape[y.Rank - 1]
        let diagonal = Tensor.diag (log (y.Diagonal()))
        ((y.Tril -1 + diagonal).Flatten(y.Rank - 2)).Take((inTriangle n).To y.Device, -1)

    override _.LogJacobian x = (diagonalOf (sizeOf x.Shape[x.Rank - 1]) x).Sum -1

    override _.IsOutside y =
        (((y.Triu 1).NotEqual 0.0).Any([ -2; -1 ])).Or((y.Diagonal().LessEqual 0.0).Any -1)

/// n numbers to n + 1 probabilities, by breaking a stick: each number says which part of the rest its probability is.
[<Sealed>]
type internal SimplexBijection() =
    inherit Bijection()

    /// Shifts by which zeros give equal probabilities.
    static let shifts (n: int) (x: Tensor) = log (float n - (Tensor.arange x.DType n).To x.Device)

    override _.ArgumentRank = 1
    override _.ValueShape argument = [| argument[0] + 1 |]

    override _.Forward x =
        let n = x.Shape[x.Rank - 1]
        let z = x - shifts n x
        let logRest = (-(softplus z)).CumulativeSum -1
        // log of what is left before each break.
        let before = logRest + softplus z
        let parts = exp (before - softplus -z)
        concat -1 [ parts; (exp logRest).Slice [ Index.Rest; Index.Range(Some(n - 1), Some(n - 1), 1) ] ]

    override _.Inverse y =
        let n = y.Shape[y.Rank - 1] - 1
        let parts = y.Slice [ Index.Rest; Index.Range(Some 0, Some(n - 1), 1) ]
        // What is left after each part: summed from the end, where it is small.
        let after = (y.Slice [ Index.Rest; Index.Range(Some 1, Some n, 1) ]).CumulativeSum(-1, reverse = true)

        log parts - log after + shifts n parts

    override _.LogJacobian x =
        let n = x.Shape[x.Rank - 1]
        let z = x - shifts n x
        let before = (-(softplus z)).CumulativeSum -1 + softplus z
        (before - softplus z - softplus -z).Sum -1

    override _.IsOutside y =
        let slack = if y.DType = DType.Float64 then 1e-8 else 1e-4
        ((y.LessEqual 0.0).Any -1).Or((abs (y.Sum -1 - 1.0)).Greater slack)

/// One after the other.
[<Sealed>]
type internal ChainBijection(first: Bijection, second: Bijection) =
    inherit Bijection()

    do
        for f in [ first; second ] do
            if f.ArgumentRank <> 0 then
                raise (
                    ShapeException
                        $"Bijections.Chain: {f.GetType().Name} takes arguments of {f.ArgumentRank} axes. Only functions of numbers are chained; a distribution can be transformed twice."
                )

    member val First: Bijection = first
    member val Second: Bijection = second
    override _.ArgumentRank = 0
    override b.Forward x = b.Second.Forward(b.First.Forward x)
    override b.Inverse y = b.First.Inverse(b.Second.Inverse y)
    override b.LogJacobian x = b.First.LogJacobian x + b.Second.LogJacobian(b.First.Forward x)

    override b.IsOutside y =
        let isOutside = b.Second.IsOutside y
        isOutside.Or(b.First.IsOutside(b.Second.Inverse y))

    override b.BatchShape =
        match Parameters.broadcast b.First.BatchShape b.Second.BatchShape with
        | Some shape -> shape
        | None ->
            raise (
                ShapeException
                    $"Bijections.Chain: parameters of shape {Parameters.show b.First.BatchShape} do not broadcast with those of shape {Parameters.show b.Second.BatchShape}."
            )

    override b.IsDecreasing = b.First.IsDecreasing.Xor b.Second.IsDecreasing

/// <summary>The bijections that there are.</summary>
[<AbstractClass; Sealed>]
type Bijections =
    /// <summary>shift + scale x, of each number.</summary>
    /// <exception cref="T:Cotangent.ValueException">The scale is 0.</exception>
    /// <example><code>
    /// Bijections.Affine(tensor 1.0, tensor 2.0).Forward(tensor 3.0) // 7
    /// </code></example>
    static member Affine(shift: Tensor, scale: Tensor) : Bijection = AffineBijection(shift, scale)

    /// <summary>The exponential of each number: to the positive ones.</summary>
    /// <example><code>
    /// Bijections.Exp.Inverse(tensor 1.0) // 0
    /// </code></example>
    static member Exp: Bijection = ExpBijection()

    /// <summary>log (1 + eˣ) of each number: to the positive ones.</summary>
    /// <example><code>
    /// Bijections.Softplus.Forward(tensor 0.0) // 0.6931
    /// </code></example>
    static member Softplus: Bijection = SoftplusBijection()

    /// <summary>1/(1 + e⁻ˣ) of each number: to those between 0 and 1.</summary>
    /// <example><code>
    /// Bijections.Sigmoid.LogJacobian(tensor 0.0) // -1.3863
    /// </code></example>
    static member Sigmoid: Bijection = SigmoidBijection()

    /// <summary>The hyperbolic tangent of each number: to those between -1 and 1.</summary>
    /// <example><code>
    /// Bijections.Tanh.Forward(tensor 0.0) // 0
    /// </code></example>
    static member Tanh: Bijection = TanhBijection()

    /// <summary>
    /// Vectors of n (n + 1)/2 numbers, the rows of a triangle, to lower triangular matrices (n, n) with a positive diagonal, the exponential of
    /// what stands there: the factors of all covariances.
    /// </summary>
    /// <example><code>
    /// Bijections.CholeskyFactor.Forward(tensor [ 0.0; 5.0; 0.0 ]) // [[1, 0], [5, 1]]
    /// </code></example>
    static member CholeskyFactor: Bijection = CholeskyBijection()

    /// <summary>Vectors of n numbers to n + 1 positive ones that sum to 1, by breaking a stick; zeros to equal ones.</summary>
    /// <example><code>
    /// Bijections.Simplex.Forward(tensor [ 0.0; 0.0 ]) // [0.3333, 0.3333, 0.3333]
    /// </code></example>
    static member Simplex: Bijection = SimplexBijection()

    /// <summary>One function of numbers after the other, from the left.</summary>
    /// <exception cref="T:Cotangent.ShapeException">One is not of numbers, but of vectors.</exception>
    /// <exception cref="T:Cotangent.ValueException">There are none.</exception>
    /// <example><code>
    /// Bijections.Chain(Bijections.Affine(tensor 0.0, tensor 2.0), Bijections.Exp).Forward(tensor 0.0) // 1
    /// </code></example>
    static member Chain([<ParamArray>] functions: Bijection[]) : Bijection =
        match functions with
        | [||] -> raise (ValueException "Bijections.Chain: no functions; one or more are needed.")
        | _ -> functions |> Array.reduce (fun first second -> ChainBijection(first, second))
