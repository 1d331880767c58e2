/// Problems whose solutions are published.
module Cotangent.Solvers.Tests.OdeProblemTests

open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Expecto

let private precise tolerance method = {
    OdeOptions.defaults with
        Method = method
        RelativeTolerance = tolerance
        AbsoluteTolerance = tolerance
        MaximumSteps = 20_000
}

let private solve options f last (start: Tensor) =
    (Ode.solve options (fun _ y -> f y) (tensor [ 0.0; last ]) start).Final

let private row (parts: Tensor list) = stack 0 parts

/// The problems of Hull, Enright, Fellen and Sedgwick, "Comparing numerical methods for ordinary differential equations", 1972 (DETEST).
/// The solutions at 20 were written down from memory of published ones, not copied from the paper; ours agree with them within the
/// tolerances below.
let private detest: (string * (Tensor -> Tensor -> Tensor) * float list * float list) list = [
    "A1", (fun _ y -> -y), [ 1.0 ], [ 2.061153622438558e-9 ]
    "A2", (fun _ y -> -0.5 * y ** 3), [ 1.0 ], [ 0.2182178902359924 ]
    "A3", (fun t y -> y * cos t), [ 1.0 ], [ 2.491650271850414 ]
    "A4", (fun _ y -> 0.25 * y * (1.0 - y / 20.0)), [ 1.0 ], [ 17.73016648131483 ]
    "A5", (fun t y -> (y - t) / (y + t)), [ 4.0 ], [ -0.7887826688964196 ]
    "B1",
    (fun _ y -> row [ 2.0 * (y[0] - y[0] * y[1]); -(y[1] - y[0] * y[1]) ]),
    [ 1.0; 3.0 ],
    [ 0.6761876008576667; 0.1860816099640036 ]
    "B2",
    (fun _ y -> row [ -y[0] + y[1]; y[0] - 2.0 * y[1] + y[2]; y[1] - y[2] ]),
    [ 2.0; 0.0; 1.0 ],
    [ 1.000000001030576; 1.0; 0.9999999989694235 ]
    "B3",
    (fun _ y -> row [ -y[0]; y[0] - square y[1]; square y[1] ]),
    [ 1.0; 0.0; 0.0 ],
    [ 2.061153488557776e-9; 5.257228022048349e-2; 9.474277177183630e-1 ]
    "B4",
    (fun _ y ->
        let r = sqrt (square y[0] + square y[1])
        row [ -y[1] - y[0] * y[2] / r; y[0] - y[1] * y[2] / r; y[0] / r ]),
    [ 3.0; 0.0; 0.0 ],
    [ 0.9826950928005993; 2.198447081694832; 0.9129452507276399 ]
    "B5",
    (fun _ y -> row [ y[1] * y[2]; -y[0] * y[2]; -0.51 * y[0] * y[1] ]),
    [ 0.0; 1.0; 1.0 ],
    [ -0.9396570798729192; -0.3421177754000779; 0.7414126596199957 ]
    for name, eccentricity, expected in
        [
            "D1", 0.1, [ 0.2198835352008397; 0.9427076846341813; -0.9787659841058176; 0.3287977990962036 ]
            "D5", 0.9, [ -1.295266250987574; 0.4003938963792321; -0.6775390924707566; -0.1270838154278686 ]
        ] do
        name,
        (fun _ y ->
            let r = (square y[0] + square y[1]) ** 1.5
            row [ y[2]; y[3]; -y[0] / r; -y[1] / r ]),
        [ 1.0 - eccentricity; 0.0; 0.0; sqrt ((1.0 + eccentricity) / (1.0 - eccentricity)) ],
        expected
    "E2",
    (fun _ y -> row [ y[1]; (1.0 - square y[0]) * y[1] - y[0] ]),
    [ 2.0; 0.0 ],
    [ 2.008149762174948; -0.04250887527320057 ]
    "E4",
    (fun _ y -> row [ y[1]; 0.032 - 0.4 * square y[1] ]),
    [ 30.0; 0.0 ],
    [ 33.95091444646555; 0.2767822659672869 ]
]

let private robertson (y: Tensor) : Tensor =
    let slow, fast, quadratic = 0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * square y[1]
    row [ fast - slow; slow - fast - quadratic; quadratic ]

let private vanDerPol (stiffness: float) (y: Tensor) : Tensor =
    row [ y[1]; ((1.0 - square y[0]) * y[1] - y[0]) * stiffness ]

[<Tests>]
let problems =
    testList "Problems of ODEs" [
        for name, f, start, expected in detest do
            test $"DETEST {name}" {
                let times = tensor [ 0.0; 20.0 ]

                for method, tolerance in [ OdeMethod.DormandPrince8, 1e-12; OdeMethod.Tsitouras5, 1e-8 ] do
                    let found = (Ode.solve (precise tolerance method) f times (tensor start)).Final
                    near (200.0 * tolerance) expected found $"{method}"
            }

        test "the orbit of Arenstorf closes" {
            // Hairer, Nørsett and Wanner I, II.0: a satellite between earth and moon.
            let moon = 0.012277471
            let earth = 1.0 - moon

            let orbit (_: Tensor) (y: Tensor) =
                let d1 = (square (y[0] + moon) + square y[1]) ** 1.5
                let d2 = (square (y[0] - earth) + square y[1]) ** 1.5

                row [
                    y[2]
                    y[3]
                    y[0] + 2.0 * y[3] - earth * (y[0] + moon) / d1 - moon * (y[0] - earth) / d2
                    y[1] - 2.0 * y[2] - earth * y[1] / d1 - moon * y[1] / d2
                ]

            let start = tensor [ 0.994; 0.0; 0.0; -2.00158510637908252240537862224 ]
            let times = tensor [ 0.0; 17.0652165601579625588917206249 ]

            let solution =
                compile
                    (fun start -> Ode.solve (precise 1e-13 OdeMethod.DormandPrince8) orbit times start)
                    start

            near 1e-5 [ 0.994; 0.0 ] solution.Final[..1] "where it began"
            Expect.isLessThan (int solution.Accepted) 500 "in few steps"
        }

        test "what Lotka and Volterra's equations conserve" {
            let f (y: Tensor) = row [ y[0] * (1.5 - y[1]); y[1] * (y[0] - 3.0) ]
            let times = Tensor.linspace DType.Float64 0.0 20.0 41

            let y =
                (Ode.solve
                    (precise 1e-10 OdeMethod.DormandPrince5)
                    (fun _ y -> f y)
                    times
                    (tensor [ 1.0; 1.0 ]))
                    .States

            let x, y = y[*, 0], y[*, 1]
            let conserved = x - 3.0 * log x + y - 1.5 * log y
            near 1e-8 (Array.create 41 2.0) conserved "x - 3 log x + y - 1.5 log y"
        }

        test "Robertson's reaction, over eleven orders of time" {
            // IVP test set, Bari.
            let options = { precise 1e-8 OdeMethod.Rodas4 with AbsoluteTolerance = 1e-14 }

            let y = solve options robertson 1e11 (tensor [ 1.0; 0.0; 0.0 ])
            let expected = [| 0.2083340149701255e-7; 0.8333360770334713e-13; 0.9999999791665050 |]

            for found, expected in Array.zip (numbers y) expected do
                Expect.isLessThan (abs (found / expected - 1.0)) 1e-6 $"{expected}"
        }

        test "Van der Pol's equation, very stiff" {
            // The same, ε = 1e-6.
            let y = compile (solve (precise 1e-7 OdeMethod.Rodas4) (vanDerPol 1e6) 2.0) (tensor [ 2.0; 0.0 ])
            near 1e-5 [ 1.706167732170483; -0.8928097010247975 ] y "at 2"
        }

        test "a stiff problem takes few steps by the stiff method" {
            let f (t: Tensor) (y: Tensor) = -1e4 * (y - cos t) - sin t
            let times = tensor [ 0.0; 1.5 ]
            let stiff = Ode.solve (precise 1e-6 OdeMethod.Rodas4) f times (tensor 1.0)
            near 1e-5 [ cos 1.5 ] stiff.Final "cos t"
            Expect.isLessThan (int stiff.Accepted) 100 "steps"
            let other = Ode.solve (precise 1e-6 OdeMethod.Tsitouras5) f times (tensor 1.0)
            Expect.isGreaterThan (int other.Accepted) 1000 "steps of an explicit one"
        }
    ]
