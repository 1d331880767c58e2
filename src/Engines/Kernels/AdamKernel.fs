namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent

/// The numbers of one step of Adam, in the notation of Kingma & Ba 2015, algorithm 1.
[<Struct; NoComparison>]
type internal AdamStep = {
    Beta1: float
    Beta2: float
    Epsilon: float
    /// 1 - β₁ᵗ
    Bias1: float
    /// √(1 - β₂ᵗ)
    Bias2: float
    /// What the direction is multiplied by: minus the rate.
    Factor: float
}

/// Adam's step in one pass over memory, where the operations it consists of would take fifteen. Each number is rounded as
/// they would round it, so the results are the same to the last bit.
module internal AdamKernel =

    let inline private plus (x: Vector<'T>) (y: Vector<'T>) = Vector.Add(x, y)
    let inline private times (x: Vector<'T>) (y: Vector<'T>) = Vector.Multiply(x, y)
    let inline private over (x: Vector<'T>) (y: Vector<'T>) = Vector.Divide(x, y)

    /// m ← β₁m + (1-β₁)g; v ← β₂v + (1-β₂)g²; change = factor · (m / bias₁) / (√v / bias₂ + ε)
    let private run<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (s: AdamStep)
        (g: HostBuffer<'T>)
        (m: HostBuffer<'T>)
        (v: HostBuffer<'T>)
        : struct (HostBuffer * HostBuffer * HostBuffer) =
        let count = Shape.count g.Shape

        let fresh () = Recycling.claimed (fun () -> Strided.fresh<'T> g.DType g.Shape) :?> HostBuffer<'T>

        let change, m', v' = fresh (), fresh (), fresh ()
        let everywhere (x: float) = Vector<'T>('T.CreateTruncating x)
        let beta1, rest1 = everywhere s.Beta1, everywhere (1.0 - s.Beta1)
        let beta2, rest2 = everywhere s.Beta2, everywhere (1.0 - s.Beta2)
        let bias1, bias2 = everywhere s.Bias1, everywhere s.Bias2
        let epsilon, factor = everywhere s.Epsilon, everywhere s.Factor
        let gs, ms, vs = g.Items, m.Items, v.Items
        let changes, firsts, seconds = change.Items, m'.Items, v'.Items

        let piece first n =
            let mutable i = first

            while i < first + n do
                // The last vector moves back from over the edge, where it writes the same numbers again.
                let at = min i (count - Vector<'T>.Count)
                let x = Vector<'T>(gs, g.Offset + at)
                let first = plus (times (Vector<'T>(ms, m.Offset + at)) beta1) (times x rest1)
                let second = plus (times (Vector<'T>(vs, v.Offset + at)) beta2) (times (times x x) rest2)
                first.CopyTo(firsts, at)
                second.CopyTo(seconds, at)
                let root = plus (over (Vector.SquareRoot second) bias2) epsilon
                (times (over (over first bias1) root) factor).CopyTo(changes, at)
                i <- i + Vector<'T>.Count

        Strided.pieces count piece
        GC.KeepAlive g
        GC.KeepAlive m
        GC.KeepAlive v
        struct (change, m', v')

    /// The change of a parameter and its two means after a step, from its gradient and the means before; ValueNone for
    /// buffers that are not contiguous Float32 or Float64 of one shape, and at least a vector long.
    let step (s: AdamStep) (g: HostBuffer) (m: HostBuffer) (v: HostBuffer) =
        let isLong = Shape.count g.Shape >= Vector<float32>.Count
        let alike (x: HostBuffer) = x.DType = g.DType && x.IsContiguous && Shape.equal x.Shape g.Shape

        if not (isLong && alike g && alike m && alike v) then
            ValueNone
        else
            match g, m, v with
            | (:? HostBuffer<float32> as g), (:? HostBuffer<float32> as m), (:? HostBuffer<float32> as v) ->
                ValueSome(run s g m v)
            | (:? HostBuffer<float> as g), (:? HostBuffer<float> as m), (:? HostBuffer<float> as v) ->
                ValueSome(run s g m v)
            | _ -> ValueNone
