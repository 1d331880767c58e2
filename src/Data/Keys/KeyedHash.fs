namespace Cotangent.Datasets

open Cotangent
open Cotangent.Engines

/// Random numbers that are a function of a key and of a place, so that nothing has to be remembered: blocks of Philox4x32-10.
module internal KeyedHash =
    /// In the counter's last word, which draws of tensors leave 0: no number here is one of theirs.
    [<Literal>]
    let private Apart = 0xDA7A5E75u

    /// The 64 bits of a key.
    let seedOf (operation: string) (key: Key) : uint64 =
        Argument.check "key" key

        if key.Data.Rank > 0 then
            raise (
                ShapeException
                    $"{operation}: a batch of {key.Data.Size} keys; one key is wanted. Take one of `Key.splitMany`."
            )

        Key.consume operation key
        uint64 (key.Data.ToData<int64>())

    /// 64 bits for a number; other streams of the same seed are unrelated.
    let bits (seed: uint64) (stream: uint32) (number: uint64) : uint64 =
        let struct (w0, w1, _, _) =
            PhiloxBlocks.block
                (uint32 number)
                (uint32 (number >>> 32))
                stream
                Apart
                (uint32 seed)
                (uint32 (seed >>> 32))

        (uint64 w1 <<< 32) ||| uint64 w0

    /// Uniform in [0, 1), of 53 bits.
    let uniform (seed: uint64) (stream: uint32) (number: uint64) : float =
        float (bits seed stream number >>> 11) * (1.0 / 9007199254740992.0)

    // Streams, one for each use.
    [<Literal>]
    let Epochs = 1u

    [<Literal>]
    let Items = 2u

    [<Literal>]
    let Draws = 3u

    [<Literal>]
    let Rounds = 16u

    /// A seed for an epoch.
    let ofEpoch (seed: uint64) (epoch: int) : uint64 = bits seed Epochs (uint64 (uint32 epoch))

    /// A key for an example of an epoch.
    let keyOf (seed: uint64) (epoch: int) (index: int64) : Key =
        Key.create (int64 (bits (ofEpoch seed epoch) Items (uint64 index)))
