(**
---
title: Data
category: Use
categoryindex: 3
index: 6
description: Datasets, loaders with worker threads, files of many formats, tokenizers: from files to batches, the same on every run.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../tests/Data/bin/Release/net10.0"
#r "Sylvan.Data.Csv.dll"
#r "Microsoft.ML.Tokenizers.dll"
#r "Cotangent.Data.dll"

let folder = System.IO.Directory.CreateTempSubdirectory("data-").FullName
let inFolder name = System.IO.Path.Combine(folder, name)

(**
# Data

Examples in memory need no package of their own: `Data.batches` makes mini-batches of a tree of tensors. The package
`Cotangent.Data` is for all else: examples that are read when they are asked for, changed on the way, and made ready by worker
threads while the training runs. All of it is managed code.

    dotnet add package Cotangent.Data --prerelease

## Datasets

A `Dataset` has a length, and an example for each index of each epoch. Nothing is computed before it is asked for, and the same
index of the same epoch always gives the same example, so that an order does not depend on threads, and a training goes on where
it stopped.
*)
open Cotangent

let images = Random.uniform (Key.create 1L) DType.Float32 [ 100; 1; 8; 8 ]
let labels = Tensor.arange DType.Int32 100

let examples = Dataset.ofTensors (images, labels)
let image, label = examples[7]

image.Shape, int label
(*** include-it ***)

(**
What is made of a dataset is a dataset again. Everything random takes a key: each epoch has another order and other draws, and
each run the same ones.
*)
let parts = examples |> Dataset.split (Key.create 2L) [ 0.9; 0.1 ]

/// Moved by up to a pixel each way.
let moved key (image: Tensor, label: Tensor) =
    let by = (Random.integers key 0L 3L DType.Int32 [ 2 ]).ToData<int[]>()
    let padded = image.Pad [ 0, 0; 1, 1; 1, 1 ]
    padded[*, by[0] .. by[0] + 7, by[1] .. by[1] + 7], label

let training =
    parts[0]
    |> Dataset.shuffle (Key.create 3L)
    |> Dataset.mapWithKey (Key.create 4L) moved
    |> Dataset.batch 32

[ for images, _ in training -> images.Shape[0] ]
(*** include-it ***)

(**
| | |
| --- | --- |
| `map`, `mapWithKey`, `filter`, `recover` | other examples; with a key of its own for each example and epoch; another one where one can't be made |
| `zip`, `concat`, `range`, `subset`, `split`, `repeat` | pairs, unions, parts |
| `shuffle` | another order in each epoch; computed place by place, so that it takes no memory |
| `sample`, `sampleWithoutReplacement` | examples drawn in proportion to weights |
| `shard`, `shardEvenly` | what one machine of several takes |
| `cache`, `cacheIn` | examples kept in memory, or in a file that is mapped into it |
| `batch`, `batchWhole`, `batchWith`, `batchPadded`, `bucket` | batches: the last one short, or dropped; by a function of yours; filled up to the longest; of about one length |

What looks at all examples once has to come before what changes them with the epoch. The other way round, examples of the test
part would wander into the training part, and a cache would keep the first epoch's draws for ever; that is an error:
*)
let message f =
    try
        f () |> ignore
        ""
    with e ->
        e.Message.Replace(folder, "…")

message (fun () ->
    examples
    |> Dataset.shuffle (Key.create 0L)
    |> Dataset.split (Key.create 1L) [ 0.5; 0.5 ])
(*** include-it ***)

(**
## Loaders

A `Loader` has worker threads make batches ahead of the loop that takes them, in the dataset's order, whatever their number. No
more than `Ahead` of them are ready at a time. The threads end with the loop, also when it is left early, cancelled or ended by an
error. `Loader.batches`, in C# `loader.Batches()`, is what `Train.run` takes. Batches of `Dataset.ofTensors`, shuffled or split in any way, are copied as a whole rather
than example by example, so a function that works on whole batches is best mapped after `batch`.
*)
let loader = training |> Loader.createWith { Loader.defaults with Workers = 2; Ahead = 4 }

let classifier = Mlp.create [ 64; 100 ] Activation.Relu (Key.create 5L)
let optimizer = Optimizer.adam 0.01

let step (model, state) (images: Tensor, labels: Tensor) =
    let loss model = Loss.crossEntropy labels (Mlp.forward model (images.Flatten 1))
    let loss, gradient = valueAndGrad loss model
    let model, state = Optimizer.step optimizer gradient state model
    (model, state), loss

let run =
    Train.run
        { Train.defaults with Epochs = 2 }
        step
        (Loader.batches loader)
        (classifier, optimizer.Init classifier)

run.Last.Steps
(*** include-it ***)

(**
A run that is [resumed](checkpoints.html) in the middle of an epoch asks for that place at once; nothing before it is loaded.

An example that can't be made ends the loop at its place with an `ExampleException`, which says which one it is, whatever happened
to the order since. Its inner error is what went wrong:
*)
let numbers =
    Dataset.ofArray [| "1"; "2"; "three" |]
    |> Dataset.named "numbers"
    |> Dataset.map (float >> tensor)

message (fun () ->
    (numbers |> Dataset.shuffle (Key.create 0L) |> Dataset.batch 3 |> Loader.create).Epoch
        0
    |> Seq.length)
(*** include-it ***)

(**
In C#, functions are methods, and `await foreach` waits without a thread:

    var loader = new Loader<(Tensor Image, Tensor Label)>(
        Dataset.OfTensors((images, labels)).Shuffle(Key.Create(1)).Batch(32));

    await foreach (var (image, label) in loader.EpochAsync(epoch).WithCancellation(token))
        …

    var options = LoaderOptions.Default.With(workers: 2, ahead: 4);

## Files

Each format gives tensors, a `Dataset`, or a `DataStream`: examples that can only be read from the first one on, so that nobody
knows how many there are. What needs a length does not exist for a stream; it has `map`, `filter`, `shuffle` within a buffer,
`batch`, `mapAhead`, which computes on worker threads, and `toDataset`.

| format | whole | by index | as a stream |
| --- | --- | --- | --- |
| IDX (MNIST and its kin), also `.gz` | `Idx.read` | `Idx.dataset` | `Idx.stream` |
| NumPy's `.npy`, `.npz` | `NumPy.readArray`, `NumPy.read` | `Npy.dataset` | |
| HDF5 | `Hdf5.read` | `Hdf5.dataset` | |
| CSV, also `.gz` | `Csv.read` | | `Csv.rows` |
| Parquet | `ParquetFile.read` | | `ParquetFile.stream` |
| Arrow | `ArrowFile.read` | | `ArrowFile.stream` |
| JSON lines, also `.gz` | | `JsonLines.dataset` | `JsonLines.stream` |
| text by lines, also `.gz` | | `Lines.dataset` | `Lines.stream` |
| WAV | `Wav.read` | | |

By index, files are mapped into memory: what is not asked for is not read. Where a file says of what type its numbers are, the tensor
has that dtype: the bytes of MNIST's images and labels are UInt8, which losses and metrics take as labels, and pixels are converted
to compute with them: `image.Convert DType.Float32 / 255.0f`. A type that no dtype holds is an error that names it.

Columns of CSV have types that you name, and numbers are read the same way under every culture. `Delimiter` is what stands between
cells, `HasHeader` says whether the first line has names, `Missing` which texts stand for a missing number, and `DecimalComma` that
1,5 is one and a half; in C#, `Csv.Defaults.With(delimiter: ';', decimalComma: true)`. [Predicting a number from a table](tables.html)
goes from such a file to a model.
*)
System.IO.File.WriteAllText(
    inFolder "flowers.csv",
    "length,width,species\n1.4,0.2,setosa\n4.7,1.4,versicolor\n5.1,1.9,\"virginica\"\n"
)

let table =
    inFolder "flowers.csv"
    |> Csv.read Csv.defaults [
        Column.Numbers("length", DType.Float32)
        Column.Numbers("width", DType.Float32)
        Column.Texts "species"
    ]

table.Numbers [ "length"; "width" ]
(*** include-it ***)
let species = table.Categories "species"
species.Names, species.Codes
(*** include-it ***)

(**
`table.Numbers "length"` is a vector (n), `table.Numbers [ "length" ]` a matrix (n, 1), as a network wants it. The columns of one matrix are read
with one dtype.

Another file has other texts, and so other codes. Save the names with a model that is trained on these codes, as `Metadata` of its
checkpoint, and give them to the other table: `other.Categories("species", names)`. A text that is none of them is an error then.

A file that is something else, or damaged, is an error that says what it is, where, and what to do:
*)
System.IO.File.WriteAllText(inFolder "wrong.csv", "length\n1.5\n\"1,5\"\n")

message (fun () ->
    Csv.read
        Csv.defaults
        [ Column.Numbers("length", DType.Float32) ]
        (inFolder "wrong.csv"))
(*** include-it ***)

(**
`ReadySets` finds MNIST (`mnistDigits`), Fashion-MNIST, iris, the small digits of scikit-learn (`digits`) and The Devil's Dictionary where their packages put them, or says how to get them.

## Text

A `Vocabulary` gives tokens numbers, a `TextTokenizer` cuts texts into tokens: at blanks, by character, or by the BPE, WordPiece
and tiktoken encodings of `Microsoft.ML.Tokenizers`.
*)
let text = "to be or not to be"
let vocabulary = Vocabulary.build Vocabulary.defaults (TextTokenizer.Words text)
let words = TextTokenizer.Whitespace vocabulary

words.Encode "not to be known", words.Decode [ 4; 2; 1 ]
(*** include-it ***)

(**
`Sequences.pad` fills sequences up to the longest, with a mask; `Sequences.pack` puts several into one row, with what attention
has to know of it; `Sequences.windows` are what a language model learns from.
*)
let packed = Sequences.pack 0 4 [ [| 1; 2; 3 |]; [| 4; 5 |]; [| 6 |] ]
packed.Tokens, packed.Segments
(*** include-it ***)

(*** hide ***)
System.IO.Directory.Delete(folder, true)
