namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Constants of emitted code, in memory that stays where it is: an instruction then reads its constant where it needs it.
// Constants written into the code would be put into registers before the loop by the compiler of .NET, and spill what
// the loop needs there.

open System.Collections.Generic
open System.Runtime.InteropServices
open FSharp.NativeInterop

/// Memory of a fixed size that constants are put into, one after the other, until it is full.
[<Sealed>]
type internal ConstantPool(size: int) =
    let start =
        NativePtr.toNativeInt (NativePtr.ofVoidPtr<byte>(NativeMemory.AlignedAlloc(unativeint size, 64un)))

    /// Of each kind the keys and where they lie.
    let kinds: Dictionary<int64, int>[] = [| Dictionary(); Dictionary(); Dictionary() |]
    let mutable used = 0

    /// Where the first one lies.
    member _.Start = start

    /// Bytes taken.
    member _.Used = lock kinds (fun () -> used)

    /// How far from the start the eight numbers lie that `number` tells; -1 when there is no room for more. They are the same
    /// for equal kinds and keys. What finds no room takes none: a count that went on would come round to places that are taken.
    member _.Place(kind: int, key: int64, number: int -> int64) : int =
        lock kinds (fun () ->
            let known = kinds[kind]

            match known.TryGetValue key with
            | true, at -> at
            | _ when used > size - 64 -> -1
            | _ ->
                let at = used

                for i in 0..7 do
                    NativePtr.set (NativePtr.ofNativeInt<int64>(start + nativeint at)) i (number i)

                used <- at + 64
                known.Add(key, at)
                at)

[<RequireQualifiedAccess>]
module internal ConstantPool =
    /// Enough for 16,000 constants; the system gives what is touched.
    let private pool = ConstantPool 1048576

    let private cell = NativePtr.ofVoidPtr<nativeint>(NativeMemory.AlignedAlloc(64un, 64un))

    NativePtr.write cell pool.Start

    /// Where the address of the constants lies.
    let address = NativePtr.toNativeInt cell

    let private twice (bits: int64) = (bits &&& 0xFFFFFFFFL) ||| (bits <<< 32)

    /// How far from there a constant lies, that fills 64 bytes; -1 when there is no room for more.
    let offset (e: Element) (bits: int64) : int =
        if Element.size e = 4 then
            pool.Place(0, bits, fun _ -> twice bits)
        else
            pool.Place(1, bits, fun _ -> bits)

    /// How far from there a truth for the first so many lanes lies; -1 when there is no room for more.
    let ofFirst (e: Element) (count: int) : int =
        let size = Element.size e

        pool.Place(
            2,
            int64 (count * size),
            fun i ->
                let bytes = count * size - 8 * i

                if bytes >= 8 then -1L
                elif bytes = 4 then 0xFFFFFFFFL
                else 0L
        )
