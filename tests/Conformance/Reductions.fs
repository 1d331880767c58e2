/// Operators that make fewer numbers of many, along axes.
module internal Cotangent.Conformance.Reductions

open Cotangent

/// Axes come as an attribute or, since version 13 or 18 of the operators, as an input.
let private reduce (f: Tensor -> int list -> bool -> Tensor) : Operator =
    fun a inputs ->
        let x = given inputs 0
        let keep = a.Int("keepdims", 1) <> 0

        let axes =
            match tryGiven inputs 1, a.TryInts "axes" with
            | Some axes, _ -> intsOf axes
            | None, Some axes -> axes
            | None, None -> []

        match axes with
        | [] when a.IsSet "noop_with_empty_axes" -> [ x ]
        | [] -> [ f x [ 0 .. x.Rank - 1 ] keep ]
        | axes -> [ f x (axes |> List.map (fromEnd x.Rank)) keep ]

let private position (f: Tensor -> int -> bool -> Tensor) : Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = fromEnd x.Rank (a.Int("axis", 0))
        let keep = a.Int("keepdims", 1) <> 0

        if a.IsSet "select_last_index" then
            [ x.Shape[axis] - 1 - f (x.Flip axis) axis keep ]
        else
            [ f x axis keep ]

let private running: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = fromEnd x.Rank (List.head (intsOf (given inputs 1)))
        let sums = x.CumulativeSum(axis, a.IsSet "reverse")
        [ (if a.IsSet "exclusive" then sums - x else sums) ]

/// Before version 13 of the operators all axes from the given one on are one.
let private alongLast (f: Tensor -> int -> Tensor) : Operator =
    fun a inputs ->
        let x = given inputs 0

        if a.Opset >= 13 then
            [ f x (fromEnd x.Rank (a.Int("axis", -1))) ]
        else
            let axis = fromEnd x.Rank (a.Int("axis", 1))
            let rows = List.take axis (shapeOf x) |> List.fold (*) 1
            [ (f (x.Reshape [ rows; -1 ]) 1).Reshape(shapeOf x) ]

let private hardmax (x: Tensor) axis =
    (Tensor.oneHot x.DType x.Shape[axis] (x.ArgMax axis)).MoveAxis(-1, axis)

let private topK: Operator =
    fun a inputs ->
        let x = given inputs 0
        let k = List.head (intsOf (given inputs 1))
        let axis = fromEnd x.Rank (a.Int("axis", -1))

        if a.Int("largest", 1) <> 0 then
            let values, positions = x.TopK(k, axis)
            [ values; positions ]
        else
            let values, positions = (-x).TopK(k, axis)
            [ -values; positions ]

let operators: (string * Operator) list = [
    "ReduceL1", reduce (fun x axes keep -> (abs x).Sum(axes, keep))
    "ReduceL2", reduce (fun x axes keep -> x.Norm(axes, keep))
    "ReduceLogSum", reduce (fun x axes keep -> log (x.Sum(axes, keep)))
    "ReduceLogSumExp", reduce (fun x axes keep -> x.LogSumExp(axes, keep))
    "ReduceMax", reduce (fun x axes keep -> x.Max(axes, keep))
    "ReduceMin", reduce (fun x axes keep -> x.Min(axes, keep))
    "ReduceMean", reduce (fun x axes keep -> x.Mean(axes, keep))
    "ReduceProd", reduce (fun x axes keep -> x.Prod(axes, keep))
    "ReduceSum", reduce (fun x axes keep -> x.Sum(axes, keep))
    "ReduceSumSquare", reduce (fun x axes keep -> (square x).Sum(axes, keep))
    "ArgMax", position (fun x axis keep -> x.ArgMax(axis, keep))
    "ArgMin", position (fun x axis keep -> x.ArgMin(axis, keep))
    "CumSum", running
    "Softmax", alongLast (fun x axis -> x.Softmax axis)
    "LogSoftmax", alongLast (fun x axis -> x.LogSoftmax axis)
    "Hardmax", alongLast hardmax
    "TopK", topK
    "MatMul", (fun _ inputs -> [ matmul (given inputs 0) (given inputs 1) ])
    "Gemm",
    (fun a inputs ->
        let turned name (x: Tensor) = if a.IsSet name then x.T else x
        let product = matmul (turned "transA" (given inputs 0)) (turned "transB" (given inputs 1))
        let product = product * a.Float("alpha", 1.0)

        match tryGiven inputs 2 with
        | Some c -> [ product + c * a.Float("beta", 1.0) ]
        | None -> [ product ])
    "Einsum", (fun a inputs -> [ einsum (a.Text("equation", "")) (List.choose id inputs) ])
    "Det", (fun _ inputs -> [ det (given inputs 0) ])
]
