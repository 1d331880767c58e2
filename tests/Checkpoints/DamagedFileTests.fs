/// Files that are damaged, hostile, or something else: an error that says so, and nothing worse.
module Cotangent.Tests.DamagedFileTests

open System
open System.IO
open System.IO.Compression
open System.Text
open Expecto
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Tests.Checks
open Cotangent.Tests.Support

let private file (header: string) (data: int) : byte[] =
    let text = Encoding.UTF8.GetBytes header
    Array.concat [ BitConverter.GetBytes(uint64 text.Length); text; Array.zeroCreate data ]

let private read (bytes: byte[]) =
    use file = SafetensorsFile.Of("test", "bytes", new ArraySource(bytes))
    [ for each in file.Entries -> file.Read each.Name ]

let private entry name format shape first last =
    $"\"{name}\":{{\"dtype\":\"{format}\",\"shape\":{shape},\"data_offsets\":[{first},{last}]}}"

let private object (parts: string list) = "{" + String.concat "," parts + "}"

let private pair first last second until =
    object [ entry "a" "F32" "[2]" first last; entry "b" "F32" "[2]" second until ]

/// What is wrong, the bytes, and what the message says.
let private damaged: (string * byte[] * string) list =
    let good = file (pair 0 8 8 16) 16
    let length (n: uint64) = Array.append (BitConverter.GetBytes n) (Array.skip 8 good)
    let deep = String('[', 100_000)

    [
        "a single byte", [| 1uy |], "too few for a header"
        "a header of 2^63 bytes", length (1UL <<< 63), "9223372036854775808 bytes long"
        "a header of 2^64 - 1 bytes", length UInt64.MaxValue, "18446744073709551615 bytes long"
        "a header one byte longer than the file", length (uint64 good.Length - 7UL), "bytes are there"
        "a header of no bytes", length 0UL, "does not begin with a bracket"
        "no bracket", file " {}" 0, "does not begin with a bracket"
        "no UTF-8", Array.concat [ BitConverter.GetBytes 2UL; "{"B; [| 0xFFuy |] ], "UTF-8"
        "half a JSON", file "{" 0, "no JSON"
        "something behind the bracket", file "{}{}" 0, "no JSON"
        "half a character", file """{"\ud800":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""" 4, "no text"
        "deep JSON", file ("{\"a\":" + deep) 0, "is StartArray in its header"
        "deep JSON in a key of the future", file ("{\"a\":{\"later\":" + deep) 0, "no JSON"
        "cut in the middle of its numbers", good[.. good.Length - 5], "the end is missing"
        "more behind its numbers", Array.append good [| 1uy |], "1 more follow"
        "overlapping tensors", file (pair 0 8 4 12) 12, "where another tensor lies"
        "the same place twice", file (pair 0 8 0 8) 8, "where another tensor lies"
        "a gap", file (pair 0 8 12 20) 20, "belong to no tensor"
        "a gap in front", file (pair 4 12 12 20) 20, "belong to no tensor"
        "reversed offsets", file (object [ entry "a" "F32" "[2]" 8 0 ]) 8, "before it begins"
        "offsets that do not fit the shape",
        file (object [ entry "a" "F32" "[3]" 0 8 ]) 8,
        "takes up 12 bytes"
        "negative offsets", file (object [ entry "a" "F32" "[2]" -8 0 ]) 8, "whole numbers from 0 on"
        "offsets beyond 2^63",
        file
            (object [ "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,18446744073709551615]}" ])
            8,
        "whole numbers from 0 on"
        "offsets with a point",
        file (object [ "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.5]}" ]) 8,
        "whole numbers"
        "three offsets",
        file (object [ "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}" ]) 8,
        "lacks"
        "sizes that overflow",
        file (object [ entry "a" "F32" "[4294967296,4294967296]" 0 0 ]) 0,
        "more bytes than there can be"
        "sizes that overflow to what is there",
        file (object [ entry "a" "F32" "[4611686018427387906]" 0 8 ]) 8,
        "more bytes than there can be"
        "a negative size", file (object [ entry "a" "F32" "[-2]" 0 8 ]) 8, "whole numbers from 0 on"
        "more axes than there are",
        file (object [ entry "a" "F32" ("[" + String.replicate 300 "1," + "1]") 0 4 ]) 4,
        "more than 255"
        "an unknown type",
        file (object [ entry "a" "F33" "[2]" 0 8 ]) 8,
        "a type that the format does not have, 'F33'"
        "an empty type", file (object [ entry "a" "" "[2]" 0 8 ]) 8, "a type that the format does not have"
        "a type that is no text",
        file (object [ "\"a\":{\"dtype\":3,\"shape\":[2],\"data_offsets\":[0,8]}" ]) 8,
        "is Number in its header"
        "half bytes", file (object [ entry "a" "F4" "[3]" 0 2 ]) 2, "no whole bytes"
        "no shape",
        file (object [ "\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}" ]) 8,
        "lacks its dtype, shape"
        "two shapes",
        file (object [ "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"shape\":[2],\"data_offsets\":[0,8]}" ]) 8,
        "stands twice"
        "a number for a tensor", file (object [ "\"a\":1" ]) 0, "is Number in its header, not StartObject"
        "a name twice",
        file (object [ entry "a" "F32" "[2]" 0 8; entry "a" "F32" "[2]" 8 16 ]) 16,
        "'a' stands twice"
        "texts twice", file """{"__metadata__":{},"__metadata__":{}}""" 0, "stands twice"
        "a text twice", file """{"__metadata__":{"a":"1","a":"2"}}""" 0, "'a' stands twice"
        "a text that is a number", file """{"__metadata__":{"a":1}}""" 0, "is Number in its header"
        "truth beyond true",
        Array.append (file (object [ entry "a" "BOOL" "[1]" 0 1 ]) 0) [| 2uy |],
        "neither 0 nor 1"
    ]

/// Sizes that a header may have and a tensor may not.
let private tooLarge =
    testCase "a tensor of no elements with more sizes than fit" (fun () ->
        let bytes = file (object [ entry "a" "F32" "[4611686018427387904,0]" 0 0 ]) 0
        raises<ShapeException, _> "4611686018427387904" (fun () -> read bytes) "sizes")

let private zip (name: string) =
    use output = new MemoryStream()

    using (new ZipArchive(output, ZipArchiveMode.Create, true)) (fun archive ->
        use entry = (archive.CreateEntry name).Open()
        entry.Write(ReadOnlySpan [| 1uy |]))

    output.ToArray()

/// What is taken for a file of tensors, and its name.
let private others: (string * byte[] * string) list = [
    "nothing", [||], "it is empty"
    "torch.save", zip "archive/data.pkl", "a file of PyTorch's 'torch.save', which `PyTorch.read` reads"
    "numpy.savez", zip "weight.npy", "an .npz archive of NumPy"
    "another archive", zip "readme.txt", "a zip archive"
    "torch.save before 1.6",
    [| 0x80uy; 2uy; 0x8Auy; 10uy; 0x6Cuy; 0xFCuy; 0x9Cuy; 0x46uy; 0xF9uy |],
    "before version 1.6, which `PyTorch.read` reads"
    "pickle.dumps of a dictionary",
    [| 0x80uy; 4uy; 0x95uy; 10uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy |],
    "a pickle of Python"
    "numpy.save", Array.append [| 0x93uy |] "NUMPY\001\000v\000{'descr': '<f4'}"B, "an .npy array of NumPy"
    "Git LFS",
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n"B,
    "'git lfs pull'"
    "a page of the web", "\n<!DOCTYPE html><html><head>"B, "a page of the web"
    "a page without a type", "<HTML><body>"B, "a page of the web"
    "a list of files", """{"metadata": {"total_size": 1}, "weight_map": {}}"""B, "a text in JSON"
    "Keras", Array.append [| 0x89uy |] "HDF\r\n\026\n\000\000"B, "an HDF5 file"
    "llama.cpp", "GGUF\003\000\000\000\000\000\000\000"B, "a model of llama.cpp"
    "gzip", [| 0x1Fuy; 0x8Buy; 8uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 3uy |], "compressed by gzip"
    "ONNX", Array.append [| 8uy; 8uy; 0x12uy; 7uy |] "pytorch\026\0052.1.0"B, "an ONNX model"
]

let private inFile (bytes: byte[]) (test: string -> unit) =
    let path = Path.GetTempFileName()

    try
        File.WriteAllBytes(path, bytes)
        test path
    finally
        File.Delete path

let private says (kind: string) (cases: (string * byte[] * string) list) =
    testList kind [
        for name, bytes, part in cases do
            testCase name (fun () ->
                throws<FileException, _> [ "'bytes' is no "; part ] (fun () -> read bytes)
                // Whichever way a file is read.
                inFile bytes (fun path ->
                    throws<FileException, _> [ part ] (fun () -> Safetensors.read path)))
    ]

// ---- Fuzzing ----

let private samples: byte[][] =
    let bytes (about: (string * string) list) (tensors: (string * Tensor) list) =
        SafetensorsWriter.toBytes "test" (Map about) [|
            for name, t in tensors -> { Name = name; Numbers = SafetensorsWriter.snapshot t }
        |]

    [|
        bytes [ "a", "b" ] [
            "x", tensor [ 1.0f; 2.0f ]
            "layers.0.bias", tensor [ true ]
            "half", tensor [ half 1.0 ]
        ]
        bytes [] [
            "wide", tensor [ [ 1.0; 2.0; 3.0 ] ]
            "whole", tensor [ 1L ]
            "none", Tensor.zeros DType.Int32 [ 0; 3 ]
        ]
        file (object [ entry "u" "U8" "[3]" 0 3; entry "v" "I16" "[2]" 3 7; entry "w" "F8_E4M3" "[1]" 7 8 ]) 8
        file """{"__metadata__":{"format":"pt","é":"\u00e9\n"}}""" 0
    |]

let private fragments = [|
    for text in
        [
            "{"
            "}"
            "["
            "]"
            ":"
            ","
            "\""
            "0"
            "-1"
            "9223372036854775807"
            "18446744073709551616"
            "4294967296"
            "1e9"
            "null"
            "\"__metadata__\":"
            "\"dtype\":"
            "\"shape\":"
            "\"data_offsets\":"
            "[0,0]"
            "\\u0000"
            "\\ud800"
            " "
            "F64"
            "BOOL"
        ] -> Encoding.UTF8.GetBytes text
|]

/// A file with a few things changed.
let private mutated (random: Random) : byte[] =
    let bytes = ResizeArray<byte>(samples[random.Next samples.Length])
    let place () = random.Next(bytes.Count + 1)

    for _ in 0 .. random.Next 4 do
        match random.Next 8 with
        | 0 when bytes.Count > 0 -> bytes[random.Next bytes.Count] <- byte (random.Next 256)
        | 1 when bytes.Count > 0 ->
            let i = random.Next bytes.Count
            bytes[i] <- bytes[i] ^^^ (1uy <<< random.Next 8)
        | 2 -> bytes.Add(byte (random.Next 256))
        | 3 ->
            let first = place ()
            bytes.RemoveRange(first, random.Next(bytes.Count - first + 1))
        | 4 -> bytes.InsertRange(place (), fragments[random.Next fragments.Length])
        | 5 ->
            let fragment = fragments[random.Next fragments.Length]
            let first = place ()
            let count = min fragment.Length (bytes.Count - first)
            bytes.RemoveRange(first, count)
            bytes.InsertRange(first, fragment)
        | 6 when bytes.Count > 0 ->
            let first = random.Next bytes.Count
            let part = bytes.GetRange(first, min (random.Next 40) (bytes.Count - first))
            bytes.InsertRange(place (), part)
        | _ ->
            // Digits: sizes and offsets.
            let digits = [|
                for i in 0 .. bytes.Count - 1 do
                    if Char.IsAsciiDigit(char bytes[i]) then i
            |]

            if digits.Length > 0 then
                bytes[digits[random.Next digits.Length]] <- byte '0' + byte (random.Next 10)

    // Half of them with a header as long as it says, so that more than the length is put to the test.
    if random.Next 2 = 0 && bytes.Count >= 8 then
        let text = Encoding.Latin1.GetString(bytes.ToArray())
        let last = text.LastIndexOf '}'

        if last >= 8 then
            let length = BitConverter.GetBytes(uint64 (last - 7))

            for i in 0..7 do
                bytes[i] <- length[i]

    bytes.ToArray()

let private fuzz =
    testSequenced
    <| testCase "files with anything changed are read, or refused, in little memory" (fun () ->
        let random = Random Dice.firstSeed
        let mutable whole = 0
        let rounds = Dice.cases 20_000

        for i in 1..rounds do
            let bytes = mutated random
            let before = GC.GetAllocatedBytesForCurrentThread()

            try
                read bytes |> ignore
                whole <- whole + 1
            with
            | :? CotangentException -> ()
            | e -> failtest $"round {i}: {e.GetType().Name}: {e.Message} of {Convert.ToBase64String bytes}"

            let allocated = GC.GetAllocatedBytesForCurrentThread() - before

            if allocated > 200_000L + 100L * bytes.LongLength then
                failtest $"round {i}: {allocated} bytes of memory for {Convert.ToBase64String bytes}"

        // Both ways were tried.
        Expect.isGreaterThan whole (rounds / 50) "files that are whole"
        Expect.isLessThan whole (rounds / 2) "files that are not")

[<Tests>]
let all =
    testList "Damaged files" [ says "damaged" damaged; tooLarge; says "something else" others; fuzz ]
