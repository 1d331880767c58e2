namespace Cotangent.Datasets

open System
open System.IO
open Cotangent

/// Where packages of data put their files.
module internal DataFolder =
    /// A folder of one's own, which an environment variable names: the files are there, or in a folder in it.
    let private own (folder: string) = [
        match Environment.GetEnvironmentVariable "COTANGENT_DATA" with
        | null
        | "" -> ()
        | named ->
            Path.Combine(named, folder)
            named
    ]

    /// The first of the places that has a file; or an error that says how to get it.
    let find
        (operation: string)
        (what: string)
        (folder: string)
        (places: string list)
        (file: string)
        (how: string)
        : string =
        let places = own folder @ places

        match places |> List.tryFind (fun place -> File.Exists(Path.Combine(place, file))) with
        | Some place -> place
        | None ->
            let tried =
                if places.IsEmpty then
                    "nowhere, since COTANGENT_DATA names no folder"
                else
                    String.Join(", ", places)

            raise (
                FileNotFoundException(
                    $"{operation}: {what} is not on this machine (looked for {file} in {tried}). {how}",
                    file
                )
            )
