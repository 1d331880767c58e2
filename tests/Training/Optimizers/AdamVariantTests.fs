/// What has been made of Adam, step by step; long enough that RAdam's rectification sets in.
module Cotangent.Tests.AdamVariantTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.Sequence

let private means beta1 beta2 (m, v) (g: float) =
    beta1 * m + (1.0 - beta1) * g, beta2 * v + (1.0 - beta2) * g * g

/// Reddi, Kale & Kumar 2018, with Adam's corrections of bias.
let private amsGrad rate beta1 beta2 epsilon =
    each (0.0, 0.0, 0.0) (fun (m, v, largest) t g _ ->
        let m, v = means beta1 beta2 (m, v) g
        let largest = max largest v
        let root = sqrt largest / sqrt (1.0 - beta2 ** float t)
        -(rate t) * (m / (1.0 - beta1 ** float t)) / (root + epsilon), (m, v, largest))

/// Kingma & Ba 2015, algorithm 2.
let private adamax rate beta1 beta2 epsilon =
    each (0.0, 0.0) (fun (m, u) t g _ ->
        let m = beta1 * m + (1.0 - beta1) * g
        let u = max (beta2 * u) (abs g + epsilon)
        -(rate t) / (1.0 - beta1 ** float t) * m / u, (m, u))

/// Dozat 2016, as PyTorch writes it.
let private nAdam rate beta1 beta2 epsilon psi =
    each (0.0, 0.0, 1.0) (fun (m, v, product) t g _ ->
        let mu t = beta1 * (1.0 - 0.5 * 0.96 ** (float t * psi))
        let m, v = means beta1 beta2 (m, v) g
        let product = product * mu t
        let root = sqrt (v / (1.0 - beta2 ** float t)) + epsilon
        let ofMean = mu (t + 1) * m / (1.0 - product * mu (t + 1))
        let ofGradient = (1.0 - mu t) * g / (1.0 - product)
        -(rate t) * (ofMean + ofGradient) / root, (m, v, product))

/// Liu et al. 2020, algorithm 2, with PyTorch's bound.
let private rAdam rate beta1 beta2 epsilon =
    each (0.0, 0.0) (fun (m, v) t g _ ->
        let m, v = means beta1 beta2 (m, v) g
        let power = beta2 ** float t
        let limit = 2.0 / (1.0 - beta2) - 1.0
        let length = limit - 2.0 * float t * power / (1.0 - power)
        let mean = m / (1.0 - beta1 ** float t)

        if length > 5.0 then
            let r = sqrt ((length - 4.0) * (length - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * length))

            -(rate t) * mean * r * sqrt (1.0 - power) / (sqrt v + epsilon), (m, v)
        else
            -(rate t) * mean, (m, v))

/// Chen et al. 2023, algorithm 2.
let private lion rate beta1 beta2 decay =
    each 0.0 (fun m t g p ->
        let c = beta1 * m + (1.0 - beta1) * g
        -(rate t) * (float (sign c) + decay * p), beta2 * m + (1.0 - beta2) * g)

let private always rate = fun (_: int) -> rate
let private falling = Schedule.linear 0.3 0.02 12
let private fallen t = 0.3 + float (t - 1) / 12.0 * (0.02 - 0.3)
let private follows name optimizer byHand = followsFor 9 name optimizer byHand

[<Tests>]
let tests =
    testList "Adam's variants" [
        follows "amsGrad" (Optimizer.amsGrad (0.05, 0.8, 0.7, 0.03)) (amsGrad (always 0.05) 0.8 0.7 0.03)
        follows "amsGrad by default" (Optimizer.amsGrad falling) (amsGrad fallen 0.9 0.999 1e-8)
        follows "adamax" (Optimizer.adamax (0.05, 0.8, 0.7, 0.03)) (adamax (always 0.05) 0.8 0.7 0.03)
        follows "adamax by default" (Optimizer.adamax falling) (adamax fallen 0.9 0.999 1e-8)
        follows "nAdam" (Optimizer.nAdam (0.05, 0.8, 0.7, 0.03, 0.5)) (nAdam (always 0.05) 0.8 0.7 0.03 0.5)
        follows "nAdam by default" (Optimizer.nAdam falling) (nAdam fallen 0.9 0.999 1e-8 0.004)
        follows "rAdam" (Optimizer.rAdam (0.05, 0.8, 0.9, 0.03)) (rAdam (always 0.05) 0.8 0.9 0.03)
        follows "rAdam by default" (Optimizer.rAdam falling) (rAdam fallen 0.9 0.999 1e-8)
        follows "lion" (Optimizer.lion (0.05, 0.7, 0.8, 0.3)) (lion (always 0.05) 0.7 0.8 0.3)
        follows "lion by default" (Optimizer.lion falling) (lion fallen 0.9 0.99 0.0)
        testCase "refused" (fun () ->
            for make in
                [
                    (fun b -> Optimizer.amsGrad (0.1, beta1 = b))
                    (fun b -> Optimizer.adamax (0.1, beta2 = b))
                    (fun b -> Optimizer.nAdam (0.1, beta1 = b))
                    (fun b -> Optimizer.rAdam (0.1, beta2 = b))
                    (fun b -> Optimizer.lion (0.1, beta2 = b))
                ] do
                throws<ValueException, _> [ "Optimizer."; "beta"; "[0, 1)" ] (fun () -> make 1.0))
    ]
