namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Random draws as lane operations, one key in each lane of 8 bytes: numbers made of the words of a block.

open Cotangent

[<RequireQualifiedAccess>]
module internal RandomLanes =
    let private twoToMinus24 = 1.0 / 16777216.0
    let private twoToMinus53 = 1.0 / 9007199254740992.0
    let private remainder (x: int64) (n: int) = int (x % int64 n)
    let private shifted (x: int64) (shift: int) = x >>> shift
    let private mask (n: int) = int64 (n - 1)

    open LaneOperators

    let private low = 0xFFFFFFFFL
    let private word (x: Lane) = x &&& x.Pattern low

    /// The number in `from` that the last bits of an index tell.
    let private pick (index: Lane) (from: Lane[]) : Lane =
        let n = index.Code[index.Id]

        if n.Op = Op.Constant then
            from[remainder n.Immediate from.Length]
        else
            let at = index &&& index.Pattern(mask from.Length)
            let mutable found = from[0]

            for k in 1 .. int (mask from.Length) do
                found <- Lane.select (Lane.equal at (at.Pattern(int64 k))) from[k] found

            found

    let private blockOf (index: Lane) (shift: int) =
        let n = index.Code[index.Id]
        if n.Op = Op.Constant then index.Pattern(shifted n.Immediate shift) else index >>> shift

    /// Element `index` of what a key draws: of eight bytes, from which that of four bytes is converted.
    let draw (kind: Draw) (dtype: DType) (key: Lane) (index: Lane) : Lane =
        let stream =
            match kind with
            | Draw.Uniform
            | Draw.Bits -> 0L
            | Draw.Keys -> 1L

        let block = blockOf index (if dtype.Size = 4 then 2 else 1)
        let words op = Lane.Make(key.Code, op, key.Element, key.Bits, key.Id, block.Id, -1, -1, stream)
        let first, last = words Op.FirstWords, words Op.LastWords

        if dtype.Size = 4 then
            // A word is the lower half of its lane here.
            let w = pick index [| first; first >>> 32; last; last >>> 32 |]

            if dtype.IsFloat then
                (word w >>> 8).ToReal * twoToMinus24
            else
                (w <<< 32).Shift(Op.ShiftRightSigned, 32)
        else
            let both = pick index [| first; last |]
            if dtype.IsFloat then (both >>> 11).ToReal * twoToMinus53 else both
