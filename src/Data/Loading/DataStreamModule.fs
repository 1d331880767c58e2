namespace Cotangent

open System
open Cotangent.Datasets

/// <summary>
/// Streams of examples: where they come from, and what is made of them. In C# most of these are methods of a <c>DataStream</c>.
/// </summary>
[<RequireQualifiedAccess>]
module DataStream =
    /// <summary>A stream of one's own: its name in errors, and a sequence for each epoch.</summary>
    /// <example><code>
    /// let numbers = DataStream.ofSeq "numbers" (fun epoch -> seq { 1 .. 3 })
    /// List.ofSeq numbers // [1, 2, 3]
    /// </code></example>
    let ofSeq (name: string) (opened: int -> 't seq) : DataStream<'t> =
        Argument.check "opened" opened
        DataStream<'t>(name, Func<_, _> opened)

    /// <summary>The examples of a dataset, one after the other.</summary>
    /// <example><code>
    /// List.ofSeq (DataStream.ofDataset (Dataset.init 3L id)) // [0, 1, 2]
    /// </code></example>
    [<CompiledName "OfDataset">]
    let ofDataset (dataset: Dataset<'t>) : DataStream<'t> =
        Argument.check "dataset" dataset
        DataStream<'t>(dataset.Name, (fun epoch -> dataset.Epoch epoch))

    /// <summary>A function of each example.</summary>
    /// <example><code>
    /// List.ofSeq (DataStream.ofDataset (Dataset.init 3L id) |> DataStream.map string) // [0, 1, 2]
    /// </code></example>
    let map (f: 't -> 'u) (stream: DataStream<'t>) : DataStream<'u> =
        Argument.check "f" f
        stream.Map(Func<_, _> f)

    /// <summary>
    /// A function of a key and each example, for augmentation: another key in every place of every epoch, the same in each run.
    /// </summary>
    /// <example><code>
    /// let noisy =
    ///     DataStream.ofDataset (Dataset.ofTensors (Tensor.zeros DType.Float32 [ 10 ]))
    ///     |> DataStream.mapWithKey (Key.create 0L) (fun key x -> x + Random.normal key DType.Float32 [])
    /// </code></example>
    let mapWithKey (key: Key) (f: Key -> 't -> 'u) (stream: DataStream<'t>) : DataStream<'u> =
        Argument.check "f" f
        stream.MapWithKey(key, Func<_, _, _>(fun x key -> f key x))

    /// <summary>Those examples of which the predicate is true.</summary>
    /// <example><code>
    /// List.ofSeq (DataStream.ofDataset (Dataset.init 5L id) |> DataStream.filter (fun i -> i % 2L = 0L)) // [0, 2, 4]
    /// </code></example>
    let filter (predicate: 't -> bool) (stream: DataStream<'t>) : DataStream<'t> =
        Argument.check "predicate" predicate
        stream.Filter(Func<_, _> predicate)

    /// <summary>At most so many examples of each epoch.</summary>
    /// <example><code>
    /// List.ofSeq (DataStream.ofDataset (Dataset.init 5L id) |> DataStream.take 2) // [0, 1]
    /// </code></example>
    let take (count: int) (stream: DataStream<'t>) : DataStream<'t> = stream.Take count

    /// <summary>One stream after the other.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is none.</exception>
    /// <example><code>
    /// let numbers = DataStream.ofSeq "numbers" (fun _ -> seq { 1 .. 2 })
    /// List.ofSeq (DataStream.concat [ numbers; numbers ]) // [1, 2, 1, 2]
    /// </code></example>
    let concat (streams: DataStream<'t> seq) : DataStream<'t> =
        let all = Argument.items "streams" streams

        if all.Length = 0 then
            raise (ValueException "DataStream.concat: no streams. Give at least one.")

        all[0].Concat all[1..]

    /// <summary>Pairs of the examples in the same places.</summary>
    /// <exception cref="T:Cotangent.ValueException">In the loop: one ends before the other.</exception>
    /// <example><code>
    /// let numbers = DataStream.ofSeq "numbers" (fun _ -> seq { 1 .. 2 })
    /// List.ofSeq (DataStream.zip numbers (numbers |> DataStream.map (fun i -> 10 * i))) // [(1, 10), (2, 20)]
    /// </code></example>
    let zip (first: DataStream<'a>) (second: DataStream<'b>) : DataStream<'a * 'b> =
        Argument.check "first" first
        Argument.check "second" second
        Streams.zipped (fun a b -> a, b) first second

    /// <summary>
    /// Another order in each epoch, as far as a buffer of so many examples allows: each comes from a draw among those in the buffer.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The buffer holds none.</exception>
    /// <example><code>
    /// let shuffled = DataStream.ofDataset (Dataset.init 100L id) |> DataStream.shuffle (Key.create 0L) 10
    /// List.sort (List.ofSeq shuffled) = [ 0L .. 99L ] // true
    /// </code></example>
    let shuffle (key: Key) (buffer: int) (stream: DataStream<'t>) : DataStream<'t> =
        stream.Shuffle(key, buffer)

    /// <summary>Every so manieth example, beginning with one's own number: what one machine of several takes.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such shard.</exception>
    /// <example><code>
    /// List.ofSeq (DataStream.ofDataset (Dataset.init 7L id) |> DataStream.shard 1 3) // [1, 4]
    /// </code></example>
    let shard (index: int) (count: int) (stream: DataStream<'t>) : DataStream<'t> = stream.Shard(index, count)

    /// <summary>
    /// Batches of so many examples that follow each other, stacked by <c>Collate.stack</c>. The last one is as short as it must be.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// let numbers = DataStream.ofDataset (Dataset.ofTensors (tensor [ 1.0; 2.0; 3.0 ]))
    /// List.ofSeq (numbers |> DataStream.batch 2) // [[1, 2], [3]]
    /// </code></example>
    let batch (size: int) (stream: DataStream<'t>) : DataStream<'t> = stream.Batch size

    /// <summary>The same without a shorter one at the end.</summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// let numbers = DataStream.ofDataset (Dataset.ofTensors (tensor [ 1.0; 2.0; 3.0 ]))
    /// List.ofSeq (numbers |> DataStream.batchWhole 2) // [[1, 2]]
    /// </code></example>
    let batchWhole (size: int) (stream: DataStream<'t>) : DataStream<'t> = stream.Batch(size, dropLast = true)

    /// <summary>Batches that a function of one's own makes of the examples.</summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// List.ofSeq (DataStream.ofDataset (Dataset.init 5L id) |> DataStream.batchWith Array.sum 2) // [1, 5, 4]
    /// </code></example>
    let batchWith (collate: 't[] -> 'b) (size: int) (stream: DataStream<'t>) : DataStream<'b> =
        Argument.check "collate" collate
        stream.Batch(size, Func<_, _> collate)

    /// <summary>
    /// A function of each example, computed by worker threads ahead of the loop that takes the results, in the stream's order; the stream
    /// itself is read by one of them at a time. They end with the loop.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer than 0 workers, or none is ahead.</exception>
    /// <example><code>
    /// let roots = DataStream.ofDataset (Dataset.init 4L float) |> DataStream.mapAhead Loader.defaults sqrt
    /// Seq.sum roots // 4.146
    /// </code></example>
    let mapAhead (options: LoaderOptions) (f: 't -> 'u) (stream: DataStream<'t>) : DataStream<'u> =
        Argument.check "f" f
        stream.MapAhead(Func<_, _> f, options)

    /// <summary>All examples of the first epoch in memory, as a dataset.</summary>
    /// <example><code>
    /// (DataStream.ofSeq "numbers" (fun _ -> seq { 1 .. 3 }) |> DataStream.toDataset).Count // 3
    /// </code></example>
    let toDataset (stream: DataStream<'t>) : Dataset<'t> = stream.ToDataset()

    /// <summary>
    /// What <c>Train.run</c> takes: so many batches an epoch. A training that begins at a later step reads over those before it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The count is below 1; or, in the loop, the stream has fewer.</exception>
    /// <example><code>
    /// let numbers = DataStream.ofDataset (Dataset.ofTensors (tensor [ 1.0; 2.0; 3.0; 4.0 ])) |> DataStream.batch 2
    /// let batches = DataStream.batches 2 numbers
    /// List.ofSeq (batches.Epoch 0 1) // [[3, 4]]
    /// </code></example>
    let batches (count: int) (stream: DataStream<'x>) : Batches<'x> =
        Argument.check "stream" stream

        if count < 1 then
            raise (ValueException $"DataStream.batches: {count} batches an epoch; at least 1 is needed.")

        let epoch number first = seq {
            let mutable place = 0

            for batch in stream.Epoch number |> Seq.truncate count do
                if place >= first then batch
                place <- place + 1

            if place < count then
                raise (
                    ValueException
                        $"DataStream.batches: {stream.Name} has {place} batches in epoch {number}, fewer than the {count} asked for. Ask for fewer, or let the source go on."
                )
        }

        { Count = count; Epoch = epoch }
