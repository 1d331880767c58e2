module Cotangent.Charts.Tests.TensorBoardTests

open System
open System.IO
open Expecto
open Google.Protobuf
open Cotangent
open Cotangent.Charts
open Cotangent.Charts.Tests.Support

/// CRC-32C bit by bit, as RFC 3720 describes it.
let private crc (bytes: byte[]) =
    let mutable c = 0xFFFFFFFFu

    for b in bytes do
        c <- c ^^^ uint32 b

        for _ in 1..8 do
            c <- if c &&& 1u = 1u then (c >>> 1) ^^^ 0x82F63B78u else c >>> 1

    ~~~c

let private unmasked (masked: uint32) =
    let turned = masked - 0xA282EAD8u
    (turned >>> 17) ||| (turned <<< 15)

/// The records of a file, their checksums checked.
let private records (path: string) = [
    use reader = new BinaryReader(File.OpenRead path)

    while reader.BaseStream.Position < reader.BaseStream.Length do
        let length = reader.ReadBytes 8
        Expect.equal (unmasked (reader.ReadUInt32())) (crc length) "the checksum of a length"
        let content = reader.ReadBytes(int (BitConverter.ToInt64 length))
        Expect.equal (unmasked (reader.ReadUInt32())) (crc content) "the checksum of a content"
        content
]

/// A field as Google's reader finds it: its number, and its value by the kind of wire.
type private Field =
    | Whole of uint64
    | Eight of uint64
    | Four of uint32
    | Bytes of byte[]

let private fields (message: byte[]) : (int * Field) list = [
    let input = new CodedInputStream(message)
    let mutable tag = input.ReadTag()

    while tag <> 0u do
        let value =
            match WireFormat.GetTagWireType tag with
            | WireFormat.WireType.Varint -> Whole(input.ReadUInt64())
            | WireFormat.WireType.Fixed64 -> Eight(input.ReadFixed64())
            | WireFormat.WireType.Fixed32 -> Four(input.ReadFixed32())
            | WireFormat.WireType.LengthDelimited -> Bytes(input.ReadBytes().ToByteArray())
            | other -> failtest $"a field of kind {other}"

        WireFormat.GetTagFieldNumber tag, value
        tag <- input.ReadTag()
]

let private bytesOf (number: int) (message: byte[]) =
    match fields message |> List.tryFind (fst >> (=) number) with
    | Some(_, Bytes bytes) -> bytes
    | other -> failtest $"field {number} is {other}"

let private text (bytes: byte[]) = Text.Encoding.UTF8.GetString bytes
let private double (bits: uint64) = BitConverter.UInt64BitsToDouble bits

let private doubles (bytes: byte[]) =
    Array.init (bytes.Length / 8) (fun i -> BitConverter.ToDouble(bytes, 8 * i))

/// The step of an event, and its `Summary.Value`.
let private valueOf (event: byte[]) =
    let step =
        match fields event |> List.tryFind (fst >> (=) 2) with
        | Some(_, Whole step) -> int step
        | other -> failtest $"a step that is {other}"

    step, event |> bytesOf 5 |> bytesOf 1

let private written (events: RunEvent list) folder =
    using (TensorBoard.writer folder) (fun writer -> List.iter writer.Write events)
    records (Array.exactlyOne (Directory.GetFiles folder))

[<Tests>]
let tests =
    testList "TensorBoard" [
        test "the checksum is CRC-32C, with RFC 3720's examples" {
            // Appendix B.4; the RFC prints the bytes in the order of the wire.
            let examples = [
                Array.create 32 0uy, 0x8A9136AAu
                Array.create 32 0xFFuy, 0x62A8AB43u
                [| 0uy .. 31uy |], 0x46DD794Eu
                Array.rev [| 0uy .. 31uy |], 0x113FDB5Cu
            ]

            for bytes, value in examples do
                Expect.equal (TensorBoardRecord.crc bytes) value "the writer's"
                Expect.equal (crc bytes) value "the tests'"
                Expect.equal (unmasked (TensorBoardRecord.masked bytes)) value "masked"
        }

        testCase "a file begins with its version and its session"
        <| inFolder (fun folder ->
            let time = RunEvent.Scalar(7, "loss", 0.5)
            let events = written [ time ] folder
            Expect.equal events.Length 3 "version, session, figure"
            Expect.equal (text (bytesOf 3 events[0])) "brain.Event:2" "version"
            // SessionLog's status START.
            Expect.equal (fields events[1]).[1..] [ 2, Whole 7UL; 7, Bytes [| 8uy; 1uy |] ] "session"

            match (fields events[2]).[0] with
            | 1, Eight bits ->
                let seconds = float (time.Time.ToUnixTimeMilliseconds()) / 1000.0
                Expect.equal (double bits) seconds "seconds since 1970"
            | other -> failtest $"a time that is {other}")

        testCase "figures"
        <| inFolder (fun folder ->
            let events =
                written [ RunEvent.Scalar(1, "loss", 0.5); RunEvent.Scalar(100000, "é/b", nan) ] folder

            let step, value = valueOf events[2]
            Expect.equal (step, text (bytesOf 1 value)) (1, "loss") "name"
            Expect.equal (fields value).[1] (2, Four(BitConverter.SingleToUInt32Bits 0.5f)) "value"
            let step, value = valueOf events[3]
            Expect.equal (step, text (bytesOf 1 value)) (100000, "é/b") "name"

            match (fields value).[1] with
            | 2, Four bits -> Expect.isTrue (Single.IsNaN(BitConverter.UInt32BitsToSingle bits)) "NaN"
            | other -> failtest $"a value that is {other}")

        testCase "histograms"
        <| inFolder (fun folder ->
            let events =
                written
                    [
                        RunEvent.Histogram(1, "w", tensor [ nan ])
                        RunEvent.Histogram(2, "w", tensor [ 0.0; 1.0; 1.0; 4.0 ])
                    ]
                    folder

            Expect.equal events.Length 3 "nothing of one without numbers"
            let histogram = valueOf events[2] |> snd |> bytesOf 5

            let numbers =
                fields histogram
                |> List.choose (function
                    | n, Eight bits -> Some(n, double bits)
                    | _ -> None)

            Expect.equal
                numbers
                [ 1, 0.0; 2, 4.0; 3, 4.0; 4, 6.0; 5, 18.0 ]
                "min, max, num, sum, sum_squares"

            let limits, counts = doubles (bytesOf 6 histogram), doubles (bytesOf 7 histogram)
            Expect.equal limits.Length counts.Length "a limit for each bucket"
            Expect.equal (Array.last limits, Array.sum counts) (4.0, 4.0) "buckets"
            let below x = Array.zip limits counts |> Array.filter (fst >> (>=) x) |> Array.sumBy snd
            Expect.equal (below 0.9, below 1.1, below 3.9) (1.0, 3.0, 3.0) "how many are below")

        testCase "pictures and texts"
        <| inFolder (fun folder ->
            let tensor = Random.uniform (Key.create 0L) DType.Float32 [ 3; 4; 5 ]

            let events =
                written [ RunEvent.Picture(3, "p", tensor); RunEvent.Text(3, "model", "a\nb") ] folder

            let picture = valueOf events[2] |> snd |> bytesOf 4

            Expect.equal
                (fields picture)
                [ 1, Whole 4UL; 2, Whole 5UL; 3, Whole 3UL; 4, Bytes (Picture.OfTensor tensor).Png ]
                "height, width, colorspace, PNG"

            let value = valueOf events[3] |> snd
            // DT_STRING, a shape of one axis of length 1, the string
            let tensor = bytesOf 8 value
            Expect.equal (fields tensor).[0] (1, Whole 7UL) "dtype"
            Expect.equal (tensor |> bytesOf 2 |> bytesOf 2 |> fields) [ 1, Whole 1UL ] "shape"
            Expect.equal (text (bytesOf 8 tensor)) "    a\n    b" "text"
            Expect.equal (value |> bytesOf 9 |> bytesOf 1 |> bytesOf 1 |> text) "text" "plugin")

        testCase "each writer has a file of its own"
        <| inFolder (fun folder ->
            for _ in 1..3 do
                using (TensorBoard.writer folder) (fun writer -> tell writer "loss" [ 1, 1.0 ])

            Expect.equal (Directory.GetFiles(folder).Length) 3 "files")
    ]
