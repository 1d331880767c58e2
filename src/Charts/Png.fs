namespace Cotangent.Charts

open System
open System.Buffers.Binary
open System.IO
open System.IO.Compression
open System.Text

/// Writes PNG files (W3C Recommendation, third edition): 8 bits a sample, no interlacing.
module internal Png =
    /// CRC-32 of ISO 3309, by the byte; chunks of PNG end with it.
    let private table =
        Array.init 256 (fun n ->
            let mutable c = uint32 n

            for _ in 1..8 do
                c <- if c &&& 1u = 1u then 0xEDB88320u ^^^ (c >>> 1) else c >>> 1

            c)

    let crc (bytes: ReadOnlySpan<byte>) : uint32 =
        let mutable c = 0xFFFFFFFFu

        for b in bytes do
            c <- table[int ((c ^^^ uint32 b) &&& 0xFFu)] ^^^ (c >>> 8)

        c ^^^ 0xFFFFFFFFu

    let private signature = [| 0x89uy; 0x50uy; 0x4Euy; 0x47uy; 0x0Duy; 0x0Auy; 0x1Auy; 0x0Auy |]

    let private bigEndian (n: uint32) =
        let bytes = Array.zeroCreate 4
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(), n)
        bytes

    /// Length, kind, content, and the checksum of the last two.
    let private chunk (output: Stream) (kind: string) (content: byte[]) =
        let checkedPart = Array.append (Encoding.ASCII.GetBytes kind) content
        output.Write(bigEndian (uint32 content.Length))
        output.Write checkedPart
        output.Write(bigEndian (crc (ReadOnlySpan checkedPart)))

    /// Grey, RGB or RGBA: how the header names one, three or four samples a pixel.
    let private colourType (channels: int) =
        match channels with
        | 1 -> 0uy
        | 3 -> 2uy
        | 4 -> 6uy
        | _ -> invalidArg (nameof channels) $"{channels} samples a pixel"

    /// A PNG of pixels row by row, each with its samples side by side.
    let encode (width: int) (height: int) (channels: int) (pixels: byte[]) : byte[] =
        use output = new MemoryStream()
        output.Write signature

        chunk output "IHDR" [|
            yield! bigEndian (uint32 width)
            yield! bigEndian (uint32 height)
            8uy
            colourType channels
            0uy
            0uy
            0uy
        |]

        use packed = new MemoryStream()

        using (new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen = true)) (fun zlib ->
            let row = width * channels

            for y in 0 .. height - 1 do
                // Each row begins with its filter: 0, none.
                zlib.WriteByte 0uy
                zlib.Write(pixels, y * row, row))

        chunk output "IDAT" (packed.ToArray())
        chunk output "IEND" [||]
        output.ToArray()
