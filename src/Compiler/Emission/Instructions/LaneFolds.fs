namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Folding the lanes of vectors: of one into a number, or of as many as a vector has lanes into one vector.

open System.Reflection
open System.Reflection.Emit
open Cotangent.Inlined // in place of functions of Array and List

[<RequireQualifiedAccess>]
module internal LaneFolds =

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

        if Element.size e = 4 then
            // Lanes 2 and 3 come to 0 and 1, in the order of `pack`: a row has the same bits whether others are folded with it or not.
            let wide = Element.F64

            halves code narrow narrow op e ignore (fun () ->
                code.Cast(narrow, e, wide)
                code.Lane(narrow, wide, 1)
                code.Broadcast(narrow, wide)
                code.Cast(narrow, wide, e))

        halves code narrow narrow op e ignore (pick 1)
        code.Lane(narrow, e, 0)
        code.Broadcast(w, e)

    /// Takes parts of two vectors in two ways and folds them: those by one instruction that a number, if any, tells what to
    /// take, or by two.
    let private both
        (code: Instructions)
        (w: Width)
        op
        (e: Element)
        (by: Element)
        (ways: struct (MethodInfo * int)[])
        (a: LocalBuilder)
        (b: LocalBuilder)
        =
        for struct (m, number) in ways do
            code.Load a
            code.Cast(w, e, by)
            code.Load b
            code.Cast(w, e, by)
            if number >= 0 then code.IL.Emit(OpCodes.Ldc_I4, number)
            code.Call m
            code.Cast(w, by, e)

        code.Fold(w, op, e)

    /// Folds pairs of vectors, the second of each `distance` behind the first, into one each; returns those. Where there is
    /// no second one, nobody reads what would become of it.
    let private pairs
        (code: Instructions)
        (vectors: LocalBuilder[])
        (firsts: int[])
        distance
        (fold: LocalBuilder -> LocalBuilder -> unit)
        : LocalBuilder[] =
        let there = firsts |> Array.filter (fun i -> i < vectors.Length)

        for i in there do
            let second = if i + distance < vectors.Length then i + distance else i
            fold vectors[i] vectors[second]
            code.Store vectors[i]

        there |> Array.map (fun i -> vectors[i])

    /// Folds vectors into one, on the stack, in lane i of which are the lanes of vector i; there may be fewer vectors than
    /// lanes. The vectors are overwritten.
    let rec pack (code: Instructions) (w: Width) (op: Op) (e: Element) (vectors: LocalBuilder[]) =
        let f32, f64 = Element.F32, Element.F64
        let lanes = w.Bits / 8 / Element.size e

        if w.Bits = 512 then
            let half = Width.OfBits 256

            let part (vectors: LocalBuilder[]) =
                let narrow =
                    vectors
                    |> Array.map (fun vector ->
                        code.Load vector
                        code.Call(w.Generic("GetLower", e))
                        code.Load vector
                        code.Call(w.Generic("GetUpper", e))
                        code.Fold(half, op, e)
                        let local = code.TakeVector(half, e)
                        code.Store local
                        local)

                pack code half op e narrow

                for local in narrow do
                    code.GiveBack local

            part vectors[.. min (lanes / 2) vectors.Length - 1]
            code.Call(half.Generic("ToVector512Unsafe", e))

            if vectors.Length > lanes / 2 then
                part vectors[lanes / 2 ..]
                code.Call(w.Generic("WithUpper", e))
        else
            let unpack by = [|
                struct (w.Unpack("UnpackLow", by), -1)
                struct (w.Unpack("UnpackHigh", by), -1)
            |]

            let mutable vectors = vectors

            if w.Bits = 256 then
                // The halves of vector i with those of vector i + lanes / 2.
                let permute = w.Permute(Element.real e)
                let ways = [| struct (permute, 0x20); struct (permute, 0x31) |]

                vectors <-
                    pairs
                        code
                        vectors
                        [| 0 .. lanes / 2 - 1 |]
                        (lanes / 2)
                        (both code w op e (Element.real e) ways)

            let last, by =
                if Element.size e = 4 then
                    vectors <- pairs code vectors [| 0; 2 |] 1 (both code w op e f32 (unpack f32))
                    // Pairs of numbers.
                    [| struct (w.Shuffle, 0b01_00_01_00); struct (w.Shuffle, 0b11_10_11_10) |], f32
                else
                    unpack f64, f64

            both code w op e by last vectors[0] vectors[min 1 (vectors.Length - 1)]
