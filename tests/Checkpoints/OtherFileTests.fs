/// Files of NumPy and PyTorch (`Fixtures/make_others.py`) and of ONNX (`Fixtures/make_onnx.py`), whole, refused and damaged.
module Cotangent.Tests.OtherFileTests

open System
open System.IO
open System.IO.Compression
open System.Numerics
open Expecto
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Tests.Checks
open Cotangent.Tests.Support

let private fixture name = Path.Combine(__SOURCE_DIRECTORY__, "Fixtures", name)
let private block = (Tensor.arange DType.Int32 24).Reshape [ 2; 3; 4 ]

let private numpy =
    tests "NumPy" [
        "an archive, in every type, order and layout",
        (fun () ->
            let arrays = NumPy.read (fixture "arrays.npz")
            Expect.equal arrays.Count 15 "arrays"
            let tiny = BitConverter.UInt32BitsToSingle 1u
            equals [ [ 0.1f; -0.0f; infinityf ]; [ tiny; Single.MaxValue; 7.0f ] ] arrays["single"]
            let single = arrays["single"]
            Expect.equal (1.0f / float32 single[0, 1]) -infinityf "-0"
            equals [ 0.1; Double.Epsilon ] arrays["double"]
            equals [ half 1.5; Half.MaxValue; half 6e-8 ] arrays["half"]
            equals [ Int32.MinValue; Int32.MaxValue ] arrays["whole"]
            equals [ [ Int64.MinValue ]; [ Int64.MaxValue ] ] arrays["long"]
            equals [ true; false ] arrays["truth"]
            equals [| 0uy; 255uy |] arrays["u8"]
            equals [ -32768s; 32767s ] arrays["i16"]
            equals 2.5 arrays["scalar"]
            equals (Tensor.zeros DType.Float32 [ 0; 3 ]) arrays["nothing"]
            equals [ 1.5f; -2.0f ] arrays["big_endian"]
            equals [ Complex64(1.5f, -2.0f) ] arrays["complex"]
            equals [ [ Numerics.Complex(0.1, 1e300) ] ] arrays["double_complex"]
            equals block arrays["fortran"]
            equals [ 1.0 ] arrays["in/a/folder"])
        "a compressed archive and a single array",
        (fun () ->
            let arrays = NumPy.read (fixture "compressed.npz")
            equals (Tensor.zeros DType.Float64 [ 100; 100 ]) arrays["zeros"]
            equals block arrays["fortran"]
            equals block (NumPy.readArray (fixture "array.npy")))
        "what no dtype holds",
        (fun () ->
            raises<DTypeException, _>
                "'date' has elements of type '<M8[D]'"
                (fun () -> NumPy.read (fixture "refused.npz"))
                "dates")
        "complex numbers",
        (fun () ->
            let arrays = NumPy.read (fixture "complex.npz")
            equals (tensor [ [ Complex64(1.0f, 2.0f); Complex64(0.0f, -0.5f) ] ]) arrays["single"]
            equals (tensor [ Complex(0.1, -1e300); Complex(3.0, 0.0) ]) arrays["double"]
            equals (tensor [ Complex64(1.5f, -2.0f) ]) arrays["big_endian"]
            let i = Complex.ImaginaryOne
            equals (tensor [ [ i; Complex(2.0, 0.0) ]; [ Complex(3.0, 0.0); 4.0 * i ] ]) arrays["fortran"])
        "what is written is read, and NumPy's bytes",
        (fun () ->
            let path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".npy")

            try
                for t in
                    [
                        tensor [ Complex(1.0, -2.0) ]
                        tensor [ [ Complex64(1.0f, 2.0f) ] ]
                        tensor 2.5
                        Tensor.zeros DType.Float32 [ 0; 3 ]
                        tensor [ true; false ]
                        tensor [ 1uy; 2uy ]
                        block
                        block.Permute [ 2; 0; 1 ]
                    ] do
                    NumPy.writeArray path t
                    equals t (NumPy.readArray path)

                NumPy.writeArray path block
                Expect.equal (File.ReadAllBytes path) (File.ReadAllBytes(fixture "plain.npy")) "bytes"

                raises<DTypeException, _>
                    "BFloat16"
                    (fun () -> NumPy.writeArray path (Tensor.zeros DType.BFloat16 [ 1 ]))
                    "no such type"
            finally
                File.Delete path)
        "other files are named",
        fun () ->
            raises<FileException, _>
                "it is an .npy array of NumPy"
                (fun () -> NumPy.read (fixture "array.npy"))
                "npy"

            raises<FileException, _>
                "which `NumPy.read` reads"
                (fun () -> NumPy.readArray (fixture "arrays.npz"))
                "npz"

            raises<FileException, _>
                "which `PyTorch.read` reads"
                (fun () -> NumPy.read (fixture "state.pt"))
                "pt"

            raises<FileException, _>
                "an .npz archive of NumPy"
                (fun () -> NumPy.read (fixture "ours.safetensors"))
                "safetensors"

            raises<FileException, _> "is a folder" (fun () -> NumPy.read (fixture ".")) "folder"
            raises<FileNotFoundException, _> "none.npz" (fun () -> NumPy.read (fixture "none.npz")) "missing"
    ]

let private header (text: string) (data: byte[]) =
    Array.concat [
        [| 0x93uy |]
        "NUMPY\001\000"B
        BitConverter.GetBytes(uint16 text.Length)
        Text.Encoding.ASCII.GetBytes text
        data
    ]

let private damagedArrays =
    testList "damaged arrays" [
        for name, bytes, part in
            [
                "no numbers",
                header "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }" (Array.zeroCreate 8),
                "its end is missing"
                "a size that overflows",
                header "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }" [||],
                "is no size"
                "no dictionary", header "'descr': '<f4'" [||], "no dictionary"
                "no shape", header "{'descr': '<f4', 'fortran_order': False}" [||], "'shape'"
                "a record",
                header "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }" [||],
                "'descr'"
                "code for a shape",
                header "{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }" [||],
                "'shape'"
                "truth beyond true",
                header "{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }" [| 7uy |],
                "neither 0 nor 1"
                "another version", Array.append [| 0x93uy |] "NUMPY\009\000\000\000\000\000"B, "of version 9"
                "an endless header",
                Array.concat [ [| 0x93uy |]; "NUMPY\002\000"B; Array.create 4 255uy ],
                "more than 65536"
                "cut short", [| 0x93uy; 78uy |], "its end is missing"
            ] do
            testCase name (fun () ->
                use input = new MemoryStream(bytes)

                let read () =
                    input
                    |> ForeignFile.ofStream "test" "bytes" "an .npy array of NumPy" (fun file ->
                        NpyArray.read "test" "x" file.Length file)

                raises<FileException, _> part read name)
    ]

let private shared = Tensor.arange DType.Float32 12

let private ofPyTorch (file: string) =
    let state = PyTorch.read (fixture file)
    Expect.equal state.Count 15 "tensors"
    equals [ [ 0.1f; 0.2f ]; [ 0.3f; -0.0f ] ] state["layers.0.weight"]
    equals [ half 1.5; Half.MaxValue ] state["layers.0.bias"]
    equals [ bfloat 1.5; bfloat -3.0 ] state["brain"]
    equals [ 0.1 ] (state["double"].Flatten())
    equals (1L <<< 40) state["count"]
    equals [ -7 ] state["whole"]
    equals [ -32768s ] state["short"]
    equals [| 255uy |] state["byte"]
    equals [ true; false ] state["truth"]
    equals (Tensor.zeros DType.Float32 [ 0; 3 ]) state["nothing"]
    equals (shared.Reshape [ 3; 4 ]) state["all"]
    equals ((shared.Reshape [ 3; 4 ]).T) state["turned"]
    equals [ 5.0f; 6.0f ] state["part"]
    equals [ 1.0f; 3.0f; 5.0f; 7.0f; 9.0f; 11.0f ] state["odd"]
    equals [ [ 3.0f; 4.0f ]; [ 3.0f; 4.0f ] ] state["stretched"]

let private pytorch =
    tests "PyTorch" [
        "a state_dict, with parameters and views of one storage", (fun () -> ofPyTorch "state.pt")
        "the same by a later protocol of pickle", (fun () -> ofPyTorch "state4.pt")
        "a file from before version 1.6, as PyTorch wrote it", (fun () -> ofPyTorch "legacy.pt")
        "such a file by a later protocol of pickle", (fun () -> ofPyTorch "legacy4.pt")
        "complex numbers",
        (fun () ->
            let numbers = PyTorch.read (fixture "complex.pt")
            equals [ Complex64(1.5f, -2.0f) ] numbers["single"]
            equals [ [ Numerics.Complex(0.1, 1e300) ] ] numbers["double"])
        "files from before version 1.6 that are cut short, or of what no dtype holds",
        (fun () ->
            let whole = File.ReadAllBytes(fixture "legacy.pt")

            let read (bytes: byte[]) =
                use input = new MemoryStream(bytes)

                ForeignFile.ofStream
                    "test"
                    "bytes"
                    "a file of PyTorch's 'torch.save'"
                    (PyTorch.tensors "test")
                    input

            for length in 0 .. whole.Length - 1 do
                raises<FileException, _> "" (fun () -> read whole[.. length - 1]) $"{length} bytes"

            raises<FileException, _>
                "its end is missing"
                (fun () -> read whole[.. whole.Length - 100])
                "storages"

            raises<FileException, _>
                "bytes are there"
                (fun () -> read whole[.. whole.Length - 2])
                "the last one"

            raises<DTypeException, _>
                "torch.QUInt8Storage"
                (fun () -> PyTorch.read (fixture "quantized.pt"))
                "quantized")
        "dictionaries and lists in each other",
        (fun () ->
            let training = PyTorch.read (fixture "training.pt")

            Expect.equal
                (List.ofSeq training.Keys)
                [ "history.0"; "model.weight"; "optimizer.state.0.step" ]
                "names"

            equals [ 1.0f; 2.0f ] training["model.weight"])
        "into a model",
        (fun () ->
            let template = Linear.create 2 2 (Key.create 0L)
            let weights = (PyTorch.read (fixture "state.pt")).Add("layers.0.bias", tensor [ 1.0f; 2.0f ])

            let options = {
                Checkpoint.defaults with
                    Rename = (fun name -> "layers.0." + name)
                    IgnoreExtra = true
            }

            let layer = Checkpoint.fit options template weights
            equals [ [ 0.1f; 0.2f ]; [ 0.3f; -0.0f ] ] layer.Weight
            let strict = { options with IgnoreExtra = false }

            raises<TreeException, _>
                "Checkpoint.fit: the tensors and the template, of 2 leaves, differ"
                (fun () -> Checkpoint.fit strict template weights)
                "extra")
        "unsigned integers, whose storages have no type",
        (fun () ->
            let tensors = PyTorch.read (fixture "unsigned.pt")
            equals [ [ 0us; 65535us ]; [ 7us; 8us ] ] tensors["u16"]
            equals [ UInt32.MaxValue ] tensors["u32"]
            equals [ UInt64.MaxValue; 5UL ] tensors["u64"])
        "an object is not made, and says so",
        (fun () ->
            raises<FileException, _>
                "Save 'model.state_dict()'"
                (fun () -> PyTorch.read (fixture "module.pt"))
                "module")
        "tensors beyond their storage, and numbers the other way round",
        (fun () ->
            raises<FileException, _>
                "'x' reaches beyond its storage"
                (fun () -> PyTorch.read (fixture "beyond.pt"))
                "beyond"

            raises<FileException, _>
                "largest byte first"
                (fun () -> PyTorch.read (fixture "reversed.pt"))
                "reversed")
        "other files are named",
        fun () ->
            raises<FileException, _>
                "which `NumPy.read` reads"
                (fun () -> PyTorch.read (fixture "arrays.npz"))
                "npz"

            raises<FileException, _>
                "'torch.save', or damaged"
                (fun () -> PyTorch.read (fixture "ours.safetensors"))
                "safetensors"
    ]

let private onnx =
    tests "ONNX" [
        "weights of every type, as bytes and in fields of their own",
        (fun () ->
            let weights = Onnx.read (fixture "weights.onnx")
            Expect.equal weights.Count 20 "weights"
            let tiny = BitConverter.UInt32BitsToSingle 1u
            equals [ [ 0.1f; -0.0f; infinityf ]; [ tiny; Single.MaxValue; 7.0f ] ] weights["single"]
            equals [ 0.1; Double.Epsilon ] weights["double"]
            equals [ half 1.5; Half.MaxValue; half 6e-8 ] weights["half"]
            equals [ Int32.MinValue; Int32.MaxValue ] weights["whole"]
            equals [ [ Int64.MinValue ]; [ Int64.MaxValue ] ] weights["long"]
            equals [ true; false ] weights["truth"]
            equals [| 0uy; 255uy |] weights["u8"]
            equals [ -32768s; 32767s ] weights["i16"]
            equals [ 0u; 4294967295u ] weights["u32"]
            equals 2.5 weights["scalar"]
            equals (Tensor.zeros DType.Float32 [ 0; 3 ]) weights["nothing"]
            equals [ [ 1.0f; 2.0f ]; [ 3.0f; 4.5f ] ] weights["layer.weight"]
            equals [ -0.1 ] weights["typed.double"]
            equals [ half 1.5; half -2.0 ] weights["typed.half"]
            equals [ bfloat 1.5; bfloat -2.0 ] weights["typed.bfloat"]
            equals [ -5; 7 ] weights["typed.whole"]
            equals [ -5L; 1L <<< 40 ] weights["typed.long"]
            equals [ true; false ] weights["typed.truth"]
            equals [ -128y; 127y ] weights["typed.i8"]
            equals [ 0u; 4294967295u ] weights["typed.u32"])
        "weights in a file beside the model, and nowhere else",
        (fun () ->
            let weights = Onnx.read (fixture "apart.onnx")
            equals ((Tensor.arange DType.Float32 6).Reshape [ 2; 3 ]) weights["first"]
            equals (Tensor.arange DType.Int64 4) weights["second"]

            raises<FileException, _>
                "outside of the model's folder"
                (fun () -> Onnx.read (fixture "outside.onnx"))
                "outside")
        "what no dtype holds",
        (fun () ->
            raises<DTypeException, _>
                "'texts' is of texts"
                (fun () -> Onnx.read (fixture "refused.onnx"))
                "texts")
        "other files are named",
        fun () ->
            raises<FileException, _>
                "which `PyTorch.read` reads"
                (fun () -> Onnx.read (fixture "state.pt"))
                "pt"

            raises<FileException, _>
                "whose weights `Onnx.read` reads"
                (fun () -> NumPy.read (fixture "weights.onnx"))
                "onnx"
    ]

/// An archive whose list of files says of each that it unpacks to two billion bytes.
let private swollen (name: string) =
    let bytes = File.ReadAllBytes(fixture name)
    let mutable place = 0

    while place >= 0 do
        match bytes.AsSpan(place).IndexOf(ReadOnlySpan "PK\001\002"B) with
        | -1 -> place <- -1
        | found ->
            BitConverter.GetBytes(2_000_000_000).CopyTo(bytes, place + found + 24)
            place <- place + found + 4

    bytes

let private bombs =
    tests "archives that would unpack to more than their bytes can make" [
        for name in [ "state.pt"; "arrays.npz"; "compressed.npz" ] ->
            name,
            fun () ->
                let folder = Directory.CreateTempSubdirectory("cotangent-").FullName
                let path = Path.Combine(folder, name)
                File.WriteAllBytes(path, swollen name)

                let read () = if name.EndsWith "pt" then PyTorch.read path else NumPy.read path

                raises<FileException, _> "would be 2000000000 bytes of" read name
                Directory.Delete(folder, true)
    ]

let private pickles =
    let read (bytes: byte[]) = PickleReader(new MemoryStream(bytes)).Read()

    testList "pickles" [
        for name, bytes, part in
            [
                "nothing", [||], "too early"
                "an empty stack", "."B, "more off the stack"
                "a text longer than all", [| byte 'X'; 255uy; 255uy; 255uy; 127uy |], "too early"
                "a text of negative length",
                [| 0x8Duy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0x80uy |],
                "too early"
                "no mark", "]e."B, "a mark"
                "what was not kept", "h\007."B, "has not kept"
                "a number beyond 64 bits",
                [| 0x8Auy; 9uy; 1uy; 1uy; 1uy; 1uy; 1uy; 1uy; 1uy; 1uy; 1uy; 46uy |],
                "more than 64 bits"
                "a line without end", "cos\nsystem"B, "too early"
                "an opcode of other objects", "i"B, "opcode 69"
            ] do
            testCase name (fun () -> raises<DamagedException, _> part (fun () -> read bytes) name)

        testCase "a call of a system function is only read" (fun () ->
            let evil = "cos\nsystem\n(U\012touch /evil!tR."B

            match read evil with
            | Pickled.Called("os.system", Pickled.Items _) -> ()
            | other -> failtest $"{other}"

            Expect.isFalse (File.Exists "/evil!") "not run")
    ]

let private fuzz =
    testSequenced
    <| testCase "archives with anything changed are read, or refused, in little memory" (fun () ->
        let random = Random Dice.firstSeed

        let files = [|
            for name in
                [
                    "arrays.npz"
                    "compressed.npz"
                    "state.pt"
                    "state4.pt"
                    "training.pt"
                    "legacy.pt"
                    "weights.onnx"
                ] -> name, File.ReadAllBytes(fixture name)
        |]

        /// The pickle of an archive changed, in an archive that is whole otherwise.
        let repacked (bytes: byte[]) =
            let output = new MemoryStream()
            output.Write(ReadOnlySpan bytes)
            use archive = new ZipArchive(output, ZipArchiveMode.Update, true)
            let entry = archive.Entries[random.Next archive.Entries.Count]
            use inner = entry.Open()
            let content = Array.zeroCreate<byte>(int inner.Length)
            inner.ReadExactly content

            for _ in 0 .. random.Next 4 do
                if content.Length > 0 then content[random.Next content.Length] <- byte (random.Next 256)

            inner.Position <- 0L
            inner.Write(ReadOnlySpan content)
            inner.Dispose()
            archive.Dispose()
            output.ToArray()

        let rounds = Dice.cases 2_000
        let mutable whole = 0

        for i in 1..rounds do
            let name, original = files[random.Next files.Length]
            let isArchive = not (name.EndsWith "onnx" || name = "legacy.pt")
            let bytes = if isArchive && random.Next 2 = 0 then repacked original else Array.copy original

            if random.Next 2 = 0 then
                for _ in 0 .. random.Next 3 do
                    bytes[random.Next bytes.Length] <- byte (random.Next 256)

            let bytes = if random.Next 8 = 0 then Array.truncate (random.Next bytes.Length) bytes else bytes
            let before = GC.GetAllocatedBytesForCurrentThread()

            try
                use input = new MemoryStream(bytes)

                if name.EndsWith "npz" then
                    ForeignFile.ofStream
                        "test"
                        "bytes"
                        "an .npz archive of NumPy"
                        (NumPy.arrays "test")
                        input
                    |> ignore
                elif name.EndsWith "onnx" then
                    ForeignFile.ofStream
                        "test"
                        "bytes"
                        "an ONNX model"
                        (Onnx.tensors "test" (fixture name))
                        input
                    |> ignore
                else
                    ForeignFile.ofStream
                        "test"
                        "bytes"
                        "a file of PyTorch's 'torch.save'"
                        (PyTorch.tensors "test")
                        input
                    |> ignore

                whole <- whole + 1
            with
            | :? CotangentException -> ()
            | e -> failtest $"round {i}, {name}: {e} of {Convert.ToBase64String bytes}"

            let allocated = GC.GetAllocatedBytesForCurrentThread() - before

            if allocated > 20_000_000L then
                failtest $"round {i}: {allocated} bytes for {Convert.ToBase64String bytes}"

        Expect.isGreaterThan whole (rounds / 50) "files that are whole")

[<Tests>]
let all =
    testList "Files of NumPy, PyTorch and ONNX" [ numpy; damagedArrays; pytorch; onnx; bombs; pickles; fuzz ]
