namespace Cotangent.Engines

open System
open System.Buffers
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Work on a row of elements: operands and where the row begins in each, the result and where to put it, and the number
/// of the row.
type internal RowWork<'T> = delegate of 'T[][] * int[] * 'T[] * int * int -> unit

/// Kernels that work on the rows along one axis: each row at once, while it is in the cache, the rows shared among the
/// cores. Rows that are not runs of adjacent elements are copied first.
module internal Along =

    let inline reading (x: Span<'T>) : ReadOnlySpan<'T> = Span.op_Implicit x

    /// Memory of a row's length for the time of its work: give it back.
    let borrow<'T> n : 'T[] =
        if n <= Scratch<'T>.Length then Scratch<'T>.Slot 4 else ArrayPool<'T>.Shared.Rent n

    let giveBack (row: 'T[]) = if row.Length > Scratch<'T>.Length then ArrayPool<'T>.Shared.Return row

    let private scatter (row: 'T[]) (items: 'T[]) offset step n =
        Tile.optimised ()
        let mutable at = offset

        for i in 0 .. n - 1 do
            items[at] <- row[i]
            at <- at + step

    /// Runs `row` on the rows of operands of one shape. The result has their shape, or one element for each row.
    let rows axis (xs: HostBuffer<'T>[]) (y: HostBuffer<'T>) (row: RowWork<'T>) =
        let shape = xs[0].Shape
        let n = shape[axis]
        let hasAxis = y.Shape.Length = shape.Length
        let around = Array.removeAt axis shape
        let adjacent (x: HostBuffer) = n <= 1 || x.Strides[axis] = 1

        let operands: HostBuffer<'T>[] = if hasAxis then Array.append xs [| y |] else xs

        if Shape.count around > 0 then
            let walk =
                Strided.walkIn
                    (max 1 (Strided.Piece / max 1 n))
                    around
                    (operands |> Array.map (fun x -> Array.removeAt axis x.Strides))

            let starts = operands |> Array.map _.Offset

            // Most rows take exponentials or several passes.
            Strided.forEachOf (4L * int64 (max 1 n)) walk starts (fun offsets position count ->
                let copies: 'T[][] =
                    operands |> Array.map (fun x -> if adjacent x then [||] else ArrayPool<'T>.Shared.Rent n)

                let arrays = Array.zeroCreate xs.Length
                let at = Array.zeroCreate xs.Length

                for i in 0 .. count - 1 do
                    for k in 0 .. xs.Length - 1 do
                        let start = offsets[k] + i * walk.Steps[k]

                        if copies[k].Length = 0 then
                            arrays[k] <- xs[k].Items
                            at[k] <- start
                        else
                            Strided.gather xs[k].Items start xs[k].Strides[axis] n copies[k]
                            arrays[k] <- copies[k]

                    if not hasAxis then
                        row.Invoke(arrays, at, y.Items, position + i, position + i)
                    else
                        let last = xs.Length
                        let start = offsets[last] + i * walk.Steps[last]

                        if copies[last].Length = 0 then
                            row.Invoke(arrays, at, y.Items, start, position + i)
                        else
                            row.Invoke(arrays, at, copies[last], 0, position + i)
                            scatter copies[last] y.Items start y.Strides[axis] n

                for copy in copies do
                    if copy.Length > 0 then ArrayPool<'T>.Shared.Return copy)

    /// A result of the shape of the operands.
    let map axis (xs: HostBuffer<'T>[]) (row: RowWork<'T>) : HostBuffer =
        let y = Strided.fresh<'T> xs[0].DType xs[0].Shape
        rows axis xs y row
        y

    /// A result of one element for each row.
    let fold axis (xs: HostBuffer<'T>[]) (row: RowWork<'T>) : HostBuffer =
        let y = Strided.fresh<'T> xs[0].DType (Array.removeAt axis xs[0].Shape)
        rows axis xs y row
        y
