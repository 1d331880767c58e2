namespace Cotangent.Charts

open System
open System.IO
open System.Threading

/// <summary>
/// Appends events to a file, a JSON object a line, each on its way to the disk before the next. Where a run ended within a line, what
/// there is of it is cut off, so that every line is whole.
/// </summary>
/// <exception cref="T:System.IO.IOException">The file can't be opened: its name is a folder's, another program writes to it.</exception>
/// <example><code>
/// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.jsonl")
/// let writer = new JsonLinesWriter(path)
/// writer.Write(RunEvent.Scalar(1, "loss", 0.5))
/// writer.Dispose()
/// (RunLog.read path).Events.Count // 1
/// </code></example>
[<Sealed>]
type JsonLinesWriter(path: string) =
    let path = Path.GetFullPath path
    let turn = Lock()

    let file =
        WholeFile.folderOf path |> ignore
        // No buffer: what is written is the system's, whatever becomes of this program.
        new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 0)

    /// Where the last whole line ends.
    let endOfLines () =
        let block = Array.zeroCreate<byte> 65536
        let mutable at = file.Length
        let mutable found = ValueNone

        while found.IsNone && at > 0L do
            let from = max 0L (at - int64 block.Length)
            let length = int (at - from)
            file.Position <- from
            file.ReadExactly(block, 0, length)
            let last = Array.LastIndexOf(block, byte '\n', length - 1)
            if last >= 0 then found <- ValueSome(from + int64 last + 1L)
            at <- from

        ValueOption.defaultValue 0L found

    let mutable whole = endOfLines ()

    do
        file.SetLength whole
        file.Position <- whole

    /// <summary>Closes the file.</summary>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let writer = new JsonLinesWriter(path)
    /// writer.Dispose()
    /// RunLog.Read(path).Events.Count // 0
    /// </code></example>
    member _.Dispose() = file.Dispose()

    /// <summary>Takes an event.</summary>
    /// <exception cref="T:System.IO.IOException">It can't be written now; the next one may.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let writer = new JsonLinesWriter(path)
    /// writer.Write(RunEvent.Scalar(1, "loss", 0.5))
    /// writer.Write(RunEvent.Scalar(2, "loss", 0.25))
    /// writer.Dispose()
    /// RunLog.read path |> RunLog.scalar "loss" // [(1, 0.5), (2, 0.25)]
    /// </code></example>
    member _.Write(event: RunEvent) : unit =
        ArgumentNullException.ThrowIfNull(event, nameof event)
        let line = EventLine.write event

        lock turn (fun () ->
            // A line that failed half-way is written over.
            if file.Length <> whole then file.SetLength whole
            file.Position <- whole
            file.Write line
            whole <- whole + int64 line.Length)

    interface IRunWriter with
        member _.Name = path
        member this.Write event = this.Write event
        member this.Dispose() = this.Dispose()

/// Runs as JSON lines.
[<RequireQualifiedAccess>]
module JsonLines =
    /// <summary>Appends events to a file, a JSON object a line. <c>RunLog.read</c> reads it.</summary>
    /// <exception cref="T:System.IO.IOException">The file can't be opened.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Directory.CreateTempSubdirectory().FullName, "run.jsonl")
    /// using (JsonLines.writer path) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// System.IO.File.ReadAllLines(path).Length // 1
    /// </code></example>
    let writer (path: string) : IRunWriter = new JsonLinesWriter(path)
