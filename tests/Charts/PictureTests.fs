module Cotangent.Charts.Tests.PictureTests

open System
open System.IO
open System.IO.Compression
open System.Text
open Expecto
open Cotangent
open Cotangent.Charts

/// The rows that a PNG packs, each with its filter first.
let private unpacked (png: byte[]) =
    let at = png.AsSpan().IndexOf(ReadOnlySpan(Encoding.ASCII.GetBytes "IDAT"))
    let length = Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(ReadOnlySpan(png, at - 4, 4))
    use packed = new ZLibStream(new MemoryStream(png, at + 4, length), CompressionMode.Decompress)
    use all = new MemoryStream()
    packed.CopyTo all
    all.ToArray()

[<Tests>]
let tests =
    testList "pictures" [
        test "the checksum of PNG is CRC-32" {
            // The check value of CRC-32/ISO-HDLC, and the whole IEND chunk as every PNG ends.
            Expect.equal (Png.crc (ReadOnlySpan(Encoding.ASCII.GetBytes "123456789"))) 0xCBF43926u "check"
            let png = Png.encode 1 1 1 [| 0uy |]

            Expect.equal (Convert.ToHexString png[png.Length - 12 ..]) "0000000049454E44AE426082" "the end"
        }

        test "channels stand side by side, rows below one another" {
            let reds, greens, blues =
                [ [ 1.0; 0.0 ]; [ 0.0; 0.0 ] ], [ [ 0.0; 1.0 ]; [ 0.0; 0.5 ] ], [ [ 0.0; 0.0 ]; [ 1.0; 1.0 ] ]

            let picture = Picture.OfTensor(tensor [ reds; greens; blues ])
            Expect.equal (picture.Width, picture.Height, picture.Outside) (2, 2, 0L) "size"

            Expect.equal
                (unpacked picture.Png |> Array.map int)
                [| 0; 255; 0; 0; 0; 255; 0; 0; 0; 0; 255; 0; 128; 255 |]
                "pixels"

            Expect.equal (Array.map int picture.Png[16..25]) [| 0; 0; 0; 2; 0; 0; 0; 2; 8; 2 |] "the header"
        }

        test "a batch becomes a grid with lines" {
            let picture = Picture.OfTensor(Tensor.ones DType.Float32 [ 3; 1; 2; 2 ])
            Expect.equal (picture.Width, picture.Height) (7, 7) "two by two"
            let row = unpacked picture.Png |> Array.chunkBySize 8
            Expect.equal row[1] [| 0uy; 128uy; 255uy; 255uy; 128uy; 255uy; 255uy; 128uy |] "a row"

            Expect.equal
                row[4]
                [| 0uy; 128uy; 255uy; 255uy; 128uy; 128uy; 128uy; 128uy |]
                "the fourth is missing"
        }

        test "what is no shade is counted" {
            let picture = Picture.OfTensor(tensor [ [ [ -0.5; 2.0; nan; 0.25 ] ] ])
            Expect.equal picture.Outside 3L "outside"
            Expect.equal (unpacked picture.Png) [| 0uy; 0uy; 255uy; 0uy; 64uy |] "the nearest"
        }

        test "other shapes are refused with a way out" {
            for shape in [ [ 28; 28 ]; [ 2; 5; 5 ]; [ 0; 1; 4; 4 ]; [ 3; 0; 4 ]; [ 1; 1; 1; 2; 2 ] ] do
                Expect.throwsC
                    (fun () -> Picture.OfTensor(Tensor.zeros DType.Float32 shape) |> ignore)
                    (fun e ->
                        Expect.isTrue (e :? ShapeException) "kind"
                        Expect.stringContains e.Message (String.Join(", ", shape)) "what it got"
                        Expect.stringContains e.Message "channels" "what it wanted")
        }
    ]
