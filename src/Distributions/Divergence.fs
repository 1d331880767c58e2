namespace Cotangent.Distributions

open System.Runtime.CompilerServices
open Cotangent

/// Kullback and Leibler's divergences in closed form, pair by pair.
module internal Divergence =
    let private gamma (a: Tensor) (rate: Tensor) (b: Tensor) (other: Tensor) =
        (a - b) * digamma a - lgamma a + lgamma b + b * (log rate - log other) + a * (other - rate) / rate

    let private normal (m: Tensor) (s: Tensor) (n: Tensor) (t: Tensor) =
        log t - log s + 0.5 * (square (s / t) + square ((m - n) / t)) - 0.5

    let private bernoulli (p: Bernoulli) (q: Bernoulli) = -(p.Entropy()) - q.WeighLogs(p.Probability, p.Rest)

    let private beta (p: Beta) (q: Beta) =
        lbeta q.A q.B - lbeta p.A p.B
        + (p.A - q.A) * digamma p.A
        + (p.B - q.B) * digamma p.B
        + (q.A - p.A + q.B - p.B) * digamma (p.A + p.B)

    let private laplace (p: Laplace) (q: Laplace) =
        let distance = abs (p.Loc - q.Loc)

        log q.Scale - log p.Scale + distance / q.Scale + p.Scale / q.Scale * exp (-distance / p.Scale) - 1.0

    let private uniform (p: Uniform) (q: Uniform) =
        let isWithin = (p.Low.GreaterEqual q.Low).And(p.High.LessEqual q.High)
        let value = log ((q.High - q.Low) / (p.High - p.Low))
        where isWithin value (Tensor.fullLike value infinity)

    let private gumbel (p: Gumbel) (q: Gumbel) =
        let euler = 0.57721566490153286061
        let ratio = p.Scale / q.Scale
        let shift = (p.Loc - q.Loc) / q.Scale

        log q.Scale - log p.Scale + euler * (ratio - 1.0) + exp (lgamma (ratio + 1.0) - shift) + shift - 1.0

    let private weibull (p: Weibull) (q: Weibull) =
        let euler = 0.57721566490153286061
        let k, l = p.Concentration, q.Concentration

        log k - k * log p.Scale - log l
        + l * log q.Scale
        + (k - l) * (log p.Scale - euler / k)
        + exp (l * (log p.Scale - log q.Scale) + lgamma (l / k + 1.0))
        - 1.0

    let private pareto (p: Pareto) (q: Pareto) =
        let isWithin = p.Scale.GreaterEqual q.Scale
        let a, b = p.Concentration, q.Concentration
        let value = b * (log p.Scale - log q.Scale) + log a - log b + b / a - 1.0
        where isWithin value (Tensor.fullLike value infinity)

    let private geometric (p: Geometric) (q: Geometric) =
        let a, b = p.Probability, q.Probability
        log a - log b + xlogy (1.0 - a) ((1.0 - a) / (1.0 - b)) / a

    let private binomial (p: Binomial) (q: Binomial) =
        let same = Bernoulli p.Probability, Bernoulli q.Probability
        let value = p.Count * bernoulli (fst same) (snd same)

        where
            (p.Count.LessEqual q.Count)
            (where (p.Count.Equal q.Count) value (Tensor.fullLike value nan))
            (Tensor.fullLike value infinity)

    let private multivariate (p: MultivariateNormal) (q: MultivariateNormal) =
        let factors = q.Factor.SolveTriangular p.Factor
        let shift = Triangular.solve q.Factor (p.Loc - q.Loc)

        Triangular.logDet q.Factor - Triangular.logDet p.Factor
        + 0.5 * ((square factors).Sum [ -2; -1 ] + (square shift).Sum -1 - float p.EventShape[0])

    let private dirichlet (p: Dirichlet) (q: Dirichlet) =
        let a, b = p.Concentration, q.Concentration
        let total = a.Sum(-1, keepDims = true)

        lgamma (total.Squeeze -1) - lgamma (b.Sum -1)
        + (lgamma b - lgamma a + (a - b) * (digamma a - digamma total)).Sum -1

    let private vonMises (p: VonMises) (q: VonMises) =
        let k, l = p.Concentration, q.Concentration
        let resultant = besselI1e k / besselI0e k

        log (besselI0e l / besselI0e k) + l - k + resultant * (k - l * cos (p.Loc - q.Loc))

    /// Whether two functions are one: the same value, or of a kind without parameters.
    let private isSame (f: Bijection) (g: Bijection) =
        obj.ReferenceEquals(f, g)
        || f.GetType() = g.GetType() && (Tree.leaves f).Length = 0 && not (f :? ChainBijection)

    let rec between (p: Distribution) (q: Distribution) : Tensor =
        match p, q with
        | (:? Normal as p), (:? Normal as q) -> normal p.Loc p.Scale q.Loc q.Scale
        | (:? LogNormal as p), (:? LogNormal as q) -> normal p.Loc p.Scale q.Loc q.Scale
        | (:? HalfNormal as p), (:? HalfNormal as q) ->
            log q.Scale - log p.Scale + 0.5 * square (p.Scale / q.Scale) - 0.5
        | (:? Laplace as p), (:? Laplace as q) -> laplace p q
        | (:? Gumbel as p), (:? Gumbel as q) -> gumbel p q
        | (:? Cauchy as p), (:? Cauchy as q) ->
            // Chyzak and Nielsen, "A closed-form formula for the Kullback-Leibler divergence between Cauchy distributions" (2019).
            log (square (p.Scale + q.Scale) + square (p.Loc - q.Loc)) - log (4.0 * p.Scale * q.Scale)
        | (:? Uniform as p), (:? Uniform as q) -> uniform p q
        | (:? Exponential as p), (:? Exponential as q) -> log p.Rate - log q.Rate + q.Rate / p.Rate - 1.0
        | (:? Gamma as p), (:? Gamma as q) -> gamma p.Concentration p.Rate q.Concentration q.Rate
        | (:? InverseGamma as p), (:? InverseGamma as q) ->
            gamma p.Concentration p.Scale q.Concentration q.Scale
        | (:? ChiSquare as p), (:? ChiSquare as q) ->
            let half = Tensor.fullLike p.Freedom 0.5
            gamma (0.5 * p.Freedom) half (0.5 * q.Freedom) half
        | (:? Weibull as p), (:? Weibull as q) -> weibull p q
        | (:? Pareto as p), (:? Pareto as q) -> pareto p q
        | (:? Beta as p), (:? Beta as q) -> beta p q
        | (:? Bernoulli as p), (:? Bernoulli as q) -> bernoulli p q
        | (:? Categorical as p), (:? Categorical as q) when p.Classes = q.Classes ->
            -(p.Entropy()) - q.WeighLogs p.Probabilities
        | (:? Geometric as p), (:? Geometric as q) -> geometric p q
        | (:? Poisson as p), (:? Poisson as q) -> p.Rate * (log p.Rate - log q.Rate) + q.Rate - p.Rate
        | (:? Binomial as p), (:? Binomial as q) -> binomial p q
        | (:? MultivariateNormal as p), (:? MultivariateNormal as q) -> multivariate p q
        | (:? MultivariateNormalDiagonal as p), (:? MultivariateNormalDiagonal as q) ->
            (normal p.Loc p.Scale q.Loc q.Scale).Sum -1
        | (:? Dirichlet as p), (:? Dirichlet as q) -> dirichlet p q
        | (:? VonMises as p), (:? VonMises as q) -> vonMises p q
        | (:? Multinomial as p), (:? Multinomial as q) when p.Count = q.Count ->
            float p.Count * between p.Class q.Class
        | (:? Independent as p), (:? Independent as q) when p.Axes = q.Axes ->
            let each = between p.Distribution q.Distribution
            if p.Axes = 0 then each else each.Sum [ for i in 1 .. p.Axes -> -i ]
        | (:? Transformed as p), (:? Transformed as q) when isSame p.Bijection q.Bijection ->
            between p.Distribution q.Distribution
        | (:? TransformedNumber as p), (:? TransformedNumber as q) when isSame p.Bijection q.Bijection ->
            between p.Distribution q.Distribution
        | _ ->
            raise (
                DistributionException
                    $"kl: there is no closed form from {p} to {q}. Estimate it by the mean of `p.LogProb(x) - q.LogProb(x)` over draws of p."
            )

/// <summary>What is asked of two distributions.</summary>
[<Extension>]
type Divergences =
    /// <summary>
    /// Kullback and Leibler's divergence from p to q in nats, of the batch shape of both: the mean under p of log p - log q; ∞ where p has
    /// values that q has not.
    /// </summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Normal(tensor 1.0, tensor 1.0).KlTo(Normal(tensor 0.0, tensor 1.0)) // 0.5
    /// </code></example>
    [<Extension>]
    static member KlTo(p: Distribution, q: Distribution) : Tensor =
        if isNull (box p) then nullArg "p"
        if isNull (box q) then nullArg "q"

        if p.DType <> q.DType then
            raise (DTypeException $"kl: from {p} to {q}. Make both of one dtype.")

        if (Parameters.broadcast p.BatchShape q.BatchShape).IsNone || p.EventShape <> q.EventShape then
            raise (ShapeException $"kl: from {p} to {q}. Batches must broadcast, and events be of one shape.")

        Divergence.between p q
