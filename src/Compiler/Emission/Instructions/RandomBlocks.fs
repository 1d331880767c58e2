namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The generator of Engines/Kernels/Philox.fs for one key in each lane of 8 bytes, as a method that emitted code calls: its ten
// rounds in the midst of a nest would be most of that nest, and be compiled once for each draw.

open System
open System.Reflection.Emit
open Cotangent.Lanes
open System.Threading
open FSharp.NativeInterop

[<RequireQualifiedAccess>]
module internal RandomBlocks =
    type private Call = delegate of nativeint * nativeint * int64 -> unit

    /// Writes the rounds. A word is the lower half of its lane; what is in the upper half is of no weight until the end.
    [<Sealed>]
    type private Rounds(code: Instructions, w: Width) =
        let il = code.IL
        let e = Element.I64

        let upper () =
            il.Emit(OpCodes.Ldc_I4, 32)
            code.Call(w.Member("op_UnsignedRightShift", e))

        let named (bits: int64) =
            let local = code.TakeVector(w, e)
            code.Constant(w, e, bits)
            code.Store local
            local

        let low = named 0xFFFFFFFFL
        let multiplier0, multiplier1 = named 0xD2511F53L, named 0xCD9E8D57L
        let weyl0, weyl1 = named 0x9E3779B9L, named 0xBB67AE85L

        /// The product of the lower halves, which are taken as without a sign.
        let product (x: LocalBuilder) (multiplier: LocalBuilder) (target: LocalBuilder) =
            code.Load x

            if w.HasLongProducts then
                code.Call w.AsUnsigned
                code.Load multiplier
                code.Call w.AsUnsigned
                code.Call w.LongProduct
                code.Call w.OfUnsigned
            else
                code.Load low
                code.Call(w.Generic("BitwiseAnd", e))
                code.Load multiplier
                code.Call(w.Generic("Multiply", e))

            code.Store target

        /// word <- upper half of the product, word and key
        let mix (word: LocalBuilder) (product: LocalBuilder) (key: LocalBuilder) =
            code.Load product
            upper ()
            code.Load word
            code.Call(w.Generic("Xor", e))
            code.Load key
            code.Call(w.Generic("Xor", e))
            code.Store word

        let advance (key: LocalBuilder) (weyl: LocalBuilder) =
            code.Load key
            code.Load weyl
            code.Call(w.Generic("Add", e))
            code.Store key

        /// Two words in the place of an argument, the lower one first.
        let store (argument: int) (first: LocalBuilder) (second: LocalBuilder) =
            il.Emit(OpCodes.Ldarg, int16 argument)
            code.Load first
            code.Load low
            code.Call(w.Generic("BitwiseAnd", e))
            code.Load second
            il.Emit(OpCodes.Ldc_I4, 32)
            code.Call(w.Member("op_LeftShift", e))
            code.Call(w.Generic("BitwiseOr", e))
            code.StoreVector(w, e)

        member _.Write() =
            let x0, x1, x2, x3 = named 0L, named 0L, named 0L, named 0L
            let p0, p1, key0, key1 = named 0L, named 0L, named 0L, named 0L
            il.Emit OpCodes.Ldarg_1
            code.LoadVector(w, e)
            code.Store x0
            il.Emit OpCodes.Ldarg_2
            code.Broadcast(w, e)
            code.Store x2
            il.Emit OpCodes.Ldarg_0
            code.LoadVector(w, e)
            code.Store key0
            code.Load key0
            upper ()
            code.Store key1
            let left = il.DeclareLocal typeof<int>
            il.Emit OpCodes.Ldc_I4_5
            code.Store left
            let top = il.DefineLabel()
            il.MarkLabel top

            // Two rounds, after which each word is where it was. After the first they are x1, p1, x3 and p0.
            product x0 multiplier0 p0
            product x2 multiplier1 p1
            mix x1 p1 key0
            mix x3 p0 key1
            advance key0 weyl0
            advance key1 weyl1
            product x1 multiplier0 x0
            product x3 multiplier1 x2
            mix p1 x2 key0
            mix p0 x0 key1
            advance key0 weyl0
            advance key1 weyl1

            for word, target in [| x2, x1; x0, x3; p1, x0; p0, x2 |] do
                code.Load word
                code.Store target

            code.Load left
            il.Emit OpCodes.Ldc_I4_1
            il.Emit OpCodes.Sub
            code.Store left
            code.Load left
            il.Emit(OpCodes.Brtrue, top)
            store 0 x0 x1
            store 1 x2 x3
            il.Emit OpCodes.Ret

    let private make (w: Width) : DynamicMethod =
        let parameters = [| typeof<nativeint>; typeof<nativeint>; typeof<int64> |]
        let m = DynamicMethod("draw", typeof<Void>, parameters, typeof<ScalarLanes>.Module, true)
        m.InitLocals <- false
        let il = m.GetILGenerator()
        let code = Instructions(il, il.DeclareLocal typeof<nativeint>)
        code.LoadConstants()
        Rounds(code, w).Write()
        let call = m.CreateDelegate<Call>()

        // Compiled while the code that calls it is written.
        ThreadPool.QueueUserWorkItem(fun _ ->
            let vectors = NativePtr.stackalloc<int64> 16
            call.Invoke(NativePtr.toNativeInt vectors, NativePtr.toNativeInt (NativePtr.add vectors 8), 0L))
        |> ignore

        m

    let private methods = [| for bits in [ 128; 256; 512 ] -> lazy (make (Width.OfBits bits)) |]

    /// `void (key, block, int64 stream)` of two addresses of vectors: puts words 0 and 1 of each lane's block, the lower
    /// one first, in the place of the key, and words 2 and 3 in that of the block's number.
    let ofWidth (w: Width) : DynamicMethod = methods[w.Bits >>> 8].Value
