namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent

/// The largest or smallest of updates that meet in one place; NaN is both.
module internal ScatterExtremes =
    /// Places without an update hold `none`.
    let rows<'T when 'T: struct and 'T :> INumber<'T>>
        isLargest
        (none: 'T)
        batches
        outer
        size
        inner
        (found: int[])
        (x: HostBuffer<'T>)
        : 'T[] =
        let x = Strided.contiguous x
        let y = Strided.allocate<'T>(batches * outer * size * inner)
        // A batch is filled just before its updates come, while it lies in the cache.
        let start row = Array.Fill(y, none, row * inner, outer * size * inner)
        let from, offset = x.Items, x.Offset

        if inner = 1 && isLargest then
            ScatterSums.pairsFrom start batches outer size 1 found (fun a b ->
                y[a] <- 'T.Max(y[a], from[offset + b]))
        elif inner = 1 then
            ScatterSums.pairsFrom start batches outer size 1 found (fun a b ->
                y[a] <- 'T.Min(y[a], from[offset + b]))
        elif inner > 1 then
            ScatterSums.pairsFrom start batches outer size inner found (fun a b ->
                let target = Span(y, a * inner, inner)
                let update = ReadOnlySpan(from, offset + b * inner, inner)

                if isLargest then
                    RowMath.Max(Span.op_Implicit target, update, target)
                else
                    RowMath.Min(Span.op_Implicit target, update, target))

        y
