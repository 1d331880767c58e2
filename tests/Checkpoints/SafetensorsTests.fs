/// Files of named tensors, against bytes that other programs made: the vectors of the format's own tests, and files that NumPy wrote
/// (`Fixtures/make.py`).
module Cotangent.Tests.SafetensorsTests

open System
open System.IO
open System.Text
open Expecto
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Tests.Checks
open Cotangent.Tests.Support

let private fixture name = Path.Combine(__SOURCE_DIRECTORY__, "Fixtures", name)

/// A name for a file that is not there, in a folder that goes when the test is over.
let inFolder (test: string -> unit) () =
    let folder = Directory.CreateTempSubdirectory "cotangent-"

    try
        test folder.FullName
    finally
        folder.Delete true

let private written (metadata: Map<string, string>) (tensors: (string * Tensor) list) =
    SafetensorsWriter.toBytes "test" metadata [|
        for name, t in tensors -> { Name = name; Numbers = SafetensorsWriter.snapshot t }
    |]

let private opened (bytes: byte[]) = SafetensorsFile.Of("test", "bytes", new ArraySource(bytes))

let private count n = Tensor.ofArray [ n ] (Array.init n float32)

/// `test_serialization` and its neighbours in the reference implementation, safetensors/src/tensor.rs.
let private vectors =
    tests "published bytes" [
        "a tensor",
        (fun () ->
            let header = """{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}"""

            let expected = [|
                yield! [| 64uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy |]
                yield! Encoding.ASCII.GetBytes header
                yield! [| 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 128uy; 63uy; 0uy; 0uy; 0uy; 64uy |]
                yield! [| 0uy; 0uy; 64uy; 64uy; 0uy; 0uy; 128uy; 64uy; 0uy; 0uy; 160uy; 64uy |]
            |]

            Expect.equal (written Map.empty [ "attn.0", (count 6).Reshape [ 1; 2; 3 ] ]) expected "bytes")
        "blanks behind the header, so that numbers are aligned",
        (fun () ->
            let bytes = written Map.empty [ "attn0", (count 6).Reshape [ 1; 1; 2; 3 ] ]
            Expect.equal bytes[0] 72uy "length"
            Expect.equal (Encoding.ASCII.GetString(bytes, 72, 8)) "}       " "the header's end"
            Expect.equal bytes.Length (8 + 72 + 24) "length of all")
        "nothing",
        (fun () ->
            let expected = Array.append [| 8uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy |] "{}      "B
            Expect.equal (written Map.empty []) expected "bytes"
            Expect.isEmpty (opened expected).Entries "read")
        "texts alone",
        (fun () ->
            let expected = [|
                yield! [| 40uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy |]
                yield! """{"__metadata__":{"framework":"pt"}}     """B
            |]

            let about = Map [ "framework", "pt" ]
            Expect.equal (written about []) expected "bytes"
            Expect.equal (opened expected).Metadata about "read")
        "a scalar",
        (fun () ->
            let file =
                opened [|
                    yield! "8\000\000\000\000\000\000\000"B
                    yield! """{"test":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}"""B
                    yield! [| 7uy; 0uy; 0uy; 0uy |]
                |]

            equals 7 (file.Read "test"))
        "white space of any kind behind the header",
        fun () ->
            let bytes = "\006\000\000\000\000\000\000\000{}\r \t\n"B
            Expect.isEmpty (opened bytes).Entries "read"
    ]

let private bits (t: Tensor) : byte[] =
    let host = SafetensorsWriter.snapshot t
    (ArrayBytes.at host.Data 0L (t.Size * t.DType.Size)).ToArray()

/// What NumPy wrote, in F#.
let private ours: (string * Tensor) list = [
    "single",
    (tensor [ 0.1f; -0.0f; infinityf; -infinityf; BitConverter.UInt32BitsToSingle 1u; Single.MaxValue ])
        .Reshape
        [ 2; 3 ]
    "double", tensor [ 0.1; Double.Epsilon; Double.MinValue ]
    "half", tensor [ half 1.5; Half.MaxValue; half 6e-8; Half.NegativeZero; Half.PositiveInfinity ]
    "brain", tensor [ bfloat 1.5; bfloat -3.0; bfloat (2.0 ** -126.0) ]
    "whole", tensor [ Int32.MinValue; Int32.MaxValue ]
    "long", tensor [ [ Int64.MinValue ]; [ Int64.MaxValue ] ]
    "truth", tensor [ true; false; true ]
    "scalar", tensor 7.0f
    "nothing", Tensor.zeros DType.Float64 [ 0; 4 ]
    "größe.0", tensor [ 2.0f ]
]

let private about = Map [ "author", "NumPy"; "quote", "a \"b\" \\ c" ]

let private numpy =
    tests "files of NumPy" [
        "are read bit for bit, in every dtype",
        (fun () ->
            use file = Safetensors.openFile (fixture "ours.safetensors")
            Expect.equal file.Metadata about "texts"
            Expect.equal file.Entries.Length ours.Length "tensors"

            for name, expected in ours do
                let read = file.Read name

                Expect.equal
                    (read.DType, List.ofArray read.Shape)
                    (expected.DType, List.ofArray expected.Shape)
                    name

                Expect.equal (bits read) (bits expected) name)
        "are what is written here, byte for byte",
        (fun () ->
            let expected = File.ReadAllBytes(fixture "ours.safetensors")

            Expect.equal
                (Encoding.UTF8.GetString(written about ours))
                (Encoding.UTF8.GetString expected)
                "as text"

            Expect.equal (written about ours) expected "bytes")
        "of integers of every type, both ways",
        (fun () ->
            let all = [
                "u8", tensor [| 0uy; 128uy; 255uy |]
                "i8", tensor [ -128y; -1y; 127y ]
                "u16", tensor [ 0us; 65535us ]
                "i16", tensor [ -32768s; 32767s ]
                "u32", tensor [ 0u; 4294967295u ]
                "u64", tensor [ UInt64.MaxValue ]
            ]

            use file = Safetensors.openFile (fixture "narrow.safetensors")

            for name, expected in all do
                equals expected (file.Read name)

            let expected = File.ReadAllBytes(fixture "narrow.safetensors")
            Expect.equal (written Map.empty all) expected "written")
        "what no dtype holds is refused by name",
        fun () ->
            let header = """{"z":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}"""
            let bytes = Encoding.UTF8.GetBytes(header.PadRight 64)
            let file = opened (Array.concat [ BitConverter.GetBytes 64UL; bytes; Array.zeroCreate 8 ])
            raises<DTypeException, _> "'z' is F8_E4M3 (8,) in the file" (fun () -> file.Read "z") "eight bits"
    ]

let private views =
    tests "tensors of every layout" [
        "transposed, sliced, flipped and broadcast ones are written in order",
        (fun () ->
            let x = (count 24).Reshape [ 4; 6 ]

            let tensors = [
                "transposed", x.Transpose()
                "sliced", x[1..2, 2..4]
                "flipped", x.Flip 0
                "broadcast", (tensor [ 1.0f; 2.0f ]).Expand [ 3; 2 ]
                "full", Tensor.full DType.Float32 [ 3; 3 ] 2.5
            ]

            let file = opened (written Map.empty tensors)

            for name, expected in tensors do
                equals (tensor (expected.ToData<float32[,]>())) (file.Read name))
        "one larger than a piece of what is copied at once",
        inFolder (fun folder ->
            let path = Path.Combine(folder, "large.safetensors")
            let x = Tensor.arange DType.Float32 5_000_000
            Safetensors.write path (Map [ "x", x; "y", (x.Reshape [ 5000; 1000 ]).Transpose() ])
            let read = Safetensors.read path
            Expect.isTrue (x.Equals read["x"]) "x"
            Expect.isTrue ((x.Reshape [ 5000; 1000 ]).Transpose().Equals read["y"]) "y")
        "a million small ones, and a header above 100 MB",
        inFolder (fun folder ->
            let path = Path.Combine(folder, "many.safetensors")
            let n = if Dice.effort > 1.0 then 1_000_000 else 20_000
            let name i = $"block.{i}.a.rather.long.name.as.models.with.very.many.parts.have.them.weight"
            let one = Array.init 10 (fun i -> tensor [ float32 i ])
            Safetensors.write path (Map [ for i in 0 .. n - 1 -> name i, one[i % 10] ])
            if Dice.effort > 1.0 then Expect.isGreaterThan (FileInfo(path).Length) 100_000_000L "size"
            use file = Safetensors.openFile path
            Expect.equal file.Entries.Length n "tensors"
            equals [ 7.0f ] (file.Read(name (n - 3))))
    ]

let private errors =
    tests "errors" [
        "a name that is not there, and the nearest",
        (fun () ->
            let file = opened (written Map.empty [ "layers.0.weight", count 2 ])

            raises<ValueException, _>
                "Is it 'layers.0.weight'?"
                (fun () -> file.Read "layer.0.weight")
                "name")
        "names that can't be written",
        (fun () ->
            raises<ValueException, _>
                "which the format keeps for texts"
                (fun () -> written Map.empty [ "__metadata__", count 2 ])
                "reserved"

            raises<ValueException, _>
                "half a character"
                (fun () -> written Map.empty [ String [| 'a'; char 0xD800 |], count 2 ])
                "surrogate"

            raises<ValueException, _>
                "half a character"
                (fun () -> written (Map [ "a", String(char 0xDC00, 1) ]) [])
                "text")
        "a file that is not there, and a folder",
        inFolder (fun folder ->
            raises<FileNotFoundException, _>
                "none"
                (fun () -> Safetensors.read (Path.Combine(folder, "none")))
                "none"

            raises<FileException, _> "is a folder" (fun () -> Safetensors.read folder) "folder")
        "a traced tensor",
        fun () ->
            let save (x: Tensor) =
                Safetensors.write "never" (Map [ "x", x ])
                x

            raises<TraceException, _> "Safetensors.write" (fun () -> compile save (count 2)) "traced"
    ]

[<Tests>]
let all = testList "Safetensors" [ vectors; numpy; views; errors ]
