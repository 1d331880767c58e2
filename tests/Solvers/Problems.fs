/// The problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software", 1981: residuals, starts and minima, written
/// down from memory rather than copied from the paper. What the solvers find agrees with the minima within the tolerances of the tests.
module internal Cotangent.Solvers.Tests.Problems

open System
open Cotangent

/// The minimum is the sum of the squares of the residuals.
type Problem = { Name: string; Residuals: Tensor -> Tensor; Start: float list; Minimum: float }

let private row (parts: Tensor list) : Tensor = stack 0 parts
let private column (numbers: float list) : Tensor = tensor numbers

let private problem name start minimum residuals = {
    Name = name
    Residuals = residuals
    Start = start
    Minimum = minimum
}

let private bard = [
    0.14
    0.18
    0.22
    0.25
    0.29
    0.32
    0.35
    0.39
    0.37
    0.58
    0.73
    0.96
    1.34
    2.10
    4.39
]

let private gaussian = [
    0.0009
    0.0044
    0.0175
    0.0540
    0.1295
    0.2420
    0.3521
    0.3989
    0.3521
    0.2420
    0.1295
    0.0540
    0.0175
    0.0044
    0.0009
]

let private kowalik =
    [ 0.1957; 0.1947; 0.1735; 0.1600; 0.0844; 0.0627; 0.0456; 0.0342; 0.0323; 0.0235; 0.0246 ],
    [ 4.0; 2.0; 1.0; 0.5; 0.25; 0.167; 0.125; 0.1; 0.0833; 0.0714; 0.0625 ]

let private osborne = [
    0.844
    0.908
    0.932
    0.936
    0.925
    0.908
    0.881
    0.850
    0.818
    0.784
    0.751
    0.718
    0.685
    0.658
    0.628
    0.603
    0.580
    0.558
    0.538
    0.522
    0.506
    0.490
    0.478
    0.467
    0.457
    0.448
    0.438
    0.431
    0.424
    0.420
    0.414
    0.411
    0.406
]

/// Problem 20, of n unknowns.
let private watson n =
    let t = [ for i in 1..29 -> float i / 29.0 ]
    let powers = tensor [ for t in t -> [ for j in 0 .. n - 1 -> t ** float j ] ]

    let slopes =
        tensor [
            for t in t -> [ for j in 0 .. n - 1 -> if j = 0 then 0.0 else float j * t ** float (j - 1) ]
        ]

    fun (x: Tensor) ->
        let along = matmul slopes x - square (matmul powers x) - 1.0
        concat 0 [ along; row [ x[0]; x[1] - square x[0] - 1.0 ] ]

/// Problem 35: the shifted polynomials of Chebyshev.
let private chebyquad n =
    fun (x: Tensor) ->
        let shifted = 2.0 * x - 1.0
        let next (before, now) = now, 2.0 * shifted * now - before
        let all = List.scan (fun state _ -> next state) (Tensor.onesLike x, shifted) [ 2..n ] |> List.map snd
        let integral i = if i % 2 = 0 then -1.0 / float (i * i - 1) else 0.0
        row [ for i, polynomial in List.indexed all -> mean polynomial - integral (i + 1) ]

let problems = [
    problem "Rosenbrock" [ -1.2; 1.0 ] 0.0 (fun x -> row [ 10.0 * (x[1] - square x[0]); 1.0 - x[0] ])
    problem "Freudenstein and Roth" [ 0.5; -2.0 ] 48.98425367924 (fun x ->
        row [
            -13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1]
            -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]
        ])
    problem "Beale" [ 1.0; 1.0 ] 0.0 (fun x ->
        row [ for i, y in [ 1, 1.5; 2, 2.25; 3, 2.625 ] -> y - x[0] * (1.0 - x[1] ** i) ])
    problem "Jennrich and Sampson" [ 0.3; 0.4 ] 124.3621823556 (fun x ->
        let i = tensor [ 1.0 .. 10.0 ]
        2.0 + 2.0 * i - (exp (i * x[0]) + exp (i * x[1])))
    problem "helical valley" [ -1.0; 0.0; 0.0 ] 0.0 (fun x ->
        let angle = atan2 x[1] x[0] / (2.0 * Math.PI)
        row [ 10.0 * (x[2] - 10.0 * angle); 10.0 * (sqrt (square x[0] + square x[1]) - 1.0); x[2] ])
    problem "Bard" [ 1.0; 1.0; 1.0 ] 8.214877306578e-3 (fun x ->
        let u = tensor [ 1.0 .. 15.0 ]
        let v = 16.0 - u
        column bard - (x[0] + u / (v * x[1] + minimum u v * x[2])))
    problem "Gaussian" [ 0.4; 1.0; 0.0 ] 1.127932769619e-8 (fun x ->
        let t = tensor [ for i in 1..15 -> (8.0 - float i) / 2.0 ]
        x[0] * exp (-x[1] * square (t - x[2]) / 2.0) - column gaussian)
    problem "Box" [ 0.0; 10.0; 20.0 ] 0.0 (fun x ->
        let t = 0.1 * tensor [ 1.0 .. 10.0 ]
        exp (-t * x[0]) - exp (-t * x[1]) - x[2] * (exp -t - exp (-10.0 * t)))
    problem "Powell, singular" [ 3.0; -1.0; 0.0; 1.0 ] 0.0 (fun x ->
        row [
            x[0] + 10.0 * x[1]
            sqrt 5.0 * (x[2] - x[3])
            square (x[1] - 2.0 * x[2])
            sqrt 10.0 * square (x[0] - x[3])
        ])
    problem "Wood" [ -3.0; -1.0; -3.0; -1.0 ] 0.0 (fun x ->
        row [
            10.0 * (x[1] - square x[0])
            1.0 - x[0]
            sqrt 90.0 * (x[3] - square x[2])
            1.0 - x[2]
            sqrt 10.0 * (x[1] + x[3] - 2.0)
            (x[1] - x[3]) / sqrt 10.0
        ])
    problem "Kowalik and Osborne" [ 0.25; 0.39; 0.415; 0.39 ] 3.075056038492e-4 (fun x ->
        let y, u = column (fst kowalik), column (snd kowalik)
        y - x[0] * (square u + u * x[1]) / (square u + u * x[2] + x[3]))
    problem "Brown and Dennis" [ 25.0; 5.0; -5.0; -1.0 ] 85822.20162635 (fun x ->
        let t = tensor [ for i in 1..20 -> float i / 5.0 ]
        square (x[0] + t * x[1] - exp t) + square (x[2] + x[3] * sin t - cos t))
    problem "Osborne 1" [ 0.5; 1.5; -1.0; 0.01; 0.02 ] 5.464894697483e-5 (fun x ->
        let t = tensor [ for i in 0..32 -> 10.0 * float i ]
        column osborne - (x[0] + x[1] * exp (-t * x[3]) + x[2] * exp (-t * x[4])))
    problem "Watson, 6" (List.replicate 6 0.0) 2.287670053552e-3 (watson 6)
    problem "Watson, 9" (List.replicate 9 0.0) 1.399760138e-6 (watson 9)
    problem "trigonometric" (List.replicate 5 0.2) 0.0 (fun x ->
        let i = tensor [ 1.0 .. 5.0 ]
        5.0 - sum (cos x) + i * (1.0 - cos x) - sin x)
    problem "Broyden, tridiagonal" (List.replicate 10 -1.0) 0.0 (fun x ->
        let none = tensor [ 0.0 ]
        (3.0 - 2.0 * x) * x - concat 0 [ none; x[..8] ] - 2.0 * concat 0 [ x[1..]; none ] + 1.0)
    problem "Chebyquad, 7" [ for i in 1..7 -> float i / 8.0 ] 0.0 (chebyquad 7)
    problem "Chebyquad, 8" [ for i in 1..8 -> float i / 9.0 ] 3.516873725677e-3 (chebyquad 8)
]

let find name = problems |> List.find (fun p -> p.Name = name)
