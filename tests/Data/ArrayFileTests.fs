module Cotangent.Data.Tests.ArrayFileTests

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Data.Tests.Raises

let private images = Tensor.ofArray [ 4; 3; 2 ] [| for i in 0..23 -> byte (250 + i) |]

[<Tests>]
let idx =
    testList "IDX" [
        test "files of every type, as NumPy wrote their numbers" {
            let read name = Idx.read (Fixture.file name)
            Expect.equal (read "bytes.idx") images "bytes"
            Expect.equal (read "bytes.idx.gz") images "compressed"
            Expect.equal (read "signed.idx") (tensor [ -128y; 0y; 127y ]) "signed bytes"
            Expect.equal (read "short.idx") (tensor [ [ -300s; 300s ] ]) "16 bits"
            Expect.equal (read "int.idx") (tensor [ -70000; 70000 ]) "32 bits"
            Expect.equal (read "float.idx") (tensor [ 0.5f; -1.25f ]) "Float32"
            Expect.equal (read "double.idx") (tensor [ 1e-300; Math.PI ]) "Float64"
        }
        test "entry by entry: mapped, unpacked, as a stream" {
            for name in [ "bytes.idx"; "bytes.idx.gz" ] do
                let dataset, stream = Idx.dataset (Fixture.file name), Idx.stream (Fixture.file name)
                Expect.equal dataset.Count 4L "entries"
                Expect.equal (stack 0 dataset) images "dataset"
                Expect.equal (stack 0 stream) images "stream"
                Expect.equal dataset[2L] (images.Slice [ Index.At 2 ]) "one of them"
        }
        test "files that are something else, or damaged" {
            use folder = new Fixture.Folder()
            let whole = File.ReadAllBytes(Fixture.file "bytes.idx")

            let refused (says: string) path =
                raises<FileException, _> says (fun () -> Idx.read path) "read"
                raises<FileException, _> says (fun () -> Idx.dataset path) "dataset"
                raises<ExampleException, _> says (fun () -> Idx.stream path |> Seq.iter ignore) "stream"

            for content, says in Fixture.others do
                refused says (folder.Write("other", Text.Encoding.Latin1.GetBytes content))

            for length in 1 .. whole.Length - 1 do
                refused "" (folder.Write("cut", whole[.. length - 1]))

            refused "" (folder.Write("longer", Array.append whole [| 0uy |]))
            refused "" (folder.Write("huge", [| 0uy; 0uy; 8uy; 1uy; 0x7Fuy; 0xFFuy; 0xFFuy; 0xFFuy |]))

            refused
                "-1 long"
                (folder.Write("negative", [| 0uy; 0uy; 8uy; 1uy; 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy; 1uy |]))

            refused "0x07" (folder.Write("type", [| 0uy; 0uy; 7uy; 1uy; 0uy; 0uy; 0uy; 1uy; 1uy |]))
            raises<FileException, _> "is a folder" (fun () -> Idx.read (folder.Path "")) "a folder"

            raises<FileNotFoundException, _>
                "nothing"
                (fun () -> Idx.read (folder.Path "nothing"))
                "not there"
        }
    ]

[<Tests>]
let npy =
    testList "NumPy's arrays, mapped" [
        test "entries, as NumPy wrote them" {
            for name in
                [ "float32.npy"; "big-endian.npy"; "bytes.npy"; "vector.npy"; "complex.npy"; "unsigned.npy" ] do
                let path = Fixture.file name
                Expect.equal (stack 0 (Npy.dataset path)) (NumPy.readArray path) name

            let big = Npy.dataset (Fixture.file "big-endian.npy")
            Expect.equal big[0L] (tensor [ -3s; -2s ]) "big-endian"
            let complex = Npy.dataset (Fixture.file "complex.npy")
            Expect.equal complex[1L] (tensor (Numerics.Complex(0.1, -1e300))) "complex"
            let turned = Npy.dataset (Fixture.file "big-complex.npy")
            Expect.equal turned[0L] (tensor [ Complex64(1.5f, -2.0f) ]) "complex, big-endian"
            let unsigned = Npy.dataset (Fixture.file "unsigned.npy")
            Expect.equal unsigned[1L] (tensor UInt64.MaxValue) "64 bits without a sign"
        }
        test "what can't be read entry by entry" {
            raises<FileException, _>
                "order of Fortran"
                (fun () -> Npy.dataset (Fixture.file "fortran.npy"))
                "Fortran"

            raises<DTypeException, _> "'U1'" (fun () -> Npy.dataset (Fixture.file "texts.npy")) "texts"
            use folder = new Fixture.Folder()

            for content, says in Fixture.others do
                let path = folder.Write("other", Text.Encoding.Latin1.GetBytes content)
                raises<FileException, _> says (fun () -> Npy.dataset path) says

            let whole = File.ReadAllBytes(Fixture.file "float32.npy")

            for length in [ 5; 11; 60; whole.Length - 1 ] do
                raises<FileException, _>
                    "cut"
                    (fun () -> Npy.dataset (folder.Write("cut", whole[.. length - 1])))
                    "cut short"
        }
    ]
