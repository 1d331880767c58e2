namespace Cotangent.Engines

open System

/// Sorts integers digit by digit, the last first (D. Knuth, "The Art of Computer Programming 3", 5.2.5): each pass keeps the order of
/// equal digits, so that the whole is stable, and its time is in proportion to the length.
module internal RadixSort =
    /// Digits have eight bits.
    [<Literal>]
    let private Digits = 8

    /// From this length on it is faster than sorting by comparisons.
    [<Literal>]
    let From = 512

    /// How often each digit has each value: digit d in counts 256 d to 256 d + 255.
    let private histograms (keys: ReadOnlySpan<uint64>) : int[] =
        let counts = Array.zeroCreate<int>(256 * Digits)

        for key in keys do
            for d in 0 .. Digits - 1 do
                let slot = 256 * d + int ((key >>> (8 * d)) &&& 255UL)
                counts[slot] <- counts[slot] + 1

        counts

    /// Sorts keys, and the positions beside them.
    let sort (keys: uint64[]) (positions: Span<int>) =
        let n = keys.Length
        let counts = histograms (ReadOnlySpan keys)
        let otherKeys, otherPositions = Array.zeroCreate<uint64> n, Array.zeroCreate<int> n
        let mutable isMoved = false

        for d in 0 .. Digits - 1 do
            let shift = 8 * d
            let first = int ((keys[0] >>> shift) &&& 255UL)

            // A digit that is the same everywhere moves nothing.
            if counts[256 * d + first] < n then
                let starts = Array.zeroCreate<int> 256

                for value in 1..255 do
                    starts[value] <- starts[value - 1] + counts[256 * d + value - 1]

                let fromKeys, toKeys = if isMoved then otherKeys, keys else keys, otherKeys
                let fromPositions = if isMoved then Span otherPositions else positions
                let toPositions = if isMoved then positions else Span otherPositions

                for i in 0 .. n - 1 do
                    let key = fromKeys[i]
                    let value = int ((key >>> shift) &&& 255UL)
                    let at = starts[value]
                    starts[value] <- at + 1
                    toKeys[at] <- key
                    toPositions[at] <- fromPositions[i]

                isMoved <- not isMoved

        if isMoved then
            otherKeys.CopyTo(keys, 0)
            (Span otherPositions).CopyTo positions
