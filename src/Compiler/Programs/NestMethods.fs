namespace Cotangent.Compiler

open System
open System.Collections.Concurrent
open System.Reflection
open System.Reflection.Emit
open Cotangent
open Cotangent.Engines
open Cotangent.Compiler.Emission
open FSharp.NativeInterop
open Cotangent.Inlined // in place of functions of Array and List

/// Machine code for runs of loop nests.
module internal NestMethods =
    type private Whole = delegate of nativeint -> unit
    type private Part = delegate of nativeint * int64 * int64 -> unit

    /// A method of more instructions than this is compiled badly.
    let private longest = 220

    /// Nests of more work, in operations on elements, are methods of their own: a call is nothing to them.
    let private large = 1L <<< 17

    /// And those of more are shared among the cores.
    let private shared = 1L <<< 20

    /// So are those whose operations, in additions, are worth more: some ten microseconds.
    let private dear = 200_000L

    let private points (k: LoopNest) = k.Axes |> Array.fold (fun n d -> n * int64 d) 1L
    let private work (k: LoopNest) = points k * int64 (max 1 k.Body.Length)

    /// In additions, about, less what it takes to bring the operands from one core's cache to another's: short nests mostly find them
    /// where the last ones left them.
    let private worth (k: LoopNest) =
        let each (i: Instruction) =
            match i with
            | Instruction.Load _ -> -2
            | Instruction.Unary(op, _) -> op.Facts.Price
            | Instruction.Binary(op, _, _) -> op.Facts.Price
            | Instruction.Draw _ -> 40
            | Instruction.Constant _ -> 0
            | Instruction.Position _
            | Instruction.Select _
            | Instruction.Convert _
            | Instruction.Reduce _ -> 1

        points k * int64 (Array.sumBy each k.Body - 2 * k.Stores.Length)

    let private outermost (k: LoopNest) = if k.Axes.Length > k.Reduced then k.Axes[0] else 1

    /// Has .NET compile a method on another core while the next one is written: by a call that does nothing.
    let private compileAhead (call: unit -> unit) = Workers.ahead call

    /// The same nest with its slots numbered as they come, and the slot of each number: layers of a network differ in
    /// little else.
    let private renumbered (k: LoopNest) : struct (LoopNest * int[]) =
        let slots = ResizeArray<int>()

        let access (a: Access) =
            if not (slots.Contains a.Slot) then slots.Add a.Slot
            { a with Slot = slots.IndexOf a.Slot }

        let body = k.Body |> Array.map (Instruction.from access)

        let stores = k.Stores |> Array.map (fun (a, v) -> access a, v)
        struct ({ k with Body = body; Stores = stores }, slots.ToArray())

    /// Methods of single nests, each for a width in bits, for as long as a program holds them.
    let private known = ConcurrentDictionary<struct (int * LoopNest), WeakReference<Part>>()

    let private methodOf (width: Width) (k: LoopNest) : Part =
        let key = struct (width.Bits, k)

        let found =
            match known.TryGetValue key with
            | true, weak ->
                match weak.TryGetTarget() with
                | true, code -> ValueSome code
                | _ -> ValueNone
            | _ -> ValueNone

        match found with
        | ValueSome code -> code
        | ValueNone ->
            let code = (Emit.kernel width k).CreateDelegate<Part>()
            compileAhead (fun () -> code.Invoke(0n, 0L, 0L))

            // Now and then those that nobody holds are forgotten.
            if known.Count &&& 255 = 255 then
                for entry in known do
                    if not (entry.Value.TryGetTarget() |> fst) then known.TryRemove entry.Key |> ignore

            known[key] <- WeakReference<Part> code
            code

    let private call (code: Part) (slots: int[]) (w: Workspace) (count: int64) (parts: int64) =
        let table = NativePtr.stackalloc<nativeint> slots.Length

        for i in 0 .. slots.Length - 1 do
            NativePtr.set table i (w.Address slots[i])

        let table = NativePtr.toNativeInt table

        if parts < 2L then
            code.Invoke(table, 0L, count)
        else
            Workers.run (int parts) (fun i ->
                code.Invoke(table, count * int64 i / parts, count * int64 (i + 1) / parts))

    /// A nest of its own: in one go, or its outermost axis shared among the cores.
    let private alone (width: Width) (k: LoopNest) : Runner =
        let struct (numbered, slots) = renumbered k
        let code = methodOf width numbered
        let count = int64 (outermost k)
        let parts = min count (int64 (Workers.count ()) * 4L)
        let parts = if work k < shared && worth k < dear then 1L else parts
        Runner(fun w -> call code slots w count parts)

    /// What `Philox.drawAt` calls a draw; -1 where it has none.
    let private kindOf (draw: Draw) (dtype: DType) =
        match draw, dtype with
        | Draw.Uniform, DType.Float32 -> 0
        | Draw.Uniform, DType.Float64 -> 1
        | Draw.Bits, DType.Int32 -> 2
        | Draw.Bits, DType.Int64 -> 3
        | Draw.Keys, DType.Int64 -> 4
        | (Draw.Uniform | Draw.Bits | Draw.Keys), _ -> -1

    /// Whether a step becomes machine code: a nest that can be emitted, or a short draw, which is a call in the midst of nests.
    let canEmit (step: Step) : bool =
        match Width.Best with
        | None -> false
        | Some width ->
            match step with
            | Step.Nest k -> (Emit.refuses width k).IsNone
            | Step.Draw(draw, dtype, keys, count, _) ->
                kindOf draw dtype >= 0 && Shape.count keys.Shape = 1 && count <= 256
            | Step.Product _
            | Step.Engine _
            | Step.Scan _
            | Step.While _
            | Step.Cond _ -> false

    let private drawAt =
        later (fun () ->
            nonNull (typeof<PhiloxCall>.GetMethod("Draw", BindingFlags.Static ||| BindingFlags.NonPublic)))

    let private emitDraw
        (il: ILGenerator)
        (draw: Draw)
        (dtype: DType)
        (key: View)
        (count: int)
        (target: View)
        =
        let address (v: View) dtype =
            il.Emit OpCodes.Ldarg_0
            il.Emit(OpCodes.Ldc_I4, v.Slot * sizeof<nativeint>)
            il.Emit OpCodes.Add
            il.Emit OpCodes.Ldind_I
            il.Emit(OpCodes.Ldc_I8, int64 (Bytes.ofElements dtype v.Offset))
            il.Emit OpCodes.Conv_I
            il.Emit OpCodes.Add

        address key DType.Int64
        address target dtype
        il.Emit(OpCodes.Ldc_I4, count)
        il.Emit(OpCodes.Ldc_I4, kindOf draw dtype)
        il.Emit(OpCodes.Call, drawAt.Value)

    let private together (width: Width) (steps: Step[]) : Runner =
        let m =
            DynamicMethod(
                "nests",
                typeof<Void>,
                [| typeof<nativeint> |],
                typeof<Runner>.Module,
                true,
                InitLocals = false
            )

        let il = m.GetILGenerator()
        // Without a table there is nothing to do.
        let some = il.DefineLabel()
        il.Emit OpCodes.Ldarg_0
        il.Emit(OpCodes.Brtrue, some)
        il.Emit OpCodes.Ret
        il.MarkLabel some
        let emitter = Emitter(il, width)

        for step in steps do
            match step with
            | Step.Nest k -> emitter.Kernel k
            | Step.Draw(draw, dtype, keys, count, target) -> emitDraw il draw dtype keys count target
            | Step.Product _
            | Step.Engine _
            | Step.Scan _
            | Step.While _
            | Step.Cond _ -> invalidOp "A step that has no code."

        il.Emit OpCodes.Ret
        let code = m.CreateDelegate<Whole>()
        compileAhead (fun () -> code.Invoke 0n)
        Runner(fun w -> code.Invoke w.Table)

    /// Consecutive steps, all of which can be emitted, as few methods.
    let methods (steps: Step[]) : Runner[] =
        match Width.Best with
        | None -> invalidOp "This machine has no vectors to emit code for."
        | Some width ->
            let made = ResizeArray<Runner>()
            let group = ResizeArray<Step>()
            let mutable total = 0

            let flush () =
                if group.Count > 0 then
                    made.Add(together width (group.ToArray()))
                    group.Clear()
                    total <- 0

            let add step length =
                if total + length > longest then flush ()
                group.Add step
                total <- total + length

            for step in steps do
                match step with
                | Step.Nest k when work k >= large ->
                    flush ()
                    made.Add(alone width k)
                | Step.Nest k -> add step (Instruction.length k.Body)
                | Step.Draw _
                | Step.Product _
                | Step.Engine _
                | Step.Scan _
                | Step.While _
                | Step.Cond _ -> add step 4

            flush ()
            made.ToArray()
