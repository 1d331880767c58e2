namespace Cotangent.Engines

// The transform of one long line, as two of columns (D. H. Bailey, "FFTs in external or hierarchical memory", 1990): the line
// is a matrix of n1 rows and n2 columns, whose columns are transformed, multiplied by roots of unity, transposed, and
// transformed again. A few columns at a time, a tile, fit the second-level cache, and memory is walked twice in all. A length
// with a large prime in it becomes a convolution of a length without one (L. I. Bluestein, "A linear filtering approach to the
// computation of discrete Fourier transform", 1970).

open System
open System.Buffers
open System.Numerics
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

module internal LongLines =
    /// The slots of a row of a tile: some lines of the caches, and not a power of two of them, so that rows a power of two apart do not
    /// all fall into the same places of the caches.
    let tileWidth<'T> () = max 1 (192 / (Slots.lanes<'T>() * sizeof<'T>))

    /// Bytes of a line that is larger than second-level caches: between its two transforms it is written past them, which would read
    /// each line of memory before it is overwritten.
    [<Literal>]
    let private StreamFrom = 4194304L

    /// From this length on, lines are matrices.
    [<Literal>]
    let private MatrixFrom = 64

    /// The largest divisor up to the root.
    let private rows (n: int) =
        let mutable d = int (sqrt (float n))

        while n % d <> 0 do
            d <- d - 1

        d

    /// The least length from n on that has only the factors 2, 3 and 5, those but few.
    let smooth (n: int) =
        let upTo (odd: int) =
            let mutable length = odd

            while length < n do
                length <- 2 * length

            length

        [ 1; 3; 5; 9; 15 ] |> List.map upTo |> List.min

    let columns<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : ColumnPlan<'T> =
        Kept<'T, ColumnPlan<'T>>.Get(n, Columns.plan<'T>)

    let isSmooth (n: int) =
        let struct (_, rest) = Columns.radices n
        rest = 1

    let private matrix<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) (n1: int) : MatrixPlan<'T> =
        Tile.optimised ()
        let n2, lanes = n / n1, Slots.lanes<'T>()
        let w = tileWidth<'T>() * lanes
        let within = Array.zeroCreate (2 * n1 * w)

        for k in 0 .. n1 - 1 do
            for t in 0 .. w - 1 do
                let root = Twiddles.root (int64 k * int64 t) (int64 n)
                let at = 2 * (k * w + t / lanes * lanes) + t % lanes
                within[at] <- Twiddles.ofFloat root.Real
                within[at + lanes] <- Twiddles.ofFloat root.Imaginary

        {
            First = columns<'T> n1
            Second = columns<'T> n2
            Within = within
            OfTiles =
                Twiddles.table (partsOf n2 w * n1) (fun i ->
                    Twiddles.root (int64 (i % n1) * int64 (i / n1 * w)) (int64 n))
        }

    let private shared isParallel count (weight: int64) (work: int -> int -> unit) =
        if isParallel then Strided.ranges count weight work else work 0 count

    /// From pairs at a place of one array to those at another's, which may be the same.
    let private runMatrix<'T, 'A, 'B
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
        isParallel
        isBackward
        (scale: 'T)
        (plan: MatrixPlan<'T>)
        (source: 'A[])
        from
        (target: 'B[])
        into
        =
        let n1, n2, lanes = plan.First.Length, plan.Second.Length, Slots.lanes<'T>()
        let weight = 8L * int64 n1 * int64 n2
        let most = tileWidth<'T>()
        let w, unit = most * lanes, 2 * lanes
        // Transposed by squares: rows are made up to full vectors.
        let fullRows n = partsOf n lanes * lanes
        let room = Slots.rent<'T>(partsOf n1 lanes * fullRows n2)
        // Not to be moved while its lines are written as such.
        let pin = GCHandle.Alloc(room.Items, GCHandleType.Pinned)

        use _ = {
            new IDisposable with
                member _.Dispose() = pin.Free()
        }

        let start = int64 (pin.AddrOfPinnedObject()) + int64 room.First * int64 sizeof<'T>

        let isStreaming =
            2L * int64 sizeof<'T> * int64 n1 * int64 n2 >= StreamFrom
            && start % 64L = 0L
            && Turning.canStream<'T>()

        // A tile of the second matrix, of columns from a multiple of w on.
        let tile k = room.First + k / w * fullRows n2 * most * unit
        let widthOf n first = partsOf (min w (n - first)) lanes

        shared isParallel (partsOf n2 w) weight (fun firstTile lastTile ->
            let a, b = Slots.rent<'T>(fullRows n1 * most), Slots.rent<'T>(fullRows n1 * most)

            for j in firstTile .. lastTile - 1 do
                let first = j * w
                let width = widthOf n2 first

                let line: ReadOnlySpan<'T> =
                    Span.op_Implicit (MemoryMarshal.Cast<'A, 'T>(Span source).Slice from)

                Interleaving.load
                    isBackward
                    line
                    { First = first; Stride = n2; Rows = n1; Count = min w (n2 - first) }
                    width
                    a

                let z = Columns.run plan.First width a b
                let row k = z.First + k * width * unit
                Array.Clear(z.Items, row n1, row (fullRows n1) - row n1)

                for k in 0..lanes .. n1 - 1 do
                    for i in k .. min (k + lanes) n1 - 1 do
                        Turning.row
                            width
                            z.Items
                            (row i)
                            plan.Within
                            (i * most * unit)
                            plan.OfTiles
                            (2 * (j * n1 + i))

                    let turnedRow = unit * widthOf n1 (k / w * w)
                    let at = tile k + first * turnedRow + k % w / lanes * unit

                    for s in 0 .. width - 1 do
                        let from, into = row k + s * unit, at + s * lanes * turnedRow
                        Turning.square isStreaming z.Items from (width * unit) room.Items into turnedRow

                        Turning.square
                            isStreaming
                            z.Items
                            (from + lanes)
                            (width * unit)
                            room.Items
                            (into + lanes)
                            turnedRow

            if isStreaming then Turning.settle ()
            Slots.giveBack a
            Slots.giveBack b)

        shared isParallel (partsOf n1 w) weight (fun firstTile lastTile ->
            let b = Slots.rent<'T>(n2 * most)

            for k in firstTile .. lastTile - 1 do
                let first = k * w
                let width = widthOf n1 first
                let z = Columns.run plan.Second width { room with First = tile first } b

                Interleaving.store
                    isBackward
                    scale
                    z
                    width
                    (MemoryMarshal.Cast<'B, 'T>(Span target).Slice into)
                    { First = first; Stride = n1; Rows = n2; Count = min w (n1 - first) }

            Slots.giveBack b)

        Slots.giveBack room

    /// One column among as many as a vector has.
    let private runColumn<'T when 'T :> INumberBase<'T>>
        isBackward
        (scale: 'T)
        (plan: ColumnPlan<'T>)
        (source: ReadOnlySpan<'T>)
        (target: Span<'T>)
        =
        let n = plan.Length
        let a, b = Slots.rent<'T> n, Slots.rent<'T> n
        let block = { First = 0; Stride = 1; Rows = n; Count = 1 }
        Interleaving.load isBackward source block 1 a
        Interleaving.store isBackward scale (Columns.run plan 1 a b) 1 target block
        Slots.giveBack a
        Slots.giveBack b

    /// z <- z w, of n pairs.
    let private multiply isParallel (z: float[]) (w: float[]) n =
        shared isParallel n n (fun first last ->
            for k in first .. last - 1 do
                let re, im = z[2 * k], z[2 * k + 1]
                z[2 * k] <- re * w[2 * k] - im * w[2 * k + 1]
                z[2 * k + 1] <- re * w[2 * k + 1] + im * w[2 * k])

    let private pairs<'T, 'A
        when 'T: struct
        and 'T: (new: unit -> 'T)
        and 'T :> ValueType
        and 'A: struct
        and 'A: (new: unit -> 'A)
        and 'A :> ValueType>
        (items: 'A[])
        from
        count
        =
        MemoryMarshal.Cast<'A, 'T>(Span items).Slice(from, 2 * count)

    /// exp(-2πi jk/n) applied to n pairs at a place of one array, to those at another's, which may be the same; backward, with
    /// the conjugate. The places count parts.
    let rec run<'T, 'A, 'B
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
        isParallel
        isBackward
        (scale: 'T)
        (plan: LinePlan<'T>)
        (source: 'A[])
        from
        (target: 'B[])
        into
        : unit =
        match plan with
        | LinePlan.Matrix plan ->
            runMatrix<'T, 'A, 'B> isParallel isBackward scale plan source from target into
        | LinePlan.Columns plan ->
            runColumn
                isBackward
                scale
                plan
                (Span.op_Implicit (pairs<'T, 'A> source from plan.Length))
                (pairs<'T, 'B> target into plan.Length)
        | LinePlan.Chirp(n, plan) ->
            // The convolution of the chirped line with the chirp: jk = (j² + k² - (k - j)²)/2.
            let length = plan.Convolution.Length
            let z = ArrayPool<float>.Shared.Rent(2 * length)
            // Backward with the parts exchanged.
            let re, im = (if isBackward then 1 else 0), (if isBackward then 0 else 1)

            shared isParallel n n (fun first last ->
                let x = pairs<'T, 'A> source from n

                for k in first .. last - 1 do
                    z[2 * k] <- Double.CreateTruncating x[2 * k + re]
                    z[2 * k + 1] <- Double.CreateTruncating x[2 * k + im])

            Array.Clear(z, 2 * n, 2 * (length - n))
            multiply isParallel z plan.Chirp n
            convolve isParallel plan z
            multiply isParallel z plan.Chirp n

            shared isParallel n n (fun first last ->
                let y = pairs<'T, 'B> target into n

                for k in first .. last - 1 do
                    y[2 * k + re] <- scale * Twiddles.ofFloat z[2 * k]
                    y[2 * k + im] <- scale * Twiddles.ofFloat z[2 * k + 1])

            ArrayPool<float>.Shared.Return z

    and private convolve isParallel (plan: ChirpPlan) (z: float[]) =
        run<float, float, float> isParallel false 1.0 plan.Convolution z 0 z 0
        multiply isParallel z plan.Kernel plan.Convolution.Length
        run<float, float, float> isParallel true 1.0 plan.Convolution z 0 z 0

    let private direct<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : LinePlan<'T> =
        let n1 = if n < MatrixFrom then 1 else rows n
        if n1 < 4 then LinePlan.Columns(columns<'T> n) else LinePlan.Matrix(matrix<'T> n n1)

    let private chirp (n: int) : ChirpPlan =
        Tile.optimised ()
        let length = smooth (2 * n - 1)
        let convolution = direct<float> length
        let turned (k: int) = Twiddles.root (int64 k * int64 k % (2L * int64 n)) (2L * int64 n)
        let kernel = Array.zeroCreate (2 * length)

        for k in 0 .. n - 1 do
            let z = Complex.Conjugate(turned k) / float length
            kernel[2 * k] <- z.Real
            kernel[2 * k + 1] <- z.Imaginary

            if k > 0 then
                kernel[2 * (length - k)] <- z.Real
                kernel[2 * (length - k) + 1] <- z.Imaginary

        run<float, float, float> true false 1.0 convolution kernel 0 kernel 0
        { Chirp = Twiddles.table n turned; Kernel = kernel; Convolution = convolution }

    let plan<'T when 'T: struct and 'T :> INumberBase<'T>> (n: int) : LinePlan<'T> =
        Kept<'T, LinePlan<'T>>
            .Get(n, fun n -> if isSmooth n then direct<'T> n else LinePlan.Chirp(n, chirp n))
