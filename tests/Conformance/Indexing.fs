/// Operators that read and write at positions.
module internal Cotangent.Conformance.Indexing

open Cotangent

/// Positions from the end made those from the start.
let private fromStart (n: int) (positions: Tensor) =
    let positions = positions.Convert DType.Int64
    where (positions.Less 0.0) (positions + n) positions

let private gather: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = fromEnd x.Rank (a.Int("axis", 0))
        [ x.Take(fromStart x.Shape[axis] (given inputs 1), axis) ]

let private gatherElements: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = fromEnd x.Rank (a.Int("axis", 0))
        [ x.Gather(fromStart x.Shape[axis] (given inputs 1), axis) ]

/// The columns of coordinates, one for each axis.
let private columns (x: Tensor) (coordinates: Tensor) =
    List.init coordinates.Shape[coordinates.Rank - 1] (fun i ->
        let last = coordinates.Rank - 1
        fromStart x.Shape[i] ((coordinates.Take(ofInts [ i ], last)).Squeeze last))

let rec private gatherPoints batchAxes (x: Tensor) (coordinates: Tensor) : Tensor =
    if batchAxes = 0 then
        (x.AtPoints(columns x coordinates)).Value
    else
        List.map2
            (gatherPoints (batchAxes - 1))
            (List.ofArray (x.Unstack 0))
            (List.ofArray (coordinates.Unstack 0))
        |> stack 0

let private scatterElements: Operator =
    fun a inputs ->
        let x, updates = given inputs 0, given inputs 2
        let axis = fromEnd x.Rank (a.Int("axis", 0))
        let positions = fromStart x.Shape[axis] (given inputs 1)

        match a.Text("reduction", "none") with
        | "none" -> [ x.Scatter(positions, updates, axis) ]
        | "add" -> [ x.ScatterAdd(positions, updates, axis) ]
        | "mul" -> [ x.ScatterReduce(Reduce.Prod, positions, updates, axis) ]
        | "max" -> [ x.ScatterReduce(Reduce.Max, positions, updates, axis) ]
        | "min" -> [ x.ScatterReduce(Reduce.Min, positions, updates, axis) ]
        | how -> unmapped $"the reduction {how}"

let private scatterPoints: Operator =
    fun a inputs ->
        let x, updates = given inputs 0, given inputs 2
        let part = x.AtPoints(columns x (given inputs 1))

        match a.Text("reduction", "none") with
        | "none" -> [ part.Set updates ]
        | "add" -> [ part.Add updates ]
        | "mul" -> [ part.Multiply updates ]
        | "max" -> [ part.Max updates ]
        | "min" -> [ part.Min updates ]
        | how -> unmapped $"the reduction {how}"

let private compress: Operator =
    fun a inputs ->
        let x, mask = given inputs 0, given inputs 1

        let kept =
            ofInts [
                for i, keep in List.indexed (intsOf (mask.Convert DType.Int32)) do
                    if keep <> 0 then i
            ]

        match a.TryInt "axis" with
        | Some axis -> [ x.Take(kept, fromEnd x.Rank axis) ]
        | None -> [ (x.Flatten()).Take(kept, 0) ]

let private oneHot: Operator =
    fun a inputs ->
        let depth = List.head (intsOf (given inputs 1))
        let values = given inputs 2
        let positions = given inputs 0
        // Positions outside are of no class.
        let positions = floor (positions.Convert DType.Float64)
        let positions = where (positions.Less 0.0) (positions + depth) positions
        let classes = Tensor.arange DType.Float64 depth
        let isHot = (positions.Unsqueeze positions.Rank).Equal classes
        let off, on = values.Take(ofInts [ 0 ], 0), values.Take(ofInts [ 1 ], 0)
        let axis = fromEnd (positions.Rank + 1) (a.Int("axis", -1))
        [ (where isHot on off).MoveAxis(-1, axis) ]

let private unique: Operator =
    fun a inputs ->
        let found = (given inputs 0).UniqueAll(?axis = a.TryInt "axis", sorted = (a.Int("sorted", 1) <> 0))

        [ found.Values; found.Positions; found.Inverse.Flatten(); found.Counts ]

let private reverseSequence: Operator =
    fun a inputs ->
        let x, lengths = given inputs 0, given inputs 1
        let time, batch = a.Int("time_axis", 0), a.Int("batch_axis", 1)
        let x = (x.MoveAxis(time, 0)).MoveAxis((if batch < time then batch + 1 else batch), 1)
        let steps = (Tensor.arange DType.Int64 x.Shape[0]).Reshape [ -1; 1 ]
        let lengths = lengths.Convert DType.Int64
        let positions = where (steps.Less lengths) (lengths - 1 - steps) (steps + Tensor.zerosLike lengths)
        let positions = positions.Reshape(shapeOf positions @ List.replicate (x.Rank - 2) 1)
        let turned = x.Gather(positions.Expand(shapeOf x), 0)
        [ (if time = 0 then turned else turned.MoveAxis(0, time)) ]

let operators: (string * Operator) list = [
    "Gather", gather
    "GatherElements", gatherElements
    "GatherND", (fun a inputs -> [ gatherPoints (a.Int("batch_dims", 0)) (given inputs 0) (given inputs 1) ])
    "ScatterElements", scatterElements
    "Scatter", scatterElements
    "ScatterND", scatterPoints
    "Compress", compress
    "OneHot", oneHot
    "NonZero", (fun _ inputs -> [ ((given inputs 0).NonZero()).T ])
    "Unique", unique
    "ReverseSequence", reverseSequence
]
