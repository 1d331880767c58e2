namespace Cotangent.Charts

open System
open System.Buffers.Binary
open System.IO
open System.Text

/// Messages in the wire format of Protocol Buffers, as far as event files need it: a field is its number and kind, then its value.
[<Sealed>]
type internal Protobuf() =
    let output = new MemoryStream()

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    let varint (value: uint64) =
        let mutable rest = value

        while rest >= 0x80UL do
            output.WriteByte(byte (rest &&& 0x7FUL) ||| 0x80uy)
            rest <- rest >>> 7

        output.WriteByte(byte rest)

    let key (field: int) (kind: int) = varint (uint64 (field <<< 3 ||| kind))

    let double (value: float) =
        let bytes = Array.zeroCreate<byte> 8
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(), value)
        output.Write bytes

    member _.Integer(field: int, value: int64) =
        key field 0
        varint (uint64 value)

    member _.Double(field: int, value: float) =
        key field 1
        double value

    member _.Float(field: int, value: float32) =
        key field 5
        let bytes = Array.zeroCreate<byte> 4
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(), value)
        output.Write bytes

    member _.Bytes(field: int, value: byte[]) =
        key field 2
        varint (uint64 value.Length)
        output.Write value

    member this.Text(field: int, value: string) = this.Bytes(field, Encoding.UTF8.GetBytes value)

    /// A message within this one.
    member this.Message(field: int, fill: Protobuf -> unit) =
        let inner = Protobuf()
        fill inner
        this.Bytes(field, inner.ToArray())

    /// Numbers side by side under one key.
    member _.Doubles(field: int, values: float[]) =
        key field 2
        varint (uint64 (8 * values.Length))
        Array.iter double values

    member _.ToArray() : byte[] = output.ToArray()
