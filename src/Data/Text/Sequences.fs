namespace Cotangent

open System
open System.Collections.Generic
open Cotangent.Datasets

/// <summary>Sequences of tokens of different lengths as one tensor.</summary>
[<NoComparison; NoEquality>]
type PaddedSequences = {
    /// Int32, shape (sequences, longest).
    Tokens: Tensor
    /// Bool, of the same shape: where a token stands, and no padding.
    Mask: Tensor
}

/// <summary>Several sequences in each row, so that little has to be filled up.</summary>
[<NoComparison; NoEquality>]
type PackedSequences = {
    /// Int32, shape (rows, length).
    Tokens: Tensor
    /// Int32, of the same shape: which sequence of its row a token belongs to, from 1 on; 0 for padding.
    Segments: Tensor
    /// Int32, of the same shape: a token's place in its sequence, from 0 on; 0 for padding.
    Positions: Tensor
} with

    /// Bool, shape (rows, length, length): whether a token may look at another one: both belong to one sequence.
    member packed.AttentionMask: Tensor =
        let own, other = packed.Segments.Unsqueeze 2, packed.Segments.Unsqueeze 1
        (own.Equal other).And(own.Greater 0.0)

/// <summary>Sequences of tokens: filled up, packed, cut.</summary>
[<RequireQualifiedAccess>]
module Sequences =
    let private table (rows: int) (length: int) (numbers: int[]) = Tensor.ofArray [ rows; length ] numbers

    /// <summary>Each sequence filled up behind its end with a token, to the longest.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is none.</exception>
    /// <example><code>
    /// (Sequences.pad 0 [ [| 5; 6; 7 |]; [| 8 |] ]).Tokens // [[5, 6, 7], [8, 0, 0]]
    /// </code></example>
    [<CompiledName "Pad">]
    let pad (padding: int) (sequences: int[] seq) : PaddedSequences =
        let sequences = Argument.items "sequences" sequences

        if sequences.Length = 0 then
            raise (ValueException "Sequences.pad: no sequences, and so no shape. Give at least one.")

        let longest = sequences |> Array.map _.Length |> Array.max

        {
            Tokens =
                table sequences.Length longest [|
                    for sequence in sequences do
                        yield! sequence
                        yield! Array.create (longest - sequence.Length) padding
                |]
            Mask = Collate.mask longest (sequences |> Array.map _.Length)
        }

    let private refuse (operation: string) (i: int) (count: int) (length: int) : unit =
        raise (
            ValueException
                $"{operation}: sequence {i} is {count} tokens long, and rows hold {length}. Cut it before, by `Sequences.cut`, or make the rows longer."
        )

    /// <summary>
    /// Whole sequences side by side in rows of one length, each in the first row that has room for it; what is left of a row is filled up.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is none, or one is longer than a row.</exception>
    /// <example><code>
    /// let packed = Sequences.pack 0 4 [ [| 1; 2; 3 |]; [| 4; 5 |]; [| 6 |] ]
    /// packed.Tokens // [[1, 2, 3, 6], [4, 5, 0, 0]]
    /// packed.Segments // [[1, 1, 1, 2], [1, 1, 0, 0]]
    /// packed.Positions // [[0, 1, 2, 0], [0, 1, 0, 0]]
    /// </code></example>
    [<CompiledName "Pack">]
    let pack (padding: int) (length: int) (sequences: int[] seq) : PackedSequences =
        let sequences = Argument.items "sequences" sequences

        if sequences.Length = 0 then
            raise (ValueException "Sequences.pack: no sequences, and so no rows. Give at least one.")

        let rows = List<List<int[]>>()
        let room = List<int>()

        for i in 0 .. sequences.Length - 1 do
            let sequence = sequences[i]
            if sequence.Length > length then refuse "Sequences.pack" i sequence.Length length

            match room.FindIndex(fun left -> left >= sequence.Length) with
            | -1 ->
                rows.Add(List [ sequence ])
                room.Add(length - sequence.Length)
            | row ->
                rows[row].Add sequence
                room[row] <- room[row] - sequence.Length

        let fill (number: int -> int -> int -> int) (rest: int) =
            table rows.Count length [|
                for row in 0 .. rows.Count - 1 do
                    for segment in 0 .. rows[row].Count - 1 do
                        let sequence = rows[row][segment]

                        for place in 0 .. sequence.Length - 1 do
                            number segment place sequence[place]

                    yield! Array.create room[row] rest
            |]

        {
            Tokens = fill (fun _ _ token -> token) padding
            Segments = fill (fun segment _ _ -> segment + 1) 0
            Positions = fill (fun _ place _ -> place) 0
        }

    /// <summary>Pieces of at most so many tokens, none left out.</summary>
    /// <exception cref="T:Cotangent.ValueException">The length is below 1.</exception>
    /// <example><code>
    /// Sequences.cut 2 [| 1; 2; 3; 4; 5 |] // [| [|1; 2|]; [|3; 4|]; [|5|] |]
    /// </code></example>
    [<CompiledName "Cut">]
    let cut (length: int) (sequence: int[]) : int[][] =
        Argument.check "sequence" sequence

        if length < 1 then
            raise (ValueException $"Sequences.cut: pieces of {length} tokens; at least 1 is needed.")

        Array.chunkBySize length sequence

    /// <summary>
    /// What a language model learns from: windows of a long text, and beside each the same window one token later. One begins every so many
    /// tokens; what is too short for a window at the end is left out.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The text is too short for one window, or a number is below 1.</exception>
    /// <example><code>
    /// let windows = Sequences.windows 3 3 [| 1; 2; 3; 4; 5; 6; 7 |]
    /// windows[1L] // ([4, 5, 6], [5, 6, 7])
    /// </code></example>
    let windows (length: int) (every: int) (tokens: int[]) : Dataset<Tensor * Tensor> =
        Argument.check "tokens" tokens

        if length < 1 || every < 1 then
            raise (ValueException $"Sequences.windows: {length} tokens, every {every}; both are at least 1.")

        if tokens.Length < length + 1 then
            raise (
                ValueException
                    $"Sequences.windows: windows of {length} tokens and the next one; the text has {tokens.Length}. Make them shorter."
            )

        let window (first: int) = Tensor.ofArray [ length ] tokens[first .. first + length - 1]

        Dataset<Tensor * Tensor>(
            "windows of a text",
            int64 ((tokens.Length - length - 1) / every + 1),
            fun i ->
                let first = int i * every
                window first, window (first + 1)
        )
