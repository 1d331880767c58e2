namespace Cotangent.Engines

// The engine in managed code: every primitive on every dtype, with no native library.

open System
open System.Threading.Tasks
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

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
    let rec into (c: HostBuffer) (a: HostBuffer) (b: HostBuffer) : unit =
        let typed (kernel: Kernel<'T>) =
            run kernel (a :?> HostBuffer<'T>) (b :?> HostBuffer<'T>) (c :?> HostBuffer<'T>)

        let narrow (kernel: Kernel<'T>) (dtype: DType) (ofWide: DType -> HostBuffer -> HostBuffer) =
            let a, b = Convert.widen a, Convert.widen b
            let wide = fresh dtype a b :?> HostBuffer<'T>
            run kernel (a :?> HostBuffer<'T>) (b :?> HostBuffer<'T>) wide
            Buffers.copy (ofWide c.DType wide) c

        match a.DType.Storage with
        | Storage.Float32 -> typed float32Kernel
        | Storage.Float64 -> typed float64Kernel
        | Storage.BFloat16
        | Storage.Float16 -> narrow float32Kernel DType.Float32 Convert.buffer
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8
            | IntegerSize.Bits16 -> narrow int32Kernel DType.Int32 Convert.wrap
            | IntegerSize.Bits32 -> typed int32Kernel
            | IntegerSize.Bits64 -> typed int64Kernel
        | Storage.Bool ->
            raise (DTypeException "matmul: Bool elements have no product; convert to Int32 or a float.")
        | Storage.Complex64
        | Storage.Complex128 ->
            let ofParts (x: HostBuffer) (y: HostBuffer) =
                let z = fresh x.DType x y
                into z x y
                z

            Buffers.copy (ComplexParts.product ofParts a b) c

    let multiply (a: HostBuffer) (b: HostBuffer) : HostBuffer =
        let c = fresh a.DType a b
        into c a b
        c

/// What a kernel makes.
[<RequireQualifiedAccess; Struct; NoComparison; NoEquality>]
type internal Results =
    | One of only: HostBuffer
    | Several of all: HostBuffer[]

/// What surrounds a kernel: its inputs stay where they are until it is done, its arrays go back, and what goes wrong is said in
/// our words.
module internal Call =
    let private signature (x: Buffer) : Signature = { Shape = x.Shape; DType = x.DType }

    let private exhausted (p: Primitive) (inputs: Buffer[]) =
        let operands =
            match inputs with
            | [||] -> ""
            | _ ->
                " of "
                + (inputs |> Seq.map (fun x -> $"{x.DType} {Shape.show x.Shape}") |> String.concat ", ")

        let results = ShapeRule.infer p (inputs |> Array.map signature)
        let bytes = results |> Array.sumBy (fun r -> int64 (Shape.count r.Shape) * int64 r.DType.Size)
        let shapes = results |> Seq.map (fun r -> $"{r.DType} {Shape.show r.Shape}") |> String.concat ", "
        let what = $"{shapes}, {HostMemory.inWords bytes}"

        MemoryException
            $"{p}{operands}: no room in main memory for the result, {what}, even after everything unused was freed. Use smaller batches, a smaller dtype, `scope` around each step, or `checkpoint`."

    /// What to throw instead of an exception that a kernel threw; null where that says what is wrong.
    let instead (p: Primitive) (inputs: Buffer[]) (e: exn) : exn | null =
        // Whoever reads what is overwritten by a thread that was given it finds anything there.
        for x in inputs do
            match x with
            | :? HostBuffer as x -> x.CheckAlive()
            | _ -> ()

        match e with
        | :? OutOfMemoryException -> exhausted p inputs
        | _ -> null

    let inline private guarded
        ([<InlineIfLambda>] p: unit -> Primitive)
        ([<InlineIfLambda>] inputs: unit -> Buffer[])
        ([<InlineIfLambda>] kernel: unit -> HostBuffer)
        ([<InlineIfLambda>] leave: unit -> unit)
        : Buffer =
        let rentals = Recycling.enter ()
        let mutable output: HostBuffer | null = null

        try
            try
                let made = kernel ()
                output <- made
                made :> Buffer
            with e ->
                match instead (p ()) (inputs ()) e with
                | null -> reraise ()
                | other -> raise other
        finally
            Recycling.leave rentals output
            leave ()

    /// Runs a kernel of one input.
    let inline one
        ([<InlineIfLambda>] p: unit -> Primitive)
        (x: HostBuffer)
        ([<InlineIfLambda>] kernel: unit -> HostBuffer)
        : Buffer =
        let claim = Holding.take x

        guarded
            p
            (fun () -> [| x |])
            (fun () ->
                let made = kernel ()
                Holding.confirm x claim
                made)
            (fun () ->
                Holding.drop claim
                GC.KeepAlive x)

    /// Runs a kernel of two inputs.
    let inline two
        ([<InlineIfLambda>] p: unit -> Primitive)
        (x: HostBuffer)
        (y: HostBuffer)
        ([<InlineIfLambda>] kernel: unit -> HostBuffer)
        : Buffer =
        let first, second = Holding.take x, Holding.take y

        guarded
            p
            (fun () -> [| x; y |])
            (fun () ->
                let made = kernel ()
                Holding.confirm x first
                Holding.confirm y second
                made)
            (fun () ->
                Holding.drop first
                Holding.drop second
                GC.KeepAlive x
                GC.KeepAlive y)

    let confirmAll (inputs: Buffer[]) claims =
        for i in 0 .. inputs.Length - 1 do
            match inputs[i] with
            | :? HostBuffer as x -> Holding.confirm x (Holding.ofAll claims i)
            | _ -> ()

    /// Runs a kernel of any inputs.
    let inline all
        (p: Primitive)
        (inputs: Buffer[])
        ([<InlineIfLambda>] kernel: unit -> HostBuffer)
        : Buffer =
        let claims = Holding.takeAll inputs

        guarded
            (fun () -> p)
            (fun () -> inputs)
            (fun () ->
                let made = kernel ()
                confirmAll inputs claims
                made)
            (fun () ->
                Holding.dropAll claims
                GC.KeepAlive inputs)

    /// The same for kernels of other projects.
    let run (p: Primitive) (inputs: Buffer[]) (kernel: unit -> HostBuffer) : Buffer =
        all p inputs (fun () -> kernel ())

    /// The same for a kernel of several results.
    let several (p: Primitive) (inputs: Buffer[]) (kernel: unit -> HostBuffer[]) : Buffer[] =
        let claims = Holding.takeAll inputs
        let rentals = Recycling.enter ()
        let mutable outputs: HostBuffer[] = [||]

        try
            try
                let made = kernel ()
                confirmAll inputs claims
                outputs <- made
                made |> Array.map (fun b -> b :> Buffer)
            with e ->
                match instead p inputs e with
                | null -> reraise ()
                | other -> raise other
        finally
            Recycling.leaveAll rentals outputs
            Holding.dropAll claims
            GC.KeepAlive inputs

[<Sealed>]
type internal ManagedEngine() =
    inherit Engine("managed")

    override _.Unary(op, x) =
        let x = x :?> HostBuffer
        Call.one (fun () -> Primitive.Unary op) x (fun () -> Elementwise.unary op x)

    override _.Binary(op, x, y) =
        let x, y = x :?> HostBuffer, y :?> HostBuffer
        Call.two (fun () -> Primitive.Binary op) x y (fun () -> Elementwise.binary op x y)

    /// The kernel of a primitive: the only result, or all of several.
    static member private Run(primitive: Primitive, inputs: Buffer[]) : Results =
        let input i = inputs[i] :?> HostBuffer
        let all () = inputs |> Array.map (fun x -> x :?> HostBuffer)

        match primitive with
        | Primitive.Unary op -> Results.One(Elementwise.unary op (input 0))
        | Primitive.Binary op -> Results.One(Elementwise.binary op (input 0) (input 1))
        | Primitive.Higher f -> Results.One(HigherKernels.evaluate f (all ()))
        | Primitive.Select -> Results.One(Select.evaluate (input 0) (input 1) (input 2))
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
        | Primitive.Gather(finder, axis, batch) ->
            Results.One(Move.gather finder axis batch (input 0) (input 1))
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
        | Primitive.Eig -> Results.Several(Eig.evaluate (input 0))
        | Primitive.Cholesky -> Results.One(Cholesky.evaluate (input 0))
        | Primitive.Lu -> Results.Several(Lu.evaluate (input 0))
        | Primitive.Solve isTransposed -> Results.One(Lu.solve isTransposed (input 0) (input 1))
        | Primitive.Inverse -> Results.One(Lu.invert (input 0))
        | Primitive.Svd -> Results.Several(Svd.evaluate (input 0))
        | Primitive.SingularValues -> Results.One(Svd.values (input 0))
        | Primitive.PseudoInverse relative -> Results.One(Svd.pseudoInverse relative (input 0))
        | Primitive.OfMatrix f -> Results.One(MatrixFunctions.evaluate f (input 0))
        | Primitive.Complex -> Results.One(Elementwise.join (input 0) (input 1))
        | Primitive.OfComplex f -> Results.One(Elementwise.ofComplex f (input 0))
        | Primitive.Conjugate -> Results.One(Elementwise.conjugate (input 0))
        | Primitive.Fourier(transform, axis, scale) ->
            Results.One(Fourier.evaluate transform axis scale (input 0))
        | Primitive.Convolution(result, windows, groups) ->
            Results.One(Convolve.convolution result windows groups (input 0) (input 1))
        | Primitive.MaxPool windows -> Results.Several(Pool.maxPool windows (input 0))
        | Primitive.Fused f ->
            match FusedKernels.evaluate f (all ()) with
            | [| only |] -> Results.One only
            | several -> Results.Several several
        | Primitive.Print printing ->
            printing.Write(input 0)
            // In memory of its own, as whoever called it expects of a kernel.
            let result = Buffers.fresh (input 0).DType (input 0).Shape
            Buffers.copy (input 0) result
            Results.One result
        | Primitive.Host f -> Results.Several(f.Run(all ()))
        | Primitive.Detach
        | Primitive.Barrier -> Results.One(input 0)
        | Primitive.Transfer Device.Cpu -> Results.One(input 0)
        | Primitive.Transfer device -> invalidOp $"A transfer to {device} is for its engine."
        | Primitive.Custom f -> invalidOp $"'{f.Name}' is a custom function; engines never see those."

    override _.Evaluate(primitive, inputs, _) =
        Call.all primitive inputs (fun () ->
            match ManagedEngine.Run(primitive, inputs) with
            | Results.One result -> result
            | Results.Several _ -> invalidOp $"`{primitive}` has several results.")

    override _.EvaluateAll(primitive, inputs, _) =
        Call.several primitive inputs (fun () ->
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
