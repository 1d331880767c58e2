/// The files that a run writes. Whether they can be written is asked before the training, not after it.
module Samples.Output

open System
open System.IO

/// What is wrong with a place for a file, as it comes from an option of the command line; None if a file can be written
/// there. Makes the folder if there is none.
let private trouble (option: string) (path: string) : string option =
    if String.IsNullOrWhiteSpace path then
        Some $"{option} must name a file, got \"{path}\"."
    elif Path.EndsInDirectorySeparator path || Directory.Exists path then
        Some $"{option} must name a file, and {path} is a folder: name a file in it."
    else
        try
            let full = Path.GetFullPath path
            let isNew = not (File.Exists full)

            match Path.GetDirectoryName full with
            | null -> ()
            | folder -> Directory.CreateDirectory folder |> ignore

            File.Open(full, FileMode.OpenOrCreate, FileAccess.Write).Dispose()
            if isNew then File.Delete full
            None
        with
        | :? IOException
        | :? UnauthorizedAccessException
        | :? ArgumentException
        | :? NotSupportedException as e -> Some $"{option} {path} can't be written: {e.Message}"

/// The files that the options name can be written, and are not one and the same; or what is wrong.
let check (files: (string * string) list) : Result<unit, string> =
    let same =
        files
        |> List.filter (fun (_, path) -> not (String.IsNullOrWhiteSpace path))
        |> List.groupBy (fun (_, path) -> Path.GetFullPath path)
        |> List.tryPick (fun (path, options) ->
            match List.map fst options with
            | first :: second :: _ -> Some $"{first} and {second} are the same file, {path}."
            | _ -> None)

    match Option.orElse same (files |> List.tryPick (fun (option, path) -> trouble option path)) with
    | Some message -> Error message
    | None -> Ok()
