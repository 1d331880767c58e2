namespace Cotangent.Checkpoints

open System
open System.IO
open System.IO.MemoryMappedFiles
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent.Engines

/// What is wrong with a file, for whoever knows what it is called.
[<Sealed>]
type internal DamagedException(reason: string) =
    inherit Exception(reason)

/// What comes from a file and may be anything.
module internal Untrusted =
    /// A name, for messages: short, and on one line.
    let quote (name: string) : string =
        let shown = if name.Length > 60 then name.Substring(0, 60) + "…" else name
        "'" + String.map (fun c -> if Char.IsControl c then '?' else c) shown + "'"

    /// So many bytes from a place on, which are there; no more than an array has. Says where memory does not suffice.
    let bytes (operation: string) (input: Stream) (first: int64) (count: int64) : byte[] =
        Recycling.orRefuse operation count (fun () ->
            let bytes = GC.AllocateUninitializedArray<byte>(int count)
            input.Position <- first
            input.ReadExactly bytes
            bytes)

/// The bytes of an array as they lie in memory.
module internal ArrayBytes =
    /// So many of them from a place on.
    let at (array: Array) (first: int64) (count: int) : Span<byte> =
        let start = &MemoryMarshal.GetArrayDataReference array
        MemoryMarshal.CreateSpan(&Unsafe.AddByteOffset(&start, nativeint first), count)

    /// What is copied or written at once.
    [<Literal>]
    let Piece = 8388608L

/// Bytes that can be read in any place.
[<AbstractClass>]
type internal ByteSource() =
    abstract Length: int64
    /// Fills the span from a place on; what it covers must be there.
    abstract Read: first: int64 * into: Span<byte> -> unit
    abstract Dispose: unit -> unit
    default _.Dispose() = ()

    /// Bytes first .. first + count - 1.
    member source.Bytes(first: int64, count: int) : byte[] =
        let bytes = GC.AllocateUninitializedArray<byte> count
        source.Read(first, Span bytes)
        bytes

    interface IDisposable with
        member source.Dispose() = source.Dispose()

/// Those of an array.
[<Sealed>]
type internal ArraySource(bytes: byte[]) =
    inherit ByteSource()
    override _.Length = bytes.LongLength
    override _.Read(first, into) = Span<byte>(bytes, int first, into.Length).CopyTo into

/// Those of a file, mapped into memory: what is not asked for is not read.
[<Sealed>]
type internal MappedSource(file: FileStream) =
    inherit ByteSource()
    let length = file.Length

    let map =
        MemoryMappedFile.CreateFromFile(
            file,
            null,
            0L,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen = false
        )

    let view = map.CreateViewAccessor(0L, length, MemoryMappedFileAccess.Read)

    override _.Length = length

    override _.Read(first, into) =
        if first < 0L || first > length - int64 into.Length then
            raise (ArgumentOutOfRangeException(nameof first))

        view.SafeMemoryMappedViewHandle.ReadSpan<byte>(uint64 first, into)

    override _.Dispose() =
        view.Dispose()
        map.Dispose()

module internal ByteSource =
    /// Files from this size on are mapped; to map a smaller one costs more than to read it.
    [<Literal>]
    let MappedFrom = 1048576L

    let ofFile (path: string) : ByteSource =
        let file =
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete, 1)

        try
            if file.Length >= MappedFrom then
                new MappedSource(file)
            else
                use file = file
                let bytes = GC.AllocateUninitializedArray<byte>(int file.Length)
                file.ReadExactly bytes
                new ArraySource(bytes)
        with _ ->
            file.Dispose()
            reraise ()
