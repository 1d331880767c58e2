module Cotangent.Distributions.Tests.Inference.UnconstrainedTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Inference
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Inference.Models

type private Parts = { Rate: Tensor; Shares: Tensor; Free: Tensor }

let private logDensity (q: Parts) =
    Gamma(tensor 3.0, tensor 2.0).LogProb q.Rate
    + Dirichlet(tensor [ 1.0; 2.0; 3.0 ]).LogProb q.Shares
    + sum (Normal(tensor 0.0, tensor 1.0).LogProb q.Free)

let private model =
    Unconstrained<Parts>(logDensity)
        .With((fun q -> q.Rate), Bijections.Exp)
        .With((fun q -> q.Shares), Bijections.Simplex)

let private inside = { Rate = tensor 0.7; Shares = tensor [ 0.2; 0.3; 0.5 ]; Free = tensor [ 1.0; -1.0 ] }

[<Tests>]
let unconstrained =
    testList "Unconstrained" [
        test "there and back" {
            let free = model.Free inside
            near 1e-12 (float free.Rate) (log 0.7) "rate"
            Expect.equal free.Shares.Shape [| 2 |] "one number fewer"
            Expect.equal (numbers free.Free) [| 1.0; -1.0 |] "as it is"
            let back = model.Constrain free
            allNear 1e-12 back.Rate inside.Rate "rate"
            allNear 1e-12 back.Shares inside.Shares "shares"
        }
        test "the density of free numbers, by hand" {
            // Of the logarithm y of a gamma variable it is β^α/Γ(α) exp(α y - β exp y).
            let only =
                Unconstrained(fun x -> Gamma(tensor 3.0, tensor 2.0).LogProb x).With(id, Bijections.Exp)

            let y = -0.4

            near
                1e-12
                (float (only.LogDensity(tensor y)))
                (3.0 * log 2.0 - log 2.0 + 3.0 * y - 2.0 * exp y)
                "gamma"
        }
        test "integrals stay 1" {
            let only =
                Unconstrained(fun x -> Beta(tensor 2.0, tensor 3.0).LogProb x).With(id, Bijections.Sigmoid)

            let at = Tensor.linspace DType.Float64 -20.0 20.0 4001
            near 1e-6 (0.01 * float (sum (exp (vmap only.LogDensity at)))) 1.0 "over the line"
        }
        test "chains of constrained parameters" {
            let found = Nuts.sample Nuts.defaults model.LogDensity (model.Free inside) (Key.create 40L)
            let draws = (Samples.map model.Constrain found).Draws
            Expect.equal draws.Shares.Shape [| 4; 1000; 3 |] "shares"
            momentsAre 1.5 0.75 draws.Rate "gamma"

            for i in 0..2 do
                let share = float (i + 1) / 6.0
                momentsAre share (share * (1.0 - share) / 7.0) draws.Shares[*, *, i] $"share {i}"
        }
        test "one tensor at two places of a tree" {
            let both = tensor 2.0
            let pair = Unconstrained<Tensor * Tensor>(fun (a, b) -> a + b).With(snd, Bijections.Exp)
            let a, b = pair.Free(both, both)
            Expect.equal (float a) 2.0 "the other"
            near 1e-12 (float b) (log 2.0) "the one that is meant"
        }
        test "errors" {
            let with' (f: Tensor -> Tensor) = Unconstrained<Tensor>(sum).With(f, Bijections.Exp)

            throws<ValueException>
                (fun () -> (with' id).Free(tensor -1.0) |> ignore)
                "what the bijection of this tensor can give"

            throws<ValueException>
                (fun () -> (with' (fun x -> 2.0 * x)).Constrain(tensor 1.0) |> ignore)
                "no tensor of the tree"

            throws<ValueException>
                (fun () -> ((with' id).With(id, Bijections.Exp)).LogDensity(tensor 1.0) |> ignore)
                "2 bijections for `$`"

            throws<ValueException>
                (fun () ->
                    Unconstrained<Parts>(logDensity).With((fun q -> q.Shares), Bijections.Simplex).Free {
                        inside with
                            Shares = tensor [ 0.2; 0.3; 0.6 ]
                    }
                    |> ignore)
                "what the bijection of this tensor can give"
        }
    ]
