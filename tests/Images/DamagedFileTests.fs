/// Files that are damaged, hostile, or something else: an error that says so, and nothing worse.
module Cotangent.Images.Tests.DamagedFileTests

open System
open System.IO
open System.Text
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

let private others: (string * byte[] * string) list =
    let text (s: string) = Encoding.UTF8.GetBytes s

    [
        "an empty file", [||], "it is empty"
        "a pointer of LFS", text "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "Git LFS"
        "a page", text "\n<!DOCTYPE html><html>404</html>", "a page of the web"
        "XML", text "<?xml version='1.0'?><Error>AccessDenied</Error>", "an XML text"
        "SVG", text "<?xml version='1.0'?><svg width='3'></svg>", "an SVG drawing"
        "JSON", text "{\"error\": \"not found\"}", "JSON"
        "a text", text "Bad Gateway", "a text"
        "a text that begins as BMP does", text "BMW is a company in Munich, Germany.", "a text"
        "TIFF", [| 0x49uy; 0x49uy; 42uy; 0uy; 8uy; 0uy; 0uy; 0uy |], "a TIFF picture"
        "HEIC", Array.append [| 0uy; 0uy; 0uy; 24uy |] (text "ftypheic\000\000"), "HEIC"
        "AVIF", Array.append [| 0uy; 0uy; 0uy; 24uy |] (text "ftypavif\000\000"), "AVIF"
        "a film", Array.append [| 0uy; 0uy; 0uy; 24uy |] (text "ftypisom\000\000"), "a film"
        "PDF", text "%PDF-1.7\n%\u0001", "a PDF"
        "a zip", Array.append (text "PK\003\004") (Array.zeroCreate 40), "a zip archive"
        "zeros", Array.zeroCreate 1000, "nothing but zeros"
        "noise", Array.init 100 (fun i -> byte (i * 73 + 201)), "it begins as none of"
        "a beginning of PNG alone", "\u0089PNG\r\n\u001A\n" |> Encoding.Latin1.GetBytes, "(PNG)"
        "a beginning of JPEG alone", [| 0xFFuy; 0xD8uy; 0xFFuy |], "(JPEG)"
    ]

let private fixtures =
    [
        "rgb.png"
        "gray.png"
        "palette.png"
        "alpha.png"
        "rgb16.png"
        "rgb.jpg"
        "progressive.jpg"
        "cmyk.jpg"
        "exif6.jpg"
        "gray.jpg"
    ]
    @ [ "rgb.webp"; "lossy.webp"; "alpha.webp"; "rgb.bmp"; "palette.bmp"; "animated.gif" ]

let private read (name: string) = File.ReadAllBytes(fixture $"files/{name}")

/// A file with bytes changed, taken out, put in or cut off.
let private mutated (random: Random) (file: byte[]) : byte[] =
    let mutable bytes = Array.copy file

    for _ in 0 .. random.Next 4 do
        if bytes.Length > 1 then
            let at = random.Next bytes.Length

            match random.Next 6 with
            | 0 -> bytes[at] <- byte (random.Next 256)
            | 1 -> bytes[at] <- bytes[at] ^^^ (1uy <<< random.Next 8)
            | 2 -> bytes <- bytes[.. at - 1]
            | 3 -> bytes <- Array.removeManyAt at (min (1 + random.Next 8) (bytes.Length - at)) bytes
            | 4 ->
                bytes <-
                    Array.insertManyAt
                        at
                        (Array.init (1 + random.Next 8) (fun _ -> byte (random.Next 256)))
                        bytes
            // Sizes stand at the beginning.
            | _ ->
                bytes[random.Next(min 64 bytes.Length)] <- [| 0uy; 1uy; 127uy; 128uy; 255uy |][random.Next 5]

    bytes

/// The picture, or nothing where there is an error that we raise; others fail the test.
let private attempt (file: byte[]) =
    try
        Some(Image.decode file)
    with :? FileException ->
        None

[<Tests>]
let tests =
    testList "Damaged files" [
        for name, bytes, fragment in others do
            test $"{name} is named for what it is" {
                throws<FileException, _> (fun () -> Image.decode bytes) fragment

                inFolder (fun folder ->
                    let path = Path.Combine(folder, "picture.jpg")
                    File.WriteAllBytes(path, bytes)
                    throws<FileException, _> (fun () -> Image.load path) $"'{path}'")
            }

        test "a bomb is refused before memory is taken" {
            let before = GC.GetAllocatedBytesForCurrentThread()
            let path = fixture "files/bomb.png"
            throws<FileException, _> (fun () -> Image.load path) "60000 × 60000"
            Expect.isLessThan (GC.GetAllocatedBytesForCurrentThread() - before) 10_000_000L "allocated"

            // Also where the limit is higher than memory allows.
            throws<FileException, _>
                (fun () -> Image.loadWith { Image.defaults with MaxPixels = Int64.MaxValue } path)
                "an array of .NET"

            throws<FileException, _>
                (fun () -> Image.loadWith { Image.defaults with MaxPixels = 191L } (fixture "files/rgb.png"))
                "MaxPixels"

            Image.loadWith { Image.defaults with MaxPixels = 192L } (fixture "files/rgb.png") |> ignore
        }

        test "a folder, and a file that is not there" {
            throws<FileException, _> (fun () -> Image.load (fixture "files")) "is a folder"
            throws<FileNotFoundException, _> (fun () -> Image.load (fixture "none.png")) "none.png"
        }

        for name in fixtures do
            test $"{name}, cut short anywhere, is an error or says nothing of pixels that are missing" {
                let file = read name
                let whole = Image.decode file

                for length in 1 .. file.Length - 1 do
                    // What ends a file holds no pixels: markers and checksums.
                    match attempt file[.. length - 1] with
                    | Some image when image <> whole ->
                        failtest $"{name} cut at {length} of {file.Length}: another picture without an error"
                    | Some _
                    | None -> ()
            }

        test "half a file on request" {
            let options = { Image.defaults with AllowDamaged = true }

            for name in [ "rgb.png"; "rgb.jpg" ] do
                let file = read name
                let half = Image.decodeWith options file[.. file.Length * 4 / 5]
                Expect.equal (string half) (string (Image.decode file)) "sizes"
                Expect.equal (Image.decodeWith options file[.. file.Length * 4 / 5]) half "the same again"
        }

        test "mutated files give an error or a picture" {
            let random = Random 11
            let mutable pictures, errors = 0, 0

            for name in fixtures do
                let file = read name

                for _ in 1 .. 400 * effort do
                    match attempt (mutated random file) with
                    | Some _ -> pictures <- pictures + 1
                    | None -> errors <- errors + 1

            Expect.isGreaterThan pictures 100 "some survive"
            Expect.isGreaterThan errors 1000 "many do not"
        }
    ]
