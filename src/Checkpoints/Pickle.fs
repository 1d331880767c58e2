namespace Cotangent.Checkpoints

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Text
open Cotangent

/// What Python's pickle described.
[<RequireQualifiedAccess; CustomEquality; NoComparison>]
type internal Pickled =
    | Nothing
    | Truth of bool
    | Whole of int64
    | Real of float
    | Text of string
    /// A tuple or a list.
    | Items of ResizeArray<Pickled>
    /// In the order in which they were added.
    | Dictionary of ResizeArray<struct (Pickled * Pickled)>
    /// A class or function, by module and name. It is never looked for.
    | Global of string
    /// Something kept elsewhere, told by what.
    | Persistent of Pickled
    /// A class or function that was to be called, and with what. It is not called.
    | Called of what: string * arguments: Pickled

    override x.Equals other = obj.ReferenceEquals(x, other)
    override _.GetHashCode() = 0

module internal PickleLimits =
    /// More letters than the name of a module or a class has.
    [<Literal>]
    let LongestLine = 65536

/// A reader of what `pickle.dump` writes of dictionaries, lists, tuples, numbers and texts
/// (https://github.com/python/cpython/blob/main/Lib/pickletools.py describes the opcodes). Pickle is a small language that can have any
/// function called; here nothing is: a call is noted as a call.
[<Sealed>]
type internal PickleReader(input: Stream) =
    let stack = Stack<Pickled>()
    /// What was on the stack when a mark was set, for each mark.
    let marks = Stack<Stack<Pickled>>()
    let mutable current = stack
    let memo = Dictionary<int64, Pickled>()
    let persistents = ResizeArray<Pickled>()

    let damaged (reason: string) : 'a = raise (DamagedException reason)

    member private _.Take(count: int64) : ReadOnlySpan<byte> =
        if count < 0L || count > min (input.Length - input.Position) (int64 Array.MaxLength) then
            damaged "its pickle ends too early"

        let bytes = GC.AllocateUninitializedArray<byte>(int count)
        input.ReadExactly bytes
        ReadOnlySpan bytes

    member private _.Byte() : int64 =
        match input.ReadByte() with
        | -1 -> damaged "its pickle ends too early"
        | b -> int64 b

    member private reader.Int32() = int64 (BinaryPrimitives.ReadInt32LittleEndian(reader.Take 4L))
    member private reader.UInt32() = int64 (BinaryPrimitives.ReadUInt32LittleEndian(reader.Take 4L))
    member private reader.Int64() = BinaryPrimitives.ReadInt64LittleEndian(reader.Take 8L)
    member private reader.Text(length: int64) = Encoding.UTF8.GetString(reader.Take length)

    /// A line without its end.
    member private reader.Line() : string =
        let line = ResizeArray<byte>()
        let mutable next = reader.Byte()

        while next <> int64 '\n' do
            if line.Count = PickleLimits.LongestLine then damaged "its pickle has a line without end"
            line.Add(byte next)
            next <- reader.Byte()

        Encoding.UTF8.GetString(line.ToArray())

    /// An integer of up to eight bytes, least one first, in two's complement.
    member private reader.Long(length: int64) : int64 =
        if length > 8L then damaged "its pickle has a number of more than 64 bits"
        let digits = reader.Take length
        let mutable value = if length > 0L && digits[int length - 1] >= 128uy then -1L else 0L

        for i in int length - 1 .. -1 .. 0 do
            value <- (value <<< 8) ||| int64 digits[i]

        value

    member private _.Pop() : Pickled =
        match current.TryPop() with
        | true, value -> value
        | _ -> damaged "its pickle takes more off the stack than there is"

    member private _.Peek() : Pickled =
        match current.TryPeek() with
        | true, value -> value
        | _ -> damaged "its pickle looks at an empty stack"

    /// What was put there since the last mark, in order.
    member private _.ToMark() : ResizeArray<Pickled> =
        match marks.TryPop() with
        | true, before ->
            let items = ResizeArray<Pickled>(current)
            items.Reverse()
            current <- before
            items
        | _ -> damaged "its pickle lacks a mark"

    member private reader.Tuple(count: int) =
        let items = ResizeArray<Pickled>()

        for _ in 1..count do
            items.Insert(0, reader.Pop())

        current.Push(Pickled.Items items)

    member private _.Add(target: Pickled, items: ResizeArray<Pickled>) =
        match target with
        | Pickled.Items list -> list.AddRange items
        | _ -> damaged "its pickle appends to what is no list"

    member private _.Set(target: Pickled, items: ResizeArray<Pickled>) =
        match target with
        | Pickled.Dictionary entries when items.Count % 2 = 0 ->
            for i in 0..2 .. items.Count - 2 do
                entries.Add(struct (items[i], items[i + 1]))
        // Of an object that was to be made by a call; nobody asks for it.
        | Pickled.Called _ -> ()
        | _ -> damaged "its pickle sets items of what is no dictionary"

    member private _.Recall(key: int64) =
        match memo.TryGetValue key with
        | true, value -> current.Push value
        | _ -> damaged "its pickle recalls what it has not kept"

    member private _.Call(what: Pickled, arguments: Pickled) =
        match what, arguments with
        | Pickled.Global "collections.OrderedDict", Pickled.Items none when none.Count = 0 ->
            Pickled.Dictionary(ResizeArray())
        | Pickled.Global name, _ -> Pickled.Called(name, arguments)
        | _ -> damaged "its pickle calls what is no function"

    /// Opcodes that put a number or a text on the stack; false where it is another one.
    member private reader.Constant(opcode: char) : bool =
        let push value =
            current.Push value
            true

        match opcode with
        | 'N' -> push Pickled.Nothing
        | '\u0088' -> push (Pickled.Truth true)
        | '\u0089' -> push (Pickled.Truth false)
        | 'K' -> push (Pickled.Whole(reader.Byte()))
        | 'M' -> push (Pickled.Whole(reader.Byte() ||| (reader.Byte() <<< 8)))
        | 'J' -> push (Pickled.Whole(reader.Int32()))
        | '\u008A' -> push (Pickled.Whole(reader.Long(reader.Byte())))
        | 'G' -> push (Pickled.Real(BinaryPrimitives.ReadDoubleBigEndian(reader.Take 8L)))
        | 'X' -> push (Pickled.Text(reader.Text(reader.UInt32())))
        | '\u008C' -> push (Pickled.Text(reader.Text(reader.Byte())))
        | '\u008D' -> push (Pickled.Text(reader.Text(reader.Int64())))
        | 'U'
        | 'C' -> push (Pickled.Text(reader.Text(reader.Byte())))
        | 'T'
        | 'B' -> push (Pickled.Text(reader.Text(reader.UInt32())))
        | '}' -> push (Pickled.Dictionary(ResizeArray()))
        | ']'
        | ')' -> push (Pickled.Items(ResizeArray()))
        | 'c' -> push (Pickled.Global(reader.Line() + "." + reader.Line()))
        | _ -> false

    /// Opcodes that work on the stack and the memo.
    member private reader.Act(opcode: char) =
        match opcode with
        | '(' ->
            marks.Push current
            current <- Stack()
        | 't' -> let items = reader.ToMark() in current.Push(Pickled.Items items)
        | 'l' -> let items = reader.ToMark() in current.Push(Pickled.Items items)
        | '\u0085' -> reader.Tuple 1
        | '\u0086' -> reader.Tuple 2
        | '\u0087' -> reader.Tuple 3
        | 'a' -> let item = reader.Pop() in reader.Add(reader.Peek(), ResizeArray [ item ])
        | 'e' -> let items = reader.ToMark() in reader.Add(reader.Peek(), items)
        | 's' ->
            let value = reader.Pop()
            let key = reader.Pop()
            reader.Set(reader.Peek(), ResizeArray [ key; value ])
        | 'u' -> let items = reader.ToMark() in reader.Set(reader.Peek(), items)
        | 'd' ->
            let items = reader.ToMark()
            let made = Pickled.Dictionary(ResizeArray())
            reader.Set(made, items)
            current.Push made
        | '0' -> reader.Pop() |> ignore
        | 'q' -> memo[reader.Byte()] <- reader.Peek()
        | 'r' -> memo[reader.UInt32()] <- reader.Peek()
        | '\u0094' -> memo[int64 memo.Count] <- reader.Peek()
        | 'h' -> reader.Recall(reader.Byte())
        | 'j' -> reader.Recall(reader.UInt32())
        | 'Q' ->
            let what = reader.Pop()
            persistents.Add what
            current.Push(Pickled.Persistent what)
        | 'R'
        | '\u0081' ->
            let arguments = reader.Pop()
            current.Push(reader.Call(reader.Pop(), arguments))
        // What an object is told of itself: of a dictionary of PyTorch, versions of its modules.
        | 'b' -> reader.Pop() |> ignore
        | '\u0093' ->
            match reader.Pop(), reader.Pop() with
            | Pickled.Text name, Pickled.Text from -> current.Push(Pickled.Global(from + "." + name))
            | _ -> damaged "its pickle names a function by what is no text"
        | '\u0080' -> reader.Byte() |> ignore
        | '\u0095' -> reader.Int64() |> ignore
        | _ ->
            damaged
                $"its pickle has the opcode {int opcode:X2}, which tensors do not need; it was made of other objects"

    /// What the pickle says of all that is kept elsewhere, in the order in which it names it.
    member _.Persistents = persistents

    /// What the pickle describes. The stream is read up to its end, and no further.
    member reader.Read() : Pickled =
        let mutable result = ValueNone

        while result.IsNone do
            let opcode = char (reader.Byte())

            if opcode = '.' then result <- ValueSome(reader.Pop())
            elif not (reader.Constant opcode) then reader.Act opcode

        result.Value
