namespace Cotangent.Datasets

open System.Numerics

/// A permutation of 0 .. count - 1 that is computed place by place and never held in memory: a Feistel network (each round adds a
/// hash of one half of the bits to the other half, which can be undone, so that no two numbers meet) over the next power of two,
/// walked along its cycle until a number below the count is reached (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
[<Struct>]
type internal Permutation(seed: uint64, count: int64) =
    member _.Count = count

    /// Where a place leads.
    member _.Item
        with get (place: int64): int64 =
            let bits = max 1 (64 - BitOperations.LeadingZeroCount(uint64 (max 1L (count - 1L))))
            let low = bits / 2
            let lowMask = (1UL <<< low) - 1UL
            let highMask = (1UL <<< (bits - low)) - 1UL
            let mutable at = uint64 place
            let mutable walking = true

            while walking do
                let mutable right = at &&& lowMask
                let mutable left = at >>> low

                // Eight rounds hide all structure; small domains take more to reach all of their orders alike.
                for round in 0u .. (if bits < 16 then 11u else 5u) do
                    left <- (left ^^^ KeyedHash.bits seed (KeyedHash.Rounds + 2u * round) right) &&& highMask

                    right <-
                        (right ^^^ KeyedHash.bits seed (KeyedHash.Rounds + 2u * round + 1u) left) &&& lowMask

                at <- (left <<< low) ||| right
                walking <- at >= uint64 count

            int64 at
