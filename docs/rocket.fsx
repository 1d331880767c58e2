(**
---
title: A rocket that lands
category: Use
categoryindex: 3
index: 21
description: Optimal control: throttle and gimbal of a landing rocket, found by gradients through the differential equation of its flight.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../src/Solvers/bin/Release/net10.0"
#r "Cotangent.Solvers.dll"

open Plotly.NET

(**
# A rocket that lands

A rocket comes down, fast, aslant, and 300 metres beside its pad. When must its engine burn, how strongly, and into which direction, so that it stands
on the pad at the end, upright and at rest, with as much fuel left as can be? That is a problem of optimal control. Here it is one of a
gradient: of where a flight ends, by everything that was done on the way.

## The flight

The state is a record; lengths are in metres, times in seconds, the mass is 1 at the start. The engine's thrust points along the
body, but for the gimbal's angle, and turns it: the rocket is 40 m long, and its moment of inertia that of a rod.
*)
open Cotangent
open Cotangent.Solvers

type Rocket = {
    Place: Tensor // sideways, up
    Speed: Tensor
    Tilt: Tensor
    Spin: Tensor
    Mass: Tensor
}

let gravity = tensor [ 0.0; -9.81 ]

let accelerate (thrust: Tensor) (gimbal: Tensor) (r: Rocket) =
    let push = thrust / r.Mass
    let along = r.Tilt + gimbal

    {
        Place = r.Speed
        Speed = gravity + push * stack 0 [ sin along; cos along ]
        Tilt = r.Spin
        Spin = -0.15 * push * sin gimbal
        Mass = -thrust / 3000.0 // the speed of what it throws out
    }

(**
What the pilot does is a throttle and a gimbal at 16 times, in straight lines between, and how long it all takes. They are free numbers;
`sigmoid` and `tanh` keep the throttle between 0 and 1, the gimbal within 0.2 radians.
*)
type Pilot = { Throttle: Tensor; Gimbal: Tensor; LogDuration: Tensor }

let knots = 16
let numbers = Tensor.arange DType.Float64 knots

/// The value of straight lines between knots at a part, 0 to 1, of the time.
let between (values: Tensor) (part: Tensor) =
    let weights = clampMin 0.0 (1.0 - abs (part * float (knots - 1) - numbers))
    sum (weights * values)

let steer (pilot: Pilot) (part: Tensor) =
    20.0 * sigmoid (between pilot.Throttle part), 0.2 * tanh (between pilot.Gimbal part)

(**
Time runs from 0 to 1, and its pace is the duration, so that this is a number like any other:
*)
let start = {
    Place = tensor [ 300.0; 1000.0 ]
    Speed = tensor [ -20.0; -80.0 ]
    Tilt = tensor 0.2
    Spin = tensor 0.0
    Mass = tensor 1.0
}

let steps = {
    OdeOptions.defaults with
        Method = OdeMethod.RungeKutta4
        Steps = OdeSteps.Fixed 0.02
        Loop = OdeLoop.Bounded
        MaximumSteps = 64
}

let fly (times: Tensor) (pilot: Pilot) =
    let law (part: Tensor) (r: Rocket) =
        let thrust, gimbal = steer pilot part
        Tree.map (fun t -> exp pilot.LogDuration * t) (accelerate thrust gimbal r)

    Ode.solve steps law times start

(**
## What is wanted

At the end all of this should be 0: the distance from the pad, speed, tilt and spin. Fuel has a price, low enough that landing comes first.
*)
let miss (r: Rocket) =
    sum (square r.Place)
    + 10.0 * sum (square r.Speed)
    + 1e4 * (square r.Tilt + square r.Spin)

let cost (pilot: Pilot) =
    let last = (fly (tensor [ 0.0; 1.0 ]) pilot).Final
    1e-2 * miss last + 20.0 * (1.0 - last.Mass)

(**
The gradient of that goes through all steps of the flight. The first pilot holds the throttle at a half and does not steer:
*)
let first = {
    Throttle = Tensor.zeros DType.Float64 [ knots ]
    Gimbal = Tensor.zeros DType.Float64 [ knots ]
    LogDuration = tensor (log 18.0)
}

let optimizer = Optimizer.adam (Schedule.cosine 0.1 0.0 2000)

let learn =
    compile (
        iterate 100 (fun (pilot, state) ->
            Optimizer.step optimizer (grad cost pilot) state pilot)
    )

let learned =
    Seq.scan (fun now _ -> learn now) (first, optimizer.Init first) [ 1..20 ]
    |> Seq.map fst
    |> Seq.toArray

let best = Array.last learned
let landing = (fly (tensor [ 0.0; 1.0 ]) best).Final
landing, exp best.LogDuration
(*** include-it ***)

(**
Two thousand gradients, and it stands: some centimetres from the middle of its pad, at a speed at which one closes a door. What pilots flew on the way there, and the last
one with its body drawn every second:
*)
(*** hide ***)
let parts = Tensor.linspace DType.Float64 0.0 1.0 101
let flights = [ 0; 1; 2; 5; 20 ] |> List.map (fun i -> i, (fly parts learned[i]).States)

let pathOf (count: int, r: Rocket) =
    Chart.Line(
        x = r.Place[*, 0].ToData<float[]>(),
        y = r.Place[*, 1].ToData<float[]>(),
        Name = $"after {100 * count} gradients"
    )

let bodies =
    let r = snd (List.last flights)

    [
        for i in 0..6..96 ->
            let x, y = float r.Place[i, 0], float r.Place[i, 1]
            let tilt = float r.Tilt[i]

            Chart.Line(
                x = [ x - 20.0 * sin tilt; x + 20.0 * sin tilt ],
                y = [ y - 20.0 * cos tilt; y + 20.0 * cos tilt ],
                LineColor = Color.fromString "#888888",
                LineWidth = 4.0,
                ShowLegend = false
            )
    ]

let paths =
    List.map pathOf flights @ bodies
    |> Chart.combine
    |> Chart.withXAxisStyle ("metres beside the pad", MinMax = (-150.0, 400.0))
    |> Chart.withYAxisStyle ("height", MinMax = (-100.0, 1050.0))

paths
(*** include-it ***)

(**
What the last pilot does: it falls with the engine low, and burns late and hard, as those do that come back from orbit. Slowing down early
would have to be paid for by hovering.
*)
(*** hide ***)
let seconds = exp best.LogDuration * parts

let throttle, gimbal =
    vmap (fun part -> steer best part) parts
    |> fun (thrust, gimbal) -> thrust / 20.0, gimbal

let controls =
    [
        Chart.Line(
            x = seconds.ToData<float[]>(),
            y = throttle.ToData<float[]>(),
            Name = "throttle"
        )
        Chart.Line(
            x = seconds.ToData<float[]>(),
            y = gimbal.ToData<float[]>(),
            Name = "gimbal, radians"
        )
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle "seconds"

controls
(*** include-it ***)

(**
## How far to trust it

The steps of the solver are fixed, since the pilot's lines have corners that it should not chase. Flown again with steps of chosen size and tight
tolerances, the same pilot must land at the same place:
*)
let careful = {
    OdeOptions.defaults with
        RelativeTolerance = 1e-9
        AbsoluteTolerance = 1e-9
}

let law (part: Tensor) (r: Rocket) =
    let thrust, gimbal = steer best part
    Tree.map (fun t -> exp best.LogDuration * t) (accelerate thrust gimbal r)

(Ode.solve careful law (tensor [ 0.0; 1.0 ]) start).Final.Place
(*** include-it ***)

(**
A minimum that gradients find is one nearby, not the best of all; other first pilots may come down otherwise. And this pilot is blind: it
repeats what it has planned, whatever the wind does. One that looks is a function of the state, a small network say, learned in the same
way through many flights at once, with `vmap`.
*)
