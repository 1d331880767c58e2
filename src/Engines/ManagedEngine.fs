namespace Cotangent.Engines

// The engine in managed code: every primitive on every dtype, with no native library.

open System
open System.Threading.Tasks
open Cotangent
open Cotangent.Inlined

/// The matrix product over batch axes.
module internal BatchMatMul =

    /// m, n, k, the operands, the result, and where it begins in its array.
    type private Kernel<'T> = delegate of int * int * int * Matrix<'T> * Matrix<'T> * 'T[] * int -> unit

    let private float32Kernel = Kernel(fun m n k a b c at -> MatMul.float32 m n k a b c at)
    let private float64Kernel = Kernel(fun m n k a b c at -> MatMul.float64 m n k a b c at)
    let private int32Kernel = Kernel(fun m n k a b c at -> MatMul.int32 m n k a b c at)
    let private int64Kernel = Kernel(fun m n k a b c at -> MatMul.int64 m n k a b c at)

    /// The last two axes as a matrix that begins at an offset.
    let private matrix (x: HostBuffer<'T>) offset : Matrix<'T> =
        let rank = x.Shape.Length

        {
            Data = x.Items
            Offset = offset
            RowStride = x.Strides[rank - 2]
            ColStride = x.Strides[rank - 1]
        }

    let private run (kernel: Kernel<'T>) (a: HostBuffer<'T>) (b: HostBuffer<'T>) (c: HostBuffer<'T>) =
        let rank = a.Shape.Length
        let m, k, n = a.Shape[rank - 2], a.Shape[rank - 1], b.Shape[rank - 1]

        if rank = 2 then
            kernel.Invoke(m, n, k, matrix a a.Offset, matrix b b.Offset, c.Items, c.Offset)
        elif not (Array.contains 0 c.Shape) then
            let batch = a.Shape[.. rank - 3]
            let rows = Strided.walk a.Shape[.. rank - 2] [| a.Strides[.. rank - 2] |]
            let shared = Range.forall batch.Length (fun i -> batch[i] = 1 || b.Strides[i] = 0)

            if shared && rows.Axes = 1 then
                // Every matrix meets the same b, and the rows of all of them are evenly apart: one tall
                // product.
                let tall = { matrix a a.Offset with RowStride = rows.Steps[0] }
                kernel.Invoke(rows.Length, n, k, tall, matrix b b.Offset, c.Items, c.Offset)
            else
                let w = Strided.walkIn 1 batch [| a.Strides[.. rank - 3]; b.Strides[.. rank - 3] |]
                // A large product shares its own work among the cores.
                let work = int64 m * int64 n * int64 k
                let weight = if work < 4_000_000L then work else 0L

                Strided.forEachOf weight w [| a.Offset; b.Offset |] (fun offsets position _ ->
                    kernel.Invoke(
                        m,
                        n,
                        k,
                        matrix a offsets[0],
                        matrix b offsets[1],
                        c.Items,
                        c.Offset + position * m * n
                    ))

    let private fresh dtype (a: HostBuffer) (b: HostBuffer) =
        Buffers.fresh dtype (Array.append a.Shape[.. a.Shape.Length - 2] [| b.Shape[b.Shape.Length - 1] |])

    /// c <- a b; c is contiguous.
    let into (c: HostBuffer) (a: HostBuffer) (b: HostBuffer) : unit =
        let typed (kernel: Kernel<'T>) =
            run kernel (a :?> HostBuffer<'T>) (b :?> HostBuffer<'T>) (c :?> HostBuffer<'T>)

        match a.DType with
        | DType.Float32 -> typed float32Kernel
        | DType.Float64 -> typed float64Kernel
        | DType.BFloat16
        | DType.Float16 ->
            let a, b = Convert.widen a, Convert.widen b
            let wide = fresh DType.Float32 a b :?> HostBuffer<float32>
            run float32Kernel (a :?> HostBuffer<float32>) (b :?> HostBuffer<float32>) wide
            Buffers.copy (Convert.buffer c.DType wide) c
        | DType.Int32 -> typed int32Kernel
        | DType.Int64 -> typed int64Kernel
        | DType.Bool ->
            raise (DTypeException "matmul: Bool elements have no product; convert to Int32 or a float.")

    let multiply (a: HostBuffer) (b: HostBuffer) : HostBuffer =
        let c = fresh a.DType a b
        into c a b
        c

/// What a kernel makes.
[<RequireQualifiedAccess; Struct; NoComparison; NoEquality>]
type internal Results =
    | One of only: HostBuffer
    | Several of all: HostBuffer[]

/// What surrounds a kernel.
module internal Call =
    /// Runs a kernel, whose inputs stay alive until it is done.
    let inline settled (first: obj) (second: obj) ([<InlineIfLambda>] kernel: unit -> HostBuffer) : Buffer =
        let rentals = Recycling.enter ()
        let mutable output: HostBuffer | null = null

        try
            let made = kernel ()
            output <- made
            made :> Buffer
        finally
            Recycling.leave rentals output
            GC.KeepAlive first
            GC.KeepAlive second

    /// The same for a kernel of several results.
    let settledAll (inputs: obj) (kernel: unit -> HostBuffer[]) : Buffer[] =
        let rentals = Recycling.enter ()
        let mutable outputs: HostBuffer[] = [||]

        try
            outputs <- kernel ()
            outputs |> Array.map (fun b -> b :> Buffer)
        finally
            Recycling.leaveAll rentals outputs
            GC.KeepAlive inputs

[<Sealed>]
type internal ManagedEngine() =
    inherit Engine("managed")

    override _.Unary(op, x) = Call.settled x x (fun () -> Elementwise.unary op (x :?> HostBuffer))

    override _.Binary(op, x, y) =
        Call.settled x y (fun () -> Elementwise.binary op (x :?> HostBuffer) (y :?> HostBuffer))

    /// The kernel of a primitive: the only result, or all of several.
    static member private Run(primitive: Primitive, inputs: Buffer[]) : Results =
        let input i = inputs[i] :?> HostBuffer
        let all () = inputs |> Array.map (fun x -> x :?> HostBuffer)

        match primitive with
        | Primitive.Unary op -> Results.One(Elementwise.unary op (input 0))
        | Primitive.Binary op -> Results.One(Elementwise.binary op (input 0) (input 1))
        | Primitive.Select -> Results.One(Elementwise.select (input 0) (input 1) (input 2))
        | Primitive.Convert dtype -> Results.One(Convert.buffer dtype (input 0))
        | Primitive.Full(value, dtype, shape) -> Results.One(Move.full value dtype shape)
        | Primitive.Iota(dtype, length) -> Results.One(Move.iota dtype length)
        | Primitive.Random(draw, dtype, shape) -> Results.One(Philox.random draw dtype shape (input 0))
        | Primitive.Reshape shape -> Results.One(Move.reshape shape (input 0))
        | Primitive.Permute order -> Results.One(Move.permute order (input 0))
        | Primitive.Broadcast shape -> Results.One(Move.broadcast shape (input 0))
        | Primitive.Slice region -> Results.One(Move.slice region (input 0))
        | Primitive.Place region -> Results.One(Move.place region (input 0))
        | Primitive.Concatenate axis -> Results.One(Move.concatenate axis (all ()))
        | Primitive.Gather(axis, batch) -> Results.One(Move.gather axis batch (input 0) (input 1))
        | Primitive.Scatter(collision, axis, batch, size) ->
            Results.One(Move.scatter collision axis batch size (input 0) (input 1))
        | Primitive.Reduce(kind, axes) -> Results.One(Reduce.reduce kind axes (input 0))
        | Primitive.ArgReduce(largest, axis) -> Results.One(Order.argReduce largest axis (input 0))
        | Primitive.Sort(axis, descending) ->
            let struct (sorted, positions) = Order.sort axis descending (input 0)
            Results.Several [| sorted; positions |]
        | Primitive.CumulativeSum(axis, reverse) -> Results.One(Order.cumulativeSum axis reverse (input 0))
        | Primitive.MatMul -> Results.One(BatchMatMul.multiply (input 0) (input 1))
        | Primitive.TriangularSolve isUpper ->
            Results.One(TriangularSolve.evaluate isUpper (input 0) (input 1))
        | Primitive.Qr -> Results.Several(Qr.evaluate (input 0))
        | Primitive.Eigh -> Results.Several(Eigh.evaluate (input 0))
        | Primitive.Convolution(result, windows, groups) ->
            Results.One(Convolve.convolution result windows groups (input 0) (input 1))
        | Primitive.MaxPool windows -> Results.Several(Pool.maxPool windows (input 0))
        | Primitive.Fused f ->
            match FusedKernels.evaluate f (all ()) with
            | [| only |] -> Results.One only
            | several -> Results.Several several
        | Primitive.Detach
        | Primitive.Barrier -> Results.One(input 0)
        | Primitive.Transfer Device.Cpu -> Results.One(input 0)
        | Primitive.Transfer device -> invalidOp $"A transfer to {device} is for its engine."
        | Primitive.Custom f -> invalidOp $"'{f.Name}' is a custom function; engines never see those."

    override _.Evaluate(primitive, inputs, _) =
        Call.settled inputs inputs (fun () ->
            match ManagedEngine.Run(primitive, inputs) with
            | Results.One result -> result
            | Results.Several _ -> invalidOp $"`{primitive}` has several results.")

    override _.EvaluateAll(primitive, inputs, _) =
        Call.settledAll inputs (fun () ->
            match ManagedEngine.Run(primitive, inputs) with
            | Results.One result -> [| result |]
            | Results.Several results -> results)

    override _.ToHost x =
        let x = x :?> HostBuffer

        // Nobody knows how long the array is used from here on.
        match x.Claim with
        | null -> ()
        | claim -> claim.Waive()

        x

    override _.OfHost(x, _) = x :> Buffer
