namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// An immutable, splittable source of randomness: a 64-bit key of the counter-based generator Philox4x32-10 (Salmon,
/// Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Each draw takes a key and nothing
/// else, so the same key gives the same numbers on every processor, eager or compiled. (Where an engine has a logarithm or cosine of
/// its own, as libtorch has on GPUs, what is made of uniform numbers by these may differ in the last places.) Use a key once,
/// for a draw or for a split; a tree like any other, so it can be part of a training state.
[<NoComparison>]
type Key = internal {
    Data: Tensor
} with

    override key.ToString() = $"key {key.Data}"

/// Making and splitting keys.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Key =
    /// Tells the double-use check, if it is on, that a key is spent.
    let internal consume (operation: string) (key: Key) = KeyCheck.consume operation key.Data

    let private children (count: int) (key: Tensor) =
        Bind.one (Primitive.Random(Draw.Keys, DType.Int64, [| count |])) [| key |]

    /// <summary>The key of a seed. Different seeds give unrelated streams.</summary>
    /// <example><code>
    /// let key = Key.create 42L
    /// </code></example>
    let create (seed: int64) : Key = { Data = tensor seed }

    let private parts (count: int) (key: Key) : Key[] =
        consume "Key.split" key

        (children count key.Data).Unstack(-1) |> Array.map (fun data -> { Data = data })

    /// <summary>As many fresh keys as asked for. The first are those of <c>split</c>.</summary>
    /// <exception cref="T:Cotangent.ValueException">The count is negative.</exception>
    /// <example><code>
    /// let keys = Key.splitMany 10 (Key.create 0L)
    /// keys.Length // 10
    /// </code></example>
    let splitMany (count: int) (key: Key) : Key[] =
        Given.check "key" key

        if count < 0 then
            raise (ValueException $"Key.splitMany: {count} keys; ask for 0 or more.")

        Shape.requireRoom "Key.splitMany" (Array.append key.Data.Dims [| count |])

        parts count key

    /// <summary>Two fresh keys.</summary>
    /// <example><code>
    /// let forWeights, forData = Key.split (Key.create 0L)
    /// </code></example>
    let split (key: Key) : Key * Key =
        Given.check "key" key
        let keys = parts 2 key
        keys[0], keys[1]

    /// <summary>Three fresh keys.</summary>
    /// <example><code>
    /// let forWeights, forData, forNoise = Key.split3 (Key.create 0L)
    /// </code></example>
    let split3 (key: Key) : Key * Key * Key =
        Given.check "key" key
        let keys = parts 3 key
        keys[0], keys[1], keys[2]

    /// <summary>Four fresh keys. For more there is <c>splitMany</c>.</summary>
    /// <example><code>
    /// let a, b, c, d = Key.split4 (Key.create 0L)
    /// </code></example>
    let split4 (key: Key) : Key * Key * Key * Key =
        Given.check "key" key
        let keys = parts 4 key
        keys[0], keys[1], keys[2], keys[3]

    /// <summary>As many fresh keys as asked for, as a batch for <c>vmap</c>: each example gets its own.</summary>
    /// <exception cref="T:Cotangent.ValueException">The count is negative.</exception>
    /// <example><code>
    /// let key = Key.create 0L
    /// vmap (fun key -> Random.normal key DType.Float32 [ 3 ]) (Key.batch 10 key) // shape (10, 3)
    /// </code></example>
    let batch (count: int) (key: Key) : Key =
        Given.check "key" key
        if count < 0 then raise (ValueException $"Key.batch: {count} keys; ask for 0 or more.")

        Shape.requireRoom "Key.batch" (Array.append [| count |] key.Data.Dims)

        consume "Key.batch" key
        { Data = (children count key.Data).MoveAxis(-1, 0) }

    /// The odd constant nearest to 2⁶⁴ over the golden ratio: consecutive numbers land far apart.
    let private spread = 0x9E3779B97F4A7C15L

    let private mix (number: Tensor) (key: Key) : Key =
        let own = (children 1 key.Data).Squeeze -1

        { Data = (children 1 (own.Xor number)).Squeeze -1 }

    // Plus 1, so that no number in sight leaves the first child as it is: that key belongs to `split`.
    /// <summary>
    /// A fresh key for each number (a step, an index of a worker). Does not use the key up: fold as many numbers in as
    /// you like, but draw nothing from the key itself.
    /// </summary>
    /// <example><code>
    /// let key = Key.create 0L
    /// let forStep (step: int) = Key.fold (int64 step) key
    /// Random.uniform (forStep 7) DType.Float32 [ 2 ] // shape (2)
    /// </code></example>
    let fold (number: int64) (key: Key) : Key =
        Given.check "key" key
        mix ((tensor (number * spread + 1L)).To key.Data.Device) key

    /// <summary>
    /// A fresh key for each name: `Key.named "dropout" key`. Like <c>fold</c> it does not use the key up, so that a part that
    /// is added or removed leaves the draws of all others as they are; and no key is taken twice by a wrong number.
    /// </summary>
    /// <example><code>
    /// let key = Key.create 0L
    /// let weights = Random.normal (Key.named "weights" key) DType.Float32 [ 2; 3 ]
    /// let keep = Random.bernoulli (Key.named "dropout" key) 0.9 [ 3 ]
    /// </code></example>
    let named (name: string) (key: Key) : Key =
        Given.check "name" name
        Given.check "key" key
        // FNV-1a (Fowler, Noll and Vo) of its UTF-8, the same everywhere and always.
        let mutable hash = 0xCBF29CE484222325UL

        for b in System.Text.Encoding.UTF8.GetBytes name do
            hash <- (hash ^^^ uint64 b) * 0x100000001B3UL

        fold (int64 hash) key

    /// <summary>
    /// <c>fold</c> with a number that is a tensor, an Int64 scalar, as a counter inside a compiled loop is: the same key
    /// as <c>fold</c> gives for the same number.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The number is anything but an Int64 scalar.</exception>
    /// <example><code>
    /// Key.foldTensor (tensor 3L) (Key.create 0L) // as Key.fold 3L (Key.create 0L)
    /// </code></example>
    let foldTensor (number: Tensor) (key: Key) : Key =
        Given.check "number" number
        Given.check "key" key

        if number.DType <> DType.Int64 || number.Rank <> 0 then
            raise (
                DTypeException
                    $"Key.foldTensor: the number is {number.DType} {Shape.show number.Dims}; an Int64 scalar is wanted. Convert it."
            )

        mix (number * tensor spread + tensor 1L) key
