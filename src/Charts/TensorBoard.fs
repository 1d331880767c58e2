namespace Cotangent.Charts

open System
open System.Buffers.Binary
open System.Globalization
open System.IO
open System.Numerics
open System.Threading

/// Files of records as TensorFlow writes them: length, its checksum, content, its checksum.
module internal TensorBoardRecord =
    /// CRC-32C (RFC 3720).
    let crc (bytes: byte[]) : uint32 =
        let mutable c = 0xFFFFFFFFu

        for b in bytes do
            c <- BitOperations.Crc32C(c, b)

        ~~~c

    /// Turned and moved, since checksums of what holds checksums are weak.
    let masked (bytes: byte[]) : uint32 =
        let c = crc bytes
        ((c >>> 15) ||| (c <<< 17)) + 0xA282EAD8u

    let private checksum (bytes: byte[]) =
        let out = Array.zeroCreate<byte> 4
        BinaryPrimitives.WriteUInt32LittleEndian(out.AsSpan(), masked bytes)
        out

    let write (content: byte[]) : byte[] =
        let length = Array.zeroCreate<byte> 8
        BinaryPrimitives.WriteUInt64LittleEndian(length.AsSpan(), uint64 content.Length)
        Array.concat [ length; checksum length; content; checksum content ]

/// Events as TensorBoard's `event.proto`, `summary.proto` and `tensor.proto` have them.
module internal TensorBoardEvent =
    let private event (time: DateTimeOffset) (step: int64) (fill: Protobuf -> unit) : byte[] =
        let message = Protobuf()
        message.Double(1, float (time.ToUnixTimeMilliseconds()) / 1000.0)
        message.Integer(2, step)
        fill message
        message.ToArray()

    /// The first of a file.
    let version (time: DateTimeOffset) : byte[] =
        event time 0L (fun message -> message.Text(3, "brain.Event:2"))

    /// A session begins: what an earlier file tells of this step and later is of another try.
    let start (time: DateTimeOffset) (step: int64) : byte[] =
        event time step (fun message -> message.Message(7, (fun log -> log.Integer(1, 1L))))

    let private histogram (h: Histogram) (message: Protobuf) =
        message.Double(1, h.Min)
        message.Double(2, h.Max)
        message.Double(3, float h.Count)
        message.Double(4, h.Sum)
        message.Double(5, h.SumOfSquares)
        // The right ends of the bins.
        message.Doubles(6, h.Edges[1..])
        message.Doubles(7, h.Counts)

    /// TensorBoard shows texts as Markdown, where four spaces keep lines as they are.
    let private text (value: string) (message: Protobuf) =
        let lines = value.ReplaceLineEndings("\n").Split '\n' |> Array.map (fun line -> "    " + line)

        message.Message(
            8,
            (fun tensor ->
                // A string, in a tensor of one axis.
                tensor.Integer(1, 7L)
                tensor.Message(2, (fun shape -> shape.Message(2, (fun axis -> axis.Integer(1, 1L)))))
                tensor.Text(8, String.concat "\n" lines))
        )

        message.Message(9, (fun metadata -> metadata.Message(1, (fun plugin -> plugin.Text(1, "text")))))

    let private channels (png: byte[]) =
        // The kind of colour in the header, and what TensorBoard calls it.
        match png[25] with
        | 0uy -> 1L
        | 2uy -> 3L
        | _ -> 4L

    let private picture (p: Picture) (message: Protobuf) =
        message.Integer(1, int64 p.Height)
        message.Integer(2, int64 p.Width)
        message.Integer(3, channels p.Png)
        message.Bytes(4, p.Png)

    let private summary (e: RunEvent) (name: string) (fill: Protobuf -> unit) : byte[] option =
        let value (message: Protobuf) =
            message.Text(1, name)
            fill message

        Some(event e.Time e.Step (fun message -> message.Message(5, (fun s -> s.Message(1, value)))))

    /// The message of an event; none for what TensorBoard has no place for.
    let write (e: RunEvent) : byte[] option =
        match e.Content with
        | RunContent.Scalar value -> summary e e.Name (fun message -> message.Float(2, float32 value))
        | RunContent.Histogram h when h.Count = 0L -> None
        | RunContent.Histogram h -> summary e e.Name (fun message -> message.Message(5, histogram h))
        | RunContent.Picture p -> summary e e.Name (fun message -> message.Message(4, picture p))
        | RunContent.Text value -> summary e e.Name (text value)
        | RunContent.Plan(steps, epochs) -> summary e "plan" (text $"{steps} steps in {epochs} epochs")
        | RunContent.End RunEnd.Completed -> summary e "end" (text "completed")
        | RunContent.End(RunEnd.Stopped reason) -> summary e "end" (text $"stopped: {reason}")
        | RunContent.End(RunEnd.Failed error) -> summary e "end" (text $"failed: {error}")

/// <summary>
/// Writes events to a file in a folder that TensorBoard watches. A writer makes a file of its own when the first event comes; where a
/// run is resumed, TensorBoard shows its steps in place of those that an earlier file has from there on. Figures are kept in single
/// precision, as TensorBoard does; of a histogram without any finite number there is no trace.
/// </summary>
/// <exception cref="T:System.IO.IOException">The folder can't be made.</exception>
/// <example><code>
/// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
/// let writer = new TensorBoardWriter(folder)
/// writer.Write(RunEvent.Scalar(1, "loss", 0.5))
/// writer.Dispose()
/// System.IO.Directory.GetFiles(folder).Length // 1
/// </code></example>
[<Sealed>]
type TensorBoardWriter(folder: string) =
    let folder = Path.GetFullPath folder
    let turn = Lock()
    let mutable file: FileStream option = None
    let mutable whole = 0L

    do Directory.CreateDirectory folder |> ignore

    /// TensorBoard takes files in the order of their names, which begin with the time.
    let rec create (attempt: int) : FileStream =
        let seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString("D10", CultureInfo.InvariantCulture)

        let name =
            $"events.out.tfevents.{seconds}.{Environment.MachineName}.{Environment.ProcessId}.{attempt}"

        let path = Path.Combine(folder, name)

        if File.Exists path then
            create (attempt + 1)
        else
            new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 0)

    let append (target: FileStream) (record: byte[]) =
        // A record that failed half-way is written over.
        if target.Length <> whole then target.SetLength whole
        target.Position <- whole
        target.Write record
        whole <- whole + int64 record.Length

    let opened (event: RunEvent) : FileStream =
        let target =
            match file with
            | Some open' -> open'
            | None ->
                let created = create 0
                file <- Some created
                created

        if whole = 0L then
            append
                target
                (Array.append
                    (TensorBoardRecord.write (TensorBoardEvent.version event.Time))
                    (TensorBoardRecord.write (TensorBoardEvent.start event.Time event.Step)))

        target

    /// <summary>Closes the file.</summary>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// let writer = new TensorBoardWriter(folder)
    /// writer.Dispose() // without an event there is no file
    /// System.IO.Directory.GetFiles(folder).Length // 0
    /// </code></example>
    member _.Dispose() = file |> Option.iter _.Dispose()

    /// <summary>Takes an event.</summary>
    /// <exception cref="T:System.IO.IOException">It can't be written now; the next one may.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// let writer = new TensorBoardWriter(folder)
    /// writer.Write(RunEvent.Histogram(1, "gradient", tensor [ 1.0; 2.0 ]))
    /// writer.Dispose()
    /// System.IO.Directory.GetFiles(folder).Length // 1
    /// </code></example>
    member _.Write(event: RunEvent) : unit =
        ArgumentNullException.ThrowIfNull(event, nameof event)

        match TensorBoardEvent.write event with
        | None -> ()
        | Some message ->
            let record = TensorBoardRecord.write message
            lock turn (fun () -> append (opened event) record)

    interface IRunWriter with
        member _.Name = folder
        member this.Write event = this.Write event
        member this.Dispose() = this.Dispose()

/// Runs as TensorBoard's event files.
[<RequireQualifiedAccess>]
module TensorBoard =
    /// <summary>Writes events to a file in a folder that TensorBoard watches.</summary>
    /// <exception cref="T:System.IO.IOException">The folder can't be made.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// using (TensorBoard.writer folder) (fun writer -> writer.Write(RunEvent.Scalar(1, "loss", 0.5)))
    /// System.IO.Directory.GetFiles(folder).Length // 1
    /// </code></example>
    let writer (folder: string) : IRunWriter = new TensorBoardWriter(folder)
