/// Every primitive on a device against what it means: the table of the tests, on small tensors of every dtype in all
/// layouts, against the plain evaluator; and what a device does with sizes that fill it.
module Cotangent.Gpu.Conformance

open Cotangent
open Cotangent.Engines
open Cotangent.Tests
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Torch.Tests.SpecialNumbers
open Cotangent.Gpu.Report

let private managed: Engine = ManagedEngine()

let private byManaged (p: Primitive) (inputs: Buffer[]) : HostBuffer[] =
    managed.EvaluateAll(p, inputs, Device.Cpu) |> Array.map (fun b -> b :?> HostBuffer)

let private onDevice (device: Device) (p: Primitive) (inputs: Buffer[]) : HostBuffer[] =
    let engine = Engines.forDevice device
    let moved = inputs |> Array.map (fun x -> engine.OfHost(x :?> HostBuffer, device))
    engine.EvaluateAll(p, moved, device) |> Array.map engine.ToHost

/// Sums of products are compared by the size of their largest: devices add in another order, and multiply small matrices
/// and windows in transformed ones.
let private scaleOf (p: Primitive) (expected: HostBuffer[]) =
    match p with
    | Primitive.MatMul
    | Primitive.Convolution _ ->
        Oracle.reals expected[0]
        |> Array.fold (fun most x -> if System.Double.IsFinite x then max most (abs x) else most) 0.0
    | _ -> Oracle.scale p

let private fault what ulps scale expected actual =
    Oracle.differences ulps scale expected actual |> Option.map (fun wrong -> $"{what}: {wrong}")

/// One row of the table, all dtypes, so many examples of each.
let private row (device: Device) seeds (row: Row) = [
    for dtype in row.DTypes do
        for seed in 1..seeds do
            let example = row.Draw (Dice seed) Numbers.Ordinary dtype
            let hosts = example.Inputs |> Array.map _.Host
            let expected = Oracle.evaluateAll example.Primitive hosts
            let what = $"{example}, seed {seed}"

            try
                let actual = onDevice device example.Primitive (Array.map (fun x -> x :> Buffer) hosts)
                yield! fault what 32.0 (scaleOf example.Primitive expected) expected actual |> Option.toList
            with e ->
                $"{what}: {e.GetType().Name}: {e.Message}"
]

// ---- Special values ----

let private special (device: Device) = [
    let agrees what (p: Primitive) (inputs: Buffer[]) =
        let expected = byManaged p inputs

        try
            fault what 64.0 0.0 expected (onDevice device p inputs) |> Option.toList
        with e -> [ $"{what}: {e.GetType().Name}: {e.Message}" ]

    for dtype in DTypes.real do
        for op in casesOf<Unary>() do
            if ShapeRule.acceptsUnary op dtype then
                yield! agrees $"{op} {dtype}" (Primitive.Unary op) [| specials dtype |]

        for op in casesOf<Binary>() do
            if ShapeRule.acceptsBinary op dtype then
                let inputs = pairs (specials dtype)
                let divides = (op = Binary.Divide || op = Binary.Remainder) && dtype.IsInteger

                yield!
                    agrees
                        $"{op} {dtype}"
                        (Primitive.Binary op)
                        (if divides then divisors dtype inputs else inputs)

        for target in DTypes.real do
            yield! agrees $"{dtype} to {target}" (Primitive.Convert target) [| specials dtype |]

        if dtype.IsFloat then
            let x: Buffer[] = [| (signedRows.Value.Convert dtype).Host |]

            for yes in [ true; false ] do
                yield! agrees $"sort {dtype}" (Primitive.Sort(1, yes)) x
                yield! agrees $"argmax {dtype}" (Primitive.ArgReduce(yes, 1)) x

            for kind in casesOf<Reduction>() do
                yield! agrees $"{kind} {dtype}" (Primitive.Reduce(kind, [| 1 |])) x
]

// ---- Sizes that fill a device ----

let private normal seed dtype (shape: int list) = Random.normal (Key.create seed) dtype shape

/// A primitive against the managed engine, within so many units in the last place of the largest number met.
let private agrees (device: Device) name ulps scale (p: Primitive) (inputs: Tensor[]) =
    let inputs = inputs |> Array.map (fun t -> t.Host :> Buffer)
    let expected = byManaged p inputs
    fault name ulps scale expected (onDevice device p inputs) |> Option.toList

let private large (device: Device) n = [
    for dtype in [ DType.Float32; DType.Float64 ] do
        let x, y = normal 1L dtype [ n; n + 3 ], normal 2L dtype [ n; n + 3 ]
        let size = float n

        for op in [ Unary.Tanh; Unary.Exp; Unary.Sin; Unary.Sigmoid ] do
            yield! agrees device $"{op} {dtype}" 16.0 1.0 (Primitive.Unary op) [| x.T |]

        for op in [ Binary.Add; Binary.Divide; Binary.Less ] do
            yield! agrees device $"{op} {dtype}" 16.0 0.0 (Primitive.Binary op) [| x.T; y.T |]

        for axes in [ [| 0 |]; [| 1 |]; [| 0; 1 |] ] do
            yield! agrees device $"sum {dtype}" 64.0 size (Primitive.Reduce(Reduction.Sum, axes)) [| x |]
            yield! agrees device $"max {dtype}" 0.0 0.0 (Primitive.Reduce(Reduction.Max, axes)) [| x |]

        yield! agrees device $"sort {dtype}" 0.0 0.0 (Primitive.Sort(1, false)) [| x |]
        yield! agrees device $"cumsum {dtype}" 64.0 size (Primitive.CumulativeSum(0, false)) [| x |]
        yield! agrees device $"matmul {dtype}" 64.0 size Primitive.MatMul [| x; y.T |]
        let rows = Random.integers (Key.create 3L) 0L (int64 n) DType.Int32 [ 3 * n ]
        yield! agrees device $"gather {dtype}" 0.0 0.0 (Primitive.Gather(Finder.Gather, 0, 0)) [| x; rows |]
        let updates = normal 4L dtype [ 3 * n; 5 ]
        let scatter = Primitive.Scatter(Collision.Add, 0, 0, n)
        yield! agrees device $"scatter {dtype}" 64.0 16.0 scatter [| updates; rows |]
]

let private draws (device: Device) = [
    let keys = tensor [ 1L; -1L; 123456789012345L ]

    for dtype in [ DType.Float32; DType.Float64; DType.BFloat16; DType.Float16 ] do
        yield!
            agrees device $"uniform {dtype}" 0.0 0.0 (Primitive.Random(Draw.Uniform, dtype, [| 1001; 7 |])) [|
                keys
            |]

    for dtype in [ DType.Int32; DType.Int64 ] do
        yield!
            agrees device $"bits {dtype}" 0.0 0.0 (Primitive.Random(Draw.Bits, dtype, [| 1001 |])) [| keys |]
]

/// Every dtype there and back, and between devices where there are several.
let private moves (devices: Device list) = [
    for dtype in DTypes.real do
        for seed in 1..10 do
            let dice = Dice seed
            let x = tensorOf dice dtype (dice.Shape()) (fun () -> dice.Between -3.0 3.0)
            let back = List.fold (fun (t: Tensor) (device: Device) -> t.To device) x devices

            if not ((back.To Device.Cpu).Equals x) then
                let path = devices |> Seq.map string |> String.concat ", "
                $"{dtype} {Shape.show x.Dims} by way of {path}"
]

let run (report: Report) (devices: Device list) isQuick =
    let device = List.head devices
    report.Section "Every primitive, dtype and layout, against its definition"

    for r in PrimitiveTable.rows do
        report.Check(r.Name, fun () -> row device (if isQuick then 2 else 12) r)

    report.Section "Special values and larger tensors, against the managed engine"
    report.Check("infinities, NaN, zeros of both signs, extremes", fun () -> special device)
    report.Check("kernels", fun () -> large device (if isQuick then 40 else 300))
    report.Check("random draws, bit by bit", fun () -> draws device)
    report.Check("copies", fun () -> moves devices)
