/// The methods themselves: their coefficients, and how errors shrink with the step.
module Cotangent.Solvers.Tests.OdeMethodTests

open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Expecto

let private tableaus = [
    "Heun", Tableau.heun
    "Runge–Kutta 4", Tableau.rungeKutta4
    "Dormand–Prince 5", Tableau.dormandPrince5
    "Tsitouras 5", Tableau.tsitouras5
    "Dormand–Prince 8", DormandPrince8.tableau
]

/// y₁′ = y₁ cos t and y₂′ = -2 t y₂² from 1: exp (sin t) and 1/(1 + t²).
let private field (t: Tensor) (y: Tensor) : Tensor = stack 0 [ y[0] * cos t; -2.0 * t * y[1] * y[1] ]

let private exact t = [| exp (sin t); 1.0 / (1.0 + t * t) |]

/// Errors at the end, and the largest at places between steps.
let private errors method size =
    let options = { OdeOptions.defaults with Method = method; Steps = OdeSteps.Fixed size }
    let between = [ 0.33; 0.71; 0.93; 1.23; 1.57; 1.81 ]
    let solution = Ode.solve options field (tensor [| 0.0; yield! between; 2.0 |]) (tensor [ 1.0; 1.0 ])
    let error (i: int) t = distance (exact t) (numbers solution.States[i])
    error 7 2.0, between |> List.mapi (fun i t -> error (i + 1) t) |> List.max

let private order coarse fine (ratio: float) = log (coarse / fine) / log ratio

let private converges (method: OdeMethod) size atEnd between = test $"{method} converges with order {atEnd}" {
    let endCoarse, betweenCoarse = errors method size
    let endFine, betweenFine = errors method (size / 4.0)
    Expect.isGreaterThan (order endCoarse endFine 4.0) (atEnd - 0.3) "at the end"
    Expect.isGreaterThan (order betweenCoarse betweenFine 4.0) (between - 0.4) "between steps"
    Expect.isLessThan endFine 1e-3 "and to the solution"
}

[<Tests>]
let methods =
    testList "Methods of ODEs" [
        for name, t in tableaus do
            test $"{name}: sums of its coefficients" {
                let nodes = Array.append t.C t.MoreC

                for i, row in Array.indexed (Array.append t.A t.MoreA) do
                    Expect.floatClose Accuracy.high (Array.sum row) nodes[i + 1] $"row {i}"

                let weights = t.A[t.A.Length - 1]

                for i, row in Array.indexed t.Dense do
                    let expected = if i < weights.Length then weights[i] else 0.0
                    Expect.isLessThan (abs (Array.sum row - expected)) 1e-12 $"the polynomial at its end, {i}"
                    let first = if i = 0 then 1.0 else 0.0
                    Expect.isLessThan (abs (row[0] - first)) 1e-12 $"its slope at the start, {i}"
            }

        converges OdeMethod.Heun 0.1 2.0 2.0
        converges OdeMethod.RungeKutta4 0.1 4.0 4.0
        converges OdeMethod.DormandPrince5 0.1 5.0 5.0
        converges OdeMethod.Tsitouras5 0.1 5.0 5.0
        converges OdeMethod.DormandPrince8 0.5 8.0 7.0
        converges OdeMethod.Rodas4 0.05 4.0 4.0

        for method in
            [
                OdeMethod.RungeKutta4
                OdeMethod.DormandPrince5
                OdeMethod.Tsitouras5
                OdeMethod.DormandPrince8
                OdeMethod.Rodas4
            ] do
            test $"{method}: errors follow the tolerance" {
                for tolerance in [ 1e-4; 1e-6; 1e-8 ] do
                    let options = {
                        OdeOptions.defaults with
                            Method = method
                            RelativeTolerance = tolerance
                            AbsoluteTolerance = tolerance
                    }

                    let solution = Ode.solve options field (tensor [ 0.0; 0.93; 2.0 ]) (tensor [ 1.0; 1.0 ])

                    near
                        (10.0 * tolerance)
                        (Seq.append (exact 0.93) (exact 2.0))
                        solution.States[1..]
                        $"{tolerance}"
            }
    ]
