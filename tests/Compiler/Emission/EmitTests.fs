module Cotangent.Tests.EmitTests

open System
open System.Runtime.InteropServices
open FSharp.NativeInterop
open Cotangent
open Cotangent.Compiler
open Cotangent.Compiler.Emission
open Cotangent.Tests.Dice
open Cotangent.Tests.KernelDice
open Expecto

type private Part = delegate of nativeint * int64 * int64 -> unit
type private Whole = delegate of nativeint -> unit

/// The widths that this machine computes in, and the wider ones where it only pretends.
let private widths = [ 128; 256; 512 ] |> List.map Width.OfBits

let private fill (dice: Dice) special (slot: Slot) (block: Block) =
    let number () = float (dice.Below 7 - 3)

    match slot.DType with
    | DType.Float32 ->
        let data = MemoryMarshal.Cast<byte, float32> block.Span

        for i in 0 .. data.Length - 1 do
            data[i] <-
                if special && dice.Chance 0.05 then
                    dice.Pick [ nanf; infinityf; -infinityf; -0.0f ]
                else
                    float32 (number ())
    | DType.Float64 ->
        let data = MemoryMarshal.Cast<byte, float> block.Span

        for i in 0 .. data.Length - 1 do
            data[i] <-
                if special && dice.Chance 0.05 then
                    dice.Pick [ nan; infinity; -infinity; -0.0 ]
                else
                    number ()
    | DType.Int32 ->
        let data = MemoryMarshal.Cast<byte, int> block.Span

        for i in 0 .. data.Length - 1 do
            data[i] <- int (number ())
    | DType.Int64 ->
        let data = MemoryMarshal.Cast<byte, int64> block.Span

        for i in 0 .. data.Length - 1 do
            data[i] <- int64 (number ())
    | DType.Bool ->
        let data = block.Span

        for i in 0 .. data.Length - 1 do
            data[i] <- byte (dice.Below 2)
    | DType.Float16
    | DType.BFloat16
    | DType.Int8
    | DType.Int16
    | DType.UInt8
    | DType.UInt16
    | DType.UInt32
    | DType.UInt64
    | DType.Complex64
    | DType.Complex128 -> failwith "not drawn"

/// The elements as text, 0 and -0 alike.
let private show (slot: Slot) (block: Block) =
    let each (data: 'T[]) (f: 'T -> string) = Array.map f data

    match slot.DType with
    | DType.Float32 ->
        each (MemoryMarshal.Cast<byte, float32>(block.Span).ToArray()) (fun x -> string (x + 0.0f))
    | DType.Float64 ->
        each (MemoryMarshal.Cast<byte, float>(block.Span).ToArray()) (fun x -> string (x + 0.0))
    | DType.Int32 -> each (MemoryMarshal.Cast<byte, int>(block.Span).ToArray()) string
    | DType.Int64 -> each (MemoryMarshal.Cast<byte, int64>(block.Span).ToArray()) string
    | _ -> each (block.Span.ToArray()) string

/// The slots after a computation.
let private after seed (case: Case) (compute: nativeint[] -> unit) =
    let dice = Dice(seed + 1)
    let blocks = case.Slots |> List.map (fun s -> new Block(s.Length * s.DType.Size, seed % 2 = 0))

    try
        List.iter2 (fill dice case.Special) case.Slots blocks
        compute (blocks |> List.map _.Address |> Array.ofList)
        List.map2 show case.Slots blocks
    finally
        blocks |> List.iter (fun b -> (b :> IDisposable).Dispose())

let private withSlots (slots: nativeint[]) (f: nativeint -> unit) =
    use pin = fixed (Array.append slots [| 0n |])
    f (NativePtr.toNativeInt pin)

let private check seed dtypes =
    let case = draw seed dtypes
    let kernel = case.Kernel
    let points = if kernel.Axes.Length > kernel.Reduced then kernel.Axes[0] else 1
    let expected = after seed case (fun slots -> NestInterpreter.run kernel slots 0 points)

    let compare what actual =
        List.iteri2
            (fun i (e: string[]) (a: string[]) ->
                if e <> a then
                    failtest
                        $"seed {seed}, {what}: slot {i} is %A{List.ofArray a}, not %A{List.ofArray e}; %A{kernel}")
            expected
            actual

    for width in widths do
        match Emit.refuses width kernel with
        | Some _ -> ()
        | None ->
            let whole = (Emit.whole width [ kernel ]).CreateDelegate<Whole>()
            let part = (Emit.kernel width kernel).CreateDelegate<Part>()

            compare $"{width.Bits} bits" (after seed case (fun slots -> withSlots slots whole.Invoke))

            let cut = int64 (Dice(seed + 2).Below(points + 1))

            compare
                $"{width.Bits} bits, cut at {cut}"
                (after seed case (fun slots ->
                    withSlots slots (fun s ->
                        part.Invoke(s, 0L, cut)
                        part.Invoke(s, cut, int64 points))))

let private families = [
    "Float32", [ DType.Float32 ]
    "Float64", [ DType.Float64 ]
    "4 bytes and Bool", [ DType.Float32; DType.Int32; DType.Bool ]
    "8 bytes and Bool", [ DType.Float64; DType.Int64; DType.Bool ]
    "all", [ DType.Float32; DType.Float64; DType.Int32; DType.Int64; DType.Bool ]
]

/// Numbers that keys draw, some per key, against the kernels of the engine.
let private draws =
    let keys = Array.init 37 (fun i -> int64 (i * i) * 0x9E3779B97F4A7C15L + int64 i)

    let bits (data: Array) = data |> Seq.cast<obj> |> Seq.map (fun x -> string x) |> Array.ofSeq

    let each (kind: Draw) (dtype: DType) (count: int) (width: Width) =
        let used, step = 18, 2

        let kernel = {
            Axes = [| used; count |]
            Reduced = 0
            Body = [|
                Instruction.Load(DType.Int64, { Slot = 0; Offset = 1; Strides = [| step; 0 |] })
                Instruction.Position(DType.Int64, 1, 0, 1)
                Instruction.Draw(kind, dtype, 0, 1)
            |]
            Stores = [| { Slot = 1; Offset = 0; Strides = [| count; 1 |] }, 2 |]
        }

        let chosen = Array.init used (fun i -> keys[1 + step * i])
        let fresh () = Cotangent.Engines.Buffers.fresh dtype [| used * count |]
        let expected, actual, read = fresh (), fresh (), fresh ()
        Cotangent.Engines.Philox.fill kind dtype chosen count expected.Data 0

        let on (target: Array) (f: nativeint[] -> unit) =
            let pin (a: Array) = GCHandle.Alloc(a, GCHandleType.Pinned)
            let a, b = pin keys, pin target
            f [| a.AddrOfPinnedObject(); b.AddrOfPinnedObject() |]
            a.Free()
            b.Free()

        on read.Data (fun slots -> NestInterpreter.run kernel slots 0 used)
        Expect.equal (bits read.Data) (bits expected.Data) "interpreted"

        if (Emit.refuses width kernel).IsNone then
            let whole = (Emit.whole width [ kernel ]).CreateDelegate<Whole>()
            on actual.Data (fun slots -> withSlots slots whole.Invoke)
            Expect.equal (bits actual.Data) (bits expected.Data) $"{width.Bits} bits"

    /// Numbers of the published vector of zeros (tests/Tensors/Random/RandomTests.fs): any of its words, alone and beside another.
    let words (chosen: int list) (width: Width) =
        let kernel = {
            Axes = [| 11 |]
            Reduced = 0
            Body = [|
                Instruction.Load(DType.Int64, { Slot = 0; Offset = 0; Strides = [| 1 |] })
                for k in chosen do
                    Instruction.Constant(Literal.Whole(int64 k), DType.Int64)
                for k in 1 .. chosen.Length do
                    Instruction.Draw(Draw.Bits, DType.Int32, 0, k)
            |]
            Stores = [|
                for k in 0 .. chosen.Length - 1 ->
                    { Slot = 1; Offset = k; Strides = [| chosen.Length |] }, 1 + chosen.Length + k
            |]
        }

        let keys, target = Array.zeroCreate<int64> 11, Array.zeroCreate<int>(11 * chosen.Length)
        use key = fixed keys
        use drawn = fixed target

        if (Emit.refuses width kernel).IsNone then
            let whole = (Emit.whole width [ kernel ]).CreateDelegate<Whole>()
            withSlots [| NativePtr.toNativeInt key; NativePtr.toNativeInt drawn |] whole.Invoke
            let published = [| 0x6627e8d5; 0xe169c58d; 0xbc57ac4c; 0x9b00dbd8 |]
            let expected = Array.init target.Length (fun i -> published[chosen[i % chosen.Length]])
            Expect.equal target expected $"words {chosen}, {width.Bits} bits"

    let isHere (width: Width) =
        width.Bits < 512
        || Runtime.Intrinsics.X86.Avx512F.IsSupported
        || not Runtime.Intrinsics.X86.Avx2.IsSupported

    testList "draws are those of the engine" [
        test "and those published" {
            for chosen in [ [ 0 ]; [ 1 ]; [ 2 ]; [ 3 ]; [ 0; 1 ]; [ 2; 3 ]; [ 3; 0 ]; [ 0; 1; 2; 3 ] ] do
                for width in List.filter isHere widths do
                    words chosen width
        }
        for kind, dtype in
            [
                Draw.Uniform, DType.Float32
                Draw.Uniform, DType.Float64
                Draw.Bits, DType.Int32
                Draw.Bits, DType.Int64
                Draw.Keys, DType.Int64
            ] do
            test $"{kind} {dtype}" {
                for count in [ 1; 2; 3; 4; 9 ] do
                    for width in List.filter isHere widths do
                        each kind dtype count width
            }
    ]

[<Tests>]
let emitTests =
    testList "emit" [
        draws
        testList "random kernels are what the interpreter says" [
            for name, dtypes in families do
                testCase name (fun () ->
                    for seed in 0 .. cases 150 - 1 do
                        check seed dtypes)
        ]
    ]
