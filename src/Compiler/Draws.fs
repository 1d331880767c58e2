namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Random draws as lane operations: the generator of Engines/Philox.fs for one key in each lane of 8 bytes. A word is the
// lower half of its lane; what is in the upper half is of no weight until the end.

open Cotangent

[<RequireQualifiedAccess>]
module internal Draws =
    let private twoToMinus24 = 1.0 / 16777216.0
    let private twoToMinus53 = 1.0 / 9007199254740992.0
    let private remainder (x: int64) (n: int) = int (x % int64 n)
    let private shifted (x: int64) (shift: int) = x >>> shift
    let private mask (n: int) = int64 (n - 1)

    open LaneOperators

    let private low = 0xFFFFFFFFL

    /// The product of the lower halves, which are taken as without a sign.
    let private product (x: Lane) (multiplier: int64) =
        let m = x.Pattern multiplier

        if System.Runtime.Intrinsics.X86.Avx2.IsSupported then
            x.Two(Op.LongProduct, m)
        else
            (x &&& x.Pattern low) * m

    let private words (key: Lane) (block: Lane) (stream: int64) : Lane[] =
        let mutable x0 = block
        let mutable x1 = key.Zero
        let mutable x2 = key.Pattern stream
        let mutable x3 = key.Zero
        let mutable key0 = key
        let mutable key1 = key >>> 32

        for _ in 1..10 do
            let p0 = product x0 0xD2511F53L
            let p1 = product x2 0xCD9E8D57L
            x0 <- (p1 >>> 32) ^^^ x1 ^^^ key0
            x2 <- (p0 >>> 32) ^^^ x3 ^^^ key1
            x1 <- p1
            x3 <- p0
            key0 <- key0 + key.Pattern 0x9E3779B9L
            key1 <- key1 + key.Pattern 0xBB67AE85L

        [| x0; x1; x2; x3 |]

    let private word (x: Lane) = x &&& x.Pattern low

    /// Two words as one, the lower one first.
    let private pair (x: Lane) (y: Lane) = word x ||| (y <<< 32)

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

        if dtype.Size = 4 then
            let w = pick index (words key (blockOf index 2) stream)

            if dtype.IsFloat then
                (word w >>> 8).ToReal *. twoToMinus24
            else
                (w <<< 32).Shift(Op.ShiftRightSigned, 32)
        else
            let w = words key (blockOf index 1) stream
            let both = pick index [| pair w[0] w[1]; pair w[2] w[3] |]

            if dtype.IsFloat then (both >>> 11).ToReal *. twoToMinus53 else both
