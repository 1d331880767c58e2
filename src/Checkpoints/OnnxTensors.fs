namespace Cotangent.Checkpoints

open System
open System.Collections.Generic
open System.IO
open Cotangent
open Cotangent.Engines

/// The weights of an ONNX model: tensors that its graph calls initializers (onnx.proto3 of the ONNX project, version 1.17: the
/// messages ModelProto, GraphProto and TensorProto).
[<Sealed>]
type internal OnnxTensors(operation: string, path: string, input: Stream) =
    let damaged (reason: string) : 'a = raise (DamagedException reason)
    let fields = ProtobufFields(input)
    let inside (field: ProtobufField) = fields.Of(field.First, field.First + field.Length)

    /// The dtype of a TensorProto.DataType.
    let dtypeOf (name: string) (kind: int64) : DType =
        let refuse (what: string) =
            raise (
                DTypeException
                    $"{operation}: {Untrusted.quote name} is of {what}, which no dtype holds exactly. Convert it in ONNX, by a node 'Cast' before the model is saved."
            )

        match kind with
        | 1L -> DType.Float32
        | 2L -> DType.UInt8
        | 3L -> DType.Int8
        | 4L -> DType.UInt16
        | 5L -> DType.Int16
        | 6L -> DType.Int32
        | 7L -> DType.Int64
        | 8L -> refuse "texts"
        | 9L -> DType.Bool
        | 10L -> DType.Float16
        | 11L -> DType.Float64
        | 12L -> DType.UInt32
        | 13L -> DType.UInt64
        | 14L -> DType.Complex64
        | 15L -> DType.Complex128
        | 16L -> DType.BFloat16
        | other -> refuse $"the data type {other}"

    /// Whole numbers as the bytes of elements, of which they are the low ones.
    let low (size: int) (numbers: int64[]) : byte[] =
        let bytes = Array.zeroCreate (numbers.Length * size)

        for i in 0 .. numbers.Length - 1 do
            for k in 0 .. size - 1 do
                bytes[i * size + k] <- byte (numbers[i] >>> (8 * k))

        bytes

    /// Bytes in a file beside the model, which may not be one elsewhere.
    let external (name: string) (entries: ProtobufField list) : byte[] =
        let found =
            dict [
                for entry in entries do
                    let parts = dict [ for part in inside entry -> part.Number, fields.Text part ]
                    parts[1], parts[2]
            ]

        let number key =
            match found.TryGetValue key with
            | true, text ->
                match Int64.TryParse text with
                | true, n when n >= 0L -> Some n
                | _ -> damaged $"{Untrusted.quote name} lies at {Untrusted.quote text} of another file"
            | _ -> None

        match found.TryGetValue "location" with
        | true, location ->
            let beside =
                match FileBeside.path path location with
                | ValueSome beside -> beside
                | ValueNone ->
                    damaged
                        $"{Untrusted.quote name} lies in {Untrusted.quote location}, outside of the model's folder"

            use file = File.OpenRead beside
            let first = defaultArg (number "offset") 0L
            let length = defaultArg (number "length") (file.Length - first)

            if first > file.Length || length > file.Length - first || length > int64 Array.MaxLength then
                damaged
                    $"{Untrusted.quote name} takes up {length} bytes from {first} on of {Untrusted.quote location}, which has {file.Length}"

            Untrusted.bytes operation file first length
        | _ -> damaged $"{Untrusted.quote name} lies in another file, which is not named"

    let tensor (message: ProtobufField) : string * HostBuffer =
        let all = inside message |> Array.ofSeq
        let last number = all |> Array.tryFindBack (fun field -> field.Number = number)
        let each number = all |> Array.filter (fun field -> field.Number = number)
        let numbers number = each number |> Array.collect fields.Numbers

        let name =
            match last 8 with
            | Some field -> fields.Text field
            | None -> damaged "a weight has no name"

        let dtype = dtypeOf name (last 2 |> Option.map _.Value |> Option.defaultValue 0L)
        let size = dtype.Size
        let sizes = numbers 1

        if Array.exists (fun n -> n < 0L) sizes then
            damaged $"{Untrusted.quote name} has a negative size"

        let shape = Shape.sized $"{operation}: {Untrusted.quote name}" sizes

        // Floats are packed as they lie in memory.
        let packed number = each number |> Array.map fields.Bytes |> Array.concat

        let bytes =
            match last 14, last 9, dtype with
            | Some where, _, _ when where.Value = 1L -> external name (List.ofArray (each 13))
            | _, Some raw, _ -> Recycling.orRefuse operation raw.Length (fun () -> fields.Bytes raw)
            | _, None, (DType.Float32 | DType.Complex64) -> packed 4
            | _, None, (DType.Float64 | DType.Complex128) -> packed 10
            | _, None, DType.Int64 -> low size (numbers 7)
            | _, None, (DType.UInt32 | DType.UInt64) -> low size (numbers 11)
            | _, None, _ -> low size (numbers 5)

        if int64 bytes.Length <> int64 (Shape.count shape) * int64 size then
            damaged
                $"{Untrusted.quote name} of shape {Shape.show shape} has {bytes.Length} bytes, not {int64 (Shape.count shape) * int64 size}"

        name, Buffers.own dtype shape (ElementFormat.numbers name dtype bytes)

    /// All of them by name.
    member _.Read() : Dictionary<string, HostBuffer> =
        let found = Dictionary<string, HostBuffer>()

        let graphs =
            fields.Of(0L, input.Length)
            |> Seq.filter (fun field -> field.Number = 7 && field.HasBytes)
            |> List.ofSeq

        if graphs.IsEmpty then damaged "it has no graph"

        for graph in graphs do
            for field in inside graph |> Array.ofSeq do
                match field.Number with
                | 5 when field.HasBytes ->
                    let name, numbers = tensor field

                    if not (found.TryAdd(name, numbers)) then damaged $"{Untrusted.quote name} is in it twice"
                | 15 -> damaged "it has sparse weights, which are not read"
                | _ -> ()

        found
