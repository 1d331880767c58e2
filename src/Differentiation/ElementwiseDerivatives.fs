namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivatives of elementwise functions of one and two arguments: maps that multiply, divide or mask element by element.
/// ValueNone: flat wherever there is a derivative.
module internal ElementwiseDerivatives =
    let private scale factor = ValueSome(Linear.Scale(Deferred factor))

    let private over divisor = ValueSome(Linear.Over(Deferred divisor))

    let private overTwo (divisors: unit -> struct (Tensor * Tensor)) =
        let both = lazy divisors ()
        let first = Deferred(fun () -> let struct (first, _) = both.Value in first)
        let second = Deferred(fun () -> let struct (_, second) = both.Value in second)
        ValueSome(Linear.Compose(Linear.Over first, Linear.Over second))

    let private keep mask = ValueSome(Linear.Keep(Deferred mask))

    let unary (op: Unary) (x: Tensor) (y: Tensor) : Linear voption =
        match op with
        | Unary.Negate -> ValueSome Linear.Negate
        | Unary.Abs -> scale (fun () -> x.Sign())
        | Unary.Exp -> scale (fun () -> y)
        | Unary.Expm1 -> scale (fun () -> exp x)
        | Unary.Log -> over (fun () -> x)
        | Unary.Log1p -> over (fun () -> 1 + x)
        | Unary.Sqrt -> over (fun () -> y + y)
        | Unary.Sin -> scale (fun () -> cos x)
        | Unary.Cos -> scale (fun () -> -(sin x))
        | Unary.Tan -> scale (fun () -> 1 + y * y)
        | Unary.Asin -> over (fun () -> sqrt ((1 - x) * (1 + x)))
        | Unary.Acos -> over (fun () -> -(sqrt ((1 - x) * (1 + x))))
        | Unary.Atan -> overTwo (fun () -> Slopes.atan x)
        | Unary.Sinh -> scale (fun () -> cosh x)
        | Unary.Cosh -> scale (fun () -> sinh x)
        | Unary.Tanh when x.DType.IsComplex -> scale (fun () -> 1 - y * y)
        | Unary.Tanh -> scale (fun () -> Slopes.tanh x)
        | Unary.Asinh -> over (fun () -> Slopes.asinh x)
        | Unary.Acosh -> overTwo (fun () -> struct (sqrt (x - 1), sqrt (x + 1)))
        | Unary.Atanh -> over (fun () -> (1 - x) * (1 + x))
        | Unary.Sigmoid -> scale (fun () -> Slopes.sigmoid x y)
        | Unary.Softplus -> scale (fun () -> sigmoid x)
        | Unary.Erf -> scale (fun () -> exp -(x * x) * (2.0 / sqrt System.Math.PI))
        | Unary.Erfc -> scale (fun () -> exp -(x * x) * (-2.0 / sqrt System.Math.PI))
        | Unary.Gelu -> scale (fun () -> Bind.unary Unary.GeluSlope x)
        // (2 - x²) φ(x); far out, φ is 0 and x² no number.
        | Unary.GeluSlope ->
            scale (fun () ->
                let z = x * x
                let bell = exp (z * -0.5) * (1.0 / sqrt (2.0 * System.Math.PI))
                bell * (2.0 - minimum z (Tensor.fullLike z 1e4)))
        | Unary.Lgamma -> scale (fun () -> Bind.unary (Unary.Polygamma 0) x)
        | Unary.Polygamma order -> scale (fun () -> Bind.unary (Unary.Polygamma(order + 1)) x)
        | Unary.Relu -> keep (fun () -> x.Greater 0.0)
        // Flat wherever they are differentiable.
        | Unary.Sign
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.IsNaN
        | Unary.Not -> ValueNone

    /// The chosen side passes its change on; where both sides are equal each passes half. A NaN is always chosen.
    let private chosen (mine: Tensor) (other: Tensor) (isLarger: bool) =
        let isNaN t = Bind.unary Unary.IsNaN t

        let mask () =
            let isNaNHere = isNaN mine

            if isLarger then
                isNaNHere.Or((mine.GreaterEqual other))
            else
                isNaNHere.Or((mine.LessEqual other))

        let share () =
            let isTie = (mine.Equal other).Or((isNaN mine).And(isNaN other))
            where isTie (Tensor.fullLike mine 0.5) (Tensor.onesLike mine)

        ValueSome(Linear.Compose(Linear.Keep(Deferred mask), Linear.Scale(Deferred share)))

    let binary (op: Binary) (a: Tensor) (b: Tensor) (y: Tensor) (input: int) : Linear voption =
        let first = (input = 0)

        match op with
        | Binary.Add -> ValueSome Linear.Identity
        | Binary.Subtract -> ValueSome(if first then Linear.Identity else Linear.Negate)
        | Binary.Multiply -> if first then scale (fun () -> b) else scale (fun () -> a)
        | Binary.Divide ->
            // -y dx before it is divided: of a small y the change is a number where that of b alone is infinite.
            if first then
                over (fun () -> b)
            else
                ValueSome(Linear.ScaleOver(Deferred(fun () -> -y), Deferred(fun () -> b)))
        | Binary.Remainder ->
            // a % b = a - trunc(a/b) b
            if first then ValueSome Linear.Identity else scale (fun () -> round ((y - a) / b))
        // Where a factor would be NaN, what it is computed from is replaced, not it alone: behind a mask the NaN would
        // come back in the second derivative.
        | Binary.Power ->
            if first then
                // b aᵇ⁻¹; x⁰ is constant, also at 0, where 0 · 0⁻¹ would be NaN.
                scale (fun () ->
                    let constant = (a.Equal 0.0).And(b.Equal 0.0)
                    b * where constant (Tensor.onesLike a) a ** (b - 1))
            else
                // aᵇ ln a; 0ᵇ is constant for b > 0.
                scale (fun () ->
                    let zero = a.Equal 0.0
                    where zero (Tensor.zerosLike a) (y * log (where zero (Tensor.onesLike a) a)))
        | Binary.Atan2 ->
            let parts = lazy Slopes.atan2 a b
            let share = Deferred(fun () -> let struct (s, t, _) = parts.Value in if first then t else -s)
            let size = Deferred(fun () -> let struct (_, _, size) = parts.Value in size)
            ValueSome(Linear.ScaleOver(share, size))
        | Binary.Max -> if first then chosen a b true else chosen b a true
        | Binary.Min -> if first then chosen a b false else chosen b a false
        | Binary.And
        | Binary.Or
        | Binary.Xor
        | Binary.ShiftLeft
        | Binary.ShiftRight
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> ValueNone

    /// The quotient of what both changes make together: a sum of two quotients would be ∞ - ∞ where they leave the range and
    /// their sum does not. `factors`: what the changes are multiplied by, ValueNone being 1.
    let private ofBoth (factors: unit -> struct (Tensor voption * Tensor * Tensor)) : JointMap =
        let parts = lazy factors ()

        let times (factor: Tensor voption) (t: Tensor) =
            match factor with
            | ValueNone -> t
            | ValueSome factor -> t * factor

        {
            Push =
                fun tangents ->
                    let struct (first, second, divisor) = parts.Value

                    let changes = [|
                        tangents[0] |> ValueOption.map (times first)
                        tangents[1] |> ValueOption.map (times (ValueSome second))
                    |]

                    let sum = changes |> Array.choose ValueOption.toOption |> Array.reduce (+)
                    [| ValueSome(sum / divisor) |]
            Pull =
                fun cotangents ->
                    let struct (first, second, divisor) = parts.Value
                    let c = cotangents[0].Value

                    [| ValueSome(times first c / divisor); ValueSome(c * second / divisor) |]
        }

    /// The map from both inputs, where both change, of a function that also has one from each.
    let ofPair (op: Binary) (inputs: Tensor[]) (output: Tensor) : JointMap voption =
        match op with
        // (da - y db)/b
        | Binary.Divide -> ValueSome(ofBoth (fun () -> struct (ValueNone, -output, inputs[1])))
        | Binary.Atan2 ->
            ValueSome(
                ofBoth (fun () ->
                    let struct (s, t, size) = Slopes.atan2 inputs[0] inputs[1]
                    struct (ValueSome t, -s, size))
            )
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Remainder
        | Binary.Power
        | Binary.Max
        | Binary.Min
        | Binary.And
        | Binary.Or
        | Binary.Xor
        | Binary.ShiftLeft
        | Binary.ShiftRight
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> ValueNone
