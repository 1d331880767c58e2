/// Softmax and its kin over short rows, many at a time, and longer ones, against plain sums in Float64: of every length around the limit, by rows and
/// by columns, with numbers that are none, and to the same bits however many threads and rows share the work. WidthTests runs these
/// with shorter vectors, too.
module Cotangent.Tests.ShortRowTests

open System
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Expecto

let private lengths = [ 1; 2; 3; 5; 8; 10; 23; 24; 25; 31; 32; 33; 40; 64; 65; 130 ]
let private counts = [ 1; 2; 7; 8; 15; 16; 17; 33 ]

/// Numbers of a few units, of which some are infinite or none.
let private draw (dice: Dice) isWild =
    if isWild && dice.Chance 0.05 then
        dice.Pick [ infinity; -infinity; nan ]
    else
        dice.Between -6.0 6.0

/// Rows, some of which are of -∞ alone.
let private rowsOf (dice: Dice) isWild count n : float[][] =
    Array.init count (fun _ ->
        if isWild && dice.Chance 0.1 then
            Array.create n -infinity
        else
            Array.init n (fun _ -> float (float32 (draw dice isWild))))

// ---- The plain way ----

let private largest (x: float[]) = Array.fold (fun (m: float) e -> Math.Max(m, e)) -infinity x

let private softmaxOf (x: float[]) =
    let m = largest x

    if m = -infinity then
        Array.create x.Length 0.0
    else
        let e = x |> Array.map (fun x -> exp (x - m))
        let sum = Array.sum e
        e |> Array.map (fun e -> e / sum)

let private logSumExpOf (x: float[]) =
    let m = largest x

    if Double.IsInfinity m then
        if Array.exists Double.IsNaN x then nan else m
    else
        m + log (Array.sumBy (fun x -> exp (x - m)) x)

let private logSoftmaxOf (x: float[]) =
    let m = largest x

    if m = -infinity then
        Array.create x.Length -infinity
    else
        let all = m + log (Array.sumBy (fun x -> exp (x - m)) x)
        if m = infinity then Array.create x.Length nan else x |> Array.map (fun x -> x - all)

let private softmaxPullOf (y: float[]) (c: float[]) =
    let sum = Array.fold2 (fun s y c -> s + y * c) 0.0 y c
    Array.map2 (fun y c -> y * (c - sum)) y c

let private logSoftmaxPullOf (y: float[]) (c: float[]) =
    let sum = Array.sum c
    Array.map2 (fun y c -> c - exp y * sum) y c

let private lossOf smoothing (x: float[]) label =
    let all = logSumExpOf x
    all - (1.0 - smoothing) * x[label] - smoothing * Array.average x

let private lossPullOf smoothing (x: float[]) label =
    softmaxOf x
    |> Array.mapi (fun i p -> p - smoothing / float x.Length - (if i = label then 1.0 - smoothing else 0.0))

// ---- As tensors ----

/// (rows, n) with adjacent rows, or with adjacent columns.
let private asTensor dtype isByColumns (rows: float[][]) : Tensor =
    let count, n = rows.Length, rows[0].Length
    let all (x: float seq) shape = (tensor (Array.ofSeq x)).Reshape(shape: int list).Convert dtype

    if isByColumns then
        (all (Seq.init (n * count) (fun i -> rows[i % count][i / count])) [ n; count ]).Transpose()
    else
        all (Seq.concat rows) [ count; n ]

/// Off by so much: exponentials of numbers up to 12, and sums of up to 130 numbers.
let private tolerance dtype = if dtype = DType.Float32 then 60.0 * 2.0 ** -24.0 else 60.0 * 2.0 ** -53.0

/// All lengths, layouts and dtypes.
let private forAll isWild (body: Dice -> DType -> bool -> float[][] -> unit) () =
    let dice = Dice 3

    Extension.withCpuEngine CpuEngine.Managed (fun () ->
        for dtype in [ DType.Float32; DType.Float64 ] do
            for n in lengths do
                for count in counts do
                    body dice dtype (dice.Chance 0.5) (rowsOf dice isWild count n))

let private each (f: float[] -> float[]) (rows: float[][]) = Seq.collect f rows

[<Tests>]
let tests =
    testSequenced
    <| testList "short rows" [
        testCase
            "softmax"
            (forAll true (fun _ dtype isByColumns rows ->
                let x = asTensor dtype isByColumns rows
                close (tolerance dtype) (each softmaxOf rows) (softmax x)
                let axisFirst = (asTensor dtype isByColumns rows).Transpose().Softmax 0
                close (tolerance dtype) (each softmaxOf rows) (axisFirst.Transpose())))
        testCase
            "its logarithm"
            (forAll true (fun _ dtype isByColumns rows ->
                close
                    (tolerance dtype)
                    (each logSoftmaxOf rows)
                    (logSoftmax (asTensor dtype isByColumns rows))))
        testCase
            "log-sum-exp"
            (forAll true (fun _ dtype isByColumns rows ->
                let actual = (asTensor dtype isByColumns rows).LogSumExp -1
                close (tolerance dtype) (Seq.map logSumExpOf rows) actual))
        testCase
            "ways back"
            (forAll false (fun dice dtype isByColumns rows ->
                let x = asTensor dtype isByColumns rows
                let c = rows |> Array.map (Array.map (fun _ -> float (float32 (dice.Between -1.0 1.0))))
                let weights = asTensor dtype (dice.Chance 0.5) c
                let pull (f: Tensor -> Tensor) = grad (fun x -> sum (f x * weights)) x
                let expected pull f = Seq.concat (Array.map2 (fun x c -> pull (f x) c) rows c)
                close (tolerance dtype) (expected softmaxPullOf softmaxOf) (pull softmax)
                close (2.0 * tolerance dtype) (expected logSoftmaxPullOf logSoftmaxOf) (pull logSoftmax)))
        testCase
            "cross-entropy"
            (forAll false (fun dice dtype isByColumns rows ->
                let x = asTensor dtype isByColumns rows
                let smoothing = dice.Pick [ 0.0; 0.2 ]
                let labels = rows |> Array.map (fun row -> dice.Below(row.Length + 1) - 1)

                let options = { Loss.crossEntropyDefaults with Smoothing = smoothing; Ignored = Some -1 }

                let losses = Loss.Each.crossEntropyWith options (tensor labels)

                let unlessIgnored nothing f =
                    Array.map2 (fun row label -> if label < 0 then nothing row else f row label) rows labels

                close (4.0 * tolerance dtype) (unlessIgnored (fun _ -> 0.0) (lossOf smoothing)) (losses x)

                close
                    (tolerance dtype)
                    (Seq.concat (unlessIgnored (Array.map (fun _ -> 0.0)) (lossPullOf smoothing)))
                    (grad (sum << losses) x)))
        testCase "a row has the same bits by itself, among others and with more threads" (fun () ->
            let before = Workers.count ()

            try
                Extension.withCpuEngine CpuEngine.Managed (fun () ->
                    let x = Random.normal (Key.create 1L) DType.Float32 [ 20011; 10 ]
                    Workers.limit 1
                    let alone = softmax x, logSoftmax x, x.LogSumExp -1

                    for threads in 2..4 do
                        Workers.limit threads
                        Expect.equal (softmax x, logSoftmax x, x.LogSumExp -1) alone $"{threads} threads"

                    let whole, _, folded = alone

                    for row in [ 0; 1; 15; 16; 20000; 20010 ] do
                        Expect.equal (softmax x[row]) whole[row] $"row {row}"
                        Expect.equal (x[row].LogSumExp()) folded[row] $"row {row} folded")
            finally
                Workers.limit before)
    ]
