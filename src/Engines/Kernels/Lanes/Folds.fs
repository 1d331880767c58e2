namespace Cotangent.Lanes

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

#nowarn "3535" // interfaces with static abstract members

/// Between a number and vectors of it.
type internal ILaneFolds<'V, 'T> =
    static abstract Spread: 'T -> 'V
    static abstract Total: 'V -> 'T
    /// Any lane where there is a NaN.
    static abstract Largest: 'V -> 'T

[<Struct; NoEquality; NoComparison>]
type internal Folds<'T when 'T :> INumber<'T>> =
    interface ILaneFolds<Vector<'T>, 'T> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Spread x = Vector<'T> x

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Total v = Vector.Sum v

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Largest v =
            let mutable most: 'T = v.[0]

            for lane in 1 .. Vector<'T>.Count - 1 do
                most <- 'T.MaxNative(most, v.[lane])

            most

[<Struct; NoEquality; NoComparison>]
type internal WideFolds<'T when 'T :> INumber<'T>> =
    interface ILaneFolds<Vector512<'T>, 'T> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Spread x = Vector512.Create(x: 'T)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Total v = Vector512.Sum v

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Largest v =
            let half = Vector256.MaxNative(v.GetLower(), v.GetUpper())
            let quarter = Vector128.MaxNative(half.GetLower(), half.GetUpper())
            let mutable most: 'T = quarter.GetElement 0

            for lane in 1 .. Vector128<'T>.Count - 1 do
                most <- 'T.MaxNative(most, quarter.GetElement lane)

            most
