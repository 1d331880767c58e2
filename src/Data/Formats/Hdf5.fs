namespace Cotangent

open System
open System.IO
open Cotangent.Datasets
open PureHDF
open PureHDF.Selections

/// <summary>
/// Arrays of HDF5 files, by PureHDF: numbers of every width, each of the file's dtype. Only what is asked for is read.
/// </summary>
[<RequireQualifiedAccess>]
module Hdf5 =
    let private kind = "an HDF5 file"

    let private selected<'t> (array: IH5Dataset) (selection: Selection | null) (shape: int[]) : Tensor =
        let numbers =
            match selection with
            | null -> array.Read<'t[]>()
            | selection -> array.Read<'t[]>(selection)

        Tensor.ofArray shape numbers

    /// Reads a selection, or all, of an array.
    let private reader (operation: string) (path: string) (name: string) (array: IH5Dataset) =
        match array.Type.Class, array.Type.Size with
        | H5DataTypeClass.FloatingPoint, 2 -> selected<Half> array
        | H5DataTypeClass.FloatingPoint, 4 -> selected<float32> array
        | H5DataTypeClass.FloatingPoint, 8 -> selected<float> array
        | H5DataTypeClass.FixedPoint, size ->
            match array.Type.FixedPoint.IsSigned, size with
            | true, 1 -> selected<sbyte> array
            | true, 2 -> selected<int16> array
            | true, 4 -> selected<int> array
            | true, 8 -> selected<int64> array
            | false, 1 -> selected<byte> array
            | false, 2 -> selected<uint16> array
            | false, 4 -> selected<uint32> array
            | false, 8 -> selected<uint64> array
            | _ -> Columns.refuse operation path name $"integer of {8 * size} bits"
        | H5DataTypeClass.FloatingPoint, size ->
            Columns.refuse operation path name $"floating-point number of {8 * size} bits"
        | other, _ -> Columns.refuse operation path name (string other)

    let private inside (operation: string) (path: string) (f: unit -> 'a) : 'a =
        try
            f ()
        with
        | :? CotangentException
        | :? FileNotFoundException
        | :? DirectoryNotFoundException -> reraise ()
        | e ->
            raise (
                FileException(
                    $"{operation}: '{path}' is not {kind}, or damaged: {e.Message} Get it again.",
                    e
                )
            )

    /// An open file whose first bytes are right.
    let private opened (operation: string) (path: string) : VOL.Native.NativeFile =
        let magic = [| 0x89uy; 0x48uy; 0x44uy; 0x46uy |]
        let head = Array.zeroCreate<byte> 4
        Argument.check "path" path

        if Directory.Exists path then
            SourceFile.fail operation path "is a folder. Name a file in it."

        using (File.OpenRead path) (fun file ->
            file.ReadAtLeast(Span head, 4, throwOnEndOfStream = false) |> ignore)

        if head <> magic then
            // Named for what it is, if that is known.
            (SourceFile.openStream operation path kind).Dispose()
            SourceFile.fail operation path $"is not {kind}: it does not begin as they do. Get it again."

        inside operation path (fun () -> H5File.OpenRead path)

    let rec private arrays (prefix: string) (group: IH5Group) : string list = [
        for child in group.Children() do
            match child with
            | :? IH5Dataset -> prefix + child.Name
            | :? IH5Group as inner -> yield! arrays (prefix + child.Name + "/") inner
            | _ -> ()
    ]

    let private find (operation: string) (path: string) (name: string) (file: IH5Group) : IH5Dataset =
        Argument.check "name" name

        if file.LinkExists name then
            match file.Get name with
            | :? IH5Dataset as array -> array
            | _ ->
                SourceFile.fail
                    operation
                    path
                    $"has a group called '{name}', and no array. Its arrays are {arrays String.Empty file}."
        else
            raise (
                FileException(
                    Table.Lacks(operation, $"'{path}'", "array", name, Array.ofList (arrays "" file))
                )
            )

    let private shapeOf (array: IH5Dataset) : int[] = array.Space.Dimensions |> Array.map Checked.int

    /// <summary>The names of all arrays, those in groups as <c>group/array</c>.</summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// Hdf5.names "measurements.h5" // train/x, train/y
    /// </code></example>
    [<CompiledName "Names">]
    let names (path: string) : string[] =
        use file = opened "Hdf5.names" path
        inside "Hdf5.names" path (fun () -> Array.ofList (arrays "" file))

    /// <summary>A whole array.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, something else, or has no such array.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds its elements.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let x = Hdf5.read "train/x" "measurements.h5"
    /// </code></example>
    [<CompiledName "Read">]
    let read (name: string) (path: string) : Tensor =
        use file = opened "Hdf5.read" path

        inside "Hdf5.read" path (fun () ->
            let array = find "Hdf5.read" path name file
            (reader "Hdf5.read" path name array) null (shapeOf array))

    /// <summary>The entries of an array's first axis, each read when it is asked for, by one thread at a time. The file stays open.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, something else, or has no such array.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds its elements.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let x, y = Hdf5.dataset "train/x" "measurements.h5", Hdf5.dataset "train/y" "measurements.h5"
    /// let examples = Dataset.zip x y
    /// </code></example>
    [<CompiledName "Dataset">]
    let dataset (name: string) (path: string) : Dataset<Tensor> =
        let operation = "Hdf5.dataset"
        let file = opened operation path

        try
            inside operation path (fun () ->
                let array = find operation path name file
                let shape = shapeOf array

                if shape.Length = 0 then
                    SourceFile.fail
                        operation
                        path
                        $"has a scalar called '{name}', without entries. Use `Hdf5.read`."

                let read = reader operation path name array
                let gate = obj ()

                Dataset<Tensor>(
                    $"{Path.GetFileName path}: {name}",
                    int64 shape[0],
                    fun i ->
                        let starts = Array.init shape.Length (fun axis -> if axis = 0 then uint64 i else 0UL)

                        let blocks =
                            Array.init shape.Length (fun axis ->
                                if axis = 0 then 1UL else uint64 shape[axis])

                        lock gate (fun () ->
                            read (HyperslabSelection(shape.Length, starts, blocks)) shape[1..])
                ))
        with _ ->
            file.Dispose()
            reraise ()
