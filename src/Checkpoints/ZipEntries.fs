namespace Cotangent.Checkpoints

open System
open System.IO
open System.IO.Compression
open Cotangent

/// Files of others, for functions that say their own name in errors.
module internal ForeignFile =
    /// Has a function read what is of some kind; what is wrong with it is an error that names the file.
    let ofStream (operation: string) (path: string) (kind: string) (read: Stream -> 'a) (input: Stream) : 'a =
        let fail (reason: string) =
            let head: byte[] = Array.zeroCreate (int (min input.Length (int64 FileKind.Looked)))
            input.Position <- 0L
            input.ReadExactly(head, 0, head.Length)

            match FileKind.recognise (ReadOnlySpan head) with
            | NonNull other when not (other.StartsWith(kind, StringComparison.Ordinal)) ->
                raise (FileException $"{operation}: '{path}' is not {kind}: it is {other}")
            | _ ->
                raise (
                    FileException $"{operation}: '{path}' is not {kind}, or damaged: {reason}. Get it again."
                )

        try
            read input
        with
        | :? DamagedException as e -> fail e.Message
        // What .NET says of archives and compressed data that are no such.
        | :? InvalidDataException as e -> fail (e.Message.TrimEnd '.')

    /// The same with a file.
    let reading (operation: string) (path: string) (kind: string) (read: Stream -> 'a) : 'a =
        if Directory.Exists path then
            raise (FileException $"{operation}: '{path}' is a folder. Name a file in it.")

        use file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete)
        ofStream operation path kind read file

/// Files in a zip archive, which may say anything of their sizes.
module internal ZipEntries =
    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    /// Deflate makes no byte into more than this many.
    [<Literal>]
    let private MostExpansion = 1032L

    let require (entry: ZipArchiveEntry) =
        if entry.Length > (entry.CompressedLength + 1L) * MostExpansion then
            damaged
                $"{Untrusted.quote entry.FullName} would be {entry.Length} bytes of {entry.CompressedLength} compressed ones"

        if entry.Length > int64 Array.MaxLength then
            damaged $"{Untrusted.quote entry.FullName} is {entry.Length} bytes long, more than one array is"

    /// The bytes of one of them.
    let bytes (entry: ZipArchiveEntry) : byte[] =
        require entry
        use input = entry.Open()
        let bytes = GC.AllocateUninitializedArray<byte>(int entry.Length)

        if input.ReadAtLeast(Span bytes, bytes.Length, throwOnEndOfStream = false) < bytes.Length then
            damaged $"{Untrusted.quote entry.FullName} is shorter than it says"

        bytes
