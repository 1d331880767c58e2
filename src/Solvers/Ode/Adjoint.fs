namespace Cotangent.Solvers

open Cotangent

/// What runs backwards: the state, its sensitivity a, and what has been gathered for the parameters.
type internal Backwards<'p, 'y> = { Back: 'y; Sensitivity: 'y; Gathered: 'p }

/// The continuous adjoint: a′ = -aᵀ ∂f/∂y, solved backwards from the end together with the state; at each saved time its cotangent
/// is added to a (Pontryagin; Chen, Rubanova, Bettencourt and Duvenaud, "Neural ordinary differential equations", 2018).
module internal Adjoint =
    let private operation = "Ode.solveAdjoint"
    let private flip (tree: 'y) = Tree.map (fun (t: Tensor) -> t.Flip 0) tree

    /// Parameters may hold no tensors.
    let private mapParameters f (parameters: 'p) =
        let holdsTensors =
            try
                (Tree.leaves parameters).Length > 0
            with :? TreeException ->
                false

        if holdsTensors then Tree.map f parameters else parameters

    let private first (tree: 'y) = Tree.map (fun (t: Tensor) -> t[0]) tree
    let private rest (tree: 'y) = Tree.map (fun (t: Tensor) -> t[1..]) tree

    /// Backwards over one interval; NaN if that fails.
    let private interval
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
        Tree.map (fun (t: Tensor) -> t[1]) solution.States

    let private pull
        options
        (f: 'p -> Tensor -> 'y -> 'y)
        (solution: OdeSolution<'y>)
        (parameters: 'p, times: Tensor, start: 'y)
        (told: OdeSolution<'y>)
        : 'p * Tensor * 'y =
        let sensitivityOfTime t state (sensitivity: 'y) = Tree.dot sensitivity (f parameters t state)

        let step (sensitivity: 'y, gathered: 'p) (state: 'y, later: Tensor, earlier: Tensor, here: 'y) =
            let sensitivity = Tree.add sensitivity here
            let byTime = sensitivityOfTime later state here
            let whole = { Back = state; Sensitivity = sensitivity; Gathered = gathered }
            let reached = interval options f parameters later earlier whole
            (reached.Sensitivity, reached.Gathered), byTime

        let sequence =
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

    /// The solution that was found, as a function of what it was found for. The pull looks at it by this same function: so derivatives
    /// of higher order are right, too.
    let rec private attach
        options
        (f: 'p -> Tensor -> 'y -> 'y)
        (arguments: 'p * Tensor * 'y)
        (found: OdeSolution<'y>)
        =
        let backwards (arguments, found) told =
            pull options f (attach options f arguments found) arguments told, told

        withDerivative (Implicit.pullOf operation backwards) snd (arguments, found)

    let solve
        (options: OdeOptions)
        (f: 'p -> Tensor -> 'y -> 'y)
        (parameters: 'p)
        (times: Tensor)
        (start: 'y)
        : OdeSolution<'y> =
        let forwards (parameters, times, start) =
            Solving.solve operation options ValueNone (f parameters) times start

        let arguments = parameters, times, start
        attach options f arguments (Implicit.constant operation forwards arguments)
