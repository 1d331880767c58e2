/// Compiled is eager; batched is looped.
module Cotangent.Distributions.Tests.TransformationTests

open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Families

let private everything (family: Family) (p: Tensor[], x: Tensor, u: Tensor, key: Key) =
    let d = family.Make p
    [ d.LogProb x; d.Cdf x; d.Quantile u; d.Sample(key, 3); d.Mean(); d.Variance(); d.Entropy() ]

let private points = tensor [ 0.2; 0.5; 1.7 ]

[<Tests>]
let transformations =
    testList "Transformations" [
        testList "compiled" [
            for family in all do
                test family.Name {
                    let set = tensors family.Sets.Head
                    let d = family.Make set
                    let u = tensor [ 0.1; 0.6; 0.9 ]
                    let arguments = set, d.Quantile u, u, Key.create 3L
                    let eager, compiled = everything family arguments, compile (everything family) arguments
                    List.iter2 (fun e c -> allNear 1e-10 c e "value") eager compiled

                    let loss p =
                        let d = family.Make p
                        sum (d.Sample(Key.create 4L, 5)) + sum (d.LogProb(stopGradient (d.Quantile u)))

                    let eager, compiled = grad loss set, compile (grad loss) set
                    Array.iter2 (fun e c -> allNear 1e-8 c e "gradient") eager compiled
                }
        ]
        testList "batched" [
            for family in all do
                test family.Name {
                    // Three distributions, two of the same parameters.
                    let sets = [ family.Sets.Head; List.last family.Sets; family.Sets.Head ]
                    let u = tensor [ 0.1; 0.6; 0.9 ]
                    let keys = Key.splitMany 3 (Key.create 8L)
                    let batch = Key.batch 3 (Key.create 8L)
                    let stacked = [| for i in 0 .. sets.Head.Length - 1 -> tensor [ for s in sets -> s[i] ] |]
                    let x = (family.Make stacked).Quantile u
                    let batched = vmap (everything family) (stacked, x, u, batch)

                    let looped =
                        [ for i in 0..2 -> everything family (tensors sets[i], x[i], u[i], keys[i]) ]
                        |> List.transpose
                        |> List.map (stack 0)

                    List.iter2 (fun b l -> allNear 1e-12 b l "value") batched looped
                }
        ]
        test "a distribution is a tree" {
            let d = Normal(tensor 0.0, tensor [ 1.0; 2.0 ])
            Expect.equal (Tree.paths d) [| "$.Loc"; "$.Scale" |] "its leaves"
            let gradient = grad (fun (d: Normal) -> sum (d.LogProb(tensor 1.0))) d
            allNear 1e-12 gradient.Loc (tensor [ 1.0; 0.25 ]) "(x - loc)/scale²"
            let each = vmap (fun (d: Normal) -> d.Sample(Key.create 1L, 4)) d
            Expect.equal each.Shape [| 2; 4 |] "each by itself"
            let byBase = compile (fun (d: Distribution) -> d.LogProb(tensor 1.0)) d
            allNear 1e-12 byBase (d.LogProb(tensor 1.0)) "as what it derives from"
        }
        test "fitted by gradients" {
            // The most likely gamma distribution of draws of another, by Adam on logarithms.
            let data = Gamma(tensor 3.0, tensor 2.0).Sample(Key.create 2L, 2000)
            let loss (a, b) = -(mean (Gamma(exp a, exp b).LogProb data))
            let optimizer = Optimizer.adam (Schedule.constant 0.05)

            let step = compile (fun (p, state) -> Optimizer.step optimizer (grad loss p) state p)

            let start = tensor 0.0, tensor 0.0
            let fitted, _ = Seq.fold (fun state _ -> step state) (start, optimizer.Init start) [ 1..300 ]
            let a, b = fitted
            // Standard errors are near 0.09 and 0.07.
            near 0.1 (exp (float a)) 3.0 "concentration"
            near 0.1 (exp (float b)) 2.0 "rate"
        }
    ]
