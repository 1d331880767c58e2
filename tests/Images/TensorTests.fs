/// Pictures, tensors, and pictures again; grids.
module Cotangent.Images.Tests.TensorTests

open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

[<Tests>]
let tests =
    testList "Tensors" [
        test "channels lead, numbers go from 0 to 1" {
            for image in [ source; sourceAlpha; sourceGray ] do
                let t = Image.toTensor image
                Expect.equal t.Shape [| image.Channels; image.Height; image.Width |] "shape"
                Expect.equal t.DType DType.Float32 "dtype"
                let data = t.ToData<float32[,,]>()

                for y in 0 .. image.Height - 1 do
                    for x in 0 .. image.Width - 1 do
                        for c in 0 .. image.Channels - 1 do
                            Expect.equal data[c, y, x] (float32 image[y, x, c] / 255.0f) $"{c}, {y}, {x}"
        }

        test "and back, in every dtype that holds 256 levels" {
            for image in [ source; sourceAlpha; sourceGray ] do
                for dtype in
                    [
                        DType.Float32
                        DType.Float64
                        DType.Float16
                        DType.Int16
                        DType.Int32
                        DType.Int64
                        DType.UInt8
                        DType.UInt16
                        DType.UInt32
                        DType.UInt64
                    ] do
                    let t = Image.toTensorOf dtype image
                    Expect.equal t.DType dtype "dtype"
                    Expect.equal (Image.ofTensor t) image $"{dtype}"

                let bytes = (Image.toTensorOf DType.UInt8 image).ToData<byte[,,]>()
                Expect.equal bytes[0, 1, 2] image[1, 2, 0] "a byte"

                // BFloat16 has 8 bits of precision: near 1 its steps are a level wide.
                expectWithin 1 (Image.ofTensor (Image.toTensorOf DType.BFloat16 image)) image

            Expect.equal
                (float ((Image.toTensorOf DType.Int32 source).Max()))
                (float (Array.max source.Bytes))
                "integers are levels"

            throws<DTypeException, _> (fun () -> Image.toTensorOf DType.Bool source) "Bool"
            throws<DTypeException, _> (fun () -> Image.toTensorOf DType.Int8 source) "Take UInt8"
        }

        test "numbers out of range are refused, or clamped on request" {
            let t value = Tensor.full DType.Float32 [ 3; 2; 2 ] value
            let level value = (Image.ofTensor (t value))[0, 0, 0]
            Expect.equal (level 0.5) 128uy "rounded"
            Expect.equal (level 1.0000001) 255uy "rounding errors are none"
            Expect.equal (level -0.0000001) 0uy "at either end"
            throws<ValueException, _> (fun () -> Image.ofTensor (t 1.01)) "channel 0, row 0, column 0"
            throws<ValueException, _> (fun () -> Image.ofTensor (t -0.01)) "Image.ofTensorClamped"
            throws<ValueException, _> (fun () -> Image.ofTensor (t nan)) "no level"
            throws<ValueException, _> (fun () -> Image.ofTensorClamped (t nan)) "NaN"
            Expect.equal (Image.ofTensorClamped (t 7.0)).[0, 0, 0] 255uy "above"
            Expect.equal (Image.ofTensorClamped (t -infinity)).[0, 0, 0] 0uy "below"

            throws<ShapeException, _>
                (fun () -> Image.ofTensor (Tensor.zeros DType.Float32 [ 2; 2; 2 ]))
                "(2, 2, 2)"

            throws<ShapeException, _>
                (fun () -> Image.ofTensor (Tensor.zeros DType.Float32 [ 2; 2 ]))
                "(2, 2)"

            throws<DTypeException, _> (fun () -> Image.ofTensor (Tensor.zeros DType.Bool [ 1; 2; 2 ])) "Bool"
        }

        test "normalised" {
            let mean, deviation = [| 0.485; 0.456; 0.406 |], [| 0.229; 0.224; 0.225 |]
            let column (numbers: float[]) = (tensor numbers).Reshape [ 3; 1; 1 ]
            let expected = (Image.toTensorOf DType.Float64 source - column mean) / column deviation
            let actual = Image.normalize mean deviation source
            Expect.isTrue ((actual.Convert DType.Float64).AllClose(expected, 1e-6, 1e-6)) "numbers"

            throws<ShapeException, _>
                (fun () -> Image.normalize mean deviation sourceAlpha)
                "for each channel"

            throws<ValueException, _>
                (fun () -> Image.normalize mean [| 1.0; 0.0; 1.0 |] source)
                "deviation 0"
        }

        test "stacked and unstacked" {
            let images = [| source; Image.filled 29 37 Color.Black |]
            let t = Image.stack images
            Expect.equal t.Shape [| 2; 3; 29; 37 |] "shape"
            Expect.equal t[0] (Image.toTensor source) "first"
            Expect.equal (Image.unstack t) images "back"
            throws<ShapeException, _> (fun () -> Image.stack [ source; sourceGray ]) "picture 1"
            throws<ValueException, _> (fun () -> Image.stack []) "no pictures"
        }

        test "a grid" {
            let colors = [ for level in 1uy .. 5uy -> Image.filled 2 3 (Color.OfGray level) ]
            let grid = Image.gridOn (Color.OfGray 9uy) 3 1 colors
            Expect.equal (string grid) "image 7 × 13 × 3" "sizes"

            for y in 0..6 do
                for x in 0..12 do
                    let isPadding = y % 3 = 0 || x % 4 = 0
                    let n = y / 3 * 3 + x / 4
                    let expected = if isPadding || n > 4 then 9 else n + 1
                    Expect.equal (int grid[y, x, 0]) expected $"{y}, {x}"

            Expect.equal (string (Image.grid 8 0 colors)) "image 2 × 15 × 3" "no wider than its pictures"
            throws<ShapeException, _> (fun () -> Image.grid 2 0 [ source; sourceGray ]) "picture 1"
            throws<ValueException, _> (fun () -> Image.grid 0 0 [ source ]) "columns"
            throws<ValueException, _> (fun () -> Image.grid 2 -1 [ source ]) "padding"
        }

        test "pictures of bytes" {
            let bytes = [| 1uy; 2uy; 3uy; 4uy; 5uy; 6uy |]
            let image = Image.create 1 2 3 bytes
            bytes[0] <- 99uy
            Expect.equal image[0, 0, 0] 1uy "the bytes are copied"
            Expect.equal image[0, 1, 2] 6uy "order"
            Expect.equal (image.GetHashCode()) ((Image.create 1 2 3 [| 1uy .. 6uy |]).GetHashCode()) "hash"
            Expect.notEqual image (Image.create 2 1 3 [| 1uy .. 6uy |]) "sizes count"
            throws<ShapeException, _> (fun () -> Image.create 1 2 3 [| 1uy |]) "takes 6"
            throws<ValueException, _> (fun () -> Image.create 0 2 3 [||]) "height"
            throws<ValueException, _> (fun () -> Image.create 1 2 2 [||]) "2 channels"
            throws<ValueException, _> (fun () -> Image.filled 60000 60000 Color.White) "more than an array"
            throws<IndexException, _> (fun () -> image[0, 2, 0]) "[0, 2, 0]"
        }
    ]
