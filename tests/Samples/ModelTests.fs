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

let private quick name = [ name; "--quick"; "--out"; "pages/p.html"; "--metrics"; "m.json" ]

/// What a quick run of a model of so many parameters measures, and whether it leaves what it should.
let private measured name parameters folder =
    let code, output, errors = run "Models" folder (quick name)
    Expect.equal (code, errors) (0, "") output
    let left = [| "m.json"; $"{name}.safetensors"; Path.Combine("pages", "p.html") |]
    Expect.equal (files folder) (Array.sort left) "files"
    let page = File.ReadAllText(Path.Combine(folder, "pages", "p.html"))
    Expect.isFalse (Regex.IsMatch(page, "<(script|link)[^>]*(src|href)=.http")) "opens without a network"
    Expect.isGreaterThan page.Length 1_000_000 "has plotly.js in it"
    let found = metrics folder
    Expect.equal (found["sample"].GetString()) name "sample"
    Expect.equal (number "parameters" found) parameters "parameters"
    Expect.isGreaterThan (number "seconds" found) 0.0 "seconds"
    found

/// What the second program prints of a model that a run has left.
let private predicted folder (name: string) arguments =
    let code, output, errors = run "Predict" folder ($"{name}.safetensors" :: arguments)
    Expect.equal (code, errors) (0, "") output
    output

/// A measure with so many digits, as the programs print it.
let private shown name digits (metrics: System.Collections.Generic.Dictionary<string, JsonElement>) =
    let text =
        (number name metrics).ToString($"F{digits}", System.Globalization.CultureInfo.InvariantCulture)

    $"{name} {text}"

[<Tests>]
let tests =
    testSequenced
    <| testList "Models" [
        // In NumPy, on the same 400 and 200 images: logistic regression (gradient descent from zeros at rate 0.1) has a loss of
        // 0.6355 on the test images after 250 steps, and the nearest of the classes' means an accuracy of 0.685.
        test "the digits do better than simpler models in NumPy" {
            inFolder (fun folder ->
                let found = measured "digits" 50186.0 folder
                Expect.isLessThan (number "loss" found) 0.6355 "loss"
                Expect.isGreaterThan (number "accuracy" found) 0.685 "accuracy"

                // A run of the same seed gives the same numbers, and so does the same in C#.
                run "Models" folder (quick "digits") |> ignore
                Expect.equal (number "loss" (metrics folder)) (number "loss" found) "again"

                let accuracy = shown "accuracy" 4 found
                Expect.stringContains (predicted folder "digits" []) accuracy "loaded again"

                let code, output, errors = run "Digits.CSharp" folder [ "--quick" ]
                Expect.equal (code, errors) (0, "") output
                Expect.stringContains (predicted folder "digits" []) accuracy "of the file that C# saved"

                Expect.stringContains output (shown "loss" 6 found) "in C#")
        }

        test "so does the ResNet" {
            inFolder (fun folder ->
                let found = measured "resnet" 165626.0 folder
                Expect.isLessThan (number "loss" found) 0.6355 "loss"
                Expect.isGreaterThan (number "accuracy" found) 0.685 "accuracy"

                // Batch normalisation's means and variances come back, too.
                Expect.stringContains
                    (predicted folder "resnet" [])
                    (shown "accuracy" 4 found)
                    "loaded again")
        }

        // In NumPy, on the same images. A test image costs 387.2 nats where each pixel is the mean of the training images,
        // kept from 0 and 1 as serves best, and 186.8 where each is itself. The mean squared error of five principal
        // components is 0.0325. The distance of blocks between 200 training images and the test images is 0.143292, by the
        // eigenvalues of the product of the covariances; that of independent pixels of the right means and variances is 2.204.
        test "the autoencoder does better than the mean and principal components in NumPy" {
            inFolder (fun folder ->
                let found = measured "vae" 258025.0 folder
                Expect.isLessThan (number "loss" found) 387.2 "loss"

                Expect.isGreaterThan
                    (number "pixels" found)
                    186.8
                    "pixels can't cost less than they do by themselves"

                Expect.floatClose
                    Accuracy.medium
                    (number "loss" found)
                    (number "pixels" found + number "latent" found)
                    "the loss"

                Expect.isLessThan (number "squaredError" found) 0.0325 "squared error"

                Expect.floatClose
                    { absolute = 1e-5; relative = 0.0 }
                    (number "blockDistanceOfReal" found)
                    0.143292
                    "real"

                Expect.isLessThan (number "blockDistance" found) 2.204 "blocks"
                predicted folder "vae" [] |> ignore

                Expect.isTrue
                    (File.Exists(Path.Combine(folder, "made.png")))
                    "drawn by the program that loads it")
        }

        test "the DCGAN does better than independent pixels" {
            inFolder (fun folder ->
                let found = measured "dcgan" 270754.0 folder

                Expect.floatClose
                    { absolute = 1e-5; relative = 0.0 }
                    (number "blockDistanceOfReal" found)
                    0.143292
                    "real"

                Expect.isLessThan (number "blockDistance" found) 2.204 "blocks"

                Expect.isGreaterThan
                    (number "featureDistance" found)
                    (number "featureDistanceOfReal" found)
                    "features"

                predicted folder "dcgan" [ "pictures.png" ] |> ignore
                Expect.isTrue (File.Exists(Path.Combine(folder, "pictures.png"))) "drawn")
        }

        // Counted in Python on the same 55,822 and 3,676 letters: the mixture of Witten and Bell (1991) of letters by none, one, two
        // and four before them takes 3.547961, 2.795514 and 2.508958 bits a letter.
        test "the text is predicted better than by pairs of letters, and written" {
            inFolder (fun folder ->
                let found = measured "text" 112480.0 folder
                Expect.floatClose Accuracy.high (number "bitsPerCharacterBigram" found) 3.547960751 "bigram"

                Expect.floatClose
                    Accuracy.high
                    (number "bitsPerCharacterTrigram" found)
                    2.795513709
                    "trigram"

                Expect.floatClose Accuracy.high (number "bitsPerCharacterFivegram" found) 2.508957876 "five"
                // Python's gzip takes 4.0588.
                Expect.isLessThan (abs (number "bitsPerCharacterGzip" found - 4.0588)) 0.1 "gzip"
                Expect.isLessThan (number "bitsPerCharacter" found) 3.547960751 "transformer"
                Expect.isLessThan (number "bitsPerCharacterLstm" found) 3.547960751 "LSTM"
                let page = File.ReadAllText(Path.Combine(folder, "pages", "p.html"))
                Expect.isTrue (Regex.Count(page, @"COMPUTER, n\.") >= 2) "both have written"
                Expect.stringStarts (predicted folder "text" [ "gradient" ]) "GRADIENT, n.  " "a definition"
                run "Models" folder (quick "text") |> ignore
                let again = metrics folder
                Expect.equal (number "bitsPerCharacter" again) (number "bitsPerCharacter" found) "again")
        }

        test "a linear model is what NumPy finds, and its gradient too" {
            inFolder (fun folder ->
                let code, output, errors =
                    run "Models" folder [ "graph"; "--out"; "g.html"; "--metrics"; "m.json" ]

                Expect.equal (code, errors) (0, "") output
                let found = metrics folder
                // numpy.linalg.lstsq on the same 200 examples.
                Expect.isLessThan (abs (number "loss" found - 0.008810456085136467)) 1e-12 "loss"
                Expect.isLessThan (number "distance" found) 1e-9 "from the solution of the normal equations"
                Expect.isLessThan (number "gradientError" found) 1e-13 "gradient"
                Expect.equal (number "parameters" found) 5.0 "parameters"
                let page = File.ReadAllText(Path.Combine(folder, "g.html"))
                Expect.equal (Regex.Matches(page, "<iframe").Count) 2 "the loss and its gradient are drawn"
                let code, output, errors = run "Graph.CSharp" folder []
                Expect.equal (code, errors) (0, "") output
                let last = output.TrimEnd().Split('\n') |> Array.last
                Expect.equal (last.Trim()) (found["loss"].GetRawText()) "in C#"
                // X·w + b is linear in X.
                let told x = float (predicted folder "graph" x)
                let zero = told [ "0"; "0"; "0"; "0" ]

                Expect.floatClose
                    { absolute = 3e-6; relative = 0.0 }
                    (told [ "1"; "2"; "0"; "-1" ] - zero)
                    (told [ "1"; "0"; "0"; "-1" ] + told [ "0"; "2"; "0"; "0" ] - 2.0 * zero)
                    "told by the program that loads it")
        }

        test "a pendulum is foreseen better than by the harmonic law" {
            inFolder (fun folder ->
                let code, output, errors =
                    run "Models" folder [ "pendulum"; "--quick"; "--out"; "p.html"; "--metrics"; "m.json" ]

                Expect.equal (code, errors) (0, "") output
                let found = metrics folder
                // numpy.linalg.lstsq of each observation by the one before, on the same 129, run on from the true state.
                Expect.isLessThan
                    (abs (number "linearError" found - 0.658857044967361))
                    1e-9
                    "the linear law"

                // Though the linear law is told the true state to start from.
                Expect.isLessThan (number "heldOutError" found) (number "linearError" found / 2.0) "ahead"

                Expect.isLessThan
                    (number "learntError" found)
                    (number "noise" found)
                    "behind, against the noise"

                let swing = predicted folder "pendulum" [ "1"; "0" ]
                Expect.equal (Regex.Count(swing, " s: angle")) 20 "two seconds")
        }

        for arguments, message in
            [
                [ "pictures" ], "digits"
                [ "digits"; "--epochs"; "0" ], "--epochs"
                [ "digits"; "--seed"; "-1" ], "--seed"
                [ "digits"; "--out"; "" ], "--out"
                [ "digits"; "--out"; "same"; "--metrics"; "same" ], "same file"
                [ "digits"; "--out"; "same"; "--save"; "same" ], "same file"
            ] do
            test $"""refused: {String.concat " " arguments}""" {
                inFolder (fun folder ->
                    let code, output, errors = run "Models" folder arguments
                    Expect.equal (code, output) (2, "") errors
                    Expect.stringContains errors message "what it says"
                    Expect.isEmpty (files folder) "no file is left behind")
            }

        test "a page follows the training, if one is named" {
            inFolder (fun folder ->
                let arguments = [ "digits"; "--quick"; "--epochs"; "1"; "--watch"; "watched.html" ]
                let code, output, errors = run "Models" folder arguments
                Expect.equal (code, errors) (0, "") output
                let page = File.ReadAllText(Path.Combine(folder, "watched.html"))
                Expect.stringContains page "first.weight" "with the parameters' histograms")
        }

        test "what no sample has saved is refused" {
            inFolder (fun folder ->
                Cotangent.Checkpoint.save
                    (Path.Combine(folder, "mine.safetensors"))
                    (Cotangent.Tensor.ones Cotangent.DType.Float32 [ 1 ])

                for arguments, message in
                    [
                        [], "predict FILE"
                        [ "none.safetensors" ], "none.safetensors"
                        [ "mine.safetensors" ], "was not saved by one of the samples"
                    ] do
                    let code, output, errors = run "Predict" folder arguments
                    Expect.equal (code, output) (2, "") errors
                    Expect.stringContains errors message "what it says")
        }
    ]
