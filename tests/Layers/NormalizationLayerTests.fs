/// Layers that normalise without a memory: over features, groups of channels, and single channels.
module Cotangent.Tests.NormalizationLayerTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

/// (x - mean)/√(variance + ε) of the numbers, or x/√(mean x² + ε).
let private normalized isCentred epsilon (xs: float list) =
    let mean = if isCentred then List.average xs else 0.0
    let variance = xs |> List.averageBy (fun x -> (x - mean) ** 2.0)
    xs |> List.map (fun x -> (x - mean) / sqrt (variance + epsilon))

/// Each number among those that its group has, as a function of the index says.
let private byGroups isCentred epsilon (group: int list -> 'group) (x: Tensor) =
    let shape = List.ofArray x.Shape
    let at = reader x

    let found =
        cells shape
        |> List.groupBy group
        |> List.collect (fun (_, members) ->
            List.zip members (members |> List.map at |> normalized isCentred epsilon))
        |> Map

    build DType.Float64 shape (fun index -> found[index])

let private layerNorm =
    testList "LayerNorm" [
        testCase "over the last axis, and over several" (fun () ->
            let x = random 1L [ 2; 3; 4 ]
            let options = { LayerNorm.defaults with DType = DType.Float64; Epsilon = 0.01 }

            close
                1e-12
                (numbers (byGroups true 0.01 (List.take 2) x))
                (LayerNorm.forward (LayerNorm.init options [ 4 ]) x)

            close
                1e-12
                (numbers (byGroups true 0.01 (List.take 1) x))
                (LayerNorm.forward (LayerNorm.init options [ 3; 4 ]) x))

        testCase "gains and biases are those of their places" (fun () ->
            let weight, bias, x = random 1L [ 3; 4 ], random 2L [ 3; 4 ], random 3L [ 2; 3; 4 ]
            let layer = { Weight = weight; Bias = bias; Shape = [ 3; 4 ]; Epsilon = 1e-5 }: LayerNorm
            let plain = byGroups true 1e-5 (List.take 1) x
            close 1e-12 (numbers (plain * weight + bias)) (LayerNorm.forward layer x)
            close 1e-12 (numbers (plain + bias)) (LayerNorm.forward { layer with Weight = null } x)
            close 1e-12 (numbers (plain * weight)) (LayerNorm.forward { layer with Bias = null } x)
            close 1e-12 (numbers plain) (LayerNorm.forward { layer with Weight = null; Bias = null } x))

        testCase "options, dtypes and names" (fun () ->
            let layer = LayerNorm.create 3
            equals [ 1.0f; 1.0f; 1.0f ] (nonNull layer.Weight)
            equals [ 0.0f; 0.0f; 0.0f ] (nonNull layer.Bias)
            Expect.sequenceEqual [ for l in Tree.entries layer -> l.Name ] [ "weight"; "bias" ] "names"
            let made = LayerNorm.init { LayerNorm.defaults with Weight = Some 2.0; Bias = None } [ 3 ]
            equals [ 2.0f; 2.0f; 2.0f ] (nonNull made.Weight)
            Expect.isNull (box made.Bias) "no bias"
            // Parameters in Float32 serve inputs in 16 bits, which stay such.
            let x = (random 1L [ 2; 3 ]).Convert DType.BFloat16
            let y = LayerNorm.forward layer x
            Expect.equal y.DType DType.BFloat16 "dtype"
            close 0.01 (numbers (byGroups true 1e-5 (List.take 1) (x.Convert DType.Float64))) y)

        testCase "bad input" (fun () ->
            throws<ShapeException, _> [ "LayerNorm.forward"; "(5, 4)"; "(3,)" ] (fun () ->
                LayerNorm.forward (LayerNorm.create 3) (Tensor.zeros DType.Float32 [ 5; 4 ]))

            throws<DTypeException, _> [ "LayerNorm.forward"; "Float64"; "Float32" ] (fun () ->
                LayerNorm.forward (LayerNorm.create 3) (Tensor.zeros DType.Float64 [ 5; 3 ]))

            throws<DTypeException, _> [ "LayerNorm.forward"; "Int32" ] (fun () ->
                LayerNorm.forward (LayerNorm.create 3) (Tensor.zeros DType.Int32 [ 5; 3 ]))

            throws<ValueException, _> [ "LayerNorm.init"; "0 features" ] (fun () -> LayerNorm.create 0)
            throws<ValueException, _> [ "LayerNorm.init" ] (fun () -> LayerNorm.init LayerNorm.defaults [])

            throws<ValueException, _> [ "LayerNorm.init"; "epsilon" ] (fun () ->
                LayerNorm.init { LayerNorm.defaults with Epsilon = -1.0 } [ 3 ])

            throws<DTypeException, _> [ "LayerNorm.init"; "Int32" ] (fun () ->
                LayerNorm.init { LayerNorm.defaults with DType = DType.Int32 } [ 3 ]))
    ]

let private rmsNorm =
    testList "RmsNorm" [
        testCase "by the root of the mean square, times gains" (fun () ->
            let x, weight = random 1L [ 2; 3; 4 ], random 2L [ 4 ]
            let layer: RmsNorm = { Weight = weight; Shape = [ 4 ]; Epsilon = 0.01 }
            let plain = byGroups false 0.01 (List.take 2) x
            close 1e-12 (numbers (plain * weight)) (RmsNorm.forward layer x)
            close 1e-12 (numbers plain) (RmsNorm.forward { layer with Weight = null } x)
            let both = byGroups false 0.01 (List.take 1) x

            close 1e-12 (numbers both) (RmsNorm.forward { layer with Weight = null; Shape = [ 3; 4 ] } x))

        testCase "options and bad input" (fun () ->
            Expect.isNull
                (box (RmsNorm.init { RmsNorm.defaults with Weight = None } [ 3 ]).Weight)
                "no gains"

            equals [ 1.0f; 1.0f ] (nonNull (RmsNorm.create 2).Weight)

            throws<ShapeException, _> [ "RmsNorm.forward"; "()" ] (fun () ->
                RmsNorm.forward (RmsNorm.create 3) (tensor 1.0f)))
    ]

let private groupNorm =
    testList "GroupNorm" [
        testCase "over the channels and places of each group, at ranks 2 to 5" (fun () ->
            for spatial in [ []; [ 5 ]; [ 2; 3 ]; [ 2; 1; 3 ] ] do
                let x = random 1L ([ 2; 6 ] @ spatial)
                let weight, bias = random 2L [ 6 ], random 3L [ 6 ]

                let layer: GroupNorm = {
                    Weight = weight
                    Bias = bias
                    Groups = 3
                    Channels = 6
                    Epsilon = 0.01
                }

                let column (t: Tensor) = t.Reshape(6 :: List.map (fun _ -> 1) spatial)

                let plain = byGroups true 0.01 (fun index -> index[0], index[1] / 2) x

                close 1e-12 (numbers (plain * column weight + column bias)) (GroupNorm.forward layer x)

                close 1e-12 (numbers plain) (GroupNorm.forward { layer with Weight = null; Bias = null } x))

        testCase "InstanceNorm is that of each channel" (fun () ->
            let x = random 1L [ 2; 3; 4; 2 ]
            let plain = byGroups true 1e-5 (List.take 2) x
            close 1e-12 (numbers plain) (InstanceNorm.forward (InstanceNorm.create 3) x)
            let weight, bias = random 2L [ 3 ], random 3L [ 3 ]

            let layer: InstanceNorm = { Weight = weight; Bias = bias; Channels = 3; Epsilon = 1e-5 }

            close
                1e-12
                (numbers (plain * weight.Reshape [ 3; 1; 1 ] + bias.Reshape [ 3; 1; 1 ]))
                (InstanceNorm.forward layer x))

        testCase "one example is normalised as in its batch, under vmap and compiled as well" (fun () ->
            let layer = GroupNorm.init { GroupNorm.defaults with DType = DType.Float64 } 2 4
            let x = random 1L [ 3; 4; 5 ]
            let whole = GroupNorm.forward layer x
            close 1e-12 (numbers whole[1..1]) (GroupNorm.forward layer x[1..1])

            close
                1e-12
                (numbers whole)
                (vmap (fun (x: Tensor) -> (GroupNorm.forward layer (x.Unsqueeze 0)).Squeeze 0) x)

            let loss (layer, x) = sum (square (GroupNorm.forward layer x) * x)

            let (eager: GroupNorm), ofX = grad loss (layer, x)
            let (compiled: GroupNorm), ofXCompiled = compile (grad loss) (layer, x)
            close 1e-12 (numbers ofX) ofXCompiled
            close 1e-12 (numbers (nonNull eager.Weight)) (nonNull compiled.Weight))

        testCase "options" (fun () ->
            let made = GroupNorm.init { GroupNorm.defaults with Weight = Some 0.0; Bias = None } 2 4
            equals (Tensor.zeros DType.Float32 [ 4 ]) (nonNull made.Weight)
            Expect.isNull (box made.Bias) "no bias"
            equals (Tensor.ones DType.Float32 [ 4 ]) (nonNull (GroupNorm.create 2 4).Weight)
            Expect.isNull (box (InstanceNorm.create 4).Weight) "no gains unless asked for"

            Expect.equal
                (GroupNorm.forward (GroupNorm.create 2 4) (Tensor.zeros DType.Float16 [ 1; 4; 3 ])).DType
                DType.Float16
                "16 bits stay")

        testCase "bad input" (fun () ->
            throws<ShapeException, _>
                [ "GroupNorm.forward"; "(8, 5, 4)"; "4 channels"; "`t.MoveAxis(-1, 1)`" ]
                (fun () -> GroupNorm.forward (GroupNorm.create 2 4) (Tensor.zeros DType.Float32 [ 8; 5; 4 ]))

            throws<ShapeException, _> [ "GroupNorm.forward"; "(4, 9, 9)"; "`t.Unsqueeze(0)`" ] (fun () ->
                GroupNorm.forward (GroupNorm.create 2 4) (Tensor.zeros DType.Float32 [ 4; 9; 9 ]))

            throws<ShapeException, _> [ "GroupNorm.forward"; "(8, 4)"; "4 groups" ] (fun () ->
                GroupNorm.forward (GroupNorm.create 4 4) (Tensor.zeros DType.Float32 [ 8; 4 ]))

            throws<ShapeException, _> [ "InstanceNorm.forward"; "(8, 4)"; "spatial" ] (fun () ->
                InstanceNorm.forward (InstanceNorm.create 4) (Tensor.zeros DType.Float32 [ 8; 4 ]))

            throws<ShapeException, _> [ "InstanceNorm.forward"; "one number" ] (fun () ->
                InstanceNorm.forward (InstanceNorm.create 4) (Tensor.zeros DType.Float32 [ 8; 4; 1; 1 ]))

            throws<ValueException, _> [ "GroupNorm.init"; "3 groups of 4" ] (fun () -> GroupNorm.create 3 4)
            throws<ValueException, _> [ "GroupNorm.init"; "0 groups" ] (fun () -> GroupNorm.create 0 4))
    ]

[<Tests>]
let tests = testList "Normalisation layers" [ layerNorm; rmsNorm; groupNorm ]
