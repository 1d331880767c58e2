/// Optimisers against sequences by hand: several steps on a small model, each change compared with a rule written plainly.
module Cotangent.Tests.Sequence

open Expecto
open Cotangent
open Cotangent.Tests.Support

type Model = { Weight: Tensor; Bias: Tensor }

/// Of a leaf's shape, a function that remembers: step (1 at the first), gradient, parameter -> change.
type ByHand = int list -> (int -> float[] -> float[] -> float[])

/// A rule for one number: from what is remembered, step, gradient and parameter to the change and what is remembered next.
let each (initial: 's) (one: 's -> int -> float -> float -> float * 's) : ByHand =
    fun shape ->
        let kept = Array.create (List.fold (*) 1 shape) initial

        fun t gradient parameter ->
            Array.init kept.Length (fun i ->
                let change, next = one kept[i] t gradient[i] parameter[i]
                kept[i] <- next
                change)

/// A rule for all numbers of a tensor.
let whole (initial: 's) (all: int list -> 's -> int -> float[] -> float[] -> float[] * 's) : ByHand =
    fun shape ->
        let mutable kept = initial

        fun t gradient parameter ->
            let change, next = all shape kept t gradient parameter
            kept <- next
            change

let private shapes = [ [ 2; 3 ]; [ 3 ] ]

/// Of both signs, of unequal sizes, different at each step.
let gradientAt (dtype: DType) t =
    let make leaf shape =
        build dtype shape (fun index ->
            let i = float (place shape index)
            sin (1.3 * float t + 0.7 * i + leaf) * (0.2 + i / 3.0))

    { Weight = make 0.0 shapes[0]; Bias = make 1.0 shapes[1] }

let start (dtype: DType) =
    let make leaf shape =
        build dtype shape (fun index -> cos (0.9 * float (place shape index) + 2.0 * leaf) + 0.1)

    { Weight = make 0.0 shapes[0]; Bias = make 1.0 shapes[1] }

/// Relative, but for numbers below the second tolerance.
let private near relative absolute (expected: float[]) (actual: Tensor) what =
    let actual = numbers actual
    Expect.equal actual.Length expected.Length what

    for i in 0 .. expected.Length - 1 do
        if not (abs (actual[i] - expected[i]) <= relative * abs expected[i] + absolute) then
            failtest $"{what}, number {i}: {actual[i]:R} is not close to {expected[i]:R}."

let private run (optimizer: Optimizer) (byHand: ByHand) dtype isCompiled steps =
    let relative, absolute =
        match dtype with
        | DType.Float64 -> 1e-11, 1e-14
        | DType.Float32 -> 1e-5, 1e-7
        | _ -> 0.01, 1e-5

    let update (g, s, p) = optimizer.Update g s p
    let update = if isCompiled then compile update else update
    let rules = shapes |> List.map byHand
    let mutable p = start dtype
    let mutable s = optimizer.Init p

    for t in 1..steps do
        let g = gradientAt dtype t
        let change, _ = update (g, s, p)
        let next, state = Optimizer.step optimizer g s p

        for rule, (what, g, p, change: Tensor, next: Tensor) in
            List.zip rules [
                "weight", g.Weight, p.Weight, change.Weight, next.Weight
                "bias", g.Bias, p.Bias, change.Bias, next.Bias
            ] do
            Expect.equal change.DType dtype "dtype of the change"

            near
                relative
                absolute
                (rule t (numbers g) (numbers p))
                change
                $"{dtype}, step {t}, change of {what}"

            near
                1e-6
                (if dtype = DType.BFloat16 then 0.02 else 1e-6)
                (numbers (p + change))
                next
                $"step {t} of {what}"

        p <- next
        s <- state

/// In each dtype, eager and compiled.
let followsFor steps (name: string) (optimizer: Optimizer) (byHand: ByHand) =
    testList name [
        for dtype in [ DType.Float64; DType.Float32; DType.BFloat16 ] do
            testCase $"{dtype}" (fun () -> run optimizer byHand dtype false steps)

        for dtype in [ DType.Float64; DType.Float32 ] do
            testCase $"{dtype}, compiled" (fun () -> run optimizer byHand dtype true steps)
    ]

let follows name optimizer byHand = followsFor 6 name optimizer byHand
