/// Long sums in emitted code: their digits, and what infinities and NaN among the addends make of them, at every width.
module Cotangent.Tests.AccumulatorsTests

open System
open System.Runtime.InteropServices
open FSharp.NativeInterop
open Cotangent
open Cotangent.Compiler
open Cotangent.Compiler.Emission
open Expecto

type private Whole = delegate of nativeint -> unit

let private widths = [ 128; 256; 512 ] |> List.map Width.OfBits

/// Sums of rows, or of columns; of squares where asked for.
let private kernel dtype rows count (isColumns: bool) : LoopNest =
    let load, store = if isColumns then [| 1; rows |], [| 1; 0 |] else [| count; 1 |], [| 1; 0 |]

    {
        Axes = [| rows; count |]
        Reduced = 1
        Body = [|
            Instruction.Load(dtype, { Slot = 0; Offset = 0; Strides = load })
            Instruction.Reduce(Reduction.Sum, 0)
        |]
        Stores = [| { Slot = 1; Offset = 0; Strides = store }, 1 |]
    }

let private run (width: Width) kernel (arrays: Array list) =
    let whole = (Emit.whole width [ kernel ]).CreateDelegate<Whole>()
    let pins = arrays |> List.map (fun a -> GCHandle.Alloc(a, GCHandleType.Pinned))

    try
        use slots = fixed (pins |> List.map _.AddrOfPinnedObject() |> Array.ofList)
        whole.Invoke(NativePtr.toNativeInt slots)
    finally
        pins |> List.iter _.Free()

let private count = 20_003

/// The sums that each width and dtype gives of these numbers, as rows and as columns that are alike.
let private sums (numbers: float[]) : (string * float) list = [
    for width in widths do
        for rows in [ 1; 5; 17 ] do
            for isColumns in [ false; true ] do
                let place row i = if isColumns then i * rows + row else row * numbers.Length + i

                let spread (convert: float -> 'T) =
                    let data = Array.zeroCreate<'T>(rows * numbers.Length)

                    for row in 0 .. rows - 1 do
                        for i in 0 .. numbers.Length - 1 do
                            data[place row i] <- convert numbers[i]

                    data

                let what dtype = $"{dtype}, {width.Bits} bits, {rows} rows, columns: {isColumns}"
                let single, double = Array.zeroCreate<float32> rows, Array.zeroCreate<float> rows
                run width (kernel DType.Float32 rows numbers.Length isColumns) [ spread float32; single ]
                run width (kernel DType.Float64 rows numbers.Length isColumns) [ spread id; double ]

                for x in single do
                    what DType.Float32, float x

                for x in double do
                    what DType.Float64, x
]

/// A product of numbers and one that stands beside them, summed up.
let private scaled (width: Width) (numbers: float32[]) (factor: float32) : float32 =
    let kernel = {
        kernel DType.Float32 1 numbers.Length false with
            Body = [|
                Instruction.Load(DType.Float32, { Slot = 0; Offset = 0; Strides = [| 0; 1 |] })
                Instruction.Load(DType.Float32, { Slot = 2; Offset = 0; Strides = [| 0; 0 |] })
                Instruction.Binary(Binary.Multiply, 0, 1)
                Instruction.Reduce(Reduction.Sum, 2)
            |]
            Stores = [| { Slot = 1; Offset = 0; Strides = [| 1; 0 |] }, 3 |]
    }

    let result = [| nanf |]
    run width kernel [ numbers; result; [| factor |] ]
    result[0]

let private gives name (numbers: float[]) (expected: float) = test name {
    for what, found in sums numbers do
        Expect.isTrue (found.Equals expected) $"{what}: {found}"
}

let private ones (changed: (int * float) list) =
    let numbers = Array.create count 1.0

    for at, x in changed do
        numbers[at] <- x

    numbers

[<Tests>]
let tests =
    testList "Accumulators" [
        for at in [ 0; 777; count / 2; count - 1 ] do
            gives $"one ∞, at {at}" (ones [ at, infinity ]) infinity
            gives $"one -∞, at {at}" (ones [ at, -infinity ]) -infinity
            gives $"one NaN, at {at}" (ones [ at, nan ]) nan

        gives "infinities of both signs" (ones [ 5, infinity; count - 5, -infinity ]) nan
        gives "infinities of one sign" (ones [ 5, infinity; count - 5, infinity ]) infinity
        test "beyond the range it is ∞, not NaN" {
            let numbers = ones [ for i in 0..9 -> i * 2_000, 3e38 ]

            for what, found in sums numbers do
                if what.StartsWith "Float32" then
                    Expect.isTrue (Double.IsPositiveInfinity found) $"{what}: {found}"
        }
        test "the digits of many tenths" {
            for what, found in sums (Array.create count 0.1) do
                // Up to 64 additions before a sum is emptied.
                let tenth, within = if what.StartsWith "Float32" then float 0.1f, 4e-6 else 0.1, 8e-15

                Expect.isLessThanOrEqual
                    (abs (found / (tenth * float count) - 1.0))
                    within
                    $"{what}: {found:R}"
        }
        test "what a large total loses is added up beside it" {
            // Sums of 64 addends are 19.2; a total of 1e8 in Float32 has steps of 8, one of 1e16 in Float64 steps of 2.
            let numbers = Array.create (1 <<< 19) 0.3

            for dtype, first, within in [ "Float32", 1e8, 64.0; "Float64", 1e16, 32.0 ] do
                numbers[0] <- first

                for what, found in sums numbers do
                    if what.StartsWith dtype then
                        let error = found - first - 0.3 * float (numbers.Length - 1)
                        Expect.isLessThanOrEqual (abs error) within $"{what}: {error}"
        }
        test "short sums: every row begins anew" {
            for n in [ 1; 2; 3; 5; 8; 13; 16; 17; 24; 31; 32; 40; 64 ] do
                for what, found in sums (Array.init n (fun i -> float (i + 1))) do
                    Expect.equal found (float (n * (n + 1) / 2)) $"{n} numbers, {what}"
        }
        test "zeros of both signs add up to 0" {
            for n in [ 1; 2; 5; 8; 16; 17; 32 ] do
                for zeros in [ Array.create n -0.0; Array.init n (fun i -> if i % 2 = 0 then -0.0 else 0.0) ] do
                    for what, found in sums zeros do
                        Expect.equal (1.0 / found) infinity $"{n} zeros, {what}"
        }
        test "what lies behind the last addend takes no part in a product" {
            for width in widths do
                for n in [ 1; 3; 5; 7; 13; 17; 40 ] do
                    let found = scaled width (Array.create n 1.0f) infinityf
                    Expect.equal found infinityf $"{width.Bits} bits, {n} numbers"
        }
    ]
