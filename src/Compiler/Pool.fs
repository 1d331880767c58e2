namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Constants of emitted code, in memory that stays where it is: an instruction then reads its constant where it needs it.
// Constants written into the code would be put into registers before the loop by the compiler of .NET, and spill what
// the loop needs there.

open System.Collections.Generic
open System.Runtime.InteropServices
open FSharp.NativeInterop

[<RequireQualifiedAccess>]
module internal Pool =
    /// Enough for 16,000 constants; the system gives what is touched.
    [<Literal>]
    let private Size = 1048576

    let private cell = NativePtr.ofVoidPtr<nativeint>(NativeMemory.AlignedAlloc(64un, 64un))

    let private start =
        NativePtr.toNativeInt (NativePtr.ofVoidPtr<byte>(NativeMemory.AlignedAlloc(unativeint Size, 64un)))

    let private wide = Dictionary<int64, int>()
    let private narrow = Dictionary<int64, int>()
    let mutable private used = 0

    NativePtr.write cell start

    /// Where the address of the constants lies.
    let address = NativePtr.toNativeInt cell

    /// How far from there a constant lies, that fills 64 bytes; -1 when there is no room for more.
    let offset (e: Element) (bits: int64) : int =
        let known = if Element.size e = 4 then narrow else wide

        lock known (fun () ->
            match known.TryGetValue bits with
            | true, at -> at
            | _ ->
                let at = System.Threading.Interlocked.Add(&used, 64) - 64

                if at + 64 > Size then
                    -1
                else
                    for i in 0..7 do
                        let twice = (bits &&& 0xFFFFFFFFL) ||| (bits <<< 32)
                        let p = NativePtr.ofNativeInt<int64>(start + nativeint at)
                        NativePtr.set p i (if Element.size e = 4 then twice else bits)

                    known.Add(bits, at)
                    at)
