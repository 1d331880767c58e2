namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic

/// Primitives that move elements or make them from nothing.
module internal MoveKernels =

    /// One number seen through a whole shape. The managed kernel makes it the dtype's.
    let fill (f: Frame) (value: Literal) (dtype: DType) (shape: int[]) =
        let one = Move.full value dtype [||]
        let whole () = Scalar.whole ((HostBuffer.data<int64>(Convert.buffer DType.Int64 one)).[0])
        let real () = Scalar.real ((HostBuffer.data<float>(Convert.buffer DType.Float64 one)).[0])

        let element =
            if dtype.IsFloat then full f (real ()) dtype [||]
            elif DTypes.hasLanes dtype || dtype = DType.Bool then full f (whole ()) dtype [||]
            else Transfer.write f one

        expand f element shape

    let iota (f: Frame) (dtype: DType) length =
        if DTypes.hasLanes dtype then
            counting f dtype length
        else
            cast f (counting f DType.Float32 length) dtype

    /// The region as libtorch can slice it, with steps of the other sign where they are negative; and those axes.
    let private forward (region: Region) =
        let turned = [|
            for axis in 0 .. region.Full.Length - 1 do
                if region.Step[axis] < 0 && region.Count[axis] > 1 then axis
        |]

        let bounds =
            Array.init region.Full.Length (fun axis ->
                let count, step = region.Count[axis], region.Step[axis]
                let last = region.Start[axis] + (count - 1) * step

                if count = 0 then struct (0, 0, 1)
                elif count = 1 then struct (region.Start[axis], region.Start[axis] + 1, 1)
                elif step > 0 then struct (region.Start[axis], last + 1, step)
                else struct (last, region.Start[axis] + 1, -step))

        struct (bounds, turned)

    let private sliced (f: Frame) x (full: int[]) bounds =
        let mutable y = reshape f x full

        bounds
        |> Array.iteri (fun axis (struct (first, last, step)) ->
            if first > 0 || last < full[axis] || step > 1 then y <- slice f y axis first last step)

        y

    let slice (f: Frame) (region: Region) x =
        let struct (bounds, turned) = forward region
        let y = sliced f x region.Full bounds
        if turned.Length = 0 then y else flip f y turned

    let place (f: Frame) (region: Region) x (dtype: DType) =
        let struct (bounds, turned) = forward region
        let y = zeros f dtype region.Full
        let source = if turned.Length = 0 then x else flip f x turned
        copyInto f (sliced f y region.Full bounds) source
        y

    // Gather and scatter see their operands as arrays of few axes: batch, the axes between the batch and the indexed axis
    // ("outer"), the indexed axis, and the axes after it ("inner"). Data is [batch, outer, size, inner], indices are
    // [batch, count], updates and results are [batch, outer, count, inner]. With a batch, positions count through the
    // batch too, and the arrays are turned to [batch * size or count, outer, inner].

    [<Struct>]
    type private Layout = { Batch: int; Outer: int; Size: int; Inner: int; Count: int }

    let private layout (shape: int[]) axis batch (indices: int[]) =
        let b = Strided.product shape 0 (batch - 1)

        {
            Batch = b
            Outer = Strided.product shape batch (axis - 1)
            Size = shape[axis]
            Inner = Strided.product shape (axis + 1) (shape.Length - 1)
            Count = Strided.product indices batch (indices.Length - 1)
        }

    /// Positions as Int64, counted through the batch; an IndexException names one that is outside. Waits for the device.
    let private positions
        (f: Frame)
        (finder: Finder)
        (l: Layout)
        indices
        (indexType: DType)
        (indexShape: int[])
        =
        let wide = cast f indices DType.Int64
        let n = int64 l.Size

        let low =
            f.Own(NativeElementwise.THSTensor_lt_scalar(wide, Scalar.whole (int64 (finder.Least l.Size))))

        let high = f.Own(NativeElementwise.THSTensor_ge_scalar(wide, Scalar.whole n))

        if any f (f.Own(NativeElementwise.THSTensor_bitwise_or(low, high))) then
            // The managed kernel finds which, and throws.
            Move.positions finder l.Size (Transfer.read f indices indexType indexShape) |> ignore

        let negative = f.Own(NativeElementwise.THSTensor_lt_scalar(wide, Scalar.whole 0L))
        let within = reshape f (where f negative (addWhole f wide n) wide) [| l.Batch; l.Count |]

        if l.Batch = 1 then
            reshape f within [| l.Count |]
        else
            let start = reshape f (timesWhole f (counting f DType.Int64 l.Batch) n) [| l.Batch; 1 |]
            reshape f (add f within start) [| l.Batch * l.Count |]

    /// [batch, outer, n, inner] with the indexed axis in front of `outer`, and merged with the batch.
    let private turned f x (l: Layout) n =
        if l.Batch = 1 then
            reshape f x [| l.Outer; n; l.Inner |]
        else
            let whole = reshape f x [| l.Batch; l.Outer; n; l.Inner |]
            reshape f (permute f whole [| 0; 2; 1; 3 |]) [| l.Batch * n; l.Outer; l.Inner |]

    let private indexedAxis (l: Layout) = if l.Batch = 1 then 1 else 0

    let private turnedBack f y (l: Layout) n (shape: int[]) =
        if l.Batch = 1 then
            reshape f y shape
        else
            let whole = reshape f y [| l.Batch; n; l.Outer; l.Inner |]
            reshape f (permute f whole [| 0; 2; 1; 3 |]) shape

    let gather
        (f: Frame)
        finder
        axis
        batch
        x
        (shape: int[])
        (dtype: DType)
        indices
        indexType
        (indexShape: int[])
        result
        =
        let l = layout shape axis batch indexShape
        let found = positions f finder l indices indexType indexShape

        if Shape.count result = 0 then
            zeros f dtype result
        else
            let y = indexSelect f (turned f x l l.Size) (indexedAxis l) found
            turnedBack f y l l.Count result

    /// Of updates that meet, only the last is left: positions without repetitions, and which updates go there.
    let private withoutRepetitions (f: Frame) found count =
        let order = sortPositions f found 0
        let sorted = indexSelect f found 0 order
        let next = Basic.slice f sorted 0 1 count 1
        let before = Basic.slice f sorted 0 0 (count - 1) 1

        let changes =
            f.Own(
                NativeElementwise.THSTensor_logical_not(f.Own(NativeElementwise.THSTensor_eq(before, next)))
            )

        let last = concatenate f [| changes; whole f 1L DType.Bool [| 1 |] |] 0
        let which = f.Own(Native.THSTensor_masked_select(order, last))
        struct (indexSelect f found 0 which, which)

    let rec scatter
        (f: Frame)
        (collision: Collision)
        axis
        batch
        size
        x
        (shape: int[])
        (dtype: DType)
        indices
        indexType
        (indexShape: int[])
        (result: int[])
        =
        let l = { layout result axis batch indexShape with Size = size }

        let target dtype =
            if l.Batch = 1 then
                zeros f dtype [| l.Outer; size; l.Inner |]
            else
                zeros f dtype [| l.Batch * size; l.Outer; l.Inner |]

        let summed dtype x =
            let found = positions f Finder.ScatterAdd l indices indexType indexShape
            let y = target dtype

            if Shape.count shape > 0 then
                let updates = turned f x l l.Count
                Native.THSTensor_index_add_(y, int64 (indexedAxis l), found, updates, Scalar.whole 1L)
                f.Check()

            turnedBack f y l size result

        match collision with
        | Collision.Last ->
            let found = positions f Finder.ScatterAdd l indices indexType indexShape
            let y = target dtype

            if Shape.count shape > 0 then
                let struct (places, which) = withoutRepetitions f found (l.Batch * l.Count)
                let updates = indexSelect f (turned f x l l.Count) (indexedAxis l) which
                Native.THSTensor_index_copy_(y, int64 (indexedAxis l), places, updates)
                f.Check()

            turnedBack f y l size result
        | Collision.Max
        | Collision.Min ->
            let found = positions f Finder.ScatterAdd l indices indexType indexShape

            let struct (order, none) =
                if collision = Collision.Max then struct ("amax", "-") else struct ("amin", "")

            let extremes (dtype: DType) (limit: string) x =
                let updates = turned f x l l.Count
                let axis = indexedAxis l
                let view = if axis = 1 then "1, -1, 1" else "-1, 1, 1"

                let script =
                    $"def f(y, x, i):\n  n = torch.full_like(y, {limit})\n  return n.scatter_reduce({axis}, i.view({view}).expand_as(x), x, '{order}')\n"

                let y = Script.call f script [| target dtype; updates; found |]
                turnedBack f y l size result

            match dtype.Storage with
            | Storage.Float32
            | Storage.Float64 -> extremes dtype $"float('{none}inf')" x
            | Storage.BFloat16
            | Storage.Float16 ->
                cast f (extremes DType.Float32 $"float('{none}inf')" (cast f x DType.Float32)) dtype
            | Storage.Bool -> cast f (extremes DType.Int32 $"{none}1" (cast f x DType.Int32)) dtype
            | Storage.Integer _ when dtype = DType.Int32 ->
                extremes dtype (if none = "-" then "-2147483648" else "2147483647") x
            // Others are converted before they come here; complex numbers have no order.
            | Storage.Integer _
            | Storage.Complex64
            | Storage.Complex128 ->
                extremes dtype (if none = "-" then "-9223372036854775807 - 1" else "9223372036854775807") x
        | Collision.Add ->
            match dtype.Storage with
            | Storage.Float32
            | Storage.Float64
            | Storage.Integer _ -> summed dtype x
            // Sums of 16-bit floats are rounded once.
            | Storage.BFloat16
            | Storage.Float16 -> cast f (summed DType.Float32 (cast f x DType.Float32)) dtype
            // Added Bool updates are combined by "or".
            | Storage.Bool -> cast f (summed DType.Int32 (cast f x DType.Int32)) dtype
            | Storage.Complex64
            | Storage.Complex128 -> summed dtype x
