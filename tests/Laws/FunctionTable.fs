/// What users call, in terms of primitives: one case for each function with a derivative, to run the laws over.
module internal Cotangent.Tests.FunctionTable

open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.Laws

/// Draws a case: a function (its axes and indices chosen by the dice) at a point away from kinks.
type Row = { Name: string; Draw: Dice -> Case }

let private case name (at: Tensor list) (apply: Tensor[] -> Tensor) : Case = {
    Name = name
    Apply = apply
    At = Array.ofList at
}

let private float64 (dice: Dice) shape number = tensorOf dice DType.Float64 shape number
let private anywhere (dice: Dice) () = dice.Between -2.0 2.0
let private positive (dice: Dice) () = dice.Between 0.4 2.0
let private nonzero (dice: Dice) () = dice.Sign * dice.Between 0.4 2.0

/// A function of one tensor.
let private one name (number: Dice -> unit -> float) (f: Tensor -> Tensor) = {
    Name = name
    Draw = fun dice -> case name [ float64 dice (dice.Shape()) (number dice) ] (fun x -> f x[0])
}

let private nonempty (dice: Dice) = Array.init (1 + dice.Below 3) (fun _ -> 1 + dice.Below 3)

/// A function of one tensor without two equal numbers, and of one of its axes.
let private ordered name (f: int -> Tensor -> Tensor) = {
    Name = name
    Draw =
        fun dice ->
            let shape = nonempty dice
            let axis = dice.Below shape.Length
            case name [ distinctOf dice DType.Float64 shape ] (fun x -> f axis x[0])
}

/// A fold over some axes, with `keepDims` or without.
let private fold name number (f: Tensor -> int list -> bool -> Tensor) = {
    Name = name
    Draw =
        fun dice ->
            let shape = nonempty dice
            let axes = [ 0 .. shape.Length - 1 ] |> List.filter (fun _ -> dice.Chance 0.6)
            let keepDims = dice.Chance 0.5
            case name [ number dice shape ] (fun x -> f x[0] axes keepDims)
}

let private foldOf name number f = fold name (fun dice shape -> float64 dice shape (number dice)) f

/// An operator whose operands broadcast against each other.
let private two
    name
    (first: Dice -> unit -> float)
    (second: Dice -> unit -> float)
    (f: Tensor -> Tensor -> Tensor)
    = {
    Name = name
    Draw =
        fun dice ->
            let shape = dice.Shape()

            let narrow () =
                shape[dice.Below(shape.Length + 1) ..]
                |> Array.map (fun n -> if dice.Chance 0.3 then 1 else n)

            case
                name
                [ float64 dice (narrow ()) (first dice); float64 dice (narrow ()) (second dice) ]
                (fun x -> f x[0] x[1])
}

/// A function, made by the dice, of tensors of fixed shapes.
let private made name (shapes: int list list) (make: Dice -> Tensor[] -> Tensor) = {
    Name = name
    Draw =
        fun dice -> case name [ for s in shapes -> float64 dice (Array.ofList s) (anywhere dice) ] (make dice)
}

let private fixedShapes name shapes f = made name shapes (fun _ -> f)

/// A function, of tensors of fixed shapes, that has random positions along an axis of some size.
let private withPositions name shapes size (positions: int list) f =
    made name shapes (fun dice ->
        f (tensorOf dice DType.Int32 (Array.ofList positions) (fun () -> float (dice.Below size))))

let private arithmetic = [
    two "a + b" anywhere anywhere (+)
    two "a - b" anywhere anywhere (-)
    two "a * b" anywhere anywhere (*)
    two "a / b" anywhere nonzero (/)
    two "a ** b" positive anywhere (fun a b -> a ** b)
    two "atan2" nonzero anywhere atan2
    two "where" nonzero anywhere (fun a b -> where ((stopGradient a).Greater 0.0) (a * a) (a * b))
    one "2 + x - 3" anywhere (fun x -> 2.0 + x - 3)
    one "2 - x * 3" anywhere (fun x -> 2 - x * 3.0)
    one "1 / x / 2" nonzero (fun x -> 1.0 / x / 2)
    one "x ** 2" anywhere (fun x -> x ** 2.0)
    one "x ** 3, also below 0" nonzero (fun x -> x ** 3)
    one "x ** -1.5" positive (fun x -> x ** -1.5)
    one "2 ** x" anywhere (fun x -> Tensor.fullLike x 2.0 ** x)
    one "x % 3" (fun dice () -> dice.Sign * (3.0 * float (dice.Below 2) + dice.Between 0.2 2.8)) (fun x ->
        x % 3.0)
    one "square" anywhere square
    one "leakyRelu" nonzero (leakyRelu 0.1)
    one "log10" positive (fun x -> Tensor.Log10 x)
    one "truncate" nonzero (fun x -> Tensor.Truncate(x * 0.4))
    one "clamp" (fun dice () -> dice.Pick [ -2.0; -0.5; 0.5; 2.0 ] + dice.Between -0.3 0.3) (clamp -1.0 1.0)
    one "sinc, by where" nonzero (fun x -> where ((abs x).Less 0.1) (Tensor.onesLike x) (sin x / x))
    one "convert there and back" anywhere (fun x -> (x.Convert DType.Float64 * 2).Convert DType.Float64)
]

/// Some exact zeros: products are smooth there, too.
let private withZeros (dice: Dice) () = if dice.Chance 0.3 then 0.0 else dice.Between -2.0 2.0

let private folds = [
    foldOf "sum" anywhere (fun x axes keep -> x.Sum(axes, keep))
    foldOf "mean" anywhere (fun x axes keep -> x.Mean(axes, keep))
    foldOf "prod" withZeros (fun x axes keep -> x.Prod(axes, keep))
    foldOf "variance" anywhere (fun x axes keep -> x.Variance(axes, keep))
    foldOf "variance of a sample" anywhere (fun x _ keep -> (concat 0 [ x; x * x ]).Variance([ 0 ], keep, 1))
    // Finite differences of a root are poor where it is small: numbers at least 0.6 apart, or x and x² + 2.
    fold "std" (fun dice shape -> distinctOf dice DType.Float64 shape * 10.0) (fun x axes keep ->
        x.Std(axes, keep))
    foldOf "std of a sample" anywhere (fun x _ keep -> (concat 0 [ x; x * x + 2.0 ]).Std([ 0 ], keep, 1))
    foldOf "norm" nonzero (fun x axes keep -> x.Norm(axes, keep))
    foldOf "norm of order 1" nonzero (fun x axes keep -> x.Norm(axes, keep, 1.0))
    foldOf "logSumExp" anywhere (fun x axes keep -> x.LogSumExp(axes, keep))
    fold "max" (fun dice shape -> distinctOf dice DType.Float64 shape) (fun x axes keep -> x.Max(axes, keep))
    fold "min" (fun dice shape -> distinctOf dice DType.Float64 shape) (fun x axes keep -> x.Min(axes, keep))
    fold
        "norm of order infinity"
        (fun dice shape -> distinctOf dice DType.Float64 shape - 9.0)
        (fun x axes keep -> x.Norm(axes, keep, infinity))
    ordered "softmax" (fun axis x -> x.Softmax axis)
    ordered "logSoftmax" (fun axis x -> x.LogSoftmax axis)
    ordered "layerNorm" (fun _ x -> x.LayerNorm(epsilon = 0.1))
    ordered "layerNorm of all axes" (fun _ x -> x.LayerNorm(x.Rank, 0.1) * 2.0 + 1.0)
    ordered "layerNorm with gain and bias" (fun _ x ->
        let columns = x.Reshape([ -1; x.Shape[x.Rank - 1] ])[0]
        x.LayerNorm(epsilon = 0.1, gain = sin columns, bias = columns))
    ordered "rmsNorm with a gain" (fun _ x ->
        x.RmsNorm(epsilon = 0.1, gain = cos (x.Reshape([ -1; x.Shape[x.Rank - 1] ])[0])))
    ordered "rmsNorm" (fun _ x -> x.RmsNorm(epsilon = 0.1))
    withPositions "crossEntropy" [ [ 2; 3; 4 ] ] 4 [ 2; 3 ] (fun labels x -> Loss.crossEntropy labels x[0])
    withPositions "crossEntropyWith" [ [ 3; 4 ] ] 4 [ 3 ] (fun labels x ->
        Loss.crossEntropyWith
            { Loss.crossEntropyDefaults with Smoothing = 0.1; Ignored = Some 1 }
            labels
            x[0])
    ordered "cumulativeSum" (fun axis x -> x.CumulativeSum axis)
    ordered "cumulativeSum, reversed" (fun axis x -> x.CumulativeSum(axis, true))
    {
        Name = "cumulativeProd"
        Draw =
            fun dice ->
                let at = float64 dice [| 2; 5 |] (withZeros dice)
                case "cumulativeProd" [ at ] (fun x -> x[0].CumulativeProd 1)
    }
    ordered "cumulativeMax" (fun axis x -> x.CumulativeMax axis)
    ordered "cumulativeMin, reversed" (fun axis x -> x.CumulativeMin(axis, true))
    ordered "cumulativeLogSumExp" (fun axis x -> x.CumulativeLogSumExp axis)
    ordered "quantile" (fun axis x -> x.Quantile(0.3, axis))
    ordered "median" (fun axis x -> x.Median axis)
    ordered "mode" (fun axis x -> fst (x.Mode axis) * 2.0)
    ordered "unique, of a fixed size" (fun _ x -> x.Unique(size = 3))
    ordered "sort" (fun axis x -> x.Sort axis)
    ordered "sort, falling" (fun axis x -> x.Sort(axis, true))
    ordered "topK" (fun axis x -> fst (x.TopK(1, axis)))
    {
        Name = "Tree.norm and Tree.dot"
        Draw =
            fun dice ->
                let at = [ float64 dice (nonempty dice) (nonzero dice); float64 dice [||] (nonzero dice) ]
                case "Tree.norm and Tree.dot" at (fun x -> Tree.norm x * Tree.dot x (Array.map sin x))
    }
]

let private products = [
    fixedShapes "matrix times matrix" [ [ 2; 3 ]; [ 3; 4 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "matrix times itself" [ [ 3; 3 ] ] (fun x -> matmul x[0] x[0])
    fixedShapes "vector times matrix" [ [ 3 ]; [ 3; 2 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "matrix times vector" [ [ 2; 3 ]; [ 3 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "vector times batch" [ [ 3 ]; [ 2; 3; 2 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "batch times matrix" [ [ 2; 2; 3 ]; [ 3; 2 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "batch times batch, broadcast" [ [ 2; 1; 2; 3 ]; [ 3; 3; 2 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "nothing to sum over" [ [ 2; 0 ]; [ 0; 3 ] ] (fun x -> matmul x[0] x[1])
    fixedShapes "dot" [ [ 4 ]; [ 4 ] ] (fun x -> dot x[0] x[1])
    fixedShapes "outer" [ [ 2 ]; [ 3 ] ] (fun x -> outer x[0] x[1])
    fixedShapes "einsum of three" [ [ 2; 3 ]; [ 3; 4 ]; [ 4 ] ] (einsum "ij,jk,k->i")
    fixedShapes "einsum of a batch" [ [ 2; 1; 2; 3 ]; [ 3; 3; 2 ] ] (einsum "...ij,...jk")
    fixedShapes "einsum of a diagonal" [ [ 3; 3; 2 ]; [ 3 ] ] (einsum "iij,i->ji")
    fixedShapes "einsum without sums" [ [ 2; 3 ]; [ 2 ] ] (einsum "ij,i->ji")
    fixedShapes "einsum of rows" [ [ 2; 3 ]; [ 2; 3 ] ] (einsum "ij,ij->i")
    fixedShapes "diagonal" [ [ 2; 3; 4 ] ] (fun x -> x[0].Diagonal 1)
    fixedShapes "diagonal, below" [ [ 4; 3 ] ] (fun x -> x[0].Diagonal -2)
    fixedShapes "trace" [ [ 2; 3; 3 ] ] (fun x -> trace x[0])
    fixedShapes "tril" [ [ 2; 3; 3 ] ] (fun x -> x[0].Tril())
    fixedShapes "triu" [ [ 3; 4 ] ] (fun x -> x[0].Triu 1)
    fixedShapes "diag" [ [ 2; 3 ] ] (fun x -> Tensor.diag x[0])
]

let private attention =
    let shapes = [ [ 2; 3; 4 ]; [ 5; 4 ]; [ 2; 5; 2 ] ]
    let mask = tensor [ true; false; true; true; true ]

    [
        fixedShapes "attend" shapes (fun x -> attend Attention.full x[0] x[1] x[2])
        fixedShapes "attend, causal" shapes (fun x -> attend Attention.causal x[0] x[1] x[2])
        fixedShapes "attend, masked" shapes (fun x -> attend (Attention.masked mask) x[0] x[1] x[2])
        fixedShapes "attend, to itself" [ [ 4; 3 ] ] (fun x -> attend Attention.causal x[0] x[0] x[0])
    ]

let private shapes = [
    one "reshape" anywhere (fun x -> (sin x).Flatten().Unsqueeze 0)
    one "squeeze" anywhere (fun x -> (x * x).Unsqueeze(0).Squeeze())
    fixedShapes "rearrange" [ [ 4; 3; 2 ] ] (fun x -> rearrange "(a b) c d -> (d a) (c b)" [ "a", 2 ] x[0])
    fixedShapes "reduce to a mean" [ [ 4; 3 ] ] (fun x -> reduce "(a 2) c -> c a" Reduce.Mean [] x[0])
    fixedShapes "reduce to a product" [ [ 4; 3 ] ] (fun x -> reduce "(a 2) c -> c a" Reduce.Prod [] x[0])
    fixedShapes "repeat by a pattern" [ [ 2; 3 ] ] (fun x -> repeat "a b -> (b 2) c a" [ "c", 2 ] x[0])
    fixedShapes "transpose" [ [ 2; 3 ] ] (fun x -> x[0].T)
    fixedShapes "moveAxis" [ [ 2; 3; 4 ] ] (fun x -> x[0].MoveAxis(0, 2))
    made "permute" [ [ 2; 3; 4 ] ] (fun dice ->
        let order = dice.Order 3
        fun x -> x[0].Permute order)
    fixedShapes "expand" [ [ 3; 1 ] ] (fun x -> x[0].Expand [ 2; 3; 4 ])
    fixedShapes "flip" [ [ 2; 3 ] ] (fun x -> x[0].Flip 1)
    fixedShapes "tile" [ [ 2; 1 ] ] (fun x -> x[0].Tile [ 2; 3; 2 ])
    fixedShapes "repeat" [ [ 2; 3 ] ] (fun x -> x[0].Repeat(3, 1))
    fixedShapes "roll" [ [ 2; 3 ] ] (fun x -> x[0].Roll(-2, 1))
    fixedShapes "rot90" [ [ 2; 3 ] ] (fun x -> x[0].Rot90())
    fixedShapes "flatten some axes" [ [ 2; 3; 2 ] ] (fun x -> sin (x[0].Flatten(0, 1)))
    fixedShapes "unfold" [ [ 2; 6 ] ] (fun x -> x[0].Unfold(1, 3, 2))
    fixedShapes "unfold, wide" [ [ 22 ] ] (fun x -> x[0].Unfold(0, 18, 2))
    fixedShapes "diff" [ [ 2; 5 ] ] (fun x -> x[0].Diff(order = 2))
    fixedShapes "splitAt" [ [ 5; 2 ] ] (fun x -> let parts = x[0].SplitAt [ 2; 4 ] in parts[1])
    fixedShapes "cdist" [ [ 2; 3 ]; [ 4; 3 ] ] (fun x -> x[0].Cdist(x[1] + 5.0))
    fixedShapes "chunk" [ [ 5; 2 ] ] (fun x -> let parts = x[0].Chunk 2 in parts[1])
    fixedShapes "meshgrid" [ [ 2 ]; [ 3 ] ] (fun x -> let grid = Tensor.meshgrid x in grid[0] * grid[1])
    fixedShapes "pad" [ [ 2; 3 ] ] (fun x -> x[0].Pad [ (1, 0); (0, 2) ])
    fixedShapes "pad with a number" [ [ 2; 3 ] ] (fun x -> x[0].Pad([ (1, 0); (0, 2) ], 7.0))
    fixedShapes "concat" [ [ 2; 3 ]; [ 2; 1 ] ] (fun x -> concat 1 [ x[0]; x[1]; x[0] ])
    fixedShapes "stack" [ [ 2 ]; [ 2 ] ] (fun x -> stack 1 [ x[0]; x[1]; x[0] ])
    fixedShapes "split" [ [ 5; 2 ] ] (fun x -> let parts = x[0].Split [ 2; 3 ] in parts[1])
    fixedShapes "unstack" [ [ 3; 2 ] ] (fun x -> x[0].Unstack 1 |> Array.reduce (*))
]

let private rows2: Index = Index.Range(Some -1, Some 0, -2)

/// Repeated positions on purpose.
let private subsets = [
    fixedShapes "an element" [ [ 3; 4 ] ] (fun x -> x[0][1, -1])
    fixedShapes "a slice" [ [ 3; 4; 2 ] ] (fun x ->
        x[0].Slice [ Index.Range(Some 0, Some 1, 1); Index.All; Index.At 1 ])
    fixedShapes "backwards, by twos" [ [ 5; 2 ] ] (fun x -> x[0].Slice [ rows2; Index.NewAxis; Index.Rest ])
    fixedShapes "positions" [ [ 3; 2 ] ] (fun x -> x[0][tensor [ 2; 0; 2 ]])
    fixedShapes "a mask" [ [ 3; 2 ] ] (fun x -> x[0][tensor [ true; false; true ]])
    fixedShapes "positions of two axes" [ [ 3; 4 ] ] (fun x ->
        x[0].Slice [ Index.Take(tensor [ 2; 2 ]); Index.Take(tensor [ [ 0; 3 ]; [ 1; 1 ] ]) ])
    withPositions "take" [ [ 2; 4 ] ] 4 [ 2; 3 ] (fun at x -> x[0].Take(at, 1))
    withPositions "gather" [ [ 3; 4 ] ] 3 [ 2; 4 ] (fun at x -> x[0].Gather(at, 0))
    withPositions "scatterAdd" [ [ 3; 4 ]; [ 2; 4 ] ] 3 [ 2; 4 ] (fun at x -> x[0].ScatterAdd(at, x[1], 0))
    withPositions "gather at the beginning" [ [ 3; 4 ] ] 3 [ 2; 2 ] (fun at x -> x[0].Gather(at, 0))
    withPositions "scatter" [ [ 3; 4 ]; [ 2; 3 ] ] 3 [ 2; 3 ] (fun at x -> x[0].Scatter(at, x[1], 0))
    withPositions "scatterAdd at the beginning" [ [ 3; 4 ]; [ 2; 3 ] ] 3 [ 2; 3 ] (fun at x ->
        x[0].ScatterAdd(at, x[1], 0))
    withPositions "scatterReduce to a product" [ [ 3; 4 ]; [ 4; 3 ] ] 3 [ 4; 3 ] (fun at x ->
        x[0].ScatterReduce(Reduce.Prod, at, x[1], 0))
    withPositions "scatterReduce to a mean" [ [ 3; 4 ]; [ 2; 3 ] ] 3 [ 2; 3 ] (fun at x ->
        x[0].ScatterReduce(Reduce.Mean, at, x[1], 0))
    {
        Name = "scatterReduce to the largest"
        Draw =
            fun dice ->
                let all = distinctOf dice DType.Float64 [| 24 |]
                let at = tensorOf dice DType.Int32 [| 4; 3 |] (fun () -> float (dice.Below 3))

                case
                    "scatterReduce to the largest"
                    [ all[..11].Reshape [ 3; 4 ]; all[12..].Reshape [ 4; 3 ] ]
                    (fun x -> x[0].ScatterReduce(Reduce.Max, at, x[1], 0))
    }
    withPositions "segmentReduce to a sum" [ [ 4; 2 ] ] 3 [ 4 ] (fun at x ->
        x[0].SegmentReduce(Reduce.Sum, at, 3))
    withPositions "segmentReduce to a product" [ [ 2; 5 ] ] 3 [ 5 ] (fun at x ->
        x[0].SegmentReduce(Reduce.Prod, at, 3, 1))
    withPositions "points" [ [ 3; 4; 2 ] ] 3 [ 4 ] (fun at x -> x[0].AtPoints([ at; at ]).Value)
    withPositions "set points" [ [ 3; 4; 2 ]; [ 4; 2 ] ] 3 [ 4 ] (fun at x ->
        x[0].AtPoints([ at; at ]).Set(x[1]))
    withPositions "multiply points" [ [ 3; 4; 2 ]; [ 4; 2 ] ] 3 [ 4 ] (fun at x ->
        x[0].AtPoints([ at; at ]).Multiply(x[1]))
    fixedShapes "multiply a slice" [ [ 4; 2 ]; [ 2 ] ] (fun x -> x[0].At[1..2].Multiply(x[1]))
    fixedShapes "the larger of a slice" [ [ 4; 2 ]; [ 2 ] ] (fun x -> x[0].At[1..2].Max(x[1]))
    fixedShapes "masked, of a fixed size" [ [ 3; 2 ] ] (fun x ->
        x[0].Masked(tensor [ true; false; true ], 3, 7.0))
    fixedShapes "repeat by counts" [ [ 3; 2 ] ] (fun x -> x[0].Repeat(tensor [ 2; 0; 1 ], 0))
    fixedShapes "interp" [ [ 2; 2 ]; [ 3 ] ] (fun x -> interp x[0] (tensor [ -1.5; 0.123; 1.4 ]) x[1])
    fixedShapes "addAt" [ [ 3; 2 ]; [ 4; 2 ] ] (fun x -> x[0].At[tensor [ 0; 2; 0; 0 ]].Add(x[1]))
    fixedShapes "set a slice" [ [ 4; 2 ]; [ 2 ] ] (fun x ->
        x[0].At[[ Index.Range(Some 0, None, 2) ]].Set(x[1]))
    fixedShapes "set to a number" [ [ 4; 2 ] ] (fun x -> x[0].At[-1].Set(3.0))
    fixedShapes "set repeated positions" [ [ 3; 2 ]; [ 4; 2 ] ] (fun x ->
        x[0].At[tensor [ 0; 2; 0; 0 ]].Set(x[1]))
    fixedShapes "set where a mask holds" [ [ 2; 3 ]; [ 3 ] ] (fun x ->
        x[0].At[tensor [ [ true; false; true ]; [ false; false; true ] ]].Set(x[1]))
]

/// Without two equal numbers among the elements of a window.
let private pooled name (f: Tensor -> Tensor) = {
    Name = name
    Draw = fun dice -> case name [ distinctOf dice DType.Float64 [| 2; 1; 5; 4 |] ] (fun x -> f x[0])
}

let private windows = [
    fixedShapes "convolve" [ [ 2; 2; 5 ]; [ 3; 2; 3 ] ] (fun x -> convolve Window.plain x[1] x[0])
    fixedShapes "convolve with itself" [ [ 3; 3; 3 ] ] (fun x -> convolve Window.same x[0] x[0])
    fixedShapes "convolve one image by strides" [ [ 2; 5; 4 ]; [ 1; 2; 2; 3 ] ] (fun x ->
        convolve { Window.same with Strides = [ 2; 1 ] } x[1] x[0])
    fixedShapes "convolveGroups" [ [ 1; 4; 4 ]; [ 2; 2; 2 ] ] (fun x ->
        convolveGroups 2 Window.plain x[1] x[0])
    fixedShapes "convolveTransposed" [ [ 2; 2; 3 ]; [ 2; 3; 2 ] ] (fun x ->
        convolveTransposed (Window.stride 2) x[1] x[0])
    pooled "maxPool" (maxPool [ 2; 2 ] Window.plain)
    pooled "maxPoolWithPositions" (maxPoolWithPositions [ 2; 2 ] Window.plain >> fst)
    pooled "maxUnpool" (fun x ->
        let values, positions = maxPoolWithPositions [ 2; 2 ] (Window.stride 2) x
        maxUnpool [ 5; 4 ] (stopGradient positions) values)
    pooled
        "averagePoolWithZeros"
        (averagePoolWithZeros [ 3; 2 ] { Window.stride 2 with Padding = Padding.Around 1 })
    fixedShapes "unfoldWindows" [ [ 2; 4; 3 ] ] (fun x -> unfoldWindows [ 2; 2 ] Window.same x[0])
    fixedShapes "foldWindows" [ [ 8; 12 ] ] (fun x -> foldWindows [ 4; 3 ] [ 2; 2 ] Window.same x[0])
    {
        Name = "gridSample"
        Draw =
            fun dice ->
                // Places away from the numbers themselves, where the slopes jump.
                let place () = (float (dice.Below 4) + dice.Between 0.15 0.85) / 2.5 - 1.0
                let grid = float64 dice [| 1; 2; 3; 2 |] place
                let image = float64 dice [| 1; 2; 6; 6 |] (anywhere dice)
                case "gridSample" [ image; grid ] (fun x -> x[0].GridSample(x[1], alignCorners = true))
    }
    pooled "averagePool" (averagePool [ 3; 2 ] { Window.same with Strides = [ 2; 1 ] })
]

/// By way of complex numbers.
let private spectra = [
    fixedShapes "energies of a spectrum" [ [ 2; 6 ] ] (fun x -> square (abs (rfft x[0])))
    fixedShapes "a filter by frequencies" [ [ 2; 5 ]; [ 3 ] ] (fun x ->
        (rfft x[0] * x[1].Convert DType.Complex128).Irfft(length = 5))
    fixedShapes "dct" [ [ 2; 5 ] ] (fun x -> x[0].Dct())
    fixedShapes "idct" [ [ 4; 2 ] ] (fun x -> x[0].Idct(axis = 0, kind = 3, orthonormal = true))
    fixedShapes "fftConvolve" [ [ 2; 5 ]; [ 3 ] ] (fun x -> x[0].FftConvolve x[1])
    fixedShapes "stft and istft" [ [ 12 ]; [ 4 ] ] (fun x -> x[0].Stft(x[1], 2).Istft(x[1] + 3, 2))
]

let rows: Row list = spectra @ windows @ arithmetic @ folds @ products @ attention @ shapes @ subsets
