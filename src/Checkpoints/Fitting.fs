namespace Cotangent.Checkpoints

open System
open Cotangent

/// Whether tensors fit a template, and if not, all that is wrong at once.
module internal Fitting =
    /// Of one kind of fault so many are told, and how many more there are.
    [<Literal>]
    let private Told = 20

    [<RequireQualifiedAccess>]
    type private Fault =
        | Name of text: string
        | Shape of text: string
        | DType of text: string
        /// What is no tensor.
        | Static of text: string

    let private textOf (fault: Fault) =
        match fault with
        | Fault.Name text
        | Fault.Shape text
        | Fault.DType text
        | Fault.Static text -> text

    let private some (faults: Fault[]) : string[] =
        let told = faults |> Array.truncate Told |> Array.map textOf

        if faults.Length > Told then
            Array.append told [| $"… and {faults.Length - Told} more" |]
        else
            told

    let private nearest (name: string) (names: string[]) =
        match NearestName.find name names with
        | null -> ""
        | near -> $"; the nearest is '{near}'"

    /// The dtypes that the options turn into each other.
    let canConvert (options: CheckpointOptions) (from: DType) (wanted: DType) =
        options.ConvertFloats && from.IsFloat && wanted.IsFloat

    let private ofLeaf
        (options: CheckpointOptions)
        (name: string)
        (leaf: Leaf)
        (entry: SafetensorsEntry)
        : Fault list =
        let t = leaf.Tensor
        let sizes = Array.map int64 t.Dims
        let there = $"{entry.Format} {Shape.showLong entry.Sizes}"
        let here = $"{t.DType} {Shape.show t.Dims} in the template"

        if sizes <> entry.Sizes then
            [ Fault.Shape $"'{name}' is {there}, and {here}" ]
        else
            match entry.DType with
            | ValueSome dtype when dtype = t.DType || canConvert options dtype t.DType -> []
            | ValueSome _
            | ValueNone -> [ Fault.DType $"'{name}' is {there}, and {here}" ]

    /// What stands in front of names on one side alone, if that is all: `model.`, say.
    let private prefix (missing: string[]) (extra: string[]) : string =
        match Array.tryHead missing with
        | None -> ""
        | Some first ->
            let before (longer: string) (shorter: string) =
                if longer.EndsWith("." + shorter, StringComparison.Ordinal) then
                    Some(longer.Substring(0, longer.Length - shorter.Length))
                else
                    None

            let there = Set.ofArray extra
            let inFile = extra |> Array.tryPick (fun name -> before name first)
            let inTree = extra |> Array.tryPick (fun name -> before first name)

            match inFile, inTree with
            | Some p, _ when missing |> Array.forall (fun name -> there.Contains(p + name)) ->
                $" The names there have '{p}' in front: `Rename` can put it there."
            | _, Some p when
                missing
                |> Array.forall (fun name ->
                    name.StartsWith(p, StringComparison.Ordinal) && there.Contains(name.Substring p.Length))
                ->
                $" The template's names have '{p}' in front: `Rename` can take it away."
            | _ -> ""

    let private raiseFor
        (operation: string)
        (source: NamedTensors)
        (leaves: int)
        (hint: string)
        (faults: Fault[][])
        =
        let all = Array.concat faults
        let has (test: Fault -> bool) = all |> Array.exists test
        let lines = faults |> Array.collect some |> Array.map (fun line -> "\n  " + line) |> String.concat ""

        let message cure =
            $"{operation}: {source.Called} and the template, of {leaves} leaves, differ:{lines}\n{cure}"

        if has _.IsName then
            raise (
                TreeException(
                    message
                        $"Give the template of what was saved.{hint} `KeepMissing` and `IgnoreExtra` among the options load what fits."
                )
            )
        elif has _.IsShape then
            raise (ShapeException(message "Make the template with the sizes of what was saved."))
        elif has _.IsDType then
            raise (
                DTypeException(
                    message
                        "Make the template in the dtypes of what was saved; `ConvertFloats` among the options rounds floating-point numbers to those of the template."
                )
            )
        else
            raise (
                TreeException(
                    message
                        "The tensors fit, but what is no tensor is the template's, and so the loaded tree would not compute what the saved one did. Make the template with what was saved; `IgnoreStatics` among the options keeps what the template has."
                )
            )

    /// What each leaf is filled with, null where it keeps its numbers. Throws unless all else fits.
    let require
        (operation: string)
        (options: CheckpointOptions)
        (source: NamedTensors)
        (leaves: Leaf[])
        (statics: Map<string, string>)
        : (SafetensorsEntry | null)[] =
        let names = NamedLeaves.names operation options leaves
        let found = names |> Array.map source.Find
        let isFound i = not (isNull (box found[i]))
        let used = Collections.Generic.HashSet<string>()

        for each in found do
            match each with
            | null -> ()
            | entry -> used.Add entry.Name |> ignore

        let missing = [|
            for i in 0 .. names.Length - 1 do
                if not (isFound i) then names[i]
        |]

        let extra = [|
            for each in source.Entries do
                if not (used.Contains each.Name) then each.Name
        |]

        let faults = [|
            (if options.KeepMissing then [||] else missing)
            |> Array.map (fun name -> Fault.Name $"'{name}' is missing{nearest name extra}")

            (if options.IgnoreExtra then [||] else extra)
            |> Array.map (fun name ->
                Fault.Name $"'{name}' has no leaf in the template{nearest name missing}")

            Array.zip3 names leaves found
            |> Array.collect (fun (name, leaf, entry) ->
                match entry with
                | null -> [||]
                | entry -> Array.ofList (ofLeaf options name leaf entry))

            (if options.IgnoreStatics then [||] else SavedStatics.differences source.Statics statics)
            |> Array.map (fun (place, saved, own) ->
                Fault.Static $"`{place}` is {saved}, and {own} in the template")
        |]

        if faults |> Array.exists (fun some -> some.Length > 0) then
            raiseFor operation source leaves.Length (prefix missing extra) faults

        found
