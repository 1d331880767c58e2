/// Families of counts and classes, against MathNet.
module Cotangent.Distributions.Tests.DiscreteTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support

type private Case = {
    Name: string
    Make: unit -> Univariate
    Oracle: MathNet.Numerics.Distributions.IDiscreteDistribution
    /// Ours is the oracle's value minus this.
    Shift: int
    Values: float list
}

let private case name make oracle values = {
    Name = name
    Make = (fun () -> make () :> Univariate)
    Oracle = oracle
    Shift = 0
    Values = List.map float values
}

let private cases = [
    for p in [ 0.25; 0.9; 1e-3 ] do
        case $"Bernoulli({p})" (fun () -> Bernoulli(scalar p)) (MathNet.Numerics.Distributions.Bernoulli p) [
            0
            1
        ]
    for p in [ 0.4; 0.05 ] do
        {
            case
                $"Geometric({p})"
                (fun () -> Geometric(scalar p))
                (MathNet.Numerics.Distributions.Geometric p)
                [ 0..300 ] with
                Shift = 1
        }
    for rate in [ 0.1; 3.0; 9.99; 10.0; 47.5; 3000.0 ] do
        let low, high = max 0 (int (rate - 8.0 * sqrt rate)), int (rate + 9.0 * sqrt rate + 15.0)

        case $"Poisson({rate})" (fun () -> Poisson(scalar rate)) (MathNet.Numerics.Distributions.Poisson rate) [
            low..high
        ]
    for n, p in [ 1, 0.3; 10, 0.5; 40, 0.02; 200, 0.07; 100, 0.8; 5000, 0.4; 7, 0.0; 7, 1.0 ] do
        case
            $"Binomial({n}, {p})"
            (fun () -> Binomial(scalar (float n), scalar p))
            (MathNet.Numerics.Distributions.Binomial(p, n))
            [ 0..n ]
]

let private each run = [ for c in cases -> testCase c.Name (fun () -> run c (c.Make())) ]

[<Tests>]
let counts =
    testList "Counts" [
        testList
            "probabilities"
            (each (fun c d ->
                for v in c.Values |> List.filter (fun v -> v % 7.0 < 2.0) do
                    let expected = c.Oracle.ProbabilityLn(int v + c.Shift)
                    near 1e-9 (float (d.LogProb(scalar v))) expected $"of {v}"
                    // MathNet's own is a sum for the geometric distribution, and good to fewer digits.
                    let expected = c.Oracle.CumulativeDistribution(v + float c.Shift)
                    // It has none for a probability of 1.
                    if not (Double.IsNaN expected) then
                        near 1e-8 (float (d.Cdf(scalar v))) expected $"up to {v}"

                    near 1e-12 (float (d.Cdf(scalar (v + 0.5)))) (float (d.Cdf(scalar v))) "between"))
        testList
            "quantiles"
            (each (fun _ d ->
                for p in [ 1e-6; 0.2; 0.5; 0.77; 0.999; 1.0 - 1e-9 ] do
                    let k = float (d.Quantile(scalar p))
                    Expect.isGreaterThanOrEqual (float (d.Cdf(scalar k))) p $"at {p}"
                    if k > 0.0 then Expect.isLessThan (float (d.Cdf(scalar (k - 1.0)))) p $"below {p}"))
        testList
            "moments"
            (each (fun c d ->
                near 1e-10 (float (d.Mean())) (c.Oracle.Mean - float c.Shift) "mean"
                near 1e-10 (float (d.Variance())) c.Oracle.Variance "variance"
                let most = float (d.LogProb(d.Mode()))

                for v in c.Values |> List.truncate 400 do
                    Expect.isGreaterThanOrEqual most (float (d.LogProb(scalar v)) - 1e-12) $"mode, at {v}"))
        testList
            "draws"
            (each (fun c d ->
                Expect.isFalse d.IsReparameterised "not reparameterised"
                let drawn = numbers (d.Sample(Key.create 21L, 100000))
                let probability v = c.Oracle.Probability(int v + c.Shift)

                if c.Oracle.Variance > 0.0 then
                    moments drawn (c.Oracle.Mean - float c.Shift) c.Oracle.Variance true "draws"
                else
                    Expect.isTrue (drawn |> Array.forall ((=) c.Oracle.Mean)) "certain"

                if not (c.Values |> List.exists (fun v -> probability v > 0.99)) then
                    chiSquare drawn probability c.Values "χ²"))
        testList
            "outside"
            (each (fun _ d ->
                for x in [ -1.0; 0.5; infinity; -infinity ] do
                    near 0.0 (float (d.LogProb(scalar x))) -infinity $"{x}"

                near 0.0 (float (d.Cdf(scalar -0.5))) 0.0 "below"
                near 0.0 (float (d.Cdf(scalar 1e9))) 1.0 "far above"
                Expect.isTrue (Double.IsNaN(float (d.LogProb(scalar nan)))) "NaN"))
        testList
            "compiled and batched"
            (each (fun c _ ->
                let run (x: Tensor, key: Key) =
                    let d = c.Make()
                    d.LogProb x, d.Cdf x, d.Sample(key, 4)

                let x = tensor [ 0.0; 1.0 ]
                let (l, p, s), (l', p', s') = run (x, Key.create 1L), compile run (x, Key.create 1L)
                allNear 1e-12 l' l "log-probability"
                allNear 1e-12 p' p "cdf"
                allNear 0.0 s' s "draws"
                let keys = Key.splitMany 2 (Key.create 5L)
                let _, _, batched = vmap run (x, Key.batch 2 (Key.create 5L))
                let looped = stack 0 [ for i in 0..1 -> (let _, _, s = run (x[i], keys[i]) in s) ]
                allNear 0.0 batched looped "batched draws"))
        test "entropies" {
            let byHand p = -p * log p - (1.0 - p) * log (1.0 - p)
            near 1e-12 (float (Bernoulli(tensor 0.3).Entropy())) (byHand 0.3) "Bernoulli"
            near 1e-12 (float (Bernoulli(tensor 0.0).Entropy())) 0.0 "certain"
            near 1e-12 (float (Geometric(tensor 0.3).Entropy())) (byHand 0.3 / 0.3) "geometric"

            Expect.throwsT<DistributionException>
                (fun () -> Poisson(tensor 3.0).Entropy() |> ignore)
                "Poisson"
        }
        test "derivatives by parameters" {
            let check (make: Tensor -> Univariate) parameter x =
                let byHand = slope (fun v -> float ((make (scalar v)).LogProb(scalar x))) parameter

                near
                    1e-8
                    (float (grad (fun p -> (make p).LogProb(scalar x)) (scalar parameter)))
                    byHand
                    "log-probability"

                let byHand = slope (fun v -> float ((make (scalar v)).Cdf(scalar x))) parameter
                near 1e-8 (float (grad (fun p -> (make p).Cdf(scalar x)) (scalar parameter))) byHand "cdf"

            check (fun p -> Bernoulli p) 0.3 1.0
            check (fun p -> Bernoulli p) 0.3 0.0
            check (fun p -> Geometric p) 0.3 4.0
            check (fun r -> Poisson r) 3.5 2.0
            check (fun p -> Binomial(tensor 12.0, p)) 0.4 5.0
            let ofDraw = grad (fun r -> sum (Poisson(r).Sample(Key.create 1L, 5))) (tensor 3.0)
            near 0.0 (float ofDraw) 0.0 "draws are constants"
        }
        test "a binomial batch of several counts, small and large means" {
            let d = Binomial(tensor [ 5.0; 1000.0; 0.0 ], tensor [ 0.5; 0.9; 0.5 ])
            let drawn = d.Sample(Key.create 4L, 3000)
            let error = 6.0 * sqrt (d.Variance() / 3000.0) + 1e-12
            Expect.isTrue (((abs (drawn.Mean 0 - d.Mean())).LessEqual error).All().ToData<bool>()) "means"
        }
    ]

[<Tests>]
let classes =
    testList "Categorical" [
        test "log-probabilities, draws, entropy, mode" {
            let d = Categorical(tensor [ [ 0.2; 0.3; 0.5 ]; [ 1.0; 0.0; 0.0 ] ])

            Expect.equal
                (d.BatchShape, d.EventShape, d.DType, d.Classes)
                ([| 2 |], [||], DType.Int32, 3)
                "shapes"

            let logs = d.LogProb(tensor [ [ 0 ]; [ 2 ]; [ 3 ]; [ -1 ] ])

            let expected = [
                [ log 0.2; 0.0 ]
                [ log 0.5; -infinity ]
                [ -infinity; -infinity ]
                [ -infinity; -infinity ]
            ]

            allNear 1e-12 logs (tensor expected) "log-probabilities"
            let drawn = d.Sample(Key.create 9L, 4000)
            Expect.equal (drawn.Shape, drawn.DType) ([| 4000; 2 |], DType.Int32) "draws"
            chiSquare (numbers drawn[*, 0]) (fun v -> [ 0.2; 0.3; 0.5 ][int v]) [ 0.0; 1.0; 2.0 ] "χ²"
            Expect.isTrue (numbers drawn[*, 1] |> Array.forall ((=) 0.0)) "certain"
            let entropy = -(0.2 * log 0.2 + 0.3 * log 0.3 + 0.5 * log 0.5)
            allNear 1e-12 (d.Entropy()) (tensor [ entropy; 0.0 ]) "entropy"
            Expect.equal (d.Mode()) (tensor [ 2; 0 ]) "mode"
            Expect.throwsT<DistributionException> (fun () -> d.Mean() |> ignore) "no mean"
        }
        test "the gradient of the log-probability is one-hot minus the probabilities" {
            let logits = tensor [ 0.3; -1.0; 2.0 ]
            let gradient = grad (fun l -> Categorical.OfLogits(l).LogProb(tensor 1)) logits
            allNear 1e-12 gradient (tensor [ 0.0; 1.0; 0.0 ] - softmax logits) "gradient"
            let compiled = compile (grad (fun l -> Categorical.OfLogits(l).LogProb(tensor 1))) logits
            allNear 1e-12 compiled gradient "compiled"

            let batched =
                vmap
                    (fun (l: Tensor) -> Categorical.OfLogits(l).LogProb(tensor 1))
                    (stack 0 [ logits; -logits ])

            allNear
                1e-12
                batched
                (Categorical.OfLogits(stack 0 [ logits; -logits ]).LogProb(tensor 1))
                "batched"
        }
    ]
