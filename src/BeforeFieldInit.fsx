// Marks the classes of an assembly that have no static constructor with `beforefieldinit`, as C# does: for these it changes
// nothing else. F# leaves its modules without, and then Crossgen refuses to compile their generic methods ahead: code that
// all reference types share would first have to ask which class to initialise. Called by the build with the assembly's path.

open System.IO
open System.Reflection
open System.Reflection.Metadata
open System.Reflection.Metadata.Ecma335
open System.Reflection.PortableExecutable

let path = fsi.CommandLineArgs[1]
let bytes = File.ReadAllBytes path
let file = new PEReader(new MemoryStream(bytes))
let metadata = file.GetMetadataReader()

let initialises (t: TypeDefinition) =
    t.GetMethods()
    |> Seq.exists (fun m -> metadata.GetString (metadata.GetMethodDefinition m).Name = ".cctor")

/// Where the row of a type begins in the file. Its flags come first: four bytes, the lowest before.
let row (handle: TypeDefinitionHandle) =
    file.PEHeaders.MetadataStartOffset
    + metadata.GetTableMetadataOffset TableIndex.TypeDef
    + (MetadataTokens.GetRowNumber handle - 1) * metadata.GetTableRowSize TableIndex.TypeDef

for handle in metadata.TypeDefinitions do
    let t = metadata.GetTypeDefinition handle

    if not (t.Attributes.HasFlag TypeAttributes.Interface) && not (initialises t) then
        let at = row handle + 2
        bytes[at] <- bytes[at] ||| byte (int TypeAttributes.BeforeFieldInit >>> 16)

File.WriteAllBytes(path, bytes)
