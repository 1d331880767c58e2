namespace Cotangent.Solvers

open System
open Cotangent

/// Where the tanh-sinh rule stands.
type internal Trapezoid = { Sum: Tensor; Value: Tensor; Error: Tensor; Levels: Tensor; Count: Tensor }

module internal TanhSinh =
    /// Beyond this nothing is left of the weights.
    let private furthest = 3.4

    /// At t > 0: the distance from the nearer end, for an interval of length 1, and the weight.
    let private node t =
        let u = Math.PI / 2.0 * sinh t
        let distance = 1.0 / (1.0 + exp (2.0 * u))
        distance, Math.PI / 2.0 * cosh t / (2.0 * cosh u * cosh u)

    /// New nodes of a level, t = k h for odd k; all of them at the first.
    let private level k =
        let h = Math.Pow(2.0, -float k)

        let ts = [|
            for i in 1 .. int (furthest / h) do
                if k = 0 || i % 2 = 1 then float i * h
        |]

        ts |> Array.map node

    let integrate operation (options: SolverOptions) (f: Tensor -> Tensor) (low: Tensor) (high: Tensor) =
        let width = high - low
        let values points = Panels.values operation f points
        let middle = (values ((0.5 * (low + high)).Unsqueeze 0))[0]
        let levels = min 9 options.MaximumSteps

        let added k =
            let nodes = level k

            let distances, weights =
                Panels.column low (Array.map fst nodes), Panels.column low (Array.map snd nodes)

            let y = values (concat 0 [ low + width * distances; high - width * distances ])
            let w = concat 0 [ weights; weights ]
            // What is not finite at an end to which nothing is left to go counts as 0.
            (y * w.Reshape [| w.Size; yield! Array.create (y.Rank - 1) 1 |]).Sum 0, 2 * nodes.Length

        let step k (s: Trapezoid) =
            let more, count = added k
            let sum = s.Sum + more
            let value = Math.Pow(2.0, -float k) * width * sum

            {
                Sum = sum
                Value = value
                Error = stopGradient ((abs (value - s.Value)).Max())
                Levels = s.Levels + 1
                Count = s.Count + count
            }

        let goesOn (s: Trapezoid) =
            s.Error.Greater(
                (options.Tolerance + 10.0 * Rounding.of' width.DType)
                * clampMin 1.0 (stopGradient ((abs s.Value).Max()))
            )

        let start =
            let first = Math.PI / 4.0 * middle

            {
                Sum = first
                Value = width * first
                Error = Tensor.fullLike (stopGradient width) infinity
                Levels = Counter.of' 0
                Count = Counter.of' 1
            }

        let s = Seq.fold (fun s k -> cond (goesOn s) (step k) id s) start [ 0 .. levels - 1 ]

        {
            Solver = operation
            Value = s.Value
            Converged = (goesOn s).Not()
            Residual = s.Error
            Steps = s.Levels
            Evaluations = s.Count
            Bracket = null
        }
