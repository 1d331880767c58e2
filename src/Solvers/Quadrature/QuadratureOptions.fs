namespace Cotangent.Solvers

open System.Runtime.InteropServices

/// <summary>A rule of Gauss and Kronrod.</summary>
/// <example><code>
/// let fine = { Quadrature.defaults with Rule = KronrodRule.Nodes21 }
/// (Quadrature.adaptive fine (fun () x -> exp -x) () (tensor 0.0, tensor 1.0)).Value // 0.6321
/// </code></example>
[<RequireQualifiedAccess>]
type KronrodRule =
    /// 7 and 15 nodes.
    | Nodes15
    /// 10 and 21 nodes: for smoother functions.
    | Nodes21

/// <summary>How an integral is computed.</summary>
type QuadratureOptions = {
    /// The rule of each interval.
    Rule: KronrodRule
    /// The estimate of the error must not exceed this much of the integral's largest number …
    RelativeTolerance: float
    /// … or this, whichever is more.
    AbsoluteTolerance: float
    /// Intervals, at most.
    MaximumIntervals: int
} with

    /// <summary>
    /// Options, for C#. Without arguments: 21 nodes, a relative tolerance of 1e-8 or an absolute one of 1e-10, at most 50 intervals.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">When they are used: a tolerance is below 0, or there are no intervals.</exception>
    /// <example><code lang="csharp">
    /// var rough = QuadratureOptions.Create(relativeTolerance: 1e-4, rule: KronrodRule.Nodes15);
    /// rough.MaximumIntervals // 50
    /// </code></example>
    static member Create
        (
            [<Optional; DefaultParameterValue(1e-8)>] relativeTolerance: float,
            [<Optional; DefaultParameterValue(1e-10)>] absoluteTolerance: float,
            [<Optional; DefaultParameterValue(50)>] maximumIntervals: int,
            [<Optional>] rule: KronrodRule | null
        ) : QuadratureOptions = {
        Rule =
            match rule with
            | null -> KronrodRule.Nodes21
            | rule -> rule
        RelativeTolerance = relativeTolerance
        AbsoluteTolerance = absoluteTolerance
        MaximumIntervals = maximumIntervals
    }
