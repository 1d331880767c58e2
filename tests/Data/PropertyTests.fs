/// What holds of every chain of combinators.
module Cotangent.Data.Tests.PropertyTests

open Expecto
open FsCheck
open FsCheck.FSharp
open Cotangent

/// A step that keeps what an example is, so that a chain of them can be checked against a list.
type private Step =
    | Shuffle of int64
    | Repeat of int
    | Shard of int * int
    | Again
    | Twice
    | Cut of int * int

let private steps =
    Gen.oneof [
        Gen.map (int64 >> Shuffle) (Gen.choose (0, 1000))
        Gen.map Repeat (Gen.choose (1, 3))
        Gen.map2 (fun index more -> Shard(index, index + more)) (Gen.choose (0, 2)) (Gen.choose (1, 2))
        Gen.constant Again
        Gen.constant Twice
        Gen.map2 (fun first count -> Cut(first, count)) (Gen.choose (0, 5)) (Gen.choose (0, 5))
    ]

/// What a step does to the places of examples, whatever they are.
let private place (dataset: Dataset<'t>) step =
    match step with
    | Shuffle seed -> dataset |> Dataset.shuffle (Key.create seed)
    | Repeat times -> dataset |> Dataset.repeat times
    | Shard(index, count) -> dataset |> Dataset.shard index count
    | Again -> dataset |> Dataset.named "again"
    | Twice -> Dataset.concat [ dataset; dataset ]
    | Cut(first, count) when dataset.IsFixed && int64 (first + count) <= dataset.Count ->
        dataset |> Dataset.range (int64 first) (int64 count)
    | Cut _ -> dataset

let private take (dataset: Dataset<int64>) step =
    match step with
    | Again -> dataset |> Dataset.map (fun i -> i + 1L)
    | Shuffle _
    | Repeat _
    | Shard _
    | Twice
    | Cut _ -> place dataset step

/// The same of a list of what the examples may be, where a shuffle changes the order alone.
let private expected (examples: int64 list) (isFixed: bool) step =
    match step with
    | Shuffle _ -> Some examples, false
    | Repeat times -> Some(List.concat (List.replicate times examples)), isFixed
    | Shard _ when not isFixed -> None, isFixed
    | Shard(index, count) ->
        Some(examples |> List.indexed |> List.filter (fun (i, _) -> i % count = index) |> List.map snd),
        isFixed
    | Again -> Some(examples |> List.map (fun i -> i + 1L)), isFixed
    | Twice -> Some(examples @ examples), isFixed
    | Cut(first, count) when isFixed && first + count <= examples.Length ->
        Some(examples |> List.skip first |> List.take count), isFixed
    | Cut _ -> Some examples, isFixed

let private chains = gen {
    let! count = Gen.choose (0, 30)
    let! length = Gen.choose (0, 5)
    let! chain = Gen.listOfLength length steps
    let! epoch = Gen.choose (0, 3)
    let! workers = Gen.choose (0, 3)
    let! ahead = Gen.choose (1, 5)
    return count, chain, epoch, workers, ahead
}

[<Tests>]
let tests =
    testList "chains of combinators" [
        testPropertyWithConfig
            { FsCheckConfig.defaultConfig with maxTest = 300 }
            "give what lists give, from any worker, by name"
            (Prop.forAll (Arb.fromGen chains) (fun (count, chain, epoch, workers, ahead) ->
                let dataset = List.fold take (Dataset.init (int64 count) id |> Dataset.named "source") chain

                let loaded =
                    (dataset |> Loader.createWith { Loader.defaults with Workers = workers; Ahead = ahead })
                        .Epoch
                        epoch
                    |> List.ofSeq

                Expect.equal loaded (List.ofSeq (dataset.Epoch epoch)) "the loader's order"
                Expect.equal (int64 loaded.Length) dataset.Count "as many as it says"
                let raised = chain |> List.filter (fun step -> step = Again) |> List.length

                // An example is its index in the source, once for each map raised by one.
                for i in 0 .. loaded.Length - 1 do
                    let origin = dataset.Origin(epoch, int64 i)

                    Expect.equal
                        (origin.Source, origin.Index)
                        ("source", loaded[i] - int64 raised)
                        "its name"

                let list, isFixed =
                    ((Some [ 0L .. int64 count - 1L ], true), chain)
                    ||> List.fold (fun (examples, isFixed) step ->
                        match examples with
                        | Some examples -> expected examples isFixed step
                        | None -> None, isFixed)

                match list with
                | Some list when isFixed -> Expect.equal loaded list "in order"
                | Some list -> Expect.equal (List.sort loaded) (List.sort list) "in some order"
                | None -> ()))

        testPropertyWithConfig
            { FsCheckConfig.defaultConfig with maxTest = 300 }
            "batches of rows of tensors are the stacked examples"
            (Prop.forAll (Arb.fromGen chains) (fun (count, chain, epoch, _, size) ->
                let rows = {|
                    Number = Tensor.ofArray [ count ] [| 0L .. int64 count - 1L |]
                    Pair = Tensor.ofArray [ count; 2 ] (Array.init (2 * count) float32)
                |}

                let chained = List.fold place (Dataset.ofTensors rows) chain
                let numbers = List.fold place (Dataset.init (int64 count) id) chain

                let expected =
                    numbers.Epoch epoch
                    |> Seq.chunkBySize size
                    |> Seq.map (fun batch -> {|
                        Number = tensor batch
                        Pair = tensor [ for n in batch -> [ 2.0f * float32 n; 2.0f * float32 n + 1.0f ] ]
                    |})
                    |> List.ofSeq

                Expect.equal (List.ofSeq ((chained |> Dataset.batch size).Epoch epoch)) expected "whole"

                let one = chained |> Dataset.map id |> Dataset.batch size
                Expect.equal (List.ofSeq (one.Epoch epoch)) expected "one by one"))
    ]
