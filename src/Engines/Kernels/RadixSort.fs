namespace Cotangent.Engines

open System
open System.Buffers

/// Sorts integers digit by digit, the last first (D. Knuth, "The Art of Computer Programming 3", 5.2.5): each pass keeps the order of
/// equal digits, so that the whole is stable, and its time is in proportion to the length.
module internal RadixSort =
    /// Digits have eight bits.
    [<Literal>]
    let private Digits = 8

    /// From this length on it is faster than sorting by comparisons.
    [<Literal>]
    let From = 512

    /// The bits in which the keys differ at all.
    let private differing (keys: ReadOnlySpan<uint64>) : uint64 =
        Tile.optimised ()
        let first = keys[0]
        let mutable bits = 0UL

        for key in keys do
            bits <- bits ||| (key ^^^ first)

        bits

    /// Moves keys, and what stands beside them, in the order of one digit.
    let private pass
        shift
        (keys: ReadOnlySpan<uint64>)
        (positions: ReadOnlySpan<int>)
        (toKeys: Span<uint64>)
        (toPositions: Span<int>)
        =
        Tile.optimised ()
        let starts = Array.zeroCreate<int> 257

        for key in keys do
            let after = int ((key >>> shift) &&& 255UL) + 1
            starts[after] <- starts[after] + 1

        for value in 1..255 do
            starts[value] <- starts[value] + starts[value - 1]

        let mutable i = 0

        // Both conditions, so that neither is checked again.
        while i < keys.Length && i < positions.Length do
            let key = keys[i]
            let value = int ((key >>> shift) &&& 255UL)
            let at = starts[value]
            starts[value] <- at + 1
            toKeys[at] <- key
            toPositions[at] <- positions[i]
            i <- i + 1

    /// Sorts keys, and the positions beside them.
    let sort (keys: Span<uint64>) (positions: Span<int>) =
        let n = keys.Length
        let moves = differing (Span.op_Implicit keys)
        let keysRoom, positionsRoom = ArrayPool<uint64>.Shared.Rent n, ArrayPool<int>.Shared.Rent n
        let otherKeys = Span(keysRoom, 0, n)
        let otherPositions = Span(positionsRoom, 0, n)
        let mutable isMoved = false

        for d in 0 .. Digits - 1 do
            let shift = 8 * d

            // A digit that is the same everywhere moves nothing.
            if (moves >>> shift) &&& 255UL <> 0UL then
                if isMoved then
                    pass shift (Span.op_Implicit otherKeys) (Span.op_Implicit otherPositions) keys positions
                else
                    pass shift (Span.op_Implicit keys) (Span.op_Implicit positions) otherKeys otherPositions

                isMoved <- not isMoved

        if isMoved then
            otherKeys.CopyTo keys
            otherPositions.CopyTo positions

        ArrayPool<uint64>.Shared.Return keysRoom
        ArrayPool<int>.Shared.Return positionsRoom
