/// Layers of convolutions and their transposes, against plain loops.
module Cotangent.Tests.ConvolutionLayerTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private key = Key.create 5L

let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

/// Where position p of an endless axis is among n numbers; None: nowhere, a zero.
let rec private found mode n p =
    if p >= 0 && p < n then
        Some p
    else
        match mode with
        | PaddingMode.Zeros -> None
        | PaddingMode.Reflect -> found mode n (if p < 0 then -p else 2 * (n - 1) - p)
        | PaddingMode.Symmetric -> found mode n (if p < 0 then -1 - p else 2 * n - 1 - p)
        | PaddingMode.Replicate -> Some(if p < 0 then 0 else n - 1)
        | PaddingMode.Circular -> found mode n (if p < 0 then p + n else p - n)

/// What the windows do along one axis: strides, dilation, before, after.
type private Along = { Stride: int; Dilation: int; Before: int; After: int }

let private convolved (layer: Convolution) (along: Along list) (x: Tensor) =
    let w, b, at = reader layer.Weight, reader (nonNull layer.Bias), reader x
    let shape, kernel = List.ofArray x.Shape, List.ofArray layer.Weight.Shape
    let outputs, each = kernel[0], kernel[1]

    let sizes =
        List.map3
            (fun n k a -> (n + a.Before + a.After - a.Dilation * (k - 1) - 1) / a.Stride + 1)
            shape[2..]
            kernel[2..]
            along

    build DType.Float64 (shape[0] :: outputs :: sizes) (fun index ->
        let o, places = index[1], index[2..]
        let first = o / (outputs / layer.Groups) * each

        b [ o ]
        + List.sum [
            for c in 0 .. each - 1 do
                for k in cells kernel[2..] do
                    let positions =
                        List.zip3 places k along
                        |> List.mapi (fun i (p, k, a) ->
                            found layer.PaddingMode shape[i + 2] (p * a.Stride + k * a.Dilation - a.Before))

                    if List.forall Option.isSome positions then
                        w (o :: c :: k) * at (index[0] :: first + c :: List.map Option.get positions)
        ])

let private layerOf (window: Window) mode groups sizes (inputs, outputs) : Convolution = {
    Weight = random 1L (outputs :: inputs / groups :: sizes)
    Bias = random 2L [ outputs ]
    Window = window
    PaddingMode = mode
    Groups = groups
    Activation = Activation.Identity
}

let private window strides padding dilation : Window = {
    Strides = strides
    Padding = padding
    Dilation = dilation
}

let private along stride dilation before after = {
    Stride = stride
    Dilation = dilation
    Before = before
    After = after
}

let private modes = [
    PaddingMode.Zeros
    PaddingMode.Reflect
    PaddingMode.Symmetric
    PaddingMode.Replicate
    PaddingMode.Circular
]

/// Windows, the same axis by axis, sizes of kernel and input, groups.
let private problems = [
    window [ 1 ] Padding.Valid [ 1 ], [ along 1 1 0 0 ], [ 3 ], [ 6 ], 1
    window [ 2 ] (Padding.Around 2) [ 1 ], [ along 2 1 2 2 ], [ 3 ], [ 6 ], 2
    // Same: ⌈7/2⌉ = 4 windows reach 6 + 3, two more than there are.
    window [ 2 ] Padding.Same [ 1 ], [ along 2 1 1 1 ], [ 3 ], [ 7 ], 1
    // ⌈6/2⌉ = 3 windows reach 4 + 3, the one more at the end.
    window [ 2 ] Padding.Same [ 1 ], [ along 2 1 0 1 ], [ 3 ], [ 6 ], 1
    window [ 1; 2 ] (Padding.Sides [ 1, 2; 0, 3 ]) [ 2; 1 ],
    [ along 1 2 1 2; along 2 1 0 3 ],
    [ 2; 3 ],
    [ 5; 6 ],
    2
    window [ 1 ] Padding.Same [ 1 ], [ along 1 1 1 1; along 1 1 0 1 ], [ 3; 2 ], [ 4; 5 ], 4
    window [ 2; 1; 1 ] (Padding.Sides [ 1, 0 ]) [ 1; 1; 2 ],
    [ along 2 1 1 0; along 1 1 1 0; along 1 2 1 0 ],
    [ 2; 2; 2 ],
    [ 3; 2; 4 ],
    2
]

let private compiled = compile (fun (layer: Convolution, x) -> Convolution.forward layer x)

let private compiledTransposed =
    compile (fun (layer: TransposedConvolution, x) -> TransposedConvolution.forward layer x)

let private forward =
    testList "forward" [
        for mode in modes do
            testCase $"{mode}: windows, groups and one to three axes" (fun () ->
                for window, along, sizes, full, groups in problems do
                    let layer = layerOf window mode groups sizes (4, 8)
                    let x = random 3L ([ 2; 4 ] @ full)
                    let expected = convolved layer along x
                    let actual = Convolution.forward layer x
                    Expect.equal (List.ofArray actual.Shape) (List.ofArray expected.Shape) $"%A{window}"
                    close 1e-12 (numbers expected) actual

                    close 1e-12 (numbers expected) (compiled (layer, x))

                    close
                        1e-12
                        (numbers (expected - (nonNull layer.Bias).Reshape(8 :: List.map (fun _ -> 1) full)))
                        (Convolution.forward { layer with Bias = null } x))

        testCase "one example, and more leading axes" (fun () ->
            let layer = layerOf Window.same PaddingMode.Reflect 1 [ 3; 3 ] (4, 8)
            let x = random 3L [ 2; 3; 4; 5; 6 ]
            let y = Convolution.forward layer x
            Expect.equal (List.ofArray y.Shape) [ 2; 3; 8; 5; 6 ] "shape"
            close 1e-12 (numbers (Convolution.forward layer x[1])) y[1]
            close 1e-12 (numbers (Convolution.forward layer x[1, 2])) y[1, 2]
            close 1e-12 (numbers y) (vmap (vmap (Convolution.forward layer)) x))

        testCase "gradients with every padding mode: finite differences" (fun () ->
            for mode in modes do
                let layer = layerOf (window [ 2 ] (Padding.Around 2) [ 1 ]) mode 2 [ 3 ] (4, 2)
                let x = random 3L [ 1; 4; 5 ]
                let weights = random 4L (List.ofArray (Convolution.forward layer x).Shape)
                let f (layer: Convolution, x: Tensor) = sum (weights * square (Convolution.forward layer x))
                let (ofLayer: Convolution), ofX = grad f (layer, x)
                let step (t: Tensor) (i: int) e = (t.Flatten().At[i].Add(e: float)).Reshape t.Shape
                let slope (at: float -> Tensor) = (float (at 1e-5) - float (at -1e-5)) / 2e-5

                close 1e-6 [ for i in 0 .. x.Size - 1 -> slope (fun e -> f (layer, step x i e)) ] ofX

                close
                    1e-6
                    [
                        for i in 0 .. layer.Weight.Size - 1 ->
                            slope (fun e -> f ({ layer with Weight = step layer.Weight i e }, x))
                    ]
                    ofLayer.Weight)

        testCase "activations" (fun () ->
            let layer = layerOf Window.plain PaddingMode.Zeros 1 [ 2 ] (4, 8)
            let x = random 3L [ 2; 4; 5 ]

            equals
                (relu (Convolution.forward layer x))
                (Convolution.forward { layer with Activation = Activation.Relu } x))
    ]

let private creation =
    testList "create" [
        testCase "options are honoured; biases have the fans of the kernel" (fun () ->
            let fans: Init =
                fun fans shape dtype _ -> Tensor.full dtype shape (float (fans.FanIn + 1000 * fans.FanOut))

            let options = {
                Convolution.defaults with
                    Weight = fans
                    Bias = Some fans
                    Groups = 2
                    Window = Window.stride 2
                    PaddingMode = PaddingMode.Circular
                    Activation = Activation.Tanh
                    DType = DType.Float64
            }

            let layer = Convolution.init options [ 3; 5 ] (4, 6) key
            // 2 inputs of 15 places; 3 outputs of 15.
            equals (Tensor.full DType.Float64 [ 6; 2; 3; 5 ] 45030.0) layer.Weight
            equals (Tensor.full DType.Float64 [ 6 ] 45030.0) (nonNull layer.Bias)
            Expect.equal layer.Window (Window.stride 2) "window"

            Expect.equal
                (layer.PaddingMode, layer.Groups, layer.Activation)
                (PaddingMode.Circular, 2, Activation.Tanh)
                "others"

            Expect.isNull
                (box (Convolution.init { options with Bias = None } [ 3 ] (4, 6) key).Bias)
                "no bias"
            // A transposed one the other way round: its outputs are the second axis.
            let layer =
                TransposedConvolution.init
                    { TransposedConvolution.defaults with Weight = fans; Bias = Some fans; Groups = 2 }
                    [ 3; 5 ]
                    (4, 6)
                    key

            equals (Tensor.full DType.Float32 [ 4; 3; 3; 5 ] 45030.0) layer.Weight
            equals (Tensor.full DType.Float32 [ 6 ] 45030.0) (nonNull layer.Bias))

        testCase "create is for images, createAlong for any number of axes" (fun () ->
            let layer = Convolution.create 3 (2, 16) key
            Expect.equal layer (Convolution.init Convolution.defaults [ 3; 3 ] (2, 16) key) "the defaults"
            Expect.equal (List.ofArray layer.Weight.Shape) [ 16; 2; 3; 3 ] "weights"
            equals (Tensor.zeros DType.Float32 [ 16 ]) (nonNull layer.Bias)

            Expect.equal
                (List.ofArray (Convolution.createAlong [ 3 ] (2, 16) key).Weight.Shape)
                [ 16; 2; 3 ]
                "one"

            let back = TransposedConvolution.create 3 (16, 2) key
            Expect.equal (List.ofArray back.Weight.Shape) [ 16; 2; 3; 3 ] "transposed"

            Expect.equal
                (List.ofArray (TransposedConvolution.createAlong [ 2; 3; 4 ] (16, 2) key).Weight.Shape)
                [ 16; 2; 2; 3; 4 ]
                "three"

            Expect.sequenceEqual [ for l in Tree.entries layer -> l.Name ] [ "weight"; "bias" ] "names")
    ]

/// y[n, o, i·stride + k·dilation - before] += w[c, o, k] x[n, c, i]
let private transposed (layer: TransposedConvolution) (along: Along list) (x: Tensor) =
    let w, b, at = reader layer.Weight, reader (nonNull layer.Bias), reader x
    let shape, kernel = List.ofArray x.Shape, List.ofArray layer.Weight.Shape
    let inputs, each = kernel[0], kernel[1]

    let sizes =
        List.map3
            (fun (n, extra) k a -> (n - 1) * a.Stride + a.Dilation * (k - 1) + 1 - a.Before - a.After + extra)
            (List.zip shape[2..] layer.OutputPadding)
            kernel[2..]
            along

    let wanted = shape[0] :: each * layer.Groups :: sizes
    let y = Array.zeroCreate<float>(List.reduce (*) wanted)

    for index in cells wanted do
        y[place wanted index] <- b [ index[1] ]

    for index in cells shape do
        for o in 0 .. each - 1 do
            for k in cells kernel[2..] do
                let places =
                    List.zip3 index[2..] k along
                    |> List.map (fun (i, k, a) -> i * a.Stride + k * a.Dilation - a.Before)

                if List.forall2 (fun p n -> p >= 0 && p < n) places sizes then
                    let output = index[1] / (inputs / layer.Groups) * each + o
                    let i = place wanted (index[0] :: output :: places)
                    y[i] <- y[i] + w (index[1] :: o :: k) * at index

    Tensor.ofArray wanted y

let private transposing =
    testList "transposed" [
        testCase "windows, groups, output padding and one to three axes" (fun () ->
            for window, along, sizes, full, extra, groups in
                [
                    window [ 1 ] Padding.Valid [ 1 ], [ along 1 1 0 0 ], [ 3 ], [ 4 ], [ 0 ], 1
                    window [ 3 ] (Padding.Around 1) [ 1 ], [ along 3 1 1 1 ], [ 3 ], [ 4 ], [ 2 ], 2
                    // Same: 4·2 numbers of windows that reach 6 + 3, one less than they would be.
                    window [ 2 ] Padding.Same [ 1 ], [ along 2 1 0 1 ], [ 3 ], [ 4 ], [ 0 ], 1
                    window [ 2; 3 ] (Padding.Sides [ 1, 0; 0, 2 ]) [ 2; 1 ],
                    [ along 2 2 1 0; along 3 1 0 2 ],
                    [ 2; 3 ],
                    [ 3; 4 ],
                    [ 1; 2 ],
                    4
                    window [ 2; 1; 2 ] (Padding.Around 1) [ 1 ],
                    [ along 2 1 1 1; along 1 1 1 1; along 2 1 1 1 ],
                    [ 2; 3; 2 ],
                    [ 2; 3; 2 ],
                    [ 0; 0; 1 ],
                    2
                ] do
                let layer: TransposedConvolution = {
                    Weight = random 1L (4 :: 8 / groups :: sizes)
                    Bias = random 2L [ 8 ]
                    Window = window
                    OutputPadding = extra
                    Groups = groups
                    Activation = Activation.Identity
                }

                let x = random 3L ([ 2; 4 ] @ full)
                let expected = transposed layer along x
                let actual = TransposedConvolution.forward layer x
                Expect.equal (List.ofArray actual.Shape) (List.ofArray expected.Shape) $"%A{window}"
                close 1e-12 (numbers expected) actual
                close 1e-12 (numbers expected[1]) (TransposedConvolution.forward layer x[1])

                close 1e-12 (numbers expected) (compiledTransposed (layer, x)))

        testCase "it is the transpose: ⟨w x, y⟩ = ⟨x, wᵀ y⟩, and gradients in groups" (fun () ->
            let there = {
                layerOf
                    { Window.stride 2 with Padding = Padding.Around 1 }
                    PaddingMode.Zeros
                    2
                    [ 3; 3 ]
                    (4, 6) with
                    Bias = null
            }

            let back: TransposedConvolution = {
                Weight = there.Weight
                Bias = null
                Window = there.Window
                OutputPadding = [ 1; 0 ]
                Groups = 2
                Activation = Activation.Identity
            }

            let x, y = random 4L [ 2; 4; 6; 5 ], random 5L [ 2; 6; 3; 3 ]

            close
                1e-12
                [ float (sum (Convolution.forward there x * y)) ]
                (sum (x * TransposedConvolution.forward back y))

            // The derivative of one is the other.
            close
                1e-12
                (numbers (TransposedConvolution.forward back y))
                (grad (fun x -> sum (Convolution.forward there x * y)) x)

            close
                1e-12
                (numbers (Convolution.forward there x))
                (grad (fun y -> sum (TransposedConvolution.forward back y * x)) y))
    ]

let private refused =
    testCase "bad input" (fun () ->
        let zeros = Tensor.zeros DType.Float32
        let layer = Convolution.create 3 (3, 16) key

        throws<ShapeException, _>
            [ "Convolution.forward"; "(8, 28, 28, 3)"; "3 channels, height, width"; "`t.MoveAxis(-1, -3)`" ]
            (fun () -> Convolution.forward layer (zeros [ 8; 28; 28; 3 ]))

        throws<ShapeException, _> [ "Convolution.forward"; "(64, 28, 28)"; "`t.Unsqueeze(-3)`" ] (fun () ->
            Convolution.forward (Convolution.create 3 (1, 16) key) (zeros [ 64; 28; 28 ]))

        throws<ShapeException, _> [ "Convolution.forward"; "(28, 28)"; "one example" ] (fun () ->
            Convolution.forward layer (zeros [ 28; 28 ]))

        throws<ShapeException, _> [ "Convolution.forward"; "()" ] (fun () ->
            Convolution.forward layer (zeros []))

        throws<DTypeException, _> [ "Convolution.forward"; "Float64"; "Float32" ] (fun () ->
            Convolution.forward layer (Tensor.zeros DType.Float64 [ 3; 9; 9 ]))

        throws<ShapeException, _> [ "Convolution.forward"; "(2, 2)" ] (fun () ->
            Convolution.forward layer (zeros [ 3; 2; 2 ]))

        throws<ShapeException, _> [ "Convolution.forward"; "axis 2"; "mirror" ] (fun () ->
            Convolution.forward
                {
                    layer with
                        Window = { Window.plain with Padding = Padding.Around 4 }
                        PaddingMode = PaddingMode.Reflect
                }
                (zeros [ 1; 3; 4; 4 ]))

        let init options = Convolution.init options [ 3; 3 ] (3, 16) key

        throws<ValueException, _> [ "Convolution.init"; "3 groups of 3 input and 16 output" ] (fun () ->
            init { Convolution.defaults with Groups = 3 })

        throws<ValueException, _> [ "Convolution.init"; "0 groups" ] (fun () ->
            init { Convolution.defaults with Groups = 0 })

        throws<ValueException, _> [ "Convolution.init"; "strides"; "0" ] (fun () ->
            init { Convolution.defaults with Window = Window.stride 0 })

        throws<ValueException, _> [ "Convolution.init"; "padding" ] (fun () ->
            init { Convolution.defaults with Window = { Window.plain with Padding = Padding.Around -1 } })

        throws<DTypeException, _> [ "Convolution.init"; "Int32" ] (fun () ->
            init { Convolution.defaults with DType = DType.Int32 })

        throws<ValueException, _> [ "Convolution.init"; "0 input channels" ] (fun () ->
            Convolution.create 3 (0, 16) key)

        throws<ValueException, _> [ "Convolution.init"; "0 elements" ] (fun () ->
            Convolution.create 0 (3, 16) key)

        throws<ValueException, _> [ "Convolution.init"; "4 sizes" ] (fun () ->
            Convolution.createAlong [ 1; 1; 1; 1 ] (3, 16) key)

        throws<ShapeException, _>
            [ "TransposedConvolution.forward"; "(8, 4, 9, 9)"; "3 channels" ]
            (fun () ->
                TransposedConvolution.forward
                    (TransposedConvolution.create 3 (3, 16) key)
                    (zeros [ 8; 4; 9; 9 ]))

        let init options = TransposedConvolution.init options [ 3; 3 ] (3, 16) key

        throws<ValueException, _> [ "TransposedConvolution.init"; "output padding"; "stride" ] (fun () ->
            init { TransposedConvolution.defaults with OutputPadding = [ 1 ] })

        throws<ValueException, _> [ "TransposedConvolution.init"; "Padding.Same" ] (fun () ->
            init {
                TransposedConvolution.defaults with
                    OutputPadding = [ 1 ]
                    Window = { Window.stride 2 with Padding = Padding.Same }
            }))

let private padding =
    testCase "pad" (fun () ->
        let x = random 1L [ 2; 3; 4 ]

        for mode in modes do
            for widths in [ []; [ 2, 1 ]; [ 1, 2; 0, 3 ]; [ 0, 0; 0, 0 ] ] do
                let shape, at = List.ofArray x.Shape, reader x
                let all = List.replicate (3 - widths.Length) (0, 0) @ widths

                let expected =
                    build
                        DType.Float64
                        (List.map2 (fun n (before, after) -> n + before + after) shape all)
                        (fun index ->
                            let positions =
                                List.map3 (fun i n (before, _) -> found mode n (i - before)) index shape all

                            if List.forall Option.isSome positions then
                                at (List.map Option.get positions)
                            else
                                0.0)

                equals expected (PaddingMode.pad mode widths x)

        throws<ShapeException, _> [ "PaddingMode.pad"; "round" ] (fun () ->
            PaddingMode.pad PaddingMode.Circular [ 5, 0 ] x)

        throws<ShapeException, _> [ "PaddingMode.pad"; "(2, 3, 4)" ] (fun () ->
            PaddingMode.pad PaddingMode.Zeros [ -1, 0 ] x)

        throws<ShapeException, _> [ "PaddingMode.pad"; "repeat" ] (fun () ->
            PaddingMode.pad PaddingMode.Replicate [ 1, 0 ] (Tensor.zeros DType.Float32 [ 0 ])))

[<Tests>]
let tests = testList "Convolution layers" [ forward; creation; transposing; padding; refused ]
