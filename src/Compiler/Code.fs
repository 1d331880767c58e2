namespace Cotangent.Compiler

open System
open System.Threading
open System.Reflection
open System.Reflection.Emit
open Cotangent
open Cotangent.Engines
open Cotangent.Compiler.Emission

/// Machine code for runs of loop nests.
module internal Code =
    type private Whole = delegate of nativeint -> unit
    type private Part = delegate of nativeint * int64 * int64 -> unit

    /// A method of more instructions than this is compiled badly.
    let private longest = 220

    /// Nests of more work, in operations on elements, are methods of their own: a call is nothing to them.
    let private large = 1L <<< 17

    /// And those of more are shared among the cores.
    let private shared = 1L <<< 20

    let private work (k: Kernel) =
        (k.Axes |> Array.fold (fun n d -> n * int64 d) 1L) * int64 (max 1 k.Body.Length)

    let private outermost (k: Kernel) = if k.Axes.Length > k.Reduced then k.Axes[0] else 1

    let canEmit (k: Kernel) =
        match Width.Best with
        | Some width -> (Emit.refuses width k).IsNone
        | None -> false

    /// Has .NET compile a method on another core while the next one is written: by a call that does nothing.
    let private compileAhead (call: unit -> unit) = ThreadPool.QueueUserWorkItem(fun _ -> call ()) |> ignore

    /// A nest of its own: in one go, or its outermost axis shared among the cores.
    let private alone (width: Width) (k: Kernel) : Runner =
        let code = (Emit.kernel width k).CreateDelegate<Part>()
        compileAhead (fun () -> code.Invoke(0n, 0L, 0L))
        let count = int64 (outermost k)
        let parts = min count (int64 (Workers.count ()) * 4L)

        if work k < shared || parts < 2L then
            Runner(fun w -> code.Invoke(w.Table, 0L, count))
        else
            let body (table: nativeint) (i: int) =
                code.Invoke(table, count * int64 i / parts, count * int64 (i + 1) / parts)

            Runner(fun w -> Workers.run (int parts) (body w.Table))

    /// A short draw: a call in the midst of nests.
    [<NoComparison; NoEquality>]
    type ShortDraw = { Kind: int; Key: View; Count: int; Target: View; ElementSize: int }

    [<RequireQualifiedAccess; NoComparison; NoEquality>]
    type Item =
        | Nest of Kernel
        | Draw of ShortDraw

    let private drawAt =
        typeof<Draw>.Assembly.GetType("Cotangent.Engines.Philox")
        |> nonNull
        |> fun t ->
            t.GetMethod("drawAt", BindingFlags.Static ||| BindingFlags.Public ||| BindingFlags.NonPublic)
            |> nonNull

    let private emitDraw (il: ILGenerator) (d: ShortDraw) =
        let address (v: View) size =
            il.Emit OpCodes.Ldarg_0
            il.Emit(OpCodes.Ldc_I4, v.Slot * sizeof<nativeint>)
            il.Emit OpCodes.Add
            il.Emit OpCodes.Ldind_I
            il.Emit(OpCodes.Ldc_I4, v.Offset * size)
            il.Emit OpCodes.Add

        address d.Key sizeof<int64>
        address d.Target d.ElementSize
        il.Emit(OpCodes.Ldc_I4, d.Count)
        il.Emit(OpCodes.Ldc_I4, d.Kind)
        il.Emit(OpCodes.Call, drawAt)

    let private together (width: Width) (items: Item list) : Runner =
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

        for item in items do
            match item with
            | Item.Nest k -> emitter.Kernel k
            | Item.Draw d -> emitDraw il d

        il.Emit OpCodes.Ret
        let code = m.CreateDelegate<Whole>()
        compileAhead (fun () -> code.Invoke 0n)
        Runner(fun w -> code.Invoke w.Table)

    /// Consecutive nests, all of which can be emitted, and short draws among them, as few methods.
    let methods (items: Item list) : Runner list =
        match Width.Best with
        | None -> invalidOp "This machine has no vectors to emit code for."
        | Some width ->
            let made = ResizeArray<Runner>()
            let group = ResizeArray<Item>()
            let mutable length = 0

            let flush () =
                if group.Count > 0 then
                    made.Add(together width (List.ofSeq group))
                    group.Clear()
                    length <- 0

            for item in items do
                match item with
                | Item.Nest k when work k >= large ->
                    flush ()
                    made.Add(alone width k)
                | Item.Nest k ->
                    if length + k.Body.Length > longest then flush ()

                    group.Add item
                    length <- length + k.Body.Length
                | Item.Draw _ ->
                    group.Add item
                    length <- length + 4

            flush ()
            List.ofSeq made
