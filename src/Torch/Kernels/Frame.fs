namespace Cotangent.Torch

open System
open System.Collections.Concurrent
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Cotangent

/// What libtorch says went wrong.
exception internal LibtorchException of message: string with
    override e.Message = e.message

    /// The line of libtorch's text that tells: the first, since a stack trace follows; of a script the last that names an
    /// error, since its own trace comes before.
    static member OfText(text: string) : exn =
        let lines = text.Split '\n'
        let told = lines |> Array.tryFindBack (fun line -> line.StartsWith "RuntimeError: ")

        match told with
        | Some line when lines[0].Contains "TorchScript interpreter" ->
            LibtorchException(line.Substring "RuntimeError: ".Length)
        | _ -> LibtorchException lines[0]

    /// Whether the memory of the device, or of the computer, did not suffice.
    member e.IsOutOfMemory =
        e.message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || e.message.Contains("not enough memory", StringComparison.OrdinalIgnoreCase)
        || e.message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase)
        // CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED
        || e.message.Contains("ALLOC_FAILED", StringComparison.Ordinal)

    /// Whether cuDNN has no kernel for such a convolution: for sizes and dtypes that seldom meet it finds none.
    member e.IsOfCudnn =
        not e.IsOutOfMemory
        && (e.message.Contains("unable to find an engine", StringComparison.Ordinal)
            || e.message.Contains("CUDNN_STATUS_", StringComparison.Ordinal))

/// How libtorch numbers dtypes and devices (`c10::ScalarType`, `c10::DeviceType`).
module internal Code =
    let dtype (d: DType) : sbyte =
        match d with
        | DType.UInt8 -> 0y
        | DType.Int8 -> 1y
        // Unsigned integers as they lie in memory: libtorch has hardly a kernel for them, and moves signed ones.
        | DType.Int16
        | DType.UInt16 -> 2y
        | DType.Int32
        | DType.UInt32 -> 3y
        | DType.Int64
        | DType.UInt64 -> 4y
        | DType.Float16 -> 5y
        | DType.Float32 -> 6y
        | DType.Float64 -> 7y
        | DType.Bool -> 11y
        | DType.BFloat16 -> 15y
        | DType.Complex64 -> 9y
        | DType.Complex128 -> 10y

    [<Literal>]
    let Cpu = 0

    [<Literal>]
    let Cuda = 1

/// A device as libtorch knows it.
[<Struct>]
type internal Place = { Kind: int; Index: int }

/// Numbers as libtorch takes them: native objects, made once for each number.
module internal Scalar =
    /// Beyond that many, numbers are made anew each time: they will hardly come back.
    [<Literal>]
    let private Most = 4096

    let private reals = ConcurrentDictionary<int64, nativeint>()
    let private wholes = ConcurrentDictionary<int64, nativeint>()

    let private remembered (known: ConcurrentDictionary<int64, nativeint>) key make =
        let mutable found = 0n

        if known.TryGetValue(key, &found) then
            found
        else
            let made = make ()

            if known.Count < Most then known.TryAdd(key, made) |> ignore

            made

    // A race makes a number twice; one object is never freed then, as those of the table are not.
    let real (x: float) =
        remembered reals (BitConverter.DoubleToInt64Bits x) (fun () -> Native.THSTorch_float64_to_scalar x)

    let whole (x: int64) = remembered wholes x (fun () -> Native.THSTorch_int64_to_scalar x)

/// The tensors that the evaluation of one primitive makes; all but its result are freed in the end, also by an error.
[<Sealed>]
type internal Frame(place: Place) =
    let mutable owned: nativeint[] = Array.zeroCreate 8
    let mutable count = 0
    let mutable pinned: GCHandle list = []

    /// Where tensors are made.
    member _.Place = place

    /// A tensor of the result's shape and dtype over the memory where the result shall be, or 0. A kernel that can write
    /// there returns this very tensor; what another returns is copied there.
    member val Room = 0n with get, set

    static member private Fail() : unit =
        let message = Marshal.PtrToStringUTF8(Native.THSTorch_get_and_reset_last_err())

        match message with
        | null -> raise (LibtorchException "libtorch returned no tensor.")
        | message -> raise (LibtorchException.OfText message)

    /// Throws what a function without a result has met with.
    member _.Check() =
        match Native.THSTorch_get_and_reset_last_err() with
        | 0n -> ()
        | message ->
            match Marshal.PtrToStringUTF8 message with
            | null -> ()
            | message -> raise (LibtorchException.OfText message)

    /// Takes charge of a new tensor. Throws if there is none.
    member _.Own(tensor: nativeint) : nativeint =
        if tensor = 0n then Frame.Fail()

        if count = owned.Length then Array.Resize(&owned, 2 * count)

        owned[count] <- tensor
        count <- count + 1
        tensor

    /// Gives a tensor away, which is the caller's to free. One that is not of this frame is shared anew.
    member _.Release(tensor: nativeint) : nativeint =
        match Array.IndexOf(owned, tensor, 0, count) with
        | -1 -> invalidOp "A result must be a tensor of its frame."
        | at ->
            count <- count - 1
            owned[at] <- owned[count]
            tensor

    /// Keeps an array where it is as long as the frame lasts; the address of its first element.
    member _.Pin(array: Array) : nativeint =
        let handle = GCHandle.Alloc(array, GCHandleType.Pinned)
        pinned <- handle :: pinned
        handle.AddrOfPinnedObject()

    interface IDisposable with
        member _.Dispose() =
            for i in 0 .. count - 1 do
                Native.THSTensor_dispose owned[i]

            count <- 0

            for handle in pinned do
                handle.Free()

            pinned <- []

/// Shapes as libtorch takes them.
module internal Sizes =
    /// Calls a function with the sizes as native 64-bit integers.
    let inline using (sizes: int[]) ([<InlineIfLambda>] f: nativeptr<int64> -> 'a) : 'a =
        let wide = NativePtr.stackalloc<int64>(max 1 sizes.Length)

        for i in 0 .. sizes.Length - 1 do
            NativePtr.set wide i (int64 sizes[i])

        f wide
