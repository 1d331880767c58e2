namespace Cotangent.Lanes

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// The way out of a formula: numbers beyond its range, computed one after the other.
[<AbstractClass; Sealed>]
type internal ScalarLanes =

    static member private Apply(f: Scalar, x: float, y: float) : float =
        match f with
        | Scalar.Sin -> Math.Sin x
        | Scalar.Cos -> Math.Cos x
        | Scalar.Tan -> Math.Tan x
        | Scalar.Power -> Math.Pow(x, y)
        | Scalar.Remainder -> x % y

    /// Puts f of x and y where the mask is set.
    static member Fill
        (f: Scalar, mask: Span<int64>, values: Span<float>, x: Span<float>, y: Span<float>)
        : unit =
        for i in 0 .. values.Length - 1 do
            if mask[i] <> 0L then values[i] <- ScalarLanes.Apply(f, x[i], y[i])

    static member Fill
        (f: Scalar, mask: Span<int>, values: Span<float32>, x: Span<float32>, y: Span<float32>)
        : unit =
        for i in 0 .. values.Length - 1 do
            if mask[i] <> 0 then values[i] <- float32 (ScalarLanes.Apply(f, float x[i], float y[i]))

    /// The numbers that a vector is made of.
    static member Items<'V, 'T when 'V: struct and 'T: struct>(vector: byref<'V>) : Span<'T> =
        MemoryMarshal.CreateSpan(&Unsafe.As<'V, 'T> &vector, Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>())

    /// `values`, but f of x and y where the mask is set. Vectors are of Float32 if isSingle, else of Float64.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member Instead<'V when 'V: struct>
        (isSingle: bool, f: Scalar, mask: 'V, values: 'V, x: 'V, y: 'V)
        : 'V =
        let mutable mask, result, x, y = mask, values, x, y

        if isSingle then
            ScalarLanes.Fill(
                f,
                ScalarLanes.Items<'V, int>(&mask),
                ScalarLanes.Items<'V, float32>(&result),
                ScalarLanes.Items<'V, float32>(&x),
                ScalarLanes.Items<'V, float32>(&y)
            )
        else
            ScalarLanes.Fill(
                f,
                ScalarLanes.Items<'V, int64>(&mask),
                ScalarLanes.Items<'V, float>(&result),
                ScalarLanes.Items<'V, float>(&x),
                ScalarLanes.Items<'V, float>(&y)
            )

        result

module internal AlgebraError =
    let singleOnly (name: string) = invalidOp $"{name} is of Float32 only."
