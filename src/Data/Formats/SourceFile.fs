namespace Cotangent.Datasets

open System
open System.IO
open System.IO.Compression
open System.Text
open Cotangent
open Cotangent.Checkpoints

/// Files that are opened for reading, and named for what they are if they are something else.
module internal SourceFile =
    /// A file that is not what it was taken for, or damaged.
    let fail (operation: string) (path: string) (reason: string) : 'a =
        raise (FileException $"{operation}: '{path}' {reason}")

    let private headOf (file: Stream) : byte[] =
        let head = Array.zeroCreate FileKind.Looked
        let count = file.ReadAtLeast(Span head, head.Length, throwOnEndOfStream = false)
        file.Position <- 0L
        head[.. count - 1]

    let isGzip (head: byte[]) = head.Length > 1 && head[0] = 0x1Fuy && head[1] = 0x8Buy

    let private openAny (operation: string) (path: string) : FileStream =
        Argument.check "path" path

        if Directory.Exists path then fail operation path "is a folder. Name a file in it."

        new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read ||| FileShare.Delete, 1 <<< 16)

    /// Whether a file is compressed by gzip.
    let isCompressed (operation: string) (path: string) : bool =
        use file = openAny operation path
        isGzip (headOf file)

    /// What is recognised in a text, and may be just that text: a page of the web by lines is one.
    let private isText (kind: string) (recognised: string) =
        recognised.StartsWith("a text in JSON", StringComparison.Ordinal)
        || (kind = "a text" && recognised.StartsWith("a page of the web", StringComparison.Ordinal))

    /// A file of a kind, decompressed on the way if it is gzip's; refused if its first bytes are those of another kind.
    let openStream (operation: string) (path: string) (kind: string) : Stream =
        let file = openAny operation path

        try
            let head = headOf file

            if isGzip head then
                new GZipStream(file, CompressionMode.Decompress)
            else
                match FileKind.recognise (ReadOnlySpan head) with
                | NonNull other when not (isText kind other) ->
                    fail operation path $"is not {kind}: it is {other}"
                | _ -> file
        with _ ->
            file.Dispose()
            reraise ()

    /// The same as text: UTF-8, or what a mark at the beginning says. Other bytes are an error, not question marks.
    let openText (operation: string) (path: string) (kind: string) : StreamReader =
        new StreamReader(
            openStream operation path kind,
            UTF8Encoding(false, true),
            detectEncodingFromByteOrderMarks = true
        )

    /// What a function reads; that the bytes are no text, or no gzip, is said of the file.
    let reading (operation: string) (path: string) (kind: string) (f: unit -> 'a) : 'a =
        try
            f ()
        with
        | :? DecoderFallbackException as e ->
            fail operation path $"is not in UTF-8: {e.Message} Save it as UTF-8."
        | :? InvalidDataException as e -> fail operation path $"is damaged: {e.Message} Get it again."
        | :? DamagedException as e ->
            fail operation path $"is not {kind}, or damaged: {e.Message}. Get it again."

    /// A file of a kind that is mapped into memory, not compressed.
    let map (operation: string) (path: string) (kind: string) : ByteSource =
        (openStream operation path kind).Dispose()

        if isCompressed operation path then
            fail
                operation
                path
                "is compressed by gzip, and can't be read in any place. Unpack it, or read it as a stream."

        ByteSource.ofFile path
