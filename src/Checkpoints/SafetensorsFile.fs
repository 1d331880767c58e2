namespace Cotangent

open System
open System.Collections.Generic
open System.IO
open Cotangent.Checkpoints
open Cotangent.Engines

/// Reading the numbers of tensors.
module internal SafetensorsNumbers =
    /// An array with so many bytes from a place on.
    let private fill (source: ByteSource) (start: int64) (bytes: int64) (array: Array) =
        let pieces = int ((bytes + ArrayBytes.Piece - 1L) / ArrayBytes.Piece)

        Workers.run pieces (fun i ->
            let first = int64 i * ArrayBytes.Piece
            let count = int (min ArrayBytes.Piece (bytes - first))
            source.Read(start + first, ArrayBytes.at array first count))

    let private refuse (operation: string) (entry: SafetensorsEntry) : 'a =
        raise (
            DTypeException
                $"{operation}: {Untrusted.quote entry.Name} is {entry.Format} {Shape.showLong entry.Sizes} in the file, which no dtype holds exactly. Convert it in the program that wrote it."
        )

    let read
        (operation: string)
        (source: ByteSource)
        (header: SafetensorsHeader)
        (entry: SafetensorsEntry)
        : HostBuffer =
        let shape = Shape.sized $"{operation}: {Untrusted.quote entry.Name}" entry.Sizes
        let start = header.DataStart + entry.First
        let make f = Recycling.orRefuse operation entry.Bytes f

        match entry.DType with
        | ValueSome dtype ->
            let buffer = make (fun () -> Buffers.fresh dtype shape)
            fill source start entry.Bytes buffer.Data
            if dtype = DType.Bool then ElementFormat.requireTruth entry.Name buffer.Data
            buffer
        | ValueNone -> refuse operation entry

/// <summary>
/// A safetensors file that is open: what is in it is known, and tensors are read when they are asked for. Large files are mapped into
/// memory, so that what is not asked for is not read; they must not be cut short meanwhile. To be disposed of.
/// </summary>
[<Sealed>]
type SafetensorsFile internal (path: string, source: ByteSource, header: SafetensorsHeader) =
    let byName =
        lazy
            (let found = Dictionary<string, SafetensorsEntry>()

             for each in header.Entries do
                 found.Add(each.Name, each)

             found)

    /// What a text says of a file's damage, with the file's name and what it may be instead.
    static member internal Damage(operation: string, path: string, head: ReadOnlySpan<byte>, reason: string) =
        match FileKind.recognise head with
        | null ->
            FileException
                $"{operation}: '{path}' is no whole safetensors file: {reason}. Get it again, or save it anew."
        | kind -> FileException $"{operation}: '{path}' is no safetensors file: it is {kind}"

    /// Bytes that are called something; they are disposed of with the file.
    static member internal Of(operation: string, path: string, source: ByteSource) : SafetensorsFile =
        try
            new SafetensorsFile(path, source, SafetensorsHeader.read source)
        with
        | :? DamagedException as e ->
            let head = source.Bytes(0L, int (min source.Length (int64 FileKind.Looked)))
            source.Dispose()
            raise (SafetensorsFile.Damage(operation, path, ReadOnlySpan head, e.Message))
        | _ ->
            source.Dispose()
            reraise ()

    static member internal Open(operation: string, path: string) : SafetensorsFile =
        if Directory.Exists path then
            raise (
                FileException
                    $"{operation}: '{path}' is a folder. Name a file in it; `Checkpoint.latest` finds the newest of a training."
            )

        SafetensorsFile.Of(operation, path, ByteSource.ofFile path)

    member internal _.Path = path

    /// <summary>The tensors, in the order in which the file names them. A copy, the caller's to keep.</summary>
    member _.Entries: SafetensorsEntry[] = Array.copy header.Entries
    /// <summary>Texts that whoever wrote the file added.</summary>
    member _.Metadata: Map<string, string> = header.Metadata

    member internal _.Find(name: string) : SafetensorsEntry | null =
        match byName.Value.TryGetValue name with
        | true, entry -> entry
        | _ -> null

    /// The numbers of a tensor in main memory, for a function that says its own name in errors.
    member internal file.Numbers(operation: string, entry: SafetensorsEntry) : HostBuffer =
        try
            SafetensorsNumbers.read operation source header entry
        with :? DamagedException as e ->
            raise (SafetensorsFile.Damage(operation, path, ReadOnlySpan [| byte ' ' |], e.Message))

    /// <summary>
    /// A tensor by name, bit for bit: its dtype is the file's.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is none of that name.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds its elements.</exception>
    /// <exception cref="T:Cotangent.ShapeException">It has more elements than a tensor can have.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.write path (Map [ "w", tensor [ 1.0f; 2.0f ] ])
    /// use file = Safetensors.openFile path
    /// file.Read "w" // [1, 2]
    /// file.Read "v" // throws ValueException
    /// </code></example>
    member file.Read(name: string) : Tensor =
        Given.check "name" name

        match file.Find name with
        | null ->
            let hint =
                match NearestName.find name (header.Entries |> Array.map _.Name) with
                | null -> "`Entries` lists them."
                | nearest -> $"Is it '{nearest}'? `Entries` lists them."

            raise (
                ValueException
                    $"SafetensorsFile.Read: no tensor is called '{name}' in '{path}', which has {header.Entries.Length}. {hint}"
            )
        | entry -> Tensor.ofHost (file.Numbers("SafetensorsFile.Read", entry))

    /// <summary>Closes the file.</summary>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.write path (Map [ "w", tensor [ 1.0f; 2.0f ] ])
    /// let file = Safetensors.openFile path
    /// let weight = file.Read "w"
    /// file.Dispose()
    /// weight // [1, 2]
    /// </code></example>
    member _.Dispose() = source.Dispose()

    interface IDisposable with
        member file.Dispose() = file.Dispose()
