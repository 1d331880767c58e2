/// Batch normalisation: against plain loops, over several batches, and under every transformation.
module Cotangent.Tests.BatchNormTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

let private options = { BatchNorm.defaults with DType = DType.Float64 }

/// Mean, biased variance and count of the numbers of each channel.
let private statistics (x: Tensor) =
    let shape, at = List.ofArray x.Shape, reader x

    [
        for channel in 0 .. shape[1] - 1 ->
            let xs = [
                for index in cells shape do
                    if index[1] = channel then at index
            ]

            let mean = List.average xs
            mean, xs |> List.averageBy (fun x -> (x - mean) ** 2.0), float xs.Length
    ]

let private affine
    (means: float list)
    (variances: float list)
    epsilon
    (weight: Tensor)
    (bias: Tensor)
    (x: Tensor)
    =
    let at, w, b = reader x, reader weight, reader bias

    build DType.Float64 (List.ofArray x.Shape) (fun index ->
        let c = index[1]
        (at index - means[c]) / sqrt (variances[c] + epsilon) * w [ c ] + b [ c ])

let private layerOf channels = {
    BatchNorm.init { options with Momentum = 0.3; Epsilon = 0.01 } channels with
        Weight = random 11L [ channels ]
        Bias = random 12L [ channels ]
}

let private values =
    testList "values" [
        testCase "over several batches of ranks 2 to 5, by hand" (fun () ->
            for spatial in [ []; [ 3 ]; [ 2; 3 ]; [ 2; 1; 2 ] ] do
                let start = layerOf 2
                let mutable layer = start
                let mutable means, variances = [ 0.0; 0.0 ], [ 1.0; 1.0 ]

                // Batches of unequal size, the last of one example where that has a variance.
                for examples in [ 4; 3; (if spatial.IsEmpty then 2 else 1) ] do
                    let x = random (int64 examples) ([ examples; 2 ] @ spatial) * 2.0 + 1.0
                    let y, next = BatchNorm.train layer x
                    let found = statistics x
                    let ofBatch = [ for m, _, _ in found -> m ], [ for _, v, _ in found -> v ]

                    close
                        1e-12
                        (numbers (
                            affine
                                (fst ofBatch)
                                (snd ofBatch)
                                0.01
                                (nonNull layer.Weight)
                                (nonNull layer.Bias)
                                x
                        ))
                        y

                    means <- [ for r, (m, _, _) in List.zip means found -> 0.7 * r + 0.3 * m ]

                    variances <- [
                        for r, (_, v, n) in List.zip variances found -> 0.7 * r + 0.3 * v * n / (n - 1.0)
                    ]

                    close 1e-12 means next.RunningMean.Value
                    close 1e-12 variances next.RunningVar.Value
                    layer <- next

                Expect.equal layer.Weight start.Weight "gains stay"
                // Predicting, a single example too, leaves the layer alone and goes by the running statistics.
                let x = random 7L ([ 1; 2 ] @ spatial)

                close
                    1e-12
                    (numbers (affine means variances 0.01 (nonNull layer.Weight) (nonNull layer.Bias) x))
                    (BatchNorm.forward layer x))

        testCase "absent parameters" (fun () ->
            let x = random 1L [ 4; 2; 3 ]
            let none = BatchNorm.init { options with Weight = None; Bias = None } 2
            let whole = BatchNorm.init options 2
            equals (fst (BatchNorm.train whole x)) (fst (BatchNorm.train none x))
            equals (BatchNorm.forward whole x) (BatchNorm.forward none x)

            Expect.sequenceEqual
                [ for l in Tree.entries none -> l.Name ]
                [ "running_mean"; "running_var" ]
                "names")

        testCase "names are PyTorch's, and leaves go back where they were" (fun () ->
            let _, layer = BatchNorm.train (layerOf 2) (random 1L [ 4; 2; 3 ])

            Expect.sequenceEqual
                [ for l in Tree.entries layer -> l.Name ]
                [ "weight"; "bias"; "running_mean"; "running_var" ]
                "names"

            Expect.equal
                (Tree.rebuild (BatchNorm.init options 2) (Tree.leaves layer)).RunningVar
                layer.RunningVar
                "rebuilt")

        testCase "16 bits: statistics are in Float32" (fun () ->
            let x = (random 1L [ 64; 2; 4 ] + 100.0).Convert DType.BFloat16
            let layer = BatchNorm.init { options with DType = DType.BFloat16; Momentum = 1.0 } 2
            let y, next = BatchNorm.train layer x
            Expect.equal y.DType DType.BFloat16 "dtype"
            Expect.equal next.RunningMean.Value.DType DType.Float32 "running mean"
            let found = statistics (x.Convert DType.Float64)
            close 1e-6 [ for m, _, _ in found -> m ] next.RunningMean.Value
            close 1e-5 [ for _, v, n in found -> v * n / (n - 1.0) ] next.RunningVar.Value
            Expect.equal (BatchNorm.forward next x).DType DType.BFloat16 "dtype"
            let single, _ = BatchNorm.train (BatchNorm.create 2) x
            Expect.equal single.DType DType.BFloat16 "parameters in Float32")

        testCase "as a layer of a sequence" (fun () ->
            let x = random 1L [ 4; 2; 3 ]
            let layer = layerOf 2 :> ITrainingLayer
            let struct (y, next) = layer.Train(x, Key.create 0L)
            let expected, after = BatchNorm.train (layerOf 2) x
            equals expected y
            Expect.equal (next :?> BatchNorm) after "the layer"
            equals (BatchNorm.forward after x) (next.Forward x))
    ]

let private loss weights (layer: BatchNorm) (x: Tensor) =
    let y, next = BatchNorm.train layer x
    sum (weights * square y), next

let private transformed =
    testList "transformed" [
        testCase "gradients while training: finite differences" (fun () ->
            let x, weights = random 1L [ 3; 2; 2 ], random 2L [ 3; 2; 2 ]
            let f (layer: BatchNorm, x: Tensor) = fst (loss weights layer x)
            let (ofLayer: BatchNorm), ofX = grad f (layerOf 2, x)
            let layer, h = layerOf 2, 1e-6
            let slope (at: float -> float) = (at h - at -h) / (2.0 * h)
            let step (t: Tensor) (i: int) e = (t.Flatten().At[i].Add(e: float)).Reshape t.Shape

            close 1e-7 [ for i in 0 .. x.Size - 1 -> slope (fun e -> float (f (layer, step x i e))) ] ofX

            close
                1e-7
                [
                    for i in 0..1 ->
                        slope (fun e ->
                            float (f ({ layer with Weight = step (nonNull layer.Weight) i e }, x)))
                ]
                (nonNull ofLayer.Weight)

            close
                1e-7
                [
                    for i in 0..1 ->
                        slope (fun e -> float (f ({ layer with Bias = step (nonNull layer.Bias) i e }, x)))
                ]
                (nonNull ofLayer.Bias)

            equals [ 0.0; 0.0 ] ofLayer.RunningMean.Value
            equals [ 0.0; 0.0 ] ofLayer.RunningVar.Value)

        testCase "no derivative passes through the new statistics" (fun () ->
            let f (x: Tensor) =
                let _, next = BatchNorm.train (layerOf 2) x
                sum next.RunningMean.Value + sum next.RunningVar.Value

            equals (Tensor.zeros DType.Float64 [ 3; 2 ]) (grad f (random 1L [ 3; 2 ])))

        testCase "the gradient by the input while predicting" (fun () ->
            let _, layer = BatchNorm.train (layerOf 2) (random 1L [ 5; 2; 3 ])
            let x = random 2L [ 1; 2; 3 ]
            let slopes = nonNull layer.Weight / sqrt (layer.RunningVar.Value + 0.01)

            close
                1e-12
                (numbers ((slopes.Reshape [ 1; 2; 1 ]).Expand [ 1; 2; 3 ]))
                (grad (fun x -> sum (BatchNorm.forward layer x)) x))

        testCase "under vmap, twice, over inputs, and over layers" (fun () ->
            let layer = layerOf 2
            let x = random 1L [ 2; 3; 4; 2; 5 ]
            let y, next = vmap (vmap (BatchNorm.train layer)) x

            for i in 0..1 do
                for j in 0..2 do
                    let expected, after = BatchNorm.train layer x[i, j]
                    close 1e-12 (numbers expected) y[i, j]
                    close 1e-12 (numbers after.RunningMean.Value) next.RunningMean.Value[i, j]
                    close 1e-12 (numbers after.RunningVar.Value) next.RunningVar.Value[i, j]

            // Those layers, with statistics of their own, predict.
            let predicted =
                vmap
                    (vmap (fun (layer, x) -> BatchNorm.forward layer x))
                    ({ next with Weight = null; Bias = null }, x)

            let one = {
                layer with
                    Weight = null
                    Bias = null
                    RunningMean = Frozen next.RunningMean.Value[1, 2]
                    RunningVar = Frozen next.RunningVar.Value[1, 2]
            }

            close 1e-12 (numbers (BatchNorm.forward one x[1, 2])) predicted[1, 2])

        testCase "inside scan, eager and compiled, with gradients" (fun () ->
            let batches = random 1L [ 5; 4; 2; 3 ]
            let weights = random 2L [ 4; 2; 3 ]

            let run (layer: BatchNorm) =
                let last, losses =
                    scan
                        (fun layer x ->
                            let y, next = loss weights layer x
                            next, y)
                        layer
                        batches

                sum losses, last

            let mutable layer, total = layerOf 2, 0.0

            for i in 0..4 do
                let y, next = loss weights layer batches[i]
                total <- total + float y
                layer <- next

            for run in [ run; compile run ] do
                let y, last = run (layerOf 2)
                close 1e-12 [ total ] y
                close 1e-12 (numbers layer.RunningMean.Value) last.RunningMean.Value
                close 1e-12 (numbers layer.RunningVar.Value) last.RunningVar.Value

            let eager = grad (run >> fst) (layerOf 2)
            let compiled = compile (grad (run >> fst)) (layerOf 2)
            close 1e-11 (numbers (nonNull eager.Weight)) (nonNull compiled.Weight)
            close 1e-11 (numbers (nonNull eager.Bias)) (nonNull compiled.Bias))

        testCase "training and predicting, compiled" (fun () ->
            let x = random 1L [ 4; 2; 3; 3; 2 ]
            let y, next = BatchNorm.train (layerOf 2) x
            let yCompiled, nextCompiled = compile (fun (layer, x) -> BatchNorm.train layer x) (layerOf 2, x)
            close 1e-12 (numbers y) yCompiled
            close 1e-12 (numbers next.RunningVar.Value) nextCompiled.RunningVar.Value

            close
                1e-12
                (numbers (BatchNorm.forward next x))
                (compile (fun (layer, x) -> BatchNorm.forward layer x) (next, x)))
    ]

let private refused =
    testCase "bad input" (fun () ->
        let zeros = Tensor.zeros DType.Float32

        throws<ShapeException, _>
            [ "BatchNorm.train"; "(1, 3)"; "two or more"; "BatchNorm.forward" ]
            (fun () -> BatchNorm.train (BatchNorm.create 3) (zeros [ 1; 3 ]))

        throws<ShapeException, _> [ "BatchNorm.train"; "(0, 3, 5)" ] (fun () ->
            BatchNorm.train (BatchNorm.create 3) (zeros [ 0; 3; 5 ]))

        throws<ShapeException, _> [ "BatchNorm.train"; "(8, 28, 28, 3)"; "3 channels"; "last" ] (fun () ->
            BatchNorm.train (BatchNorm.create 3) (zeros [ 8; 28; 28; 3 ]))

        throws<ShapeException, _> [ "BatchNorm.forward"; "(3, 28, 28)"; "`t.Unsqueeze(0)`" ] (fun () ->
            BatchNorm.forward (BatchNorm.create 3) (zeros [ 3; 28; 28 ]))

        throws<ShapeException, _> [ "BatchNorm.forward"; "(3,)" ] (fun () ->
            BatchNorm.forward (BatchNorm.create 3) (zeros [ 3 ]))

        throws<DTypeException, _> [ "BatchNorm.forward"; "Float64" ] (fun () ->
            BatchNorm.forward (BatchNorm.create 3) (Tensor.zeros DType.Float64 [ 2; 3 ]))

        throws<ValueException, _> [ "BatchNorm.init"; "momentum"; "1.5" ] (fun () ->
            BatchNorm.init { BatchNorm.defaults with Momentum = 1.5 } 3)

        throws<ValueException, _> [ "BatchNorm.init"; "0 channels" ] (fun () -> BatchNorm.create 0))

[<Tests>]
let tests = testList "BatchNorm layers" [ values; transformed; refused ]
