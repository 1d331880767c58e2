namespace Cotangent.Torch

open System
open Microsoft.FSharp.NativeInterop
open Cotangent
open Cotangent.Engines

/// Between arrays of .NET and tensors of libtorch.
module internal Transfer =

    /// A CPU tensor over the memory of an array, which stays in place for the duration of the frame.
    let private over (f: Frame) (array: Array) (dtype: DType) length =
        let address = f.Pin array
        let code = Code.dtype dtype

        Sizes.using [| length |] (fun sizes ->
            f.Own(Native.THSTensor_new(address, 0n, sizes, 1, code, code, Code.Cpu, -1, 0uy)))

    /// A CPU tensor that shares a buffer's memory. libtorch has no negative strides: a flipped buffer is copied first.
    let share (f: Frame) (x: HostBuffer) : nativeint =
        // What the stride of an axis of size 1 is does not matter.
        let flipped = Array.exists2 (fun size stride -> size > 1 && stride < 0) x.Shape x.Strides
        let x = if flipped then Strided.materialise x else x
        let whole = over f x.Data x.DType x.Data.Length

        if Shape.count x.Shape = 0 then
            Basic.reshape f (Basic.slice f whole 0 0 0 1) x.Shape
        else
            let strides =
                if x.IsContiguous then
                    Shape.strides x.Shape
                else
                    Array.map2 (fun size stride -> if size = 1 then 1 else stride) x.Shape x.Strides

            Sizes.using x.Shape (fun sizes ->
                Sizes.using strides (fun steps ->
                    let rank = x.Shape.Length
                    f.Own(Native.THSTensor_as_strided(whole, sizes, rank, steps, rank, int64 x.Offset))))

    /// A buffer of a new array whose elements are anything, and a tensor over it.
    let fresh (f: Frame) (dtype: DType) (shape: int[]) : struct (HostBuffer * nativeint) =
        let buffer = Buffers.fresh dtype shape
        struct (buffer, Basic.reshape f (over f buffer.Data dtype buffer.Data.Length) shape)

    // libtorch reads complex numbers at multiples of their size, and ends the process elsewhere; an array of .NET has them at
    // multiples of a part's. So they pass as pairs of parts, along an axis of their own.

    let private withPairs (shape: int[]) = Array.append shape [| 2 |]

    /// The parts of an array of complex numbers.
    let private partsOver (f: Frame) (x: HostBuffer) =
        Basic.reshape
            f
            (over f x.Data (DTypes.ofParts x.DType) (2 * x.Data.Length))
            (withPairs [| x.Data.Length |])

    /// A copy of a tensor, wherever it is, in a new array.
    let read (f: Frame) (tensor: nativeint) (dtype: DType) (shape: int[]) : HostBuffer =
        if dtype.IsComplex then
            let buffer = Buffers.fresh dtype shape
            let pairs = Script.call f "def f(x):\n  return torch.view_as_real(x)\n" [| tensor |]
            Basic.copyInto f (Basic.reshape f (partsOver f buffer) (withPairs shape)) pairs
            buffer
        else
            let struct (buffer, room) = fresh f dtype shape
            Basic.copyInto f room tensor
            buffer

    let private moved (f: Frame) (tensor: nativeint) =
        f.Own(Native.THSTensor_to_device(tensor, f.Place.Kind, f.Place.Index, 1uy, 0uy))

    /// A copy of a buffer at the frame's place.
    let write (f: Frame) (x: HostBuffer) : nativeint =
        if x.DType.IsComplex then
            let whole = Buffers.fresh x.DType x.Shape
            Buffers.copy x whole
            let pairs = moved f (Basic.reshape f (partsOver f whole) (withPairs x.Shape))
            Script.call f "def f(x):\n  return torch.view_as_complex(x)\n" [| pairs |]
        else
            moved f (share f x)

    /// Applies a managed function to a tensor, by way of main memory: for the little that libtorch can't do.
    let byHost (f: Frame) (tensor: nativeint) dtype shape (apply: HostBuffer -> HostBuffer) =
        write f (apply (read f tensor dtype shape))
