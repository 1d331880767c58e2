/// Bounds on gradients and noise on them, against loops.
module Cotangent.Tests.ClippingTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.Sequence

let private length (x: float seq) = sqrt (Seq.sumBy (fun x -> x * x) x)
let private scaled factor = Array.map (fun g -> g * factor)

/// Brock et al. 2021, eq. 3: of a matrix (inputs, outputs) by columns.
let private adaptive limit epsilon : ByHand =
    whole () (fun shape () _ g p ->
        let units =
            match shape with
            | [ n; m ] -> [ for j in 0 .. m - 1 -> [ for i in 0 .. n - 1 -> i * m + j ] ]
            | _ -> [ [ 0 .. g.Length - 1 ] ]

        let result = Array.copy g

        for unit in units do
            let most = limit * max (length [ for k in unit -> p[k] ]) epsilon
            let norm = length [ for k in unit -> g[k] ]

            if norm > most then
                for k in unit do
                    result[k] <- g[k] * most / norm

        result, ())

let private sequences =
    testList "by hand" [
        follows "clipByValue" (Optimizer.clipByValue 0.3) (each () (fun () _ g _ -> max -0.3 (min 0.3 g), ()))
        follows
            "clipEachByNorm"
            (Optimizer.clipEachByNorm 0.8)
            (whole () (fun _ () _ g _ -> scaled (min 1.0 (0.8 / length g)) g, ()))
        follows "clipAdaptively" (Optimizer.clipAdaptively (0.2, 0.5)) (adaptive 0.2 0.5)
        follows "clipAdaptively by default" (Optimizer.clipAdaptively ()) (adaptive 0.01 1e-3)
    ]

let private others =
    tests "and" [
        "the global norm is that of all tensors together",
        (fun () ->
            let g = gradientAt DType.Float64 1
            let all = Array.append (numbers g.Weight) (numbers g.Bias)

            for limit in [ 0.5; 100.0 ] do
                let o = Optimizer.clipByGlobalNorm limit
                let clipped, _ = o.Update g (o.Init g) g
                let factor = min 1.0 (limit / length all)
                close 1e-12 (scaled factor (numbers g.Weight)) clipped.Weight
                close 1e-12 (scaled factor (numbers g.Bias)) clipped.Bias)
        "filters of a convolution are clipped each by itself",
        (fun () ->
            let p = Tensor.ones DType.Float64 [ 2; 3; 1; 1 ]
            let g = tensor [ [ 3.0; 4.0; 0.0 ]; [ 0.001; 0.0; 0.0 ] ]
            let o = Optimizer.clipAdaptively 0.1
            let clipped, _ = o.Update (g.Reshape [ 2; 3; 1; 1 ]) (o.Init p) p
            let factor = 0.1 * sqrt 3.0 / 5.0
            close 1e-12 [ 3.0 * factor; 4.0 * factor; 0.0; 0.001; 0.0; 0.0 ] clipped)
        "noise has its variance, falls with the steps, and comes again with the key",
        (fun () ->
            let zero = Tensor.zeros DType.Float64 [ 40_000 ]
            let o = Optimizer.addNoise (Key.create 7L, 0.3, decay = 0.8)

            let once (s, found) _ =
                let noise, s = o.Update zero s zero
                s, noise :: found

            let run () = Seq.fold once (o.Init zero, []) [ 1..4 ] |> snd |> List.rev
            let noises = run ()

            for t, noise in Seq.indexed noises do
                let expected = 0.3 / float (t + 1) ** 0.8
                Expect.isLessThan (abs (float (noise.Variance()) / expected - 1.0)) 0.05 $"variance {t}"
                Expect.isLessThan (abs (float (noise.Mean()))) 0.01 "mean"

            Expect.equal (run ()) noises "again"
            Expect.notEqual noises[0] noises[1] "another in each step"
            let two = o.Update [ zero; zero ] (o.Init [ zero; zero ]) [ zero; zero ] |> fst
            Expect.notEqual two[0] two[1] "another for each tensor"
            let compiled, _ = compile (fun (g, s, p) -> o.Update g s p) (zero, o.Init zero, zero)
            close 1e-12 (numbers noises[0]) compiled
            let plain = Optimizer.addNoise (Key.create 7L, 0.3)
            let _, s = plain.Update zero (plain.Init zero) zero
            let second, _ = plain.Update zero s zero
            Expect.isLessThan (abs (float (second.Variance()) / (0.3 / 2.0 ** 0.55) - 1.0)) 0.05 "by default")
        "refused",
        (fun () ->
            for make in
                [
                    Optimizer.clipByValue
                    Optimizer.clipEachByNorm
                    Optimizer.clipByGlobalNorm
                    (fun x -> Optimizer.clipAdaptively x)
                ] do
                throws<ValueException, _> [ "Optimizer.clip"; "limit"; "positive" ] (fun () -> make 0.0)

            throws<ValueException, _> [ "Optimizer.addNoise"; "-1" ] (fun () ->
                Optimizer.addNoise (Key.create 0L, -1.0)))
    ]

[<Tests>]
let tests = testList "Clipping" [ sequences; others ]
