namespace Cotangent.Torch

open System
open System.Buffers.Binary
open System.Text

/// Versions that a shared library (64-bit little-endian ELF) asks of the libraries it needs.
///
/// TorchSharp's native library asks libstdc++ for GLIBCXX_3.4.32, since it was linked on a newer system, though no
/// relocation in it is against a symbol of that version. The dynamic linker refuses it all the same where libstdc++ is
/// older, unless the need is marked weak. Layout: "System V ABI, AMD64 supplement", and for versions "Linux Standard
/// Base Core, generic part", chapter 10.7.
module internal Elf =

    [<Literal>]
    let private Relocations = 4u // SHT_RELA

    [<Literal>]
    let private VersionSymbols = 0x6fffffffu // SHT_GNU_versym

    [<Literal>]
    let private VersionNeeds = 0x6ffffffeu // SHT_GNU_verneed

    [<Literal>]
    let private Weak = 2us // VER_FLG_WEAK

    let private u16 (image: byte[]) at = BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan(image, at, 2))
    let private u32 (image: byte[]) at = BinaryPrimitives.ReadUInt32LittleEndian(ReadOnlySpan(image, at, 4))

    let private u64 (image: byte[]) at =
        int (BinaryPrimitives.ReadUInt64LittleEndian(ReadOnlySpan(image, at, 8)))

    let private text (image: byte[]) at =
        Encoding.ASCII.GetString(image, at, Array.IndexOf(image, 0uy, at) - at)

    [<Struct>]
    type private Section = { Kind: uint32; Offset: int; Size: int; Link: int; Info: int }

    let private sections (image: byte[]) =
        let start, size, count = u64 image 0x28, int (u16 image 0x3A), int (u16 image 0x3C)

        Array.init count (fun i ->
            let at = start + i * size

            {
                Kind = u32 image (at + 4)
                Offset = u64 image (at + 24)
                Size = u64 image (at + 32)
                Link = int (u32 image (at + 40))
                Info = int (u32 image (at + 44))
            })

    let private isElf (image: byte[]) =
        image.Length > 64
        && image.AsSpan(0, 6).SequenceEqual(ReadOnlySpan [| 0x7Fuy; 0x45uy; 0x4Cuy; 0x46uy; 2uy; 1uy |])

    /// A copy of a library that no longer insists on versions of other libraries of which no relocation uses a symbol; and
    /// those
    /// versions. Throws on what is not such a library.
    let weaken (library: byte[]) : byte[] * string list =
        if not (isElf library) then
            raise (BadImageFormatException "Not a 64-bit little-endian ELF file.")

        let image = Array.copy library
        let all = sections image

        /// The version of a symbol, as an index; the top bit hides a symbol.
        let versionOf =
            match all |> Array.tryFind (fun s -> s.Kind = VersionSymbols) with
            | Some versions -> fun symbol -> u16 image (versions.Offset + 2 * symbol) &&& 0x7FFFus
            | None -> fun _ -> 0us

        let used =
            all
            |> Seq.filter (fun s -> s.Kind = Relocations)
            |> Seq.collect (fun s ->
                Seq.init (s.Size / 24) (fun i -> versionOf (int (u32 image (s.Offset + 24 * i + 12)))))
            |> set

        let weakened = [
            for section in all do
                if section.Kind = VersionNeeds then
                    let names = all[section.Link].Offset
                    let mutable library = section.Offset

                    for _ in 1 .. section.Info do
                        let mutable version = library + int (u32 image (library + 8))

                        for _ in 1 .. int (u16 image (library + 2)) do
                            let flags = u16 image (version + 4)

                            if
                                flags &&& Weak = 0us
                                && not (used.Contains(u16 image (version + 6) &&& 0x7FFFus))
                            then
                                BinaryPrimitives.WriteUInt16LittleEndian(
                                    Span(image, version + 4, 2),
                                    flags ||| Weak
                                )

                                text image (names + int (u32 image (version + 8)))

                            version <- version + int (u32 image (version + 12))

                        library <- library + int (u32 image (library + 12))
        ]

        image, weakened
