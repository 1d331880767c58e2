/// Taylor mode beside derivatives of derivatives: the tenth derivative of a network along a line, and Laplacians of networks.
module Cotangent.Benchmarks.TaylorBenchmarks

open Cotangent
open Cotangent.Benchmarks.Harness

/// Layers of tanh, and a sum at the end.
let private network dtype (sizes: int list) : Tensor list =
    List.pairwise sizes
    |> List.mapi (fun i (from, into) ->
        Random.normal (Key.create (int64 i)) dtype [ from; into ] * (1.0 / sqrt (float from)))

let private apply (weights: Tensor list) (x: Tensor) : Tensor =
    sum (List.fold (fun (x: Tensor) w -> tanh (matmul x w)) x weights)

/// The n-th derivative by n derivatives in each other.
let rec private nested n (f: Tensor -> Tensor) : Tensor -> Tensor =
    if n = 0 then f else fun x -> snd (jvp (nested (n - 1) f) x (Tensor.onesLike x))

let private entry name (f: Tensor -> Tensor) (x: Tensor) = {
    Name = name
    Measure =
        // Once for the compiler of either kind.
        let call () = f x |> ignore
        call ()
        fun () -> Some(perCall 200.0 call)
}

let private along () =
    let weights = network DType.Float64 [ 32; 32; 32; 32 ]
    let v = Random.normal (Key.create 9L) DType.Float64 [ 32 ]
    let f (t: Tensor) = apply weights (v * t)
    let at = tensor 0.3

    for order in [ 5; 10 ] do
        compare $"Derivative {order} of a network of three layers of 32, along a line" "µs a call" 7 [
            entry "the network itself" f at
            entry "Taylor mode" (diffn order f) at
            entry "jvp in jvp" (nested order f) at
            entry "Taylor mode, compiled" (compile (diffn order f)) at
        ]

let private laplacians () =
    for inputs in [ 3; 30 ] do
        let weights = network DType.Float64 [ inputs; 64; 64; 64 ]
        let f = apply weights
        let points = Random.normal (Key.create 9L) DType.Float64 [ 64; inputs ]
        let byHessian (x: Tensor) = trace (hessian f x)

        /// Second derivatives along each axis by jvp in jvp, all at once.
        let byPushes (x: Tensor) =
            let second e = snd (jvp (fun x -> snd (jvp f x e)) x e)
            sum (vmap second (Tensor.eye DType.Float64 inputs))

        compare
            $"Laplacian of a network of {inputs} inputs and three layers of 64, at 64 points"
            "µs a call"
            7
            [
                entry "laplacian" (vmap (laplacian f)) points
                entry "jvp in jvp along each axis" (vmap byPushes) points
                entry "the Hessian's trace" (vmap byHessian) points
            ]

        compare "The same, compiled" "µs a call" 7 [
            entry "laplacian" (compile (vmap (laplacian f))) points
            entry "jvp in jvp along each axis" (compile (vmap byPushes)) points
            entry "the Hessian's trace" (compile (vmap byHessian)) points
        ]

let run (arguments: string list) =
    let wanted name = arguments.IsEmpty || List.contains name arguments
    if wanted "along" then along ()
    if wanted "laplacian" then laplacians ()
