/// "The Devil's Dictionary" (Ambrose Bierce, 1911): some 380,000 letters of definitions, in the public domain.
module Models.DevilsDictionary

open System
open System.IO
open System.IO.Compression
open System.Text
open System.Text.RegularExpressions
open Cotangent

type Texts = { Train: string; Test: string }

/// The printable characters of ASCII and the end of a line.
let symbols = 96

/// Each character's place among these.
let encode (text: string) : int[] = [|
    for c in text -> if c >= ' ' && c <= '~' then int c - int ' ' + 1 else 0
|]

let decode (places: int[]) : string =
    String [| for p in places -> if p = 0 then '\n' else char (p - 1 + int ' ') |]

/// Where a definition begins: its word in capitals after an empty line, and what kind of word it is.
let beginning = Regex @"(?:^|(?<=\n\n))[A-Z][A-Z'-]+[^\n]{0,40}, (?:n|v|adj|adv|pp|p|x)"

/// Every tenth definition is for testing.
let split (text: string) : Texts =
    let starts = [| for found in beginning.Matches text -> found.Index |]
    let ends = Array.append starts[1..] [| text.Length |]

    let train, test =
        Array.map2 (fun start finish -> text[start .. finish - 1]) starts ends
        |> Array.indexed
        |> Array.partition (fun (i, _) -> i % 10 <> 9)

    let joined = Array.map snd >> String.concat ""
    { Train = joined train; Test = joined test }

/// The beginning of the book, which comes with the program.
let private slice () : string =
    use file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "devil.dict.dz"))
    use unzipped = new GZipStream(file, CompressionMode.Decompress)
    use reader = new StreamReader(unzipped, Encoding.ASCII)
    reader.ReadToEnd()

/// The book, or the beginning of it; or how to get it.
let load (quick: bool) : Result<Texts, string> =
    if quick then
        Ok(split (slice ()))
    else
        try
            Ok(split (ReadySets.devilsDictionary ()))
        with :? FileNotFoundException as e ->
            Error $"{e.Message} `--quick` runs with the few definitions that come along."
