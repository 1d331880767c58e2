namespace Cotangent.Lanes

// The rounds of the generator Philox4x32-10 (see Philox.fs), over lanes of 8 bytes: of one block in a number, or of as many as a
// vector has lanes. A word is the lower half of its lane; what is in the upper half is of no weight until the end.

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

#nowarn "3535" // interfaces with static abstract members

type internal IWordAlgebra<'V> =
    static abstract Constant: uint64 -> 'V
    static abstract Add: 'V * 'V -> 'V
    static abstract Xor: 'V * 'V -> 'V
    /// The lower halves, the second's in the place of the upper.
    static abstract Pair: 'V * 'V -> 'V
    static abstract Upper: 'V -> 'V
    /// The product of the lower halves.
    static abstract Times: 'V * 'V -> 'V

/// One block in a number.
[<Struct; NoEquality; NoComparison>]
type internal Word =
    interface IWordAlgebra<uint64> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Constant c = c

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = x + y

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = x ^^^ y

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pair(x, y) = (x &&& 0xFFFFFFFFUL) ||| (y <<< 32)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Upper x = x >>> 32

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Times(x, y) = uint64 (uint32 x) * uint64 (uint32 y)

/// 2 blocks in a vector.
[<Struct; NoEquality; NoComparison>]
type internal Words128 =
    interface IWordAlgebra<Vector128<uint64>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Constant c = Vector128.Create c

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = Vector128.Add(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = Vector128.Xor(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pair(x, y) =
            Vector128.BitwiseOr(
                Vector128.BitwiseAnd(x, Vector128.Create 0xFFFFFFFFUL),
                Vector128.ShiftLeft(y, 32)
            )

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Upper x = Vector128.ShiftRightLogical(x, 32)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Times(x, y) =
            if Sse2.IsSupported then
                Sse2.Multiply(x.AsUInt32(), y.AsUInt32())
            else
                let lower = Vector128.Create 0xFFFFFFFFUL
                Vector128.Multiply(Vector128.BitwiseAnd(x, lower), Vector128.BitwiseAnd(y, lower))

/// 4 blocks in a vector.
[<Struct; NoEquality; NoComparison>]
type internal Words256 =
    interface IWordAlgebra<Vector256<uint64>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Constant c = Vector256.Create c

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = Vector256.Add(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = Vector256.Xor(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pair(x, y) =
            Vector256.BitwiseOr(
                Vector256.BitwiseAnd(x, Vector256.Create 0xFFFFFFFFUL),
                Vector256.ShiftLeft(y, 32)
            )

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Upper x = Vector256.ShiftRightLogical(x, 32)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Times(x, y) =
            if Avx2.IsSupported then
                Avx2.Multiply(x.AsUInt32(), y.AsUInt32())
            else
                let lower = Vector256.Create 0xFFFFFFFFUL
                Vector256.Multiply(Vector256.BitwiseAnd(x, lower), Vector256.BitwiseAnd(y, lower))

/// 8 blocks in a vector.
[<Struct; NoEquality; NoComparison>]
type internal Words512 =
    interface IWordAlgebra<Vector512<uint64>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Constant c = Vector512.Create c

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = Vector512.Add(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = Vector512.Xor(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pair(x, y) =
            Vector512.BitwiseOr(
                Vector512.BitwiseAnd(x, Vector512.Create 0xFFFFFFFFUL),
                Vector512.ShiftLeft(y, 32)
            )

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Upper x = Vector512.ShiftRightLogical(x, 32)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Times(x, y) =
            if Avx512F.IsSupported then
                Avx512F.Multiply(x.AsUInt32(), y.AsUInt32())
            else
                let lower = Vector512.Create 0xFFFFFFFFUL
                Vector512.Multiply(Vector512.BitwiseAnd(x, lower), Vector512.BitwiseAnd(y, lower))

module internal PhiloxRounds =
    /// Words 0 and 1 of the block, and words 2 and 3, the lower one first: of a key and a counter word by word.
    let inline block<'A, 'V when 'A :> IWordAlgebra<'V>>
        (key: 'V)
        (c0: 'V)
        (c1: 'V)
        (c2: 'V)
        (c3: 'V)
        : struct ('V * 'V) =
        let multiplier0 = 'A.Constant 0xD2511F53UL
        let multiplier1 = 'A.Constant 0xCD9E8D57UL
        // Between rounds the key advances by the golden ratio and by √3 - 1.
        let weyl0 = 'A.Constant 0x9E3779B9UL
        let weyl1 = 'A.Constant 0xBB67AE85UL
        let mutable x0 = c0
        let mutable x1 = c1
        let mutable x2 = c2
        let mutable x3 = c3
        let mutable key0 = key
        let mutable key1 = 'A.Upper key

        for _ in 1..10 do
            let p0 = 'A.Times(x0, multiplier0)
            let p1 = 'A.Times(x2, multiplier1)
            x0 <- 'A.Xor('A.Xor('A.Upper p1, x1), key0)
            x2 <- 'A.Xor('A.Xor('A.Upper p0, x3), key1)
            x1 <- p1
            x3 <- p0
            key0 <- 'A.Add(key0, weyl0)
            key1 <- 'A.Add(key1, weyl1)

        struct ('A.Pair(x0, x1), 'A.Pair(x2, x3))
