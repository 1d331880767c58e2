namespace Cotangent.Solvers

open Cotangent
open Cotangent.Compiler

/// What runs backwards: the state, its sensitivity a, and what has been gathered for the parameters.
type internal Backwards<'p, 'y> = { Back: 'y; Sensitivity: 'y; Gathered: 'p }

/// The continuous adjoint: a′ = -aᵀ ∂f/∂y, solved backwards from the end together with the state; at each saved time its cotangent
/// is added to a (Pontryagin; Chen, Rubanova, Bettencourt and Duvenaud, "Neural ordinary differential equations", 2018).
module internal Adjoint =
    let private operation = "Ode.solveAdjoint"
    let private flip (tree: 'y) = Tree.map (fun (t: Tensor) -> t.Flip 0) tree

    /// Parameters may hold no tensors.
    let private holdsTensors (parameters: 'p) = (Loops.leavesOf parameters).Length > 0

    let private mapParameters f (parameters: 'p) =
        if holdsTensors parameters then Tree.map f parameters else parameters

    /// What is gathered for the parameters goes round with the sensitivity of the state.
    let private requireDType (parameters: 'p) (start: 'y) =
        let dtype = (Array.head (Tree.leaves start)).DType

        for t in Loops.leavesOf parameters do
            if t.DType <> dtype then
                raise (
                    DTypeException
                        $"{operation}: a parameter is {t.DType} {Vector.show t.Shape}, where the state is {dtype}; for gradients all must be of the state's dtype. Convert it, or close over what is constant."
                )

    let private add (a: 'p) (b: 'p) = if holdsTensors a then Tree.add a b else a
    let private first (tree: 'y) = Tree.map (fun (t: Tensor) -> t[0]) tree
    let private rest (tree: 'y) = Tree.map (fun (t: Tensor) -> t[1..]) tree
    let private allBut (tree: 'y) = Tree.map (fun (t: Tensor) -> t[.. t.Shape[0] - 2]) tree

    /// A solution that failed: an error where that can be told. Where not, its states are NaN.
    let private requireReached (solution: OdeSolution<'a>) (wayOut: string) =
        if solution.Status.HasNumbers && solution.Status.Rank = 0 && int solution.Status > 1 then
            let at = (solution.Times.Convert DType.Float64).ToData<float[]>()
            let reached = float (solution.FinalTime.Convert DType.Float64)

            raise (
                SolverException
                    $"{operation}: no gradient: the way from {at[0]:g6} to {at[at.Length - 1]:g6} ended at {reached:g6}, as {OdeOutcome.ofStatus (int solution.Status)}. {wayOut}"
            )

    /// The sensitivities at the earlier time of one interval, from those at the later one, by a problem that is solved backwards, the
    /// state with it.
    let private backwards
        options
        (f: 'p -> Tensor -> 'y -> 'y)
        parameters
        (later: Tensor)
        (earlier: Tensor)
        whole
        =
        let field (t: Tensor) (all: Backwards<'p, 'y>) : Backwards<'p, 'y> =
            let slope, pull = vjp (fun (p, y) -> f p t y) (parameters, all.Back)
            let byParameters, byState = pull all.Sensitivity

            { Back = slope; Sensitivity = Tree.map (~-) byState; Gathered = mapParameters (~-) byParameters }

        let solution = Solving.solve operation options ValueNone field (stack 0 [ later; earlier ]) whole

        requireReached
            solution
            "A problem that is stable forwards may be unstable when it is solved backwards, above all a stiff one: take `OdeMethod.Rodas4`, whose gradients go through its steps, ask for more times in between (from each the state starts anew), or differentiate `Ode.solve`."

        let reached = Tree.map (fun (t: Tensor) -> t[1]) solution.States
        reached.Sensitivity, reached.Gathered

    /// The same through the steps forwards, from the state at the earlier time: of a stiff problem, whose state can't be found backwards. It
    /// grows there as fast as it is damped forwards.
    let private throughSteps
        (options: OdeOptions)
        (f: 'p -> Tensor -> 'y -> 'y)
        parameters
        (later: Tensor)
        (earlier: Tensor)
        (start: 'y)
        (sensitivity: 'y, gathered: 'p)
        =
        let isKnown (tree: 'a) = Loops.leavesOf tree |> Array.forall _.HasNumbers

        // Steps that are taken one by one can all be kept; a graph of them wants a bound.
        let loop =
            if isKnown [ earlier; later ] && isKnown parameters && isKnown start && isKnown sensitivity then
                OdeLoop.Open
            else
                OdeLoop.Bounded

        let reach (parameters, start) =
            (Solving.solve
                operation
                { options with Loop = loop }
                ValueNone
                (f parameters)
                (stack 0 [ earlier; later ])
                start)
                .Final

        let _, pull = vjp reach (parameters, start)
        let byParameters, byStart = pull sensitivity
        byStart, add gathered byParameters

    let private pull
        options
        (f: 'p -> Tensor -> 'y -> 'y)
        (solution: OdeSolution<'y>)
        (parameters: 'p, times: Tensor, start: 'y)
        (told: OdeSolution<'y>)
        : 'p * Tensor * 'y =
        requireDType parameters start

        requireReached
            solution
            "What it reached is in the result; `orFail` tells what to do, before anything is differentiated."

        let sensitivityOfTime t state (sensitivity: 'y) = Tree.dot sensitivity (f parameters t state)

        let step
            (sensitivity: 'y, gathered: 'p)
            (before: 'y, state: 'y, later: Tensor, earlier: Tensor, here: 'y)
            =
            let sensitivity = Tree.add sensitivity here
            let byTime = sensitivityOfTime later state here

            let before =
                match options.Method with
                | OdeMethod.Rodas4 ->
                    throughSteps options f parameters later earlier before (sensitivity, gathered)
                | OdeMethod.Heun
                | OdeMethod.RungeKutta4
                | OdeMethod.DormandPrince5
                | OdeMethod.Tsitouras5
                | OdeMethod.DormandPrince8 ->
                    backwards options f parameters later earlier {
                        Back = state
                        Sensitivity = sensitivity
                        Gathered = gathered
                    }

            before, byTime

        let sequence =
            flip (allBut solution.States),
            flip (rest solution.States),
            flip times[1..],
            flip times[.. times.Size - 2],
            flip (rest told.States)

        let (sensitivity, gathered), byTimes =
            scan step (told.Final, mapParameters Tensor.zerosLike parameters) sequence

        let atStart = -(sensitivityOfTime times[0] start sensitivity)
        let last = times.Size - 1
        let atEnd = told.FinalTime + sensitivityOfTime times[last] solution.Final told.Final
        let byTimes = concat 0 [ atStart.Unsqueeze 0; flip byTimes ] + told.Times

        gathered,
        concat 0 [ byTimes[.. last - 1]; (byTimes[last] + atEnd).Unsqueeze 0 ],
        Tree.add sensitivity (first told.States)

    let private solved options (f: 'p -> Tensor -> 'y -> 'y) (parameters: 'p, times: Tensor, start: 'y) =
        Solving.solve operation options ValueNone (f parameters) times start

    /// The solution that was found, as a function of what it was found for. The pull looks at it by this same function: so derivatives
    /// of higher order are right, too.
    let rec private attach
        options
        (f: 'p -> Tensor -> 'y -> 'y)
        (arguments: 'p * Tensor * 'y)
        (found: OdeSolution<'y>)
        =
        let pull (arguments, found) told =
            try
                pull options f (attach options f arguments found) arguments told, told
            with :? TraceException as e when e.HasEscaped ->
                raise (Implicit.closesOver operation)

        // Forward mode goes through the steps.
        let push (arguments, _) (changes, _) =
            let along (e: Tensor) =
                let moved (t: Tensor) (d: Tensor) =
                    if t.DType.HasDerivatives then t + e.Convert t.DType * d else t

                let arguments = Tree.map2 moved arguments changes
                solved options f arguments

            let zero = Tensor.scalar DType.Float64 0.0
            snd (jvp along zero (Tensor.onesLike zero))

        withDerivative (Derivative.Both(push, pull)) snd (arguments, found)

    let solve
        (options: OdeOptions)
        (f: 'p -> Tensor -> 'y -> 'y)
        (parameters: 'p)
        (times: Tensor)
        (start: 'y)
        : OdeSolution<'y> =
        let arguments = parameters, times, start
        attach options f arguments (Implicit.constant operation (solved options f) arguments)
