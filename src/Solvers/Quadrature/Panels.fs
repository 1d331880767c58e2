namespace Cotangent.Solvers

open Cotangent

module internal Panels =
    let column (like: Tensor) (values: float[]) : Tensor = (tensor values).Convert like.DType

    /// The nodes of intervals (k,), (k n,).
    let nodes (rule: Rule) (low: Tensor) (high: Tensor) : Tensor =
        let half, middle = 0.5 * (high - low), 0.5 * (high + low)
        (middle.Unsqueeze 1 + half.Unsqueeze 1 * column low rule.Nodes).Reshape [ -1 ]

    /// The ends of an interval, where their numbers can be read.
    let requireFinite operation (ends: Tensor list) =
        for e in ends do
            match Vector.tryRead e with
            | ValueSome [| number |] when not (System.Double.IsFinite number) ->
                raise (
                    ValueException
                        $"{operation}: an end of the interval is {number}; it must be finite. Up to infinity there is `Quadrature.toInfinity`; over the whole line, take f(x) + f(-x) from 0."
                )
            | _ -> ()

    /// f at points (n,), of shape (n, …).
    let values operation (f: Tensor -> Tensor) (points: Tensor) : Tensor =
        let y = f points

        if y.Rank < 1 || y.Shape[0] <> points.Size || y.DType <> points.DType then
            raise (
                ShapeException
                    $"{operation}: of {points.Size} points the function makes {y.DType} {Vector.show y.Shape}; it must give a value, or a tensor of them, for each point along axis 0: (n, …), of {points.DType}."
            )

        y

    /// Sums of the values with weights, for each interval: (k, numbers).
    let private weighted (rule: Rule) (weights: float[]) (half: Tensor) (y: Tensor) : Tensor =
        let rows = y.Reshape [ half.Size; rule.Nodes.Length; -1 ]
        half.Unsqueeze 1 * (rows * (column half weights).Unsqueeze 1).Sum 1

    /// Integrals over intervals and QUADPACK's estimates of their errors: (k, numbers).
    let integrate operation (rule: Rule) f (low: Tensor) (high: Tensor) : Tensor * Tensor =
        let y = values operation f (nodes rule low high)
        let half = 0.5 * (high - low)
        let integral = weighted rule rule.Weights half y
        let difference = abs (integral - weighted rule rule.Inner half y)
        let width = Krylov.safe (high - low)
        let average = (integral / width.Unsqueeze 1).Unsqueeze 1
        let rows = y.Reshape [ half.Size; rule.Nodes.Length; -1 ]
        let spread = weighted rule rule.Weights (abs half) (abs (rows - average))
        let ratio = 200.0 * difference / Krylov.safe spread
        let scaled = spread * minimum (Tensor.onesLike ratio) (ratio ** 1.5)
        integral, where ((spread.Equal 0.0).Or(difference.Equal 0.0)) difference scaled
