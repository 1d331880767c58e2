namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// <summary>When a solver has done enough.</summary>
type SolverOptions = {
    /// What the residual must not exceed; each solver says what its residual is.
    Tolerance: float
    /// Steps, at most.
    MaximumSteps: int
} with

    /// <summary>Options, for C#. Without arguments: a tolerance of 1e-8, and at most 1000 steps.</summary>
    /// <exception cref="T:Cotangent.ValueException">When they are used: the tolerance is below 0, or there are no steps.</exception>
    /// <example><code lang="csharp">
    /// var rough = SolverOptions.Create(tolerance: 1e-4);
    /// rough.MaximumSteps // 1000
    /// </code></example>
    static member Create
        (
            [<Optional; DefaultParameterValue(1e-8)>] tolerance: float,
            [<Optional; DefaultParameterValue(1000)>] maximumSteps: int
        ) : SolverOptions = { Tolerance = tolerance; MaximumSteps = maximumSteps }

module internal SolverOptions =
    let check (operation: string) (options: SolverOptions) =
        if not (options.Tolerance >= 0.0) || options.MaximumSteps < 1 then
            raise (
                ValueException
                    $"{operation}: a tolerance of {options.Tolerance} and {options.MaximumSteps} steps; the first must be 0 or above, the second at least 1."
            )

/// <summary>The ends that a solver was given to find a root between, and what the function is there.</summary>
type Bracket = {
    Low: Tensor
    High: Tensor
    AtLow: Tensor
    AtHigh: Tensor
} with

    /// Whether the function changes its sign from one end to the other, or is 0 at one: one Bool.
    member bracket.HoldsRoot: Tensor = (bracket.AtLow.Sign() * bracket.AtHigh.Sign()).LessEqual 0.0

/// <summary>What an iterative solver found, and how it went; a tree, which may be the result of a compiled function.</summary>
type Solved<'x> = {
    /// The solver, as <c>Root.newton</c>.
    Solver: string
    /// Steps that it was allowed.
    MaximumSteps: int
    /// What was found: the best there is, converged or not. Look at <c>Converged</c> before you trust it. Of what did not converge there is no
    /// gradient: a SolverException, in compiled functions and under <c>vmap</c> NaN.
    Value: 'x
    /// One Bool: whether the residual is within the tolerance.
    Converged: Tensor
    /// How far it is from a solution, one number.
    Residual: Tensor
    /// Steps taken, Int32.
    Steps: Tensor
    /// Evaluations of the function, Int32; Jacobians and gradients count as one each.
    Evaluations: Tensor
    /// The ends that <c>Root.bisect</c> and <c>Root.brent</c> were given, and the function there; null of all other solvers.
    Bracket: Bracket | null
} with

    /// <summary>The same, if it converged.</summary>
    /// <exception cref="T:Cotangent.Solvers.SolverException">It did not; says how far it got, and what to do.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside of <c>compile</c> or <c>vmap</c>, where numbers can't be read.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The result is of a batch, as of <c>vmap</c>: some may have converged, some not.</exception>
    /// <example><code>
    /// let found = Root.newton Root.defaults (fun a x -> x * x - a) (tensor 4.0) (tensor 1.0)
    /// found.OrFail().Value // 2
    /// (Root.newton Root.defaults (fun () x -> x * x + 1.0) () (tensor 0.5)).OrFail() // throws SolverException
    /// </code></example>
    member solved.OrFail() : Solved<'x> =
        if solved.Converged.Rank > 0 then
            raise (
                ShapeException
                    $"Solved.orFail: results of {solved.Solver} for a batch; read `Converged`, one for each example."
            )
        elif solved.Converged.ToData<bool>() then
            solved
        else
            let residual = float solved.Residual

            let general =
                if solved.Solver.StartsWith("Quadrature.", StringComparison.Ordinal) then
                    "Allow a larger tolerance or more intervals, split the interval where the function jumps, and see whether it is infinite or NaN somewhere: `Quadrature.tanhSinh` is for ends where it is infinite."
                elif Double.IsFinite residual && int solved.Steps < solved.MaximumSteps then
                    "It gave up before its last step, since no step made the residual smaller: more steps won't help. There may be no solution near there; see whether what the function computes is smooth there, start elsewhere, or allow a larger tolerance: in Float32 one below about 1e-6 can't be met."
                elif Double.IsFinite residual then
                    "These are all that `MaximumSteps` allows: allow more steps, start nearer to the solution, or allow a larger tolerance; in Float32 one below about 1e-6 can't be met."
                else
                    "The function gave NaN or infinity on the way: start nearer to the solution, or keep it where it is defined."

            let hint =
                match solved.Bracket with
                | null -> general
                | bracket when bracket.HoldsRoot.ToData<bool>() -> general
                | bracket ->
                    let at (x: Tensor) (value: Tensor) = $"{float value:g4} at {float x:g6}"

                    $"f is {at bracket.Low bracket.AtLow} and {at bracket.High bracket.AtHigh}: choose ends between which it changes its sign."

            raise (
                SolverException
                    $"{solved.Solver} did not converge: after {int solved.Steps} steps the residual is {residual:g4}. {hint}"
            )

/// <summary>Results of iterative solvers.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Solved =
    /// <summary>The same, if it converged.</summary>
    /// <exception cref="T:Cotangent.Solvers.SolverException">It did not; says how far it got, and what to do.</exception>
    /// <exception cref="T:Cotangent.TraceException">Inside of <c>compile</c> or <c>vmap</c>, where numbers can't be read.</exception>
    /// <example><code>
    /// let root = Root.newton Root.defaults (fun () x -> x * x + 1.0) () (tensor 0.5)
    /// root |> Solved.orFail // throws SolverException
    /// </code></example>
    let orFail (solved: Solved<'x>) : Solved<'x> = solved.OrFail()

module internal Rounding =
    /// What rounding changes numbers of a dtype by, relative to them: four times the unit roundoff.
    let of' (dtype: DType) : float = if dtype = DType.Float64 then 4.4e-16 else 2.4e-7

module internal Counter =
    let of' (n: int) : Tensor = Tensor.ofArray [] [| n |]

    /// Fewer than so many.
    let isBelow (most: int) (steps: Tensor) : Tensor = steps.Less(float most)
