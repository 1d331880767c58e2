/// What solving gives: times, events, paths, outcomes, errors.
module Cotangent.Solvers.Tests.OdeTests

open System
open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Cotangent.Solvers.Tests.Raises
open Expecto

let private defaults = OdeOptions.defaults
let private decay (_: Tensor) (y: Tensor) : Tensor = -y

/// A state of several tensors.
type Particle = { Place: Tensor; Speed: Tensor }

/// Around the origin, once in 2π.
let private circle (_: Tensor) (p: Particle) = { Place = p.Speed; Speed = -p.Place }

let private gravity = 9.81
let private fall (_: Tensor) (_: Tensor, speed: Tensor) = speed, -gravity * Tensor.onesLike speed
let private height (_: Tensor) (height: Tensor, _: Tensor) : Tensor = height

let private results =
    testList "solve" [
        test "times in between do not change the steps" {
            let few = Ode.solve defaults decay (tensor [ 0.0; 5.0 ]) (tensor 1.0)
            let many = Ode.solve defaults decay (Tensor.linspace DType.Float64 0.0 5.0 101) (tensor 1.0)
            Expect.equal (int many.Accepted) (int few.Accepted) "steps"
            Expect.equal (numbers many.Final) (numbers few.Final) "final state"
            near 1e-5 [ for i in 0..100 -> exp (-0.05 * float i) ] many.States "states"

            Expect.equal
                ((numbers many.States).[100])
                ((numbers many.Final).[0])
                "the last state is the final one"
        }
        test "backwards is the way back" {
            let options = { defaults with RelativeTolerance = 1e-10; AbsoluteTolerance = 1e-10 }
            let there = (Ode.solve options decay (tensor [ 0.0; 3.0 ]) (tensor [ 1.0; 2.0 ])).Final
            let back = Ode.solve options decay (tensor [ 3.0; 1.0; 0.0 ]) there
            near 1e-7 [ 1.0; 2.0 ] back.Final "the start"
            near 1e-7 [ exp -1.0; 2.0 * exp -1.0 ] back.States[1] "on the way"
            Expect.equal (float back.FinalTime) 0.0 "to the time asked for"
        }
        test "states are trees, of either dtype" {
            for dtype, tolerance in [ DType.Float64, 1e-5; DType.Float32, 1e-4 ] do
                let start = {
                    Place = Tensor.ofArray [ 2 ] [| 1.0; 0.0 |] |> _.Convert(dtype)
                    Speed = Tensor.ofArray [ 2 ] [| 0.0; 1.0 |] |> _.Convert(dtype)
                }

                let times = Tensor.linspace dtype 0.0 (2.0 * Math.PI) 5
                let states = (Ode.solve defaults circle times start).States
                Expect.equal states.Place.DType dtype "dtype"
                Expect.equal states.Place.Shape [| 5; 2 |] "an axis of times in front"
                near tolerance [ 1.0; 0.0; -1.0; 0.0; 1.0 ] states.Place[*, 0] "cos"
                near tolerance [ 0.0; -1.0; 0.0; 1.0; 0.0 ] states.Speed[*, 0] "-sin"
        }
        test "compiled and batched as eagerly" {
            let times = tensor [ 0.0; 0.7; 2.0 ]
            let solve rate = Ode.solve defaults (fun t y -> -rate * y * t) times (tensor [ 1.0; 2.0 ])
            let rates = [ 0.5; 3.0; 20.0 ]
            let eager = [ for rate in rates -> solve (tensor rate) ]
            let compiled = compile solve
            let batched = vmap (fun rate -> solve rate) (tensor rates)
            let compiledBatch = compile (vmap (fun rate -> solve rate)) (tensor rates)

            for i, one in List.indexed eager do
                let program = compiled (tensor rates[i])
                near 1e-12 (numbers one.States) program.States "compiled"
                near 1e-12 (numbers one.States) batched.States[i] "batched"
                near 1e-12 (numbers one.States) compiledBatch.States[i] "both"
                Expect.equal (int program.Accepted) (int one.Accepted) "steps, compiled"
                Expect.equal (int batched.Accepted[i]) (int one.Accepted) "steps, batched: each its own"

            Expect.isGreaterThan (int eager[2].Accepted) (int eager[0].Accepted) "which differ"
        }
        test "a bounded loop takes the same steps" {
            let times = tensor [ 0.0; 1.0; 10.0 ]

            let solve loop =
                Ode.solve { defaults with Loop = loop } circle times {
                    Place = tensor 1.0
                    Speed = tensor 0.0
                }

            let a, b = solve OdeLoop.Open, solve OdeLoop.Bounded
            Expect.equal (numbers a.Final.Place) (numbers b.Final.Place) "state"
            Expect.equal (int a.Accepted, int a.Rejected) (int b.Accepted, int b.Rejected) "steps"
        }
        test "steps of one size, the last of them shorter" {
            let options = { defaults with Method = OdeMethod.RungeKutta4; Steps = OdeSteps.Fixed 0.3 }
            let solution = Ode.solve options decay (tensor [ 0.0; 1.0 ]) (tensor 1.0)
            Expect.equal (int solution.Accepted) 4 "steps"
            Expect.equal (int solution.Evaluations) 17 "four a step, and the first"
        }
        test "no step is longer than the longest" {
            let options = { defaults with LargestStep = 0.01; FirstStep = Some 0.5 }
            let solution = Ode.solve options decay (tensor [ 0.0; 1.0 ]) (tensor 1.0)
            Expect.equal (int solution.Accepted) 100 "steps"
        }
    ]

let private events =
    testList "solveUntil" [
        test "a stone reaches the ground" {
            for method in
                [ OdeMethod.Tsitouras5; OdeMethod.DormandPrince8; OdeMethod.Rodas4; OdeMethod.RungeKutta4 ] do
                let options = { defaults with Method = method }
                let times = tensor [ 0.0; 1.0; 2.0; 3.0 ]

                let landing =
                    Ode.solveUntil options Crossing.Falling height fall times (tensor 20.0, tensor 0.0)

                Expect.equal landing.Outcome OdeOutcome.Event $"{method}"
                near 1e-12 [ sqrt (2.0 * 20.0 / gravity) ] landing.FinalTime $"time, {method}"
                near 1e-12 [ 0.0 ] (fst landing.Final) "height"
                near 1e-12 [ -sqrt(2.0 * 20.0 * gravity) ] (snd landing.Final) "speed"
                let heights = numbers (fst landing.States)
                near 1e-12 [ 20.0; 20.0 - gravity / 2.0; 20.0 - 2.0 * gravity ] (tensor heights[..2]) "before"
                Expect.isTrue (Double.IsNaN heights[3]) "after it there is nothing"
        }
        test "each way of passing" {
            // sin: it falls through 0 at π, and rises at 2π.
            let wave (_: Tensor) (y: Tensor, z: Tensor) = z, -y
            let value (_: Tensor) (y: Tensor, _: Tensor) : Tensor = y
            let options = { defaults with RelativeTolerance = 1e-10; AbsoluteTolerance = 1e-10 }

            let time crossing =
                (Ode.solveUntil options crossing value wave (tensor [ 0.0; 10.0 ]) (tensor 0.0, tensor 1.0))
                    .FinalTime

            near 1e-8 [ Math.PI ] (time Crossing.Falling) "falling"
            near 1e-8 [ 2.0 * Math.PI ] (time Crossing.Rising) "rising"
            near 1e-8 [ Math.PI ] (time Crossing.Either) "either"
        }
        test "events of time, and none" {
            let at (t: Tensor) (_: Tensor) : Tensor = t - 0.3
            let found = Ode.solveUntil defaults Crossing.Rising at decay (tensor [ 0.0; 1.0 ]) (tensor 1.0)
            near 1e-12 [ 0.3 ] found.FinalTime "time"
            near 1e-6 [ exp -0.3 ] found.Final "state"
            let none (_: Tensor) (y: Tensor) : Tensor = y + 1.0
            let end' = Ode.solveUntil defaults Crossing.Either none decay (tensor [ 0.0; 1.0 ]) (tensor 1.0)
            Expect.equal end'.Outcome OdeOutcome.Finished "no event"
        }
        test "the derivative of an event's time and state" {
            let options = { defaults with RelativeTolerance = 1e-9 }

            let landing (start: Tensor) =
                Ode.solveUntil options Crossing.Falling height fall (tensor [ 0.0; 9.0 ]) (start, tensor 0.0)

            let byHeight = 1.0 / sqrt (2.0 * gravity * 20.0)
            near 1e-8 [ byHeight ] (grad (fun h -> (landing h).FinalTime) (tensor 20.0)) "time"
            near 1e-8 [ -gravity * byHeight ] (grad (fun h -> snd (landing h).Final) (tensor 20.0)) "speed"
            near 1e-8 [ 0.0 ] (grad (fun h -> fst (landing h).Final) (tensor 20.0)) "height: none"

            near
                1e-8
                [ byHeight ]
                (snd (jvp (fun h -> (landing h).FinalTime) (tensor 20.0) (tensor 1.0)))
                "forwards"

            near
                1e-12
                [ sqrt (40.0 / gravity) ]
                (compile (fun h -> (landing h).FinalTime) (tensor 20.0))
                "compiled"
        }
    ]

let private paths =
    testList "path" [
        test "states at any time" {
            for method in [ OdeMethod.Tsitouras5; OdeMethod.DormandPrince8; OdeMethod.Rodas4; OdeMethod.Heun ] do
                let options = { defaults with Method = method }

                let path =
                    Ode.path options circle (tensor 0.0, tensor 6.0) {
                        Place = tensor 1.0
                        Speed = tensor 0.0
                    }

                let times = Tensor.linspace DType.Float64 0.0 6.0 101
                near 1e-4 [ for i in 0..100 -> cos (0.06 * float i) ] (path.At times).Place $"{method}"

                Expect.equal
                    (path.At(times[..99].Reshape [ 4; 25 ])).Place.Shape
                    [| 4; 25 |]
                    "times of any shape"

                Expect.equal (path.At(tensor 3.0)).Place.Shape [||] "one time"
        }
        test "backwards" {
            let path = Ode.path defaults decay (tensor 1.0, tensor -1.0) (tensor [ 1.0; 2.0 ])
            near 1e-5 [ exp 1.5; 2.0 * exp 1.5 ] (path.At(tensor -0.5)) "on the way back"
            Expect.equal ((numbers path.Times).[0]) 1.0 "it begins at the start"
        }
        test "it is differentiable" {
            let value (rate: Tensor) =
                (Ode.path defaults (fun _ y -> -rate * y) (tensor 0.0, tensor 1.0) (tensor 1.0))
                    .At(tensor 0.4)

            near 1e-5 [ -0.4 * exp -0.8 ] (grad value (tensor 2.0)) "by the rate"
        }
        test "what it can't give" {
            let path = Ode.path defaults decay (tensor 0.0, tensor 1.0) (tensor 1.0)
            raises<ValueException, _> "goes from 0 to 1" (fun () -> path.At(tensor [ 0.5; 1.5 ])) "outside"
            raises<DTypeException, _> "Float32" (fun () -> path.At(tensor 0.5f)) "another dtype"

            raises<SolverException, _>
                "ended at t = 1"
                (fun () -> Ode.path defaults (fun _ y -> y * y) (tensor 0.0, tensor 2.0) (tensor 1.0))
                "a solution that ends early"
        }
    ]

let private endings =
    testList "outcomes" [
        test "a solution that grows without bound" {
            let solution = Ode.solve defaults (fun _ y -> y * y) (tensor [ 0.0; 0.5; 2.0 ]) (tensor 1.0)
            Expect.notEqual solution.Outcome OdeOutcome.Finished "1/(1 - t) does not reach 2"
            near 1e-3 [ 1.0 ] solution.FinalTime "it got to 1"
            near 1e-4 [ 2.0 ] solution.States[1] "what was reached is there"
            Expect.isTrue (Double.IsNaN((numbers solution.States).[2])) "the rest is NaN"

            raises<SolverException, _>
                "t = 1, on the way from 0 to 2"
                (fun () -> Ode.orFail solution)
                "or fails"
        }
        test "NaN" {
            let solution =
                Ode.solve defaults (fun t y -> sqrt (0.5 - t) * y) (tensor [ 0.0; 1.0 ]) (tensor 1.0)

            Expect.equal solution.Outcome OdeOutcome.NotFinite "the root of a negative number"
            near 1e-3 [ 0.5 ] solution.FinalTime "up to there"
            raises<SolverException, _> "NaN or infinite" (fun () -> Ode.orFail solution) "or fails"
            let never = Ode.solve defaults (fun _ y -> nan * y) (tensor [ 0.0; 1.0 ]) (tensor 1.0)
            Expect.equal never.Outcome OdeOutcome.NotFinite "from the start"

            let options = { defaults with Steps = OdeSteps.Fixed 0.1 }

            let fixedSteps =
                Ode.solve options (fun t y -> sqrt (0.5 - t) * y) (tensor [ 0.0; 1.0 ]) (tensor 1.0)

            Expect.equal fixedSteps.Outcome OdeOutcome.NotFinite "by steps of one size"
        }
        test "too many steps" {
            for loop in [ OdeLoop.Open; OdeLoop.Bounded ] do
                let options = { defaults with MaximumSteps = 5; Loop = loop }

                let solution =
                    Ode.solve options circle (tensor [ 0.0; 100.0 ]) {
                        Place = tensor 1.0
                        Speed = tensor 0.0
                    }

                Expect.equal solution.Outcome OdeOutcome.TooManySteps "outcome"
                Expect.equal (int solution.Accepted + int solution.Rejected) 5 "steps"
                raises<SolverException, _> "MaximumSteps" (fun () -> Ode.orFail solution) "or fails"
        }
        test "exactly as many steps as allowed are enough" {
            let options = { defaults with Steps = OdeSteps.Fixed 0.25; MaximumSteps = 4 }
            let solution = Ode.solve options decay (tensor [ 0.0; 1.0 ]) (tensor 1.0)
            Expect.equal solution.Outcome OdeOutcome.Finished "four"
        }
    ]

let private mistakes =
    let times = tensor [ 0.0; 1.0 ]
    let solve options f times start = fun () -> Ode.solve options f times start

    testList "mistakes" [
        test "times" {
            raises<ShapeException, _> "(1,)" (solve defaults decay (tensor [ 0.0 ]) (tensor 1.0)) "one time"

            raises<DTypeException, _>
                "times of Float32"
                (solve defaults decay (tensor [ 0.0f; 1.0f ]) (tensor 1.0))
                "dtype"

            raises<ValueException, _>
                "from 1 to 1"
                (solve defaults decay (tensor [ 0.0; 1.0; 1.0 ]) (tensor 1.0))
                "twice"

            raises<ValueException, _>
                "from 1 to 0.5"
                (solve defaults decay (tensor [ 0.0; 1.0; 0.5 ]) (tensor 1.0))
                "to and fro"
        }
        test "times that can't be read, out of order" {
            for loop in [ OdeLoop.Open; OdeLoop.Bounded ] do
                let options = { defaults with Loop = loop; MaximumSteps = 100 }

                for times, reached in
                    [
                        [ 0.0; 2.0; 1.0 ], 2
                        [ 0.0; 1.0; 0.5; 3.0 ], 2
                        [ 0.0; 1.0; 1.0 ], 2
                        [ 0.0; 1.0; nan; 2.0 ], 2
                        [ 0.0; nan ], 1
                        [ nan; 1.0; 2.0 ], 1
                        [ 3.0; 2.0; 2.5 ], 2
                    ] do
                    let solve = compile (fun times -> Ode.solve options decay times (tensor 1.0))
                    let solution = solve (tensor times)
                    Expect.equal solution.Outcome OdeOutcome.NotFinite $"{times} are no times"
                    let states = numbers solution.States
                    Expect.isTrue (Array.forall Double.IsNaN states[reached..]) $"not reached: %A{states}"

                    for i in 0 .. reached - 1 do
                        if reached > 1 then
                            near 1e-5 [ exp (times[0] - times[i]) ] solution.States[i] $"reached of {times}"

                    raises<SolverException, _> "Sort them" (fun () -> Ode.orFail solution) "or fails"

                let rows = tensor [ [ 0.0; 1.0; 2.0 ]; [ 0.0; 2.0; 1.0 ] ]
                let states = vmap (fun times -> (Ode.solve options decay times (tensor 1.0)).States) rows
                near 1e-5 [ exp -2.0 ] states[0, 2] "the other example is as it would be alone"
                Expect.isTrue (Double.IsNaN(float states[1, 2])) "out of order in a batch"
        }
        test "states" {
            raises<DTypeException, _> "Int32" (solve defaults decay times (tensor 1)) "integers"

            raises<DTypeException, _>
                "Float32"
                (solve defaults (fun _ (a, b) -> a, b) times (tensor 1.0, tensor 1.0f))
                "two dtypes"

            raises<ShapeException, _>
                "Ode.solve: what f returns is Float64 (1,), where the state is Float64 ()"
                (solve defaults (fun _ (y: Tensor) -> y.Reshape [ 1 ]) times (tensor 1.0))
                "shape"

            raises<DTypeException, _>
                "Ode.solve: what f returns is Float32 (), where the state is Float64 ()"
                (solve defaults (fun _ (y: Tensor) -> y.Convert DType.Float32) times (tensor 1.0))
                "dtype"

            raises<ShapeException, _>
                "event"
                (fun () ->
                    Ode.solveUntil defaults Crossing.Either (fun _ y -> y) decay times (tensor [ 1.0 ]))
                "event"
        }
        test "options" {
            raises<ValueException, _>
                "tolerance"
                (solve { defaults with AbsoluteTolerance = 0.0 } decay times (tensor 1.0))
                "tolerance"

            raises<ValueException, _>
                "a step of -1"
                (solve { defaults with Steps = OdeSteps.Fixed -1.0 } decay times (tensor 1.0))
                "step"

            raises<ValueException, _>
                "first step of 0"
                (solve { defaults with FirstStep = Some 0.0 } decay times (tensor 1.0))
                "first"

            raises<ValueException, _>
                "MaximumSteps is 0"
                (solve { defaults with MaximumSteps = 0 } decay times (tensor 1.0))
                "steps"
        }
    ]

[<Tests>]
let tests = testList "ODEs" [ results; events; paths; endings; mistakes ]
