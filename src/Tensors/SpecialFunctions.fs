namespace Cotangent

open System

/// Special functions: with derivatives of every order, computed in Float64 element by element and rounded once.
[<AutoOpen>]
module SpecialFunctions =
    let private one (f: Higher) (name: string) (x: Tensor) : Tensor =
        Given.check name x

        if not x.DType.IsFloat then
            raise (DTypeException $"{f} is not defined on {x.DType}. {DTypes.wayOut x.DType}")

        Bind.one (Primitive.Higher f) [| x |]

    let private several (f: Higher) (names: string[]) (inputs: Tensor[]) : Tensor =
        Array.iter2 Given.check names inputs

        for x in inputs do
            Operands.sameDType f inputs[0] x

            if not x.DType.IsFloat then
                raise (DTypeException $"{f} is not defined on {x.DType}. {DTypes.wayOut x.DType}")

        let shape = inputs |> Array.map (fun x -> x.Dims) |> Array.reduce (Shape.broadcast f)
        Bind.one (Primitive.Higher f) (inputs |> Array.map (Operands.expandTo shape))

    /// <summary>The logarithm to the base 2, exact at powers of 2.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// log2 (tensor 8.0) // 3
    /// </code></example>
    let log2 (x: Tensor) : Tensor = one Higher.Log2 "x" x

    /// <summary>2 to the power x, exact at whole numbers.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// exp2 (tensor 3.0) // 8
    /// </code></example>
    let exp2 (x: Tensor) : Tensor = one Higher.Exp2 "x" x

    /// <summary>The cube root, of negative numbers too; its slope at 0 is infinite.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// cbrt (tensor (-8.0)) // -2
    /// </code></example>
    let cbrt (x: Tensor) : Tensor = one Higher.Cbrt "x" x

    /// <summary>log (x/(1 - x)), the inverse of <c>sigmoid</c>: infinite at 0 and 1, NaN beyond.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// logit (tensor 0.75) // 1.0986
    /// </code></example>
    let logit (x: Tensor) : Tensor = one Higher.Logit "x" x

    /// <summary>The term -x log x of an entropy, 0 at 0 and -∞ below.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// entr (tensor 0.5) // 0.3466
    /// </code></example>
    let entr (x: Tensor) : Tensor = one Higher.Entr "x" x

    /// <summary>The inverse of <c>erf</c>, between -1 and 1.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// erfinv (tensor 0.5) // 0.4769
    /// </code></example>
    let erfinv (x: Tensor) : Tensor = one Higher.Erfinv "x" x

    /// <summary>exp(x²) · erfc x, which stays in range where <c>erfc</c> does not.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// erfcx (tensor 30.0) // 0.0188
    /// </code></example>
    let erfcx (x: Tensor) : Tensor = one Higher.Erfcx "x" x

    /// <summary>The standard normal distribution function, also far in its tails.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// ndtr (tensor (-2.0)) // 0.0228
    /// </code></example>
    let ndtr (x: Tensor) : Tensor = one Higher.Ndtr "x" x

    /// <summary>The logarithm of the standard normal distribution function, also where that is out of range.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// logNdtr (tensor (-40.0)) // -804.6084
    /// </code></example>
    let logNdtr (x: Tensor) : Tensor = one Higher.LogNdtr "x" x

    /// <summary>The quantile of the standard normal distribution: the inverse of <c>ndtr</c>.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// ndtri (tensor 0.975) // 1.96
    /// </code></example>
    let ndtri (p: Tensor) : Tensor = one Higher.Ndtri "p" p

    /// <summary>The modified Bessel function of the first kind and order 0.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselI0 (tensor 1.0) // 1.2661
    /// </code></example>
    let besselI0 (x: Tensor) : Tensor = one Higher.I0 "x" x

    /// <summary>The modified Bessel function of the first kind and order 1.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselI1 (tensor 1.0) // 0.5652
    /// </code></example>
    let besselI1 (x: Tensor) : Tensor = one Higher.I1 "x" x

    /// <summary><c>besselI0</c> divided by exp |x|: in range for every x.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselI0e (tensor 1.0) // 0.4658
    /// </code></example>
    let besselI0e (x: Tensor) : Tensor = one Higher.I0e "x" x

    /// <summary><c>besselI1</c> divided by exp |x|: in range for every x.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselI1e (tensor 1.0) // 0.2079
    /// </code></example>
    let besselI1e (x: Tensor) : Tensor = one Higher.I1e "x" x

    /// <summary>The Bessel function of the first kind and order 0.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselJ0 (tensor 1.0) // 0.7652
    /// </code></example>
    let besselJ0 (x: Tensor) : Tensor = one Higher.J0 "x" x

    /// <summary>The Bessel function of the first kind and order 1.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselJ1 (tensor 1.0) // 0.4401
    /// </code></example>
    let besselJ1 (x: Tensor) : Tensor = one Higher.J1 "x" x

    /// <summary>The Bessel function of the second kind and order 0: -∞ at 0, NaN below.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselY0 (tensor 1.0) // 0.0883
    /// </code></example>
    let besselY0 (x: Tensor) : Tensor = one Higher.Y0 "x" x

    /// <summary>The Bessel function of the second kind and order 1: -∞ at 0, NaN below.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselY1 (tensor 1.0) // -0.7812
    /// </code></example>
    let besselY1 (x: Tensor) : Tensor = one Higher.Y1 "x" x

    /// <summary>The modified Bessel function of the second kind and order 0: ∞ at 0, NaN below.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselK0 (tensor 1.0) // 0.421
    /// </code></example>
    let besselK0 (x: Tensor) : Tensor = one Higher.K0 "x" x

    /// <summary>The modified Bessel function of the second kind and order 1: ∞ at 0, NaN below.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselK1 (tensor 1.0) // 0.6019
    /// </code></example>
    let besselK1 (x: Tensor) : Tensor = one Higher.K1 "x" x

    /// <summary><c>besselK0</c> times exp x.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselK0e (tensor 1.0) // 1.1445
    /// </code></example>
    let besselK0e (x: Tensor) : Tensor = one Higher.K0e "x" x

    /// <summary><c>besselK1</c> times exp x.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// besselK1e (tensor 1.0) // 1.6362
    /// </code></example>
    let besselK1e (x: Tensor) : Tensor = one Higher.K1e "x" x

    /// <summary>The exponential integral E₁, ∫ e⁻ᵗ/t dt from x on: ∞ at 0, NaN below.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// expint (tensor 1.0) // 0.2194
    /// </code></example>
    let expint (x: Tensor) : Tensor = one Higher.Expint "x" x

    /// <summary>The w of at least -1 with w eʷ = x: NaN below -1/e.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// lambertW (tensor 1.0) // 0.5671
    /// </code></example>
    let lambertW (x: Tensor) : Tensor = one Higher.LambertW "x" x

    /// <summary>
    /// log (eᵃ + eᵇ), without overflow; arguments broadcast.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// logAddExp (tensor 1000.0) (tensor 1000.0) // 1000.6931
    /// </code></example>
    let logAddExp (a: Tensor) (b: Tensor) : Tensor = several Higher.LogAddExp [| "a"; "b" |] [| a; b |]

    /// <summary>
    /// The logarithm of the beta function, log Γ(a) Γ(b) / Γ(a + b), of positive numbers; arguments broadcast.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// lbeta (tensor 2.0) (tensor 3.0) // -2.4849
    /// </code></example>
    let lbeta (a: Tensor) (b: Tensor) : Tensor = several Higher.LogBeta [| "a"; "b" |] [| a; b |]

    /// <summary>
    /// Hurwitz's zeta function, Σ (q + k)⁻ˢ over k ≥ 0, for s > 1 and q > 0; arguments broadcast. q = 1 makes it Riemann's.
    /// Differentiable with respect to both, as often as you like.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// zeta (tensor 2.0) (tensor 1.0) // 1.6449
    /// </code></example>
    let zeta (s: Tensor) (q: Tensor) : Tensor = several Higher.Zeta [| "s"; "q" |] [| s; q |]

    /// <summary>
    /// The regularised lower incomplete gamma function P, ∫ tᵃ⁻¹ e⁻ᵗ dt from 0 to x divided by Γ(a): the distribution of a gamma variable of shape a. Arguments broadcast.
    /// Differentiable by both, as often as you like.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// gammainc (tensor 2.0) (tensor 3.0) // 0.8009
    /// </code></example>
    let gammainc (a: Tensor) (x: Tensor) : Tensor = several Higher.GammaInc [| "a"; "x" |] [| a; x |]

    /// <summary>
    /// The regularised upper incomplete gamma function Q = 1 - P, which keeps its digits where it is small. Arguments broadcast.
    /// Differentiable by both, as often as you like.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// gammaincc (tensor 2.0) (tensor 3.0) // 0.1991
    /// </code></example>
    let gammaincc (a: Tensor) (x: Tensor) : Tensor = several Higher.GammaIncC [| "a"; "x" |] [| a; x |]

    /// <summary>
    /// The regularised incomplete beta function, ∫ tᵃ⁻¹ (1 - t)ᵇ⁻¹ dt from 0 to x divided by B(a, b): the distribution of a beta variable. Arguments broadcast.
    /// Differentiable by all three, as often as you like.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// betainc (tensor 2.0) (tensor 3.0) (tensor 0.25) // 0.2617
    /// </code></example>
    let betainc (a: Tensor) (b: Tensor) (x: Tensor) : Tensor =
        several Higher.BetaInc [| "a"; "b"; "x" |] [| a; b; x |]

    /// <summary>
    /// The inverse of <c>gammainc</c> by x: where P(a, x) = p, the quantile of a gamma variable of shape a. Arguments broadcast.
    /// Differentiable by both, by the implicit function theorem.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// gammaincinv (tensor 2.0) (tensor 0.5) // 1.6783
    /// </code></example>
    let gammaincinv (a: Tensor) (p: Tensor) : Tensor = several Higher.GammaIncInv [| "a"; "p" |] [| a; p |]

    /// <summary>
    /// The inverse of <c>gammaincc</c> by x: where Q(a, x) = q, which keeps its digits where q is small. Arguments broadcast.
    /// Differentiable by both.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// gammainccinv (tensor 2.0) (tensor 1e-20) // 49.9832
    /// </code></example>
    let gammainccinv (a: Tensor) (q: Tensor) : Tensor = several Higher.GammaIncCInv [| "a"; "q" |] [| a; q |]

    /// <summary>
    /// The inverse of <c>betainc</c> by x: where it is p, the quantile of a beta variable. Arguments broadcast. Differentiable by
    /// all three.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// betaincinv (tensor 2.0) (tensor 3.0) (tensor 0.5) // 0.3857
    /// </code></example>
    let betaincinv (a: Tensor) (b: Tensor) (p: Tensor) : Tensor =
        several Higher.BetaIncInv [| "a"; "b"; "p" |] [| a; b; p |]

    /// <summary>The beta function, Γ(a) Γ(b) / Γ(a + b), of positive numbers; arguments broadcast.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// beta (tensor 2.0) (tensor 3.0) // 0.0833
    /// </code></example>
    let beta (a: Tensor) (b: Tensor) : Tensor =
        Given.check "a" a
        Given.check "b" b
        Operands.sameDType "beta" a b

        if not a.DType.IsFloat then
            raise (DTypeException $"beta is not defined on {a.DType}. {DTypes.wayOut a.DType}")

        Shape.broadcast "beta" a.Dims b.Dims |> ignore
        exp (lbeta a b)

    /// <summary>The derivative of order n + 1 of <c>lgamma</c>: n = 0 is <c>digamma</c>, 1 the trigamma function.</summary>
    /// <exception cref="T:Cotangent.ValueException">The order is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// polygamma 1 (tensor 1.0) // 1.6449
    /// </code></example>
    let polygamma (n: int) (x: Tensor) : Tensor =
        Given.check "x" x
        if n < 0 then raise (ValueException $"polygamma: order {n}; 0 or more is needed.")
        Operands.unaryOf "polygamma" (Unary.Polygamma n) x

    let private times
        (operation: string)
        (logarithm: Tensor -> Tensor)
        (isOutside: Tensor -> Tensor)
        (x: Tensor)
        (y: Tensor)
        =
        Given.check "x" x
        Given.check "y" y
        Operands.sameDType operation x y

        if not x.DType.IsFloat then
            raise (DTypeException $"{operation} is not defined on {x.DType}. {DTypes.wayOut x.DType}")

        let shape = Shape.broadcast operation x.Dims y.Dims
        let x, y = Operands.expandTo shape x, Operands.expandTo shape y
        // 0 times an infinite logarithm, or none, is 0, and so are its derivatives; elsewhere they are what they are.
        let isNothing = (x.Equal 0.0).And(isOutside y)
        where isNothing (Tensor.zerosLike x) (x * logarithm (where isNothing (Tensor.onesLike y) y))

    /// <summary>x log y, and 0 where x is 0, whatever number y is; arguments broadcast.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// xlogy (tensor [ 0.0; 2.0 ]) (tensor [ 0.0; 1.0 ]) // [0, 0]
    /// </code></example>
    let xlogy (x: Tensor) (y: Tensor) : Tensor =
        times "xlogy" log (fun y -> (y.LessEqual 0.0).Or(y.Equal infinity)) x y

    /// <summary>x log (1 + y), accurate near y = 0, and 0 where x is 0, whatever number y is; arguments broadcast.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not broadcast.</exception>
    /// <example><code>
    /// xlog1py (tensor [ 0.0; 2.0 ]) (tensor [ -1.0; 0.0 ]) // [0, 0]
    /// </code></example>
    let xlog1py (x: Tensor) (y: Tensor) : Tensor =
        times "xlog1py" log1p (fun y -> (y.LessEqual -1.0).Or(y.Equal infinity)) x y
