namespace Cotangent

open System
open System.Collections
open System.Collections.Generic
open Cotangent.Datasets

/// Where each example is a row of tensors: these, and the row of an example of an epoch. A batch of such is taken in one go.
[<NoComparison; NoEquality>]
type internal Rows<'t> = { Tensors: 't; Row: int -> int64 -> int64 }

/// <summary>
/// Examples that have a number and can be asked for in any order, by index (from 0) and epoch (from 0). Nothing is computed before an
/// example is asked for, and it may be asked for from several threads. The same index of the same epoch gives the same example.
/// </summary>
/// <remarks>What can only be read from its beginning is a <c>DataStream</c>.</remarks>
/// <example><code>
/// let squares = Dataset.init 10L (fun i -> i * i)
/// squares[3] // 9
/// squares.Count // 10
/// </code></example>
[<Sealed>]
type Dataset<'t>
    internal
    (
        name: string,
        count: int64,
        isFixed: bool,
        get: Func<int, int64, 't>,
        origin: Func<int, int64, ExampleOrigin>,
        rows: Rows<'t> voption
    ) =

    let check (operation: string) (epoch: int) (index: int64) =
        if index < 0L || index >= count then
            raise (
                IndexException
                    $"{operation}: there is no example {index} in {name}, which has {count}; indices begin at 0."
            )

        if epoch < 0 then
            raise (ValueException $"{operation}: epoch {epoch} of {name}; epochs are counted from 0.")

    internal new(name, count, isFixed, get, origin)= Dataset<'t>(name, count, isFixed, get, origin, ValueNone)

    /// Examples of a custom source, by index; what the source is called in errors.
    new(name: string, count: int64, get: Func<int64, 't>) =
        Argument.check "name" name
        Argument.check "get" get

        if count < 0L then
            raise (ValueException $"Dataset: {count} examples of {name}; give 0 or more.")

        Dataset<'t>(
            name,
            count,
            true,
            Func<_, _, _>(fun _ i -> get.Invoke i),
            Func<_, _, _>(fun _ i -> { Source = name; Index = i })
        )

    /// What it is called in errors.
    member _.Name = name
    /// How many examples an epoch has.
    member _.Count = count

    /// <summary>
    /// Whether an index means the same example in every epoch. Shuffling and drawing by a key (<c>mapWithKey</c>) end that; what has to look
    /// at all examples once (<c>filter</c>, <c>split</c>, <c>cache</c>) must come before.
    /// </summary>
    member _.IsFixed = isFixed

    member internal _.Get = get
    member internal _.Origins = origin
    member internal _.Rows = rows

    /// <summary>Where an example comes from.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no such index.</exception>
    /// <example><code>
    /// let letters = Dataset.ofArray [| "a"; "b"; "c" |] |> Dataset.subset [ 2L; 0L ]
    /// letters.Origin(0, 0L).Index // 2
    /// </code></example>
    member _.Origin(epoch: int, index: int64) : ExampleOrigin =
        check "Origin" epoch index
        origin.Invoke(epoch, index)

    /// <summary>An example of an epoch.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no such index.</exception>
    /// <exception cref="T:Cotangent.ExampleException">The example can't be made; says which one it is, and why.</exception>
    /// <exception cref="T:Cotangent.ValueException">The epoch is negative.</exception>
    /// <example><code>
    /// let shuffled = Dataset.init 3L id |> Dataset.shuffle (Key.create 0L)
    /// List.sort [ for i in 0L .. 2L -> shuffled.Example(1, i) ] // [0, 1, 2]
    /// shuffled.Example(0, 3L) // throws IndexException
    /// </code></example>
    member _.Example(epoch: int, index: int64) : 't =
        check "Example" epoch index

        try
            get.Invoke(epoch, index)
        with e ->
            match ExampleException.Of(origin.Invoke(epoch, index), epoch, e) with
            | same when Object.ReferenceEquals(same, e) -> reraise ()
            | other -> raise other

    /// <summary>An example of the first epoch.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no such index.</exception>
    /// <exception cref="T:Cotangent.ExampleException">The example can't be made; says which one it is, and why.</exception>
    member dataset.Item
        with get (index: int64): 't = dataset.Example(0, index)

    /// <summary>All examples of an epoch, in order, one after the other on the thread that asks.</summary>
    /// <exception cref="T:Cotangent.ExampleException">In the loop: an example can't be made; says which one it is, and why.</exception>
    /// <example><code>
    /// let shuffled = Dataset.init 3L id |> Dataset.shuffle (Key.create 0L)
    /// List.sort (List.ofSeq (shuffled.Epoch 5)) // [0, 1, 2]
    /// </code></example>
    member dataset.Epoch(epoch: int) : IEnumerable<'t> = seq {
        for i in 0L .. count - 1L do
            dataset.Example(epoch, i)
    }

    override _.ToString() = $"{name}, {count} examples"

    interface IEnumerable<'t> with
        member dataset.GetEnumerator() : IEnumerator<'t> = dataset.Epoch(0).GetEnumerator()
        member dataset.GetEnumerator() : IEnumerator = (dataset.Epoch 0 :> IEnumerable).GetEnumerator()
