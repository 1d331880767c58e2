namespace Cotangent

open System
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices
open System.Text.Json
open Cotangent.Checkpoints
open Cotangent.Datasets

/// <summary>
/// Tokens with a number each, from 0; and one of them, if there is one, for all that are not among them.
/// </summary>
/// <example><code>
/// let words = Vocabulary.build Vocabulary.defaults [ "the"; "cat"; "the"; "dog" ]
/// words["the"] // 1: behind the token for unknown ones, the most frequent first
/// words["fish"] // 0
/// words.Token 2 // cat
/// </code></example>
[<Sealed>]
type Vocabulary(tokens: IEnumerable<string>, unknown: string | null) =
    let tokens = Argument.items "tokens" tokens
    let ids = Dictionary<string, int>(StringComparer.Ordinal)

    do
        for i in 0 .. tokens.Length - 1 do
            if not (ids.TryAdd(tokens[i], i)) then
                raise (
                    ValueException
                        $"Vocabulary: {Untrusted.quote tokens[i]} is in it twice, at {ids[tokens[i]]} and {i}. Give each token once."
                )

    let unknownId =
        match unknown with
        | null -> -1
        | token ->
            match ids.TryGetValue token with
            | true, id -> id
            | _ ->
                raise (
                    ValueException
                        $"Vocabulary: {Untrusted.quote token}, which stands for unknown tokens, is not among the tokens. Add it."
                )

    /// A vocabulary without a token for unknown ones.
    new(tokens: IEnumerable<string>) = Vocabulary(tokens, null)

    /// How many tokens there are.
    member _.Count = tokens.Length
    /// All of them, in the order of their numbers.
    member _.Tokens: IReadOnlyList<string> = tokens
    /// The token that stands for all that are not among them, or null.
    member _.Unknown = unknown
    /// <summary>Whether a token is among them.</summary>
    /// <example><code>
    /// let words = Vocabulary.build Vocabulary.defaults [ "the"; "cat" ]
    /// words.Contains "cat", words.Contains "dog" // (true, false)
    /// </code></example>
    member _.Contains(token: string) = ids.ContainsKey token

    /// <summary>A token's number; that of the unknown one where it is not among them.</summary>
    /// <exception cref="T:Cotangent.ValueException">It is not among them, and no token stands for unknown ones.</exception>
    member _.Item
        with get (token: string): int =
            match ids.TryGetValue token with
            | true, id -> id
            | _ when unknownId >= 0 -> unknownId
            | _ ->
                raise (
                    ValueException
                        $"Vocabulary: {Untrusted.quote token} is none of its {tokens.Length} tokens, and none stands for unknown ones. Build it with one, `Unknown`, or from all texts."
                )

    /// <summary>The token of a number.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no such number.</exception>
    /// <example><code>
    /// let words = Vocabulary([ "be"; "not"; "to" ])
    /// words.Token 1 = "not" // true
    /// words.Token 3 // throws IndexException
    /// </code></example>
    member _.Token(id: int) : string =
        if id < 0 || id >= tokens.Length then
            raise (IndexException $"Vocabulary: there is no token {id}; it has {tokens.Length}, from 0.")

        tokens[id]

    /// <summary>Writes it to a file, as JSON, which is there as a whole or not at all.</summary>
    /// <exception cref="T:System.IO.IOException">It can't be written.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Vocabulary([ "be"; "not"; "to" ]).Save path
    /// (Vocabulary.Load path).Count // 3
    /// </code></example>
    member _.Save(path: string) : unit =
        Argument.check "path" path
        let bytes = JsonSerializer.SerializeToUtf8Bytes {| tokens = tokens; unknown = unknown |}
        AtomicFile.write path bytes.LongLength (fun file -> file.Write(ReadOnlySpan bytes))

    /// <summary>Reads what <c>Save</c> wrote.</summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Vocabulary([ "be"; "not"; "to" ]).Save path
    /// (Vocabulary.Load path)["to"] // 2
    /// </code></example>
    static member Load(path: string) : Vocabulary =
        use file = SourceFile.openStream "Vocabulary.load" path "a vocabulary"

        try
            use json = JsonDocument.Parse file

            let unknown =
                match json.RootElement.GetProperty "unknown" with
                | none when none.ValueKind = JsonValueKind.Null -> null
                | token -> token.GetString()

            let tokens = [|
                for token in json.RootElement.GetProperty("tokens").EnumerateArray() do
                    nonNull (token.GetString())
            |]

            Vocabulary(tokens, unknown)
        with
        | :? JsonException
        | :? InvalidOperationException
        | :? NullReferenceException
        | :? KeyNotFoundException as e ->
            raise (
                FileException(
                    $"Vocabulary.load: '{path}' is no vocabulary as `Vocabulary.save` writes them: {e.Message}",
                    e
                )
            )

/// <summary>Which tokens come into a vocabulary.</summary>
/// <example><code>
/// let often = { Vocabulary.defaults with MinimumCount = 2 }
/// let words = Vocabulary.build often ("to be or not to be".Split ' ')
/// words.Count // 3: to, be, and the token for all others
/// </code></example>
[<NoComparison>]
type VocabularyOptions = {
    /// The token that stands for all others; null for none, where each token must be known.
    Unknown: string | null
    /// Tokens that are in it in any case, behind the unknown one: for padding, for beginning and end.
    Special: string[]
    /// How often a token must occur.
    MinimumCount: int
    /// How many tokens there are at most, the most frequent ones.
    MaximumSize: int
} with

    /// <summary>
    /// These options but for those that are given: what <c>{ options with … }</c> is in F#. No unknown token at all is asked for by the
    /// constructor.
    /// </summary>
    /// <param name="unknown">The token that stands for all others.</param>
    /// <param name="special">Tokens that are in it in any case.</param>
    /// <param name="minimumCount">How often a token must occur.</param>
    /// <param name="maximumSize">How many tokens there are at most.</param>
    /// <example><code lang="csharp">
    /// var options = VocabularyModule.Defaults.With(minimumCount: 2, special: ["&lt;pad>"]);
    /// options.Unknown // &lt;unk>
    /// </code></example>
    member options.With
        (
            [<Optional>] unknown: string | null,
            [<Optional>] special: string[] | null,
            [<Optional>] minimumCount: Nullable<int>,
            [<Optional>] maximumSize: Nullable<int>
        ) : VocabularyOptions = {
        Unknown =
            match unknown with
            | null -> options.Unknown
            | unknown -> unknown
        Special =
            match special with
            | null -> options.Special
            | special -> special
        MinimumCount = minimumCount.GetValueOrDefault options.MinimumCount
        MaximumSize = maximumSize.GetValueOrDefault options.MaximumSize
    }

/// <summary>Vocabularies.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Vocabulary =
    /// <summary>All tokens, and <c>&lt;unk></c> in front for what is not among them.</summary>
    [<CompiledName "Defaults">]
    let defaults: VocabularyOptions = {
        Unknown = "<unk>"
        Special = [||]
        MinimumCount = 1
        MaximumSize = Int32.MaxValue
    }

    /// <summary>
    /// The vocabulary of some tokens, as they come: first the special ones, then the most frequent ones, and those that are equally frequent
    /// in the order of their characters' codes.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size leaves no room for the special tokens.</exception>
    /// <example><code>
    /// let text = "to be or not to be"
    /// let words = Vocabulary.build { Vocabulary.defaults with MinimumCount = 2 } (text.Split ' ')
    /// List.ofSeq words.Tokens // &lt;unk>, be, to
    /// </code></example>
    [<CompiledName "Build">]
    let build (options: VocabularyOptions) (tokens: string seq) : Vocabulary =
        Argument.check "options" options
        Argument.check "tokens" tokens

        let first =
            match options.Unknown with
            | null -> options.Special
            | unknown -> Array.append [| unknown |] options.Special

        if options.MaximumSize < first.Length then
            raise (
                ValueException
                    $"Vocabulary.build: at most {options.MaximumSize} tokens, but {first.Length} special ones are wanted. Make it larger."
            )

        let counts = Dictionary<string, int64>(StringComparer.Ordinal)

        for token in tokens do
            match counts.TryGetValue token with
            | true, count -> counts[token] <- count + 1L
            | _ -> counts[token] <- 1L

        for token in first do
            counts.Remove token |> ignore

        let found = [|
            for each in counts do
                if each.Value >= int64 options.MinimumCount then each.Key, each.Value
        |]

        let byCount (a: string, n: int64) (b: string, m: int64) =
            match compare m n with
            | 0 -> String.CompareOrdinal(a, b)
            | order -> order

        let kept = found |> Array.sortWith byCount |> Array.truncate (options.MaximumSize - first.Length)
        Vocabulary(Array.append first (Array.map fst kept), options.Unknown)

    /// <summary>Writes one to a file, as JSON, which is there as a whole or not at all.</summary>
    /// <exception cref="T:System.IO.IOException">It can't be written.</exception>
    /// <example><code>
    /// Vocabulary.build Vocabulary.defaults [ "a"; "b" ] |> Vocabulary.save "vocabulary.json"
    /// (Vocabulary.load "vocabulary.json").Count // 3
    /// </code></example>
    let save (path: string) (vocabulary: Vocabulary) : unit = vocabulary.Save path

    /// <summary>Reads what <c>save</c> wrote.</summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Vocabulary([ "be"; "not"; "to" ]) |> Vocabulary.save path
    /// (Vocabulary.load path)["to"] // 2
    /// </code></example>
    let load (path: string) : Vocabulary = Vocabulary.Load path
