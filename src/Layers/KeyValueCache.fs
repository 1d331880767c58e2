namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What an attention keeps of the steps it has seen, so that a sequence can be generated step by step: keys and values in buffers
/// of fixed size, and how many places are filled. A pure value that is handed on: shapes stay the same, so a compiled step is
/// compiled once.
/// </summary>
/// <example><code>
/// let cache = (MultiHeadAttention.create 8 2 (Key.create 0L)).Cache(10, [ 3 ])
/// cache.Capacity // 10
/// cache.Position // 0
/// </code></example>
type KeyValueCache = {
    /// (…, heads of keys, capacity, width of a head)
    Keys: Tensor
    /// (…, heads of keys, capacity, width of a head)
    Values: Tensor
    /// How many places are filled: an Int32 scalar.
    Position: Tensor
} with

    /// How many steps it can hold.
    member cache.Capacity: int = cache.Keys.Dims[cache.Keys.Rank - 2]

/// <summary>Keys and values of another sequence, computed once for all queries to come.</summary>
/// <example><code>
/// let layer = MultiHeadAttention.create 8 2 (Key.create 0L)
/// let memory = layer.Memory(Tensor.ones DType.Float32 [ 3; 5; 8 ])
/// memory.Values // shape (3, 2, 5, 4)
/// </code></example>
type AttentionMemory = {
    /// (…, heads of keys, steps, width of a head)
    Keys: Tensor
    /// (…, heads of keys, steps, width of a head)
    Values: Tensor
}

/// Filling caches.
module internal CacheWriting =
    /// The numbers of a cache's places.
    let private places (cache: KeyValueCache) =
        Bind.create (Primitive.Iota(DType.Int32, cache.Capacity)) cache.Keys.Device

    /// The cache's position, if so many more steps find room. Where it is not known yet, the program refuses when it runs.
    let requireRoom (steps: int) (cache: KeyValueCache) : Tensor =
        if steps > cache.Capacity then
            raise (IndexException(Finder.Cache.Refusal cache.Capacity (int64 steps - 1L)))

        if steps = 0 then
            cache.Position
        else
            let last = cache.Position + (steps - 1)
            Bind.one (Primitive.Gather(Finder.Cache, 0, 0)) [| places cache; last |] - (steps - 1)

    /// The cache with keys and values (…, heads, steps, width) in the places from `position` on.
    let write (position: Tensor) (cache: KeyValueCache) (keys: Tensor) (values: Tensor) : KeyValueCache =
        let steps = keys.Dims[keys.Rank - 2]
        // Which of the new steps belongs to a place, if any does.
        let source = places cache - position
        let isNew = (source.GreaterEqual 0.0).And(source.Less(float steps)).Unsqueeze -1

        let within =
            minimum (maximum source (Tensor.zerosLike source)) (Tensor.fullLike source (float (steps - 1)))

        let put (fresh: Tensor) (kept: Tensor) =
            if steps = 0 then kept
            elif steps = 1 then where isNew fresh kept
            else where isNew (fresh.Take(within, -2)) kept

        { Keys = put keys cache.Keys; Values = put values cache.Values; Position = position + steps }

    /// Which places each of the new steps sees: those up to its own. (steps, capacity)
    let seen (position: Tensor) (steps: int) (cache: KeyValueCache) : Tensor =
        let own = position + Bind.create (Primitive.Iota(DType.Int32, steps)) cache.Keys.Device
        (places cache).LessEqual(own.Unsqueeze -1)
