/// Running products and extremes, against plain loops.
module Cotangent.Tests.CumulativeTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

let private rows = gen {
    let! t = Gen.fullShape |> Gen.bind (Gen.numbersIn DType.Float64)
    let! axis = Gen.choose (0, t.Rank - 1)
    let! long = Gen.choose (1, 40)
    let! reverse = Gen.elements [ false; true ]
    // Some axes longer than others, so that odd and even lengths come up at every step.
    let shape = t.Shape |> Array.mapi (fun i n -> if i = axis then long else n)
    let! t = Gen.numbersIn DType.Float64 (List.ofArray shape)
    return t, axis, reverse
}

/// The elements of a row up to a place, or from it on.
let private plain (combine: float -> float -> float) (t: Tensor) axis reverse =
    let from = reader t

    build DType.Float64 (List.ofArray t.Shape) (fun cell ->
        let places = if reverse then [ t.Shape[axis] - 1 .. -1 .. cell[axis] ] else [ 0 .. cell[axis] ]
        places |> List.map (fun i -> from (List.updateAt axis i cell)) |> List.reduce combine)

let private logSum a b = max a b + log (exp (a - max a b) + exp (b - max a b))

let private runs: (string * (float -> float -> float) * (Tensor -> int -> bool -> Tensor)) list = [
    "cumulativeProd", (*), (fun t axis reverse -> (t * 0.25).CumulativeProd(axis, reverse))
    "cumulativeMax", max, (fun t axis reverse -> (t * 0.25).CumulativeMax(axis, reverse))
    "cumulativeMin", min, (fun t axis reverse -> (t * 0.25).CumulativeMin(axis, reverse))
    "cumulativeLogSumExp", logSum, (fun t axis reverse -> (t * 0.25).CumulativeLogSumExp(axis, reverse))
]

let private laws =
    testList "in all modes" [
        for name, combine, f in runs do
            law name rows (fun (t, axis, reverse) ->
                let expected = plain combine (t * 0.25) axis reverse
                let run (t: Tensor) = f t axis reverse
                let batch = stack 0 [ t; t ]

                expected.AllClose(run t, 1e-10, 1e-300)
                && expected.AllClose(compile run t, 1e-10, 1e-300)
                && (stack 0 [ expected; expected ]).AllClose(vmap run batch, 1e-10, 1e-300))
    ]

let private edges =
    tests "at the edges" [
        "NaN stays from the first on",
        fun () ->
            let t = tensor [ 1.0; nan; 3.0 ]
            equals [ 1.0; nan; nan ] (t.CumulativeMax 0)
            equals [ nan; nan; 3.0 ] (t.CumulativeMin(0, reverse = true))
        "no number's logarithm",
        fun () ->
            let t = tensor [ -infinity; -infinity; 0.0; 1000.0 ]
            equals [ -infinity; -infinity; 0.0; 1000.0 ] (t.CumulativeLogSumExp 0)
            equals [ 0.0; 0.0; 1.0; 0.0 ] (grad (fun (t: Tensor) -> (t.CumulativeLogSumExp 0)[2]) t)
        "the derivative of a product with zeros",
        fun () ->
            // d/dx of x, xy, xyz at y = 0.
            let slopes = grad (fun (t: Tensor) -> sum (t.CumulativeProd 0)) (tensor [ 2.0; 0.0; 3.0 ])
            equals [ 1.0; 8.0; 0.0 ] slopes
        "every dtype, and nothing",
        fun () ->
            for dtype in numeric do
                equalsAs dtype [ 1; 2; 6 ] (((tensor [ 1; 2; 3 ]).Convert dtype).CumulativeProd 0)
                equalsAs dtype [ 1; 3; 3 ] (((tensor [ 1; 3; 2 ]).Convert dtype).CumulativeMax 0)

            equals [ false; true; true ] ((tensor [ false; true; false ]).CumulativeMax 0)
            equals [ true; false; false ] ((tensor [ true; false; true ]).CumulativeMin 0)
            hasShape [ 0; 2 ] ((Tensor.zeros DType.Float32 [ 0; 2 ]).CumulativeProd 0)
            hasShape [ 2; 0 ] ((Tensor.zeros DType.Float32 [ 2; 0 ]).CumulativeMax 0)
            let factorials = (Tensor.arange DType.Float64 21).At[0].Set(1.0).CumulativeProd 0
            Expect.equal (factorials[20]) (tensor 2432902008176640000.0) "20!"
        "refused",
        fun () ->
            throws<DTypeException, _> [ "cumulativeProd"; "Bool" ] (fun () ->
                (tensor [ true ]).CumulativeProd 0)

            throws<DTypeException, _> [ "cumulativeLogSumExp"; "Int32" ] (fun () ->
                (tensor [ 1 ]).CumulativeLogSumExp 0)

            throws<AxisException, _> [ "cumulativeMax"; "axis 1" ] (fun () -> (tensor [ 1 ]).CumulativeMax 1)
    ]

[<Tests>]
let all = testList "Cumulative" [ laws; edges ]
