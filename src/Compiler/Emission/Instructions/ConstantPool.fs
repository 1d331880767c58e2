namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Constants of emitted code, in memory that stays where it is: an instruction then reads its constant where it needs it.
// Constants written into the code would be put into registers before the loop by the compiler of .NET, and spill what
// the loop needs there.

open System.Collections.Generic
open System.Runtime.InteropServices
open FSharp.NativeInterop

[<RequireQualifiedAccess>]
module internal ConstantPool =
    /// Enough for 16,000 constants; the system gives what is touched.
    [<Literal>]
    let private Size = 1048576

    let private cell = NativePtr.ofVoidPtr<nativeint>(NativeMemory.AlignedAlloc(64un, 64un))

    let private start =
        NativePtr.toNativeInt (NativePtr.ofVoidPtr<byte>(NativeMemory.AlignedAlloc(unativeint Size, 64un)))

    let private wide = Dictionary<int64, int>()
    let private narrow = Dictionary<int64, int>()
    let private masks = Dictionary<int64, int>()
    let mutable private used = 0

    NativePtr.write cell start

    /// Where the address of the constants lies.
    let address = NativePtr.toNativeInt cell

    /// How far from there the eight numbers lie that `number` tells; -1 when there is no room for more.
    let private place (known: Dictionary<int64, int>) (key: int64) (number: int -> int64) : int =
        lock known (fun () ->
            match known.TryGetValue key with
            | true, at -> at
            | _ ->
                let at = System.Threading.Interlocked.Add(&used, 64) - 64

                if at + 64 > Size then
                    -1
                else
                    for i in 0..7 do
                        NativePtr.set (NativePtr.ofNativeInt<int64>(start + nativeint at)) i (number i)

                    known.Add(key, at)
                    at)

    let private twice (bits: int64) = (bits &&& 0xFFFFFFFFL) ||| (bits <<< 32)

    /// How far from there a constant lies, that fills 64 bytes; -1 when there is no room for more.
    let offset (e: Element) (bits: int64) : int =
        if Element.size e = 4 then
            place narrow bits (fun _ -> twice bits)
        else
            place wide bits (fun _ -> bits)

    /// How far from there a truth for the first so many lanes lies; -1 when there is no room for more.
    let ofFirst (e: Element) (count: int) : int =
        let size = Element.size e

        place masks (int64 (count * size)) (fun i ->
            let bytes = count * size - 8 * i

            if bytes >= 8 then -1L
            elif bytes = 4 then 0xFFFFFFFFL
            else 0L)
