namespace Cotangent.Solvers

open System
open Cotangent

/// <summary>What ended a solution.</summary>
/// <example><code>
/// let solution = Ode.solve OdeOptions.defaults (fun _ y -> -y) (tensor [ 0.0; 1.0 ]) (tensor 1.0)
/// solution.Outcome = OdeOutcome.Finished // true
/// </code></example>
[<RequireQualifiedAccess>]
type OdeOutcome =
    /// It reached the last time.
    | Finished
    /// The event that it was to stop at.
    | Event
    /// More steps than <c>MaximumSteps</c> would be needed.
    | TooManySteps
    /// Steps would have to be shorter than <c>SmallestStep</c>, or than time can tell apart.
    | StepTooSmall
    /// The slope, or the state, is NaN or infinite; or a time is, or is no further than the one before. (Where times can be read, such
    /// times raise a ValueException instead.)
    | NotFinite

module internal OdeOutcome =
    let ofStatus (status: int) : OdeOutcome =
        match status with
        | 0 -> OdeOutcome.Finished
        | 1 -> OdeOutcome.Event
        | 2 -> OdeOutcome.TooManySteps
        | 3 -> OdeOutcome.StepTooSmall
        | _ -> OdeOutcome.NotFinite

/// <summary>
/// The solution of an initial value problem, and how it went; a tree, which may be the result of a compiled function. States at times
/// that were not reached are NaN.
/// </summary>
type OdeSolution<'y> = {
    /// The times asked for, (n,).
    Times: Tensor
    /// The states at these times: every tensor with an axis of n in front. NaN at times that were not reached.
    States: 'y
    /// Where it ended: the last time, that of the event, or how far it got.
    FinalTime: Tensor
    /// The state there: of a solution that failed the last that was reached, not NaN. Look at <c>Outcome</c> or <c>Status</c> before you
    /// trust it. Of a solution that failed it has no gradient: a SolverException, in compiled functions and under <c>vmap</c> NaN.
    Final: 'y
    /// What ended it, as a number, Int32: 0 the last time, 1 the event, 2 too many steps, 3 steps too small, 4 NaN or ∞.
    /// <c>Outcome</c> reads it.
    Status: Tensor
    /// Steps taken, Int32.
    Accepted: Tensor
    /// Steps tried in vain, their error being too large, Int32.
    Rejected: Tensor
    /// Evaluations of f, Int32; those by which Rodas4 finds the Jacobian are not among them.
    Evaluations: Tensor
} with

    /// <summary>What ended it.</summary>
    /// <exception cref="T:Cotangent.TraceException">Inside of <c>compile</c> or <c>vmap</c>, where numbers can't be read.</exception>
    member solution.Outcome: OdeOutcome =
        if solution.Status.Rank > 0 then
            raise (
                ShapeException
                    "OdeSolution.Outcome: a batch of solutions; read `Status` or `Succeeded`, one for each example."
            )

        OdeOutcome.ofStatus (int solution.Status)

    /// One Bool: it reached the last time, or the event.
    member solution.Succeeded: Tensor = solution.Status.LessEqual 1.0

    /// <summary>The same, if it reached the last time or the event.</summary>
    /// <exception cref="T:Cotangent.Solvers.SolverException">It did not; says where it is, why, and what to do.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside of <c>compile</c> or <c>vmap</c>, where numbers can't be read.</exception>
    /// <example><code>
    /// let times = tensor [ 0.0; 2.0 ]
    /// (Ode.solve OdeOptions.defaults (fun _ y -> -y) times (tensor 1.0)).OrFail().Final // 0.1353
    /// // y′ = y² grows without bound before 2.
    /// (Ode.solve OdeOptions.defaults (fun _ y -> y * y) times (tensor 1.0)).OrFail() // throws SolverException
    /// </code></example>
    member solution.OrFail() : OdeSolution<'y> =
        // Of a batch this is the error.
        let outcome = solution.Outcome
        let steps = $"after {int solution.Accepted} steps and {int solution.Rejected} rejected ones"
        let times = (solution.Times.Convert DType.Float64).ToData<float[]>()

        let at =
            $"t = {float solution.FinalTime:g6}, on the way from {times[0]:g6} to {times[times.Length - 1]:g6}, {steps}"

        let areOrdered (times: float[]) =
            let forwards = times[1] > times[0]

            Array.pairwise times
            |> Array.forall (fun (a, b) ->
                Double.IsFinite a && Double.IsFinite b && (if forwards then b > a else b < a))

        let fail why = raise (SolverException $"The solution of an ODE ended at {at}: {why}")

        match outcome with
        | OdeOutcome.Finished
        | OdeOutcome.Event -> solution
        | OdeOutcome.TooManySteps ->
            fail
                "no more steps are allowed. Raise MaximumSteps or loosen the tolerances; if the steps are much shorter than the solution seems to need, the problem is stiff: take OdeMethod.Rodas4."
        | OdeOutcome.StepTooSmall ->
            fail
                "the error stays above the tolerances however short the step. The solution may grow without bound there, or f may jump: solve up to the jump and start anew behind it; in Float32, tolerances below about 1e-6 can't be met."
        | OdeOutcome.NotFinite when not (areOrdered times) ->
            fail
                "the times are not all finite, each further than the last in one direction. Sort them, and leave out those that are equal."
        | OdeOutcome.NotFinite ->
            fail
                "the slope or the state is NaN or infinite. See what f gives there: a root or logarithm of a negative number, a division by 0, or a solution that grows without bound."
