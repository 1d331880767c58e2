/// Functions in emitted code, number by number: against series to 50 digits, and against the managed engine.
module Cotangent.Tests.EmittedFunctionTests

open System
open System.Runtime.InteropServices
open FSharp.NativeInterop
open FSharp.Reflection
open Cotangent
open Cotangent.Compiler
open Cotangent.Compiler.Emission
open Cotangent.Engines
open Cotangent.Tests.Dice
open Expecto

type private Part = delegate of nativeint * int64 * int64 -> unit

let private widths = [ 128; 256; 512 ] |> List.map Width.OfBits

/// A kernel of one instruction on loads of adjacent numbers.
let private kernelOf (inputs: DType list) (instruction: Instruction) count : LoopNest =
    let access slot = { Slot = slot; Offset = 0; Strides = [| 1 |] }

    {
        Axes = [| count |]
        Reduced = 0
        Body = [|
            for i in 0 .. inputs.Length - 1 do
                Instruction.Load(inputs[i], access i)
            instruction
        |]
        Stores = [| access inputs.Length, inputs.Length |]
    }

/// Fills the last array with what the kernel makes of the others.
let private run (width: Width) kernel (arrays: Array list) count =
    let part = (Emit.kernel width kernel).CreateDelegate<Part>()
    let pins = arrays |> List.map (fun a -> GCHandle.Alloc(a, GCHandleType.Pinned))

    try
        use slots = fixed (pins |> List.map _.AddrOfPinnedObject() |> Array.ofList)
        part.Invoke(NativePtr.toNativeInt slots, 0L, int64 count)
    finally
        pins |> List.iter _.Free()

let private singles (width: Width) instruction (inputs: float32[] list) : float32[] =
    let count = inputs.Head.Length
    let result = Array.zeroCreate<float32> count
    let kernel = kernelOf (List.replicate inputs.Length DType.Float32) instruction count
    run width kernel ((inputs |> List.map (fun a -> a :> Array)) @ [ result ]) count
    result

let private doubles (width: Width) instruction (inputs: float[] list) : float[] =
    let count = inputs.Head.Length
    let result = Array.zeroCreate<float> count
    let kernel = kernelOf (List.replicate inputs.Length DType.Float64) instruction count
    run width kernel ((inputs |> List.map (fun a -> a :> Array)) @ [ result ]) count
    result

// Functions with an exact value to compare with.

let private unaryOf x op = Instruction.Unary(op, x)

/// Function, exact value, where it is defined, and the units in the last place that we promise.
let private table: (Unary * (BigReal.Real -> BigReal.Real) * (float -> bool) * float) list = [
    let everywhere _ = true
    let moderate x = abs x < 700.0
    let inside x = abs x < 1.0
    Unary.Exp, BigReal.exp, moderate, 2.0
    Unary.Expm1, BigReal.expm1, moderate, 2.0
    Unary.Log, BigReal.log, (fun x -> x > 0.0), 1.0
    Unary.Log1p, BigReal.log1p, (fun x -> x > -1.0), 2.0
    Unary.Tanh, BigReal.tanh, moderate, 2.0
    Unary.Sinh, BigReal.sinh, moderate, 2.5
    Unary.Cosh, BigReal.cosh, moderate, 2.0
    Unary.Sigmoid, BigReal.sigmoid, moderate, 2.5
    Unary.Softplus, BigReal.softplus, moderate, 2.5
    // Beyond, the first is 1 and the others are 0.
    Unary.Erf, BigReal.erf, (fun x -> abs x < 7.0), 2.0
    Unary.Erfc, BigReal.erfc, (fun x -> x > -7.0 && x < 27.0), 3.0
    Unary.Gelu, BigReal.gelu, (fun x -> abs x < 38.0), 3.5
    // It is 0 near -0.75, and as small as its rounding there.
    Unary.GeluSlope, BigReal.geluSlope, (fun x -> abs x < 37.0 && abs (x + 0.75) > 0.3), 3.0
    Unary.Sin, BigReal.sin, everywhere, 2.0
    Unary.Cos, BigReal.cos, everywhere, 2.0
    Unary.Tan, BigReal.tan, everywhere, 3.0
    Unary.Asin, BigReal.asin, inside, 2.0
    Unary.Acos, BigReal.acos, inside, 2.0
    Unary.Atan, BigReal.atan, everywhere, 2.0
    Unary.Asinh, BigReal.asinh, everywhere, 2.0
    Unary.Acosh, BigReal.acosh, (fun x -> x >= 1.0), 2.0
    Unary.Atanh, BigReal.atanh, inside, 2.0
]

/// Numbers of all sizes, many of them where functions are not simple.
let private draw (dice: Dice) =
    let power low high = 2.0 ** dice.Between low high

    match dice.Below 6 with
    | 0 -> dice.Sign * power -1074.0 1023.0
    | 1 -> dice.Between -1.0 1.0
    | 2 -> 1.0 + dice.Sign * power -50.0 0.0
    | 3 -> dice.Between -710.0 710.0
    | 4 -> dice.Sign * power -8.0 32.0
    // Near multiples of π/2.
    | _ -> Math.Round(dice.Between 0.0 1000.0) * Math.PI / 2.0 * (1.0 + dice.Sign * power -53.0 -20.0)

let private farOff (dice: Dice) count defined (round: float -> float) =
    Seq.initInfinite (fun _ -> round (draw dice))
    |> Seq.filter (fun x -> Double.IsFinite x && x <> 0.0 && defined x)
    |> Seq.take count
    |> Array.ofSeq

let private accuracy =
    testList "are as exact as promised" [
        for op, exact, defined, promised in table do
            testCase $"{op}" (fun () ->
                let dice = Dice 7
                let xs = farOff dice 1500 defined id
                let expected = xs |> Array.map (BigReal.ofFloat >> exact)

                for width in widths do
                    let actual = doubles width (unaryOf 0 op) [ xs ]

                    for i in 0 .. xs.Length - 1 do
                        let off = BigReal.ulps 53 -1074 expected[i] actual[i]

                        if not (off <= promised) then
                            failtest
                                $"{op} of {xs[i]:R} in {width.Bits} bits: {actual[i]:R} is {off:F2} ulps off."

                // The same for Float32, as far as it goes.
                let isNormal x =
                    let e = exact (BigReal.ofFloat x)
                    let size = abs (BigReal.toFloat e)
                    size < 3.4e38

                let xs =
                    farOff
                        dice
                        1500
                        (fun x ->
                            defined x
                            && (abs x < 80.0 || abs (BigReal.toFloat (exact (BigReal.ofFloat x))) < 3.4e38))
                        (fun x -> float (float32 x))

                let expected = xs |> Array.map (BigReal.ofFloat >> exact)

                for width in widths do
                    let actual = singles width (unaryOf 0 op) [ Array.map float32 xs ]

                    for i in 0 .. xs.Length - 1 do
                        let off = BigReal.ulps 24 -149 expected[i] (float actual[i])

                        if isNormal xs[i] && not (off <= promised) then
                            failtest
                                $"{op} of {float32 xs[i]:R} in {width.Bits} bits: {actual[i]:R} is {off:F2} ulps off.")
    ]

// Against the managed engine.

/// All cases of a union without fields.
let private cases<'op> () : 'op list = [
    for case in FSharpType.GetUnionCases(typeof<'op>, true) do
        if case.GetFields().Length = 0 then
            match FSharpValue.MakeUnion(case, [||], true) with
            | :? 'op as op -> op
            | _ -> failwith "no case"
]

let private unaries = cases<Unary>() |> List.filter _.IsInNests
let private binaries = cases<Binary>()

let private specials = [|
    0.0
    -0.0
    1.0
    -1.0
    0.5
    -0.5
    1.5
    2.5
    -2.5
    3.0
    -3.0
    2.0
    -2.0
    nan
    infinity
    -infinity
    Double.Epsilon
    -Double.Epsilon
    2.2250738585072014e-308
    1.7976931348623157e308
    -1.7976931348623157e308
    1e300
    -1e300
    1e-300
    710.0
    -750.0
    89.0
    88.5
    -104.0
    1e9
    -1e9
    float Single.Epsilon
    1.1754944e-38
    3.4028234663852886e38
    -3.4028234663852886e38
    4503599627370497.5
    8388609.0
    -8388607.5
|]

let private buffer (dtype: DType) (data: 'T[]) : HostBuffer = HostBuffer.own dtype [| data.Length |] data

/// Equal, also in the signs of zeros.
let private agree (e: float) (a: float) =
    if Double.IsNaN e || Double.IsNaN a then Double.IsNaN e && Double.IsNaN a
    elif e = 0.0 && a = 0.0 then Double.IsNegative e = Double.IsNegative a
    else e = a

let private engine =
    testList "agree with the managed engine" [
        for op in unaries do
            testCase $"{op}" (fun () ->
                let dice = Dice 11
                let xs = Array.append specials (Array.init 400 (fun _ -> draw dice))

                for width in widths do
                    if op = Unary.IsNaN then
                        let result = Array.zeroCreate<bool> xs.Length
                        let kernel = kernelOf [ DType.Float64 ] (unaryOf 0 op) xs.Length
                        run width kernel [ xs; result ] xs.Length
                        Expect.equal result (xs |> Array.map Double.IsNaN) $"{width.Bits} bits"
                    elif op = Unary.Not then
                        let truths = xs |> Array.map (fun x -> x > 0.0)
                        let result = Array.zeroCreate<bool> xs.Length

                        run
                            width
                            (kernelOf [ DType.Bool ] (unaryOf 0 op) xs.Length)
                            [ truths; result ]
                            xs.Length

                        Expect.equal result (truths |> Array.map not) $"{width.Bits} bits"
                    else
                        let expected = (Elementwise.unary op (buffer DType.Float64 xs)) :?> HostBuffer<float>
                        let actual = doubles width (unaryOf 0 op) [ xs ]

                        for i in 0 .. xs.Length - 1 do
                            if not (agree expected.Items[i] actual[i]) then
                                failtest
                                    $"{op} of {xs[i]:R}, {width.Bits} bits: {actual[i]:R}, not {expected.Items[i]:R}"

                        let xs = xs |> Array.map float32

                        let expected =
                            (Elementwise.unary op (buffer DType.Float32 xs)) :?> HostBuffer<float32>

                        let actual = singles width (unaryOf 0 op) [ xs ]

                        for i in 0 .. xs.Length - 1 do
                            let e, a = float expected.Items[i], float actual[i]

                            if not (agree e a) then
                                failtest $"{op} of {xs[i]:R}f, {width.Bits} bits: {a:R}, not {e:R}")

        for op in binaries do
            match op with
            | Binary.And
            | Binary.Or
            | Binary.Xor
            | Binary.ShiftLeft
            | Binary.ShiftRight
            | Binary.Equal
            | Binary.Less
            | Binary.LessEqual -> ()
            | _ ->
                testCase $"{op}" (fun () ->
                    let dice = Dice 13
                    let some = Array.append specials (Array.init 12 (fun _ -> dice.Between -9.0 9.0))
                    let xs, ys = Array.unzip (Array.allPairs some some)

                    for width in widths do
                        let instruction = Instruction.Binary(op, 0, 1)

                        let expected =
                            Elementwise.binary op (buffer DType.Float64 xs) (buffer DType.Float64 ys)

                        let expected = (expected :?> HostBuffer<float>).Items
                        let actual = doubles width instruction [ xs; ys ]

                        for i in 0 .. xs.Length - 1 do
                            if not (agree expected[i] actual[i]) then
                                failtest
                                    $"{op} of {xs[i]:R} and {ys[i]:R}, {width.Bits} bits: {actual[i]:R}, not {expected[i]:R}"

                        let xs, ys = Array.map float32 xs, Array.map float32 ys

                        let expected =
                            Elementwise.binary op (buffer DType.Float32 xs) (buffer DType.Float32 ys)

                        let expected = (expected :?> HostBuffer<float32>).Items
                        let actual = singles width instruction [ xs; ys ]

                        for i in 0 .. xs.Length - 1 do
                            let e, a = float expected[i], float actual[i]

                            if not (agree e a) then
                                failtest
                                    $"{op} of {xs[i]:R}f and {ys[i]:R}f, {width.Bits} bits: {a:R}, not {e:R}")
    ]

let private whole =
    testCase "whole numbers wrap around as the engine's do" (fun () ->
        let some = [| 0; 1; -1; 7; -7; Int32.MaxValue; Int32.MinValue; 65536; 123456789 |]
        let xs, ys = Array.unzip (Array.allPairs some some)

        for width in widths do
            for op in [ Unary.Negate; Unary.Abs; Unary.Sign; Unary.Relu ] do
                let result = Array.zeroCreate<int> xs.Length
                run width (kernelOf [ DType.Int32 ] (unaryOf 0 op) xs.Length) [ xs; result ] xs.Length
                let expected = (Elementwise.unary op (buffer DType.Int32 xs) :?> HostBuffer<int>).Items
                Expect.equal result expected $"{op}, {width.Bits} bits"

            for op in
                [
                    Binary.Add
                    Binary.Subtract
                    Binary.Multiply
                    Binary.Max
                    Binary.And
                    Binary.Or
                    Binary.Xor
                ] do
                let result = Array.zeroCreate<int> xs.Length
                let kernel = kernelOf [ DType.Int32; DType.Int32 ] (Instruction.Binary(op, 0, 1)) xs.Length
                run width kernel [ xs; ys; result ] xs.Length

                let expected =
                    (Elementwise.binary op (buffer DType.Int32 xs) (buffer DType.Int32 ys)
                    :?> HostBuffer<int>)
                        .Items

                Expect.equal result expected $"{op}, {width.Bits} bits")

let private conversions =
    testCase "conversions saturate, and NaN becomes 0" (fun () ->
        let xs =
            Array.append specials [| 2147483647.0; 2147483648.0; -2147483648.0; -2147483649.0; 0.99; -0.99 |]

        let check source target (data: 'A[]) (result: 'B[]) =
            for width in widths do
                let kernel = kernelOf [ source ] (Instruction.Convert(target, 0)) data.Length

                if (Emit.refuses width kernel).IsNone then
                    run width kernel [ data; result ] data.Length
                    let expected = (Convert.buffer target (buffer source data) :?> HostBuffer<'B>).Items

                    Expect.equal
                        (Array.map string result)
                        (Array.map string expected)
                        $"{source} to {target}, {width.Bits} bits"

        let count = xs.Length
        let singles = Array.map float32 xs
        let ints = [| 0; 1; -1; Int32.MaxValue; Int32.MinValue; 16777217; -16777219 |]

        let longs = [|
            0L
            1L
            -1L
            Int64.MaxValue
            Int64.MinValue
            9007199254740993L
            2147483648L
            -2147483649L
        |]

        check DType.Float64 DType.Float32 xs (Array.zeroCreate<float32> count)
        check DType.Float64 DType.Int32 xs (Array.zeroCreate<int> count)
        check DType.Float64 DType.Int64 xs (Array.zeroCreate<int64> count)
        check DType.Float64 DType.Bool xs (Array.zeroCreate<bool> count)
        check DType.Float32 DType.Float64 singles (Array.zeroCreate<float> count)
        check DType.Float32 DType.Int32 singles (Array.zeroCreate<int> count)
        check DType.Float32 DType.Int64 singles (Array.zeroCreate<int64> count)
        check DType.Int32 DType.Float32 ints (Array.zeroCreate<float32> ints.Length)
        check DType.Int32 DType.Float64 ints (Array.zeroCreate<float> ints.Length)
        check DType.Int32 DType.Int64 ints (Array.zeroCreate<int64> ints.Length)
        check DType.Int64 DType.Float64 longs (Array.zeroCreate<float> longs.Length)
        check DType.Int64 DType.Int32 longs (Array.zeroCreate<int> longs.Length)
        check DType.Bool DType.Float32 [| true; false; true |] (Array.zeroCreate<float32> 3))

let private sums =
    testCase "long sums keep their digits" (fun () ->
        // 0.1 as Float32, a million times and a bit: one accumulator would be off by a percent.
        let count = 3_000_007
        let xs = Array.create count 0.1f
        let exact = float 0.1f * float count

        for width in widths do
            let kernel = {
                Axes = [| count |]
                Reduced = 1
                Body = [|
                    Instruction.Load(DType.Float32, { Slot = 0; Offset = 0; Strides = [| 1 |] })
                    Instruction.Reduce(Reduction.Sum, 0)
                |]
                Stores = [| { Slot = 1; Offset = 0; Strides = [| 0 |] }, 1 |]
            }

            if width.Bits < 512 || Runtime.Intrinsics.Vector512.IsHardwareAccelerated then
                let result = [| 0.0f |]
                run width kernel [ xs; result ] 1

                Expect.isTrue
                    (abs (float result[0] / exact - 1.0) < 1e-6)
                    $"{width.Bits} bits: {result[0]}, not {exact}")

[<Tests>]
let emittedFunctionTests = testList "emitted functions" [ accuracy; engine; whole; conversions; sums ]
