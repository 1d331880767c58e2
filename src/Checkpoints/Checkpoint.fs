namespace Cotangent

open System
open System.Collections.Generic
open System.IO
open System.Threading
open System.Threading.Tasks
open Cotangent.Checkpoints

/// <summary>
/// Saving and loading of any tree: a model, the state of an optimiser, keys, a training as a whole. Files are safetensors, which other
/// programs read as well; leaves are called there as PyTorch calls them, <c>layers.0.bias</c>. What is no tensor, such as the activation
/// of a layer, is the template's; it is saved as a text, numbers, unions and the like, and a template that differs there is refused.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Checkpoint =
    /// <summary>Names as they are, no texts; to load, file and template must fit altogether.</summary>
    /// <example><code>
    /// let options = { Checkpoint.defaults with Rename = fun name -> "encoder." + name }
    /// </code></example>
    let defaults: CheckpointOptions = {
        Rename = id
        Metadata = Map.empty
        KeepMissing = false
        IgnoreExtra = false
        ConvertFloats = false
        IgnoreStatics = false
        Cancellation = CancellationToken.None
    }

    let private checkOptions (options: CheckpointOptions) =
        Given.check "options" options
        Given.check "Rename" options.Rename
        Given.check "Metadata" options.Metadata

    /// Takes what there is to save now, for somebody to write it later.
    let private prepared
        (operation: string)
        (options: CheckpointOptions)
        (path: string)
        (tree: 'tree)
        : unit -> unit =
        let struct (about, saved) = NamedLeaves.ofTree operation options tree
        fun () -> SafetensorsWriter.toFile operation path about options.Cancellation saved

    let private savedAs (operation: string) (options: CheckpointOptions) (path: string) (tree: 'tree) =
        checkOptions options
        Given.check "path" path
        prepared operation options path tree ()

    /// <summary>
    /// Saves a tree. The file is written under another name, flushed to the disk and renamed, so that whatever happens meanwhile, the one
    /// that was there before is whole. A tensor that stands in several places is saved once.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The type can't hold a tensor.</exception>
    /// <exception cref="T:Cotangent.ValueException">Two leaves have one name.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside a transformation that only knows shapes.</exception>
    /// <exception cref="T:System.IO.IOException">The disk is full, or refuses.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let model = Mlp.create [ 2; 3; 1 ] Activation.Relu (Key.create 1L)
    /// Checkpoint.save path model
    /// let loaded = Checkpoint.load path (Mlp.create [ 2; 3; 1 ] Activation.Relu (Key.create 2L))
    /// Tree.leaves loaded = Tree.leaves model // true
    /// </code></example>
    let save (path: string) (tree: 'tree) : unit = savedAs "Checkpoint.save" defaults path tree

    /// <summary>Saves a tree under other names, with texts of your own.</summary>
    /// <exception cref="T:Cotangent.TreeException">The type can't hold a tensor.</exception>
    /// <exception cref="T:Cotangent.ValueException">Two leaves have one name.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside a transformation that only knows shapes.</exception>
    /// <exception cref="T:System.IO.IOException">The disk is full, or refuses.</exception>
    /// <exception cref="T:System.OperationCanceledException">The options' token was cancelled.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let layer = Linear.create 2 3 (Key.create 0L)
    /// let options = { Checkpoint.defaults with Rename = (fun name -> "fc." + name); Metadata = Map [ "author", "me" ] }
    /// Checkpoint.saveWith options path layer
    /// use file = Safetensors.openFile path
    /// [ for each in file.Entries -> each.Name ] // fc.bias and fc.weight
    /// </code></example>
    let saveWith (options: CheckpointOptions) (path: string) (tree: 'tree) : unit =
        savedAs "Checkpoint.saveWith" options path tree

    /// <summary>
    /// Saves a tree on another thread, as it is now. The task ends when the file is on the disk, and has the errors of writing it.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The type can't hold a tensor.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside a transformation that only knows shapes.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// let saving = Checkpoint.saveInBackground Checkpoint.defaults path (tensor [ 1.0; 2.0 ])
    /// // … other work …
    /// saving.Wait()
    /// Checkpoint.load path (tensor [ 0.0; 0.0 ]) // [1, 2]
    /// </code></example>
    let saveInBackground (options: CheckpointOptions) (path: string) (tree: 'tree) : Task =
        checkOptions options
        Given.check "path" path
        Background.start options.Cancellation (prepared "Checkpoint.saveInBackground" options path tree)

    /// The template, whose leaves these are, with other numbers.
    let private filled
        (operation: string)
        (options: CheckpointOptions)
        (source: NamedTensors)
        (leaves: Leaf[])
        (template: 'tree)
        : 'tree =
        let found = Fitting.require operation options source leaves (SavedStatics.ofTree template)
        // What was one tensor is one again.
        let read = Dictionary<struct (string * DType * Device), Tensor>()

        let load (leaf: Leaf) (entry: SafetensorsEntry) =
            options.Cancellation.ThrowIfCancellationRequested()
            let wanted = leaf.Tensor
            let key = struct (entry.Name, wanted.DType, wanted.Device)

            match read.TryGetValue key with
            | true, t -> t
            | _ ->
                let t = source.Read entry
                let t = if t.DType = wanted.DType then t else t.Convert wanted.DType
                let t = t.To wanted.Device
                read.Add(key, t)
                t

        Array.map2
            (fun (leaf: Leaf) (entry: SafetensorsEntry | null) ->
                match entry with
                | null -> leaf.Tensor
                | entry -> load leaf entry)
            leaves
            found
        |> Tree.rebuild template

    let private loadedAs
        (operation: string)
        (options: CheckpointOptions)
        (path: string)
        (template: 'tree)
        : 'tree =
        checkOptions options
        Given.check "path" path
        let leaves = Tree.entries template
        use file = SafetensorsFile.Open(operation, path)
        filled operation options (NamedTensors.ofFile operation file) leaves template

    /// <summary>
    /// Loads a tree: the template's structure and static fields, the file's numbers. Shapes, dtypes, names, and what is no tensor, must be
    /// the same; where they are not, the error lists all differences. The path may be that of an index of several files, as <c>Safetensors.openFile</c>
    /// takes it.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// Leaves are missing in the file, or have none in the template; or what is no tensor differs.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">Shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Dtypes differ.</exception>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Checkpoint.save path {| Weight = tensor [ 1.0; 2.0 ] |}
    /// Checkpoint.load path {| Weight = Tensor.zeros DType.Float64 [ 2 ] |} // { Weight = [1, 2] }
    /// </code></example>
    let load (path: string) (template: 'tree) : 'tree = loadedAs "Checkpoint.load" defaults path template

    /// <summary>Loads a tree from other names, in part, or with floating-point numbers of another dtype.</summary>
    /// <exception cref="T:Cotangent.TreeException">Leaves are missing in the file, or have none in the template.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Dtypes differ that the options do not convert.</exception>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <exception cref="T:System.OperationCanceledException">The options' token was cancelled.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.write path (Map [ "w", tensor [ 1.0f; 2.0f ]; "momentum", tensor [ 9.0f; 9.0f ] ])
    /// let options = { Checkpoint.defaults with Rename = (fun _ -> "w"); IgnoreExtra = true; ConvertFloats = true }
    /// Checkpoint.loadWith options path (tensor [ 0.0; 0.0 ]) // [1, 2]
    /// </code></example>
    let loadWith (options: CheckpointOptions) (path: string) (template: 'tree) : 'tree =
        loadedAs "Checkpoint.loadWith" options path template

    /// <summary>
    /// The template with tensors by name in place of its own: those of another program's file, read by <c>PyTorch.read</c>, say. The
    /// options are those of <c>loadWith</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">Leaves are missing among the tensors, or have none in the template.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Dtypes differ that the options do not convert.</exception>
    /// <example><code>
    /// let tensors = Map [ "fc.weight", tensor [ [ 1.0f ]; [ 2.0f ] ]; "fc.bias", tensor [ 3.0f ] ]
    /// let options = { Checkpoint.defaults with Rename = fun name -> "fc." + name }
    /// (Checkpoint.fit options (Linear.create 2 1 (Key.create 0L)) tensors).Bias // [3]
    /// </code></example>
    let fit (options: CheckpointOptions) (template: 'tree) (tensors: Map<string, Tensor>) : 'tree =
        checkOptions options
        Given.check "tensors" tensors

        for each in tensors do
            Given.check $"tensors[{each.Key}]" each.Value

        filled "Checkpoint.fit" options (NamedTensors.ofMap tensors) (Tree.entries template) template

    /// <summary>The texts that were saved beside the tensors.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Checkpoint.saveWith { Checkpoint.defaults with Metadata = Map [ "epoch", "3" ] } path (tensor 1.0)
    /// (Checkpoint.metadata path)["epoch"] // 3
    /// </code></example>
    let metadata (path: string) : Map<string, string> =
        Given.check "path" path
        use file = SafetensorsFile.Open("Checkpoint.metadata", path)
        file.Metadata.Remove SavedStatics.Key

    /// <summary>The checkpoints of a folder, in the order of their steps; none where there is no such folder.</summary>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// Checkpoint.saveStep 2 folder 100 (tensor 1.0)
    /// Checkpoint.saveStep 2 folder 200 (tensor 2.0)
    /// Checkpoint.saveStep 2 folder 300 (tensor 3.0)
    /// [ for each in Checkpoint.steps folder -> each.Step ] // [200, 300]
    /// </code></example>
    let steps (folder: string) : CheckpointFile[] =
        Given.check "folder" folder
        Rotation.files folder

    /// <summary>
    /// The newest checkpoint of a folder that is whole; none where there is none.
    /// </summary>
    /// <exception cref="T:System.IO.IOException">A file can't be read.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// Checkpoint.saveStep 2 folder 100 (tensor 1.0)
    /// (Checkpoint.latest folder |> Option.get).Step // 100
    /// </code></example>
    let latest (folder: string) : CheckpointFile option =
        Given.check "folder" folder
        Rotation.newest folder

    /// What saves a tree as a checkpoint of a step, and removes those that are too many.
    let internal preparedStep
        (operation: string)
        (keep: int)
        (folder: string)
        (step: int)
        (tree: 'tree)
        : unit -> unit =
        let path = Rotation.require operation keep folder step
        let options = { defaults with Metadata = Map [ "step", string step ] }
        let write = prepared operation options path tree

        fun () ->
            write ()
            Rotation.removeAllBut keep folder

    /// <summary>
    /// Saves a tree in a folder, which is made if it is missing, under a name with the step's number, and removes all but the last
    /// checkpoints there, as many as are to be kept.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// Less than 1 is to be kept, the step is negative, or the folder has checkpoints of later steps: of another training, perhaps.
    /// </exception>
    /// <exception cref="T:Cotangent.TreeException">The type can't hold a tensor.</exception>
    /// <exception cref="T:System.IO.IOException">The disk is full, or refuses.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// Checkpoint.saveStep 3 folder 100 (tensor 1.0)
    /// (Array.head (Checkpoint.steps folder)).Step // 100
    /// </code></example>
    let saveStep (keep: int) (folder: string) (step: int) (tree: 'tree) : unit =
        Given.check "folder" folder
        preparedStep "Checkpoint.saveStep" keep folder step tree ()

    /// <summary>
    /// The state of the newest whole checkpoint of a folder, and its step; where there is none, the one given, and 0. A training that
    /// begins so goes on where it was ended, however often.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">Leaves are missing in the file, or have none in the state.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Shapes differ.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Dtypes differ.</exception>
    /// <exception cref="T:System.IO.IOException">A file can't be read.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// Checkpoint.resume folder (tensor 0.0) // (0, 0)
    /// Checkpoint.saveStep 2 folder 100 (tensor 1.0)
    /// Checkpoint.resume folder (tensor 0.0) // (1, 100)
    /// </code></example>
    let resume (folder: string) (start: 'tree) : 'tree * int =
        match latest folder with
        | Some newest -> loadedAs "Checkpoint.resume" defaults newest.Path start, newest.Step
        | None -> start, 0
