namespace Cotangent.Engines

// Discrete Fourier transforms along an axis. The other way is the same transform with real and imaginary parts exchanged. An
// even number of real numbers is transformed as half as many complex ones.

open System
open System.Numerics
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

module internal Fourier =

    // From memory into a line and back. Complex numbers are pairs of parts.

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
        n
        (into: SplitLine<'T>)
        =
        let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
        let re, im = into.Numbers.Re, into.Numbers.Im

        if step = 1 && into.Step = 1 then
            let pairs = parts.Slice(2 * offset, 2 * n)
            Interleaving.split (reading pairs) (Span(re, into.First, n)) (Span(im, into.First, n))
        else
            for i in 0 .. n - 1 do
                let from, at = 2 * (offset + i * step), into.First + i * into.Step
                re[at] <- parts[from]
                im[at] <- parts[from + 1]

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
        n
        =
        let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
        let re, im = from.Numbers.Re, from.Numbers.Im

        if step = 1 && from.Step = 1 then
            let pairs = parts.Slice(2 * offset, 2 * n)
            Interleaving.join scale (ReadOnlySpan(re, from.First, n)) (ReadOnlySpan(im, from.First, n)) pairs
        else
            for i in 0 .. n - 1 do
                let at, into = from.First + i * from.Step, 2 * (offset + i * step)
                parts[into] <- scale * re[at]
                parts[into + 1] <- scale * im[at]

    /// Pairs of neighbours as complex numbers; of an odd number each by itself.
    let private ofReal (items: 'T[]) offset step n (into: SplitLine<'T>) =
        let re, im = into.Numbers.Re, into.Numbers.Im

        if n % 2 = 0 then
            for i in 0 .. n / 2 - 1 do
                let from, at = offset + 2 * i * step, into.First + i * into.Step
                re[at] <- items[from]
                im[at] <- items[from + step]
        else
            for i in 0 .. n - 1 do
                let at = into.First + i * into.Step
                re[at] <- items[offset + i * step]
                im[at] <- Unchecked.defaultof<'T>

    let private toReal<'T when 'T :> INumberBase<'T>>
        (scale: 'T)
        (from: SplitLine<'T>)
        (items: 'T[])
        offset
        step
        n
        =
        let re, im = from.Numbers.Re, from.Numbers.Im

        if n % 2 = 0 then
            for i in 0 .. n / 2 - 1 do
                let at, into = from.First + i * from.Step, offset + 2 * i * step
                items[into] <- scale * re[at]
                items[into + step] <- scale * im[at]
        else
            for i in 0 .. n - 1 do
                items[offset + i * step] <- scale * re[from.First + i * from.Step]

    // The transform X of n = 2h real numbers and that of h complex ones, z_j = x_2j + i x_(2j+1), tell each other:
    //
    //   2 X_k = (Z_k + conj Z_(h-k)) - i w^k (Z_k - conj Z_(h-k)),    w = exp(-2πi/n)
    //   2 Z_k = (X_k + conj X_(h-k)) + i w^-k (X_k - conj X_(h-k))

    let private roots<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : Split<'T> =
        Kept<'T, Split<'T>>
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
        =
        if n % 2 = 1 then
            toComplex<'Z, 'T> scale from items offset step (n / 2 + 1)
        else
            let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
            let re, im = from.Numbers.Re, from.Numbers.Im
            let h, w = n / 2, roots<'T> n
            let scale = scale * Twiddles.ofFloat 0.5

            for k in 0..h do
                let a = from.First + (if k = h then 0 else k) * from.Step
                let b = from.First + (if k = 0 then 0 else h - k) * from.Step
                let struct (xr, xi) = folded re[a] im[a] re[b] im[b] w.Im[k] -w.Re[k]
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
        (into: SplitLine<'T>)
        =
        let parts = MemoryMarshal.Cast<'Z, 'T>(Span items)
        let re, im = into.Numbers.Re, into.Numbers.Im
        let h = n / 2

        if n % 2 = 1 then
            for k in 0..h do
                let from, at = 2 * (offset + k * step), into.First + k * into.Step
                re[at] <- parts[from]
                im[at] <- if k = 0 then 'T.Zero else parts[from + 1]

                if k > 0 then
                    let mirrored = into.First + (n - k) * into.Step
                    re[mirrored] <- parts[from]
                    im[mirrored] <- -parts[from + 1]
        else
            let w = roots<'T> n

            for k in 0 .. h - 1 do
                let a, b = 2 * (offset + k * step), 2 * (offset + (h - k) * step)
                let ai = if k = 0 then 'T.Zero else parts[a + 1]
                let bi = if k = 0 then 'T.Zero else parts[b + 1]
                let struct (zr, zi) = folded parts[a] ai parts[b] bi w.Im[k] w.Re[k]
                let at = into.First + k * into.Step
                re[at] <- zr
                im[at] <- zi

    /// How a line is read, and how it is written.
    [<NoComparison; NoEquality>]
    type private Work<'T, 'A, 'B> = {
        /// The complex numbers of a line.
        Length: int
        IsBackward: bool
        Load: 'A[] -> int -> int -> SplitLine<'T> -> unit
        Store: SplitLine<'T> -> 'B[] -> int -> int -> unit
        /// Parts of a line by themselves, where each number is read, or written, without another.
        Parts: struct (('A[] -> int -> int -> PartCopy<'T>) * ('B[] -> int -> int -> PartCopy<'T>)) voption
    }

    let private oriented (work: Work<'T, 'A, 'B>) (x: Split<'T>) : Split<'T> =
        if work.IsBackward then { Re = x.Im; Im = x.Re } else x

    let private orientedParts (work: Work<'T, 'A, 'B>) (copy: PartCopy<'T>) : PartCopy<'T> =
        if work.IsBackward then
            PartCopy(fun first count line ->
                copy.Invoke(first, count, { line with Numbers = oriented work line.Numbers }))
        else
            copy

    /// Lines up to this length are transformed several at once.
    [<Literal>]
    let private MostTogether = 2048

    /// Lines shorter than this take so little that a vector is not filled.
    [<Literal>]
    let private Short = 64

    let private perform (work: Work<'T, 'A, 'B>) axis (x: HostBuffer<'A>) (y: HostBuffer<'B>) : unit =
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

        let load line into = work.Load x.Items (place xAround x.Offset line) xStep into
        let store line from = work.Store from y.Items (place yAround y.Offset line) yStep
        // A number takes part in several passes.
        let weight = 8L * int64 n * int64 count

        if count = 0 then
            ()
        elif
            n < Short && LongLines.isSmooth n
            || n <= MostTogether && count >= Columns.lanes<'T>() && LongLines.isSmooth n
        then
            let plan = LongLines.columns<'T> n
            let lanes = Columns.lanes<'T>()
            let w = min (LongLines.tileWidth<'T>()) (partsOf count lanes * lanes)

            Strided.ranges (partsOf count w) weight (fun first last ->
                let a, b = LongLines.rent<'T>(n * w), LongLines.rent<'T>(n * w)
                // Columns without a line are transformed as well: no denormal numbers, which take long.
                Array.Clear a.Re
                Array.Clear a.Im

                for tile in first .. last - 1 do
                    let lines = min w (count - tile * w)

                    for t in 0 .. lines - 1 do
                        load (tile * w + t) { Numbers = oriented work a; First = t; Step = w }

                    let z = Columns.run plan w a b

                    for t in 0 .. lines - 1 do
                        store (tile * w + t) { Numbers = oriented work z; First = t; Step = w }

                LongLines.giveBack a
                LongLines.giveBack b)
        else
            let plan = LongLines.plan<'T> n
            let isOneByOne = count < 2 * Workers.count ()

            let between plan line room =
                match work.Parts with
                | ValueNone -> false
                | ValueSome(struct (load, store)) ->
                    let load = load x.Items (place xAround x.Offset line) xStep
                    let store = store y.Items (place yAround y.Offset line) yStep

                    LongLines.tryBetween
                        isOneByOne
                        plan
                        (orientedParts work load)
                        (orientedParts work store)
                        room

            let lines first last =
                let room = LongLines.rent<'T> n

                for line in first .. last - 1 do
                    if not (between plan line room) then
                        let a = LongLines.rent<'T> n
                        load line { Numbers = oriented work a; First = 0; Step = 1 }
                        LongLines.run isOneByOne plan a room
                        store line { Numbers = oriented work a; First = 0; Step = 1 }
                        LongLines.giveBack a

                LongLines.giveBack room

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
                    Load = fun items offset step into -> ofComplex<'Z, 'T> items offset step n into
                    Store = fun from items offset step -> toComplex<'Z, 'T> scale from items offset step n
                    Parts =
                        ValueSome(
                            struct ((fun items offset step ->
                                        PartCopy(fun first count into ->
                                            ofComplex<'Z, 'T> items (offset + first * step) step count into)),
                                    (fun items offset step ->
                                        PartCopy(fun first count from ->
                                            toComplex<'Z, 'T>
                                                scale
                                                from
                                                items
                                                (offset + first * step)
                                                step
                                                count)))
                        )
                }
                axis
                (x :?> HostBuffer<'Z>)
                (y :?> HostBuffer<'Z>)
        | FourierTransform.RealForward ->
            perform
                {
                    Length = halved n
                    IsBackward = false
                    Load = fun items offset step into -> ofReal items offset step n into
                    Store = fun from items offset step -> toHalf<'Z, 'T> n scale from items offset step
                    Parts = ValueNone
                }
                axis
                (x :?> HostBuffer<'T>)
                (y :?> HostBuffer<'Z>)
        | FourierTransform.RealBackward n ->
            perform
                {
                    Length = halved n
                    IsBackward = true
                    Load = fun items offset step into -> ofHalf<'Z, 'T> n items offset step into
                    Store = fun from items offset step -> toReal scale from items offset step n
                    Parts = ValueNone
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
