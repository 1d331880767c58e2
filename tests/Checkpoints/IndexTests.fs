/// Models in several files, of which an index tells: `Fixtures/sharded`, made by `Fixtures/make.py`.
module Cotangent.Tests.IndexTests

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Tests.Checks
open Cotangent.Tests.Support

let private fixtures = Path.Combine(__SOURCE_DIRECTORY__, "Fixtures", "sharded")

[<Literal>]
let private Index = "model.safetensors.index.json"

let private first = "model-00001-of-00002.safetensors"
let private second = "model-00002-of-00002.safetensors"

/// A copy of the model, for a test to spoil.
let private copied (test: string -> unit) =
    SafetensorsTests.inFolder (fun folder ->
        for file in Directory.GetFiles fixtures do
            File.Copy(file, Path.Combine(folder, Unchecked.nonNull (Path.GetFileName file)))

        test folder)

let private index (folder: string) (content: string) = File.WriteAllText(Path.Combine(folder, Index), content)

let private mapped (pairs: (string * string) list) =
    let entries = [ for name, file in pairs -> $"\"{name}\":\"{file}\"" ]
    let text = String.Join(",", entries)
    "{\"metadata\":{},\"weight_map\":{" + text + "}}"

let private whole = [
    "embed.weight", first
    "layers.0.bias", first
    "layers.1.bias", second
    "head.weight", second
]

let private read (folder: string) = Safetensors.read (Path.Combine(folder, Index))

/// What is said of an index with this content.
let private refuses (name: string) (content: string) (says: string) =
    testCase
        name
        (copied (fun folder ->
            index folder content
            raises<FileException, _> says (fun () -> read folder) name))

type private Model = {
    Embed: {| Weight: Tensor |}
    Layers: {| Bias: Tensor |} list
    Head: {| Weight: Tensor |}
}

let private template (headSizes: int list) = {
    Embed = {| Weight = Tensor.zeros DType.Float32 [ 2; 2 ] |}
    Layers = [ {| Bias = Tensor.zeros DType.Float16 [ 3 ] |}; {| Bias = Tensor.zeros DType.Int64 [ 1 ] |} ]
    Head = {| Weight = Tensor.zeros DType.Float32 headSizes |}
}

let private load (folder: string) (model: Model) = Checkpoint.load (Path.Combine(folder, Index)) model

[<Tests>]
let all =
    testList "An index of safetensors files" [
        test "all tensors by name, and one by one" {
            let tensors = read fixtures
            equals [ [ 1.0f; 2.0f ]; [ 3.0f; 4.0f ] ] tensors["embed.weight"]
            equals [ half 1.5; half 2.0; half -1.0 ] tensors["layers.0.bias"]
            equals [ 7L ] tensors["layers.1.bias"]
            equals [ [ 5.0f ]; [ 6.0f ] ] tensors["head.weight"]
            use file = Safetensors.openFile (Path.Combine(fixtures, Index))
            Expect.equal file.Entries.Length 4 "entries"
            equals [ 7L ] (file.Read "layers.1.bias")
            Expect.equal file.Metadata (Map [ "format", "pt" ]) "texts"

            raises<ValueException, _>
                "Is it 'head.weight'?"
                (fun () -> file.Read "head.weigth")
                "another name"
        }
        test "into a model" {
            let model = load fixtures (template [ 2; 1 ])
            equals [ 7L ] model.Layers[1].Bias
            equals [ [ 5.0f ]; [ 6.0f ] ] model.Head.Weight

            raises<ShapeException, _>
                "'head.weight' is F32 (2, 1)"
                (fun () -> load fixtures (template [ 2; 2 ]))
                "a shape"

            raises<TreeException, _>
                "'layers.1.bias' has no leaf in the template"
                (fun () -> load fixtures { template [ 2; 1 ] with Layers = (template [ 2; 1 ]).Layers[..0] })
                "a name"
        }
        testCase
            "files that are missing are listed"
            (copied (fun folder ->
                File.Delete(Path.Combine(folder, second))
                raises<FileException, _> second (fun () -> read folder) "one"
                raises<FileException, _> "of which 1 are not there" (fun () -> read folder) "how many"))
        testCase
            "damage is said of the file that has it, and the others are let go"
            (copied (fun folder ->
                // Large enough to be mapped.
                let path = Path.Combine(folder, first)
                Safetensors.write path (Map [ "embed.weight", Tensor.zeros DType.Float32 [ 300_000 ] ])
                let path = Path.Combine(folder, second)
                let bytes = File.ReadAllBytes path
                File.WriteAllBytes(path, bytes[.. bytes.Length - 2])
                raises<FileException, _> second (fun () -> read folder) "cut short"
                use _ = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)

                use _ =
                    new FileStream(
                        Path.Combine(folder, first),
                        FileMode.Open,
                        FileAccess.ReadWrite,
                        FileShare.None
                    )

                ()))
        testCase
            "a tensor that is in two files"
            (copied (fun folder ->
                File.Copy(Path.Combine(folder, first), Path.Combine(folder, second), overwrite = true)
                raises<FileException, _> "lies in" (fun () -> read folder) "twice"))
        refuses
            "tensors that are not where it says"
            (mapped [
                "embed.weight", second
                "layers.0.bias", first
                "layers.1.bias", second
                "lost", second
            ])
            $"2 of the tensors that it names are not where it says:\n  'embed.weight' in '{second}'\n  'lost' in '{second}'"
        refuses
            "a file elsewhere"
            (mapped (("x", "../secret.safetensors") :: whole))
            "lies outside of its folder"
        refuses "a file at the root" (mapped (("x", "/etc/passwd") :: whole)) "lies outside of its folder"
        refuses "a name twice" (mapped (whole @ [ "embed.weight", first ])) "'embed.weight' stands twice"
        refuses "a number for a file" """{"weight_map":{"x":1}}""" "'x' lies in no file"
        refuses "a list for a map" """{"weight_map":[]}""" "is no object"
        refuses "a map twice" """{"weight_map":{},"weight_map":{}}""" "two of 'weight_map'"
        refuses "cut short" ((mapped whole).Substring(0, 60)) "it is no JSON"
        refuses "JSON in JSON" ("{\"weight_map\":" + String.replicate 100_000 "{\"a\":") "damaged"
        refuses "another text" """{"model_type":"bert"}""" "a text in JSON"
        testCase
            "changed anywhere, it is read or refused"
            (copied (fun folder ->
                let random = Random Dice.firstSeed
                let original = File.ReadAllBytes(Path.Combine(folder, Index))

                for _ in 1 .. Dice.cases 500 do
                    let bytes = Array.copy original

                    for _ in 0 .. random.Next 3 do
                        bytes[random.Next bytes.Length] <- byte (random.Next 256)

                    File.WriteAllBytes(Path.Combine(folder, Index), bytes)

                    try
                        read folder |> ignore
                    with :? CotangentException ->
                        ()))
    ]
