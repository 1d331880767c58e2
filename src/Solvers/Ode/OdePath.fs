namespace Cotangent.Solvers

open Cotangent

/// <summary>A solution as a function of time: the polynomials of all its steps.</summary>
[<Sealed>]
type OdePath<'y>
    internal
    (layout: Layout<'y>, ends: Tensor, starts: Tensor, sizes: Tensor, states: Tensor, polynomials: Tensor) =
    /// Sorted upwards, whichever way time went.
    let forwards = (ends[ends.Size - 1] - starts[0]).Greater(0.0).ToData<bool>()
    let sorted = if forwards then ends else -ends

    /// The times at which steps begin and end, in their order, (steps + 1,).
    member _.Times: Tensor = concat 0 [ starts[0..0]; ends ]

    /// <summary>The states at times of any shape (…): every tensor with these axes in front; for one time, as the state is.</summary>
    /// <exception cref="T:Cotangent.ValueException">A time is not between the first and the last.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The times are of another dtype than the state.</exception>
    /// <example><code>
    /// let path = Ode.path OdeOptions.defaults (fun _ y -> -y) (tensor 0.0, tensor 2.0) (tensor 1.0)
    /// path.At(tensor 1.0) // 0.3679
    /// path.At(tensor [ 0.0; 0.5; 1.0 ]) // [1, 0.6065, 0.3679]
    /// path.At(tensor 3.0) // throws ValueException
    /// </code></example>
    member path.At(times: Tensor) : 'y =
        if times.DType <> layout.DType then
            raise (
                DTypeException
                    $"OdePath.At: times of {times.DType} for a state of {layout.DType}; convert them."
            )

        let times' = times.Reshape [ times.Size ]

        match Vector.tryRead times', Vector.tryRead path.Times with
        | ValueSome asked, ValueSome known ->
            let low, high = min known[0] known[known.Length - 1], max known[0] known[known.Length - 1]

            for t in asked do
                if not (t >= low && t <= high) then
                    raise (ValueException $"OdePath.At: t = {t}; the path goes from {low} to {high}.")
        | _ -> ()

        // The first step that ends there or later.
        let step = sorted.SearchSorted(if forwards then times' else -times')

        let step =
            (step.Convert DType.Int32)
            |> minimum (Tensor.fullLike (step.Convert DType.Int32) (float (ends.Size - 1)))

        let of' (rows: Tensor) = rows.Take(step, 0)
        let theta = ((times' - of' starts) / of' sizes).Unsqueeze 1
        let polynomial = of' polynomials

        let terms = [| for k in 0 .. polynomials.Shape[1] - 1 -> polynomial[*, k] |]

        let state = of' states + theta * Array.reduceBack (fun c higher -> c + theta * higher) terms
        Vector.unpack layout (state.Reshape(Array.append times.Shape [| Vector.size layout |]))

module internal OdePath =
    let solve
        (options: OdeOptions)
        (f: Tensor -> 'y -> 'y)
        (first: Tensor, last: Tensor)
        (start: 'y)
        : OdePath<'y> =
        let operation = "Ode.path"
        OdeOptions.check operation options
        let layout = Vector.layout operation "the state" start

        for t in [ first; last ] do
            if t.Rank <> 0 || t.DType <> layout.DType then
                raise (
                    ShapeException
                        $"{operation}: a time of {t.DType} with {t.Rank} axes; it must be one {layout.DType}, as the state."
                )

        let problem = Solving.problem operation options layout ValueNone f first last
        let steps = ResizeArray<Progress>()
        let mutable progress = Advance.start problem first (Vector.pack operation "the state" layout start)

        let goesOn () = ((Advance.isGoing progress).And(Advance.isAhead problem progress last)).ToData<bool>()

        while goesOn () do
            let before = int progress.Accepted
            progress <- Advance.attempt problem progress
            if int progress.Accepted > before then steps.Add progress

        let solution: OdeSolution<Tensor> = {
            Times = stack 0 [ first; last ]
            States = progress.State
            FinalTime = progress.Time
            Final = progress.State
            Status = progress.Status
            Accepted = progress.Accepted
            Rejected = progress.Rejected
            Evaluations = progress.Evaluations
        }

        solution.OrFail() |> ignore

        if steps.Count = 0 then
            raise (
                ValueException
                    $"{operation}: the path goes from {float first} to {float last}; it needs two times that differ."
            )

        let all (part: Progress -> Tensor) = stack 0 [ for step in steps -> part step ]

        OdePath(
            layout,
            all _.Time,
            all _.Last.Time,
            all _.Last.Size,
            all _.Last.State,
            all (fun step -> stack 0 (problem.Stepper.Dense problem.Field step.Last))
        )
