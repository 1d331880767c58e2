// The tables of benchmarks/RESULTS.md, so that no figure of speed is typed twice.

open System
open System.Globalization
open System.IO

let private lines =
    File.ReadAllLines(Path.Combine(__SOURCE_DIRECTORY__, "..", "benchmarks", "RESULTS.md"))

/// The rows of the first table under a heading that begins so, its head left out.
let rows (heading: string) : string[][] =
    lines
    |> Array.skipWhile (fun line -> not (line.StartsWith("## " + heading, StringComparison.Ordinal)))
    |> Array.skipWhile (fun line -> not (line.StartsWith("| ---", StringComparison.Ordinal)))
    |> Array.skip 1
    |> Array.takeWhile (fun line -> line.StartsWith("| ", StringComparison.Ordinal))
    |> Array.map (fun line -> line.Trim('|', ' ').Split('|') |> Array.map _.Trim())

let number (text: string) : float = Double.Parse(text, CultureInfo.InvariantCulture)
