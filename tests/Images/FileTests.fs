/// Files decoded as Pillow decodes them, and written.
module Cotangent.Images.Tests.FileTests

open System.IO
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

/// How far from Pillow's: nothing where the numbers of a file are those of its pixels.
let private tolerance (name: string) =
    match name with
    // Two rules to make 8 bits of 16, or red, green and blue of what JPEG and WebP store.
    | "cmyk.jpg" -> 1
    | "lossy.webp" -> 3
    | _ -> 0

[<Tests>]
let tests =
    testList "Files" [
        for file in Directory.GetFiles(fixture "files", "*.expected.png") |> Array.sort do
            let expected = Image.load file
            let path = file.Replace(".expected.png", "")
            let name = Path.GetFileName path |> string

            test $"{name}, as Pillow has it" {
                let actual = Image.load path

                // Where every pixel of a picture in colours is grey, Pillow's PNG is one of colours, too.
                let apart = distance actual expected
                Expect.isLessThanOrEqual apart (tolerance name) $"{apart} levels apart"
            }

        test "16 bits become 8: the levels are those of the file over 257, rounded or cut" {
            let gray = Image.load (fixture "files/gray16.png")
            Expect.equal (string gray) "image 8 × 8 × 1" "sizes"

            for i in 0..63 do
                let level = float (i * 1040) / 257.0
                Expect.isLessThan (abs (float gray[i / 8, i % 8, 0] - level)) 1.0 $"pixel {i}"

            let colors = Image.load (fixture "files/rgb16.png")
            Expect.equal (string colors) "image 4 × 5 × 3" "sizes"

            for y in 0..3 do
                for x in 0..4 do
                    let expected = [| x * 51; y * 85; (x * y * 7) % 256 |]

                    for c in 0..2 do
                        Expect.isLessThanOrEqual (abs (int colors[y, x, c] - expected[c])) 1 $"{y}, {x}, {c}"
        }

        test "EXIF's eight orientations give one picture, unless told otherwise" {
            let upright = Image.load (fixture "files/exif1.jpg")

            for o in 1..8 do
                let raw = Image.loadWith { Image.defaults with Orient = false } (fixture $"files/exif{o}.jpg")

                Expect.equal raw upright $"as stored, {o}"

            let turned = Image.load (fixture "files/exif6.jpg")
            Expect.equal (turned.Height, turned.Width) (upright.Width, upright.Height) "a quarter"
        }

        test "a large JPEG comes smaller on request, and looks the same" {
            let smooth =
                Image.create 160 240 3 [|
                    for y in 0..159 do
                        for x in 0..239 do
                            for c in 0..2 -> byte (127.0 + 100.0 * sin (float (x + y * c) / 40.0))
                |]

            let file = Image.encodeJpeg 95 smooth
            let decode side = Image.decodeWith { Image.defaults with ShorterSide = side } file

            for side, height, width in [ 20, 20, 30; 21, 40, 60; 80, 80, 120; 81, 160, 240; 500, 160, 240 ] do
                let small = decode side
                Expect.equal (small.Height, small.Width) (height, width) $"at least {side}"
                expectWithin 8 small (Geometry.resize Resampling.Area height width smooth)

            let png = Image.encodePng smooth

            Expect.equal
                (Image.decodeWith { Image.defaults with ShorterSide = 20 } png)
                smooth
                "others as they are"
        }

        test "channels as asked for" {
            let load channels background file =
                Image.loadWith
                    { Image.defaults with Channels = channels; Background = background }
                    (fixture $"files/{file}")

            for file, stored in [ "gray.png", 1; "rgb.jpg", 3; "alpha.png", 4; "gray-alpha.png", 4 ] do
                Expect.equal (Image.load (fixture $"files/{file}")).Channels stored file
                Expect.equal (load Channels.Gray Color.White file).Channels 1 file
                Expect.equal (load Channels.Rgb Color.White file).Channels 3 file
                Expect.equal (load Channels.Rgba Color.White file).Channels 4 file

            let alpha = Image.load (fixture "files/alpha.png")
            let background = Color.OfRgb(200uy, 100uy, 50uy)
            let flat = load Channels.Rgb background "alpha.png"

            for y in 0 .. alpha.Height - 1 do
                for x in 0 .. alpha.Width - 1 do
                    for c in 0..2 do
                        let a = float alpha[y, x, 3] / 255.0
                        let behind = [| 200.0; 100.0; 50.0 |][c]
                        let expected = a * float alpha[y, x, c] + (1.0 - a) * behind
                        Expect.isLessThanOrEqual (abs (float flat[y, x, c] - expected)) 1.0 "over"

            Expect.equal
                (Image.convert Channels.Rgba (Image.load (fixture "files/rgb.png"))).Channels
                4
                "added"
        }

        test "luma as Pillow has it" {
            Expect.equal (Image.convert Channels.Gray source) (made "gray") "gray"
            Expect.equal (Image.convert Channels.Gray source) sourceGray "the same"
        }

        test "a PNG brings every byte back" {
            for channels in [ 1; 3; 4 ] do
                for height, width in [ 1, 1; 1, 17; 16, 3; 33, 65 ] do
                    let image = noise (height + channels) height width channels
                    Expect.equal (Image.decode (Image.encodePng image)) image $"{image}"
        }

        test "a JPEG comes back nearly, and better with more quality" {
            let smooth =
                Image.create 32 48 3 (Array.init (32 * 48 * 3) (fun i -> byte (i / 3 % 48 * 4 + i % 3 * 20)))

            let back quality = Image.decode (Image.encodeJpeg quality smooth)
            expectWithin 6 (back 95) smooth
            Expect.isLessThan (distance (back 100) smooth) (distance (back 5) smooth) "quality"
            let gray = Image.convert Channels.Gray smooth
            Expect.equal (Image.decode (Image.encodeJpeg 90 gray)).Channels 1 "grey stays grey"
        }

        test "save and load" {
            inFolder (fun folder ->
                let path name = Path.Combine(folder, name)
                Image.save (path "a.png") sourceAlpha
                Image.save (path "a.png") source
                Expect.equal (Image.load (path "a.png")) source "replaced"
                Image.save (path "b.JPG") source
                expectWithin 140 (Image.load (path "b.JPG")) source
                throws<ValueException, _> (fun () -> Image.save (path "a.gif") source) "'.gif'"
                throws<ValueException, _> (fun () -> Image.save (path "a.jpg") sourceAlpha) "Image.flatten"
                throws<ValueException, _> (fun () -> Image.encodeJpeg 0 source) "quality 0"
                Expect.equal (Directory.GetFiles folder).Length 2 "nothing else is left")
        }

        test "a folder of folders: ordinal order, labels by name" {
            inFolder (fun root ->
                let put (name: string) =
                    let path = Path.Combine(root, name)
                    Directory.CreateDirectory(Path.GetDirectoryName path |> string) |> ignore
                    File.WriteAllBytes(path, [||])

                for name in
                    [
                        "b/2.png"
                        "b/10.JPG"
                        "b/deep/1.webp"
                        "B/x.bmp"
                        "a/é.gif"
                        "a/notes.txt"
                        "a/.hidden.png"
                    ] do
                    put name

                let folder = ImageFolder.read root
                Expect.equal folder.Classes [| "B"; "a"; "b" |] "classes"

                let files =
                    folder.Files
                    |> Array.map (fun (struct (path, label)) ->
                        Path.GetRelativePath(root, path).Replace('\\', '/'), label)

                Expect.equal
                    files
                    [| "B/x.bmp", 0; "a/é.gif", 1; "b/10.JPG", 2; "b/2.png", 2; "b/deep/1.webp", 2 |]
                    "files"

                Directory.CreateDirectory(Path.Combine(root, "c")) |> ignore
                throws<FileException, _> (fun () -> ImageFolder.read root) "has no picture in it"
                throws<FileException, _> (fun () -> ImageFolder.read (Path.Combine(root, "c"))) "no folders"

                throws<FileException, _>
                    (fun () -> ImageFolder.read (Path.Combine(root, "d")))
                    "there is no folder")
        }
    ]
