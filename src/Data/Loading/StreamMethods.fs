namespace Cotangent

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent.Datasets

module internal Streams =
    /// What is made of the examples of each epoch.
    let after (f: int -> IEnumerable<'t> -> IEnumerable<'u>) (stream: DataStream<'t>) : DataStream<'u> =
        Argument.check "stream" stream
        DataStream<'u>(stream.Name, fun epoch -> f epoch (stream.Epoch epoch))

    /// The next of a buffer that is kept full until the end, drawn by the key.
    let shuffled (seed: uint64) (size: int) (examples: IEnumerable<'t>) = seq {
        let buffer = List<'t>()
        let mutable drawn = 0UL

        let draw () =
            let i = int (KeyedHash.bits seed KeyedHash.Draws drawn % uint64 buffer.Count)
            drawn <- drawn + 1UL
            let taken = buffer[i]
            buffer[i] <- buffer[buffer.Count - 1]
            buffer.RemoveAt(buffer.Count - 1)
            taken

        for example in examples do
            buffer.Add example
            if buffer.Count > size then draw ()

        while buffer.Count > 0 do
            draw ()
    }

    /// Pairs, as long as both go on; that one ends before the other is an error.
    let zipped (pair: 'a -> 'b -> 'c) (a: DataStream<'a>) (b: DataStream<'b>) =
        let ended (first: string) (other: string) =
            raise (
                ValueException
                    $"DataStream.zip: {first} has ended, and {other} goes on; both must have as many examples."
            )

        DataStream<'c>(
            $"{a.Name} and {b.Name}",
            fun epoch -> seq {
                use first = (a.Epoch epoch).GetEnumerator()
                use second = (b.Epoch epoch).GetEnumerator()
                let mutable going = true

                while going do
                    match first.MoveNext(), second.MoveNext() with
                    | true, true -> pair first.Current second.Current
                    | false, false -> going <- false
                    | true, false -> ended b.Name a.Name
                    | false, true -> ended a.Name b.Name
            }
        )

    let batched (size: int) (dropLast: bool) (collate: Func<'t[], 'b>) (stream: DataStream<'t>) =
        BatchPlaces.requireSize "DataStream.batch" size

        stream
        |> after (fun _ examples ->
            examples
            |> Seq.chunkBySize size
            |> Seq.filter (fun group -> group.Length = size || not dropLast)
            |> Seq.map collate.Invoke)

    let workers (options: LoaderOptions) (f: 't -> 'u) (examples: IEnumerator<'t>) name =
        new Workers<'t, 'u>(
            $"Loader of {name}",
            options.Workers,
            options.Ahead,
            0L,
            (fun _ -> if examples.MoveNext() then ValueSome examples.Current else ValueNone),
            (fun _ example -> f example),
            ignore
        )

/// <summary>What is made of streams. F#'s functions of these names are in the module <c>DataStream</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DataStreamMethods =

    /// <summary>A function of each example.</summary>
    /// <example><code lang="csharp">
    /// new DataStream&lt;int>("numbers", epoch => [1, 2, 3]).Map(x => 10 * x).ToArray() // [10, 20, 30]
    /// </code></example>
    [<Extension>]
    static member Map(stream: DataStream<'t>, f: Func<'t, 'u>) : DataStream<'u> =
        Argument.check "f" f
        stream |> Streams.after (fun _ examples -> examples |> Seq.map f.Invoke)

    /// <summary>A function of each example and a key of its own, for augmentation: another key in every place of every epoch, the same in each run.</summary>
    /// <example><code lang="csharp">
    /// var zeros = new DataStream&lt;Tensor>("zeros", epoch => [Tensor.Create(0f), Tensor.Create(0f)]);
    /// var noisy = zeros.MapWithKey(Key.Create(0), (x, key) => x + key.Normal()).ToArray();
    /// (noisy[0] - noisy[1]).NotEqual(0) // true
    /// </code></example>
    [<Extension>]
    static member MapWithKey(stream: DataStream<'t>, key: Key, f: Func<'t, Key, 'u>) : DataStream<'u> =
        Argument.check "f" f
        let seed = KeyedHash.seedOf "DataStream.mapWithKey" key

        stream
        |> Streams.after (fun epoch examples ->
            examples |> Seq.mapi (fun i x -> f.Invoke(x, KeyedHash.keyOf seed epoch (int64 i))))

    /// <summary>Those examples of which the predicate is true.</summary>
    /// <example><code lang="csharp">
    /// new DataStream&lt;int>("numbers", epoch => [1, 2, 3, 4]).Filter(x => x % 2 == 0).ToArray() // [2, 4]
    /// </code></example>
    [<Extension>]
    static member Filter(stream: DataStream<'t>, predicate: Func<'t, bool>) : DataStream<'t> =
        Argument.check "predicate" predicate
        stream |> Streams.after (fun _ examples -> examples |> Seq.filter predicate.Invoke)

    /// <summary>At most so many examples.</summary>
    /// <example><code lang="csharp">
    /// // Of a stream without an end.
    /// new DataStream&lt;int>("numbers", epoch => Enumerable.Range(0, int.MaxValue)).Take(3).ToArray() // [0, 1, 2]
    /// </code></example>
    [<Extension>]
    static member Take(stream: DataStream<'t>, count: int) : DataStream<'t> =
        stream |> Streams.after (fun _ examples -> Seq.truncate count examples)

    /// <summary>One stream after the other.</summary>
    /// <example><code lang="csharp">
    /// var numbers = new DataStream&lt;int>("numbers", epoch => [1, 2]);
    /// numbers.Concat(numbers).ToArray() // [1, 2, 1, 2]
    /// </code></example>
    [<Extension>]
    static member Concat(stream: DataStream<'t>, [<ParamArray>] others: DataStream<'t>[]) : DataStream<'t> =
        Argument.check "stream" stream
        let all = Array.append [| stream |] (Argument.items "others" others)

        DataStream<'t>(
            String.Join(" and ", all |> Array.map _.Name |> Array.distinct),
            fun epoch -> all |> Seq.collect (fun each -> each.Epoch epoch)
        )

    /// <summary>Pairs of the examples in the same places.</summary>
    /// <exception cref="T:Cotangent.ValueException">In the loop: one ends before the other.</exception>
    /// <example><code lang="csharp">
    /// var numbers = new DataStream&lt;int>("numbers", epoch => [1, 2]);
    /// numbers.Zip(numbers.Map(x => 10 * x)).ToArray() // [(1, 10), (2, 20)]
    /// </code></example>
    [<Extension>]
    static member Zip(stream: DataStream<'t>, other: DataStream<'u>) : DataStream<struct ('t * 'u)> =
        Argument.check "stream" stream
        Argument.check "other" other
        Streams.zipped (fun a b -> struct (a, b)) stream other

    /// <summary>Another order in each epoch, as far as a buffer of so many examples allows: each comes from a draw among those in the buffer.</summary>
    /// <exception cref="T:Cotangent.ValueException">The buffer holds none.</exception>
    /// <example><code lang="csharp">
    /// var shuffled = new DataStream&lt;int>("numbers", epoch => [1, 2, 3, 4]).Shuffle(Key.Create(0), buffer: 2);
    /// shuffled.Epoch(0).Order().ToArray() // [1, 2, 3, 4]
    /// </code></example>
    [<Extension>]
    static member Shuffle(stream: DataStream<'t>, key: Key, buffer: int) : DataStream<'t> =
        if buffer < 1 then
            raise (ValueException $"DataStream.shuffle: a buffer of {buffer} examples; at least 1 is needed.")

        let seed = KeyedHash.seedOf "DataStream.shuffle" key

        stream
        |> Streams.after (fun epoch examples ->
            Streams.shuffled (KeyedHash.ofEpoch seed epoch) buffer examples)

    /// <summary>Every so manieth example, beginning with one's own number: what one machine of several takes.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such shard.</exception>
    /// <example><code lang="csharp">
    /// new DataStream&lt;int>("numbers", epoch => [0, 1, 2, 3, 4, 5, 6]).Shard(1, 3).ToArray() // [1, 4]
    /// </code></example>
    [<Extension>]
    static member Shard(stream: DataStream<'t>, index: int, count: int) : DataStream<'t> =
        Sharding.require "DataStream.shard" index count

        stream
        |> Streams.after (fun _ examples ->
            examples |> Seq.indexed |> Seq.filter (fun (i, _) -> i % count = index) |> Seq.map snd)

    /// <summary>
    /// Batches of so many examples, stacked by <c>Collate.stack</c>. The last one is as short as it must be, unless it is asked to be
    /// dropped.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code lang="csharp">
    /// var numbers = new DataStream&lt;Tensor>("numbers", epoch => [Tensor.Create(1.0), Tensor.Create(2.0), Tensor.Create(3.0)]);
    /// numbers.Batch(2).ToArray() // [[1, 2], [3]]
    /// numbers.Batch(2, dropLast: true).ToArray() // [[1, 2]]
    /// </code></example>
    [<Extension>]
    static member Batch
        (stream: DataStream<'t>, size: int, [<Optional; DefaultParameterValue(false)>] dropLast: bool)
        : DataStream<'t> =
        Streams.batched size dropLast (Func<_, _> Collate.stack) stream

    /// <summary>The same, stacked by a function of one's own.</summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code lang="csharp">
    /// new DataStream&lt;int>("numbers", epoch => [1, 2, 3]).Batch(2, group => group.Sum()).ToArray() // [3, 3]
    /// </code></example>
    [<Extension>]
    static member Batch
        (
            stream: DataStream<'t>,
            size: int,
            collate: Func<'t[], 'b>,
            [<Optional; DefaultParameterValue(false)>] dropLast: bool
        ) : DataStream<'b> =
        Argument.check "collate" collate
        Streams.batched size dropLast collate stream

    /// <summary>
    /// A function of each example, computed by worker threads ahead of the loop that takes the results, in the stream's order; the stream
    /// itself is read by one of them at a time.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer than 0 workers, or none is ahead.</exception>
    /// <example><code lang="csharp">
    /// var roots = new DataStream&lt;double>("numbers", epoch => [1.0, 4.0, 9.0]).MapAhead(Math.Sqrt, LoaderOptions.Default);
    /// roots.ToArray() // [1, 2, 3]
    /// </code></example>
    [<Extension>]
    static member MapAhead(stream: DataStream<'t>, f: Func<'t, 'u>, options: LoaderOptions) : DataStream<'u> =
        Argument.check "f" f
        Ahead.require "DataStream.mapAhead" options

        if options.Workers = 0 then
            stream.Map f
        else
            stream
            |> Streams.after (fun _ examples -> seq {
                use examples = examples.GetEnumerator()

                yield!
                    Ahead.sequence options (fun () -> Streams.workers options f.Invoke examples stream.Name)
            })

    /// <summary>The examples of an epoch for <c>await foreach</c>, read by a thread ahead of the loop.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop, at the place of an example that can't be made; says which one it is, and why.
    /// </exception>
    /// <example><code lang="csharp">
    /// var numbers = new DataStream&lt;int>("numbers", epoch => [1, 2, 3]);
    /// var sum = 0;
    /// await foreach (var number in numbers.EpochAsync(0)) sum += number;
    /// sum // 6
    /// </code></example>
    [<Extension>]
    static member EpochAsync(stream: DataStream<'t>, epoch: int) : IAsyncEnumerable<'t> =
        Argument.check "stream" stream
        let options = { LoaderOptions.Default with Workers = 1 }

        let start () =
            let examples = (stream.Epoch epoch).GetEnumerator()

            let read _ = if examples.MoveNext() then ValueSome examples.Current else ValueNone

            new Workers<'t, 't>(
                $"Loader of {stream.Name}",
                1,
                options.Ahead,
                0L,
                read,
                (fun _ x -> x),
                examples.Dispose
            )

        Ahead.asynchronous options start

    /// <summary>All examples of the first epoch in memory, as a dataset.</summary>
    /// <example><code lang="csharp">
    /// var numbers = new DataStream&lt;int>("numbers", epoch => [1, 2, 3]).ToDataset();
    /// (numbers.Count, numbers[2]) // (3, 3)
    /// </code></example>
    [<Extension>]
    static member ToDataset(stream: DataStream<'t>) : Dataset<'t> =
        Argument.check "stream" stream
        let all = Array.ofSeq stream
        Dataset<'t>(stream.Name, all.LongLength, fun i -> all[int i])
