namespace Cotangent.Engines

// Special functions on rows, by the formulas of Lanes in the widest vectors that the machine has.
//
// Every element goes through the same operations wherever it stands, so results do not depend on how rows are cut.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Lanes

module internal AlongRow =

    let inline load<'V, 'T> (from: byref<'T>) (i: int) : 'V =
        Unsafe.ReadUnaligned<'V>(&Unsafe.As<'T, byte>(&Unsafe.Add(&from, i)))

    let inline store<'V, 'T> (into: byref<'T>) (i: int) (v: 'V) =
        Unsafe.WriteUnaligned<'V>(&Unsafe.As<'T, byte>(&Unsafe.Add(&into, i)), v)

    /// z <- f x y. The last vector overlaps the one before it; a row shorter than a vector is filled up with ones.
    let inline map2<'A, 'V, 'T when 'A :> ILaneAlgebra<'V> and 'V: struct and 'T: struct>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<'T>)
        ([<InlineIfLambda>] f: Number<'A, 'V> -> Number<'A, 'V> -> Number<'A, 'V>)
        =
        Tile.optimised ()
        let n = z.Length
        let w = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
        let isShort = n < w
        let mutable a = 'A.Real(Unchecked.defaultof<'V>, 1.0)
        let mutable b = a
        let firsts = ScalarLanes.Items<'V, 'T>(&a)
        let seconds = ScalarLanes.Items<'V, 'T>(&b)

        if isShort then
            x.CopyTo firsts
            y.CopyTo seconds

        let from1 = if isShort then Span.op_Implicit firsts else x
        let from2 = if isShort then Span.op_Implicit seconds else y
        let target = if isShort then firsts else z
        let into = &MemoryMarshal.GetReference target
        let p = &MemoryMarshal.GetReference from1
        let q = &MemoryMarshal.GetReference from2
        let last = max 0 (n - w)
        let mutable i = 0

        while i < n do
            let at = min i last

            store
                &into
                at
                (f (Numbers.number (load<'V, 'T> &p at)) (Numbers.number (load<'V, 'T> &q at))).Value

            i <- i + w

        if isShort then firsts.Slice(0, n).CopyTo z

    /// y <- f x
    let inline map<'A, 'V, 'T when 'A :> ILaneAlgebra<'V> and 'V: struct and 'T: struct>
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        ([<InlineIfLambda>] f: Number<'A, 'V> -> Number<'A, 'V>)
        =
        Tile.optimised ()
        let n = y.Length
        let w = Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>()
        let isShort = n < w
        let mutable a = 'A.Real(Unchecked.defaultof<'V>, 1.0)
        let padded = ScalarLanes.Items<'V, 'T>(&a)
        if isShort then x.CopyTo padded
        let source = if isShort then Span.op_Implicit padded else x
        let target = if isShort then padded else y
        let from = &MemoryMarshal.GetReference source
        let into = &MemoryMarshal.GetReference target
        let last = max 0 (n - w)
        let mutable i = 0

        while i < n do
            let at = min i last
            store &into at (f (Numbers.number (load<'V, 'T> &from at))).Value
            i <- i + w

        if isShort then padded.Slice(0, n).CopyTo y

    /// Float32 in 'V by way of Float64 in 'W.
    let inline inDouble<'S, 'D, 'V, 'W when 'S :> IHalves<'V, 'W> and 'D :> ILaneAlgebra<'W>>
        (x: 'V)
        (y: 'V)
        ([<InlineIfLambda>] f: Number<'D, 'W> -> Number<'D, 'W> -> Number<'D, 'W>)
        : 'V =
        let mutable lower = Unchecked.defaultof<'W>
        let mutable upper = Unchecked.defaultof<'W>

        // A loop, since f is long.
        for half in 0..1 do
            let a = if half = 0 then 'S.Lower x else 'S.Upper x
            let b = if half = 0 then 'S.Lower y else 'S.Upper y
            let result = f (Numbers.number a) (Numbers.number b)
            if half = 0 then lower <- result.Value else upper <- result.Value

        'S.Join(lower, upper)

/// Functions on rows of 'T in vectors 'V, of which 'A is the algebra. Each is a method of its own, which .NET compiles when it is
/// first called.
[<AbstractClass; Sealed>]
type internal SpecialRow<'A, 'V, 'T when 'A :> ILaneAlgebra<'V> and 'V: struct and 'T: struct> =
    static member private Exp(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.exp v)

    static member private Expm1(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.expm1 v)

    static member private Log(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.log v)

    static member private Log1p(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.log1p v)

    static member private Sigmoid(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.sigmoid v)

    static member private Softplus(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.softplus v)

    static member private Tanh(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.tanh v)

    static member private Cosh(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.cosh v)

    static member private Sinh(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.sinh v)

    static member private Asinh(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.asinh v)

    static member private Acosh(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.acosh v)

    static member private Atanh(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Exponentials.atanh v)

    static member private Sin(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Trigonometry.sin v)

    static member private Cos(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Trigonometry.cos v)

    static member private Tan(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Trigonometry.tan v)

    static member private Asin(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Trigonometry.asin v)

    static member private Acos(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Trigonometry.acos v)

    static member private Atan(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> Trigonometry.atan v)

    static member private Erf(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> ErrorFunctions.erf v)

    static member private Erfc(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> ErrorFunctions.erfc v)

    static member private Gelu(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> ErrorFunctions.gelu v)

    static member private GeluSlope(x: ReadOnlySpan<'T>, y: Span<'T>) =
        AlongRow.map<'A, 'V, 'T> x y (fun v -> ErrorFunctions.geluSlope v)

    static member Atan2(y: ReadOnlySpan<'T>, x: ReadOnlySpan<'T>, z: Span<'T>) =
        AlongRow.map2<'A, 'V, 'T> y x z (fun a b -> Trigonometry.atan2 a b)

    /// y <- op x
    static member Unary(f: Special, x: ReadOnlySpan<'T>, y: Span<'T>) : unit =
        match f with
        | Special.Exp -> SpecialRow<'A, 'V, 'T>.Exp(x, y)
        | Special.Expm1 -> SpecialRow<'A, 'V, 'T>.Expm1(x, y)
        | Special.Log -> SpecialRow<'A, 'V, 'T>.Log(x, y)
        | Special.Log1p -> SpecialRow<'A, 'V, 'T>.Log1p(x, y)
        | Special.Sin -> SpecialRow<'A, 'V, 'T>.Sin(x, y)
        | Special.Cos -> SpecialRow<'A, 'V, 'T>.Cos(x, y)
        | Special.Tan -> SpecialRow<'A, 'V, 'T>.Tan(x, y)
        | Special.Asin -> SpecialRow<'A, 'V, 'T>.Asin(x, y)
        | Special.Acos -> SpecialRow<'A, 'V, 'T>.Acos(x, y)
        | Special.Atan -> SpecialRow<'A, 'V, 'T>.Atan(x, y)
        | Special.Sinh -> SpecialRow<'A, 'V, 'T>.Sinh(x, y)
        | Special.Cosh -> SpecialRow<'A, 'V, 'T>.Cosh(x, y)
        | Special.Tanh -> SpecialRow<'A, 'V, 'T>.Tanh(x, y)
        | Special.Sigmoid -> SpecialRow<'A, 'V, 'T>.Sigmoid(x, y)
        | Special.Softplus -> SpecialRow<'A, 'V, 'T>.Softplus(x, y)
        | Special.Erf -> SpecialRow<'A, 'V, 'T>.Erf(x, y)
        | Special.Erfc -> SpecialRow<'A, 'V, 'T>.Erfc(x, y)
        | Special.Gelu -> SpecialRow<'A, 'V, 'T>.Gelu(x, y)
        | Special.GeluSlope -> SpecialRow<'A, 'V, 'T>.GeluSlope(x, y)

    static member Unary(f: Doubled, x: ReadOnlySpan<'T>, y: Span<'T>) : unit =
        match f with
        | Doubled.Asinh -> SpecialRow<'A, 'V, 'T>.Asinh(x, y)
        | Doubled.Acosh -> SpecialRow<'A, 'V, 'T>.Acosh(x, y)
        | Doubled.Atanh -> SpecialRow<'A, 'V, 'T>.Atanh(x, y)

/// Functions on rows of Float32 that are computed in Float64: in vectors 'W, two for each 'V.
[<AbstractClass; Sealed>]
type internal DoubledRow<'S, 'D, 'V, 'W
    when 'S :> ILaneAlgebra<'V> and 'S :> IHalves<'V, 'W> and 'D :> ILaneAlgebra<'W> and 'V: struct> =
    static member private Asinh(x: ReadOnlySpan<float32>, y: Span<float32>) =
        AlongRow.map<'S, 'V, float32> x y (fun v ->
            Numbers.number (
                AlongRow.inDouble<'S, 'D, 'V, 'W> v.Value v.Value (fun v _ -> Exponentials.asinh v)
            ))

    static member private Acosh(x: ReadOnlySpan<float32>, y: Span<float32>) =
        AlongRow.map<'S, 'V, float32> x y (fun v ->
            Numbers.number (
                AlongRow.inDouble<'S, 'D, 'V, 'W> v.Value v.Value (fun v _ -> Exponentials.acosh v)
            ))

    static member private Atanh(x: ReadOnlySpan<float32>, y: Span<float32>) =
        AlongRow.map<'S, 'V, float32> x y (fun v ->
            Numbers.number (
                AlongRow.inDouble<'S, 'D, 'V, 'W> v.Value v.Value (fun v _ -> Exponentials.atanh v)
            ))

    /// y <- op x
    static member Unary(f: Doubled, x: ReadOnlySpan<float32>, y: Span<float32>) : unit =
        match f with
        | Doubled.Asinh -> DoubledRow<'S, 'D, 'V, 'W>.Asinh(x, y)
        | Doubled.Acosh -> DoubledRow<'S, 'D, 'V, 'W>.Acosh(x, y)
        | Doubled.Atanh -> DoubledRow<'S, 'D, 'V, 'W>.Atanh(x, y)

    static member Power(x: ReadOnlySpan<float32>, y: ReadOnlySpan<float32>, z: Span<float32>) =
        AlongRow.map2<'S, 'V, float32> x y z (fun a b ->
            let fast =
                AlongRow.inDouble<'S, 'D, 'V, 'W> a.Value b.Value (fun x y ->
                    Exponentials.powerOfSingles x y)

            Numbers.guard Scalar.Power (Exponentials.isHardPower a b) (Numbers.number fast) a b)

/// Which of these the machine has.
module internal SpecialRows =
    let private unarySingle (f: Special) (x: ReadOnlySpan<float32>) (y: Span<float32>) =
        if Vector512.IsHardwareAccelerated then
            SpecialRow<WideSingles, Vector512<float32>, float32>.Unary(f, x, y)
        else
            SpecialRow<Singles, Vector<float32>, float32>.Unary(f, x, y)

    let private unaryDouble (f: Special) (x: ReadOnlySpan<float>) (y: Span<float>) =
        if Vector512.IsHardwareAccelerated then
            SpecialRow<WideDoubles, Vector512<float>, float>.Unary(f, x, y)
        else
            SpecialRow<Doubles, Vector<float>, float>.Unary(f, x, y)

    let private doubledSingle (f: Doubled) (x: ReadOnlySpan<float32>) (y: Span<float32>) =
        if Vector512.IsHardwareAccelerated then
            DoubledRow<WideSingles, WideDoubles, Vector512<float32>, Vector512<float>>.Unary(f, x, y)
        else
            DoubledRow<Singles, Doubles, Vector<float32>, Vector<float>>.Unary(f, x, y)

    let private doubledDouble (f: Doubled) (x: ReadOnlySpan<float>) (y: Span<float>) =
        if Vector512.IsHardwareAccelerated then
            SpecialRow<WideDoubles, Vector512<float>, float>.Unary(f, x, y)
        else
            SpecialRow<Doubles, Vector<float>, float>.Unary(f, x, y)

    let private atan2Single (y: ReadOnlySpan<float32>) (x: ReadOnlySpan<float32>) (z: Span<float32>) =
        if Vector512.IsHardwareAccelerated then
            SpecialRow<WideSingles, Vector512<float32>, float32>.Atan2(y, x, z)
        else
            SpecialRow<Singles, Vector<float32>, float32>.Atan2(y, x, z)

    let private atan2Double (y: ReadOnlySpan<float>) (x: ReadOnlySpan<float>) (z: Span<float>) =
        if Vector512.IsHardwareAccelerated then
            SpecialRow<WideDoubles, Vector512<float>, float>.Atan2(y, x, z)
        else
            SpecialRow<Doubles, Vector<float>, float>.Atan2(y, x, z)

    let private powerSingle (x: ReadOnlySpan<float32>) (y: ReadOnlySpan<float32>) (z: Span<float32>) =
        if Vector512.IsHardwareAccelerated then
            DoubledRow<WideSingles, WideDoubles, Vector512<float32>, Vector512<float>>.Power(x, y, z)
        else
            DoubledRow<Singles, Doubles, Vector<float32>, Vector<float>>.Power(x, y, z)

    let inline private isSingle<'T> () = obj.ReferenceEquals(typeof<'T>, typeof<float32>)
    let inline private singles (x: ReadOnlySpan<'T>) = MemoryMarshal.Cast<'T, float32> x
    let inline private doubles (x: ReadOnlySpan<'T>) = MemoryMarshal.Cast<'T, float> x

    /// y <- f x, for Float32 and Float64.
    let unary<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (f: Special)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        if isSingle<'T>() then
            unarySingle f (singles x) (MemoryMarshal.Cast<'T, float32> y)
        else
            unaryDouble f (doubles x) (MemoryMarshal.Cast<'T, float> y)

    let doubled<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (f: Doubled)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        if isSingle<'T>() then
            doubledSingle f (singles x) (MemoryMarshal.Cast<'T, float32> y)
        else
            doubledDouble f (doubles x) (MemoryMarshal.Cast<'T, float> y)

    /// z <- the angle of (x, y)
    let atan2<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (y: ReadOnlySpan<'T>)
        (x: ReadOnlySpan<'T>)
        (z: Span<'T>)
        =
        if isSingle<'T>() then
            atan2Single (singles y) (singles x) (MemoryMarshal.Cast<'T, float32> z)
        else
            atan2Double (doubles y) (doubles x) (MemoryMarshal.Cast<'T, float> z)

    let power<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IPowerFunctions<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<'T>)
        =
        if isSingle<'T>() then
            powerSingle (singles x) (singles y) (MemoryMarshal.Cast<'T, float32> z)
        else
            for i in 0 .. z.Length - 1 do
                z[i] <- 'T.Pow(x[i], y[i])
