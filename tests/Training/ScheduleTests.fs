/// Schedules at every step, against their formulas in plain Float64, away from the middle.
module Cotangent.Tests.ScheduleTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

/// At steps before, on and after the way, eager and compiled.
let private agrees name (schedule: Schedule) (formula: int -> float) =
    testCase name (fun () ->
        let compiled = compile (fun (step: Tensor) -> schedule.At step)

        for step in [ 0; 1; 2; 3; 7; 9; 10; 11; 33; 99; 100; 101; 5000 ] do
            let value = schedule.At step
            Expect.equal value.DType DType.Float64 "dtype"
            let expected = formula step
            let tolerance = 1e-15 * max 1.0 (abs expected)
            Expect.isLessThanOrEqual (abs (float value - expected)) (4.0 * tolerance) $"step {step}"

            Expect.isLessThanOrEqual
                (abs (float (compiled (tensor step)) - expected))
                (4.0 * tolerance)
                $"step {step}, compiled")

let private share steps step = min 1.0 (float step / float steps)

let private formulas =
    testList "by hand" [
        agrees "constant" (Schedule.constant 0.3) (fun _ -> 0.3)
        agrees "linear" (Schedule.linear 0.7 0.003 100) (fun n -> 0.7 + share 100 n * (0.003 - 0.7))
        agrees "cosine" (Schedule.cosine 0.7 0.003 100) (fun n ->
            0.003 + 0.5 * (1.0 + cos (Math.PI * share 100 n)) * (0.7 - 0.003))
        agrees "exponential" (Schedule.exponential 0.7 0.3 40) (fun n -> 0.7 * Math.Pow(0.3, float n / 40.0))
        agrees "warmUp" (Schedule.warmUp 10 (Schedule.linear 0.7 0.003 90)) (fun n ->
            if n < 10 then 0.7 * float (n + 1) / 10.0 else 0.7 + share 90 (n - 10) * (0.003 - 0.7))
        agrees
            "a function, of Float32"
            (Schedule.ofFunction (fun step -> where (step.Less 10.0) (tensor 0.5f) (tensor 0.25f)))
            (fun n -> if n < 10 then 0.5 else 0.25)
    ]

let private refused =
    tests "refused" [
        "a rate that is no scalar",
        (fun () ->
            let wide = Schedule.ofFunction (fun _ -> Tensor.ones DType.Float32 [ 3; 1 ])
            throws<ShapeException, _> [ "Schedule"; "(3, 1)" ] (fun () -> wide.At 0)
            let x = tensor [ 1.0; 2.0; 3.0 ]
            let o = Optimizer.sgd wide
            throws<ShapeException, _> [ "Schedule"; "(3, 1)" ] (fun () -> o.Update x (o.Init x) x))
    ]

[<Tests>]
let tests = testList "Schedule" [ formulas; refused ]
