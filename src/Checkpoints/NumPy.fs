namespace Cotangent

open System.Collections.Generic
open System.IO
open System.IO.Compression
open Cotangent.Checkpoints

/// <summary>Files of NumPy.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module NumPy =
    /// <summary>
    /// The array of an <c>.npy</c> file. Its dtype is the file's.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or no such file.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds its elements: complex numbers, texts, objects.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// // What numpy.save makes of [1, 2] in Float32.
    /// let header = "{'descr': '&lt;f4', 'fortran_order': False, 'shape': (2,), }".PadRight 117 + "\n"
    /// let before = [| 0x93uy; yield! "NUMPY"B; 1uy; 0uy; 118uy; 0uy; yield! System.Text.Encoding.ASCII.GetBytes header |]
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllBytes(path, [| yield! before; 0uy; 0uy; 128uy; 63uy; 0uy; 0uy; 0uy; 64uy |])
    /// NumPy.readArray path // [1, 2]
    /// </code></example>
    let readArray (path: string) : Tensor =
        Given.check "path" path

        ForeignFile.reading "NumPy.readArray" path "an .npy array of NumPy" (fun file ->
            Tensor.ofHost (NpyArray.read "NumPy.readArray" "the array" file.Length file))

    let internal arrays (operation: string) (file: Stream) : Map<string, Tensor> =
        use archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen = true)
        let found = Dictionary<string, Tensor>()

        for entry in archive.Entries do
            let name = entry.FullName

            if name.EndsWith(".npy", System.StringComparison.Ordinal) then
                ZipEntries.require entry
                use input = entry.Open()
                let own = name.Substring(0, name.Length - 4)

                if
                    not (found.TryAdd(own, Tensor.ofHost (NpyArray.read operation own entry.Length input)))
                then
                    raise (DamagedException $"{Untrusted.quote own} is in it twice")

        if found.Count = 0 && archive.Entries.Count > 0 then
            raise (DamagedException "no file in it is an array of NumPy")

        found |> Seq.map (fun each -> each.Key, each.Value) |> Map.ofSeq

    /// <summary>
    /// The arrays of an <c>.npz</c> archive by name, compressed or not, each as <c>readArray</c> reads it. <c>Checkpoint.fit</c> makes a model
    /// of them.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or no such file.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// // A layer with weights from an archive, whose arrays are called weight and bias.
    /// let load (path: string) = NumPy.read path |> Checkpoint.fit Checkpoint.defaults (Linear.create 3 8 (Key.create 0L))
    /// load "none-such.npz" // throws FileNotFoundException
    /// </code></example>
    let read (path: string) : Map<string, Tensor> =
        Given.check "path" path
        ForeignFile.reading "NumPy.read" path "an .npz archive of NumPy" (arrays "NumPy.read")
