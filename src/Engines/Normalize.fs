namespace Cotangent.Engines

open System
open System.Numerics
open System.Numerics.Tensors
open Cotangent

/// Layer normalisation: rows to mean 0 and variance 1, or, without a centre, to mean square 1.
module internal Normalize =
    /// y <- the normalised x; what x - mean was multiplied by.
    let private row<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: 'T)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : 'T =
        let count: 'T = 'T.CreateSaturating x.Length

        if isCentred then
            let mean: 'T = Reduce.run Reduction.Sum x / count
            TensorPrimitives.Subtract(x, mean, y)
        else
            x.CopyTo y

        let y' = Along.reading y
        let square: 'T = TensorPrimitives.SumOfSquares<'T> y' / count
        let root: 'T = 'T.Sqrt(square + epsilon)
        let factor: 'T = 'T.One / root
        TensorPrimitives.Multiply(y', factor, y)
        factor

    let normalize<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: float)
        (x: HostBuffer<'T>)
        : HostBuffer =
        let axis = x.Shape.Length - 1
        let n = x.Shape[axis]
        let epsilon: 'T = 'T.CreateSaturating epsilon

        Along.map
            axis
            [| x |]
            (RowWork(fun xs at ys yo _ ->
                row isCentred epsilon (ReadOnlySpan(xs[0], at[0], n)) (Span(ys, yo, n)) |> ignore))

    /// With y = (x - mean) r: r (c - mean c - y mean(y c)); without a centre, the first mean is left out.
    let pull<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        isCentred
        (epsilon: float)
        (x: HostBuffer<'T>)
        (c: HostBuffer<'T>)
        : HostBuffer =
        let axis = x.Shape.Length - 1
        let n = x.Shape[axis]
        let epsilon: 'T = 'T.CreateSaturating epsilon

        Along.map
            axis
            [| x; c |]
            (RowWork(fun xs at zs zo _ ->
                let c = ReadOnlySpan(xs[1], at[1], n)
                let z = Span(zs, zo, n)
                let borrowed = Along.borrow<'T> n
                let y = Span(borrowed, 0, n)
                let r: 'T = row isCentred epsilon (ReadOnlySpan(xs[0], at[0], n)) y
                let y' = Along.reading y
                let count: 'T = 'T.CreateSaturating n
                let along: 'T = TensorPrimitives.Dot<'T>(y', c) / count
                TensorPrimitives.MultiplyAdd(y', -along, c, z)

                if isCentred then
                    let mean: 'T = Reduce.run Reduction.Sum c / count
                    TensorPrimitives.Subtract(Along.reading z, mean, z)

                TensorPrimitives.Multiply(Along.reading z, r, z)
                Along.giveBack borrowed))
