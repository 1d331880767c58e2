namespace Cotangent.Engines

// Discrete Fourier transforms along an axis. The other way is the same transform with real and imaginary parts exchanged. An
// even number of real numbers is transformed as half as many complex ones.

open System
open System.Buffers
open System.Numerics
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

module internal Fourier =

    // From memory into a line and back, of numbers first to last - 1. Complex numbers are pairs of parts.

    let private ofComplex<'Z, 'T
        when 'Z: struct
        and 'Z: (new: unit -> 'Z)
        and 'Z :> ValueType
        and 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'T :> INumberBase<'T>>
        (items: 'Z[])
        offset
        step
        first
        last
        (into: SplitLine<'T>)
        =
        Tile.optimised ()
        let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
        let line = into.Numbers

        for i in first .. last - 1 do
            let from, at = 2 * (offset + i * step), i * into.Step
            line[into.Re + at] <- parts[from]
            line[into.Im + at] <- parts[from + 1]

    let private toComplex<'Z, 'T
        when 'Z: struct
        and 'Z: (new: unit -> 'Z)
        and 'Z :> ValueType
        and 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'T :> INumberBase<'T>>
        (scale: 'T)
        (from: SplitLine<'T>)
        (items: 'Z[])
        offset
        step
        first
        last
        =
        Tile.optimised ()
        let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
        let line = from.Numbers

        for i in first .. last - 1 do
            let at, into = i * from.Step, 2 * (offset + i * step)
            parts[into] <- scale * line[from.Re + at]
            parts[into + 1] <- scale * line[from.Im + at]

    /// Pairs of neighbours as complex numbers; of an odd number each by itself.
    let private ofReal n (items: 'T[]) offset step first last (into: SplitLine<'T>) =
        Tile.optimised ()
        let line = into.Numbers

        if n % 2 = 0 then
            for i in first .. last - 1 do
                let from, at = offset + 2 * i * step, i * into.Step
                line[into.Re + at] <- items[from]
                line[into.Im + at] <- items[from + step]
        else
            for i in first .. last - 1 do
                let at = i * into.Step
                line[into.Re + at] <- items[offset + i * step]
                line[into.Im + at] <- Unchecked.defaultof<'T>

    let private toReal<'T when 'T :> INumberBase<'T>>
        n
        (scale: 'T)
        (from: SplitLine<'T>)
        (items: 'T[])
        offset
        step
        first
        last
        =
        Tile.optimised ()
        let line = from.Numbers

        if n % 2 = 0 then
            for i in first .. last - 1 do
                let at, into = i * from.Step, offset + 2 * i * step
                items[into] <- scale * line[from.Re + at]
                items[into + step] <- scale * line[from.Im + at]
        else
            for i in first .. last - 1 do
                items[offset + i * step] <- scale * line[from.Re + i * from.Step]

    // The transform X of n = 2h real numbers and that of h complex ones, z_j = x_2j + i x_(2j+1), tell each other:
    //
    //   2 X_k = (Z_k + conj Z_(h-k)) - i w^k (Z_k - conj Z_(h-k)),    w = exp(-2πi/n)
    //   2 Z_k = (X_k + conj X_(h-k)) + i w^-k (X_k - conj X_(h-k))

    let private roots<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : 'T[] =
        Kept<'T, 'T[]>
            .Get(n, fun n -> Twiddles.table (n / 2 + 1) (fun k -> Twiddles.root (int64 k) (int64 n)))

    /// (a + conj b) + f (a - conj b)
    let private folded<'T when 'T :> INumberBase<'T>>
        (ar: 'T)
        (ai: 'T)
        (br: 'T)
        (bi: 'T)
        (fr: 'T)
        (fi: 'T)
        : struct ('T * 'T) =
        let dr: 'T = ar - br
        let di: 'T = ai + bi
        let first: 'T = fr * dr
        let second: 'T = fi * di
        let third: 'T = fr * di
        let fourth: 'T = fi * dr
        let turned: 'T = first - second
        let turnedI: 'T = third + fourth
        let sum: 'T = ar + br
        let difference: 'T = ai - bi
        struct (sum + turned, difference + turnedI)

    /// The first half of the transform of n real numbers.
    let private toHalf<'Z, 'T
        when 'Z: struct
        and 'Z: (new: unit -> 'Z)
        and 'Z :> ValueType
        and 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'T :> INumberBase<'T>>
        (n: int)
        (scale: 'T)
        (from: SplitLine<'T>)
        (items: 'Z[])
        offset
        step
        first
        last
        =
        Tile.optimised ()

        if n % 2 = 1 then
            toComplex<'Z, 'T> scale from items offset step first last
        else
            let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
            let line = from.Numbers
            let h, w = n / 2, roots<'T> n
            let scale = scale * Twiddles.ofFloat 0.5

            for k in first .. last - 1 do
                let a = (if k = h then 0 else k) * from.Step
                let b = (if k = 0 then 0 else h - k) * from.Step

                let struct (xr, xi) =
                    folded
                        line[from.Re + a]
                        line[from.Im + a]
                        line[from.Re + b]
                        line[from.Im + b]
                        w[2 * k + 1]
                        -w[2 * k]

                let into = 2 * (offset + k * step)
                parts[into] <- scale * xr
                parts[into + 1] <- scale * xi

    /// From the first half of what the transform of n real numbers is. The first number, and of an even n the last, are taken
    /// as real ones.
    let private ofHalf<'Z, 'T
        when 'Z: struct
        and 'Z: (new: unit -> 'Z)
        and 'Z :> ValueType
        and 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'T :> INumberBase<'T>>
        (n: int)
        (items: 'Z[])
        offset
        step
        first
        last
        (into: SplitLine<'T>)
        =
        Tile.optimised ()
        let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
        let line = into.Numbers
        let h = n / 2

        if n % 2 = 1 then
            // What the other half has is conjugate.
            for k in first .. last - 1 do
                let from, at = 2 * (offset + min k (n - k) * step), k * into.Step
                line[into.Re + at] <- parts[from]

                line[into.Im + at] <-
                    if k = 0 then 'T.Zero
                    elif k <= h then parts[from + 1]
                    else -parts[from + 1]
        else
            let w = roots<'T> n

            for k in first .. last - 1 do
                let a, b = 2 * (offset + k * step), 2 * (offset + (h - k) * step)
                let ai = if k = 0 then 'T.Zero else parts[a + 1]
                let bi = if k = 0 then 'T.Zero else parts[b + 1]
                let struct (zr, zi) = folded parts[a] ai parts[b] bi w[2 * k + 1] w[2 * k]
                let at = k * into.Step
                line[into.Re + at] <- zr
                line[into.Im + at] <- zi

    /// How a line is read, and how it is written.
    [<NoComparison; NoEquality>]
    type private Work<'T, 'A, 'B> = {
        /// The complex numbers of a line.
        Length: int
        IsBackward: bool
        /// From an array at an offset, in steps, the numbers from a first to before a last one.
        Load: 'A[] -> int -> int -> int -> int -> SplitLine<'T> -> unit
        Store: SplitLine<'T> -> 'B[] -> int -> int -> int -> int -> unit
        /// Numbers that are stored, of a half fewer, or one more.
        Stored: int
        /// The factor of the results.
        Scale: 'T
        /// Whether the numbers of a line lie in memory as they are transformed, and as they come out but for the factor.
        TakesPairs: bool
        GivesPairs: bool
    }

    /// Lines up to this length are transformed several at once.
    [<Literal>]
    let private MostTogether = 2048

    /// Lines shorter than this take so little that a vector is not filled.
    [<Literal>]
    let private Short = 64

    let private perform<'T, 'A, 'B
        when 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'T :> INumberBase<'T>
        and 'A: struct
        and 'A: (new: unit -> 'A)
        and 'A :> ValueType
        and 'B: struct
        and 'B: (new: unit -> 'B)
        and 'B :> ValueType>
        (work: Work<'T, 'A, 'B>)
        axis
        (x: HostBuffer<'A>)
        (y: HostBuffer<'B>)
        : unit =
        let n = work.Length
        let around = Array.removeAt axis x.Shape
        let xAround, yAround = Array.removeAt axis x.Strides, Array.removeAt axis y.Strides
        let xStep, yStep = x.Strides[axis], y.Strides[axis]
        let count = Shape.count around

        /// Where a line begins.
        let place (strides: int[]) offset line =
            let mutable at = offset
            let mutable rest = line

            for i in around.Length - 1 .. -1 .. 0 do
                at <- at + rest % around[i] * strides[i]
                rest <- rest / around[i]

            at

        let load line first last into = work.Load x.Items (place xAround x.Offset line) xStep first last into

        let store line first last from =
            work.Store from y.Items (place yAround y.Offset line) yStep first last

        let oriented (line: SplitLine<'T>) =
            if work.IsBackward then { line with Re = line.Im; Im = line.Re } else line

        // A number takes part in several passes.
        let weight = 8L * int64 n * int64 count

        if count = 0 then
            ()
        elif
            n < Short && LongLines.isSmooth n
            || n <= MostTogether && count >= Slots.lanes<'T>() && LongLines.isSmooth n
        then
            let plan = LongLines.columns<'T> n
            let lanes = Slots.lanes<'T>()
            let width = min (LongLines.tileWidth<'T>()) (partsOf count lanes)
            let w = width * lanes

            Strided.ranges (partsOf count w) weight (fun first last ->
                let a, b = Slots.rent<'T>(n * width), Slots.rent<'T>(n * width)
                // Columns without a line are transformed as well: no denormal numbers, which take long.
                Array.Clear(a.Items, a.First, 2 * n * w)

                let lineOf (slots: Slots<'T>) t =
                    let re = slots.First + t / lanes * 2 * lanes + t % lanes
                    oriented { Numbers = slots.Items; Re = re; Im = re + lanes; Step = 2 * w }

                for tile in first .. last - 1 do
                    let lines = min w (count - tile * w)

                    for t in 0 .. lines - 1 do
                        load (tile * w + t) 0 n (lineOf a t)

                    let z = Columns.run plan width a b

                    for t in 0 .. lines - 1 do
                        store (tile * w + t) 0 work.Stored (lineOf z t)

                Slots.giveBack a
                Slots.giveBack b)
        else
            let plan = LongLines.plan<'T> n
            let isOneByOne = count < 2 * Workers.count ()
            let takesPairs, givesPairs = work.TakesPairs && xStep = 1, work.GivesPairs && yStep = 1
            let partsInX, partsInY = sizeof<'A> / sizeof<'T>, sizeof<'B> / sizeof<'T>

            /// All numbers of one line that lies in a row of pairs.
            let whole numbers = { Numbers = numbers; Re = 0; Im = 1; Step = 2 }

            let inParts stored (copy: int -> int -> unit) =
                if isOneByOne then Strided.ranges stored (int64 stored) copy else copy 0 stored

            let transform line (pairs: 'T[]) =
                let source, target =
                    partsInX * place xAround x.Offset line, partsInY * place yAround y.Offset line

                if not takesPairs then inParts n (fun first last -> load line first last (whole pairs))

                match takesPairs, givesPairs with
                | true, true ->
                    LongLines.run<'T, 'A, 'B>
                        isOneByOne
                        work.IsBackward
                        work.Scale
                        plan
                        x.Items
                        source
                        y.Items
                        target
                | true, false ->
                    LongLines.run<'T, 'A, 'T> isOneByOne work.IsBackward 'T.One plan x.Items source pairs 0
                | false, true ->
                    LongLines.run<'T, 'T, 'B>
                        isOneByOne
                        work.IsBackward
                        work.Scale
                        plan
                        pairs
                        0
                        y.Items
                        target
                | false, false ->
                    LongLines.run<'T, 'T, 'T> isOneByOne work.IsBackward 'T.One plan pairs 0 pairs 0

                if not givesPairs then
                    inParts work.Stored (fun first last -> store line first last (whole pairs))

            let lines first last =
                let isBetween = takesPairs && givesPairs
                let pairs = if isBetween then [||] else ArrayPool<'T>.Shared.Rent(2 * n)

                for line in first .. last - 1 do
                    transform line pairs

                if not isBetween then ArrayPool<'T>.Shared.Return pairs

            if isOneByOne then lines 0 count else Strided.ranges count weight lines

    let private halved n = if n % 2 = 0 then n / 2 else n

    /// On numbers with parts of one type.
    let private typed<'Z, 'T
        when 'Z: struct
        and 'Z: (new: unit -> 'Z)
        and 'Z :> ValueType
        and 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'T :> INumberBase<'T>>
        (transform: FourierTransform)
        axis
        (scale: float)
        (x: HostBuffer)
        (y: HostBuffer)
        =
        let n = x.Shape[axis]
        let scale: 'T = Twiddles.ofFloat scale

        match transform with
        | FourierTransform.Forward
        | FourierTransform.Backward ->
            perform
                {
                    Length = n
                    IsBackward = transform.IsBackward
                    Load = ofComplex<'Z, 'T>
                    Store = toComplex<'Z, 'T> scale
                    Stored = n
                    Scale = scale
                    TakesPairs = true
                    GivesPairs = true
                }
                axis
                (x :?> HostBuffer<'Z>)
                (y :?> HostBuffer<'Z>)
        | FourierTransform.RealForward ->
            perform
                {
                    Length = halved n
                    IsBackward = false
                    Load = ofReal n
                    Store = toHalf<'Z, 'T> n scale
                    Stored = n / 2 + 1
                    Scale = scale
                    TakesPairs = n % 2 = 0
                    GivesPairs = false
                }
                axis
                (x :?> HostBuffer<'T>)
                (y :?> HostBuffer<'Z>)
        | FourierTransform.RealBackward n ->
            perform
                {
                    Length = halved n
                    IsBackward = true
                    Load = ofHalf<'Z, 'T> n
                    Store = toReal n scale
                    Stored = halved n
                    Scale = scale
                    TakesPairs = false
                    GivesPairs = n % 2 = 0
                }
                axis
                (x :?> HostBuffer<'Z>)
                (y :?> HostBuffer<'T>)

    let evaluate (transform: FourierTransform) (axis: int) (scale: float) (x: HostBuffer) : HostBuffer =
        let primitive = Primitive.Fourier(transform, axis, scale)
        let result = ShapeRule.one primitive [| { Shape = x.Shape; DType = x.DType } |]
        let y = Buffers.fresh result.DType result.Shape

        match x.DType.Storage with
        | Storage.Float32
        | Storage.Complex64 -> typed<Complex64, float32> transform axis scale x y
        | Storage.Float64
        | Storage.Complex128 -> typed<Complex, float> transform axis scale x y
        | Storage.BFloat16
        | Storage.Float16
        | Storage.Integer _
        | Storage.Bool ->
            invalidOp $"{primitive} has no kernel for {x.DType}; the shape rule should have refused it."

        y
