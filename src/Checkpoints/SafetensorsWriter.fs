namespace Cotangent.Checkpoints

open System
open System.IO
open System.Text
open System.Threading
open Cotangent
open Cotangent.Engines

/// A tensor as it was when it was to be saved, under its name.
[<NoComparison; NoEquality>]
type internal Saved = { Name: string; Numbers: HostBuffer }

/// Tensors become a file.
module internal SafetensorsWriter =
    /// The numbers of a tensor in main memory, safe to be read by another thread: a scope that ends leaves them alone, and so does
    /// a compiled function that they are given to.
    let snapshot (t: Tensor) : HostBuffer =
        let host = t.Host
        // Its memory counts as shared from here on, and what is shared is never overwritten.
        let view = host.View(host.Shape, host.Strides, host.Offset)
        host.CheckAlive()
        view

    let private strict = UTF8Encoding(false, true)

    /// Throws unless a text can be written.
    let private requireText (operation: string) (what: string) (text: string) =
        try
            strict.GetByteCount text |> ignore
        with :? EncoderFallbackException ->
            raise (ValueException $"{operation}: {what} has half a character in it. Give it another one.")

    let private requireNames (operation: string) (about: Map<string, string>) (tensors: Saved[]) =
        for each in about do
            requireText operation $"the metadata's {Untrusted.quote each.Key}" (each.Key + each.Value)

        let names = Collections.Generic.HashSet<string>()

        for each in tensors do
            requireText operation $"the name {Untrusted.quote each.Name}" each.Name

            if each.Name = SafetensorsHeader.MetadataName then
                raise (
                    ValueException
                        $"{operation}: a tensor is called '{each.Name}', which the format keeps for texts. Rename it."
                )

            if not (names.Add each.Name) then
                raise (
                    ValueException
                        $"{operation}: two tensors are called '{each.Name}'; each needs a name of its own. Rename one of them."
                )

    /// In the order of the format: large elements first, then by name.
    let private ordered (tensors: Saved[]) : Saved[] =
        let order (a: Saved) (b: Saved) =
            let rank (x: Saved) = ElementFormat.rank (ElementFormat.ofDType x.Numbers.DType)

            match compare (rank b) (rank a) with
            | 0 -> String.CompareOrdinal(a.Name, b.Name)
            | different -> different

        Array.sortWith order tensors

    let private bytes (x: HostBuffer) = int64 (Shape.count x.Shape) * int64 x.DType.Size

    let private put (output: Stream) (cancellation: CancellationToken) (x: HostBuffer) =
        let whole = Strided.materialise x
        let start = int64 whole.Offset * int64 x.DType.Size
        let total = bytes x
        let mutable written = 0L

        while written < total do
            cancellation.ThrowIfCancellationRequested()
            let count = int (min ArrayBytes.Piece (total - written))

            output.Write(
                Span.op_Implicit (ArrayBytes.at whole.Data (start + written) count): ReadOnlySpan<byte>
            )

            written <- written + int64 count

    /// The header, the tensors in their order, and how many bytes that makes.
    let private plan (operation: string) (about: Map<string, string>) (tensors: Saved[]) =
        requireNames operation about tensors
        let tensors = ordered tensors

        let header =
            SafetensorsHeader.write about [|
                for t in tensors -> struct (t.Name, t.Numbers.DType, t.Numbers.Shape)
            |]

        struct (header, tensors, int64 header.Length + Array.sumBy (fun t -> bytes t.Numbers) tensors)

    let private fill (output: Stream) (header: byte[]) (tensors: Saved[]) cancellation =
        output.Write(ReadOnlySpan header)

        for each in tensors do
            put output cancellation each.Numbers

    /// A file in the place of the one that is there.
    let toFile
        (operation: string)
        (path: string)
        (about: Map<string, string>)
        (cancellation: CancellationToken)
        (tensors: Saved[])
        =
        let struct (header, tensors, size) = plan operation about tensors
        AtomicFile.write path size (fun file -> fill file header tensors cancellation)

    /// The same bytes in memory.
    let toBytes (operation: string) (about: Map<string, string>) (tensors: Saved[]) : byte[] =
        let struct (header, tensors, size) = plan operation about tensors
        let output = new MemoryStream(int size)
        fill output header tensors CancellationToken.None
        output.ToArray()
