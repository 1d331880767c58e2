/// Products of matrices of every dtype, size and layout against plain sums in Float64, and to the same bits however many
/// threads share them. WidthTests runs these with shorter vectors, too.
module Cotangent.Tests.ProductTests

open System
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice

/// Around vectors, tiles and blocks of every width.
let private sizes = [|
    1
    2
    3
    4
    5
    7
    8
    11
    12
    13
    15
    16
    17
    23
    24
    25
    31
    32
    33
    48
    63
    64
    65
    100
    129
|]

[<RequireQualifiedAccess>]
type private Layout =
    | Rows
    /// Rows that fall into the same places of a cache.
    | Aliased
    | Columns
    | Reversed
    | SameRow
    | SameColumn

let private layouts = [|
    Layout.Rows
    Layout.Columns
    Layout.Rows
    Layout.Aliased
    Layout.Columns
    Layout.Reversed
    Layout.SameRow
    Layout.SameColumn
|]

/// A matrix whose every element that is not its own is not a number.
let private operand (draw: unit -> 'T) (hole: 'T) rows cols layout : Matrix<'T> =
    let make rowStride colStride offset length =
        let data = Array.create length hole

        for i in 0 .. rows - 1 do
            for j in 0 .. cols - 1 do
                data[offset + i * rowStride + j * colStride] <- draw ()

        { Data = data; Offset = offset; RowStride = rowStride; ColStride = colStride }

    match layout with
    | Layout.Rows -> make (cols + 3) 1 2 (rows * (cols + 3) + 5)
    | Layout.Aliased ->
        let apart = (cols + 1023) / 1024 * 1024
        make apart 1 2 (rows * apart + 5)
    | Layout.Columns -> make 1 rows 1 (rows * cols + 1)
    | Layout.Reversed -> make (-2 * cols - 2) -2 (rows * (2 * cols + 2)) (rows * (2 * cols + 2) + 1)
    | Layout.SameRow -> make 0 1 1 (cols + 2)
    | Layout.SameColumn -> make 1 0 1 (rows + 2)

/// The element's sum, and the sum of its products' magnitudes.
let private plain (number: 'T -> float) (a: Matrix<'T>) (b: Matrix<'T>) k i j =
    let mutable sum, size = 0.0, 0.0

    for p in 0 .. k - 1 do
        let x = number a.Data[a.Offset + i * a.RowStride + p * a.ColStride]
        let y = number b.Data[b.Offset + p * b.RowStride + j * b.ColStride]
        sum <- sum + x * y
        size <- size + abs (x * y)

    struct (sum, size)

/// Each sum is off by at most that many roundings of the sum of magnitudes: as many as one after the other makes of 512
/// products, with what halves and blocks add.
let private bound k = float (min k 512) + 40.0

let private agrees
    (epsilon: float)
    (number: 'T -> float)
    (draw: Dice -> 'T)
    (hole: 'T)
    (multiply: int -> int -> int -> Matrix<'T> -> Matrix<'T> -> 'T[] -> int -> unit)
    cases
    seed
    =
    let dice = Dice seed
    let before = Workers.count ()

    try
        for case in 1..cases do
            let pick (xs: _[]) = xs[dice.Below xs.Length]
            let isLarge = case % 25 = 0
            let size () = if isLarge then 90 + dice.Below 240 else pick sizes
            let m, n = size (), size ()
            let k = if case % 9 = 0 then 500 + dice.Below 800 else size ()
            let a = operand (fun () -> draw dice) hole m k (pick layouts)
            let b = operand (fun () -> draw dice) hole k n (pick layouts)

            let name =
                $"{m} × {k} × {n}, strides {a.RowStride}, {a.ColStride} and {b.RowStride}, {b.ColStride}"

            let byThreads = [
                for threads in 1..4 do
                    Workers.limit threads
                    let c = Array.create (m * n + 2) hole
                    multiply m n k a b c 1
                    c
            ]

            let c = byThreads.Head

            Expect.isTrue
                (c[0].Equals hole && c[m * n + 1].Equals hole)
                $"{name}: nothing beside the result is written"

            for other in byThreads.Tail do
                if not (c.AsSpan().SequenceEqual(other.AsSpan())) then
                    failtest $"{name}: other bits with more threads"

            for i in 0 .. m - 1 do
                for j in 0 .. n - 1 do
                    let struct (sum, size) = plain number a b k i j
                    let error = abs (number c[1 + i * n + j] - sum)

                    if not (error <= epsilon * bound k * size) then
                        failtest $"{name}: element {i}, {j} is {c[1 + i * n + j]}, not {sum}"
    finally
        Workers.limit before

let private between (dice: Dice) = dice.Between -1.0 1.0

/// With equal columns in b, a row of c has equal bits, whichever tiles its elements fall into.
let private sameInEveryTile
    (multiply: int -> int -> int -> Matrix<float32> -> Matrix<float32> -> float32[] -> int -> unit)
    =
    let dice = Dice 30

    for m in [ 1; 2; 5; 12; 16; 33 ] do
        for k in [ 7; 40; 130; 256; 509 ] do
            let draw () = dice.Between -1.0 1.0 |> float32
            let a = operand draw nanf m k Layout.Rows
            let column = Array.init k (fun _ -> draw ())

            for n in [ 2; 3; 5; 6; 7; 11; 19; 38; 67; 130 ] do
                let byRows = Array.init (k * n) (fun i -> column[i / n])
                let byColumns = Array.init (k * n) (fun i -> column[i % k])

                for b in
                    [
                        { Data = byRows; Offset = 0; RowStride = n; ColStride = 1 }
                        { Data = byColumns; Offset = 0; RowStride = 1; ColStride = k }
                    ] do
                    let c = Array.zeroCreate (m * n)
                    multiply m n k a b c 0

                    for i in 0 .. m - 1 do
                        for j in 1 .. n - 1 do
                            if c[i * n + j] <> c[i * n] then
                                failtest
                                    $"{m} × {k} × {n}, strides of b {b.RowStride}, {b.ColStride}: row {i} has {c[i * n]} and, in column {j}, {c[i * n + j]}"

/// Without a native library, whose sums depend on the part that it is asked for.
let private managed body () = Extension.withCpuEngine CpuEngine.Managed body

[<Tests>]
let tests =
    testSequenced
    <| testList "products by width" [
        for seed in 1..3 do
            testCase
                $"Float32, {seed}"
                (managed (fun () ->
                    agrees (2.0 ** -24.0) float (between >> float32) nanf MatMul.float32 100 seed))

            testCase
                $"Float64, {seed}"
                (managed (fun () ->
                    // The plain sums round as much as what is tested.
                    agrees (2.0 ** -52.0) id between nan MatMul.float64 60 (seed + 10)))

        testCase "Equal columns" (managed (fun () -> sameInEveryTile MatMul.float32))

        testCase
            "Int32"
            (managed (fun () ->
                agrees 0.0 float (fun dice -> dice.Below 199 - 99) Int32.MaxValue MatMul.int32 40 20))
        testCase
            "Int64"
            (managed (fun () ->
                agrees 0.0 float (fun dice -> int64 (dice.Below 199 - 99)) Int64.MaxValue MatMul.int64 40 21))
    ]
