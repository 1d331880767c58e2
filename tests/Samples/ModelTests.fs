/// The models that learn from real data, on the few images that come along.
module Samples.Tests.ModelTests

open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Expecto
open Samples.Tests.ProgramTests

let private run project folder arguments =
    use child = start project folder arguments
    let errors = child.StandardError.ReadToEndAsync()
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    child.ExitCode, output, errors.Result

let private metrics folder =
    let text = File.ReadAllText(Path.Combine(folder, "m.json"))

    JsonSerializer.Deserialize<System.Collections.Generic.Dictionary<string, JsonElement>> text
    |> nonNull

let private number name (metrics: System.Collections.Generic.Dictionary<string, JsonElement>) =
    metrics[name].GetDouble()

let private quick = [ "digits"; "--quick"; "--out"; "pages/d.html"; "--metrics"; "m.json" ]

[<Tests>]
let tests =
    testSequenced
    <| testList "Models" [
        // In NumPy, on the same 400 and 200 images: logistic regression (gradient descent from zeros at rate 0.1) has a loss of
        // 0.6355 on the test images after 250 steps, and the nearest of the classes' means an accuracy of 0.685.
        test "the digits do better than simpler models in NumPy" {
            inFolder (fun folder ->
                let code, output, errors = run "Models" folder quick
                Expect.equal (code, errors) (0, "") output
                let found = metrics folder
                Expect.isLessThan (number "loss" found) 0.6355 "loss"
                Expect.isGreaterThan (number "accuracy" found) 0.685 "accuracy"
                Expect.equal (number "parameters" found) 50186.0 "parameters"
                Expect.equal (found["sample"].GetString()) "digits" "sample"
                Expect.equal (files folder) [| "m.json"; Path.Combine("pages", "d.html") |] "files"
                let page = File.ReadAllText(Path.Combine(folder, "pages", "d.html"))
                Expect.isFalse (Regex.IsMatch(page, "<script[^>]*src=.http")) "opens without a network"
                Expect.isGreaterThan page.Length 1_000_000 "has plotly.js in it"

                // A run of the same seed gives the same numbers, and so does the same in C#.
                run "Models" folder quick |> ignore
                Expect.equal (number "loss" (metrics folder)) (number "loss" found) "again"
                let code, output, errors = run "Digits.CSharp" folder [ "--quick" ]
                Expect.equal (code, errors) (0, "") output

                let loss =
                    System.String.Format(
                        System.Globalization.CultureInfo.InvariantCulture,
                        "loss {0:F6}",
                        number "loss" found
                    )

                Expect.stringContains output loss "in C#")
        }

        for arguments, message in
            [
                [ "pictures" ], "digits"
                [ "digits"; "--epochs"; "0" ], "--epochs"
                [ "digits"; "--seed"; "-1" ], "--seed"
                [ "digits"; "--out"; "" ], "--out"
                [ "digits"; "--out"; "same"; "--metrics"; "same" ], "same file"
            ] do
            test $"""refused: {String.concat " " arguments}""" {
                inFolder (fun folder ->
                    let code, output, errors = run "Models" folder arguments
                    Expect.equal (code, output) (2, "") errors
                    Expect.stringContains errors message "what it says"
                    Expect.isEmpty (files folder) "no file is left behind")
            }
    ]
