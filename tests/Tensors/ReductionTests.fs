module Cotangent.Tests.ReductionTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

// The oracle: a loop that gathers, for each place of the result, the numbers that are folded into it.

let private groups (axes: int list) (shape: int list) (at: int list -> float) =
    let split pick index =
        List.indexed index |> List.filter (fun (i, _) -> pick (List.contains i axes)) |> List.map snd

    let inside = shape |> split id |> cells

    let rec merge axis outer inner =
        if axis = shape.Length then
            []
        elif List.contains axis axes then
            List.head inner :: merge (axis + 1) outer (List.tail inner)
        else
            List.head outer :: merge (axis + 1) (List.tail outer) inner

    let kept = split not shape
    kept, [ for outer in cells kept -> [ for inner in inside -> at (merge 0 outer inner) ] ]

let private average (xs: float list) = List.sum xs / float xs.Length

let private variance correction (xs: float list) =
    (xs |> List.sumBy (fun x -> (x - average xs) ** 2.0)) / (float xs.Length - correction)

/// Every set of axes of a rank.
let rec private subsets rank =
    if rank = 0 then
        [ [] ]
    else
        [
            for s in subsets (rank - 1) do
                s
                s @ [ rank - 1 ]
        ]

type private Fold = int list -> bool -> Tensor -> Tensor

let private folds: (string * Fold * (float list -> float) * DType list) list = [
    "sum", (fun axes keep t -> t.Sum(axes, keep)), List.sum, numeric
    "mean", (fun axes keep t -> t.Mean(axes, keep)), average, floats
    "prod", (fun axes keep t -> t.Prod(axes, keep)), List.fold (*) 1.0, numeric
    "max", (fun axes keep t -> t.Max(axes, keep)), List.max, numeric
    "min", (fun axes keep t -> t.Min(axes, keep)), List.min, numeric
    "variance", (fun axes keep t -> t.Variance(axes, keep)), variance 0.0, floats
    "std", (fun axes keep t -> t.Std(axes, keep)), variance 0.0 >> sqrt, floats
    "norm", (fun axes keep t -> t.Norm(axes, keep)), (List.sumBy (fun x -> x * x) >> sqrt), floats
    "norm of order 1", (fun axes keep t -> t.Norm(axes, keep, 1.0)), List.sumBy abs, floats
    "norm of order infinity",
    (fun axes keep t -> t.Norm(axes, keep, infinity)),
    (List.map abs >> List.max),
    floats
    "logSumExp", (fun axes keep t -> t.LogSumExp(axes, keep)), (List.sumBy exp >> log), floats
]

/// One rounding, but for what is summed in more than one step.
let private precision (dtype: DType) =
    match dtype with
    | DType.BFloat16 -> 1e-2
    | DType.Float16 -> 1e-3
    | DType.Float32 -> 1e-6
    | _ -> 1e-14

let private everyAxes =
    testList "any axes" [
        for name, fold, oracle, dtypes in folds do
            for dtype in dtypes do
                testCase $"{name}, {dtype}" (fun () ->
                    let shape = [ 2; 3; 2 ]
                    // -3 .. 3, or 0 .. 2, each some times
                    let number index =
                        let n = (place shape index * 5 + 3) % 7
                        float (if dtype.IsUnsigned then n % 3 else n - 3)

                    let t = build dtype shape number

                    for axes in subsets 3 do
                        let kept, parts = groups axes shape number
                        let result = fold axes false t
                        hasShape kept result
                        Expect.equal result.DType dtype "dtype"
                        close (precision dtype) (List.map oracle parts) result
                        let ones = shape |> List.mapi (fun i n -> if List.contains i axes then 1 else n)
                        hasShape ones (fold axes true t)

                        Expect.equal
                            (fold [ for a in axes -> a - 3 ] false t)
                            result
                            "axes counted from the end"

                        Expect.equal
                            (fold (List.rev axes) true t)
                            (result.Reshape ones)
                            "axes in another order")
        for name, fold, oracle, _ in folds do
            testCase $"{name} of views and without axes" (fun () ->
                let t = (tensor [ [ 1.0; -2.0; 3.0 ]; [ 0.5; 4.0; -1.0 ] ]).T
                close 1e-14 [ oracle (List.ofArray (numbers t)) ] (fold [ 0; 1 ] false t)

                close
                    1e-14
                    [ for column in t.Unstack() -> oracle (List.ofArray (numbers column)) ]
                    (fold [ 1 ] false t)

                close
                    1e-14
                    [ oracle [ 2.0; 2.0; 2.0 ]; oracle [ 2.0; 2.0; 2.0 ] ]
                    (fold [ 0 ] false ((tensor 2.0).Expand [ 3; 2 ]))

                close 1e-14 [ oracle [ -3.0 ] ] (fold [] false (tensor -3.0))

                throws<AxisException, _> [ (name.Split ' ')[0]; "axis 2"; "rank 2" ] (fun () ->
                    fold [ 2 ] false t)

                throws<AxisException, _> [ (name.Split ' ')[0]; "twice" ] (fun () -> fold [ 0; -2 ] false t))
        testCase "without axes all of them" (fun () ->
            let t = tensor [ [ 1.0; 2.0 ]; [ 3.0; 6.0 ] ]
            equals 12.0 (sum t)
            equals 3.0 (mean t)
            equals 36.0 (t.Prod())
            equals 6.0 (t.Max())
            equals 1.0 (t.Min())
            equals 3.5 (t.Variance())
            close 1e-15 [ 14.0 / 3.0 ] (t.Variance(correction = 1))
            close 1e-15 [ sqrt 3.5 ] (t.Std())
            close 1e-15 [ sqrt (14.0 / 3.0) ] (t.Std(correction = 1))
            close 1e-15 [ sqrt 50.0 ] (norm t)
            equals [ [ 12.0 ] ] (t.Sum(keepDims = true))
            equals 3.0 (norm (tensor -3.0))
            equals 0.0 ((tensor 3.0).Variance()))
    ]

let private special =
    tests "empty, NaN, infinite" [
        "over nothing",
        fun () ->
            let none = Tensor.zeros DType.Float64 [ 0; 2 ]
            equals [ 0.0; 0.0 ] (none.Sum [ 0 ])
            equals [ 1.0; 1.0 ] (none.Prod [ 0 ])
            equals [ 0.0; 0.0 ] (none.Norm [ 0 ])
            equals ([]: float list) (none.Sum [ 1 ])
            equals ([]: float list) (none.Max [ 1 ])
            hasShape [ 0 ] (none.Mean [ 1 ])
            hasShape [ 1; 2 ] (none.Sum([ 0 ], true))
            throws<ShapeException, _> [ "mean"; "(0, 2)" ] (fun () -> none.Mean [ 0 ])
            throws<ShapeException, _> [ "max"; "(0, 2)" ] (fun () -> none.Max [ 0 ])
            throws<ShapeException, _> [ "min"; "(0, 2)" ] (fun () -> none.Min [ 0 ])
            throws<ShapeException, _> [ "logSumExp"; "(0, 2)" ] (fun () -> none.LogSumExp [ 0 ])
            throws<ShapeException, _> [ "variance"; "(0, 2)" ] (fun () -> none.Variance [ 0 ])
            throws<ShapeException, _> [ "argmax"; "(0, 2)" ] (fun () -> none.ArgMax 0)

            throws<ShapeException, _> [ "variance"; "correction 1"; "(1,)" ] (fun () ->
                (tensor [ 1.0 ]).Variance(correction = 1))

            throws<ShapeException, _> [ "std"; "correction 1"; "(1,)" ] (fun () ->
                (tensor [ 1.0 ]).Std(correction = 1))
        "allClose",
        fun () ->
            let t = tensor [ 1.0; 1e-9; infinity ]
            Expect.isTrue (t.AllClose(tensor [ 1.000009; 0.0; infinity ])) "within the defaults"
            Expect.isFalse (t.AllClose(tensor [ 1.00002; 0.0; infinity ])) "beyond them"
            Expect.isTrue (t.AllClose(tensor [ 1.1; 0.0; infinity ], relative = 0.1)) "a wider bound"
            equals [ true; false ] ((tensor [ 1.0; 2.0 ]).IsClose(tensor [ 1.05; 2.2 ], 0.0, 0.1))

            equals
                [ false; false; false; true ]
                ((tensor [ nan; infinity; 1.0; -infinity ])
                    .IsClose(tensor [ nan; -infinity; infinity; -infinity ]))

            throws<DTypeException, _> [ "allClose"; "Int32" ] (fun () ->
                (tensor [ 1 ]).AllClose(tensor [ 1 ]))
        "any and all",
        fun () ->
            let t = tensor [ [ true; false ]; [ true; true ] ]
            equals true (t.Any())
            equals false (t.All())
            equals [ true; true ] (t.Any [ 0 ])
            equals [ true; false ] (t.All [ 0 ])
            equals [ [ false ]; [ true ] ] (t.All([ 1 ], true))
            let none = Tensor.zeros DType.Bool [ 0; 2 ]
            equals false (none.Any())
            equals [ true; true ] (none.All [ 0 ])
            equals [ [ false; false ] ] (none.Any([ 0 ], true))
            equals true (t.Max())
            equals [ true; false ] (t.Min [ 0 ])
            throws<DTypeException, _> [ "any"; "Float64 (1,)" ] (fun () -> (tensor [ 1.0 ]).Any())
            throws<DTypeException, _> [ "all"; "Int32 (1,)" ] (fun () -> (tensor [ 1 ]).All())
        "NaN is passed on",
        fun () ->
            for n in [ 3; 40 ] do
                for at in [ 0; n / 2; n - 1 ] do
                    let t = tensor [ for i in 0 .. n - 1 -> if i = at then nan else float i ]

                    for result in
                        [
                            t.Sum()
                            t.Mean()
                            t.Prod()
                            t.Max()
                            t.Min()
                            t.Variance()
                            t.Norm()
                            t.LogSumExp()
                        ] do
                        equals nan result

                    equals at (t.ArgMax())
                    equals at (t.ArgMin())
        "infinities",
        fun () ->
            equals [ infinity; nan ] ((tensor [ [ 1.0; infinity ]; [ infinity; -infinity ] ]).Sum [ 0 ])
            equals infinity ((tensor [ -infinity; infinity ]).Max())
            equals infinity (norm (tensor [ 3.0; -infinity ]))
        "one axis as a number",
        fun () ->
            let t = tensor [ [ 1.0; 7.0; 2.0 ]; [ 3.0; 4.0; 8.0 ] ]
            let b = t.Greater 2.5

            for axis in [ 0; 1; -1 ] do
                equals (t.Sum [ axis ]) (t.Sum axis)
                equals (t.Mean([ axis ], keepDims = true)) (t.Mean(axis, keepDims = true))
                equals (t.Prod [ axis ]) (t.Prod axis)
                equals (t.Max [ axis ]) (t.Max axis)
                equals (t.Min [ axis ]) (t.Min axis)
                equals (b.Any [ axis ]) (b.Any axis)
                equals (b.All [ axis ]) (b.All axis)
                equals (t.LogSumExp [ axis ]) (t.LogSumExp axis)
                equals (t.Variance([ axis ], correction = 1)) (t.Variance(axis, correction = 1))
                equals (t.Std([ axis ], correction = 1)) (t.Std(axis, correction = 1))
                equals (t.Norm([ axis ], order = 1.0)) (t.Norm(axis, order = 1.0))

            equals [ 4.0; 11.0; 10.0 ] (t.Sum 0)
            equals [ 10.0; 15.0 ] (t.Sum 1)
            throws<AxisException, _> [ "mean"; "axis 2" ] (fun () -> t.Mean 2)
        "Bool counts",
        fun () ->
            let b = tensor [ [ true; false; true ]; [ false; false; true ] ]
            equals 3L (sum b)
            equals [ 1L; 0L; 2L ] (b.Sum 0)
            equals 0.5f (mean b)
            equals [ [ 2.0f / 3.0f ]; [ 1.0f / 3.0f ] ] (b.Mean(1, keepDims = true))
            equals 3L (compile (fun (x: Tensor) -> sum (x.Greater 0.5)) (b.Convert DType.Float32))
        "integers have no mean, Bool no product",
        fun () ->
            throws<DTypeException, _> [ "mean"; "Int32 (2,)" ] (fun () -> mean (tensor [ 1; 2 ]))
            throws<DTypeException, _> [ "variance"; "Int32" ] (fun () -> (tensor [ 1; 2 ]).Variance())
            throws<DTypeException, _> [ "norm"; "Int32" ] (fun () -> norm (tensor [ 1; 2 ]))
            throws<DTypeException, _> [ "prod"; "Bool" ] (fun () -> (tensor [ true ]).Prod())

            throws<DTypeException, _> [ "cumulativeSum"; "Bool" ] (fun () ->
                (tensor [ true ]).CumulativeSum 0)

            throws<ValueException, _> [ "norm"; "NaN" ] (fun () -> (tensor [ 1.0 ]).Norm(order = nan))
        "16-bit floats are folded in Float32",
        fun () ->
            let many = Tensor.full DType.Float16 [ 4000 ] 100.0
            close 0.0 [ 100.0 ] (mean many)
            close 0.0 [ infinity ] (sum many)
            close 0.0 [ 2500.0 ] (concat 0 [ many; Tensor.full DType.Float16 [ 4000 ] 200.0 ] |> _.Variance())
            close 1e-3 [ 100.0 * sqrt 4000.0 ] (norm many)
            close 1e-3 [ 1.0 / 4000.0 ] ((softmax many)[0])
            close 0.0 [ 256.0 ] (sum (Tensor.ones DType.BFloat16 [ 256 ]))
            close 0.0 [ 4096.0 ] (sum (Tensor.ones DType.BFloat16 [ 4096 ]))
        "long sums keep their digits",
        fun () ->
            let n = 1_000_000
            close 1e-6 [ 0.1 ] (mean (Tensor.full DType.Float32 [ n ] 0.1 + Tensor.zeros DType.Float32 [ n ]))

            close 1e-14 [ float n * (float n - 1.0) / 2.0 ] (sum (Tensor.arange DType.Float64 n))
    ]

let private positions =
    tests "positions" [
        "the first of equals",
        fun () ->
            let t = tensor [ [ 1; 5; 5 ]; [ 0; 0; -1 ] ]
            equals 1 (t.ArgMax())
            equals 5 (t.ArgMin())
            equals [ 1; 0 ] (t.ArgMax 1)
            equals [ 1; 1; 1 ] (t.ArgMin 0)
            equals [ [ 1 ]; [ 0 ] ] (t.ArgMax(-1, true))
            equals [ [ 1 ] ] (t.ArgMax(keepDims = true))
            equals 0 ((tensor 5.0).ArgMax())
            equals [ 0; 0; 0 ] (t.T.ArgMax 1)
            equals 0 ((tensor [ 0.0; -0.0 ]).ArgMin())
        "every dtype",
        fun () ->
            for dtype in DTypes.real do
                let t = (tensor [ 0; 1; 0; 1 ]).Convert dtype
                equals 1 (t.ArgMax())
                equals 0 (t.ArgMin())
        "axes",
        fun () ->
            throws<AxisException, _> [ "argmax"; "axis 1" ] (fun () -> (tensor [ 1 ]).ArgMax 1)
            throws<ShapeException, _> [ "argmin"; "(0,)" ] (fun () -> (tensor ([]: int list)).ArgMin())
    ]

let private running =
    tests "running sums" [
        "each way along each axis",
        fun () ->
            let t = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
            equals [ [ 1; 3; 6 ]; [ 4; 9; 15 ] ] (t.CumulativeSum 1)
            equals [ [ 1; 2; 3 ]; [ 5; 7; 9 ] ] (t.CumulativeSum 0)
            equals [ [ 6; 5; 3 ]; [ 15; 11; 6 ] ] (t.CumulativeSum(-1, true))
            equals [ [ 5; 7; 9 ]; [ 4; 5; 6 ] ] (t.CumulativeSum(0, true))
            equals [ [ 1; 5 ]; [ 2; 7 ]; [ 3; 9 ] ] (t.T.CumulativeSum 1)
            hasShape [ 0; 2 ] ((Tensor.zeros DType.Int32 [ 0; 2 ]).CumulativeSum 0)
            throws<AxisException, _> [ "cumulativeSum"; "axis 2" ] (fun () -> t.CumulativeSum 2)
        "every dtype",
        fun () ->
            for dtype in numeric do
                equalsAs dtype [ 3; 5; 6 ] (((tensor [ 3; 2; 1 ]).Convert dtype).CumulativeSum 0)
        "lines of every length, exactly",
        fun () ->
            // Of quarters, whose sums are exact in each dtype.
            for length in [ 1..40 ] @ [ 255; 256; 1001 ] do
                let numbers = Array.init (2 * length) (fun i -> float (i * 37 % 101 - 50) / 4.0)
                let running xs = Array.scan (+) 0.0 xs |> Array.tail
                let lines = Array.chunkBySize length numbers
                let forwards = Array.collect running lines
                let backwards = lines |> Array.collect (Array.rev >> running >> Array.rev)

                for dtype in [ DType.Float32; DType.Float64 ] do
                    let t = (Tensor.ofArray [ 2; length ] numbers).Convert dtype

                    let is (expected: float[]) (t: Tensor) what =
                        Expect.equal ((t.Convert DType.Float64).Flatten().ToData<float[]>()) expected what

                    is forwards (t.CumulativeSum 1) $"{dtype}, {length}"
                    is backwards (t.CumulativeSum(1, true)) $"{dtype}, {length}, from the end"
        "what is not finite reaches what follows alone",
        fun () ->
            for dtype in [ DType.Float32; DType.Float64 ] do
                for place in [ 0; 5; 8; 15; 16; 30 ] do
                    let numbers = Array.init 33 (fun i -> if i = place then nan else 1.0)
                    let sums = ((tensor numbers).Convert dtype).CumulativeSum 0
                    let found = (sums.Convert DType.Float64).ToData<float[]>()
                    Expect.equal (Array.findIndex System.Double.IsNaN found) place $"{dtype}, {place}"
                    Expect.all found[place..] System.Double.IsNaN $"{dtype}, {place}"
    ]

let private exponentials =
    tests "log-sum-exp and softmax" [
        "no overflow",
        fun () ->
            close 1e-15 [ 1000.0 + log 2.0 ] (logSumExp (tensor [ 1000.0; 1000.0 ]))
            close 1e-15 [ -1000.0 + log 2.0 ] (logSumExp (tensor [ -1000.0; -1000.0 ]))
            close 1e-15 [ 0.0; 1.0 ] (softmax (tensor [ -1000.0; 1000.0 ]))
            close 1e-15 [ -2000.0; 0.0 ] (logSoftmax (tensor [ -1000.0; 1000.0 ]))
        "infinities",
        fun () ->
            equals -infinity (logSumExp (tensor [ -infinity; -infinity ]))
            equals infinity (logSumExp (tensor [ infinity; 0.0; -infinity ]))
            equals infinity (logSumExp (tensor [ infinity; infinity ]))
            close 1e-15 [ log (1.0 + Math.E) ] (logSumExp (tensor [ 0.0; -infinity; 1.0 ]))
            close 1e-15 [ 0.5; 0.0; 0.5 ] (softmax (tensor [ 2.0; -infinity; 2.0 ]))
            equals [ nan; nan ] (softmax (tensor [ nan; 0.0 ]))
            equals [ nan; nan ] (softmax (tensor [ infinity; 0.0 ]))
            // Nothing is left to choose from.
            equals [ 0.0; 0.0 ] (softmax (tensor [ -infinity; -infinity ]))
            equals [ -infinity; -infinity ] (logSoftmax (tensor [ -infinity; -infinity ]))
        "axes",
        fun () ->
            let t = tensor [ [ 0.0; log 3.0 ]; [ log 4.0; log 4.0 ] ]
            close 1e-15 [ 0.25; 0.75; 0.5; 0.5 ] (softmax t)
            close 1e-15 [ 0.2; 3.0 / 7.0; 0.8; 4.0 / 7.0 ] (t.Softmax 0)
            close 1e-15 [ log 0.2; log (3.0 / 7.0); log 0.8; log (4.0 / 7.0) ] (t.LogSoftmax 0)
            close 1e-15 [ log 4.0; log 8.0 ] (t.LogSumExp [ 1 ])
            throws<AxisException, _> [ "softmax"; "axis 2" ] (fun () -> t.Softmax 2)
            throws<AxisException, _> [ "logSoftmax"; "scalar" ] (fun () -> logSoftmax (tensor 1.0))
            throws<DTypeException, _> [ "softmax"; "Int32" ] (fun () -> softmax (tensor [ 1 ]))
    ]

let private laws =
    let axis = Gen.fullTensor |> Gen.bind (fun t -> Gen.axisOf t |> Gen.map (fun a -> t, a))

    testList "laws" [
        law "the sum over all axes is the sum of sums" axis (fun (t, a) -> sum (t.Sum [ a ]) = sum t)
        law "sums along two axes, in either order" Gen.fullTensor (fun t ->
            t.Rank < 2 || (t.Sum [ 0 ]).Sum [ -1 ] = (t.Sum [ -1 ]).Sum [ 0 ])
        law "the last running sum is the sum" axis (fun (t, a) ->
            let last = t.Shape[if a < 0 then a + t.Rank else a] - 1

            t.CumulativeSum(a).Take(tensor last, a) = t.Sum [ a ]
            && t.CumulativeSum(a, true).Take(tensor 0, a) = t.Sum [ a ])
        law "the largest is at its position" axis (fun (t, a) ->
            t.Gather(t.ArgMax(a, true), a) = t.Max([ a ], true)
            && t.Gather(t.ArgMin(a, true), a) = t.Min([ a ], true))
        law "the smallest is the largest of the negatives" Gen.fullTensor (fun t -> t.Min() = -((-t).Max()))
        law "softmax sums to 1 and does not feel a shift" axis (fun (t, a) ->
            numbers (t.Softmax(a).Sum [ a ]) |> Array.forall (fun x -> abs (x - 1.0) < 1e-12)
            && numbers (t.Softmax a - (t + 100.0).Softmax a) |> Array.forall (fun x -> abs x < 1e-12))
        law "the mean weighs equally" axis (fun (t, a) ->
            numbers (t.Mean [ a ] * float t.Shape[if a < 0 then a + t.Rank else a] - t.Sum [ a ])
            |> Array.forall (fun x -> abs x < 1e-12))
    ]

[<Tests>]
let all = testList "Reductions" [ everyAxes; special; positions; running; exponentials; laws ]
