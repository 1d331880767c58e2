namespace Cotangent.Torch

open System
open System.Collections.Concurrent
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop

/// Functions of libtorch that TorchSharp's native library has no entry for, by way of TorchScript: a function `f` of tensors
/// that returns one tensor, or a list of several. `torch` stands for all that libtorch has. The text is compiled once; attributes such as
/// strides are written into it. A call takes about 4 µs more than an entry of the library.
module internal Script =

    /// libtorch asks us for room for its results: a few tensors, for the calling thread to pick up.
    [<Sealed; AbstractClass>]
    type private Results private () =
        [<ThreadStatic; DefaultValue>]
        static val mutable private room: nativeint

        [<ThreadStatic; DefaultValue>]
        static val mutable private count: int

        static member Room =
            if Results.room = 0n then Results.room <- Marshal.AllocHGlobal(16 * sizeof<ScriptValue>)

            Results.room

        /// How many there are room for.
        static member Count
            with get () = Results.count
            and set n = Results.count <- n

    type private Allocate = delegate of int * unativeint -> nativeint

    // Kept for good: libtorch holds on to its address.
    let private allocate =
        Allocate(fun _ count ->
            Results.Count <- int count
            Results.Room)

    let private allocateAddress = Marshal.GetFunctionPointerForDelegate allocate

    let private compiled = ConcurrentDictionary<string, nativeint>()

    /// The texts that have been compiled so far: for tests.
    let texts () = List.ofSeq compiled.Keys

    /// A text with a mistake in it, or with an operator that this libtorch does not have, ends the process: `Operators` tells
    /// why, and what is done about it.
    let private compile (f: Frame) (text: string) =
        match compiled.TryGetValue text with
        | true, script -> script
        | _ ->
            let script = Native.THSJIT_compile text
            f.Check()
            compiled.GetOrAdd(text, script)

    /// What a script returns: a tensor, or a list of them.
    [<Literal>]
    let private Tensor = 1y

    [<Literal>]
    let private Tensors = 3y

    let private invoke (f: Frame) (text: string) (wanted: sbyte) (inputs: nativeint[]) =
        let script = compile f text
        let arguments = NativePtr.stackalloc<ScriptValue> inputs.Length

        for i in 0 .. inputs.Length - 1 do
            NativePtr.set arguments i { Kind = 0L; Index = -1L; Tensor = inputs[i] }

        let mutable kind = 0y

        Native.THSJIT_CompilationUnit_Invoke(script, "f", arguments, inputs.Length, allocateAddress, &kind, 0)
        f.Check()

        if kind <> wanted then
            invalidOp $"The script returned something of kind {kind}, not of kind {wanted}:\n{text}"

    let private result (f: Frame) k =
        f.Own((NativePtr.get (NativePtr.ofNativeInt<ScriptValue> Results.Room) k).Tensor)

    /// Calls the function of a script.
    let call (f: Frame) (text: string) (inputs: nativeint[]) : nativeint =
        invoke f text Tensor inputs
        result f 0

    /// Calls the function of a script that returns a list.
    let callAll (f: Frame) (text: string) (inputs: nativeint[]) : nativeint[] =
        invoke f text Tensors inputs
        Array.init Results.Count (result f)

    /// Calls a function of these parameters and lines; with `room` among the parameters, which is the frame's, and in which
    /// the lines leave their result.
    let fill (f: Frame) (parameters: string) (lines: string list) (inputs: nativeint[]) =
        let body = String.concat "\n  " lines
        let text = $"def f({parameters}, room):\n  {body}\n  return room\n"
        call f text (Array.append inputs [| f.Room |]) |> ignore
        f.Room

    /// Calls an operation that can be told where to write, by an argument of this name: in the frame's room, if there is one.
    /// The operation is a script's expression, given what to write behind its last argument.
    let into
        (f: Frame)
        (name: string)
        (parameters: string)
        (operation: string -> string)
        (inputs: nativeint[])
        =
        if f.Room = 0n then
            call f $"def f({parameters}):\n  return {operation String.Empty}\n" inputs
        else
            fill f parameters [ operation $", {name}=room" ] inputs

    /// Numbers as a script writes them.
    let list (numbers: int seq) =
        let all = String.Join(", ", numbers)
        $"[{all}]"
