namespace Cotangent.Images

open System

/// Whether a JPEG file has its end. A progressive one that is cut short still shows all of its pixels, only blurred, and codecs take
/// it for whole.
module internal JpegEnd =
    /// The place behind compressed data: of the next marker, or of the file's end. In such data 0xFF is followed by 0, or by a restart.
    let private behindScan (file: byte[]) (start: int) =
        let mutable at = start
        let mutable inScan = true

        while inScan do
            match Array.IndexOf(file, 0xFFuy, at) with
            | -1 ->
                at <- file.Length
                inScan <- false
            | found ->
                at <- found
                let next = if found + 1 < file.Length then file[found + 1] else 0xFFuy
                let isInScan = next = 0uy || (next >= 0xD0uy && next <= 0xD7uy)

                if isInScan then at <- found + 2 else inScan <- false

                if at >= file.Length then inScan <- false

        at

    /// False where the file ends before its end marker; true also where it is not built as a JPEG is, which is for the codec to say.
    let isThere (file: byte[]) : bool =
        let mutable at = 2
        let mutable answer = ValueNone

        while answer.IsNone do
            if at + 1 >= file.Length then
                answer <- ValueSome false
            elif file[at] <> 0xFFuy then
                answer <- ValueSome true
            else
                match file[at + 1] with
                | 0xD9uy -> answer <- ValueSome true
                // Padding.
                | 0xFFuy -> at <- at + 1
                // Markers that stand alone.
                | 0x01uy -> at <- at + 2
                | marker when marker >= 0xD0uy && marker <= 0xD8uy -> at <- at + 2
                | marker ->
                    if at + 3 >= file.Length then
                        answer <- ValueSome false
                    else
                        let length = (int file[at + 2] <<< 8) ||| int file[at + 3]
                        at <- at + 2 + length

                        if marker = 0xDAuy && at < file.Length then at <- behindScan file at

        answer.Value
