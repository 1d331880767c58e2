/// What notebooks show, by the formatters of .NET Interactive itself, which its kernels use.
module Cotangent.Charts.Tests.NotebookTests

open System
open System.Text.RegularExpressions
open Expecto
open Microsoft.DotNet.Interactive.Formatting
open Cotangent
open Cotangent.Charts

type Model = { Weight: Tensor; Bias: Tensor; Name: string }

let private html (value: obj) = value.ToDisplayString "text/html"
let private plain (value: obj) = value.ToDisplayString "text/plain"

[<Tests>]
let tests =
    testList "notebooks" [
        test "a tensor: dtype, shape, and its values in lines" {
            let x = tensor [ [ 1.0; 2.5 ]; [ -3.0; 4.0 ] ]

            Expect.equal
                (html x)
                $"<pre style='margin: 0; text-align: left'>Float64 (2, 2)\n{x}</pre>"
                "as HTML"

            Expect.stringContains (string x) "\n" "a line for each row"
            Expect.equal (plain x) "Float64 (2, 2) [[ 1. 2.5] [-3. 4. ]]" "as text, on one line"
        }

        test "a number, an empty tensor, and one of many numbers" {
            Expect.stringContains (html (tensor 1.5f)) ">Float32 1.5<" "a number"
            Expect.equal (plain (Tensor.zeros DType.Int32 [ 0; 3 ])) "Int32 (0, 3) []" "nothing"
            let many = Tensor.arange DType.Int64 100_000
            Expect.isLessThan (html many).Length 300 "a few of many"
            Expect.equal (plain many) "Int64 (100000,) [0 1 2 ... 99999]" "on one line"
        }

        test "a record of tensors: a table with each of them" {
            let model = {
                Weight = tensor [ [ 1.0f; 2.0f ]; [ 3.0f; 4.0f ] ]
                Bias = tensor [ 0.5f ]
                Name = "first"
            }

            let text = html model

            for wanted in [ "Weight"; "Bias"; "first"; "Float32 (2, 2)\n[[1. 2.]\n"; "Float32 (1,)\n[0.5]" ] do
                Expect.stringContains text wanted "in the table"

            Expect.isFalse (text.Contains "DisplayHeader" || text.Contains "Rank") "no members of tensors"
        }

        test "a layer is a record of tensors, too" {
            let text = html (Linear.init Linear.defaults 2 3 (Key.create 0L))
            Expect.stringContains text "Float32 (2, 3)\n" "weight"
            Expect.stringContains text "Float32 (3,)\n" "bias"
        }

        test "inside a transformation: which one, and the shape" {
            let mutable text = ""

            grad
                (fun (x: Tensor) ->
                    text <- html x
                    sum x)
                (tensor [ 1.0; 2.0 ])
            |> ignore

            Expect.stringContains text "Float64 (2,)" "dtype and shape"
        }

        test "a picture is an image of its PNG" {
            let picture = Picture.OfTensor(Tensor.ones DType.Float32 [ 1; 8; 8 ])
            let found = Regex.Match(html picture, "^<img width=\"(\\d+)\" .*base64,([^\"]+)\">$")
            Expect.equal (int found.Groups[1].Value) 200 "small ones are enlarged"
            Expect.sequenceEqual (Convert.FromBase64String found.Groups[2].Value) picture.Png "the file"
        }

        test "tables keep their columns, and what HTML means is escaped" {
            let layer = Linear.init Linear.defaults 2 3 (Key.create 0L)
            let summary = Model.summary Linear.forward (Tensor.zeros DType.Float32 [ 1; 2 ]) layer
            Expect.stringContains (html summary) "<pre" "lines"
            Expect.stringContains (html summary) "weight" "the summary"

            let _, report = Profile.run (fun () -> sum (tensor [ 1.0; 2.0 ]))
            Expect.stringContains (html report) "<pre" "lines"
            Expect.isFalse (Regex.IsMatch(html report, "<(?!/?pre)")) "nothing else is HTML"
        }
    ]
