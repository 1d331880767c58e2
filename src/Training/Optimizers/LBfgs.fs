namespace Cotangent

/// How to minimise by L-BFGS.
type LBfgs = {
    /// Pairs of changes of parameters and gradients that are kept.
    History: int
    /// Evaluations of the loss in one step, at most.
    Evaluations: int
}

/// <summary>Where a minimisation by L-BFGS stands; a tree.</summary>
/// <example><code>
/// let start = LBfgs.start LBfgs.defaults (fun x -> sum (square x)) (tensor [ 3.0; 4.0 ])
/// start.Value // 25
/// start.Gradient // [6, 8]
/// </code></example>
type LBfgsState<'p> = {
    /// The parameters.
    Parameters: 'p
    /// The loss there, Float64.
    Value: Tensor
    /// The gradient there, its trained tensors one after another.
    Gradient: Tensor
    /// The last changes of the parameters, (History, numbers): the newest last, zeros where there was none.
    Steps: Tensor
    /// Those of the gradients.
    Differences: Tensor
}

/// <summary>
/// The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno with a line search for the strong Wolfe conditions
/// (Nocedal &amp; Wright 2006, algorithm 7.5): for losses without noise, such as those of all data. It asks for the loss itself,
/// so it is no <c>Optimizer</c>.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module LBfgs =
    /// A history of 10, and 20 evaluations a step.
    let defaults: LBfgs = { History = 10; Evaluations = 20 }

    let private require (options: LBfgs) =
        if options.History < 1 || options.Evaluations < 1 then
            raise (
                ValueException
                    $"LBfgs: a history of {options.History} and {options.Evaluations} evaluations a step; both must be at least 1."
            )

    let private trained (tree: 'p) : Tensor[] =
        let leaves = Tree.leaves tree
        TrainedLeaves.choose (TrainedLeaves.places tree) leaves

    /// The trained tensors as one vector.
    let private flatten (operation: string) (tensors: Tensor[]) : Tensor =
        if tensors.Length = 0 then
            raise (TreeException $"{operation}: the parameters hold no tensors that are trained.")

        match tensors |> Array.tryFind (fun t -> t.DType <> tensors[0].DType || DTypes.isHalf t.DType) with
        | Some t ->
            raise (
                DTypeException
                    $"{operation}: parameters of {t.DType} beside {tensors[0].DType}; all must be of one dtype, Float32 or Float64. Convert them with `Tree.map`."
            )
        | None -> tensors |> Array.map _.Flatten() |> List.ofArray |> concat 0

    /// Such a vector in the place of the trained tensors.
    let private unflatten (like: 'p) (vector: Tensor) : 'p =
        let leaves, places = Tree.leaves like, TrainedLeaves.places like
        let shapes = TrainedLeaves.choose places leaves |> Array.map _.Dims
        let ends = shapes |> Array.map (Array.fold (*) 1) |> Array.scan (+) 0

        let parts = shapes |> Array.mapi (fun i shape -> (vector[ends[i] .. ends[i + 1] - 1]).Reshape shape)

        Tree.rebuild like (TrainedLeaves.put places leaves parts)

    let private evaluate operation (loss: 'p -> Tensor) (parameters: 'p) : Tensor * Tensor =
        let value, gradient = valueAndGrad loss parameters
        value.Convert DType.Float64, flatten operation (trained gradient)

    /// <summary>The state before the first step; evaluates the loss once.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The trained tensors are of several dtypes, or of 16 bits.</exception>
    /// <exception cref="T:Cotangent.ValueException">The history or the evaluations are below 1.</exception>
    /// <example><code>
    /// (LBfgs.start LBfgs.defaults (fun x -> sum (square x)) (tensor [ 3.0; 4.0 ])).Value // 25
    /// </code></example>
    let start (options: LBfgs) (loss: 'p -> Tensor) (parameters: 'p) : LBfgsState<'p> =
        Given.check "options" options
        Given.check "loss" loss
        require options
        let value, gradient = evaluate "LBfgs.start" loss parameters
        let none () = (Tensor.zeros gradient.DType [ options.History; gradient.Size ]).To gradient.Device

        {
            Parameters = parameters
            Value = value
            Gradient = gradient
            Steps = none ()
            Differences = none ()
        }

    let private product (a: Tensor) (b: Tensor) = sum (a * b)

    /// Minus the gradient times the inverse Hessian that the pairs tell of (algorithm 7.4). A pair of zeros changes nothing.
    let private direction (state: LBfgsState<'p>) : Tensor =
        let pairs = [ for i in 0 .. state.Steps.Dims[0] - 1 -> state.Steps[i], state.Differences[i] ]

        let rho (s: Tensor, y: Tensor) =
            let curvature = product s y
            let isThere = curvature.Greater 0.0

            where
                isThere
                (1.0 / where isThere curvature (Tensor.onesLike curvature))
                (Tensor.zerosLike curvature)

        let backwards (q: Tensor) (s, y) =
            let alpha = rho (s, y) * product s q
            alpha, q - alpha * y

        let alphas, q = List.mapFold backwards state.Gradient (List.rev pairs)
        let s, y = List.last pairs
        let size = product y y
        let isThere = size.Greater 0.0
        // The scale of the newest pair (eq. 7.20).
        let scale =
            where isThere (product s y / where isThere size (Tensor.onesLike size)) (Tensor.onesLike size)

        let forwards (r: Tensor) ((s, y), alpha) = r + (alpha - rho (s, y) * product y r) * s
        -(List.fold forwards (scale * q) (List.zip pairs (List.rev alphas)))

    /// With a pair more, where its curvature is positive; the oldest goes.
    let private remember (s: Tensor) (y: Tensor) (steps: Tensor) (differences: Tensor) =
        let isCurved = (product s y).Greater 1e-10

        let shifted (all: Tensor) (one: Tensor) = where isCurved (concat 0 [ all[1..]; one.Unsqueeze 0 ]) all

        shifted steps s, shifted differences y

    /// <summary>
    /// One step: a direction, a search along it, and the pair of changes kept. Where no descent is found the parameters stay.
    /// The loss may be compiled, and the step may be part of a compiled function.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The trained tensors are of several dtypes, or of 16 bits.</exception>
    /// <exception cref="T:Cotangent.ValueException">The history or the evaluations are below 1.</exception>
    /// <example><code>
    /// // Rosenbrock's valley, from the far end.
    /// let loss (x: Tensor) = 100.0 * square (x[1] - square x[0]) + square (1.0 - x[0])
    /// let first = LBfgs.start LBfgs.defaults loss (tensor [ -1.2; 1.0 ])
    /// let last = Seq.fold (fun state _ -> LBfgs.step LBfgs.defaults loss state) first [ 1..40 ]
    /// last.Parameters // [1, 1]
    /// </code></example>
    let step (options: LBfgs) (loss: 'p -> Tensor) (state: LBfgsState<'p>) : LBfgsState<'p> =
        Given.check "options" options
        Given.check "loss" loss
        Given.check "state" state
        require options
        let x = flatten "LBfgs.step" (trained state.Parameters)
        let d = direction state
        let slope (gradient: Tensor) = (product d gradient).Convert DType.Float64
        let zero = Tensor.zerosLike state.Value
        let origin = { At = zero; Value = state.Value; Slope = slope state.Gradient }

        let at (distance: Tensor) =
            let value, gradient =
                evaluate "LBfgs.step" loss (unflatten state.Parameters (x + distance.Convert x.DType * d))

            { At = distance; Value = value; Slope = slope gradient }, gradient

        // Without a pair the gradient's scale says nothing of the distance.
        let isFirst = (abs state.Steps).Max().Equal 0.0
        let size = (sum (abs state.Gradient)).Convert DType.Float64
        let one = Tensor.onesLike zero
        let distance = where isFirst (minimum one (1.0 / maximum size (Tensor.fullLike size 1e-300))) one
        let reached, gradient = LineSearch.run at origin state.Gradient distance options.Evaluations
        let s = reached.At.Convert x.DType * d
        let steps, differences = remember s (gradient - state.Gradient) state.Steps state.Differences

        {
            Parameters = unflatten state.Parameters (x + s)
            Value = reached.Value
            Gradient = gradient
            Steps = steps
            Differences = differences
        }
