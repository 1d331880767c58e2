namespace Cotangent.Torch

open System
open Cotangent
open Cotangent.Engines

/// What goes wrong in libtorch, in our words.
module internal Failures =
    let private signature (x: Buffer) = $"{x.DType} {Shape.show x.Shape}"

    let private describe (p: Primitive) (inputs: Buffer[]) =
        if inputs.Length = 0 then
            string p
        else
            let inputs = inputs |> Seq.map signature |> String.concat ", "
            $"{p} of {inputs}"

    let private megabytes (bytes: int64) = $"{float bytes / 1048576.0:F1} MiB"

    let unexpected p inputs (e: LibtorchException) =
        InvalidOperationException($"{describe p inputs}: libtorch says: {e.Message}", e)

    let outOfMemory
        p
        inputs
        (results: Signature[])
        (device: Device)
        (meter: MemoryMeter)
        (e: LibtorchException)
        =
        let bytes = results |> Array.sumBy (fun r -> int64 (Shape.count r.Shape) * int64 r.DType.Size)

        let what = results |> Seq.map (fun r -> $"{r.DType} {Shape.show r.Shape}") |> String.concat " and "

        MemoryException
            $"{describe p inputs}: no room on {device} for the result, {what}, {megabytes bytes}; tensors hold {megabytes meter.Live} there, {megabytes meter.Peak} at most so far. Use smaller batches, `scope` around each step, or `checkpoint`. libtorch says: {e.Message}"

/// libtorch on tensors of its own, on a device.
[<Sealed>]
type internal TorchEngine(place: Place, device: Device, meter: MemoryMeter) =
    inherit Engine("libtorch")

    let operand (x: Buffer) : Operand =
        let x = x :?> TorchBuffer
        { Tensor = x.Tensor; DType = x.DType; Shape = x.Shape }

    let signature (x: Buffer) : Signature = { Shape = x.Shape; DType = x.DType }

    /// Whose memory a result shows: an input's, of which it is a view, or memory of its own.
    let memoryOf (tensor: nativeint) (inputs: Buffer[]) =
        let address = Native.THSStorage_data_ptr tensor

        let shared =
            inputs
            |> Array.tryFind (fun x ->
                Native.THSStorage_data_ptr (operand x).Tensor = address && address <> 0n)

        match shared with
        | Some x -> (x :?> TorchBuffer).Shared
        | None -> SharedMemory(int64 (Native.THSStorage_nbytes tensor), meter)

    /// Works with tensors that another thread may release in the meantime.
    let holding (inputs: Buffer[]) (work: unit -> 'a) : 'a =
        for x in inputs do
            (x :?> TorchBuffer).Hold()

        try
            work ()
        finally
            for x in inputs do
                (x :?> TorchBuffer).Drop()

    let attempt (p: Primitive) (inputs: Buffer[]) (results: Signature[]) : Buffer[] =
        use frame = new Frame(place)

        let outputs =
            Kernels.evaluate frame p (Array.map operand inputs) results
            |> Array.map2
                (fun (result: Signature) made ->
                    let tensor = frame.Release made
                    TorchBuffer(result.DType, result.Shape, device, tensor, memoryOf tensor inputs))
                results

        GC.KeepAlive inputs
        Array.iter Scope.note outputs
        outputs |> Array.map (fun b -> b :> Buffer)

    member _.Meter = meter

    override engine.Unary(op, x) = engine.Evaluate(Primitive.Unary op, [| x |], device)

    override engine.Binary(op, x, y) = engine.Evaluate(Primitive.Binary op, [| x; y |], device)

    override engine.Evaluate(p, inputs, device) = (engine.EvaluateAll(p, inputs, device))[0]

    override _.EvaluateAll(p, inputs, _) =
        let results = ShapeRule.infer p (Array.map signature inputs)

        holding inputs (fun () ->
            try
                attempt p inputs results
            with
            | :? LibtorchException as e when e.IsOutOfMemory ->
                meter.Reclaim()

                try
                    attempt p inputs results
                with :? LibtorchException as e when e.IsOutOfMemory ->
                    raise (Failures.outOfMemory p inputs results device meter e)
            | :? LibtorchException as e -> raise (Failures.unexpected p inputs e))

    override _.ToHost x =
        holding [| x |] (fun () ->
            let x = x :?> TorchBuffer
            use frame = new Frame(place)
            Transfer.read frame x.Tensor x.DType x.Shape)

    override engine.OfHost(x, _) =
        let load () =
            use frame = new Frame(place)
            let tensor = frame.Release(Transfer.write frame x)
            let memory = SharedMemory(int64 (Native.THSStorage_nbytes tensor), meter)
            let loaded = TorchBuffer(x.DType, x.Shape, device, tensor, memory)
            Scope.note loaded
            loaded :> Buffer

        try
            load ()
        with :? LibtorchException as e when e.IsOutOfMemory ->
            meter.Reclaim()

            try
                load ()
            with :? LibtorchException as e when e.IsOutOfMemory ->
                let result: Signature = { Shape = x.Shape; DType = x.DType }
                raise (Failures.outOfMemory (Primitive.Reshape x.Shape) [||] [| result |] device meter e)

/// libtorch on the arrays of the CPU: operands are shared, and the result is written where it shall be by the operations that
/// can be told so; convolutions, layer normalisation and attention can't, and are copied there. What only looks at memory
/// differently stays with the managed engine.
[<Sealed>]
type internal TorchHostEngine(managed: Engine) =
    inherit Engine("libtorch")

    let place = { Kind = Code.Cpu; Index = -1 }

    let infer (p: Primitive) (inputs: Buffer[]) =
        ShapeRule.infer p (inputs |> Array.map (fun x -> { Shape = x.Shape; DType = x.DType }: Signature))

    let share frame (inputs: Buffer[]) : Operand[] =
        inputs
        |> Array.map (fun x -> {
            Tensor = Transfer.share frame (x :?> HostBuffer)
            DType = x.DType
            Shape = x.Shape
        })

    let evaluate (p: Primitive) (inputs: Buffer[]) : Buffer =
        let result = (infer p inputs)[0]

        Call.run p inputs (fun () ->
            use frame = new Frame(place)
            let operands = share frame inputs

            try
                let struct (buffer, room) = Transfer.fresh frame result.DType result.Shape
                frame.Room <- room
                let made = (Kernels.evaluate frame p operands [| result |])[0]

                if made <> room then Basic.copyInto frame room made

                buffer
            with :? LibtorchException as e ->
                raise (Failures.unexpected p inputs e))

    let evaluateAll (p: Primitive) (inputs: Buffer[]) : Buffer[] =
        let results = infer p inputs

        Call.several p inputs (fun () ->
            use frame = new Frame(place)

            try
                Kernels.evaluate frame p (share frame inputs) results
                |> Array.map2
                    (fun (result: Signature) made -> Transfer.read frame made result.DType result.Shape)
                    results
            with :? LibtorchException as e ->
                raise (Failures.unexpected p inputs e))

    /// These stay with the managed engine: libtorch can't read them where .NET has them.
    let isComplex (p: Primitive) (inputs: Buffer[]) =
        inputs |> Array.exists _.DType.IsComplex || infer p inputs |> Array.exists _.DType.IsComplex

    override engine.Unary(op, x) = engine.Evaluate(Primitive.Unary op, [| x |], Device.Cpu)
    override engine.Binary(op, x, y) = engine.Evaluate(Primitive.Binary op, [| x; y |], Device.Cpu)

    override _.Evaluate(p, inputs, device) =
        match Facts.kind p with
        | _ when isComplex p inputs -> managed.Evaluate(p, inputs, device)
        | Kind.Source(Source.Full _)
        | Kind.View _
        | Kind.Opaque Kernel.Print
        | Kind.Transfer _ -> managed.Evaluate(p, inputs, device)
        | Kind.Source(Source.Iota _)
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Contraction
        | Kind.Draw _
        | Kind.Opaque _
        | Kind.Custom _ -> evaluate p inputs

    override engine.EvaluateAll(p, inputs, device) =
        if (Facts.kind p).IsHost then managed.EvaluateAll(p, inputs, device)
        elif Facts.hasSeveral p then evaluateAll p inputs
        else [| engine.Evaluate(p, inputs, device) |]

    override _.ToHost x = managed.ToHost x
    override _.OfHost(x, device) = managed.OfHost(x, device)
