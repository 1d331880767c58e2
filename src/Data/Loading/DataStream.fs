namespace Cotangent

open System
open System.Collections
open System.Collections.Generic
open Cotangent.Datasets

/// <summary>
/// Examples that can only be read from the first one on: lines of a large file, messages. How many there are nobody knows before the end,
/// so what needs a length (<c>shuffle</c>, <c>split</c>, an index) is for a <c>Dataset</c>. Each epoch opens the source anew.
/// </summary>
/// <example><code>
/// let numbers = DataStream.ofSeq "numbers" (fun epoch -> seq { 10 * epoch .. 10 * epoch + 2 })
/// List.ofSeq (numbers.Epoch 1) // [10, 11, 12]
/// </code></example>
[<Sealed>]
type DataStream<'t>(name: string, opened: Func<int, IEnumerable<'t>>) =
    do
        Argument.check "name" name
        Argument.check "opened" opened

    /// What it is called in errors.
    member _.Name = name

    member internal _.Opened = opened

    /// <summary>The examples of an epoch, counted from 0.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop, at the place of an example that can't be made; says which one it is, and why.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">The epoch is negative.</exception>
    /// <example><code>
    /// let numbers = DataStream.ofSeq "numbers" (fun epoch -> seq { 10 * epoch .. 10 * epoch + 2 })
    /// List.ofSeq (numbers.Epoch 0) // [0, 1, 2]
    /// List.ofSeq (numbers.Epoch 1) // [10, 11, 12]
    /// </code></example>
    member _.Epoch(epoch: int) : IEnumerable<'t> =
        if epoch < 0 then
            raise (ValueException $"DataStream: epoch {epoch} of {name}; epochs are counted from 0.")

        seq {
            let index = ref 0L

            let named (f: unit -> 'a) : 'a =
                try
                    f ()
                with e ->
                    match ExampleException.OfStream({ Source = name; Index = index.Value }, epoch, e) with
                    | same when Object.ReferenceEquals(same, e) -> reraise ()
                    | other -> raise other

            use examples = named (fun () -> opened.Invoke(epoch).GetEnumerator())

            while named examples.MoveNext do
                examples.Current
                index.Value <- index.Value + 1L
        }

    override _.ToString() = name

    interface IEnumerable<'t> with
        member stream.GetEnumerator() : IEnumerator<'t> = stream.Epoch(0).GetEnumerator()
        member stream.GetEnumerator() : IEnumerator = (stream.Epoch 0 :> IEnumerable).GetEnumerator()
