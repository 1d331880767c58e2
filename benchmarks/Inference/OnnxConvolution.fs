/// An ONNX model of one convolution with constant kernels, written field by field (onnx.proto3 of the ONNX project, version 1.17).
module Cotangent.Benchmarks.OnnxConvolution

open System
open System.IO
open System.Runtime.InteropServices
open System.Text

/// A field of a message in the encoding of Protocol Buffers.
type private Field =
    | Number of field: int * int64
    | Bytes of field: int * byte[]

let private message (fields: Field list) : byte[] =
    use into = new MemoryStream()
    use writer = new BinaryWriter(into)

    for field in fields do
        match field with
        | Number(field, value) ->
            writer.Write7BitEncodedInt(field <<< 3)
            writer.Write7BitEncodedInt64 value
        | Bytes(field, value) ->
            writer.Write7BitEncodedInt(field <<< 3 ||| 2)
            writer.Write7BitEncodedInt value.Length
            writer.Write value

    writer.Flush()
    into.ToArray()

let private text field (value: string) = Bytes(field, Encoding.UTF8.GetBytes value)
let private part field fields = Bytes(field, message fields)

/// Data type FLOAT of tensors.
[<Literal>]
let private Float = 1L

/// A ValueInfoProto of a tensor.
let private value (name: string) (shape: int list) = [
    text 1 name
    part 2 [
        part 1 [
            Number(1, Float)
            part 2 [
                for n in shape do
                    part 1 [ Number(1, int64 n) ]
            ]
        ]
    ]
]

/// Attribute of the type INTS.
let private ints (name: string) (values: int list) =
    part 5 [
        text 1 name
        for n in values do
            Number(8, int64 n)
        Number(20, 7L)
    ]

/// A ModelProto: from images "x" (n, in, height, width) to `y` by kernels (out, in, k, k), with so much padding on every side.
let model
    (images: int list)
    (results: int list)
    (kernel: float32[])
    (shape: int list)
    stride
    padding
    : byte[] =
    let node = [
        text 1 "x"
        text 1 "w"
        text 2 "y"
        text 4 "Conv"
        ints "strides" [ stride; stride ]
        ints "pads" (List.replicate 4 padding)
    ]

    let weights = [
        for n in shape do
            Number(1, int64 n)
        Number(2, Float)
        text 8 "w"
        Bytes(9, MemoryMarshal.AsBytes(ReadOnlySpan kernel).ToArray())
    ]

    let graph = [
        part 1 node
        text 2 "convolution"
        part 5 weights
        part 11 (value "x" images)
        part 12 (value "y" results)
    ]

    message [ Number(1, 8L); part 7 graph; part 8 [ Number(2, 13L) ] ]
