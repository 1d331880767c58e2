namespace Cotangent.Images

open System
open System.IO
open Cotangent

/// <summary>
/// Pictures in folders that are called as their classes: <c>root/cat/1.jpg</c>. Only names are read; <c>Image.load</c> is for a
/// dataset's workers.
/// </summary>
[<NoComparison; NoEquality>]
type ImageFolder = {
    /// The names of the folders in ordinal order; a label is a place in it.
    Classes: string[]
    /// The path of each picture with its label, class by class, in ordinal order of the paths: the same on every machine.
    Files: struct (string * int)[]
}

/// Folders of pictures.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module ImageFolder =
    let private endings = Set [ ".png"; ".jpg"; ".jpeg"; ".webp"; ".bmp"; ".gif" ]

    let private isPicture (path: string) =
        endings.Contains((string (Path.GetExtension path)).ToLowerInvariant())

    /// Paths in one order whatever the system's separator is.
    let private sorted (paths: string[]) =
        Array.Sort(
            paths,
            Comparison(fun (a: string) (b: string) ->
                String.CompareOrdinal(
                    a.Replace(Path.DirectorySeparatorChar, '/'),
                    b.Replace(Path.DirectorySeparatorChar, '/')
                ))
        )

        paths

    /// <summary>
    /// The pictures (.png, .jpg, .jpeg, .webp, .bmp, .gif) in the folders of a folder, and in folders of these, with labels by the folder
    /// on top. Files with other endings and hidden ones are passed over.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">There is no such folder, no folder in it, or one without a picture.</exception>
    /// <example><code>
    /// let root = System.IO.Directory.CreateTempSubdirectory("pictures-").FullName
    /// let cats = System.IO.Directory.CreateDirectory(System.IO.Path.Combine(root, "cat")).FullName
    /// Image.save (System.IO.Path.Combine(cats, "1.png")) (Image.filled 2 2 Color.White)
    /// (ImageFolder.read root).Files.Length // 1
    /// </code></example>
    let read (root: string) : ImageFolder =
        Given.check "root" root

        if not (Directory.Exists root) then
            raise (
                FileException
                    $"ImageFolder.read: there is no folder '{root}'. Each of its folders is to be a class."
            )

        let folders = Directory.GetDirectories(root, "*", EnumerationOptions()) |> sorted

        if folders.Length = 0 then
            raise (
                FileException
                    $"ImageFolder.read: '{root}' has no folders in it. Put the pictures of each class into a folder that is called as the class."
            )

        let ofFolder (folder: string) =
            Directory.GetFiles(folder, "*", EnumerationOptions(RecurseSubdirectories = true))
            |> Array.filter isPicture
            |> sorted

        let files = Array.map ofFolder folders

        match Array.tryFindIndex Array.isEmpty files with
        | Some i ->
            raise (
                FileException
                    $"ImageFolder.read: '{folders[i]}' has no picture in it (.png, .jpg, .jpeg, .webp, .bmp or .gif). Move it elsewhere if it is no class."
            )
        | None -> {
            Classes = folders |> Array.map (fun folder -> Path.GetFileName folder |> string)
            Files =
                files
                |> Array.mapi (fun label paths -> paths |> Array.map (fun path -> struct (path, label)))
                |> Array.concat
          }
