/// Quantiles and modes, against sorted arrays and published examples.
module Cotangent.Tests.StatisticsTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

/// The quantile of an array: Hyndman and Fan (1996), their seventh definition, and its relatives in NumPy.
let private plain (how: QuantileMethod) (q: float) (xs: float[]) =
    let xs = Array.sort xs
    let place = q * float (xs.Length - 1)
    let below, above = xs[int (floor place)], xs[int (ceil place)]

    match how with
    | QuantileMethod.Linear -> below + (above - below) * (place - floor place)
    | QuantileMethod.Lower -> below
    | QuantileMethod.Higher -> above
    | QuantileMethod.Nearest -> xs[int (Math.Round place)]
    | QuantileMethod.Midpoint -> (below + above) / 2.0

let private methods = [
    QuantileMethod.Linear
    QuantileMethod.Lower
    QuantileMethod.Higher
    QuantileMethod.Nearest
    QuantileMethod.Midpoint
]

let private drawn = gen {
    let! t = Gen.fullTensor
    let! axis = Gen.choose (0, t.Rank - 1)
    let! q = Gen.elements [ 0.0; 0.1; 0.25; 0.5; 0.9; 1.0 ]
    let! how = Gen.elements methods
    return t, axis, q, how
}

let private rowsOf (t: Tensor) axis =
    let from = reader t
    let others = List.ofArray t.Shape |> List.removeAt axis
    others, (fun cell -> [| for i in 0 .. t.Shape[axis] - 1 -> from (List.insertAt axis i cell) |])

let private quantiles =
    testList "quantile" [
        law "along an axis, in all modes" drawn (fun (t, axis, q, how) ->
            let shape, row = rowsOf t axis
            let expected = build DType.Float64 shape (fun cell -> plain how q (row cell))
            let f (t: Tensor) = t.Quantile(q, axis, how = how)

            expected.AllClose(f t, 1e-12, 1e-12)
            && expected.AllClose(compile f t, 1e-12, 1e-12)
            && (stack 0 [ expected; expected ]).AllClose(vmap f (stack 0 [ t; t ]), 1e-12, 1e-12))
        law "of all elements" drawn (fun (t, _, q, how) ->
            (tensor (plain how q (numbers t))).AllClose(t.Quantile(q, how = how), 1e-12, 1e-12))
        testCase "as NumPy documents it"
        <| fun () ->
            let a = tensor [ [ 10.0; 7.0; 4.0 ]; [ 3.0; 2.0; 1.0 ] ]
            equals 3.5 (a.Quantile 0.5)
            equals [ 6.5; 4.5; 2.5 ] (a.Quantile(0.5, 0))
            equals [ 7.0; 2.0 ] (a.Quantile(0.5, 1))
            equals [ [ 7.0 ]; [ 2.0 ] ] (a.Quantile(0.5, 1, keepDims = true))
            equals 3.5 (a.Median())
            equals [ 6.5; 4.5; 2.5 ] (a.Median 0)
            equals [ [ [ 3.5 ] ]; [ [ 10.0 ] ] ] (a.Quantiles([ 0.5; 1.0 ], keepDims = true))
            equals [ [ 3.0; 2.0; 1.0 ]; [ 10.0; 7.0; 4.0 ] ] (a.Quantiles([ 0.0; 1.0 ], [ 0 ]))
        testCase "NaN and infinities"
        <| fun () ->
            equals [ nan; 2.0 ] ((tensor [ [ nan; 1.0 ]; [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]).Median 0)
            equals infinity ((tensor [ infinity; infinity ]).Quantile 0.3)
            equals infinity ((tensor [ 1.0; infinity ]).Quantile 0.3)
        testCase "the derivative goes to the elements it lies between"
        <| fun () ->
            close
                1e-15
                [ 0.25; 0.0; 0.75 ]
                (grad (fun (t: Tensor) -> t.Quantile(0.125)) (tensor [ 5.0; 9.0; 1.0 ]))
        testCase "refused"
        <| fun () ->
            let t = tensor [ 1.0 ]
            throws<ValueException, _> [ "quantile"; "50"; "percentiles" ] (fun () -> t.Quantile 50.0)
            throws<ValueException, _> [ "quantiles"; "NaN" ] (fun () -> t.Quantiles [ nan ])
            throws<ValueException, _> [ "quantiles" ] (fun () -> t.Quantiles [])
            throws<DTypeException, _> [ "median"; "Int32" ] (fun () -> (tensor [ 1 ]).Median())
            throws<ShapeException, _> [ "median"; "nothing" ] (fun () -> (tensor ([]: float list)).Median())
            throws<AxisException, _> [ "quantile"; "axis 1" ] (fun () -> t.Quantile(0.5, 1))
    ]

let private modes =
    testList "mode" [
        law "the smallest of the most frequent" drawn (fun (t, axis, _, _) ->
            let shape, row = rowsOf t axis
            let best cell = row cell |> Array.countBy id |> Array.minBy (fun (value, n) -> -n, value)
            let value = build DType.Float64 shape (fun cell -> fst (best cell))
            let count = build DType.Int64 shape (fun cell -> float (snd (best cell)))
            let found, often = t.Mode axis
            let inside, _ = compile (fun (t: Tensor) -> t.Mode axis) t
            found.Equals value && often.Equals count && inside.Equals value)
        testCase "as SciPy documents it"
        <| fun () ->
            let a = tensor [ [ 3; 0; 3; 7 ]; [ 3; 2; 6; 2 ]; [ 1; 7; 2; 8 ]; [ 3; 0; 6; 1 ]; [ 3; 2; 5; 5 ] ]
            let values, counts = a.Mode(0, keepDims = true)
            equals [ [ 3; 0; 6; 1 ] ] values
            equals [ [ 4L; 2L; 2L; 1L ] ] counts
            let value, count = a.Mode()
            equals 3 value
            equals 5L count
            let value, count = (tensor [ nan; 1.0; nan ]).Mode()
            equals nan value
            equals 2L count
            throws<ShapeException, _> [ "mode" ] (fun () -> (tensor ([]: int list)).Mode())
    ]

[<Tests>]
let all = testList "Statistics" [ quantiles; modes ]
