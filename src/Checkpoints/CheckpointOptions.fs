namespace Cotangent

open System.Threading
open Cotangent.Checkpoints

/// <summary>How trees are saved and loaded.</summary>
/// <example><code>
/// let path = System.IO.Path.GetTempFileName()
/// let options = { Checkpoint.defaults with Metadata = Map [ "epoch", "3" ] }
/// Checkpoint.saveWith options path (tensor 1.0)
/// (Checkpoint.metadata path)["epoch"] // 3
/// </code></example>
[<NoComparison; NoEquality; CompiledName "FSharpCheckpointOptions">]
type CheckpointOptions = {
    /// <summary>What a leaf is called in the file, from its name in the tree: <c>layers.0.bias</c>.</summary>
    Rename: string -> string
    /// Texts of your own, to be saved beside the tensors.
    Metadata: Map<string, string>
    /// Whether leaves that the file lacks keep the template's numbers.
    KeepMissing: bool
    /// Whether tensors of the file that have no leaf are left alone.
    IgnoreExtra: bool
    /// Whether floating-point numbers may be rounded to the dtype of their leaf. Whole numbers and truth values are never converted.
    ConvertFloats: bool
    /// Whether what is no tensor (activations, rates, texts) may differ between file and template, and stays the template's.
    IgnoreStatics: bool
    /// Ends saving or loading, which then throws; the file that was there stays.
    Cancellation: CancellationToken
}

/// <summary>A checkpoint of a training, numbered by step.</summary>
/// <example><code>
/// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
/// Checkpoint.saveStep 2 folder 100 (tensor 1.0)
/// [ for file in Checkpoint.steps folder -> file.Step ] // [100]
/// </code></example>
type CheckpointFile = {
    /// Steps taken before it was saved.
    Step: int
    /// Where it is.
    Path: string
}

namespace Cotangent.Checkpoints

open System.Collections.Generic
open Cotangent
open Cotangent.Engines

/// Trees as named tensors.
module internal NamedLeaves =
    /// What the leaves are called in a file.
    let names (operation: string) (options: CheckpointOptions) (leaves: Leaf[]) : string[] =
        leaves
        |> Array.map (fun leaf ->
            // A tree that is a tensor itself.
            let own = if leaf.Name = "" then "tensor" else leaf.Name

            match options.Rename own |> box with
            | null ->
                raise (ValueException $"{operation}: `Rename` made null of '{own}'; let it give a name.")
            | name -> unbox<string> name)

    /// What memory a tensor shows, and whether two show the same part of it in the same way.
    let private memory (t: Tensor) : obj | null =
        match t with
        | Value(:? HostBuffer as b) -> b.Data
        | Value b -> b
        | Traced _ -> null

    let private isSame (a: Tensor) (b: Tensor) =
        match a, b with
        | Value(:? HostBuffer as a), Value(:? HostBuffer as b) ->
            a.Offset = b.Offset && Shape.equal a.Shape b.Shape && Shape.equal a.Strides b.Strides
        | _ -> true

    /// For each leaf the first one that is the same tensor, if another comes before it.
    let private earlier (leaves: Leaf[]) : int voption[] =
        let seen = Dictionary<obj, ResizeArray<int>>(HashIdentity.Reference)

        leaves
        |> Array.mapi (fun i leaf ->
            match memory leaf.Tensor with
            | NonNull shown when leaf.Tensor.Size > 0 ->
                let others =
                    match seen.TryGetValue shown with
                    | true, others -> others
                    | _ ->
                        let others = ResizeArray<int>()
                        seen.Add(shown, others)
                        others

                match others |> Seq.tryFind (fun k -> isSame leaves[k].Tensor leaf.Tensor) with
                | Some k -> ValueSome k
                | None ->
                    others.Add i
                    ValueNone
            | _ -> ValueNone)

    /// The texts and the tensors of a file for a tree. A tensor that stands in several places is saved once, and the texts say under
    /// the names of the others what it is called: programs of Hugging Face do so as well.
    let ofTree
        (operation: string)
        (options: CheckpointOptions)
        (tree: 'tree)
        : struct (Map<string, string> * Saved[]) =
        let leaves = Tree.entries tree
        let names = names operation options leaves
        let before = earlier leaves
        let saved = ResizeArray<Saved>()
        let mutable about = options.Metadata

        for i in 0 .. leaves.Length - 1 do
            match before[i] with
            | ValueSome k when not (options.Metadata.ContainsKey names[i]) && names[i] <> names[k] ->
                about <- about.Add(names[i], names[k])
            | _ ->
                let take () = SafetensorsWriter.snapshot leaves[i].Tensor
                saved.Add { Name = names[i]; Numbers = Tree.atLeaf operation tree i take }

        let statics = SavedStatics.ofTree tree

        if not (statics.IsEmpty || about.ContainsKey SavedStatics.Key) then
            about <- about.Add(SavedStatics.Key, SavedStatics.toText statics)

        struct (about, saved.ToArray())

/// Tensors by name, from wherever: what a template is filled with.
[<NoComparison; NoEquality>]
type internal NamedTensors = {
    /// For messages.
    Called: string
    /// In some order.
    Entries: SafetensorsEntry[]
    /// The one of a name, or of a name that stands for another.
    Find: string -> (SafetensorsEntry | null)
    /// Its numbers, in main memory.
    Read: SafetensorsEntry -> Tensor
    /// What was saved that is no tensor, by place.
    Statics: Map<string, string>
}

module internal NamedTensors =
    let ofFile (operation: string) (file: SafetensorsFile) : NamedTensors = {
        Called = $"'{file.Path}'"
        Entries = file.Entries
        Find =
            fun name ->
                match file.Find name with
                | null ->
                    match file.Metadata.TryFind name with
                    | Some other -> file.Find other
                    | None -> null
                | entry -> entry
        Read = fun entry -> Value(file.Numbers(operation, entry))
        Statics =
            match file.Metadata.TryFind SavedStatics.Key with
            | Some text -> SavedStatics.ofText text
            | None -> Map.empty
    }

    let ofMap (tensors: Map<string, Tensor>) : NamedTensors =
        let entryOf (name: string) (t: Tensor) =
            let bytes = int64 t.Size * int64 t.DType.Size
            SafetensorsEntry(name, ElementFormat.ofDType t.DType, Array.map int64 t.Dims, 0L, bytes)

        let entries = tensors |> Map.map entryOf

        {
            Called = "the tensors"
            Entries = Array.ofSeq entries.Values
            Find =
                fun name ->
                    match entries.TryGetValue name with
                    | true, entry -> entry
                    | _ -> null
            Read = fun entry -> tensors[entry.Name]
            Statics = Map.empty
        }
