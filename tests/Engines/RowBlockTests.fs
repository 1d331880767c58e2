/// Attention and layer normalisation, whose rows are worked on by blocks, against plain sums in Float64: rows of every length around
/// vectors and blocks, with numbers that are none, masked, and to the same bits however many threads share them. WidthTests runs these with
/// shorter vectors, too.
module Cotangent.Tests.RowBlockTests

open System
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Expecto

let private matrix (dice: Dice) dtype rows columns (wild: float) =
    let number _ =
        if dice.Chance wild then
            dice.Pick [ infinity; -infinity; nan ]
        else
            float (float32 (dice.Between -2.0 2.0))

    ((tensor (Array.init (rows * columns) number)).Reshape [ rows; columns ]).Convert dtype

let private rows (x: Tensor) : float[][] =
    let read = reader x
    Array.init x.Shape[0] (fun i -> Array.init x.Shape[1] (fun j -> read [ i; j ]))

let private dtypes = [ DType.Float32, 1e-5; DType.Float64, 1e-13 ]

/// Of numbers that are as large as `size` where they are finite.
let private near name tolerance (size: float) (expected: float[][]) (actual: float[][]) =
    for i in 0 .. expected.Length - 1 do
        for j in 0 .. expected[i].Length - 1 do
            let e, a = expected[i][j], actual[i][j]

            if not (e.Equals a || abs (e - a) <= tolerance * size) then
                failtest $"{name}: ({i}, {j}) is {a}, not {e}"

/// What is computed with one thread, after it has been seen that more give the same bits.
let private byThreads name (compute: unit -> Tensor list) : Tensor list =
    let before = Workers.count ()

    try
        let results = [
            for threads in [ 1; 2; 3 ] do
                Workers.limit threads
                Extension.withCpuEngine CpuEngine.Managed compute
        ]

        for other in results.Tail do
            for x, y in List.zip results.Head other do
                let same = Array.forall2 (Array.forall2 (fun (a: float) b -> a.Equals b)) (rows x) (rows y)
                Expect.isTrue same $"{name}: the same bits"

        results.Head
    finally
        Workers.limit before

// ---- Attention ----

/// Weights of a query's scores, of which hidden ones are none: 0 for all where nothing is seen, or all seen are -∞.
let private weightsOf (scores: float[]) (sees: int -> bool) =
    let seen = scores |> Array.mapi (fun j s -> if sees j then s else -infinity)
    let m = seen |> Array.fold (fun (m: float) s -> Math.Max(m, s)) -infinity

    if m = -infinity then
        Array.map (fun _ -> 0.0) scores
    else
        let e = seen |> Array.mapi (fun j s -> if sees j then exp (s - m) else 0.0)
        let sum = Array.sum e
        e |> Array.mapi (fun j e -> if sees j then e / sum else 0.0)

let private dot (x: float[]) (y: float[]) = Seq.sum (Seq.map2 (*) x y)

/// Attention's result, and the cotangents of q, k and v where c is that of the result, by sums over what is seen.
let private plain
    scale
    (sees: int -> int -> bool)
    (q: float[][])
    (k: float[][])
    (v: float[][])
    (c: float[][])
    =
    let p = q |> Array.mapi (fun i q -> weightsOf (k |> Array.map (fun k -> scale * dot q k)) (sees i))

    let sum count width (term: int -> int -> float) (isSeen: int -> bool) =
        Array.init width (fun e ->
            Seq.sum (
                seq {
                    for j in 0 .. count - 1 do
                        if isSeen j then term j e
                }
            ))

    let width, values = q[0].Length, v[0].Length
    let y = p |> Array.mapi (fun i p -> sum k.Length values (fun j e -> p[j] * v[j][e]) (sees i))
    let d = c |> Array.mapi (fun i c -> v |> Array.mapi (fun j v -> if sees i j then dot c v else 0.0))

    let slopes =
        d
        |> Array.mapi (fun i d ->
            let along =
                Seq.sum (
                    seq {
                        for j in 0 .. k.Length - 1 do
                            if sees i j then p[i][j] * d[j]
                    }
                )

            d |> Array.mapi (fun j d -> scale * p[i][j] * (d - along)))

    let byKey j i = sees i j

    [
        y
        slopes |> Array.mapi (fun i s -> sum k.Length width (fun j e -> s[j] * k[j][e]) (sees i))
        Array.init k.Length (fun j -> sum q.Length width (fun i e -> slopes[i][j] * q[i][e]) (byKey j))
        Array.init k.Length (fun j -> sum q.Length values (fun i e -> p[i][j] * c[i][e]) (byKey j))
    ]

let private attention cases seed =
    let dice = Dice(seed: int)
    let lengths = [ 1; 2; 3; 7; 8; 9; 15; 16; 17; 31; 33; 40; 63; 64; 65; 70; 129 ]

    for case in 1..cases do
        let queries, keys = dice.Pick lengths, (if case % 40 = 0 then 1100 else dice.Pick lengths)
        let width, values = dice.Pick [ 1; 4; 16; 19; 32 ], dice.Pick [ 1; 3; 8; 20; 32 ]
        let isCausal, isMasked = dice.Chance 0.5, dice.Chance 0.3
        let scale = dice.Pick [ 1.0; 0.3; -0.4; 0.0 ]
        let dtype, tolerance = dice.Pick dtypes

        let q, k = matrix dice dtype queries width 0.0, matrix dice dtype keys width 0.0
        let v, c = matrix dice dtype keys values 0.0, matrix dice dtype queries values 0.0
        let isSeen = Array.init (queries * keys) (fun _ -> dice.Chance 0.6)

        let sees i j = (not isCausal || j <= i - queries + keys) && (not isMasked || isSeen[i * keys + j])

        let how = {
            Attention.full with
                IsCausal = isCausal
                Scale = Some scale
                Mask = if isMasked then Some((tensor isSeen).Reshape [ queries; keys ]) else None
        }

        let name =
            $"{queries} queries, {keys} keys of {width}, values of {values}, {dtype}, causal {isCausal}, masked {isMasked}, scale {scale}"

        let compute () =
            let y, pull = vjp (fun (q, k, v) -> attend how q k v) (q, k, v)
            let q', k', v' = pull c
            [ y; q'; k'; v' ]

        let expected = plain scale sees (rows q) (rows k) (rows v) (rows c)

        for part, (e, a) in List.indexed (List.zip expected (byThreads name compute)) do
            near $"{name}, part {part}" tolerance (float (max queries keys)) e (rows a)

/// A number of the values that is none reaches those queries alone that see it, and one among keys those that see that.
let private wildAttention cases seed =
    let dice = Dice(seed: int)

    for _ in 1..cases do
        let queries, keys = dice.Pick [ 3; 17; 40; 70 ], dice.Pick [ 5; 16; 33; 70 ]
        let dtype, tolerance = dice.Pick dtypes
        let isCausal = dice.Chance 0.7
        let q = matrix dice dtype queries 4 0.0
        let k = matrix dice dtype keys 4 (if dice.Chance 0.5 then 0.02 else 0.0)
        let v = matrix dice dtype keys 3 0.05
        let sees i j = not isCausal || j <= i - queries + keys
        let how = { Attention.full with IsCausal = isCausal; Scale = Some 0.5 }
        let name = $"{queries} queries, {keys} keys, {dtype}, causal {isCausal}"
        let expected = plain 0.5 sees (rows q) (rows k) (rows v) (rows (matrix dice dtype queries 3 0.0))
        let actual = rows (attend how q k v)

        for i in 0 .. queries - 1 do
            for e in 0..2 do
                let x, y = expected.Head[i][e], actual[i][e]

                // Which of the infinities and NaN it is depends on the order of additions.
                if Double.IsFinite x then
                    Expect.isTrue (abs (x - y) <= tolerance * 100.0) $"{name}: ({i}, {e}) is {y}, not {x}"
                else
                    Expect.isFalse (Double.IsFinite y) $"{name}: ({i}, {e}) is {y}, not {x}"

// ---- Layer normalisation ----

let private epsilon = 1e-5

/// The result, and the cotangents of x, gain and bias.
let private normalized (x: float[][]) (gain: float[]) (bias: float[]) (c: float[][]) =
    let parts =
        x
        |> Array.map (fun x ->
            let mean = Array.average x
            let r = 1.0 / sqrt (Array.averageBy (fun x -> (x - mean) * (x - mean)) x + epsilon)
            r, x |> Array.map (fun x -> (x - mean) * r))

    let ofX =
        Array.map2
            (fun (r, y: float[]) (c: float[]) ->
                let g = Array.map2 (*) c gain
                let shift, along = Array.average g, Array.average (Array.map2 (*) g y)
                Array.map2 (fun g y -> r * (g - shift - y * along)) g y)
            parts
            c

    let columns (term: int -> int -> float) = [|
        Array.init gain.Length (fun j -> Seq.sum (seq { for i in 0 .. x.Length - 1 -> term i j }))
    |]

    [
        parts |> Array.map (fun (_, y) -> Array.mapi (fun j y -> y * gain[j] + bias[j]) y)
        ofX
        columns (fun i j -> c[i][j] * (snd parts[i])[j])
        columns (fun i j -> c[i][j])
    ]

let private normalization cases seed =
    let dice = Dice(seed: int)

    for case in 1..cases do
        let count = dice.Pick [ 1; 2; 15; 16; 17; 33; 70; 130 ]

        let n =
            if case % 30 = 0 then
                dice.Pick [ 1023; 1024; 1025 ]
            else
                dice.Pick [ 2; 3; 5; 8; 15; 16; 17; 24; 31; 32; 50; 64; 100; 128; 130 ]

        let dtype, tolerance = dice.Pick dtypes
        let x = matrix dice dtype count n 0.0 + dice.Pick [ 0.0; 30.0 ]
        let c = matrix dice dtype count n 0.0
        let gain, bias = matrix dice dtype 1 n 0.0, matrix dice dtype 1 n 0.0
        let name = $"{count} rows of {n}, {dtype}"

        let layer: LayerNorm = {
            LayerNorm.create n with
                Weight = gain.Flatten()
                Bias = bias.Flatten()
                Epsilon = epsilon
        }

        let compute () =
            let forward (layer: LayerNorm, x) = layer.Forward x
            let y, pull = vjp forward (layer, x)
            let layer, x' = pull c
            let row (t: Tensor | null) = (nonNull t).Reshape [ 1; n ]
            [ y; x'; row layer.Weight; row layer.Bias ]

        let gains, biases = (rows gain)[0], (rows bias)[0]
        let expected = normalized (rows x) gains biases (rows c)

        for part, (e, a) in List.indexed (List.zip expected (byThreads name compute)) do
            // Of two or three numbers that are nearly equal the rounding of their mean shows most.
            let factor = if n < 4 then 3000.0 else 10.0
            let size = if part < 2 then 4.0 else float count + 4.0
            near $"{name}, part {part}" (tolerance * factor) size e (rows a)

[<Tests>]
let tests =
    testSequenced
    <| testList "blocks of rows" [
        testCase "attention and its pull, against sums" (fun () -> attention (cases 240) 1)
        testCase "attention, of numbers that are none" (fun () -> wildAttention (cases 80) 2)
        testCase "layer normalisation and its pull, against sums" (fun () -> normalization (cases 240) 3)
    ]
