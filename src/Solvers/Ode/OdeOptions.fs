namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// <summary>A method for initial value problems: one step of it, with an estimate of the error and a polynomial within the step.</summary>
/// <example><code>
/// let options = { OdeOptions.defaults with Method = OdeMethod.DormandPrince8 }
/// (Ode.solve options (fun _ y -> -y) (tensor [ 0.0; 1.0 ]) (tensor 1.0)).Final // 0.3679
/// </code></example>
[<RequireQualifiedAccess>]
type OdeMethod =
    /// Heun's method with Euler's inside, order 2(1): two evaluations a step, and the next one's first.
    | Heun
    /// The classical method of Runge and Kutta, order 4; a third-order formula inside estimates its error.
    | RungeKutta4
    /// Dormand and Prince 1980, order 5(4), seven stages of which the last is the next step's first; Shampine's polynomial of order 4.
    | DormandPrince5
    /// Tsitouras 2011, order 5(4): a little more exact for the same work. The default.
    | Tsitouras5
    /// Dormand and Prince's order 8, with Hairer's estimate (DOP853): for tolerances below about 1e-8. Polynomial of order 7.
    | DormandPrince8
    /// A Rosenbrock method of order 4(3), L-stable (Hairer and Wanner, <em>Solving ODEs II</em>): for stiff problems. It takes the
    /// Jacobian of f, by forward mode, and a linear system of the size of the state in every step.
    | Rodas4

/// <summary>How long steps are.</summary>
/// <example><code>
/// let options = { OdeOptions.defaults with Method = OdeMethod.RungeKutta4; Steps = OdeSteps.Fixed 0.01 }
/// (Ode.solve options (fun _ y -> -y) (tensor [ 0.0; 1.0 ]) (tensor 1.0)).Final // 0.3679
/// </code></example>
[<RequireQualifiedAccess>]
type OdeSteps =
    /// As long as the tolerances let them be.
    | Adaptive
    /// All of one size, in the units of time; the last may be shorter.
    | Fixed of size: float

/// <summary>The loop that takes the steps, which decides how it can be differentiated.</summary>
[<RequireQualifiedAccess>]
type OdeLoop =
    /// As many rounds as it takes. Forward mode everywhere; reverse mode outside of compiled functions, where memory grows with the
    /// number of steps.
    | Open
    /// At most <c>MaximumSteps</c> rounds between two times: reverse mode in compiled functions too, in memory that grows with the cube
    /// root of that. Steps of chosen size are computed twice, first to look at their error. Under <c>vmap</c> all rounds are computed,
    /// whether an example needs them or not: set <c>MaximumSteps</c> low there.
    | Bounded

/// <summary>How an initial value problem is solved.</summary>
/// <example><code>
/// let precise = { OdeOptions.defaults with Method = OdeMethod.DormandPrince8; RelativeTolerance = 1e-12 }
/// precise.AbsoluteTolerance // 1e-6
/// </code></example>
type OdeOptions = {
    /// The method.
    Method: OdeMethod
    /// Whether steps follow the error, or are of one size.
    Steps: OdeSteps
    /// The error of one step is at most this much of each number of the state …
    RelativeTolerance: float
    /// … plus this, in the root mean square over all numbers.
    AbsoluteTolerance: float
    /// The size of the first step, or None: Hairer's estimate, from two evaluations.
    FirstStep: float option
    /// No step is longer.
    LargestStep: float
    /// Steps that would have to be shorter end the solution; it ends anyway where time can't tell them apart.
    SmallestStep: float
    /// Steps that are tried, at most, those rejected among them.
    MaximumSteps: int
    /// The loop.
    Loop: OdeLoop
} with

    /// <summary>Tsitouras 5(4) with relative tolerance 1e-6, absolute 1e-6, and at most 4096 steps.</summary>
    static member Default: OdeOptions = {
        Method = OdeMethod.Tsitouras5
        Steps = OdeSteps.Adaptive
        RelativeTolerance = 1e-6
        AbsoluteTolerance = 1e-6
        FirstStep = None
        LargestStep = infinity
        SmallestStep = 0.0
        MaximumSteps = 4096
        Loop = OdeLoop.Open
    }

    /// <summary>The defaults with some of them changed, for C#; a fixed step or a first one only where given.</summary>
    /// <exception cref="T:Cotangent.ValueException">When it is used: a tolerance or a size is not what it must be.</exception>
    /// <example><code lang="csharp">
    /// var precise = OdeOptions.Create(OdeMethod.DormandPrince8, relativeTolerance: 1e-10);
    /// precise.MaximumSteps // 4096
    /// </code></example>
    static member Create
        (
            [<Optional>] method: OdeMethod | null,
            [<Optional; DefaultParameterValue(1e-6)>] relativeTolerance: float,
            [<Optional; DefaultParameterValue(1e-6)>] absoluteTolerance: float,
            [<Optional>] fixedStep: Nullable<float>,
            [<Optional>] firstStep: Nullable<float>,
            [<Optional; DefaultParameterValue(Double.PositiveInfinity)>] largestStep: float,
            [<Optional; DefaultParameterValue(0.0)>] smallestStep: float,
            [<Optional; DefaultParameterValue(4096)>] maximumSteps: int,
            [<Optional; DefaultParameterValue(false)>] bounded: bool
        ) : OdeOptions = {
        Method =
            match method with
            | null -> OdeMethod.Tsitouras5
            | method -> method
        Steps = if fixedStep.HasValue then OdeSteps.Fixed fixedStep.Value else OdeSteps.Adaptive
        RelativeTolerance = relativeTolerance
        AbsoluteTolerance = absoluteTolerance
        FirstStep = Option.ofNullable firstStep
        LargestStep = largestStep
        SmallestStep = smallestStep
        MaximumSteps = maximumSteps
        Loop = if bounded then OdeLoop.Bounded else OdeLoop.Open
    }

/// <summary>Options of solutions of initial value problems.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module OdeOptions =
    /// <summary>Tsitouras 5(4) with relative tolerance 1e-6, absolute 1e-6, and at most 4096 steps.</summary>
    /// <example><code>
    /// let stiff = { OdeOptions.defaults with Method = OdeMethod.Rodas4 }
    /// </code></example>
    let defaults: OdeOptions = OdeOptions.Default

    let internal check (operation: string) (options: OdeOptions) =
        let refuse what = raise (ValueException $"{operation}: {what}")

        let positive x = x > 0.0 && not (Double.IsNaN x)

        match options.Steps with
        | OdeSteps.Fixed size when not (positive size && Double.IsFinite size) ->
            refuse $"a step of {size}; it must be above 0, whichever way time goes."
        | OdeSteps.Fixed _ -> ()
        | OdeSteps.Adaptive ->
            if not (options.RelativeTolerance >= 0.0 && positive options.AbsoluteTolerance) then
                refuse
                    $"a relative tolerance of {options.RelativeTolerance} and an absolute one of {options.AbsoluteTolerance}; the first must be 0 or above, the second above 0 (a number that passes through 0 has no relative error)."

        match options.FirstStep with
        | Some size when not (positive size && Double.IsFinite size) ->
            refuse $"a first step of {size}; it must be above 0, whichever way time goes."
        | Some _
        | None -> ()

        if not (positive options.LargestStep && options.SmallestStep >= 0.0) then
            refuse
                $"steps from {options.SmallestStep} to {options.LargestStep}; the smallest must be 0 or above, the largest above 0."

        if options.MaximumSteps < 1 then
            refuse $"MaximumSteps is {options.MaximumSteps}; it must be at least 1."
