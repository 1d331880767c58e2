/// L-BFGS: minima that are known, the conditions of its line search, and Newton's step on quadratics.
module Cotangent.Tests.LBfgsTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Model = { A: Tensor; B: Tensor }

let private rosenbrock (x: Tensor) =
    let a, b = x[.. x.Size - 2], x[1..]
    sum (100.0 * square (b - square a) + square (1.0 - a))

let private minimize steps loss start =
    Seq.fold
        (fun state _ -> LBfgs.step LBfgs.defaults loss state)
        (LBfgs.start LBfgs.defaults loss start)
        (seq { 1..steps })

let private matrix = tensor [ [ 4.0; 1.0; 0.0 ]; [ 1.0; 3.0; 0.5 ]; [ 0.0; 0.5; 20.0 ] ]
let private target = tensor [ 1.0; -2.0; 0.5 ]
let private quadratic (x: Tensor) = 0.5 * dot (x - target) (matmul matrix (x - target))

/// Each step of a run meets the strong Wolfe conditions (Nocedal & Wright 2006, eq. 3.7), computed anew.
let private wolfe loss (start: Tensor) steps =
    let mutable state = LBfgs.start LBfgs.defaults loss start

    for i in 1..steps do
        let next = LBfgs.step LBfgs.defaults loss state
        let s = next.Parameters - state.Parameters
        let before = float (dot (grad loss state.Parameters) s)
        let after = float (dot (grad loss next.Parameters) s)

        if float (norm (grad loss state.Parameters)) > 1e-6 then
            Expect.isLessThan before 0.0 $"step {i} descends"
            let rise = float (loss next.Parameters) - float (loss state.Parameters)
            Expect.isLessThanOrEqual rise (1e-4 * before + 1e-12) $"step {i}: enough descent"
            Expect.isLessThanOrEqual (abs after) (0.9 * abs before + 1e-12) $"step {i}: flat enough"

        close 1e-10 [ float (loss next.Parameters) ] next.Value
        state <- next

[<Tests>]
let tests =
    tests "L-BFGS" [
        "Rosenbrock's valley in two and in ten dimensions",
        (fun () ->
            close 1e-7 [ 1.0; 1.0 ] (minimize 50 rosenbrock (tensor [ -1.2; 1.0 ])).Parameters

            close
                1e-6
                (Array.replicate 10 1.0)
                (minimize 100 rosenbrock (Tensor.full DType.Float64 [ 10 ] -0.5)).Parameters)
        "a quadratic, in few steps",
        (fun () ->
            close 1e-8 (numbers target) (minimize 12 quadratic (tensor [ 10.0; 10.0; 10.0 ])).Parameters)
        "strong Wolfe conditions", (fun () -> wolfe rosenbrock (tensor [ -1.2; 1.0 ]) 35)
        "strong Wolfe conditions where the first step is far off",
        (fun () ->
            wolfe (fun x -> sum (square (square x)) + 1e-3 * sum (square x)) (tensor [ 30.0; -20.0 ]) 15
            wolfe (fun x -> sum (1e4 * square x)) (tensor [ 3.0; -2.0 ]) 4
            wolfe (fun x -> sum (1e-6 * square x)) (tensor [ 3.0; -2.0 ]) 3)
        "walls of NaN are kept away from",
        (fun () ->
            let loss (x: Tensor) = sum (x - log x)
            close 1e-6 [ 1.0; 1.0 ] (minimize 30 loss (tensor [ 0.01; 8.0 ])).Parameters)
        "after one pair a line along its step is left for good: the two-loop recursion by hand",
        (fun () ->
            let state = minimize 1 quadratic (tensor [ 1.0; 1.0; 1.0 ])
            let s, y = numbers state.Steps[9], numbers state.Differences[9]
            let g = numbers state.Gradient
            let product = Array.fold2 (fun total a b -> total + a * b) 0.0
            let rho = 1.0 / product s y
            let alpha = rho * product s g

            let q =
                Array.map2 (fun g y -> g - alpha * y) g y
                |> Array.map (fun q -> q * product s y / product y y)

            let beta = rho * product y q
            let d = Array.map2 (fun q s -> -(q + (alpha - beta) * s)) q s
            let next = LBfgs.step LBfgs.defaults quadratic state
            let moved = numbers (next.Parameters - state.Parameters)
            let factor = moved[0] / d[0]
            closeNumbers 1e-9 (Array.map (fun x -> x * factor) d) moved)
        "a record, in Float32, compiled",
        (fun () ->
            let x = Random.normal (Key.create 4L) DType.Float32 [ 50; 3 ]
            let y = matmul x (tensor [ 1.0f; -2.0f; 0.5f ]) + 3.0f
            let loss m = mean (square (matmul x m.A + m.B - y))
            let start = { A = Tensor.zeros DType.Float32 [ 3 ]; B = tensor 0.0f }
            let step = compile (LBfgs.step LBfgs.defaults loss)
            let last = Seq.fold (fun s _ -> step s) (LBfgs.start LBfgs.defaults loss start) [ 1..15 ]
            close 1e-3 [ 1.0; -2.0; 0.5 ] last.Parameters.A
            close 1e-3 [ 3.0 ] last.Parameters.B)
        "at the minimum it stays",
        (fun () ->
            let state = minimize 3 quadratic target
            equals target state.Parameters)
        "refused",
        (fun () ->
            let loss (a: Tensor, b: Tensor) = sum a + (sum b).Convert a.DType

            throws<DTypeException, _> [ "LBfgs.start"; "Float32"; "Float64" ] (fun () ->
                LBfgs.start LBfgs.defaults loss (tensor [ 1.0 ], tensor [ 1.0f ]))

            throws<ValueException, _> [ "LBfgs"; "history of 0" ] (fun () ->
                LBfgs.start { LBfgs.defaults with History = 0 } quadratic target))
    ]
