namespace Cotangent

open System
open System.IO
open System.Text
open Cotangent.Checkpoints
open Cotangent.Datasets

/// Where the lines of a mapped file begin.
module internal LineIndex =
    let private piece = 1 <<< 20

    /// The first byte of each line, and behind them the end of the last one.
    let starts (source: ByteSource) : int64[] =
        let found = Collections.Generic.List<int64>()
        let buffer = Array.zeroCreate<byte>(int (min source.Length (int64 piece)))
        let mutable at = 0L

        // The mark of UTF-8 is no part of the first line.
        if
            source.Length >= 3L
            && source.Bytes(0L, 3).AsSpan().SequenceEqual(ReadOnlySpan [| 0xEFuy; 0xBBuy; 0xBFuy |])
        then
            at <- 3L

        found.Add at

        while at < source.Length do
            let count = int (min (int64 buffer.Length) (source.Length - at))
            source.Read(at, Span(buffer, 0, count))
            let mutable from = 0
            let mutable looking = true

            while looking do
                match buffer.AsSpan(from, count - from).IndexOf(10uy) with
                | -1 -> looking <- false
                | place ->
                    from <- from + place + 1
                    found.Add(at + int64 from)

            at <- at + int64 count

        // A last line without an end is one; the end of a last line begins no other.
        if found[found.Count - 1] <> source.Length then found.Add source.Length
        found.ToArray()

    let private strict = UTF8Encoding(false, true)

    /// The text of a line, without its end.
    let text (source: ByteSource) (starts: int64[]) (line: int64) : string =
        let first, last = starts[int line], starts[int line + 1]
        let bytes = source.Bytes(first, int (last - first))
        strict.GetString(bytes).TrimEnd('\n').TrimEnd('\r')

/// <summary>Texts, line by line: in UTF-8, with any line ends, with or without one behind the last line.</summary>
[<RequireQualifiedAccess>]
module Lines =
    let private kind = "a text"

    /// <summary>The lines one after the other, of a file that may be compressed by gzip. It is never in memory as a whole.</summary>
    /// <exception cref="T:Cotangent.ExampleException">In the loop; its inner error is a <c>FileException</c>: the file is damaged, or something else.</exception>
    /// <example><code>
    /// let words = Lines.stream "corpus.txt.gz" |> DataStream.map (fun line -> line.Split ' ')
    /// </code></example>
    [<CompiledName "Stream">]
    let stream (path: string) : DataStream<string> =
        Argument.check "path" path
        let operation = "Lines.stream"

        DataStream<string>(
            nonNull (Path.GetFileName path),
            fun _ -> seq {
                use text = SourceFile.openText operation path kind
                let next () = SourceFile.reading operation path kind text.ReadLine
                let mutable line = next ()

                while not (isNull line) do
                    Unchecked.nonNull line
                    line <- next ()
            }
        )

    /// <summary>
    /// The lines by number. The file is read through once, to find where they begin, which takes 8 bytes of memory for each; then it is mapped
    /// into memory, and only what is asked for is read.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is something else, or compressed.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let shuffled = Lines.dataset "corpus.txt" |> Dataset.shuffle (Key.create 0L)
    /// </code></example>
    [<CompiledName "Dataset">]
    let dataset (path: string) : Dataset<string> =
        let operation = "Lines.dataset"
        let source = SourceFile.map operation path kind
        let starts = LineIndex.starts source

        Dataset<string>(
            nonNull (Path.GetFileName path),
            starts.LongLength - 1L,
            fun i -> SourceFile.reading operation path kind (fun () -> LineIndex.text source starts i)
        )
