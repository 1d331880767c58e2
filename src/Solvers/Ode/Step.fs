namespace Cotangent.Solvers

open Cotangent

/// A step that was taken: from where, how far, and what the method found on the way.
type internal Step = {
    Time: Tensor
    /// Negative where time runs backwards.
    Size: Tensor
    State: Tensor
    Stages: Tensor[]
}

/// A step that is tried.
type internal Trial = {
    Taken: Step
    /// The state at its end.
    State: Tensor
    /// The slope there, the next step's first.
    Slope: Tensor
    /// Estimates of its error: one, or two that Hairer combines.
    Errors: Tensor[]
}

/// What solves y′ = f(t, y), on vectors.
type internal Stepper = {
    /// How the error of a step goes with its size.
    ErrorOrder: int
    /// Vectors that a step keeps for its polynomial.
    Stages: int
    /// Evaluations of f in a step, and for the polynomial within one.
    Evaluations: int
    MoreEvaluations: int
    /// f, time, size, state, slope there.
    Try: (Tensor -> Tensor -> Tensor) -> Tensor -> Tensor -> Tensor -> Tensor -> Trial
    /// The polynomial within a step: the coefficients of θ, θ², …, where θ goes from 0 to 1.
    Dense: (Tensor -> Tensor -> Tensor) -> Step -> Tensor[]
}

module internal RungeKutta =
    let private stage f (t: Tensor) (h: Tensor) (y: Tensor) node row (stages: ResizeArray<Tensor>) =
        let state = y + h * Vector.combine row (stages.ToArray())
        stages.Add(f (if node = 0.0 then t else t + node * h) state)
        state

    let private attempt (tableau: Tableau) f t h y slope =
        let stages = ResizeArray [ slope ]
        let mutable state = y

        for i in 0 .. tableau.A.Length - 1 do
            state <- stage f t h y tableau.C[i + 1] tableau.A[i] stages

        let stages = stages.ToArray()

        {
            Taken = { Time = t; Size = h; State = y; Stages = stages }
            State = state
            Slope = stages[stages.Length - 1]
            Errors = tableau.Errors |> Array.map (fun weights -> h * Vector.combine weights stages)
        }

    let private dense (tableau: Tableau) f (step: Step) =
        let stages = ResizeArray step.Stages

        for i in 0 .. tableau.MoreA.Length - 1 do
            stage f step.Time step.Size step.State tableau.MoreC[i] tableau.MoreA[i] stages |> ignore

        let stages = stages.ToArray()
        let column k = tableau.Dense |> Array.map (fun row -> row[k])
        Array.init tableau.Dense[0].Length (fun k -> step.Size * Vector.combine (column k) stages)

    let stepper (tableau: Tableau) : Stepper = {
        ErrorOrder = tableau.ErrorOrder
        Stages = tableau.C.Length
        Evaluations = tableau.A.Length
        MoreEvaluations = tableau.MoreA.Length
        Try = attempt tableau
        Dense = dense tableau
    }

/// Rodas4, in the variables of Hairer and Wanner's program, in which no matrix is multiplied by.
module internal Rodas =
    let private gamma = 0.25
    let private nodes = [| 0.0; 0.386; 0.21; 0.63; 1.0; 1.0 |]
    let private slopes = [| 0.25; -0.1043; 0.1035; -0.0362; 0.0; 0.0 |]

    let private a = [|
        [||]
        [| 1.544 |]
        [| 0.9466785280815826; 0.2557011698983284 |]
        [| 3.314825187068521; 2.896124015972201; 0.9986419139977817 |]
        [| 1.221224509226641; 6.019134481288629; 12.53708332932087; -0.6878860361058950 |]
        [| 1.221224509226641; 6.019134481288629; 12.53708332932087; -0.6878860361058950; 1.0 |]
    |]

    let private c = [|
        [||]
        [| -5.6688 |]
        [| -2.430093356833875; -0.2063599157091915 |]
        [| -0.1073529058151375; -9.594562251023355; -20.47028614809616 |]
        [| 7.496443313967647; -10.24680431464352; -33.99990352819905; 11.70890893206160 |]
        [|
            8.083246795921522
            -7.981132988064893
            -31.52159432874371
            16.31930543123136
            -6.058818238834054
        |]
    |]

    let private dense2 = [|
        10.12623508344586
        -7.487995877610167
        -34.80091861555747
        -7.992771707568823
        1.025137723295662
        0.0
    |]

    let private dense3 = [|
        -0.6762803392801253
        6.087714651680015
        16.43084320892478
        24.76722511418386
        -6.594389125716872
        0.0
    |]

    let private attempt f (t: Tensor) (h: Tensor) (y: Tensor) (slope: Tensor) =
        let jacobian = jacobianForward (f t) y
        let byTime = diff (fun t -> f t y) t
        let order, lower, upper = lu (Tensor.eye y.DType y.Size / (gamma * h) - jacobian)

        let solve (b: Tensor) =
            let column = (b.Take(order, 0)).Unsqueeze 1
            let column = lower.SolveTriangular(column, upper = false, unitDiagonal = true)
            (upper.SolveTriangular(column, upper = true)).Squeeze 1

        let stages = ResizeArray<Tensor>()
        let mutable state = y

        for i in 0..5 do
            let known = stages.ToArray()

            if i > 0 then state <- y + Vector.combine a[i] known

            let value = if i = 0 then slope else f (t + nodes[i] * h) state
            let value = if slopes[i] = 0.0 then value else value + slopes[i] * h * byTime
            let value = if i = 0 then value else value + Vector.combine c[i] known / h
            stages.Add(solve value)

        let reached = state + stages[5]

        {
            Taken = { Time = t; Size = h; State = y; Stages = stages.ToArray() }
            State = reached
            Slope = f (t + h) reached
            Errors = [| stages[5] |]
        }

    /// y₀ + θ (y₁ - y₀ + (1 - θ)(c₂ + θ c₃))
    let private dense _ (step: Step) =
        let change = Vector.combine [| yield! a[5]; 1.0 |] step.Stages
        let c2, c3 = Vector.combine dense2 step.Stages, Vector.combine dense3 step.Stages
        [| change + c2; c3 - c2; -c3 |]

    let stepper: Stepper = {
        ErrorOrder = 4
        Stages = 6
        Evaluations = 6
        MoreEvaluations = 0
        Try = attempt
        Dense = dense
    }

module internal Stepper =
    let ofMethod (method: OdeMethod) : Stepper =
        match method with
        | OdeMethod.Heun -> RungeKutta.stepper Tableau.heun
        | OdeMethod.RungeKutta4 -> RungeKutta.stepper Tableau.rungeKutta4
        | OdeMethod.DormandPrince5 -> RungeKutta.stepper Tableau.dormandPrince5
        | OdeMethod.Tsitouras5 -> RungeKutta.stepper Tableau.tsitouras5
        | OdeMethod.DormandPrince8 -> RungeKutta.stepper DormandPrince8.tableau
        | OdeMethod.Rodas4 -> Rodas.stepper

    /// The state at a time within a step, by its polynomial.
    let at (step: Step) (polynomial: Tensor[]) (time: Tensor) : Tensor =
        let theta = (time - step.Time) / step.Size
        step.State + theta * Array.reduceBack (fun c higher -> c + theta * higher) polynomial
