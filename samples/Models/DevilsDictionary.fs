/// "The Devil's Dictionary" (Ambrose Bierce, 1911): some 380,000 letters of definitions, in the public domain.
module Models.DevilsDictionary

open System
open System.IO
open System.IO.Compression
open System.Text
open System.Text.RegularExpressions

type Texts = { Train: string; Test: string }

/// The printable characters of ASCII and the end of a line.
let symbols = 96

/// Each character's place among these.
let encode (text: string) : int[] = [|
    for c in text -> if c >= ' ' && c <= '~' then int c - int ' ' + 1 else 0
|]

let decode (places: int[]) : string =
    String [| for p in places -> if p = 0 then '\n' else char (p - 1 + int ' ') |]

/// The file of Debian's package, in dictzip's format, which gzip reads.
let private name = "devil.dict.dz"

/// From the first definition to the last: before it stand a licence and a preface, behind it an index of letters.
let private body (text: string) : string =
    let first, last = text.IndexOf "ABASEMENT, n.", text.LastIndexOf "\n\n abcdefg"

    if first < 0 then
        raise (
            InvalidDataException
                $"{name} is not The Devil's Dictionary as Debian's package dict-devil has it."
        )

    text.Substring(first, (if last < 0 then text.Length else last) - first).TrimEnd '\n' + "\n\n"

let private read (path: string) : string =
    use file = File.OpenRead path
    use unzipped = new GZipStream(file, CompressionMode.Decompress)
    use reader = new StreamReader(unzipped, Encoding.ASCII)
    reader.ReadToEnd().Replace("\r", "") |> body

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

/// Where the book may be: a folder that COTANGENT_DATA names, or has in it; where Debian's package puts it.
let private places () = [
    match Environment.GetEnvironmentVariable "COTANGENT_DATA" with
    | null
    | "" -> ()
    | folder ->
        Path.Combine(folder, "dictd")
        folder
    "/usr/share/dictd"
]

/// The book, or the beginning of it that comes with the program; or how to get it.
let load (quick: bool) : Result<Texts, string> =
    let folder =
        if quick then
            Some(Path.Combine(AppContext.BaseDirectory, "data"))
        else
            places () |> List.tryFind (fun folder -> File.Exists(Path.Combine(folder, name)))

    match folder with
    | Some folder -> Ok(split (read (Path.Combine(folder, name))))
    | None ->
        let tried = places () |> String.concat ", "

        Error
            $"The Devil's Dictionary is not on this machine (looked for {name} in {tried}). Install it with `apt install dict-devil`; or, without the server that comes along, `apt download dict-devil` and `dpkg-deb --extract dict-devil_*.deb devil`, and name the folder devil/usr/share/dictd in COTANGENT_DATA. `--quick` runs with the few definitions that come along."
