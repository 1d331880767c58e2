namespace Cotangent.Images

open System
open System.Text

/// What a file is, by its first bytes.
[<RequireQualifiedAccess>]
type internal PictureKind =
    | Png
    | Jpeg
    | WebP
    | Bmp
    | Gif
    /// Something else, in words that go on after "it is", with what to do.
    | Other of string
    | Unknown

module internal PictureKind =
    /// As many of the first bytes as are looked at.
    [<Literal>]
    let Looked = 512

    let private has (at: int) (text: string) (head: ReadOnlySpan<byte>) =
        let wanted = Encoding.Latin1.GetBytes text

        head.Length >= at + wanted.Length
        && head.Slice(at, wanted.Length).SequenceEqual(ReadOnlySpan wanted)

    let private begins text head = has 0 text head

    /// What a file of the container of MP4, in which also pictures come, says that it is.
    let private inBoxes (head: ReadOnlySpan<byte>) =
        match Encoding.Latin1.GetString(head.Slice(8, 4)) with
        | "heic"
        | "heix"
        | "mif1" -> "a HEIC picture, as telephones take them. Save it as JPEG or PNG."
        | "avif"
        | "avis" -> "an AVIF picture. Save it as JPEG, PNG or WebP."
        | _ -> "a film, or another file of that container. Take its frames out with a program for films."

    let private isText (head: ReadOnlySpan<byte>) =
        let mutable text = true

        for b in head do
            if b < 9uy || (b > 13uy && b < 32uy) then text <- false

        text

    let private isZero (head: ReadOnlySpan<byte>) = head.IndexOfAnyExcept 0uy < 0

    /// A text as it begins, behind blanks and the mark of its encoding.
    let private text (head: ReadOnlySpan<byte>) =
        Encoding.Latin1.GetString(head).TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n')

    let private starts (word: string) (text: string) =
        text.StartsWith(word, StringComparison.OrdinalIgnoreCase)

    let private ofText (head: ReadOnlySpan<byte>) =
        let text = text head

        if starts "version https://git-lfs" text then
            "a pointer of Git LFS, not the file it stands for. Fetch that by 'git lfs pull'."
        elif starts "<!doctype html" text || starts "<html" text then
            "a page of the web: a download that led to an error or a login, perhaps. Look at it as a text."
        elif
            starts "<svg" text
            || (starts "<?xml" text && text.Contains("<svg", StringComparison.OrdinalIgnoreCase))
        then
            "an SVG drawing, which has no pixels. Draw it to a PNG."
        elif starts "<?xml" text then
            "an XML text: an error that a server sent instead of the picture, perhaps. Look at it as a text."
        elif starts "{" text || starts "[" text then
            "a text in JSON: an error that a server sent instead of the picture, perhaps. Look at it as a text."
        else
            "a text. Look at what it says."

    let recognise (head: ReadOnlySpan<byte>) : PictureKind =
        if head.IsEmpty then
            PictureKind.Other "empty. Was it written whole?"
        elif begins "\u0089PNG\r\n\u001A\n" head then
            PictureKind.Png
        elif begins "\u00FF\u00D8\u00FF" head then
            PictureKind.Jpeg
        elif begins "RIFF" head && has 8 "WEBP" head then
            PictureKind.WebP
        elif begins "GIF87a" head || begins "GIF89a" head then
            PictureKind.Gif
        elif begins "BM" head && head.Length > 26 && not (isText head) then
            PictureKind.Bmp
        elif begins "II*\u0000" head || begins "MM\u0000*" head then
            PictureKind.Other "a TIFF picture. Save it as PNG."
        elif has 4 "ftyp" head && head.Length >= 12 then
            PictureKind.Other(inBoxes head)
        elif begins "\u00FF\u000A" head || has 4 "JXL " head then
            PictureKind.Other "a JPEG XL picture. Save it as JPEG or PNG."
        elif has 4 "jP  " head then
            PictureKind.Other "a JPEG 2000 picture. Save it as JPEG or PNG."
        elif begins "\u0000\u0000\u0001\u0000" head then
            PictureKind.Other "an icon of Windows. Save it as PNG."
        elif begins "8BPS" head then
            PictureKind.Other "a Photoshop document. Save it as PNG."
        elif begins "%PDF" head then
            PictureKind.Other "a PDF document. Draw its pages to PNGs."
        elif begins "PK\u0003\u0004" head then
            PictureKind.Other "a zip archive. Unpack it."
        elif begins "\u001F\u008B" head then
            PictureKind.Other "compressed by gzip. Unpack it."
        elif begins "\u0093NUMPY" head then
            PictureKind.Other "an .npy array of NumPy, which `NumPy.readArray` reads."
        elif begins "RIFF" head then
            PictureKind.Other "a film or a sound in a RIFF container, no picture."
        elif isZero head then
            PictureKind.Other "nothing but zeros, at least where it begins. Was it written whole?"
        elif isText head then
            PictureKind.Other(ofText head)
        else
            PictureKind.Unknown

    let name (kind: PictureKind) =
        match kind with
        | PictureKind.Png -> "PNG"
        | PictureKind.Jpeg -> "JPEG"
        | PictureKind.WebP -> "WebP"
        | PictureKind.Bmp -> "BMP"
        | PictureKind.Gif -> "GIF"
        | PictureKind.Other _
        | PictureKind.Unknown -> "unknown"
