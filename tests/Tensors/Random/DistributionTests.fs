/// Whether random draws follow their distributions. The keys are fixed, so each test passes for ever or never; the
/// limits are those that a right generator exceeds once in a thousand keys or less.
module Cotangent.Tests.DistributionTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private n = 20000
let private key = Key.create 7L

/// Simpson's rule.
let private integrateBy steps (f: float -> float) a b =
    let h = (b - a) / float steps

    let weight i =
        if i = 0 || i = steps then 1.0
        elif i % 2 = 1 then 4.0
        else 2.0

    h / 3.0 * Seq.sum (seq { for i in 0..steps -> weight i * f (a + float i * h) })

let private integrate f a b = integrateBy 2000 f a b

/// The density of the standard normal on [low, high], scaled to 1 where it is largest: then no tail underflows.
let private density low high =
    let top =
        if low > 0.0 then low
        elif high < 0.0 then high
        else 0.0

    fun x -> exp (0.5 * (top - x) * (top + x))

/// The largest distance between the draws' distribution and the one expected, times √n: above 1.95 once in 1000.
let private kolmogorov (cumulative: float -> float) (t: Tensor) =
    let sorted = Array.sort (numbers t)
    let size = float sorted.Length

    let gaps =
        sorted
        |> Array.mapi (fun i x ->
            let p = cumulative x
            max (p - float i / size) (float (i + 1) / size - p))

    Array.max gaps * sqrt size

let private follows cumulative (t: Tensor) =
    Expect.isLessThan (kolmogorov cumulative t) 1.95 "Kolmogorov-Smirnov"

/// Mean and variance within four standard errors; `kurtosis` is the fourth central moment over the squared variance.
let private moments mean variance kurtosis (t: Tensor) =
    let xs = numbers t
    let size = float xs.Length
    let m = Array.average xs
    let v = Array.averageBy (fun x -> (x - m) ** 2.0) xs
    Expect.isLessThan (abs (m - mean)) (4.0 * sqrt (variance / size)) $"mean {m}"
    Expect.isLessThan (abs (v - variance)) (4.0 * variance * sqrt ((kurtosis - 1.0) / size)) $"variance {v}"

/// Counts against probabilities. The limit is Wilson and Hilferty's approximation of the 0.999 quantile.
let private chiSquare (probabilities: float list) (t: Tensor) =
    let counts = numbers t |> Array.countBy id |> dict
    let size = float t.Size

    let statistic =
        probabilities
        |> List.indexed
        |> List.sumBy (fun (i, p) ->
            let seen =
                match counts.TryGetValue(float i) with
                | true, c -> float c
                | _ -> 0.0

            (seen - size * p) ** 2.0 / (size * p))

    let freedom = float (probabilities.Length - 1)
    let limit = freedom * (1.0 - 2.0 / (9.0 * freedom) + 3.09 * sqrt (2.0 / (9.0 * freedom))) ** 3.0
    Expect.isLessThan statistic limit "chi-square"
    Expect.equal (Seq.sum counts.Values) t.Size "all are counted"
    Expect.all counts.Keys (fun k -> k >= 0.0 && k < float probabilities.Length) "none lies outside"

let private standard = density -40.0 40.0
let private whole = sqrt (2.0 * Math.PI)
let private normalBelow x = if x < -9.0 then 0.0 else integrateBy 200 standard -9.0 (min x 9.0) / whole

let private continuous =
    testList "continuous" [
        for dtype in floats do
            testCase $"uniform {dtype}" (fun () ->
                let t = Random.uniform key dtype [ n ]
                Expect.equal t.DType dtype "dtype"

                moments
                    0.5
                    (1.0 / 12.0)
                    1.8
                    (if dtype = DType.BFloat16 then
                         t.Convert DType.Float64 + 1.0 / 512.0
                     else
                         t.Convert DType.Float64)

                Expect.isTrue (numbers t |> Array.forall (fun x -> x >= 0.0 && x < 1.0)) "in [0, 1)"
                if dtype = DType.Float32 || dtype = DType.Float64 then follows id t)

            testCase $"normal {dtype}" (fun () ->
                let t = Random.normal key dtype [ n ]
                Expect.equal t.DType dtype "dtype"
                moments 0.0 1.0 3.0 t

                follows
                    normalBelow
                    (if dtype = DType.BFloat16 then
                         t.Convert DType.Float64
                         + (Random.uniform (Key.create 1L) DType.Float64 [ n ] - 0.5) / 256.0
                           * abs (t.Convert DType.Float64)
                     else
                         t)

                let cubes = Array.averageBy (fun x -> x ** 3.0) (numbers t)
                Expect.isLessThan (abs cubes) (4.0 * sqrt (15.0 / float n)) "skewness")
        testCase "uniformIn" (fun () ->
            let t = Random.uniformIn key -3.0 5.0 DType.Float64 [ n ]
            follows (fun x -> (x + 3.0) / 8.0) t
            moments 1.0 (64.0 / 12.0) 1.8 t
            equals [ 2f; 2f ] (Random.uniformIn key 2.0 2.0 DType.Float32 [ 2 ]))
        testCase "uniformIn never reaches its upper bound, whatever rounding does" (fun () ->
            for dtype in floats do
                let t = Random.uniformIn key 1.0 2.0 dtype [ 100_000 ]
                Expect.isFalse (t.GreaterEqual(2.0).Any().ToData<bool>()) $"below 2 in {dtype}"
                Expect.isFalse (t.Less(1.0).Any().ToData<bool>()) $"1 or more in {dtype}")
        testCase "the words of a block are independent" (fun () ->
            let t = Random.uniform key DType.Float64 [ n; 2 ] - 0.5
            let covariance = mean (t[*, 0] * t[*, 1])
            Expect.isLessThan (abs (float covariance)) (4.0 / 12.0 / sqrt (float n)) "pairs")
    ]

let private truncated =
    testList "truncated normal" [
        for low, high in
            [
                -1.0, 1.0
                -2.0, 0.5
                0.0, 3.0
                -infinity, 0.0
                -infinity, infinity
                2.0, infinity
                5.0, 6.0
                -6.0, -5.0
                8.0, 9.0
                30.0, 31.0
                -31.0, -29.0
                36.0, 38.0
                -40.0, -38.0
                100.0, 100.1
                50.0, infinity
                -1.0, 40.0
            ] do
            testCase $"from {low} to {high}" (fun () ->
                // Beyond these bounds lies nothing that 20,000 draws could show.
                let a = if high < 0.0 then max low (high + 40.0 / high) else max low -9.0
                let b = if low > 0.0 then min high (low + 40.0 / low) else min high 9.0
                let f = density a b
                let total = integrate f a b
                let expected = integrate (fun x -> x * f x) a b / total
                let spread = integrate (fun x -> (x - expected) ** 2.0 * f x) a b / total
                let fourth = integrate (fun x -> (x - expected) ** 4.0 * f x) a b / total
                let t = Random.truncatedNormal key low high DType.Float64 [ n ]

                Expect.isTrue
                    (numbers t |> Array.forall (fun x -> x >= low && x <= high))
                    "within the bounds"

                moments expected spread (fourth / spread ** 2.0) t
                // The integral up to each draw, in steps from one to the next, would be slow: 64 bins do.
                let bin = (b - a) / 64.0

                let shares = [
                    for i in 0..63 -> integrate f (a + float i * bin) (a + float (i + 1) * bin) / total
                ]

                let many =
                    List.takeWhile
                        (fun p -> p * float n > 10.0)
                        (if a >= 0.0 then shares else List.rev shares)

                let rest = 1.0 - List.sum many

                if many.Length < 64 && many.Length > 1 && (low > 0.0 || high < 0.0) then
                    let place = floor (if a >= 0.0 then (t - a) / bin else (b - t) / bin)
                    chiSquare (many @ [ rest ]) (clamp 0.0 (float many.Length) place))
        testCase "Kolmogorov-Smirnov" (fun () ->
            for low, high in [ -1.0, 2.0; 5.0, 6.0; -40.0, -38.0 ] do
                let f = density low high
                let total = integrate f low high

                follows
                    (fun x -> integrateBy 200 f low x / total)
                    (Random.truncatedNormal key low high DType.Float64 [ 2000 ]))
        testCase "other dtypes" (fun () ->
            for dtype in floats do
                let t = Random.truncatedNormal key -2.0 2.0 dtype [ 1000 ]
                Expect.equal t.DType dtype "dtype"
                Expect.isTrue (numbers t |> Array.forall (fun x -> abs x <= 2.0)) "within the bounds")
    ]

let private quantile =
    testCase "the normal quantile" (fun () ->
        // Solved for with the tail's continued fraction in 60 digits; 0.25, 0.4, 0.45 as published with AS 241 and in tables.
        let known = [
            1e-300, -37.0470962993612
            1e-200, -30.20559417957964
            1e-100, -21.273453560965326
            1e-50, -14.933337534788489
            1e-20, -9.262340089798407
            1e-10, -6.361340902404057
            1e-3, -3.0902323061678136
            0.025, -1.9599639845400543
            0.05, -1.6448536269514726
            0.07, -1.4757910281791706
            0.08, -1.4050715603096327
            0.1, -1.2815515655446004
            0.25, -0.6744897501960817
            0.4, -0.2533471031357998
            0.45, -0.125661346855074
            0.5, 0.0
            0.75, 0.6744897501960817
            0.9, 1.2815515655446004
            0.975, 1.9599639845400543
            0.0, -infinity
            1.0, infinity
        ]

        close 4e-15 (List.map snd known) (NormalDistribution.quantile (tensor (List.map fst known))))

let private discrete =
    testList "discrete" [
        for p in [ 0.0; 0.01; 0.3; 0.5; 0.99; 1.0 ] do
            testCase $"bernoulli {p}" (fun () ->
                let t = Random.bernoulli key p [ n ]
                Expect.equal t.DType DType.Bool "dtype"
                let share = Array.average (numbers t)
                Expect.isLessThanOrEqual (abs (share - p)) (4.0 * sqrt (p * (1.0 - p) / float n)) "share")
        for dtype in integers do
            testCase $"integers, {dtype}" (fun () ->
                let low = if dtype.IsUnsigned then 3L else -3L
                let t = Random.integers key 0L 10L dtype [ n ]
                Expect.equal t.DType dtype "dtype"
                chiSquare (List.replicate 10 0.1) t

                chiSquare
                    (List.replicate 7 (1.0 / 7.0))
                    (Random.integers key low (low + 7L) dtype [ n ] - float low)

                equalsAs dtype [ 5; 5 ] (Random.integers key 5L 6L dtype [ 2 ]))
        testCase "integers of wide ranges" (fun () ->
            let low = Int64.MinValue + 5L
            let t = Random.integers key low (low + (1L <<< 52)) DType.Int64 [ n ]
            let offsets = t.ToData<int64[]>() |> Array.map (fun x -> float (x - low) / float (1L <<< 52))
            follows id (tensor offsets)
            let t = Random.integers key (int64 Int32.MinValue) (int64 Int32.MaxValue + 1L) DType.Int32 [ n ]
            follows (fun x -> (x + 2147483648.0) / 4294967296.0) t)
        for dtype in floats do
            testCase $"categorical, {dtype}" (fun () ->
                let p = [ 0.1; 0.2; 0.0; 0.3; 0.4 ]
                let logits = (tensor [ for p in p -> log p + 3.0 ]).Convert dtype
                let t = Random.categorical key (logits.Expand [ n; 5 ])
                Expect.equal t.DType DType.Int32 "dtype"
                hasShape [ n ] t
                // The logits themselves are rounded to the dtype.
                let rounded = numbers (exp (logits.Convert DType.Float64))
                let p = [ for r in rounded -> max 1e-12 (r / Array.sum rounded) ]
                chiSquare p t
                equals false (t.Equal(2.0).Any()))
        testCase "categorical: hopeless classes stay so" (fun () ->
            for dtype in floats do
                let logits = (tensor [ [ 0.0; -infinity; -30.0 ] ]).Convert dtype
                equals 0 (Random.categorical key (logits.Expand [ n; 3 ]) |> _.Max())

            hasShape [] (Random.categorical key (tensor [ 0.0; 1.0 ])))
        testCase "categorical: not even where the first draw is exactly 0" (fun () ->
            let rare = Key.create 12121362L // found by search: one key in 2^24 has such a draw
            equals 0f ((Random.uniform rare DType.Float32 [ 3 ]).[0])
            let chosen = Random.categorical rare (tensor [ -infinityf; 0f; 0f ])
            equals false (chosen.Equal 0.0))
        testCase "categorical: nothing to draw" (fun () ->
            for logits in [ [ 0.0; nan; 1.0 ]; [ nan; nan; nan ]; [ -infinity; -infinity; -infinity ] ] do
                let rows = tensor [ [ 0.0; 1.0; 2.0 ]; logits ]

                throws<ValueException, _> [ "Random.categorical"; "row 1" ] (fun () ->
                    Random.categorical key rows)

                let drawn = compile (Random.categorical key) rows
                equals (Random.categorical key rows[0..0]) drawn[0..0]
                equals [ System.Int32.MinValue ] drawn[1..1]
                // No index can be that.
                throws<IndexException, _> [] (fun () -> (tensor [ 1.0; 2.0; 3.0 ]).Take drawn))
        testCase "permutation: each element anywhere" (fun () ->
            let firsts = [ for i in 0L .. 1999L -> (Random.permutation (Key.fold i key) 8)[0] ]
            chiSquare (List.replicate 8 0.125) (stack 0 firsts))
    ]

let private extremes =
    testList "extreme bounds" [
        for dtype in floats do
            let most =
                match dtype with
                | DType.Float16 -> 65504.0
                | DType.BFloat16
                | DType.Float32 -> 3.3e38
                | _ -> 1.79e308

            testCase $"uniformIn over all of {dtype}" (fun () ->
                let t = Random.uniformIn key -most most dtype [ n ]
                follows (fun x -> 0.5 + 0.5 * (x / most)) (t.Convert DType.Float64)
                let t = Random.uniformIn key (-0.5 * most) most dtype [ n ]
                follows (fun x -> (x / most + 0.5) / 1.5) (t.Convert DType.Float64)

                for low, high in [ -infinity, 0.0; 0.0, infinity; -infinity, infinity ] do
                    throws<ValueException, _> [ "Random.uniformIn"; "finite" ] (fun () ->
                        Random.uniformIn key low high dtype [ 3 ]))

        testCase "uniformIn beyond the dtype" (fun () ->
            throws<ValueException, _> [ "Float16"; "65504" ] (fun () ->
                Random.uniformIn key 0.0 1e5 DType.Float16 [ 3 ])

            throws<ValueException, _> [ "Float32" ] (fun () ->
                Random.uniformIn key -1e39 0.0 DType.Float32 [ 3 ]))

        testCase "truncatedNormal: every pair of bounds" (fun () ->
            let ends = [
                0.0
                1e-300
                1e-5
                1.0
                8.0
                30.0
                37.0
                1e3
                1e8
                1e9
                1e16
                1e100
                1e200
                1e308
                infinity
            ]

            let ends = ends @ List.map (~-) ends

            for low in ends do
                for high in ends do
                    if low < high then
                        let x = numbers (Random.truncatedNormal key low high DType.Float64 [ 50 ])
                        let isIn x = x >= low && x <= high && System.Double.IsFinite x
                        Expect.all x isIn $"from {low} to {high}")

        testCase "truncatedNormal beyond the dtype" (fun () ->
            throws<ValueException, _> [ "Float16" ] (fun () ->
                Random.truncatedNormal key 1e5 infinity DType.Float16 [ 3 ]))
    ]

[<Tests>]
let all = testList "Distributions" [ continuous; truncated; quantile; discrete; extremes ]
