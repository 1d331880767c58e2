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
        agrees "step" (Schedule.step 0.7 0.3 10) (fun n -> 0.7 * Math.Pow(0.3, float (n / 10)))
        agrees "polynomial" (Schedule.polynomial 0.7 0.003 2.5 100) (fun n ->
            0.003 + Math.Pow(1.0 - share 100 n, 2.5) * (0.7 - 0.003))
        agrees "cosineRestarts of one length" (Schedule.cosineRestarts 0.7 0.003 10 1) (fun n ->
            0.003 + 0.5 * (1.0 + cos (Math.PI * float (n % 10) / 10.0)) * (0.7 - 0.003))
        agrees "cosineRestarts that stretch" (Schedule.cosineRestarts 0.7 0.003 10 3) (fun n ->
            let rec place n length =
                if n < length then float n / float length else place (n - length) (3 * length)

            0.003 + 0.5 * (1.0 + cos (Math.PI * place n 10)) * (0.7 - 0.003))
        agrees "oneCycle" (Schedule.oneCycle 0.7 100) (fun n ->
            let between a b share = b + (a - b) / 2.0 * (1.0 + cos (Math.PI * share))
            let n = float (min n 99)

            if n <= 29.0 then
                between 0.028 0.7 (n / 29.0)
            else
                between 0.7 (0.028 / 1e4) ((n - 29.0) / 70.0))
        agrees "inverseRoot" (Schedule.inverseRoot 0.7 10) (fun n ->
            let n = float (n + 1)
            0.7 * sqrt 10.0 * min (1.0 / sqrt n) (n * Math.Pow(10.0, -1.5)))
        agrees
            "join"
            (Schedule.join (Schedule.linear 0.1 0.7 10) [
                7, Schedule.constant 0.5
                33, Schedule.warmUp 10 (Schedule.linear 0.3 0.1 100)
            ])
            (fun n ->
                if n < 7 then 0.1 + share 10 n * (0.7 - 0.1)
                elif n < 33 then 0.5
                elif n < 43 then 0.3 * float (n - 32) / 10.0
                else 0.3 + share 100 (n - 43) * (0.1 - 0.3))
        agrees "piecewise" (Schedule.piecewise 0.7 [ 3, 0.2; 100, 0.01 ]) (fun n ->
            if n < 3 then 0.7
            elif n < 100 then 0.2
            else 0.01)
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
        "no steps, or steps that do not rise",
        (fun () ->
            for name, make in
                [
                    "step", (fun () -> Schedule.step 1.0 0.1 0)
                    "polynomial", (fun () -> Schedule.polynomial 1.0 0.1 2.0 0)
                    "cosineRestarts", (fun () -> Schedule.cosineRestarts 1.0 0.0 0 2)
                    "cosineRestarts", (fun () -> Schedule.cosineRestarts 1.0 0.0 5 0)
                    "oneCycle", (fun () -> Schedule.oneCycle 1.0 6)
                    "inverseRoot", (fun () -> Schedule.inverseRoot 1.0 0)
                    "piecewise", (fun () -> Schedule.piecewise 1.0 [ 5, 0.1; 5, 0.2 ])
                    "join", (fun () -> Schedule.join (Schedule.constant 1.0) [ 0, Schedule.constant 2.0 ])
                ] do
                throws<ValueException, _> [ $"Schedule.{name}" ] make)
    ]

let private size = test "what a schedule holds does not grow with the steps it is made for" {
    let steps = Int32.MaxValue / 2

    for name, make in
        [
            "linear", (fun () -> Schedule.linear 1.0 0.0 steps)
            "cosine", (fun () -> Schedule.cosine 1.0 0.0 steps)
            "cosineRestarts of one length", (fun () -> Schedule.cosineRestarts 1.0 0.0 1 1)
            "cosineRestarts that stretch", (fun () -> Schedule.cosineRestarts 1.0 0.0 1 2)
            "oneCycle", (fun () -> Schedule.oneCycle 1.0 steps)
        ] do
        let before = GC.GetAllocatedBytesForCurrentThread()
        make () |> ignore
        let bytes = GC.GetAllocatedBytesForCurrentThread() - before
        Expect.isLessThan bytes 100_000L name
}

[<Tests>]
let tests = testList "Schedule" [ formulas; refused; size ]
