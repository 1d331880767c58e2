namespace Cotangent.Charts

open System
open System.IO

/// Files that readers find whole: written beside the name they are to get, then renamed.
module internal WholeFile =
    /// The folder of a file, made if it is missing.
    let folderOf (path: string) : string =
        let folder = Unchecked.nonNull (Path.GetDirectoryName(Path.GetFullPath path))
        Directory.CreateDirectory folder |> ignore
        folder

    /// Puts a file in the place of the one that is there, if one is.
    let write (path: string) (fill: Stream -> unit) : unit =
        let path = Path.GetFullPath path
        let ending = Path.GetRandomFileName().Substring(0, 8)
        let beside = Path.Combine(folderOf path, $"{Path.GetFileName path}.{ending}.partial")

        try
            using (new FileStream(beside, FileMode.CreateNew, FileAccess.Write)) (fun file ->
                fill file
                file.Flush true)

            File.Move(beside, path, overwrite = true)
        with _ ->
            try
                File.Delete beside
            with
            | :? IOException
            | :? UnauthorizedAccessException -> ()

            reraise ()

    /// What may go wrong with a file through no fault of the program: the disk is full, the file locked, the folder gone.
    let (|Failure|_|) (e: exn) : string option =
        match e with
        | :? IOException
        | :? UnauthorizedAccessException -> Some e.Message
        | _ -> None
