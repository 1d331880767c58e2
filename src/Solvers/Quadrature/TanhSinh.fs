namespace Cotangent.Solvers

open System
open Cotangent

/// Where the tanh-sinh rule stands.
type internal Trapezoid = { Sum: Tensor; Value: Tensor; Error: Tensor; Levels: Tensor; Count: Tensor }

module internal TanhSinh =
    /// How far nodes go: there the distance from an end is near the smallest number of the dtype, 1e-300 in Float64.
    let private furthest (dtype: DType) = if dtype = DType.Float64 then 6.0 else 3.8

    /// At t > 0: the distance from the nearer end, for an interval of length 1, and the weight.
    let private node t =
        let u = Math.PI / 2.0 * sinh t
        let distance = 1.0 / (1.0 + exp (2.0 * u))
        distance, Math.PI / 2.0 * cosh t / (2.0 * cosh u * cosh u)

    /// New nodes of a level, t = k h for odd k; all of them at the first.
    let private level dtype k =
        let h = Math.Pow(2.0, -float k)

        let ts = [|
            for i in 1 .. int (furthest dtype / h) do
                if k = 0 || i % 2 = 1 then float i * h
        |]

        ts |> Array.map node

    let integrate operation (options: SolverOptions) (f: Tensor -> Tensor) (low: Tensor) (high: Tensor) =
        let width = high - low
        let values points = Panels.values operation f points
        let middlePoint = 0.5 * (low + high)
        let middle = (values (middlePoint.Unsqueeze 0))[0]
        let levels = min 9 options.MaximumSteps

        let size (t: Tensor) = (stopGradient (abs t)).Max()

        /// The sum over the new nodes; the last term before each end, about as much as is left beyond it; and how many nodes.
        let added k =
            let nodes = level width.DType k
            let n = nodes.Length

            let distances, weights =
                Panels.column low (Array.map fst nodes), Panels.column low (Array.map snd nodes)

            let points = concat 0 [ low + width * distances; high - width * distances ]
            // Beside an end that is not 0, nodes round onto it: those are left out.
            let isEnd = (points.Equal low).Or(points.Equal high)
            let y = values (where isEnd (middlePoint.Expand points.Shape) points)
            let w = concat 0 [ weights; weights ]
            let w = where isEnd (Tensor.zerosLike w) w
            let terms = y * w.Reshape [| w.Size; yield! Array.create (y.Rank - 1) 1 |]

            let last (isEnd: Tensor) (terms: Tensor) =
                let at = (isEnd.Not().Convert DType.Int32).Sum() - 1
                let isLast = ((Tensor.arange DType.Int32 n).Equal at).Convert terms.DType
                size (terms * isLast.Reshape [| n; yield! Array.create (terms.Rank - 1) 1 |])

            let left = last isEnd[.. n - 1] terms[.. n - 1] + last isEnd[n..] terms[n..]
            terms.Sum 0, left, 2 * n

        let step k (s: Trapezoid) =
            let more, left, count = added k
            let sum = s.Sum + more
            let value = Math.Pow(2.0, -float k) * width * sum

            {
                Sum = sum
                Value = value
                Error = stopGradient (size (value - s.Value) + abs width * left)
                Levels = s.Levels + 1
                Count = s.Count + count
            }

        let converged (s: Trapezoid) =
            (s.Error.LessEqual(
                (options.Tolerance + 10.0 * Rounding.of' width.DType) * clampMin 1.0 (size s.Value)
            ))
                .And(s.Error.IsFinite())

        let start =
            let first = Math.PI / 4.0 * middle

            {
                Sum = first
                Value = width * first
                Error = Tensor.fullLike (stopGradient width) infinity
                Levels = Counter.of' 0
                Count = Counter.of' 1
            }

        let s = Seq.fold (fun s k -> cond (converged s) id (step k) s) start [ 0 .. levels - 1 ]

        {
            Solver = operation
            MaximumSteps = options.MaximumSteps
            Value = s.Value
            Converged = converged s
            Residual = s.Error
            Steps = s.Levels
            Evaluations = s.Count
            Bracket = null
        }
