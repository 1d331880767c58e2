module Cotangent.Data.Tests.DatasetTests

open System
open System.IO
open System.Threading
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

let private numbers n = Dataset.init n id |> Dataset.named "numbers"
let private key = Key.create 7L
let private items (dataset: Dataset<'t>) = List.ofSeq dataset
let private epoch e (dataset: Dataset<'t>) = List.ofSeq (dataset.Epoch e)

[<Tests>]
let places =
    testList "datasets: places" [
        test "map, zip, concat, range, subset, repeat, shard" {
            Expect.equal (numbers 4L |> Dataset.map (fun i -> i * i) |> items) [ 0L; 1L; 4L; 9L ] "map"
            let letters = Dataset.ofArray [| "a"; "b" |]
            Expect.equal (Dataset.zip (numbers 2L) letters |> items) [ 0L, "a"; 1L, "b" ] "zip"
            let parts = [ numbers 2L; numbers 0L; numbers 3L; numbers 0L ]
            Expect.equal (Dataset.concat parts |> items) [ 0L; 1L; 0L; 1L; 2L ] "concat"
            Expect.equal (numbers 9L |> Dataset.range 3L 2L |> items) [ 3L; 4L ] "range"
            Expect.equal (numbers 9L |> Dataset.subset [ 8L; 0L; 8L ] |> items) [ 8L; 0L; 8L ] "subset"
            Expect.equal (numbers 2L |> Dataset.repeat 3 |> items) [ 0L; 1L; 0L; 1L; 0L; 1L ] "repeat"
            Expect.equal (numbers 7L |> Dataset.filter (fun i -> i % 3L = 1L) |> items) [ 1L; 4L ] "filter"

            for n in 0L .. 20L do
                for machines in 1..5 do
                    let shards = [
                        for m in 0 .. machines - 1 -> numbers n |> Dataset.shard m machines |> items
                    ]

                    Expect.equal
                        (List.sort (List.concat shards))
                        [ 0L .. n - 1L ]
                        "shards take all, none twice"

                    let even = [
                        for m in 0 .. machines - 1 -> (numbers n |> Dataset.shardEvenly m machines).Count
                    ]

                    Expect.allEqual even (n / int64 machines) "evenly"
        }
        test "a shuffle is a permutation, another in each epoch, the same on each run" {
            let shuffled = numbers 100L |> Dataset.shuffle key
            let orders = [ for e in 0..20 -> epoch e shuffled ]

            for order in orders do
                Expect.equal (List.sort order) [ 0L .. 99L ] "all, once"

            Expect.equal (List.distinct orders).Length orders.Length "no order twice"

            Expect.equal
                [ for e in 0..20 -> epoch e (numbers 100L |> Dataset.shuffle key) ]
                orders
                "a second run"
        }
        test "repeated, each pass is shuffled anew" {
            let twice = numbers 50L |> Dataset.shuffle key |> Dataset.repeat 2 |> items
            let first, second = List.splitAt 50 twice
            Expect.equal (List.sort first) (List.sort second) "the same examples"
            Expect.notEqual first second "in another order"
        }
        test "split: fractions, no example twice, none left out" {
            for n in [ 0L; 1L; 2L; 10L; 101L; 1000L ] do
                let parts = numbers n |> Dataset.split key [ 0.7; 0.2; 0.1 ]
                Expect.equal (parts |> List.collect items |> List.sort) [ 0L .. n - 1L ] "all, once"

                for part, fraction in List.zip parts [ 0.7; 0.2; 0.1 ] do
                    Expect.isLessThan
                        (abs (float part.Count - fraction * float n))
                        1.0001
                        "as many as asked for"

                let again = numbers n |> Dataset.split key [ 0.7; 0.2; 0.1 ]
                Expect.equal (List.map items again) (List.map items parts) "the same on each run"
        }
        test "what looks at all examples must come before what changes them" {
            let shuffled = numbers 10L |> Dataset.shuffle key
            let drawn = numbers 10L |> Dataset.mapWithKey key (fun _ x -> x)

            for changing in
                [ shuffled; drawn; shuffled |> Dataset.map id; Dataset.concat [ numbers 1L; drawn ] ] do
                let refused what f =
                    raises<ValueException, _> "shuffle and augment after it" (fun () -> f changing) what

                refused "split" (fun d -> d |> Dataset.split key [ 0.5; 0.5 ] |> ignore)
                refused "filter" (fun d -> d |> Dataset.filter (fun _ -> true) |> ignore)
                refused "cache" (fun d -> d |> Dataset.cache |> ignore)
                refused "range" (fun d -> d |> Dataset.range 0L 1L |> ignore)
                refused "subset" (fun d -> d |> Dataset.subset [ 0L ] |> ignore)
        }
        test "errors say what was asked and what is there" {
            raises<IndexException, _>
                "no example 3 in numbers, which has 3"
                (fun () -> (numbers 3L)[3L])
                "index"

            raises<IndexException, _> "no example -1" (fun () -> (numbers 3L)[-1L]) "negative"

            raises<ValueException, _>
                "numbers has 2 examples and the array 1"
                (fun () -> Dataset.zip (numbers 2L) (Dataset.ofArray [| 1 |]))
                "zip"

            raises<ValueException, _>
                "add up to 0.9"
                (fun () -> numbers 10L |> Dataset.split key [ 0.8; 0.1 ])
                "fractions"

            raises<ValueException, _> "shard 2 of 2" (fun () -> numbers 10L |> Dataset.shard 2 2) "shard"

            raises<ArgumentNullException, _>
                "f"
                (fun () -> (numbers 1L).Map(Unchecked.defaultof<Func<int64, int>>))
                "null"
        }
        test "an example that can't be made is named by its source, wherever it stands" {
            let broken = numbers 10L |> Dataset.map (fun i -> if i = 6L then failwith "corrupt" else i)

            let find (dataset: Dataset<'t>) e =
                try
                    dataset.Epoch e |> Seq.iter ignore
                    failtest "nothing was raised"
                with :? ExampleException as error ->
                    error

            let check (error: ExampleException) e =
                Expect.equal error.Origin { Source = "numbers"; Index = 6L } "origin"
                Expect.equal error.Epoch e "epoch"
                Expect.stringContains error.Message "example 6 of numbers (epoch" "message"
                Expect.stringContains error.Message "corrupt" "what went wrong"

                match error.InnerException with
                | null -> failtest "the error itself is lost"
                | inner -> Expect.equal inner.Message "corrupt" "the error itself"

            check (find broken 0) 0
            check (find (broken |> Dataset.shuffle key) 3) 3
            check (find (Dataset.concat [ Dataset.ofArray [| 1L |]; broken ]) 0) 0

            check
                (find (broken |> Dataset.map (fun i -> tensor i) |> Dataset.shuffle key |> Dataset.batch 4) 1)
                1

            let recovered = broken |> Dataset.recover (fun e -> -e.Origin.Index)
            Expect.equal (items recovered) [ 0L; 1L; 2L; 3L; 4L; 5L; -6L; 7L; 8L; 9L ] "another in its place"
        }
    ]

[<Tests>]
let draws =
    testList "datasets: draws" [
        test "mapWithKey: every example of every epoch draws differently, the same when asked again" {
            let noisy =
                numbers 40L
                |> Dataset.mapWithKey key (fun key _ -> (Random.uniform key DType.Float64 []).ToData<float>())

            let all = [ for e in 0..4 -> epoch e noisy ]
            Expect.equal (all |> List.concat |> List.distinct |> List.length) 200 "no draw twice"
            Expect.equal [ for e in 0..4 -> epoch e noisy ] all "the same again"

            Expect.equal
                [ for i in 0L .. 39L -> noisy.Example(3, 39L - i) ]
                (List.rev all[3])
                "in whatever order"
            // 200 uniform numbers have a mean of a half and a standard error of 0.02.
            Expect.isLessThan (abs (List.average (List.concat all) - 0.5)) 0.1 "uniform"
        }
        test "another key, other draws" {
            let other = Key.create 321L

            let draws = [
                "shuffle", (fun key -> numbers 40L |> Dataset.shuffle key |> epoch 0)
                "split", (fun key -> (numbers 40L |> Dataset.split key [ 0.5; 0.5 ])[0] |> epoch 0)
                "sample",
                (fun key -> numbers 40L |> Dataset.sample key (List.replicate 40 1.0) 40L |> epoch 0)
                "sampleWithoutReplacement",
                (fun key ->
                    numbers 40L |> Dataset.sampleWithoutReplacement key (List.replicate 40 1.0) 40 |> epoch 0)
                "bucket",
                (fun key -> numbers 40L |> Dataset.bucket key [ 20 ] int (fun batch -> batch[0]) 4 |> epoch 0)
                "shuffle of a stream",
                (fun key ->
                    (DataStream.ofSeq "numbers" (fun _ -> seq { 0L .. 39L }) |> DataStream.shuffle key 40)
                        .Epoch
                        0
                    |> List.ofSeq)
            ]

            for name, draw in draws do
                Expect.notEqual (draw key) (draw other) name
                Expect.equal (draw key) (draw key) $"{name}, the same key"
        }
        test "sampling with replacement follows the weights" {
            let weights = [ 1.0; 0.0; 2.0; 5.0 ]
            let sampled = numbers 4L |> Dataset.sample key weights 20_000L
            let counts = sampled |> Seq.countBy id |> Map.ofSeq
            Expect.equal sampled.Count 20_000L "as many as asked for"
            Expect.isFalse (counts.ContainsKey 1L) "none of weight 0"

            for i, share in [ 0L, 0.125; 2L, 0.25; 3L, 0.625 ] do
                let deviation = sqrt (20_000.0 * share * (1.0 - share))
                Expect.isLessThan (abs (float counts[i] - 20_000.0 * share)) (5.0 * deviation) $"share of {i}"

            Expect.notEqual (epoch 0 sampled) (epoch 1 sampled) "anew in each epoch"

            Expect.equal
                (epoch 1 (numbers 4L |> Dataset.sample key weights 20_000L))
                (epoch 1 sampled)
                "a second run"
        }
        test "sampling without replacement: the first draw follows the weights, and none comes twice" {
            let weights = [ 1.0; 2.0; 0.0; 5.0 ]
            let sampled = numbers 4L |> Dataset.sampleWithoutReplacement key weights 3
            let draws = [ for e in 0..7999 -> epoch e sampled ]

            for draw in draws do
                Expect.equal (List.sort draw) [ 0L; 1L; 3L ] "all of those that can come"

            let firsts = draws |> List.countBy List.head |> Map.ofList

            for i, share in [ 0L, 0.125; 1L, 0.25; 3L, 0.625 ] do
                let deviation = sqrt (8000.0 * share * (1.0 - share))
                Expect.isLessThan (abs (float firsts[i] - 8000.0 * share)) (5.0 * deviation) $"share of {i}"

            raises<ValueException, _>
                "4 different examples of numbers, of which 3"
                (fun () -> numbers 4L |> Dataset.sampleWithoutReplacement key weights 4)
                "too many"

            raises<ValueException, _>
                "weight NaN of example 1"
                (fun () -> numbers 2L |> Dataset.sample key [ 1.0; nan ] 1L)
                "no weight"
        }
    ]

[<Tests>]
let batches =
    testList "datasets: batches" [
        test "the last batch is kept, or dropped when asked" {
            let seven = Dataset.ofTensors (Tensor.arange DType.Int32 7)
            let sizes (dataset: Dataset<Tensor>) = [ for batch in dataset -> batch.Size ]
            Expect.equal (sizes (seven |> Dataset.batch 3)) [ 3; 3; 1 ] "kept"
            Expect.equal (sizes (seven |> Dataset.batchWhole 3)) [ 3; 3 ] "dropped"
            Expect.equal (sizes (seven |> Dataset.batch 7)) [ 7 ] "one"
            Expect.equal (sizes (seven |> Dataset.batch 10)) [ 7 ] "larger than all"
        }
        test "trees are stacked leaf by leaf" {
            let images = Random.normal (Key.create 1L) DType.Float32 [ 5; 3; 2 ]
            let labels = Tensor.arange DType.Int64 5

            let batch =
                (Dataset.ofTensors {| Image = images; Rest = labels, [ labels ] |} |> Dataset.batch 5)[0]

            Expect.equal batch.Image images "images"
            Expect.equal (fst batch.Rest) labels "labels"
            Expect.equal (List.exactlyOne (snd batch.Rest)) labels "in a list"
        }
        test "what can't be stacked is named" {
            let of' (items: 't[]) = (Dataset.ofArray items |> Dataset.batch 3)[0] |> ignore

            let says (text: string) f what = raises<ExampleException, _> text f what

            says
                "example 1 of the batch has shape (1,), the first (2,)"
                (fun () -> of' [| tensor [ 1; 2 ]; tensor [ 1 ] |])
                "shape"

            says
                "example 1 of the batch is Float64, the first Int32"
                (fun () -> of' [| tensor [ 1 ]; tensor [ 1.0 ] |])
                "dtype"

            says
                "4 in example 1 of the batch and 3 in the first"
                (fun () -> of' [| tensor 1, 3; tensor 2, 4 |])
                "a number"

            says "can't hold a tensor" (fun () -> of' [| 1; 2 |]) "no tensor"
        }
        test "padded" {
            let words = Dataset.ofArray [| tensor [ 1; 2; 3 ]; tensor [ 4 ]; tensor [ 5; 6 ] |]
            let batches = words |> Dataset.batchPadded -1.0 2 |> items

            Expect.equal
                batches
                [ tensor [ [ 1; 2; 3 ]; [ 4; -1; -1 ] ]; tensor [ [ 5; 6 ] ] ]
                "to the longest of each"

            let mask = Collate.mask 3 [| 3; 1 |]
            Expect.equal mask (tensor [ [ true; true; true ]; [ true; false; false ] ]) "mask"
        }
        test "buckets: each example once an epoch, batches of about one length" {
            let lengths = [| for i in 0..99 -> 1 + i * 37 % 50 |]
            let words = Dataset.ofArray lengths |> Dataset.named "words"
            let batches = words |> Dataset.bucket key [ 10; 20; 30 ] id id 8

            for e in 0..3 do
                let all = epoch e batches

                Expect.equal
                    (all |> List.collect List.ofArray |> List.sort)
                    (List.sort (List.ofArray lengths))
                    "all, once"

                for batch in all do
                    let bucket length =
                        [ 10; 20; 30 ] |> List.filter (fun bound -> length > bound) |> List.length

                    Expect.equal (batch |> Array.distinctBy bucket |> Array.length) 1 "of one bucket"

            Expect.notEqual (epoch 0 batches) (epoch 1 batches) "another order in each epoch"
        }
    ]

[<Tests>]
let caches =
    testList "datasets: caches" [
        test "in memory: each example is made once" {
            let made = ref 0

            let cached =
                numbers 10L
                |> Dataset.map (fun i ->
                    Interlocked.Increment &made.contents |> ignore
                    i)
                |> Dataset.cache

            for _ in 1..3 do
                Expect.equal (items cached) [ 0L .. 9L ] "the same"

            Expect.equal made.Value 10 "once"
        }
        test "in a file: made once, also in a second run; another dataset's is refused" {
            let folder = Directory.CreateTempSubdirectory("cache-").FullName
            let path = Path.Combine(folder, "examples.cache")
            let made = ref 0

            let example i =
                Interlocked.Increment &made.contents |> ignore
                Random.normal (Key.create i) DType.Float32 [ int i; 2 ], tensor i, tensor (i % 2L = 0L)

            let source n = Dataset.init n example |> Dataset.named "drawn"
            let expected = items (source 20L)
            made.Value <- 0
            let first = source 20L |> Dataset.cacheIn path
            Expect.equal made.Value 0 "not before it is asked for"
            Expect.equal (items first) expected "written"
            Expect.equal (items (source 20L |> Dataset.cacheIn path)) expected "read"
            // Twenty, and the first one of each run, which is the template.
            Expect.equal made.Value 22 "once"

            raises<ExampleException, _>
                "no cache of the 21 examples of drawn"
                (fun () -> (source 21L |> Dataset.cacheIn path)[0L])
                "of other examples"

            raises<ExampleException, _>
                "no cache of the 20 examples of others"
                (fun () -> (source 20L |> Dataset.named "others" |> Dataset.cacheIn path)[0L])
                "of as many others"

            File.WriteAllBytes(path, File.ReadAllBytes(path)[..500])

            raises<ExampleException, _>
                "damaged"
                (fun () -> (source 20L |> Dataset.cacheIn path)[0L])
                "cut short"

            let failing =
                source 20L |> Dataset.map (fun (x, i, b) -> if int i = 7 then failwith "full" else x, i, b)

            let other = Path.Combine(folder, "other.cache")

            raises<ExampleException, _>
                "full"
                (fun () -> items (failing |> Dataset.cacheIn other))
                "fails half-way"

            Expect.isFalse (File.Exists other) "nothing is left of it"
            Directory.Delete(folder, true)
        }
    ]
