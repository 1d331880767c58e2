namespace Cotangent.Checkpoints

open System
open System.IO
open System.Text

/// A field of a message of Protocol Buffers (the wire format of protobuf.dev/programming-guides/encoding): its number, and a
/// whole number, or where its bytes lie.
[<Struct; NoComparison>]
type internal ProtobufField = { Number: int; Value: int64; First: int64; Length: int64; HasBytes: bool }

/// Reads messages of Protocol Buffers from a stream in which one can go anywhere.
[<Sealed>]
type internal ProtobufFields(input: Stream) =
    let damaged (reason: string) : 'a = raise (DamagedException reason)

    let readByte () =
        match input.ReadByte() with
        | -1 -> damaged "its end is missing"
        | b -> b

    /// Seven bits a byte, the lowest first; the highest bit says that there are more.
    let readVarint () : int64 =
        let rec more (value: uint64) shift =
            if shift > 63 then damaged "a whole number in it is longer than ten bytes"
            let b = readByte ()
            let value = value ||| (uint64 (b &&& 0x7F) <<< shift)
            if b >= 0x80 then more value (shift + 7) else value

        int64 (more 0UL 0)

    let readFixed (size: int) : int64 =
        let mutable value = 0UL

        for i in 0 .. size - 1 do
            value <- value ||| (uint64 (readByte ()) <<< (8 * i))

        int64 value

    /// The fields of the message between two places, in their order; each is looked for when it is asked for.
    member _.Of(first: int64, last: int64) : ProtobufField seq = seq {
        let mutable at = first

        while at < last do
            input.Position <- at
            let tag = readVarint ()
            let number = tag >>> 3

            if number < 1L || number > 536870911L then
                damaged $"a field in it has the number {number}"

            let plain value = {
                Number = int number
                Value = value
                First = 0L
                Length = 0L
                HasBytes = false
            }

            let field =
                match int (tag &&& 7L) with
                | 0 -> plain (readVarint ())
                | 1 -> plain (readFixed 8)
                | 5 -> plain (readFixed 4)
                | 2 ->
                    let length = readVarint ()
                    let start = input.Position

                    if length < 0L || length > last - start then
                        damaged
                            $"a field in it takes up {length} bytes, and {max 0L (last - start)} are there"

                    input.Position <- start + length

                    { Number = int number; Value = 0L; First = start; Length = length; HasBytes = true }
                | kind -> damaged $"a field in it is of the kind {kind}"

            at <- input.Position
            if at > last then damaged "a field in it goes on behind the end of what it is in"
            yield field
    }

    /// The bytes of a field.
    member _.Bytes(field: ProtobufField) : byte[] =
        if not field.HasBytes then damaged $"the field {field.Number} in it should have bytes"

        if field.Length > int64 Array.MaxLength then
            damaged $"a field in it takes up {field.Length} bytes, more than one array does"

        input.Position <- field.First
        let bytes = GC.AllocateUninitializedArray<byte>(int field.Length)
        input.ReadExactly bytes
        bytes

    member fields.Text(field: ProtobufField) : string = Encoding.UTF8.GetString(fields.Bytes field)

    /// The whole numbers of a repeated field's part: packed together, or a single one.
    member _.Numbers(field: ProtobufField) : int64[] =
        if not field.HasBytes then
            [| field.Value |]
        else
            input.Position <- field.First
            let last = field.First + field.Length

            [|
                while input.Position < last do
                    readVarint ()
            |]
