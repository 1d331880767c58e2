/// Rotations of rows, kept and applied in chains, against the same one by one; and symmetric eigenproblems by halves. WidthTests runs
/// these with shorter vectors, too.
module Cotangent.Tests.RotationTests

open System
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice

/// Chains up or down, of several lengths, and single rotations of any rows.
let private draw (dice: Dice) rows : (int * int) list =
    let length = 1 + dice.Below(rows - 1)
    let first = dice.Below(rows - length)

    match dice.Below 4 with
    | 0 ->
        let a = dice.Below rows
        [ a, (a + 1 + dice.Below(rows - 1)) % rows ]
    | 1 -> [ for i in first .. first + length - 1 -> i, i + 1 ]
    | 2 -> [ for i in first + length - 1 .. -1 .. first -> i, i + 1 ]
    // As an iteration does: one chain after the other from the same row, the later ones shorter.
    | _ -> [
        for shorter in 0 .. min 3 (length - 1) do
            if first % 2 = 0 then
                for i in first .. first + length - 1 - shorter do
                    i, i + 1
            else
                for i in first + length - 1 .. -1 .. first + shorter do
                    i, i + 1
      ]

let private chains =
    testCase "against one by one" (fun () ->
        for seed in 1..200 do
            let dice = Dice seed
            let rows, width = 2 + dice.Below 30, 1 + dice.Below 80
            let start = Array.init (rows * width) (fun _ -> dice.Between -1.0 1.0)
            let found, expected = Array.copy start, Array.copy start
            let rotations = Rotations(width, found)

            for _ in 1..10 do
                for a, b in draw dice rows do
                    let angle = dice.Between -3.0 3.0
                    let c, s = cos angle, sin angle
                    rotations.Add(a, b, c, s)

                    for i in 0 .. width - 1 do
                        let p, q = expected[a * width + i], expected[b * width + i]
                        expected[a * width + i] <- c * p + s * q
                        expected[b * width + i] <- c * q - s * p

            rotations.Apply()

            for i in 0 .. found.Length - 1 do
                Expect.isLessThan (abs (found[i] - expected[i])) 1e-12 $"seed {seed}, element {i}")

/// Symmetric matrices, some with eigenvalues that are equal or nearly so, and with blocks.
let private matrices n : (string * float[]) list =
    let dice = Dice n
    let noise = Array.init (n * n) (fun _ -> dice.Between -1.0 1.0)
    let make f = Array.init (n * n) (fun at -> f (at / n) (at % n))
    let beside i j = abs (i - j) = 1

    [
        "random", make (fun i j -> noise[i * n + j] + noise[j * n + i])
        "identity", make (fun i j -> if i = j then 1.0 else 0.0)
        "zero", make (fun _ _ -> 0.0)
        "ones", make (fun _ _ -> 1.0)
        "of rank 2", make (fun i j -> noise[i] * noise[j] + noise[n + i] * noise[n + j])
        "graded", make (fun i j -> 10.0 ** (-8.0 * float (i + j) / float n))
        "blocks", make (fun i j -> if i / 10 = j / 10 then float (i % 10 + j % 10) else 0.0)
        "Wilkinson's",
        make (fun i j ->
            if i = j then abs (float i - float (n - 1) / 2.0)
            elif beside i j then 1.0
            else 0.0)
        "Wilkinson's, glued",
        make (fun i j ->
            if i = j then abs (float (i % 21) - 10.0)
            elif beside i j then (if min i j % 21 = 20 then 1e-8 else -1.0)
            else 0.0)
        "with an eigenvalue that stands out",
        make (fun i j ->
            if i = j then (if i = n / 2 then 1e6 else 1.0)
            elif beside i j then 1e-3
            else 0.0)
    ]

let private decomposed n (a: float[]) =
    let parts = Eigh.evaluate (HostBuffer.own DType.Float64 [| n; n |] a)
    (parts[0] :?> HostBuffer<float>).Items, (parts[1] :?> HostBuffer<float>).Items

let private halves =
    testList "symmetric matrices" [
        testCase "vectors are orthogonal, and make the matrix" (fun () ->
            for n in [ 33; 95; 96; 97; 131; 160 ] do
                for name, a in matrices n do
                    let values, vectors = decomposed n a
                    let largest = a |> Array.fold (fun m x -> max m (abs x)) 1.0

                    for i in 1 .. n - 1 do
                        Expect.isLessThanOrEqual values[i - 1] values[i] $"{name}, {n}: value {i} in order"

                    for i in 0 .. n - 1 do
                        for j in 0 .. n - 1 do
                            let mutable product, inner = 0.0, 0.0

                            for k in 0 .. n - 1 do
                                product <- product + vectors[i * n + k] * values[k] * vectors[j * n + k]
                                inner <- inner + vectors[k * n + i] * vectors[k * n + j]

                            let wanted = if i = j then 1.0 else 0.0

                            Expect.isLessThan
                                (abs (inner - wanted))
                                2e-14
                                $"{name}, {n}: vectors {i} and {j}"

                            Expect.isLessThan
                                (abs (product - a[i * n + j]))
                                (3e-15 * largest * float n)
                                $"{name}, {n}: element {i}, {j}")
        testCase "the values of second differences" (fun () ->
            for n in [ 96; 203; 256 ] do
                let a =
                    Array.init (n * n) (fun at ->
                        match abs (at / n - at % n) with
                        | 0 -> 2.0
                        | 1 -> -1.0
                        | _ -> 0.0)

                let values, _ = decomposed n a

                for k in 1..n do
                    let wanted = 2.0 - 2.0 * cos (float k * Math.PI / float (n + 1))
                    Expect.isLessThan (abs (values[k - 1] - wanted)) 1e-13 $"value {k} of {n}")
        testCase "by any number of threads" (fun () ->
            let before = Workers.count ()

            try
                for n in [ 100; 301 ] do
                    let _, a = (matrices n).Head

                    let byThreads = [
                        for threads in 1..4 do
                            Workers.limit threads
                            decomposed n a
                    ]

                    for found in byThreads.Tail do
                        Expect.equal found byThreads.Head $"by more threads, {n}"
            finally
                Workers.limit before)
    ]

[<Tests>]
let tests = testSequenced <| testList "rotations" [ chains; halves ]
