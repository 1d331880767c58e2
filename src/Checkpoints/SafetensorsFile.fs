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

/// A file with tensors: all of them, or some of a model that lies in several files.
[<Sealed>]
type internal SafetensorsPart(path: string, source: ByteSource, header: SafetensorsHeader) =
    member _.Path = path
    member _.Source = source
    member _.Header = header

/// <summary>
/// A safetensors file that is open, or several that an index makes one of: what is in it is known, and tensors are read when they are
/// asked for. Large files are mapped into memory, so that what is not asked for is not read; they must not be cut short meanwhile. To
/// be disposed of.
/// </summary>
[<Sealed>]
type SafetensorsFile internal (path: string, parts: SafetensorsPart[]) =
    let entries = parts |> Array.collect _.Header.Entries

    let byName =
        lazy
            (let found = Dictionary<string, struct (SafetensorsPart * SafetensorsEntry)>()

             for part in parts do
                 for each in part.Header.Entries do
                     found.Add(each.Name, struct (part, each))

             found)

    /// Of a text that several parts have, the first one's.
    let metadata =
        lazy
            (Map.empty
             |> Array.foldBack
                 (fun (part: SafetensorsPart) about ->
                     part.Header.Metadata |> Map.fold (fun about key text -> Map.add key text about) about)
                 parts)

    /// What a text says of a file's damage, with the file's name and what it may be instead.
    static member internal Damage(operation: string, path: string, head: ReadOnlySpan<byte>, reason: string) =
        match FileKind.recognise head with
        | null ->
            FileException
                $"{operation}: '{path}' is no whole safetensors file: {reason}. Get it again, or save it anew."
        | kind -> FileException $"{operation}: '{path}' is no safetensors file: it is {kind}"

    static member private Part(operation: string, path: string, source: ByteSource) : SafetensorsPart =
        try
            SafetensorsPart(path, source, SafetensorsHeader.read source)
        with
        | :? DamagedException as e ->
            let head = source.Bytes(0L, int (min source.Length (int64 FileKind.Looked)))
            source.Dispose()
            raise (SafetensorsFile.Damage(operation, path, ReadOnlySpan head, e.Message))
        | _ ->
            source.Dispose()
            reraise ()

    /// Bytes that are called something; they are disposed of with the file.
    static member internal Of(operation: string, path: string, source: ByteSource) : SafetensorsFile =
        new SafetensorsFile(path, [| SafetensorsFile.Part(operation, path, source) |])

    /// The files of an index. What is wrong with one of them is said of that one.
    static member private OfIndex
        (operation: string, path: string, map: Dictionary<string, string>)
        : SafetensorsFile =
        if map.Count = 0 then raise (DamagedException "it names no tensors")
        let files = SafetensorsIndex.files path map

        match files |> Array.filter (File.Exists >> not) with
        | [||] -> ()
        | missing ->
            let shown = missing |> Seq.truncate 20 |> Seq.map (fun p -> $"'{p}'") |> String.concat ", "
            let more = if missing.Length > 20 then $" and {missing.Length - 20} more" else ""

            raise (
                FileException
                    $"{operation}: '{path}' is the index of {files.Length} safetensors files, of which {missing.Length} are not there: {shown}{more}. Fetch all of them into its folder."
            )

        let parts = List<SafetensorsPart>()

        try
            for each in files do
                parts.Add(SafetensorsFile.Part(operation, each, ByteSource.ofFile each))

            let places = Dictionary<string, string>()

            for part in parts do
                for each in part.Header.Entries do
                    match places.TryGetValue each.Name with
                    | true, other ->
                        raise (
                            DamagedException
                                $"{Untrusted.quote each.Name} lies in '{other}' and in '{part.Path}'"
                        )
                    | _ -> places.Add(each.Name, part.Path)

            // All at once, as many as one reads.
            let lost = [|
                for KeyValue(name, file) in map do
                    match places.TryGetValue name with
                    | true, place when FileBeside.path path file = ValueSome place -> ()
                    | _ -> $"\n  {Untrusted.quote name} in {Untrusted.quote file}"
            |]

            if lost.Length > 0 then
                let shown = lost |> Seq.truncate 20 |> String.concat ""
                let more = if lost.Length > 20 then $"\n  … and {lost.Length - 20} more" else ""

                raise (
                    DamagedException
                        $"{lost.Length} of the tensors that it names are not where it says:{shown}{more}\nIndex and files are of different versions, perhaps"
                )

            new SafetensorsFile(path, parts.ToArray())
        with _ ->
            for part in parts do
                part.Source.Dispose()

            reraise ()

    static member internal Open(operation: string, path: string) : SafetensorsFile =
        if Directory.Exists path then
            raise (
                FileException
                    $"{operation}: '{path}' is a folder. Name a file in it; `Checkpoint.latest` finds the newest of a training."
            )

        let source = ByteSource.ofFile path
        let head = source.Bytes(0L, int (min source.Length (int64 SafetensorsIndex.Looked)))

        if not (SafetensorsIndex.isLike (ReadOnlySpan head)) || source.Length > int64 Array.MaxLength then
            SafetensorsFile.Of(operation, path, source)
        else
            try
                match SafetensorsIndex.read (source.Bytes(0L, int source.Length)) with
                | ValueSome map ->
                    let file = SafetensorsFile.OfIndex(operation, path, map)
                    source.Dispose()
                    file
                // Another text.
                | ValueNone -> SafetensorsFile.Of(operation, path, source)
            with
            | :? DamagedException as e ->
                source.Dispose()

                raise (
                    FileException
                        $"{operation}: '{path}' is a text in JSON, as the index of several safetensors files is, and damaged: {e.Message}. Get it again."
                )
            | _ ->
                source.Dispose()
                reraise ()

    member internal _.Path = path

    /// <summary>The tensors, in the order in which the file names them. A copy, the caller's to keep.</summary>
    member _.Entries: SafetensorsEntry[] = Array.copy entries
    /// <summary>Texts that whoever wrote the file added.</summary>
    member _.Metadata: Map<string, string> = metadata.Value

    member internal _.Find(name: string) : SafetensorsEntry | null =
        match byName.Value.TryGetValue name with
        | true, struct (_, entry) -> entry
        | _ -> null

    /// The numbers of a tensor in main memory, for a function that says its own name in errors.
    member internal file.Numbers(operation: string, entry: SafetensorsEntry) : HostBuffer =
        let struct (part, _) = byName.Value[entry.Name]

        try
            SafetensorsNumbers.read operation part.Source part.Header entry
        with :? DamagedException as e ->
            raise (SafetensorsFile.Damage(operation, part.Path, ReadOnlySpan [| byte ' ' |], e.Message))

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
                match NearestName.find name (entries |> Array.map _.Name) with
                | null -> "`Entries` lists them."
                | nearest -> $"Is it '{nearest}'? `Entries` lists them."

            raise (
                ValueException
                    $"SafetensorsFile.Read: no tensor is called '{name}' in '{path}', which has {entries.Length}. {hint}"
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
    member _.Dispose() =
        for part in parts do
            part.Source.Dispose()

    interface IDisposable with
        member file.Dispose() = file.Dispose()
