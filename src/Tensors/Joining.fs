namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Tensors put together and taken apart.
[<AutoOpen>]
module Joining =
    let private require (operation: string) (tensors: Tensor[]) =
        if tensors.Length = 0 then
            raise (ShapeException $"{operation}: no tensors; at least one is needed to tell shape and dtype.")

        for t in tensors do
            Operands.sameDType operation tensors[0] t

    /// Tensors that differ in one axis at most, joined along it.
    let private joined (operation: string) (axis: int) (tensors: Tensor[]) : Tensor =
        let first = tensors[0]
        let along = tensors |> Array.sumBy (fun t -> int64 t.Dims[axis])

        first.Dims
        |> Array.mapi (fun i size -> if i = axis then along else int64 size)
        |> Shape.sized operation
        |> ignore

        if tensors.Length = 1 then first else Bind.one (Primitive.Concatenate axis) tensors

    /// <summary>Tensors joined along an existing axis; the other axes must agree.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The tensors differ in another axis, or there are none.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// concat 0 [ tensor [ [ 1; 2 ] ]; tensor [ [ 3; 4 ] ] ] // [[1, 2], [3, 4]]
    /// </code></example>
    let concat (axis: int) (tensors: Tensor seq) : Tensor =
        let tensors = Given.items "tensors" tensors
        require "concat" tensors
        let first = tensors[0]
        let axis = Shape.axis "concat" first.Rank axis

        tensors
        |> Array.iteri (fun i t ->
            let fail (difference: string) =
                raise (
                    ShapeException
                        $"concat: along axis {axis}, tensor 0 of shape {Shape.show first.Dims} and tensor {i} of shape {Shape.show t.Dims} {difference} `stack` joins along a new axis."
                )

            if t.Rank <> first.Rank then fail "don't have equally many axes. `t.Unsqueeze` adds one."

            for other in 0 .. first.Rank - 1 do
                if other <> axis && t.Dims[other] <> first.Dims[other] then
                    fail
                        $"have {first.Dims[other]} and {t.Dims[other]} entries along axis {other}, which must agree.")

        joined "concat" axis tensors

    /// <summary>Tensors of one shape along a new axis.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ, or there are no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// stack 1 [ tensor [ 1; 2 ]; tensor [ 3; 4 ] ] // [[1, 3], [2, 4]]
    /// </code></example>
    let stack (axis: int) (tensors: Tensor seq) : Tensor =
        let tensors = Given.items "tensors" tensors
        require "stack" tensors
        let first = tensors[0]

        for t in tensors do
            if not (Shape.equal t.Dims first.Dims) then
                raise (
                    ShapeException
                        $"stack: {Shape.show first.Dims} and {Shape.show t.Dims} differ; all tensors need one shape. Expand or pad them first, or use `concat`."
                )

        let axis = Shape.axis "stack (the new axis counted)" (first.Rank + 1) axis
        tensors |> Array.map (fun t -> t.Unsqueeze axis) |> joined "stack" axis

    let internal sliceAxis axis start count (t: Tensor) =
        Bind.one
            (Primitive.Slice {
                Full = t.Dims
                Start = t.Dims |> Array.mapi (fun i _ -> if i = axis then start else 0)
                Count = t.Dims |> Array.mapi (fun i d -> if i = axis then count else d)
                Step = t.Dims |> Array.map (fun _ -> 1)
            })
            [| t |]

    type Tensor with

        /// <summary>
        /// Parts of the given sizes along an axis (the first unless given); the sizes must add up to it.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The sizes do not add up to the axis.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// let parts = (tensor [ 1; 2; 3 ]).Split [ 1; 2 ]
        /// parts[1] // [2, 3]
        /// </code></example>
        [<CompiledName "Split">]
        member t.Split(sizes: int seq, ?axis: int) : Tensor[] =
            let axis = Shape.axis "split" t.Rank (defaultArg axis 0)
            Given.check "sizes" sizes
            let sizes = Array.ofSeq sizes

            let total = sizes |> Array.sumBy int64

            if total <> int64 t.Dims[axis] || Array.exists (fun s -> s < 0) sizes then
                raise (
                    ShapeException
                        $"split: sizes {List.ofArray sizes} do not add up to the {t.Dims[axis]} of axis {axis} in shape {Shape.show t.Dims}. The sizes of the parts must make up that axis."
                )

            let starts = Array.scan (+) 0 sizes |> Array.take sizes.Length
            Array.map2 (fun start size -> sliceAxis axis start size t) starts sizes

        /// <summary>
        /// At most so many parts along an axis (the first unless given), of equal size but for the last, which may be
        /// smaller.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The count is below 1.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// let parts = (tensor [ 0..6 ]).Chunk 3
        /// parts[0], parts[2] // ([0, 1, 2], [6])
        /// </code></example>
        [<CompiledName "Chunk">]
        member t.Chunk(count: int, ?axis: int) : Tensor[] =
            let axis = Shape.axis "chunk" t.Rank (defaultArg axis 0)

            if count < 1 then raise (ValueException $"chunk: {count} parts; ask for 1 or more.")

            let n = t.Dims[axis]
            let size = max 1 (partsOf n count)

            if n = 0 then
                [| t |]
            else
                t.Split([ for start in 0..size .. n - 1 -> min size (n - start) ], axis)

        /// <summary>The slices along an axis (the first unless given), without that axis.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// let rows = (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Unstack()
        /// rows[1] // [3, 4]
        /// </code></example>
        [<CompiledName "Unstack">]
        member t.Unstack(?axis: int) : Tensor[] =
            let axis = Shape.axis "unstack" t.Rank (defaultArg axis 0)
            t.Split(Array.replicate t.Dims[axis] 1, axis) |> Array.map (fun part -> part.Squeeze axis)

        /// <summary>Repeated along each axis as often as the list says, aligned right.</summary>
        /// <exception cref="T:Cotangent.ValueException">A count is negative.</exception>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Tile [ 2; 2 ] // [[1, 2, 1, 2], [1, 2, 1, 2]]
        /// </code></example>
        [<CompiledName "Tile">]
        member t.Tile(repeats: int seq) : Tensor =
            Given.check "repeats" repeats
            let repeats = Array.ofSeq repeats
            let rank = max repeats.Length t.Rank
            let ones n = Array.replicate n 1
            let shape = Array.append (ones (rank - t.Rank)) t.Dims
            let repeats = Array.append (ones (rank - repeats.Length)) repeats

            if repeats |> Array.exists (fun n -> n < 0) then
                raise (
                    ValueException
                        $"tile: {Shape.show repeats} repeats; none may be negative, and 0 gives an empty tensor."
                )

            let whole = Array.map2 (fun size n -> int64 size * int64 n) shape repeats |> Shape.sized "tile"

            // (a, b) -> (1, a, 1, b) -> (m, a, n, b) -> (m*a, n*b)
            let interleave f = Array.init (2 * rank) (fun i -> if i % 2 = 0 then f (i / 2) else shape[i / 2])

            t.Reshape(interleave (fun _ -> 1)).Expand(interleave (fun i -> repeats[i])).Reshape(whole)

        /// <summary>
        /// Each slice along an axis so many times in a row, as NumPy's <c>repeat</c>; <c>Tile</c> repeats the whole.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The count is negative.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Repeat(2, 0) // [1, 1, 2, 2]
        /// </code></example>
        [<CompiledName "Repeat">]
        member t.Repeat(count: int, axis: int) : Tensor =
            let axis = Shape.axis "repeat" t.Rank axis

            if count < 0 then
                raise (
                    ValueException
                        $"repeat: {count} times; it may not be negative, and 0 gives an empty tensor."
                )

            let shape =
                t.Dims
                |> Array.mapi (fun i size -> if i = axis then int64 size * int64 count else int64 size)
                |> Shape.sized "repeat"

            (t.Unsqueeze(axis + 1)).Expand(Shape.insertAt (axis + 1) count t.Dims).Reshape shape

        /// <summary>
        /// The elements moved along an axis, by so many places to higher positions; what is pushed over the end comes
        /// in at the start.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3; 4 ]).Roll(1, 0) // [4, 1, 2, 3]
        /// </code></example>
        [<CompiledName "Roll">]
        member t.Roll(shift: int, axis: int) : Tensor =
            let axis = Shape.axis "roll" t.Rank axis
            let n = t.Dims[axis]
            let rest = if n = 0 then 0 else shift % n
            let shift = if rest < 0 then rest + n else rest

            if shift = 0 then
                t
            else
                concat axis [ sliceAxis axis (n - shift) shift t; sliceAxis axis 0 (n - shift) t ]

        /// <summary>Widened at both ends of each axis by (before, after) copies of a value, 0 unless given.</summary>
        /// <exception cref="T:Cotangent.ShapeException">
        /// There is not one pair of non-negative widths for each axis.
        /// </exception>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Pad([ (1, 2) ], 9.0) // [9, 1, 2, 9, 9]
        /// </code></example>
        [<CompiledName "Pad">]
        member t.Pad(widths: (int * int) seq, ?value: float) : Tensor =
            Given.check "widths" widths
            let widths = Array.ofSeq widths

            if widths.Length <> t.Rank || widths |> Array.exists (fun (a, b) -> a < 0 || b < 0) then
                raise (
                    ShapeException
                        $"pad: one (before, after) pair of non-negative widths is needed for each of the {t.Rank} axes of shape {Shape.show t.Dims}, got {List.ofArray widths}. Slice to make an axis shorter."
                )

            let region = {
                Full =
                    Array.map2 (fun d (a, b) -> int64 a + int64 d + int64 b) t.Dims widths
                    |> Shape.sized "pad"
                Start = Array.map fst widths
                Count = t.Dims
                Step = Array.map (fun _ -> 1) t.Dims
            }

            let place (x: Tensor) = Bind.one (Primitive.Place region) [| x |]

            match value with
            | None
            | Some 0.0 -> place t
            | Some value ->
                let inside = place (Bind.full (Literal.Whole 1L) DType.Bool t.Dims t.Device)
                let outside = Bind.full (Literals.real "pad" t.DType value) t.DType region.Full t.Device
                Bind.one Primitive.Select [| inside; place t; outside |]
