namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Folding the lanes of vectors: of one into a number, or of as many as a vector has lanes into one vector.

open System.Reflection.Emit
open Cotangent.Inlined

[<RequireQualifiedAccess>]
module internal Fold =

    /// Folds two parts of the vector on the stack that `first` and `second` take.
    let private halves (code: Instructions) (from: Width) (w: Width) op e first second =
        let whole = code.TakeVector(from, e)
        code.Store whole
        code.Load whole
        first ()
        code.Load whole
        second ()
        code.GiveBack whole
        code.Fold(w, op, e)

    /// Into halves until there are 128 bits.
    let rec private narrow (code: Instructions) (w: Width) op e =
        if w.Bits > 128 then
            let half = Width.OfBits(w.Bits / 2)

            halves code w half op e (fun () -> code.Call(w.Generic("GetLower", e))) (fun () ->
                code.Call(w.Generic("GetUpper", e)))

            narrow code half op e

    /// The lanes of the vector on the stack, folded, in every lane.
    let lanes (code: Instructions) (w: Width) (op: Op) (e: Element) =
        narrow code w op e
        let narrow = Width.OfBits 128

        let pick lane () =
            code.Lane(narrow, e, lane)
            code.Broadcast(narrow, e)

        if op = Op.Sum then
            code.Call(narrow.Generic("Sum", e))
        else
            if Element.size e = 4 then
                // Lanes 2 and 3 come to 0 and 1.
                let wide = Element.F64

                halves code narrow narrow op e ignore (fun () ->
                    code.Cast(narrow, e, wide)
                    code.Lane(narrow, wide, 1)
                    code.Broadcast(narrow, wide)
                    code.Cast(narrow, wide, e))

            halves code narrow narrow op e ignore (pick 1)
            code.Lane(narrow, e, 0)

        code.Broadcast(w, e)

    /// Interleaves two vectors in both ways and folds the results.
    let private interleave
        (code: Instructions)
        (w: Width)
        op
        (e: Element)
        (by: Element)
        (a: LocalBuilder)
        (b: LocalBuilder)
        =
        let unpack name =
            code.Load a
            code.Cast(w, e, by)
            code.Load b
            code.Cast(w, e, by)
            code.Call(w.Unpack(name, by))
            code.Cast(w, by, e)

        unpack "UnpackLow"
        unpack "UnpackHigh"
        code.Fold(w, op, e)

    /// Folds pairs of vectors a distance apart, into the first of each pair.
    let private pairs
        (code: Instructions)
        (vectors: LocalBuilder[])
        from
        count
        (fold: LocalBuilder -> LocalBuilder -> unit)
        =
        for i in from .. from + count - 1 do
            fold vectors[i] vectors[i + count]
            code.Store vectors[i]

    /// Folds vectors (as many as each has lanes) into one, on the stack, in lane i of which are the lanes of vector i. The
    /// vectors are overwritten.
    let rec pack (code: Instructions) (w: Width) (op: Op) (e: Element) (vectors: LocalBuilder[]) =
        let f32, f64 = Element.F32, Element.F64

        match w.Bits with
        | 128 ->
            if Element.size e = 8 then
                interleave code w op e f64 vectors[0] vectors[1]
            else
                for i in 0..1 do
                    interleave code w op e f32 vectors[2 * i] vectors[2 * i + 1]
                    code.Store vectors[i]

                interleave code w op e f64 vectors[0] vectors[1]
        | 256 ->
            let half = vectors.Length / 2

            // The halves of vector i with those of vector i + half.
            pairs code vectors 0 half (fun a b ->
                for which in [| 0x20; 0x31 |] do
                    code.Load a
                    code.Cast(w, e, Element.real e)
                    code.Load b
                    code.Cast(w, e, Element.real e)
                    code.IL.Emit(OpCodes.Ldc_I4, which)
                    code.Call(w.Permute(Element.real e))
                    code.Cast(w, Element.real e, e)

                code.Fold(w, op, e))

            if half = 4 then
                for i in 0..1 do
                    interleave code w op e f32 vectors[2 * i] vectors[2 * i + 1]
                    code.Store vectors[i]

            interleave code w op e f64 vectors[0] vectors[1]
        | _ ->
            let half = Width.OfBits 256
            let count = vectors.Length / 2

            let part from =
                let narrow = Array.init count (fun _ -> code.TakeVector(half, e))

                for i in 0 .. count - 1 do
                    code.Load vectors[from + i]
                    code.Call(w.Generic("GetLower", e))
                    code.Load vectors[from + i]
                    code.Call(w.Generic("GetUpper", e))
                    code.Fold(half, op, e)
                    code.Store narrow[i]

                pack code half op e narrow

                for local in narrow do
                    code.GiveBack local

            part 0
            code.Call(half.Generic("ToVector512Unsafe", e))
            part count
            code.Call(w.Generic("WithUpper", e))
