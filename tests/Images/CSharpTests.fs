/// The C# of `CSharp/InCSharp.cs`.
module Cotangent.Images.Tests.CSharpTests

open System.IO
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.CSharp
open Cotangent.Images.Tests.Support

[<Tests>]
let tests =
    testList "C#" [
        test "examples of training and test" {
            let key = Key.create 1L
            let path = fixture "source.png"
            let x = InCSharp.TrainingExample(path, key)
            Expect.equal x.Shape [| 3; 24; 24 |] "shape"
            Expect.equal x (InCSharp.TrainingExample(path, key)) "by the key alone"
            Expect.notEqual x (InCSharp.TrainingExample(path, Key.create 2L)) "another key"

            let expected =
                Image.load path
                |> Geometry.resizeShorter Resampling.Bilinear 28
                |> Geometry.cropCenter 24 24
                |> Image.normalize [| 0.485; 0.456; 0.406 |] [| 0.229; 0.224; 0.225 |]

            Expect.equal (InCSharp.TestExample path) expected "the same as in F#"
        }

        test "batches" {
            let images = [ source; source; source ]
            let struct (x, y) = InCSharp.MixedBatch(images, Tensor.eye DType.Float32 3, Key.create 0L)
            Expect.equal x.Shape [| 3; 3; 29; 37 |] "pictures"
            Expect.equal y.Shape [| 3; 3 |] "labels"
        }

        test "a sheet" {
            inFolder (fun folder ->
                let sheet =
                    InCSharp.Sheet(Path.Combine(folder, "sheet.png"), [ source; source; source; source ])

                Expect.equal (string sheet) "image 35 × 52 × 3" "sizes")
        }

        test "pixels, errors and folders" {
            Expect.equal (InCSharp.Pixel()) 10uy "moved by one"
            Expect.stringContains (InCSharp.Problem(fixture "files/bomb.png")) "60000 × 60000" "a message"

            inFolder (fun root ->
                let folder = Directory.CreateDirectory(Path.Combine(root, "cat")).FullName
                Image.save (Path.Combine(folder, "1.png")) source
                let files = InCSharp.Files root |> List.ofSeq

                Expect.equal
                    [ for struct (path, label) in files -> Path.GetFileName path, label ]
                    [ "1.png", 0 ]
                    "files")
        }
    ]
