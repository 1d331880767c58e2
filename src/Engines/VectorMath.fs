namespace Cotangent.Engines

// Elementwise functions that System.Numerics.Tensors lacks, or computes less accurately than they deserve.

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.InteropServices

module internal VectorMath =

    // F#'s own comparison operators would call its structural comparison here.
    let inline private isEqual<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_Equality (a, b)
    let inline private isLess<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_LessThan (a, b)
    let inline private isAtMost<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_LessThanOrEqual (a, b)

    let inline private each (x: ReadOnlySpan<'T>) (y: Span<'U>) ([<InlineIfLambda>] f: 'T -> 'U) =
        for i in 0 .. y.Length - 1 do
            y[i] <- f x[i]

    let inline private both (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<'U>) ([<InlineIfLambda>] f) =
        for i in 0 .. z.Length - 1 do
            z[i] <- f x[i] y[i]

    let sign<'T when 'T :> INumber<'T>> (x: ReadOnlySpan<'T>) (y: Span<'T>) =
        each x y (fun v ->
            if isLess 'T.Zero v then 'T.One
            elif isLess v 'T.Zero then -'T.One
            else v + 'T.Zero)

    let inline private log1pOf<'T when 'T :> IFloatingPointIeee754<'T>> (x: 'T) : 'T =
        let u = 'T.One + x

        if isEqual u 'T.One then x
        elif 'T.IsPositiveInfinity u then u
        else 'T.Log u * (x / (u - 'T.One))

    let inline private expm1Of<'T when 'T :> IFloatingPointIeee754<'T>> (x: 'T) : 'T =
        let u = 'T.Exp x
        let d = u - 'T.One

        if isEqual u 'T.One then x
        elif isEqual d -'T.One || 'T.IsPositiveInfinity u then d
        else d * (x / 'T.Log u)

    let log1p<'T when 'T :> IFloatingPointIeee754<'T>> (x: ReadOnlySpan<'T>) (y: Span<'T>) = each x y (fun v -> log1pOf v)
    let expm1<'T when 'T :> IFloatingPointIeee754<'T>> (x: ReadOnlySpan<'T>) (y: Span<'T>) = each x y (fun v -> expm1Of v)
    let tanh<'T when 'T :> IFloatingPointIeee754<'T>> (x: ReadOnlySpan<'T>) (y: Span<'T>) = each x y (fun v -> 'T.Tanh v)

    let sigmoid<'T when 'T :> IFloatingPointIeee754<'T>> (x: ReadOnlySpan<'T>) (y: Span<'T>) =
        each x y (fun v ->
            let e = 'T.Exp(-('T.Abs v))
            (if isLess v 'T.Zero then e else 'T.One) / ('T.One + e))

    let softplus<'T when 'T :> IFloatingPointIeee754<'T>> (x: ReadOnlySpan<'T>) (y: Span<'T>) =
        each x y (fun v -> 'T.Max(v, 'T.Zero) + log1pOf ('T.Exp(-('T.Abs v))))

    let power<'T when 'T :> IFloatingPointIeee754<'T>> (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<'T>) =
        both x y z (fun a b -> 'T.Pow(a, b))

    let equal<'T when 'T :> INumber<'T>> (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<bool>) =
        both x y z (fun a b -> isEqual a b)

    let less<'T when 'T :> INumber<'T>> (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<bool>) =
        both x y z (fun a b -> isLess a b)

    let lessEqual<'T when 'T :> INumber<'T>> (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<bool>) =
        both x y z (fun a b -> isAtMost a b)

    /// z[i] <- if c[i] then x[i] else y[i]
    let select (c: ReadOnlySpan<bool>) (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<'T>) =
        for i in 0 .. z.Length - 1 do
            z[i] <- if c[i] then x[i] else y[i]
