namespace Cotangent.Engines

open System
open Cotangent

/// The choice between two tensors by a condition, element by element: x where it holds, y elsewhere.
module internal Select =
    let private row (cs: bool[]) co (xs: 'T[]) xo (ys: 'T[]) yo (zs: 'T[]) zo n =
        if not (ShortRow.select cs co xs xo ys yo zs zo n) then
            VectorMath.select
                (ReadOnlySpan(cs, co, n))
                (ReadOnlySpan(xs, xo, n))
                (ReadOnlySpan(ys, yo, n))
                (Span(zs, zo, n))

    let private isRun (b: HostBuffer) = b.IsContiguous || HostBuffer.isUniform b

    /// The n elements of a small operand as a run: where they lie, or one number spread over scratch.
    let private run (b: HostBuffer<'T>) n slot =
        if b.IsContiguous then
            struct (b.Items, b.Offset)
        else
            let scratch = Scratch<'T>.Slot slot
            Short.fill scratch b.Items[b.Offset] n
            struct (scratch, 0)

    /// Small operands that lie in a row, or repeat one number, spare the walk.
    let private short (c: HostBuffer<bool>) (x: HostBuffer<'T>) (y: HostBuffer<'T>) n : HostBuffer =
        let z = Strided.fresh<'T> x.DType x.Shape
        let struct (k, ko) = run c n 0
        let struct (a, ao) = run x n 1
        let struct (b, bo) = run y n 2
        row k ko a ao b bo z.Items 0 n
        z

    let private view (c: HostBuffer<bool>) (x: HostBuffer<'T>) (y: HostBuffer<'T>) : HostBuffer =
        let z = Strided.fresh<'T> x.DType x.Shape
        let w = Strided.walk x.Shape [| c.Strides; x.Strides; y.Strides |]
        let steps = w.Steps

        Strided.forEach w [| c.Offset; x.Offset; y.Offset |] (fun offsets position count ->
            let mutable i = 0

            while i < count do
                let n = Elementwise.blockEnd i count - i
                let struct (k, ko) = Elementwise.adjacent c.Items (offsets[0] + i * steps[0]) steps[0] n 0
                let struct (a, ao) = Elementwise.adjacent x.Items (offsets[1] + i * steps[1]) steps[1] n 1
                let struct (b, bo) = Elementwise.adjacent y.Items (offsets[2] + i * steps[2]) steps[2] n 2
                row k ko a ao b bo z.Items (position + i) n
                i <- i + n)

        z

    let private ofType (c: HostBuffer<bool>) (x: HostBuffer<'T>) (y: HostBuffer<'T>) : HostBuffer =
        let n = Shape.count x.Shape

        if n > 0 && n <= Scratch<'T>.Length && isRun c && isRun x && isRun y then
            short c x y n
        else
            view c x y

    let evaluate (c: HostBuffer) (x: HostBuffer) (y: HostBuffer) : HostBuffer =
        let c = c :?> HostBuffer<bool>

        // Each by its name: what is reached by a generic virtual call can't be compiled ahead.
        match x with
        | :? HostBuffer<float32> as x -> ofType c x (y :?> HostBuffer<float32>)
        | :? HostBuffer<float> as x -> ofType c x (y :?> HostBuffer<float>)
        | _ ->
            {
                new Typed<HostBuffer>() with
                    member _.Run x = ofType c x (y :?> HostBuffer<_>)
            }
                .On
                x
