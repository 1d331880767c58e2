namespace Cotangent

open System
open System.Collections.Generic
open System.IO
open System.Text
open Cotangent.Datasets
open Microsoft.ML.Tokenizers

/// <summary>
/// Text to numbers of tokens, and back. Whitespace and characters go by a vocabulary of yours; BPE, WordPiece and tiktoken's encodings
/// are those of Microsoft.ML.Tokenizers, any tokenizer of which can be used.
/// </summary>
/// <example><code>
/// let vocabulary = Vocabulary.build Vocabulary.defaults ("to be or not to be".Split ' ')
/// let words = TextTokenizer.Whitespace vocabulary
/// words.Encode "not to be" // [|3; 2; 1|]
/// words.Decode [ 3; 2; 1 ] // not to be
/// </code></example>
[<Sealed>]
type TextTokenizer private (name: string, encode: string -> int[], decode: int[] -> string) =
    /// What it is called.
    member _.Name = name

    /// <summary>The numbers of a text's tokens.</summary>
    /// <exception cref="T:Cotangent.ValueException">A token is not in the vocabulary, and none of it stands for unknown ones.</exception>
    /// <example><code>
    /// let words = TextTokenizer.Whitespace(Vocabulary([ "be"; "not"; "to" ]))
    /// words.Encode "not to be" // [1, 2, 0]
    /// words.Encode "or" // throws ValueException
    /// </code></example>
    member _.Encode(text: string) : int[] =
        Argument.check "text" text
        encode text

    /// <summary>The text of tokens. What was unknown, or is not kept by the tokenizer (runs of blanks, capitals), does not come back.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no token of such a number.</exception>
    /// <example><code>
    /// let words = TextTokenizer.Whitespace(Vocabulary([ "be"; "not"; "to" ]))
    /// words.Decode [ 1; 2; 0 ] = "not to be" // true
    /// </code></example>
    member _.Decode(ids: IEnumerable<int>) : string =
        Argument.check "ids" ids
        decode (Array.ofSeq ids)

    override _.ToString() = name

    /// <summary>Words between blanks of any kind.</summary>
    /// <exception cref="T:Cotangent.ValueException">When it is used: a word is not in the vocabulary, and none of it stands for unknown ones.</exception>
    /// <example><code>
    /// TextTokenizer.Whitespace(Vocabulary([ "be"; "not"; "to" ])).Encode "to be" // [2, 0]
    /// </code></example>
    static member Whitespace(vocabulary: Vocabulary) : TextTokenizer =
        Argument.check "vocabulary" vocabulary

        TextTokenizer(
            "whitespace",
            (fun text -> TextTokenizer.Words text |> Array.map (fun word -> vocabulary[word])),
            (fun ids -> String.Join(' ', ids |> Array.map vocabulary.Token))
        )

    /// <summary>The words of a text between blanks of any kind, as the vocabulary of a whitespace tokenizer is built of them.</summary>
    /// <example><code>
    /// TextTokenizer.Words " to  be" = [| "to"; "be" |] // true
    /// </code></example>
    static member Words(text: string) : string[] =
        Argument.check "text" text
        text.Split(Array.empty<char>, StringSplitOptions.RemoveEmptyEntries)

    /// <summary>Characters: Unicode's scalar values, so that none is cut into halves.</summary>
    /// <exception cref="T:Cotangent.ValueException">When it is used: a character is not in the vocabulary, and none of it stands for unknown ones.</exception>
    /// <example><code>
    /// TextTokenizer.Characters(Vocabulary([ "a"; "b" ])).Encode "abba" // [0, 1, 1, 0]
    /// </code></example>
    static member Characters(vocabulary: Vocabulary) : TextTokenizer =
        Argument.check "vocabulary" vocabulary

        TextTokenizer(
            "characters",
            (fun text -> TextTokenizer.Letters text |> Array.map (fun letter -> vocabulary[letter])),
            (fun ids -> String.Concat(ids |> Array.map vocabulary.Token))
        )

    /// <summary>The characters of a text, as the vocabulary of a character tokenizer is built of them.</summary>
    /// <example><code>
    /// TextTokenizer.Letters "a😀" = [| "a"; "😀" |] // true
    /// </code></example>
    static member Letters(text: string) : string[] =
        Argument.check "text" text
        [| for rune in text.EnumerateRunes() -> string rune |]

    /// <summary>Any tokenizer of Microsoft.ML.Tokenizers.</summary>
    /// <example><code>
    /// let tokenizer = Microsoft.ML.Tokenizers.BertTokenizer.Create "vocab.txt"
    /// let tokens = (TextTokenizer.Of tokenizer).Encode "unaffable"
    /// </code></example>
    static member Of(tokenizer: Tokenizer) : TextTokenizer =
        Argument.check "tokenizer" tokenizer

        TextTokenizer(
            tokenizer.GetType().Name,
            (fun text -> Array.ofSeq (tokenizer.EncodeToIds text)),
            (fun ids -> tokenizer.Decode ids)
        )

    static member private Reading
        (operation: string, paths: string list, make: unit -> Tokenizer)
        : TextTokenizer =
        // Named for what they are, if they are something else.
        for path in paths do
            (SourceFile.openStream operation path "a vocabulary of a tokenizer").Dispose()

        try
            TextTokenizer.Of(make ())
        with
        | :? CotangentException
        | :? IOException -> reraise ()
        | e ->
            let shown = String.Join("', '", paths)

            raise (
                FileException(
                    $"{operation}: '{shown}' can't be used as a vocabulary of this tokenizer: {e.Message}",
                    e
                )
            )

    /// <summary>
    /// Byte-pair encoding as GPT-2 has it, on bytes: <c>vocab.json</c>, a number for each token, and <c>merges.txt</c>, pairs in the order in
    /// which they are joined.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">A file is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">A file is not there, or can't be read.</exception>
    /// <example><code>
    /// let vocabulary, merges = System.IO.Path.GetTempFileName(), System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(vocabulary, """{ "l": 0, "o": 1, "w": 2, "lo": 3 }""")
    /// System.IO.File.WriteAllText(merges, "#version: 0.2\nl o\n")
    /// TextTokenizer.Bpe(vocabulary, merges).Encode "low" // [3, 2]
    /// </code></example>
    static member Bpe(vocabulary: string, merges: string) : TextTokenizer =
        TextTokenizer.Reading(
            "TextTokenizer.Bpe",
            [ vocabulary; merges ],
            fun () ->
                BpeTokenizer.Create(
                    BpeOptions(
                        vocabulary,
                        merges,
                        ByteLevel = true,
                        PreTokenizer = RobertaPreTokenizer.Instance
                    )
                )
        )

    /// <summary>WordPiece as BERT has it: <c>vocab.txt</c>, a token in each line. Of models that know lower case alone, capitals and accents are taken away. Nothing is put around the text.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllLines(path, [ "[PAD]"; "[UNK]"; "[CLS]"; "[SEP]"; "[MASK]"; "un"; "##aff"; "##able" ])
    /// TextTokenizer.WordPiece(path, lowerCase = true).Encode "Unaffable" // [5, 6, 7]
    /// </code></example>
    static member WordPiece(vocabulary: string, lowerCase: bool) : TextTokenizer =
        TextTokenizer.Reading(
            "TextTokenizer.WordPiece",
            [ vocabulary ],
            fun () ->
                BertTokenizer.Create(
                    vocabulary,
                    BertOptions(LowerCaseBeforeTokenization = lowerCase, RemoveNonSpacingMarks = lowerCase)
                )
        )

    /// <summary>
    /// tiktoken's encoding of a name: <c>cl100k_base</c>, <c>o200k_base</c>, <c>r50k_base</c>, … Its data is in the package
    /// <c>Microsoft.ML.Tokenizers.Data.Cl100kBase</c>, or <c>.O200kBase</c>, …, which has to be referenced.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such encoding, or the package with its data is not referenced.</exception>
    /// <example><code>
    /// // With its data at hand, `TextTokenizer.Tiktoken "cl100k_base"`.
    /// TextTokenizer.Tiktoken "no_such_base" // throws ValueException
    /// </code></example>
    static member Tiktoken(encoding: string) : TextTokenizer =
        Argument.check "encoding" encoding

        try
            TextTokenizer.Of(TiktokenTokenizer.CreateForEncoding encoding)
        with e ->
            raise (
                ValueException
                    $"TextTokenizer.Tiktoken: {encoding}: {e.Message} Reference the package with its data, such as Microsoft.ML.Tokenizers.Data.Cl100kBase for cl100k_base."
            )
