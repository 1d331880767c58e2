/// How well texts are predicted without a net: what a model has to beat.
module Models.NGrams

open System.Collections.Generic
open System.IO
open System.IO.Compression
open System.Text

/// What came after the same letters before: how often each letter did.
type private Followers = Dictionary<char, int>

let private times (letter: char) (followers: Followers) : int =
    match followers.TryGetValue letter with
    | true, count -> count
    | false, _ -> 0

/// Followers of every run of so many letters.
let private count (length: int) (text: string) : Dictionary<string, Followers> =
    let found = Dictionary<string, Followers>()

    for i in length .. text.Length - 1 do
        let before = text.Substring(i - length, length)

        match found.TryGetValue before with
        | true, followers -> followers[text[i]] <- times text[i] followers + 1
        | false, _ -> found[before] <- Followers [ KeyValuePair(text[i], 1) ]

    found

/// Bits per character of a text by a model of n letters in a row: the probability of a letter after n - 1 others, mixed with that
/// after n - 2 of them and so on down to equal ones, by the weights of Witten and Bell (1991): with c letters counted after a run,
/// k of them different, the shorter run has the weight k/(c + k).
let bits (n: int) (symbols: int) (train: string) (test: string) : float =
    let counts = [| for length in 0 .. n - 1 -> count length train |]

    let probability i =
        let mix shorter length =
            match counts[length].TryGetValue(test.Substring(i - length, length)) with
            | true, followers ->
                let different, all = float followers.Count, float (Seq.sum followers.Values)
                (float (times test[i] followers) + different * shorter) / (all + different)
            | false, _ -> shorter

        Seq.fold mix (1.0 / float symbols) (seq { 0 .. min (n - 1) i })

    -(Seq.averageBy (probability >> System.Math.Log2) (seq { 0 .. test.Length - 1 }))

/// Bits per character that gzip takes for a text.
let gzip (text: string) : float =
    use file = new MemoryStream()

    using (new GZipStream(file, CompressionLevel.SmallestSize, leaveOpen = true)) (fun zip ->
        zip.Write(Encoding.ASCII.GetBytes text))

    8.0 * float file.Length / float text.Length
