(**
---
title: Saving, loading, resuming
category: Use
categoryindex: 3
index: 26
description: Models and trainings in files: saved safely, loaded in another program, resumed bit for bit, under other programs' names.
---
*)
(*** hide ***)
#load "../site/page.fsx"

let folder = System.IO.Directory.CreateTempSubdirectory("checkpoints-").FullName
let inFolder name = System.IO.Path.Combine(folder, name)

(**
# Saving, loading, resuming

Any tree of tensors can be saved: a model, the state of an optimiser, keys, all of a training in one record. Files are
[safetensors](https://github.com/huggingface/safetensors), which PyTorch, JAX and many other programs read.
*)
open Cotangent

let path = inFolder "model.safetensors"
let model = Mlp.create [ 4; 16; 3 ] Activation.Relu (Key.create 1L)

Checkpoint.save path model

(**
The file is written under another name, flushed to the disk and renamed. Whatever happens meanwhile (an error, a full disk, the
power), the file that was there before is whole.

## In a second program

A file holds tensors and their names; what shape a model has is code. So the second program makes a model of the same shape, as a
template, and gets it back with the file's numbers:
*)
let template = Mlp.create [ 4; 16; 3 ] Activation.Relu (Key.create 0L)
let loaded = Checkpoint.load path template

Mlp.forward loaded (Tensor.ones DType.Float32 [ 4 ])
(*** include-it ***)
Mlp.forward model (Tensor.ones DType.Float32 [ 4 ])
(*** include-it ***)

(**
What is no tensor, here the activation, is the template's. So keep the model's type and what makes one in a library that both programs
share. Tensors go to the devices on which the template's are.

Names, shapes and dtypes must be those of the template. Where they are not, one error tells all that differs:
*)
let message f =
    try
        f () |> ignore
        ""
    with :? CotangentException as e ->
        e.Message.Replace(folder, "…")

message (fun () ->
    Checkpoint.load path (Mlp.create [ 4; 8; 8; 3 ] Activation.Relu (Key.create 0L)))
(*** include-it ***)

(**
A network with another activation has the same tensors, and would answer otherwise. So what is no tensor is saved as a text, as far as it
has one (numbers, truth values, texts, cases of unions, dtypes, lists and records of them, but not functions), and compared. Where it may
differ, say a rate of dropout that is 0 from now on, `IgnoreStatics` keeps the template's:
*)
let bent = Mlp.create [ 4; 16; 3 ] Activation.Tanh (Key.create 0L)

message (fun () -> Checkpoint.load path bent)
(*** include-it ***)
Checkpoint.loadWith { Checkpoint.defaults with IgnoreStatics = true } path bent
|> Tree.size
(*** include-it ***)

(**
## Resuming a training, bit for bit

A training goes on as if nothing had happened if all of its state comes back: parameters, what the optimiser remembers, keys,
and where in the data it stood. Put the first three into one record. The last is a number of steps, since `Data.batches` gives
the same batch whenever the same step is asked for.
*)
type State = { Model: Mlp; Optimizer: OptimizerState<Mlp>; Noise: Key }

let optimizer = Optimizer.adam 0.01

let first =
    let model = Mlp.create [ 2; 8; 1 ] Activation.Tanh (Key.create 1L)
    { Model = model; Optimizer = optimizer.Init model; Noise = Key.create 2L }

let step state (x: Tensor, y: Tensor) =
    let noise, next = Key.split state.Noise

    let loss model =
        let noisy = x + 0.1f * Random.normal noise DType.Float32 [ 8; 2 ]
        Loss.meanSquaredError y (Mlp.forward model noisy)

    let loss, gradient = valueAndGrad loss state.Model
    let model, optimizer = Optimizer.step optimizer gradient state.Optimizer state.Model
    { Model = model; Optimizer = optimizer; Noise = next }, loss

let batches =
    let x = Random.normal (Key.create 3L) DType.Float32 [ 40; 2 ]
    Data.batches 8 (Key.create 4L) (x, sin (x.Sum([ 1 ], keepDims = true)))

(**
`Checkpoint.resume` finds the newest checkpoint of a folder, or gives the state back that it got, and 0. `Callback.checkpoint` saves
while training goes on, on another thread, and keeps the last few files. These lines are the program that begins a training, and
the one that goes on with it after whatever ended it:
*)
let train epochs =
    let runs = inFolder "run"
    let state, from = Checkpoint.resume runs first

    let options = {
        Train.defaults with
            Epochs = epochs
            From = from
            Callbacks = [ Callback.checkpoint (Every.Steps 10) 3 runs ]
    }

    Train.run options step batches state

train 9 |> ignore // 45 steps; the last checkpoint is of step 40
let resumed = train 20

[ for file in Checkpoint.steps (inFolder "run") -> file.Step ]
(*** include-it ***)

(**
The numbers are those of a training that was never interrupted, to the last bit:
*)
let whole = Train.run { Train.defaults with Epochs = 20 } step batches first

Tree.leaves resumed.Last.State = Tree.leaves whole.Last.State
(*** include-it ***)

(**
A loop of your own calls `Checkpoint.saveStep` instead of the callback, or `Checkpoint.saveInBackground`, whose task ends when the
file is on the disk. At most one file is being written at a time by the callback; what goes wrong there is raised at its next turn,
or when training ends, which waits for the last file.

## Names of other programs

Leaves are called as PyTorch calls parameters. `Safetensors.openFile` shows what is in a file without reading the numbers:
*)
let names file =
    use file = Safetensors.openFile file
    [ for entry in file.Entries -> string entry ]

names path
(*** include-it ***)

(**
Where another program has other names, `Rename` says what a leaf is called in the file, when it is saved as when it is loaded:
*)
let options = {
    Checkpoint.defaults with
        Rename = fun name -> "encoder." + name.Replace("layers", "h")
        Metadata = Map [ "format", "pt" ]
}

let renamed = inFolder "renamed.safetensors"
Checkpoint.saveWith options renamed model
names renamed
(*** include-it ***)
Tree.leaves (Checkpoint.loadWith options renamed template) = Tree.leaves model
(*** include-it ***)

(**
The model alone, out of a checkpoint of a training whose state is a pair of it and the optimiser's state (PyTorch's
`torch.load(path)["model"]`): its names there begin with `0.`, so it is loaded with
`{ Checkpoint.defaults with IgnoreExtra = true; Rename = fun name -> "0." + name }`.

`Metadata` are texts of yours beside the tensors, which `Checkpoint.metadata` reads. Further options load a file in part, and
floating-point numbers of another dtype; integers and truth values are never converted:

| option | |
| --- | --- |
| `KeepMissing = true` | leaves that the file lacks keep the template's numbers: a new head on a trained model |
| `IgnoreExtra = true` | tensors without a leaf are left alone: a part of a larger model |
| `ConvertFloats = true` | Float16 weights into a model of Float32, say |

Without a template, `Safetensors.read` gives all tensors by name, and `Safetensors.write` takes such a map; `Safetensors.openFile` reads
single ones. Numbers come bit for bit: the dtype is the file's. What no dtype holds, such as the eight-bit floats of quantised
models, is an error that names the tensor and its type.

A large model is published in several files, with an index beside them that says which tensor is where. Its path stands for all of
them, wherever a file is loaded, opened or read: `Checkpoint.load "model.safetensors.index.json" template`. What is missing among
the files, or not where the index says, is listed at once. The index may only name files in its own folder.

A tensor that stands in several places of a tree, as tied weights do, is saved once; the file's metadata say under the other names
what it is called, as files of Hugging Face do, and loaded it is one tensor again.

## Files of PyTorch, NumPy and ONNX

`PyTorch.read` gives the tensors of a `.pt` or `.pth` file that `torch.save` wrote of a `state_dict`, or of dictionaries and lists: the zip
archives of today, and the pickles of before version 1.6. Such files are programs in Python's pickle, which may call any function;
here they are only read, and nothing in them is executed.
`NumPy.read` reads `.npz` archives, `NumPy.readArray` an `.npy` file, and `Onnx.read` the weights of an ONNX model. All give tensors by name, and `Checkpoint.fit` makes a model of
such a map, with the options of `Checkpoint.loadWith`. PyTorch keeps the matrix of a linear layer as (outputs, inputs), here it is
(inputs, outputs): transpose those on the way, as the `.T` does.
*)
let weights =
    Map [ "fc.weight", (tensor [ [ 1.0f; 2.0f ] ]).T; "fc.bias", tensor [ 3.0f ] ]

let fc = { Checkpoint.defaults with Rename = fun name -> "fc." + name }

Linear.forward
    (Checkpoint.fit fc (Linear.create 2 1 (Key.create 0L)) weights)
    (tensor [ 10.0f; 10.0f ])
(*** include-it ***)

(**
## Files that are something else

A file from elsewhere is not trusted. Every size in it is held against what is there before memory is taken, and one that is
damaged, or no safetensors file at all, is an error that says what it is:
*)
System.IO.File.WriteAllText(
    path,
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"
)

message (fun () -> Checkpoint.load path template)
(*** include-it ***)

(**
Programs that are published trimmed or ahead of time save and load as any other: see [Install](install.html).

Large files are mapped into memory, so that what is not asked for is not read. Like all mapped files they must not be cut short by
another program meanwhile; files that are replaced, as `Checkpoint.save` does, are no problem.
*)

(*** hide ***)
System.IO.Directory.Delete(folder, true)
