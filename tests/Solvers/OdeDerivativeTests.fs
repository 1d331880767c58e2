/// Derivatives of solutions, in every way, against finite differences and closed forms.
module Cotangent.Solvers.Tests.OdeDerivativeTests

open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Cotangent.Solvers.Tests.Raises
open Expecto

/// Lotka and Volterra's equations, with four parameters.
let private predators (p: Tensor) (_: Tensor) (y: Tensor) : Tensor =
    stack 0 [ y[0] * (p[0] - p[1] * y[1]); y[1] * (p[2] * y[0] - p[3]) ]

let private parameters = tensor [ 1.5; 1.0; 1.0; 3.0 ]
let private times = tensor [ 0.0; 0.8; 1.7; 3.0 ]
let private start = tensor [ 1.0; 1.2 ]

let private options method loop = {
    OdeOptions.defaults with
        Method = method
        Loop = loop
        RelativeTolerance = 1e-10
        AbsoluteTolerance = 1e-10
}

/// A function of all states, and of the final one by itself.
let private loss (solution: OdeSolution<Tensor>) : Tensor =
    sum (solution.States * tensor [ [ 1.0; 2.0 ]; [ 0.5; -1.0 ]; [ 2.0; 1.0 ]; [ -1.0; 1.0 ] ])
    + sum (square solution.Final)

let private throughSteps method loop (p, times, start) =
    loss (Ode.solve (options method loop) (predators p) times start)

let private byAdjoint (p, times, start) =
    loss (Ode.solveAdjoint (options OdeMethod.Tsitouras5 OdeLoop.Open) predators p times start)

let private expected =
    lazy
        (let f = compile (throughSteps OdeMethod.DormandPrince8 OdeLoop.Open)

         [
             differences 1e-4 (fun p -> f (p, times, start)) parameters
             differences 1e-4 (fun times -> f (parameters, times, start)) times
             differences 1e-4 (fun start -> f (parameters, times, start)) start
         ])

let private check tolerance f =
    let p, t, s = f (parameters, times, start)

    for what, expected, found in List.zip3 [ "parameters"; "times"; "start" ] expected.Value [ p; t; s ] do
        near tolerance expected found what

[<Tests>]
let tests =
    testList "Derivatives of ODEs" [
        test "through the steps" { check 1e-6 (grad (throughSteps OdeMethod.Tsitouras5 OdeLoop.Open)) }
        test "through the steps of high order" {
            check 1e-6 (grad (throughSteps OdeMethod.DormandPrince8 OdeLoop.Open))
        }
        test "through implicit steps" {
            let f p =
                Ode.solve
                    {
                        options OdeMethod.Rodas4 OdeLoop.Open with
                            RelativeTolerance = 1e-7
                            AbsoluteTolerance = 1e-7
                    }
                    (predators p)
                    times
                    start
                |> loss

            near 1e-4 expected.Value[0] (grad f parameters) "parameters"
        }
        test "through the steps, compiled" {
            check 1e-6 (compile (grad (throughSteps OdeMethod.Tsitouras5 OdeLoop.Bounded)))
        }
        test "by the adjoint" { check 1e-6 (grad byAdjoint) }
        test "by the adjoint, compiled" { check 1e-6 (compile (grad byAdjoint)) }
        test "forwards" {
            let f p = throughSteps OdeMethod.Tsitouras5 OdeLoop.Open (p, times, start)
            near 1e-6 expected.Value[0] (jacobianForward f parameters) "parameters"
            near 1e-6 expected.Value[0] (compile (jacobianForward f) parameters) "compiled"
        }
        test "of second order: those of exp (-k t)" {
            let times = tensor [ 0.0; 2.0 ]
            let options = options OdeMethod.Tsitouras5 OdeLoop.Open
            let steps (k: Tensor) = (Ode.solve options (fun _ y -> -k * y) times (tensor 1.0)).Final

            let adjoint (k: Tensor) =
                (Ode.solveAdjoint options (fun k _ y -> -k * y) k times (tensor 1.0)).Final

            for f, how in [ steps, "through the steps"; adjoint, "by the adjoint" ] do
                near 1e-7 [ 4.0 * exp -1.4 ] (grad (fun k -> grad f k) (tensor 0.7)) how
        }
        test "parameters and states that are trees" {
            let field (rates: Map<string, Tensor>, _: unit) (_: Tensor) (x: Tensor, y: Tensor) =
                -rates["a"] * x, rates["a"] * x - rates["b"] * y

            let f rates =
                let solution =
                    Ode.solveAdjoint
                        (options OdeMethod.Tsitouras5 OdeLoop.Open)
                        field
                        (rates, ())
                        (tensor [ 0.0; 1.0 ])
                        (tensor 1.0, tensor 0.0)

                snd solution.Final

            // y = a (exp -a - exp -b)/(b - a) at 1.
            let gradient = grad f (Map [ "a", tensor 1.0; "b", tensor 2.0 ])
            near 1e-7 [ (exp -1.0 - exp -2.0) * 2.0 - exp -1.0 ] gradient["a"] "by a"
            near 1e-7 [ exp -2.0 - (exp -1.0 - exp -2.0) ] gradient["b"] "by b"
        }
        test "what was not reached has no gradient" {
            let times = tensor [ 0.0; 0.02; 1.0 ]
            let few = { OdeOptions.defaults with MaximumSteps = 3 }
            let field (k: Tensor) _ (y: Tensor) = k * cos y
            let steps loop k = Ode.solve { few with Loop = loop } (field k) times (tensor 1.0)
            let adjoint _ k = Ode.solveAdjoint few field k times (tensor 1.0)
            let k = tensor 30.0

            for name, solve in [ "Ode.solve", steps; "Ode.solveAdjoint", adjoint ] do
                for what, part in
                    [
                        "the last state", fun (solution: OdeSolution<Tensor>) -> solution.States[2]
                        "the sum of all", fun solution -> sum solution.States
                        "the state where it ended", fun solution -> solution.Final
                    ] do
                    let loss loop k = part (solve loop k)

                    raises<SolverException, _> name (fun () -> grad (loss OdeLoop.Open) k) what

                    Expect.isTrue
                        (float (compile (grad (loss OdeLoop.Bounded)) k) |> System.Double.IsNaN)
                        $"{name}, {what}, compiled"

                    Expect.isTrue
                        (float (vmap (grad (loss OdeLoop.Bounded)) (k.Reshape [ 1 ])) |> System.Double.IsNaN)
                        $"{name}, {what}, batched"

                    let _, change = jvp (loss OdeLoop.Open) k (tensor 1.0)
                    Expect.isTrue (System.Double.IsNaN(float change)) $"{name}, {what}, forwards"

            // A state that was reached has one.
            let early k = (steps OdeLoop.Open k).States[1]
            near 1e-6 (differences 1e-4 (fun k -> early k[0]) (tensor [ 30.0 ])) (grad early k) "reached"
            // And what is left out of the loss needs none.
            let seen k =
                let states = (steps OdeLoop.Open k).States in
                sum (where (states.IsNaN()) (Tensor.zerosLike states) states)

            near 1e-6 (numbers (grad early k)) (grad seen k) "left out"
        }
        test "a bound that compiled functions need is asked for by the name of what was called" {
            raises<DerivativeException, _>
                "Ode.solve: reverse mode in a compiled function or under `vmap` needs a bound"
                (fun () ->
                    compile
                        (grad (fun y ->
                            (Ode.solve OdeOptions.defaults (fun _ y -> -y) (tensor [ 0.0; 1.0 ]) y).Final))
                        (tensor 1.0))
                "compiled"
        }
        test "a stiff problem, whose state can't be found backwards" {
            // y′ = -1000 (y - cos (k t)), of which y = (a² cos kt + a k sin kt)/(a² + k²) is left after the start, a being 1000.
            let field (k: Tensor) (t: Tensor) (y: Tensor) : Tensor = -1000.0 * (y - cos (k * t))
            let times = tensor [ 0.0; 0.5; 1.0 ]

            let options method = {
                OdeOptions.defaults with
                    Method = method
                    RelativeTolerance = 1e-8
                    AbsoluteTolerance = 1e-8
                    MaximumSteps = 2000
            }

            let loss method (k: Tensor) : Tensor =
                let states = (Ode.solveAdjoint (options method) field k times (tensor 0.0)).States
                states[1] + states[2]

            let closed (k: Tensor) =
                let at (t: float) : Tensor = (1e6 * cos (k * t) + 1e3 * k * sin (k * t)) / (1e6 + k * k)
                at 0.5 + at 1.0

            let k = tensor 2.0
            let expected = grad closed k |> numbers
            near 1e-6 expected (grad (loss OdeMethod.Rodas4) k) "eagerly"
            near 1e-6 expected (compile (grad (loss OdeMethod.Rodas4)) k) "compiled"
            near 1e-6 expected (vmap (grad (loss OdeMethod.Rodas4)) (k.Reshape [ 1 ])) "batched"
            near 1e-6 expected (diff (loss OdeMethod.Rodas4) k) "forwards"

            near
                1e-5
                (numbers (diff (diff closed) k))
                (hvp (loss OdeMethod.Rodas4) k (tensor 1.0))
                "of second order"

            raises<SolverException, _>
                "Ode.solveAdjoint: no gradient: the way from 1 to 0.5 ended"
                (fun () -> grad (loss OdeMethod.Tsitouras5) k)
                "by an explicit method"

            raises<SolverException, _>
                "OdeMethod.Rodas4"
                (fun () -> grad (loss OdeMethod.Tsitouras5) k)
                "the way out"

            Expect.isTrue
                (System.Double.IsNaN(float (compile (grad (loss OdeMethod.Tsitouras5)) k)))
                "compiled"
        }
        test "forward mode of the adjoint goes through the steps" {
            let f k =
                (Ode.solveAdjoint
                    (options OdeMethod.Tsitouras5 OdeLoop.Open)
                    (fun k _ y -> -k * sin y)
                    k
                    (tensor [ 0.0; 1.0 ])
                    (tensor 1.0))
                    .Final

            let k = tensor 0.7
            // tan (y/2) = tan (1/2) exp -k, and so its derivatives by k.
            let closed (k: Tensor) = 2.0 * atan (tan (tensor 0.5) * exp -k)
            near 1e-8 (numbers (grad closed k)) (diff f k) "first"

            for what, second in
                [
                    "hvp", hvp f k (tensor 1.0)
                    "hessian", hessian f k
                    "vhp", vhp f k (tensor 1.0)
                    "compiled", compile (fun k -> hvp f k (tensor 1.0)) k
                ] do
                near 1e-7 (numbers (diff (diff closed) k)) second what
        }
        test "parameters that can't have gradients" {
            raises<DTypeException, _>
                "Ode.solveAdjoint: a parameter is Float32 (), where the state is Float64"
                (fun () ->
                    grad
                        (fun k ->
                            (Ode.solveAdjoint
                                OdeOptions.defaults
                                (fun (k: Tensor) _ y -> -y * k.Convert DType.Float64)
                                k
                                (tensor [ 0.0; 1.0 ])
                                (tensor 1.0))
                                .Final)
                        (tensor 1.0f))
                "dtype"
        }
        test "what f closes over is not lost without a word" {
            let options = options OdeMethod.Tsitouras5 OdeLoop.Open

            let f (k: Tensor, start: Tensor) =
                (Ode.solveAdjoint options (fun () _ y -> -k * y) () (tensor [ 0.0; 1.0 ]) start).Final

            raises<DerivativeException, _>
                "Ode.solveAdjoint: f closes over a tensor"
                (fun () -> grad f (tensor 0.5, tensor 1.0))
                "closed over"
        }
        test "steps that overflow and are rejected leave no trace in gradients" {
            let f loop (k: Tensor) =
                let options = {
                    OdeOptions.defaults with
                        Loop = loop
                        FirstStep = Some 5000.0
                        MaximumSteps = 200
                }

                let field _ (y: Tensor) = -k * exp -y * y - y * exp (y * y)
                Ode.solve options field (tensor [ 0.0; 1.0; 6000.0 ]) (tensor 1.0)

            Expect.isGreaterThan (int (f OdeLoop.Open (tensor 1.0)).Rejected) 0 "some are"
            let state loop k = (f loop k).States[1]
            let expected = differences 1e-4 (fun k -> state OdeLoop.Open k[0]) (tensor [ 1.0 ])
            near 1e-4 expected (grad (state OdeLoop.Open) (tensor 1.0)) "eagerly"
            near 1e-4 expected (compile (grad (state OdeLoop.Bounded)) (tensor 1.0)) "compiled"
        }
        test "a neural field is learnt by either" {
            let law: Mlp =
                Mlp.init
                    2
                    [
                        8, { Linear.defaults with Activation = Activation.Tanh; DType = DType.Float64 }
                        2, { Linear.defaults with DType = DType.Float64 }
                    ]
                    (Key.create 1L)

            let field (law: Mlp) (_: Tensor) (y: Tensor) = Mlp.forward law y
            let starts = tensor [ [ 1.0; 0.0 ]; [ 0.3; -0.5 ]; [ 0.0; 1.0 ] ]
            let tight = options OdeMethod.Tsitouras5 OdeLoop.Bounded
            let through law = sum (square (Ode.solve tight (field law) (tensor [ 0.0; 1.0 ]) starts).Final)

            let adjoint law =
                sum (square (Ode.solveAdjoint tight field law (tensor [ 0.0; 1.0 ]) starts).Final)

            let a, b = compile (grad through) law, compile (grad adjoint) law
            Expect.isLessThan (float (Tree.norm (Tree.subtract a b))) 1e-7 "the same gradients"
            Expect.isGreaterThan (float (Tree.norm a)) 0.01 "which are not 0"
        }
    ]
