module Cotangent.Data.Tests.ReadySetTests

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

/// With COTANGENT_DATA set to a folder, or to nothing.
let private looking (folder: string) (f: unit -> unit) =
    let before = Environment.GetEnvironmentVariable "COTANGENT_DATA"
    Environment.SetEnvironmentVariable("COTANGENT_DATA", folder)

    try
        f ()
    finally
        Environment.SetEnvironmentVariable("COTANGENT_DATA", before)

/// What is said where a set is not installed; None where it is.
let private told (load: unit -> 'a) =
    try
        load () |> ignore
        None
    with :? FileNotFoundException as e ->
        Some e.Message

[<Tests>]
let sets =
    testSequenced
    <| testList "ready sets" [
        test "in a folder that COTANGENT_DATA names" {
            use folder = new Fixture.Folder()
            let bytes = File.ReadAllBytes(Fixture.file "bytes.idx.gz")
            folder.Write("train-images-idx3-ubyte.gz", bytes) |> ignore
            folder.Write("train-labels-idx1-ubyte.gz", bytes) |> ignore

            looking (folder.Path "") (fun () ->
                let images = (ReadySets.mnistDigits true).Images
                Expect.equal images.Shape [| 4; 1; 3; 2 |] "shape"

                Expect.equal
                    (images[0, 0, 0].ToData<float32[]>())
                    [| 250.0f / 255.0f; 251.0f / 255.0f |]
                    "scaled"

                let says = Option.get (told (fun () -> ReadySets.mnistDigits false))
                Expect.stringContains says "t10k-images-idx3-ubyte.gz" "the file"
                Expect.stringContains says (folder.Path "") "where it was looked for")
        }
        test "what is installed is whole, and what is not says how to get it" {
            let check name install (load: unit -> 'a) (test: 'a -> unit) =
                match told load with
                | Some says -> Expect.stringContains says install name
                | None -> test (load ())

            check
                "Fashion-MNIST"
                "apt install dataset-fashion-mnist"
                (fun () -> ReadySets.fashionMnist false)
                (fun set ->
                    Expect.equal set.Images.Shape [| 10000; 1; 28; 28 |] "images"
                    // 1,000 of each kind.
                    for kind in 0..9 do
                        Expect.equal
                            (int (set.Labels.Equal kind |> fun same -> (same.Convert DType.Int32).Sum()))
                            1000
                            "labels"

                    let image, label = set.Examples[0L]
                    Expect.equal (image.Shape, set.Names[int label]) ([| 1; 28; 28 |], "boot") "the first")

            check "iris" "apt install python3-sklearn" ReadySets.iris (fun set ->
                Expect.equal set.Values.Shape [| 150; 4 |] "rows"
                // Fisher's table: the first flower, and the mean of the petals' lengths, 3.758.
                Expect.equal (set.Values[0].ToData<float32[]>()) [| 5.1f; 3.5f; 1.4f; 0.2f |] "the first"
                let mean = float (set.Values.Slice [ Index.Rest; Index.At 2 ] |> fun column -> column.Mean())
                Expect.floatClose Accuracy.medium mean 3.758 "mean")

            check "digits" "apt install python3-sklearn" ReadySets.digits (fun set ->
                Expect.equal set.Images.Shape [| 1797; 1; 8; 8 |] "images"
                Expect.equal (float (set.Images.Max())) 1.0 "scaled")

            check "The Devil's Dictionary" "apt install dict-devil" ReadySets.devilsDictionary (fun text ->
                Expect.stringStarts text "ABASEMENT, n." "the first definition"
                Expect.isGreaterThan text.Length 370_000 "all of it")
        }
    ]
