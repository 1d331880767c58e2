namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

// Attention, softmax(s q kᵀ) v, for blocks of queries: a block's scores are as many as fit the cache, so the matrix of all
// scores is never there, however long the sequences. On the way back the scores are computed again, block by block. The
// keys that a causal block can't see are left out of its products.

/// The sizes of an attention, and what a query may look at.
[<NoComparison; NoEquality>]
type internal AttentionSizes = {
    Batch: int[]
    Queries: int
    Keys: int
    /// Numbers in a query and in a key.
    Width: int
    /// Numbers in a value.
    ValueWidth: int
    IsCausal: bool
    Scale: float
} with

    /// The keys before this one are visible: of a causal attention the last query sees all.
    member s.VisibleTo(query: int) =
        if s.IsCausal then Math.Clamp(query + 1 - s.Queries + s.Keys, 0, s.Keys) else s.Keys

module internal Attention =
    let sizes isCausal scale (q: HostBuffer) (k: HostBuffer) (v: HostBuffer) : AttentionSizes =
        let r = q.Shape.Length

        {
            Batch = q.Shape[.. r - 3]
            Queries = q.Shape[r - 2]
            Keys = k.Shape[r - 2]
            Width = q.Shape[r - 1]
            ValueWidth = v.Shape[r - 1]
            IsCausal = isCausal
            Scale = scale
        }

    /// Queries of which the scores of a block fit the cache, few enough for a product on one core. A causal block computes scores up to those of its last
    /// query, so fewer are better.
    let private blockOf (s: AttentionSizes) =
        let width = max 1 (max s.Width s.ValueWidth)
        let scores = min 65536 (3_900_000 / width)
        Math.Clamp(scores / max 1 s.Keys, 1, (if s.IsCausal then 32 else 64))

    /// The last two axes of an operand as a matrix, in a batch.
    let private matrix (s: AttentionSizes) (x: HostBuffer<'T>) batch : Matrix<'T> =
        let r = x.Shape.Length
        let mutable offset, rest = x.Offset, batch

        for axis in r - 3 .. -1 .. 0 do
            offset <- offset + rest % s.Batch[axis] * x.Strides[axis]
            rest <- rest / s.Batch[axis]

        { Data = x.Items; Offset = offset; RowStride = x.Strides[r - 2]; ColStride = x.Strides[r - 1] }

    let private transpose (m: Matrix<'T>) = { m with RowStride = m.ColStride; ColStride = m.RowStride }

    let private from row (m: Matrix<'T>) = { m with Offset = m.Offset + row * m.RowStride }

    /// A result, in the order of an operand's axes (see Fused.LaidOutLike).
    let private freshLike<'T> (like: HostBuffer<'T>) (shape: int[]) : HostBuffer<'T> =
        HostBuffer<'T>(
            like.DType,
            Strided.allocate<'T>(Shape.count shape),
            shape,
            Shape.stridesLike like.Strides shape,
            0
        )

    /// Where rows of `width` elements are made side by side: in a result's memory, if they lie so there, or else in `room`.
    let private placeOf width (y: Matrix<'T>) (room: 'T[]) =
        if y.RowStride = width then struct (y.Data, y.Offset) else struct (room, 0)

    /// Puts rows that were made elsewhere into a result.
    let private put rows width (made: 'T[]) (y: Matrix<'T>) =
        Tile.optimised ()

        if not (obj.ReferenceEquals(made, y.Data)) then
            for row in 0 .. rows - 1 do
                Lines.copy
                    width
                    &(Tile.at made (row * width))
                    &(Tile.at y.Data (y.Offset + row * y.RowStride))

    /// Rows of `width` adjacent elements.
    let private adjacent (data: 'T[]) offset width : Matrix<'T> = {
        Data = data
        Offset = offset
        RowStride = width
        ColStride = 1
    }

    /// From so many queries in a block on, keys and values are transposed for them.
    [<Literal>]
    let private TransposedFrom = 16

    /// Elements from one row of a transpose to the next: were they a power of two, all would fall into the same places of the
    /// first-level cache.
    let private apart keys = if keys % 64 = 0 then keys + 16 else keys

    /// Memory for a transpose of keys or values.
    let private rentTransposed<'T> (s: AttentionSizes) width : 'T[] =
        if min s.Queries (blockOf s) >= TransposedFrom then
            ArrayPool<'T>.Shared.Rent(max 1 width * apart s.Keys)
        else
            [||]

    /// The transpose of keys or values: copied, where there is memory for it, so that products of many blocks of queries read rows
    /// of neighbours in place.
    let private transposed (s: AttentionSizes) width (m: Matrix<'T>) (into: 'T[]) isThere : Matrix<'T> =
        if into.Length = 0 then
            transpose m
        else
            let step = apart s.Keys

            if not isThere then
                Panels.pack step s.Keys width m.Data m.Offset m.RowStride m.ColStride into 0

            adjacent into 0 step

    /// Where a query may look at a key.
    let private sees (s: AttentionSizes) (mask: Matrix<bool> voption) query key =
        key < s.VisibleTo query
        && match mask with
           | ValueSome m -> m.Data[m.Offset + query * m.RowStride + key * m.ColStride]
           | ValueNone -> true

    /// An operand of a product with weights, some of which are 0 because a query may not look. Rows that are not finite
    /// are left out of it, since 0 times them is NaN, and added for those that see them.
    [<NoComparison; NoEquality>]
    type private Operand<'T> = { Whole: Matrix<'T>; Finite: Matrix<'T>; Others: int[] }

    let private operand<'T when 'T :> INumberBase<'T>>
        (isChecked: bool)
        rows
        width
        (m: Matrix<'T>)
        : Operand<'T> =
        let at row column = m.Offset + row * m.RowStride + column * m.ColStride

        let others =
            if isChecked then
                Range.filter rows (fun row ->
                    not (Range.forall width (fun column -> 'T.IsFinite m.Data[at row column])))
            else
                [||]

        if others.Length = 0 then
            { Whole = m; Finite = m; Others = others }
        else
            let copy = Array.init (rows * width) (fun i -> m.Data[at (i / width) (i % width)])

            for row in others do
                Array.Clear(copy, row * width, width)

            { Whole = m; Finite = adjacent copy 0 width; Others = others }

    /// Adds to each row of a product what its operand left out, if the row sees it.
    let private addOthers<'T when 'T :> INumberBase<'T>>
        (x: Operand<'T>)
        rows
        width
        (sees: int -> int -> bool)
        (weight: int -> int -> 'T)
        (y: 'T[])
        at
        =
        for other in x.Others do
            for row in 0 .. rows - 1 do
                if sees row other then
                    for column in 0 .. width - 1 do
                        let value =
                            x.Whole.Data[x.Whole.Offset
                                         + other * x.Whole.RowStride
                                         + column * x.Whole.ColStride]

                        let place = at + row * width + column
                        y[place] <- y[place] + weight row other * value

    /// Whether all numbers of a matrix are finite: where they are, x - x is 0.
    let private isFinite<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        rows
        width
        (m: Matrix<'T>)
        =
        Tile.optimised ()
        let w = if m.ColStride = 1 then Vector<'T>.Count else width + 1
        let mutable sum = Vector<'T>.Zero
        let mutable rest: 'T = 'T.Zero

        for row in 0 .. rows - 1 do
            let start = m.Offset + row * m.RowStride
            let mutable i = 0

            while i + w <= width do
                let x = Tile.load &(Tile.at m.Data start) (nativeint i)
                sum <- sum + (x - x)
                i <- i + w

            while i < width do
                let x: 'T = m.Data[start + i * m.ColStride]
                let none: 'T = x - x
                rest <- rest + none
                i <- i + 1

        Vector.EqualsAll(sum, Vector<'T>.Zero) && 'T.IsFinite rest

    /// Whether a product of weights could carry what is not finite to a row that does not see it.
    let private couldLeak (s: AttentionSizes) (mask: Matrix<bool> voption) =
        mask.IsSome || s.IsCausal && s.Queries > 1

    /// -∞ in place of the scores of a row that a mask hides.
    let private hide<'T when 'T :> INumberBase<'T> and 'T :> IFloatingPointIeee754<'T>>
        (mask: Matrix<bool>)
        query
        (row: Span<'T>)
        =
        let start = mask.Offset + query * mask.RowStride

        for j in 0 .. row.Length - 1 do
            if not mask.Data[start + j * mask.ColStride] then row[j] <- 'T.NegativeInfinity

    /// One row of scores into weights: for long rows, and where not all is finite.
    let private weightsOfRow<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (scale: 'T)
        (mask: Matrix<bool> voption)
        query
        (row: Span<'T>)
        (scratch: 'T[])
        =
        RowMath.Multiply(Along.reading row, scale, row)

        match mask with
        | ValueSome mask -> hide mask query row
        | ValueNone -> ()

        let scores = Span(scratch, 0, row.Length)
        row.CopyTo scores
        if row.Length > 0 then Softmax.row false (Along.reading scores) row

    /// What a worker computes attention in.
    [<NoComparison; NoEquality>]
    type private Room<'T> = {
        /// Weights, the first at `First`, which is where a line of the caches begins, and room for a vector behind them.
        Weights: 'T[]
        First: int
        /// Room for a row.
        Row: 'T[]
        Vectors: AttentionRows<'T>
    } with

        static member Rent(block, s: AttentionSizes) : Room<'T> =
            let struct (weights, first) = Panels.rent<'T>(block * s.Keys + AttentionRows<'T>.Widest)

            {
                Weights = weights
                First = first
                Row = ArrayPool<'T>.Shared.Rent(max s.Keys AttentionRows<'T>.Widest)
                Vectors = AttentionRows.vectors<'T>()
            }

        member r.Return() =
            ArrayPool<'T>.Shared.Return r.Weights
            ArrayPool<'T>.Shared.Return r.Row

    /// The weights of the queries first, first + 1, … for the keys 0 .. keys - 1, in rows of `keys`: softmax(s q kᵀ), 0 where
    /// a query may not look. k is transposed.
    let private weights<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (s: AttentionSizes)
        (multiply: Matrices.Product<'T>)
        (q: Matrix<'T>)
        (k: Matrix<'T>)
        (mask: Matrix<bool> voption)
        first
        count
        keys
        (room: Room<'T>)
        : ScoreRows<'T> =
        let weights, at = room.Weights, room.First
        multiply.Invoke(count, keys, s.Width, from first q, k, weights, at)
        let scale: 'T = 'T.CreateSaturating s.Scale

        let rows: ScoreRows<'T> = {
            Items = weights
            First = at
            Keys = keys
            Count = count
            Visible = if s.IsCausal then first + 1 - s.Queries + s.Keys else keys
            Step = if s.IsCausal then 1 else 0
        }

        // Where -∞ scaled is not -∞, or a row has too many elements for one sum, each row is on its own.
        let byRow = keys > AttentionRows<'T>.Longest || mask.IsSome && not (s.Scale > 0.0)
        let largest = Scratch<'T>.Slot 2

        if not byRow then
            match mask with
            | ValueSome mask ->
                for i in 0 .. count - 1 do
                    hide mask (first + i) (rows.Counted i)
            | ValueNone -> ()

            room.Vectors.Softmax(rows, scale, largest, Scratch<'T>.Slot 3, room.Row)

        for i in 0 .. count - 1 do
            if byRow || not ('T.IsFinite largest[i]) then
                let visible = rows.VisibleIn i
                weightsOfRow scale mask (first + i) (rows.Counted i) room.Row
                Array.Clear(weights, at + i * keys + visible, keys - visible)

        // A NaN among the scores is in all weights of the row, but not in those that are none.
        if mask.IsSome then
            for i in 0 .. count - 1 do
                if keys > 0 && 'T.IsNaN weights[at + i * keys] then
                    for j in 0 .. keys - 1 do
                        if not (sees s mask (first + i) j) then weights[at + i * keys + j] <- 'T.Zero

        rows

    let forward<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (s: AttentionSizes)
        (q: HostBuffer<'T>)
        (k: HostBuffer<'T>)
        (v: HostBuffer<'T>)
        (mask: HostBuffer<bool> voption)
        : HostBuffer =
        let y = freshLike q (Array.append s.Batch [| s.Queries; s.ValueWidth |])
        let multiply = Matrices.product<'T>()
        let block = blockOf s
        let blocks = partsOf s.Queries block
        let batches = Shape.count s.Batch
        let work = int64 batches * int64 s.Queries * int64 s.Keys * int64 (s.Width + s.ValueWidth)

        Strided.ranges (batches * blocks) work (fun start stop ->
            let room = Room<'T>.Rent(block, s)
            let turned = rentTransposed s s.Width
            let rows = ArrayPool<'T>.Shared.Rent(max 1 (block * s.ValueWidth))
            let mutable isChecked = false

            for item in start .. stop - 1 do
                let batch, first = item / blocks, item % blocks * block
                let count = min block (s.Queries - first)
                let keys = s.VisibleTo(first + count - 1)
                let of' x = matrix s x batch
                let mask = mask |> ValueOption.map (fun m -> matrix s m batch)
                let isNew = item = start || first = 0
                let k = transposed s s.Width (of' k) turned (not isNew)
                let v = of' v
                if isNew then isChecked <- couldLeak s mask && not (isFinite s.Keys s.ValueWidth v)
                let weights = weights s multiply (of' q) k mask first count keys room
                let v = operand isChecked s.Keys s.ValueWidth v

                let into = from first (matrix s y batch)
                let struct (made, at) = placeOf s.ValueWidth into rows
                multiply.Invoke(count, s.ValueWidth, keys, weights.Matrix, v.Finite, made, at)

                addOthers
                    v
                    count
                    s.ValueWidth
                    (fun i key -> sees s mask (first + i) key)
                    (fun i key -> weights[i, key])
                    made
                    at

                put count s.ValueWidth made into

            room.Return()
            ArrayPool<'T>.Shared.Return rows
            ArrayPool<'T>.Shared.Return turned)

        y

    let private add (total: 'T[]) at (part: 'T[]) count =
        let target = Span(total, at, count)
        RowMath.Add(Along.reading target, ReadOnlySpan(part, 0, count), target)

    /// The cotangents of q, k and v. With the weights p and their cotangent
    /// d = c vᵀ, the scores have e = s p (d - Σ p d), so q has e k, k has eᵀ q, and v has pᵀ c.
    let pull<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (s: AttentionSizes)
        (q: HostBuffer<'T>)
        (k: HostBuffer<'T>)
        (v: HostBuffer<'T>)
        (c: HostBuffer<'T>)
        (mask: HostBuffer<bool> voption)
        : HostBuffer[] =
        let ofQ, ofK, ofV = freshLike q q.Shape, freshLike k k.Shape, freshLike v v.Shape
        let multiply = Matrices.product<'T>()
        let block = blockOf s
        let batches = Shape.count s.Batch
        let work = 3L * int64 batches * int64 s.Queries * int64 s.Keys * int64 (s.Width + s.ValueWidth)
        let scale: 'T = 'T.CreateSaturating s.Scale

        Strided.ranges batches work (fun start stop ->
            let rent n = ArrayPool<'T>.Shared.Rent(max 1 n)
            let room = Room<'T>.Rent(block, s)
            let struct (scores, atScores) = Panels.rent<'T>(block * s.Keys)
            let part = rent (max s.Keys block * max s.Width s.ValueWidth)
            let sumK, sumV = rent (s.Keys * s.Width), rent (s.Keys * s.ValueWidth)
            let turnedKeys, turnedValues = rentTransposed s s.Width, rentTransposed s s.ValueWidth

            for batch in start .. stop - 1 do
                let q, k, v, c = matrix s q batch, matrix s k batch, matrix s v batch, matrix s c batch
                let mask = mask |> ValueOption.map (fun m -> matrix s m batch)

                let isChecked =
                    couldLeak s mask
                    && not (
                        isFinite s.Queries s.Width q
                        && isFinite s.Keys s.Width k
                        && isFinite s.Keys s.ValueWidth v
                        && isFinite s.Queries s.ValueWidth c
                    )

                let ofQueries = operand isChecked s.Queries
                let ofKeys = operand isChecked s.Keys s.Width k
                let queries, cotangents = ofQueries s.Width q, ofQueries s.ValueWidth c
                let k' = transposed s s.Width k turnedKeys false
                let v' = transposed s s.ValueWidth v turnedValues false

                let intoQ, intoK, intoV = matrix s ofQ batch, matrix s ofK batch, matrix s ofV batch

                let struct (madeK, atK), struct (madeV, atV) =
                    placeOf s.Width intoK sumK, placeOf s.ValueWidth intoV sumV

                /// Adds a block's part of a cotangent to that of the keys; the first block's begins it.
                let addTo (total: 'T[]) at width first keys (write: 'T[] -> int -> unit) =
                    if first = 0 then
                        write total at
                        Array.Clear(total, at + keys * width, (s.Keys - keys) * width)
                    else
                        write part 0
                        add total at part (keys * width)

                if s.Queries = 0 then
                    Array.Clear(madeK, atK, s.Keys * s.Width)
                    Array.Clear(madeV, atV, s.Keys * s.ValueWidth)

                for first in 0..block .. s.Queries - 1 do
                    let count = min block (s.Queries - first)
                    let keys = s.VisibleTo(first + count - 1)
                    let weights = weights s multiply q k' mask first count keys room
                    let slopes = { weights with Items = scores; First = atScores }
                    multiply.Invoke(count, keys, s.ValueWidth, from first c, v', scores, atScores)

                    let isSeen key query = query >= first && query < first + count && sees s mask query key
                    let byKey (rows: ScoreRows<'T>) key query = rows[query - first, key]

                    addTo madeV atV s.ValueWidth first keys (fun y at ->
                        let weights' = transpose weights.Matrix

                        multiply.Invoke(
                            keys,
                            s.ValueWidth,
                            count,
                            weights',
                            from first cotangents.Finite,
                            y,
                            at
                        )

                        addOthers cotangents keys s.ValueWidth isSeen (byKey weights) y at)

                    let clearHidden () =
                        if isChecked then
                            for i in 0 .. count - 1 do
                                for j in 0 .. keys - 1 do
                                    if not (sees s mask (first + i) j) then
                                        scores[atScores + i * keys + j] <- 'T.Zero

                    clearHidden ()
                    room.Vectors.Slopes(weights, scores, atScores, scale)
                    clearHidden ()

                    let into = from first intoQ
                    let struct (made, at) = placeOf s.Width into part
                    multiply.Invoke(count, s.Width, keys, slopes.Matrix, ofKeys.Finite, made, at)

                    addOthers
                        ofKeys
                        count
                        s.Width
                        (fun i key -> sees s mask (first + i) key)
                        (fun i key -> slopes[i, key])
                        made
                        at

                    put count s.Width made into

                    addTo madeK atK s.Width first keys (fun y at ->
                        let slopes' = transpose slopes.Matrix
                        multiply.Invoke(keys, s.Width, count, slopes', from first queries.Finite, y, at)
                        addOthers queries keys s.Width isSeen (byKey slopes) y at)

                put s.Keys s.Width madeK intoK
                put s.Keys s.ValueWidth madeV intoV

            ArrayPool<'T>.Shared.Return scores
            room.Return()
            ArrayPool<'T>.Shared.Return part
            ArrayPool<'T>.Shared.Return sumK
            ArrayPool<'T>.Shared.Return sumV
            ArrayPool<'T>.Shared.Return turnedKeys
            ArrayPool<'T>.Shared.Return turnedValues)

        [| ofQ; ofK; ofV |]
