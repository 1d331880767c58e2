/// Steps measured by the size of each tensor: LAMB, LARS, Adafactor and Muon, step by step.
module Cotangent.Tests.LayerWiseTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.Sequence

let private length (x: float[]) = sqrt (Array.sumBy (fun x -> x * x) x)
let private rootMeanSquare (x: float[]) = length x / sqrt (float x.Length)
let private always rate = fun (_: int) -> rate
let private falling = Schedule.linear 0.3 0.02 7
let private fallen t = 0.3 + float (t - 1) / 7.0 * (0.02 - 0.3)

let private adam beta1 beta2 epsilon kept t (g: float[]) =
    let m = kept |> Array.mapi (fun i (m, _) -> beta1 * m + (1.0 - beta1) * g[i])
    let v = kept |> Array.mapi (fun i (_, v) -> beta2 * v + (1.0 - beta2) * g[i] * g[i])

    Array.map2 (fun m v -> m / (1.0 - beta1 ** float t) / (sqrt (v / (1.0 - beta2 ** float t)) + epsilon)) m v,
    Array.zip m v

/// You et al. 2020, algorithm 2.
let private lamb rate beta1 beta2 epsilon decay : ByHand =
    fun shape ->
        let start = Array.create (List.fold (*) 1 shape) (0.0, 0.0)

        whole
            start
            (fun _ kept t g p ->
                let d, kept = adam beta1 beta2 epsilon kept t g
                let d = Array.map2 (fun d p -> d + decay * p) d p
                d |> Array.map (fun x -> -(rate t) * length p / length d * x), kept)
            shape

/// You, Gitman & Ginsburg 2017, algorithm 1.
let private lars rate momentum decay trust : ByHand =
    fun shape ->
        let start = Array.zeroCreate (List.fold (*) 1 shape)

        whole
            start
            (fun _ (v: float[]) t g p ->
                let local = trust * length p / (length g + decay * length p)
                let v = v |> Array.mapi (fun i v -> momentum * v + rate t * local * (g[i] + decay * p[i]))
                Array.map (~-) v, v)
            shape

/// Shazeer & Stern 2018, algorithms 4 and 5, with update clipping and relative steps.
let private adafactor rate exponent epsilon1 epsilon2 clip decay : ByHand =
    whole ([||], [||]) (fun shape (r: float[], c: float[]) t g p ->
        let share = float t ** -exponent

        let blend (old: float[]) (now: float[]) =
            if old.Length = 0 then
                now
            else
                Array.map2 (fun o n -> (1.0 - share) * o + share * n) old now

        let square = g |> Array.map (fun g -> g * g + epsilon1)

        let variance, next =
            match shape with
            | [ n; m ] ->
                let r = blend r (Array.init n (fun i -> Array.average square[i * m .. i * m + m - 1]))

                let c =
                    blend
                        c
                        (Array.init m (fun j -> Seq.average [ for i in 0 .. n - 1 -> square[i * m + j] ]))

                Array.init square.Length (fun k -> r[k / m] * c[k % m] / Array.average r), (r, c)
            | _ ->
                let v = blend r square
                v, (v, [||])

        let u = Array.map2 (fun g v -> g / sqrt v) g variance
        let u = u |> Array.map (fun x -> x / max 1.0 (rootMeanSquare u / clip))
        let step = max epsilon2 (rootMeanSquare p) * rate t
        Array.map2 (fun u p -> -step * u - rate t * decay * p) u p, next)

/// Jordan et al. 2024: Newton–Schulz in plain loops, and AdamW for what is no matrix.
module private Plain =
    let product (a: float[,]) (b: float[,]) =
        Array2D.init (Array2D.length1 a) (Array2D.length2 b) (fun i j ->
            Seq.sum [ for k in 0 .. Array2D.length2 a - 1 -> a[i, k] * b[k, j] ])

    let transpose (a: float[,]) = Array2D.init (Array2D.length2 a) (Array2D.length1 a) (fun i j -> a[j, i])
    let norm (a: float[,]) = sqrt (Seq.sumBy (fun x -> x * x) (Seq.cast<float> a))

    let orthogonal steps (g: float[,]) =
        let mutable x = g |> Array2D.map (fun v -> v / (norm g + 1e-7))

        for _ in 1..steps do
            let a = product x (transpose x)
            let aa = product a a

            let b =
                Array2D.init (Array2D.length1 a) (Array2D.length2 a) (fun i j ->
                    -4.7750 * a[i, j] + 2.0315 * aa[i, j])

            let bx = product b x
            x <- Array2D.init (Array2D.length1 x) (Array2D.length2 x) (fun i j -> 3.4445 * x[i, j] + bx[i, j])

        x

let private muon rate momentum nesterov decay steps beta1 beta2 epsilon : ByHand =
    fun shape ->
        let start = Array.create (List.fold (*) 1 shape) (0.0, 0.0)

        whole
            start
            (fun shape kept t g p ->
                let d, kept =
                    match shape with
                    | [ n; m ] ->
                        let mean =
                            kept |> Array.mapi (fun i (mean, _) -> momentum * mean + (1.0 - momentum) * g[i])

                        let ahead =
                            if nesterov then
                                Array.map2 (fun mean g -> momentum * mean + (1.0 - momentum) * g) mean g
                            else
                                mean

                        let o = Plain.orthogonal steps (Array2D.init n m (fun i j -> ahead[i * m + j]))

                        Array.init ahead.Length (fun k -> 0.2 * sqrt (float (max n m)) * o[k / m, k % m]),
                        mean |> Array.map (fun m -> m, 0.0)
                    | _ -> adam beta1 beta2 epsilon kept t g

                Array.map2 (fun d p -> -(rate t) * (d + decay * p)) d p, kept)
            shape

let private sequences =
    testList "by hand" [
        follows "lamb" (Optimizer.lamb (0.05, 0.8, 0.95, 0.03, 0.2)) (lamb (always 0.05) 0.8 0.95 0.03 0.2)
        follows "lamb by default" (Optimizer.lamb falling) (lamb fallen 0.9 0.999 1e-6 0.01)
        follows "lars" (Optimizer.lars (0.5, 0.8, 0.2, 0.1)) (lars (always 0.5) 0.8 0.2 0.1)
        follows "lars by default" (Optimizer.lars falling) (lars fallen 0.9 0.0005 0.001)
        follows
            "adafactor"
            (Optimizer.adafactor (0.1, 0.6, 1e-3, 0.05, 0.7, 0.2))
            (adafactor (always 0.1) 0.6 1e-3 0.05 0.7 0.2)
        follows "adafactor by default" (Optimizer.adafactor falling) (adafactor fallen 0.8 1e-30 1e-3 1.0 0.0)
        follows
            "muon"
            (Optimizer.muon (0.05, 0.8, false, 0.2, 3, 0.7, 0.9, 0.03))
            (muon (always 0.05) 0.8 false 0.2 3 0.7 0.9 0.03)
        follows "muon by default" (Optimizer.muon falling) (muon fallen 0.95 true 0.1 5 0.9 0.95 1e-8)
    ]

let private others =
    tests "and" [
        "a parameter of zeros moves",
        (fun () ->
            for o in [ Optimizer.lamb (0.1, decay = 0.0); Optimizer.lars (0.1, momentum = 0.0, decay = 0.0) ] do
                let x, g = tensor [ 0.0; 0.0 ], tensor [ 1.0; -1.0 ]
                let next, _ = Optimizer.step o g (o.Init x) x
                close 1e-6 [ -0.1; 0.1 ] next
                let still, _ = Optimizer.step o x (o.Init g) g
                equals g still)
        "Adafactor keeps of a matrix its margins alone",
        (fun () ->
            let o = Optimizer.adafactor 0.01
            let state = o.Init [ Tensor.zeros DType.Float32 [ 5; 7; 3 ]; Tensor.zeros DType.Float32 [ 4 ] ]
            hasShape [ 5; 7; 1 ] state.Slots["rows"].Head
            hasShape [ 5; 1; 3 ] state.Slots["columns"].Head
            hasShape [ 4 ] state.Slots["rows"].Tail.Head
            hasShape [] state.Slots["columns"].Tail.Head)
        "Muon's directions have singular values near 1, tall, wide and of higher rank",
        (fun () ->
            for shape in [ [ 8; 3 ]; [ 3; 8 ]; [ 4; 2; 3 ] ] do
                let g = Random.normal (Key.create 3L) DType.Float64 shape
                let o = Optimizer.muon (1.0, momentum = 0.0, decay = 0.0)
                let change, _ = o.Update g (o.Init g) g
                let m = change.Reshape [ shape.Head; -1 ]
                let m = m / (0.2 * sqrt (float (max m.Shape[0] m.Shape[1])))
                let square = if m.Shape[0] > m.Shape[1] then matmul m.T m else matmul m m.T
                let values, _ = eigh square

                for v in numbers values do
                    Expect.isTrue (sqrt v > 0.6 && sqrt v < 1.3) $"singular value {sqrt v}")
        "refused",
        (fun () ->
            throws<ValueException, _> [ "Optimizer.lars"; "trust" ] (fun () ->
                Optimizer.lars (0.1, trust = 0.0))

            throws<ValueException, _> [ "Optimizer.lamb"; "beta2" ] (fun () ->
                Optimizer.lamb (0.1, beta2 = 1.0))

            throws<ValueException, _> [ "Optimizer.adafactor"; "clip" ] (fun () ->
                Optimizer.adafactor (0.1, clip = 0.0))

            throws<ValueException, _> [ "Optimizer.muon"; "steps" ] (fun () ->
                Optimizer.muon (0.1, steps = 0)))
    ]

[<Tests>]
let tests = testList "Layer-wise" [ sequences; others ]
