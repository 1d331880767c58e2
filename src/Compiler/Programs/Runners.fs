namespace Cotangent.Compiler

open System
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Steps made ready to run.
module internal Runners =
    /// The values of a nest's instructions, each over the whole nest.
    let private valuesOf (k: LoopNest) (w: Workspace) : HostBuffer[] =
        let whole = k.Axes
        let reduced = [| k.Axes.Length - k.Reduced .. k.Axes.Length - 1 |]
        let spread (x: HostBuffer) = Move.broadcast whole x

        let position dtype axis start step : HostBuffer =
            let shape = whole |> Array.mapi (fun i n -> if i = axis then n else 1)
            let index = Move.iota DType.Int64 whole[axis]
            let constant n = Move.full (Literal.Whole(int64 n)) DType.Int64 [| whole[axis] |]

            Elementwise.binary
                Binary.Add
                (Elementwise.binary Binary.Multiply index (constant step))
                (constant start)
            |> Convert.buffer dtype
            |> Move.reshape shape
            |> spread

        let values: HostBuffer[] = Array.zeroCreate k.Body.Length

        for i in 0 .. k.Body.Length - 1 do
            values[i] <-
                match k.Body[i] with
                | Instruction.Load(_, a) ->
                    w.Buffer { Slot = a.Slot; Offset = a.Offset; Shape = whole; Strides = a.Strides }
                | Instruction.Constant(value, dtype) -> Move.full value dtype whole
                | Instruction.Position(dtype, axis, start, step) -> position dtype axis start step
                | Instruction.Unary(op, a) -> Elementwise.unary op values[a]
                | Instruction.Binary(op, a, b) -> Elementwise.binary op values[a] values[b]
                | Instruction.Select(c, a, b) -> Select.evaluate values[c] values[a] values[b]
                | Instruction.Convert(dtype, a) -> Convert.buffer dtype values[a]
                | Instruction.Draw(draw, dtype, key, index) ->
                    Philox.elements draw dtype values[key] values[index]
                | Instruction.Reduce(kind, a) ->
                    Reduce.reduce kind reduced values[a]
                    |> Move.reshape (Shape.keeping reduced whole)
                    |> spread

        values

    /// A loop nest by the engine, instruction by instruction over the whole nest: for what can't be emitted, and to
    /// compare emitted code with.
    let interpreted (k: LoopNest) : Runner =
        let kept = Array.truncate (k.Axes.Length - k.Reduced) k.Axes

        Runner(fun w ->
            let values = valuesOf k w

            // A store may overwrite what a later one's value is a view of.
            let apart (x: HostBuffer) =
                let isOverwritten =
                    k.Stores.Length > 1
                    && k.Stores |> Array.exists (fun (a, _) -> obj.ReferenceEquals(w.Home a.Slot, x.Data))

                if isOverwritten then
                    let own = Buffers.fresh x.DType x.Shape
                    Buffers.copy x own
                    own
                else
                    x

            for access, value in k.Stores |> Array.map (fun (a, v) -> a, apart values[v]) do
                // Along the folded axes a value is the same everywhere: the first of each will do.
                let source = value.View(kept, Array.truncate kept.Length value.Strides, value.Offset)

                let target =
                    w.Buffer {
                        Slot = access.Slot
                        Offset = access.Offset
                        Shape = kept
                        Strides = Array.truncate kept.Length access.Strides
                    }

                Buffers.copy source target)

    let private product (slots: Slot[]) (a: View) (b: View) (target: View) : Runner =
        let dtype = slots[target.Slot].DType
        let r = a.Shape.Length
        let m, k, n = a.Shape[r - 2], a.Shape[r - 1], b.Shape[r - 1]

        if r = 2 && (dtype = DType.Float32 || dtype = DType.Float64) then
            let matrix (w: Workspace) (v: View) : Matrix<'T> = {
                Data = w.Home v.Slot :?> 'T[]
                Offset = w.Offset v
                RowStride = v.Strides[0]
                ColStride = v.Strides[1]
            }

            let ofKind (multiply: int -> int -> int -> Matrix<'T> -> Matrix<'T> -> 'T[] -> int -> unit) =
                let packing =
                    match slots[b.Slot].Home with
                    | Home.Constant constant when PackedProduct.isFor<'T> m n k b.Strides ->
                        (Packings.view constant b.Shape b.Strides b.Offset).Packing
                    | Home.Constant _
                    | Home.Arena
                    | Home.Input _
                    | Home.Output _
                    | Home.Slice -> null

                Runner(fun w ->
                    let c = w.Home target.Slot :?> 'T[]

                    match packing with
                    | null -> multiply m n k (matrix w a) (matrix w b) c (w.Offset target)
                    | _ when MatMul.preferLibrary () ->
                        multiply m n k (matrix w a) (matrix w b) c (w.Offset target)
                    | packing ->
                        let panels =
                            packing.Get(PackedProduct.Order, (fun () -> PackedProduct.pack n k (matrix w b)))

                        PackedProduct.multiply m n k (matrix w a) panels c (w.Offset target))

            if dtype = DType.Float32 then ofKind MatMul.float32 else ofKind MatMul.float64
        else
            Runner(fun w -> BatchMatMul.into (w.Buffer target) (w.Buffer a) (w.Buffer b))

    let private draw kind dtype (keys: View) count (target: View) : Runner =
        let n = Shape.count keys.Shape

        Runner(fun w ->
            if n = 1 && count > 0 then
                let key = (w.Home keys.Slot :?> int64[])[w.Offset keys]
                Philox.fill kind dtype [| key |] count (w.Home target.Slot) (w.Offset target)
            elif n * count > 0 then
                let data = (Strided.materialise (w.Buffer keys)) :?> HostBuffer<int64>
                let keys = ReadOnlySpan(data.Items, data.Offset, n).ToArray()
                Philox.fill kind dtype keys count (w.Home target.Slot) (w.Offset target))

    let private exchange (w: Workspace) (pairs: struct (int * int)[]) =
        for struct (a, b) in pairs do
            let before = w.Address a
            w.Address a <- w.Address b
            w.Address b <- before

    let private runAll (w: Workspace) (actions: Runner[]) =
        for a in actions do
            a.Invoke w

    /// Runs of steps that are the target's own become code together; the rest is left to engines. `adopted` tells for which
    /// slots engines' arrays stand in. Steps that are `watched` are made ready one by one, and changed by it.
    let rec prepareWatched
        (watched: (Step -> Runner -> Runner) voption)
        (backend: Backend)
        (slots: Slot[])
        (adopted: bool[])
        (steps: Step[])
        : Runner[] =
        let made = ResizeArray<Runner>()
        let own = ResizeArray<Step>()
        let ends = Adoption.ends slots adopted steps
        let dropped = ResizeArray<int>()

        let flush () =
            if own.Count > 0 then
                made.AddRange(backend.Prepare slots (own.ToArray()))
                own.Clear()

            if dropped.Count > 0 then
                let slots = dropped.ToArray()
                dropped.Clear()
                made.Add(Runner(fun w -> Array.iter w.Drop slots))

        for t in 0 .. steps.Length - 1 do
            match watched with
            | ValueSome watch when Steps.isSimple steps[t] ->
                flush ()

                let runners =
                    if backend.Runs slots steps[t] then
                        backend.Prepare slots [| steps[t] |]
                    else
                        [| single watched backend slots adopted steps[t] |]

                made.Add(watch steps[t] (Runner(fun w -> runAll w runners)))
            | ValueSome _
            | ValueNone ->
                if backend.Runs slots steps[t] then
                    own.Add steps[t]
                else
                    flush ()
                    made.Add(single watched backend slots adopted steps[t])

            dropped.AddRange ends[t]

        flush ()
        made.ToArray()

    and private single watched (backend: Backend) (slots: Slot[]) (adopted: bool[]) (step: Step) : Runner =
        match step with
        | Step.Nest kernel -> interpreted kernel
        | Step.Product(a, b, target) -> product slots a b target
        | Step.Draw(kind, dtype, keys, count, target) -> draw kind dtype keys count target
        | Step.Engine(p, inputs, targets) ->
            let device = backend.Target.Device
            // With what kernels have made of them.
            let constants =
                inputs
                |> Array.map (fun v ->
                    match slots[v.Slot].Home with
                    | Home.Constant b -> ValueSome(Packings.view b v.Shape v.Strides v.Offset :> Buffer)
                    | Home.Arena
                    | Home.Input _
                    | Home.Output _
                    | Home.Slice -> ValueNone)

            let arguments (w: Workspace) =
                Array.map2
                    (fun v (constant: Buffer voption) ->
                        match constant with
                        | ValueSome b -> b
                        | ValueNone -> w.Buffer v)
                    inputs
                    constants

            let put =
                targets
                |> Array.map (fun target ->
                    match target with
                    | ValueNone -> (fun (_: Workspace) (result: Buffer) -> result.Release())
                    | ValueSome target when adopted[target.Slot] ->
                        fun w result -> w.Adopt(target, result :?> HostBuffer)
                    | ValueSome target ->
                        fun w result ->
                            Buffers.copy (result :?> HostBuffer) (w.Buffer target)
                            // Nobody else has seen it: its array serves the next step.
                            result.Release())

            if Facts.hasSeveral p then
                Runner(fun w ->
                    (Engines.forDevice device).EvaluateAll(p, arguments w, device)
                    |> Array.iter2 (fun put result -> put w result) put)
            else
                let put = put[0]
                Runner(fun w -> put w ((Engines.forDevice device).Evaluate(p, arguments w, device)))
        | Step.Scan s ->
            let body = prepareWatched watched backend slots adopted s.Body
            let last = s.Count - 1

            Runner(fun w ->
                for struct (slot, whole, _) in s.Slices do
                    w.Borrow(slot, whole.Slot)

                for k in 0..last do
                    let at = if s.Reverse then last - k else k

                    for struct (slot, whole, stride) in s.Slices do
                        w.Address slot <-
                            w.Address whole.Slot + Bytes.ofSlice slots[slot].DType whole.Offset at stride

                    runAll w body
                    exchange w s.Carry)
        | Step.While l ->
            let condition = prepareWatched watched backend slots adopted l.Condition
            let round = prepareWatched watched backend slots adopted l.Round

            let holds (w: Workspace) =
                runAll w condition
                (w.Home l.Test.Slot :?> bool[])[w.Offset l.Test]

            Runner(fun w ->
                while holds w do
                    runAll w round
                    exchange w l.State)
        | Step.Cond(test, onTrue, onFalse) ->
            let onTrue = prepareWatched watched backend slots adopted onTrue
            let onFalse = prepareWatched watched backend slots adopted onFalse

            Runner(fun w ->
                let holds = (w.Home test.Slot :?> bool[])[w.Offset test]
                runAll w (if holds then onTrue else onFalse))

    let prepare backend slots adopted steps = prepareWatched ValueNone backend slots adopted steps
