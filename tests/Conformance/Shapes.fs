/// Operators that make tensors, and those that lay them out anew.
module internal Cotangent.Conformance.Shapes

open Cotangent

let private one (f: Attributes -> Tensor -> Tensor) : Operator = fun a inputs -> [ f a (given inputs 0) ]

/// An attribute in older versions of the operators, an input in newer ones.
let private told (a: Attributes) inputs name i =
    match tryGiven inputs i with
    | Some numbers -> Some(intsOf numbers)
    | None -> a.TryInts name

let private size (numbers: int list) = List.fold (*) 1 numbers

let private reshape: Operator =
    fun a inputs ->
        let x = given inputs 0

        let wanted =
            intsOf (given inputs 1)
            |> List.mapi (fun i n -> if n = 0 && not (a.IsSet "allowzero") then x.Shape[i] else n)

        [ x.Reshape wanted ]

let private flatten (a: Attributes) (x: Tensor) =
    let axis = a.Int("axis", 1)
    let axis = if axis < 0 then axis + x.Rank else axis
    x.Reshape [ size (List.take axis (shapeOf x)); size (List.skip axis (shapeOf x)) ]

let private shape (a: Attributes) (x: Tensor) =
    let bound otherwise name =
        let place = a.Int(name, otherwise)
        max 0 (min x.Rank (if place < 0 then place + x.Rank else place))

    let first, last = bound 0 "start", bound x.Rank "end"
    ofInts [ for i in first .. last - 1 -> x.Shape[i] ]

let private squeeze: Operator =
    fun a inputs ->
        let x = given inputs 0

        let gone =
            match told a inputs "axes" 1 with
            | Some axes -> axes |> List.map (fromEnd x.Rank)
            | None -> [
                for i in 0 .. x.Rank - 1 do
                    if x.Shape[i] = 1 then i
              ]

        [
            x.Reshape [
                for i in 0 .. x.Rank - 1 do
                    if not (List.contains i gone) then x.Shape[i]
            ]
        ]

let private unsqueeze: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axes = told a inputs "axes" 1 |> Option.defaultValue []
        let rank = x.Rank + axes.Length
        let added = axes |> List.map (fromEnd rank) |> List.sort
        [ added |> List.fold (fun (x: Tensor) axis -> x.Unsqueeze axis) x ]

let private split: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = fromEnd x.Rank (a.Int("axis", 0))

        match told a inputs "split" 1 with
        | Some sizes -> List.ofArray (x.Split(sizes, axis))
        | None -> List.ofArray (x.Chunk(a.Outputs, axis))

/// Python's slices: places outside are moved to the ends.
let private slice: Operator =
    fun a inputs ->
        let x = given inputs 0
        let starts = told a inputs "starts" 1 |> Option.defaultValue []
        let ends = told a inputs "ends" 2 |> Option.defaultValue []
        let axes = told a inputs "axes" 3 |> Option.defaultValue [ 0 .. starts.Length - 1 ]

        let steps =
            tryGiven inputs 4 |> Option.map intsOf |> Option.defaultValue (List.replicate starts.Length 1)

        let part (x: Tensor) (start, stop, axis, step) =
            let axis = fromEnd x.Rank axis
            let n = x.Shape[axis]
            let low, high = (if step > 0 then 0, n else -1, n - 1)
            let place i = max low (min high (if i < 0 then i + n else i))
            let first, last = place start, (if stop < -n then low else place stop)
            x.Take(ofInts [ first..step .. last - sign step ], axis)

        [
            List.fold
                part
                x
                (List.map2 (fun (a, b) (c, d) -> a, b, c, d) (List.zip starts ends) (List.zip axes steps))
        ]

let private pad: Operator =
    fun a inputs ->
        let x = given inputs 0
        let widths = told a inputs "pads" 1 |> Option.defaultValue []
        let sides = List.zip (List.take x.Rank widths) (List.skip x.Rank widths)

        match a.Text("mode", "constant") with
        | "constant" ->
            let value =
                match tryGiven inputs 2 with
                | Some value -> List.head (floatsOf value)
                | None -> a.Float("value", 0.0)

            [ x.Pad(sides, value) ]
        | "reflect" -> [ PaddingMode.pad PaddingMode.Reflect sides x ]
        | "edge" -> [ PaddingMode.pad PaddingMode.Replicate sides x ]
        | mode -> unmapped $"padding by {mode}"

let private expand: Operator =
    fun _ inputs ->
        let x, wanted = given inputs 0, intsOf (given inputs 1)
        // Either may stretch.
        let rank = max x.Rank wanted.Length
        let full (dims: int list) = List.replicate (rank - dims.Length) 1 @ dims
        let dims = List.map2 (fun a b -> if a = 1 then b else a) (full (shapeOf x)) (full wanted)
        [ x.Expand dims ]

let private filled: Operator =
    fun a inputs ->
        let dims = intsOf (given inputs 0)

        match a.TryTensor "value" with
        | Some value -> [ (value.Reshape []).Expand dims ]
        | None -> [ Tensor.zeros DType.Float32 dims ]

let private constant: Operator =
    fun a _ ->
        match a.TryTensor "value", a.TryInt "value_int" with
        | Some value, _ -> [ value ]
        | None, Some n -> [ (ofInts [ n ]).Reshape [] ]
        | None, None -> unmapped "a constant of another kind"

let private range: Operator =
    fun _ inputs ->
        let first = given inputs 0

        let start, stop, step =
            List.head (floatsOf first),
            List.head (floatsOf (given inputs 1)),
            List.head (floatsOf (given inputs 2))

        let count = max 0 (int (ceil ((stop - start) / step)))
        [ ((Tensor.arange DType.Float64 count) * step + start).Convert first.DType ]

let private eyeLike (a: Attributes) (x: Tensor) =
    let dtype = a.TryInt "dtype" |> Option.map dtypeOf |> Option.defaultValue x.DType
    let column = (Tensor.arange DType.Int64 x.Shape[0]).Reshape [ -1; 1 ]
    ((Tensor.arange DType.Int64 x.Shape[1]).Equal(column + a.Int("k", 0))).Convert dtype

let private trilu: Operator =
    fun a inputs ->
        let x = given inputs 0
        let offset = tryGiven inputs 1 |> Option.map (intsOf >> List.head) |> Option.defaultValue 0
        [ (if a.Int("upper", 1) <> 0 then x.Triu offset else x.Tril offset) ]

let private depthToSpace (a: Attributes) (x: Tensor) =
    let pattern =
        if a.Text("mode", "DCR") = "DCR" then
            "b (i j c) h w -> b c (h i) (w j)"
        else
            "b (c i j) h w -> b c (h i) (w j)"

    let n = a.Int("blocksize", 1)
    rearrange pattern [ "i", n; "j", n ] x

let private spaceToDepth (a: Attributes) (x: Tensor) =
    let n = a.Int("blocksize", 1)
    rearrange "b c (h i) (w j) -> b (i j c) h w" [ "i", n; "j", n ] x

/// 2π n / N, N the size or, where a window is not periodic, one less.
let private window (terms: Tensor -> Tensor) : Operator =
    fun a inputs ->
        let n = List.head (intsOf (given inputs 0))
        let over = if a.Int("periodic", 1) <> 0 then n else n - 1
        let angle = Tensor.arange DType.Float64 n * (2.0 * System.Math.PI / float over)
        [ (terms angle).Convert DType.Float32 ]

let operators: (string * Operator) list = [
    "Reshape", reshape
    "Flatten", one flatten
    "Shape", one shape
    "Size", one (fun _ x -> (ofInts [ x.Size ]).Reshape [])
    "Transpose", one (fun a x -> x.Permute(a.Ints("perm", [ x.Rank - 1 .. -1 .. 0 ])))
    "Squeeze", squeeze
    "Unsqueeze", unsqueeze
    "Concat", (fun a inputs -> [ concat (a.Int("axis", 1)) (List.choose id inputs) ])
    "Split", split
    "Slice", slice
    "Pad", pad
    "Expand", expand
    "Tile", (fun _ inputs -> [ (given inputs 0).Tile(intsOf (given inputs 1)) ])
    "ConstantOfShape", filled
    "Constant", constant
    "Range", range
    "EyeLike", one eyeLike
    "Trilu", trilu
    "DepthToSpace", one depthToSpace
    "SpaceToDepth", one spaceToDepth
    "HannWindow", window (fun angle -> 0.5 - 0.5 * cos angle)
    "HammingWindow", window (fun angle -> 25.0 / 46.0 - 21.0 / 46.0 * cos angle)
    "BlackmanWindow", window (fun angle -> 0.42 - 0.5 * cos angle + 0.08 * cos (2.0 * angle))
]
