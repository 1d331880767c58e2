/// Losses against plain loops over their formulas in Float64.
module Cotangent.Tests.LossTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

/// A loss of one prediction, as its mean, as one for each, and as a formula over the numbers of row i.
type private Row = {
    Name: string
    Mean: Tensor -> Tensor
    Each: Tensor -> Tensor
    Prediction: Tensor
    /// The loss of place i, computed from the prediction's numbers.
    Formula: float[] -> int -> float
}

let private row name prediction mean each formula = {
    Name = name
    Mean = mean
    Each = each
    Prediction = prediction
    Formula = formula
}

let private sigma x = 1.0 / (1.0 + exp -x)
let private target = [| 1.5; -0.5; 2.25; 0.125; -3.0 |]
let private prediction = tensor [ 1.25; 1.0; -0.75; 0.375; -2.5 ]
let private yes = [| 1.0; 0.0; 0.75; 1.0; 0.0 |]

/// A loss of a prediction against a target of the same shape.
let private pairs name mean each target prediction (formula: float -> float -> float) =
    row name prediction (mean (tensor target)) (each (tensor target)) (fun p i ->
        formula (Array.get target i) p[i])

let private numbersAgainstNumbers = [
    let own name mean each formula = pairs name mean each target prediction formula
    own "meanSquaredError" Loss.meanSquaredError Loss.Each.squaredError (fun t p -> (p - t) ** 2.0)
    own "meanAbsoluteError" Loss.meanAbsoluteError Loss.Each.absoluteError (fun t p -> abs (p - t))

    for delta in [ 0.4; 1.0; 2.0 ] do
        own $"huber {delta}" (Loss.huber delta) (Loss.Each.huber delta) (fun t p ->
            let e = abs (p - t)
            if e <= delta then e * e / 2.0 else delta * e - delta * delta / 2.0)

        own $"smoothL1 {delta}" (Loss.smoothL1 delta) (Loss.Each.smoothL1 delta) (fun t p ->
            let e = abs (p - t)
            if e < delta then e * e / delta / 2.0 else e - delta / 2.0)

    own "logCosh" Loss.logCosh Loss.Each.logCosh (fun t p -> log (cosh (p - t)))

    for level in [ 0.1; 0.75 ] do
        own $"quantile {level}" (Loss.quantile level) (Loss.Each.quantile level) (fun t p ->
            max (level * (t - p)) ((level - 1.0) * (t - p)))

    pairs "poisson" Loss.poisson Loss.Each.poisson [| 0.0; 3.0; 1.0; 7.0; 2.0 |] prediction (fun t p ->
        exp p - t * p)

    let variance = [| 0.25; 1.0; 4.0; 2.0; 0.5 |]

    row
        "gaussianNll"
        prediction
        (Loss.gaussianNll (tensor variance) (tensor target))
        (Loss.Each.gaussianNll (tensor variance) (tensor target))
        (fun p i -> 0.5 * (log variance[i] + (target[i] - p[i]) ** 2.0 / variance[i]))

    row
        "gaussianNll, of the variance"
        (tensor variance)
        (fun v -> Loss.gaussianNll v (tensor target) prediction)
        (fun v -> Loss.Each.gaussianNll v (tensor target) prediction)
        (fun v i -> 0.5 * (log v[i] + (target[i] - (numbers prediction)[i]) ** 2.0 / v[i]))
]

let private yesOrNo = [
    let entropy t p = -(t * log p + (1.0 - t) * log (1.0 - p))
    let probabilities = tensor [ 0.9; 0.3; 0.5; 0.2; 0.875 ]
    let own name mean each at formula = pairs name mean each yes at formula

    for guard in [ 0.0; 1e-7 ] do
        own
            $"binaryCrossEntropy {guard}"
            (Loss.binaryCrossEntropy guard)
            (Loss.Each.binaryCrossEntropy guard)
            probabilities
            entropy

    own
        "binaryCrossEntropyWithLogits"
        Loss.binaryCrossEntropyWithLogits
        Loss.Each.binaryCrossEntropyWithLogits
        prediction
        (fun t l -> entropy t (sigma l))

    own
        "weightedBinaryCrossEntropyWithLogits"
        (Loss.weightedBinaryCrossEntropyWithLogits (tensor 3.0))
        (Loss.Each.weightedBinaryCrossEntropyWithLogits (tensor 3.0))
        prediction
        (fun t l -> -(3.0 * t * log (sigma l) + (1.0 - t) * log (sigma -l)))

    for alpha, gamma in [ 0.25, 2.0; 0.7, 0.5; 0.5, 0.0 ] do
        own
            $"binaryFocal {alpha} {gamma}"
            (Loss.binaryFocal alpha gamma)
            (Loss.Each.binaryFocal alpha gamma)
            prediction
            (fun t l ->
                let p = t * sigma l + (1.0 - t) * sigma -l
                let weight = alpha * t + (1.0 - alpha) * (1.0 - t)
                weight * (1.0 - p) ** gamma * entropy t (sigma l))

    let signs = [| 1.0; -1.0; 1.0; 1.0; -1.0 |]
    pairs "hinge" Loss.hinge Loss.Each.hinge signs prediction (fun t s -> max 0.0 (1.0 - t * s))

    pairs "squaredHinge" Loss.squaredHinge Loss.Each.squaredHinge signs prediction (fun t s ->
        (max 0.0 (1.0 - t * s)) ** 2.0)
]

let private logits =
    tensor [ [ 0.5; -1.0; 2.0 ]; [ 0.25; 0.75; -0.5 ]; [ 3.0; 1.0; 0.0 ]; [ -1.0; 0.0; 0.5 ] ]

/// Row i of numbers in rows of three.
let private three (all: float[]) i = all[3 * i .. 3 * i + 2]

let private logSoftmaxOf (xs: float[]) =
    let all = log (Array.sumBy exp xs)
    xs |> Array.map (fun x -> x - all)

let private labels = [| 2; 0; 1; 1 |]

let private classes = [
    let labelled name mean each formula =
        row name logits (mean (tensor labels)) (each (tensor labels)) (fun all i ->
            formula (logSoftmaxOf (three all i)) labels[i])

    labelled "crossEntropy" Loss.crossEntropy Loss.Each.crossEntropy (fun logP label -> -logP[label])

    let smooth = { Loss.crossEntropyDefaults with Smoothing = 0.3 }

    labelled
        "crossEntropyWith smoothing"
        (Loss.crossEntropyWith smooth)
        (Loss.Each.crossEntropyWith smooth)
        (fun logP label -> -(0.7 * logP[label] + 0.3 * Array.average logP))

    for gamma in [ 0.0; 0.5; 2.0 ] do
        labelled $"focal {gamma}" (Loss.focal gamma) (Loss.Each.focal gamma) (fun logP label ->
            (1.0 - exp logP[label]) ** gamma * -logP[label])

    let soft = [| 0.2; 0.3; 0.5; 1.0; 0.0; 0.0; 0.25; 0.5; 0.25; 0.0; 0.9; 0.1 |]
    let targets = (tensor soft).Reshape [ 4; 3 ]

    row
        "crossEntropy of probabilities"
        logits
        (Loss.crossEntropy targets)
        (Loss.Each.crossEntropy targets)
        (fun all i -> -(Array.sum (Array.map2 (*) (three soft i) (logSoftmaxOf (three all i)))))

    let both = { smooth with Weights = Some(tensor [ 1.0; 2.0; 0.5 ]) }

    row
        "crossEntropyWith smoothing and weights, of probabilities"
        logits
        (Loss.crossEntropyWith both targets)
        (Loss.Each.crossEntropyWith both targets)
        (fun all i ->
            let t = three soft i |> Array.map (fun t -> 0.7 * t + 0.1)

            -(Array.sum (
                Array.map3 (fun w t l -> w * t * l) [| 1.0; 2.0; 0.5 |] t (logSoftmaxOf (three all i))
            )))

    row
        "klDivergence"
        (logits.LogSoftmax())
        (Loss.klDivergence targets)
        (Loss.Each.klDivergence targets)
        (fun all i ->
            Array.map2 (fun t l -> if t = 0.0 then 0.0 else t * (log t - l)) (three soft i) (three all i)
            |> Array.sum)

    for margin in [ 1.1; 0.8 ] do
        row
            $"multiclassHinge {margin}"
            logits
            (Loss.multiclassHinge margin (tensor labels))
            (Loss.Each.multiclassHinge margin (tensor labels))
            (fun all i ->
                let s = three all i
                let lack c = if c = labels[i] then 0.0 else max 0.0 (margin - s[labels[i]] + s[c])
                (lack 0 + lack 1 + lack 2) / 3.0)
]

let private dot (a: float[]) (b: float[]) = Array.sum (Array.map2 (*) a b)
let private length a = sqrt (dot a a)
let private cosine a b = dot a b / (length a * length b)

let private embeddings = [
    let other = tensor [ [ 1.0; 0.5; -0.25 ]; [ 2.0; 1.5; -1.0 ]; [ 0.5; -1.0; 1.0 ]; [ 1.0; 0.75; 0.0 ] ]
    let others = numbers other
    let far = 3.0 - other
    let distance a b = length (Array.map2 (-) a b)

    for margin in [ 1.0; 2.5 ] do
        row
            $"triplet {margin}"
            logits
            (fun a -> Loss.triplet margin a other far)
            (fun a -> Loss.Each.triplet margin a other far)
            (fun all i ->
                let a = three all i
                max 0.0 (distance a (three others i) - distance a (three (numbers far) i) + margin))

    let alike = [| 1; -1; 1; -1 |]

    for margin in [ 0.0; -0.25 ] do
        row
            $"cosineEmbedding {margin}"
            logits
            (fun a -> Loss.cosineEmbedding margin (tensor alike) a other)
            (fun a -> Loss.Each.cosineEmbedding margin (tensor alike) a other)
            (fun all i ->
                let cos = cosine (three all i) (three others i)
                if alike[i] = 1 then 1.0 - cos else max 0.0 (cos - margin))

    let chosen temperature (a: float[]) (candidates: float[] list) right =
        let scores = candidates |> List.map (fun b -> exp (cosine a b / temperature))
        -log(scores[right] / List.sum scores)

    row "infoNce" logits (Loss.infoNce 0.5 other) (Loss.Each.infoNce 0.5 other) (fun all i ->
        chosen 0.5 (three all i) [ for j in 0..3 -> three others j ] i)

    row
        "ntXent"
        logits
        (fun a -> Loss.ntXent 0.25 a other)
        (fun a -> Loss.Each.ntXent 0.25 a other)
        (fun all i ->
            let views = [ for j in 0..3 -> three all j ] @ [ for j in 0..3 -> three others j ]
            let right = (i + 4) % 8
            // All views but itself, in order.
            chosen 0.25 views[i] (List.removeAt i views) (if right > i then right - 1 else right))

    row "gaussianKl" logits (Loss.gaussianKl other) (Loss.Each.gaussianKl other) (fun all i ->
        Array.map2 (fun m l -> 0.5 * (m * m + exp l - 1.0 - l)) (three all i) (three others i) |> Array.sum)
]

let private rows = numbersAgainstNumbers @ yesOrNo @ classes @ embeddings

let private values =
    testList "values and gradients" [
        for row in rows do
            testCase row.Name (fun () ->
                let count = (row.Each row.Prediction).Size
                let expected prediction = Array.init count (row.Formula(numbers prediction))
                close 1e-13 (expected row.Prediction) (row.Each row.Prediction)
                close 1e-13 [ Array.average (expected row.Prediction) ] (row.Mean row.Prediction)
                close 1e-13 [ Array.average (expected row.Prediction) ] (compile row.Mean row.Prediction)
                Expect.equal (row.Mean row.Prediction).Rank 0 "a scalar"

                // Central differences of the formula, by every number of the prediction.
                let at = numbers row.Prediction
                let shape = row.Prediction.Shape

                let slope k =
                    let mean h =
                        let moved = Array.copy at
                        moved[k] <- moved[k] + h
                        Array.average (expected (Tensor.ofArray shape moved))

                    (mean 1e-5 - mean -1e-5) / 2e-5

                let slopes = Array.init at.Length slope
                closeNumbers 1e-8 slopes (numbers (grad row.Mean row.Prediction))
                closeNumbers 1e-8 slopes (numbers (compile (grad row.Mean) row.Prediction)))
    ]

/// The guard keeps p and 1 - p away from 0, also where 1 - guard rounds to 1, or guard to 0.
let private guards =
    testList "binaryCrossEntropy with a guard" [
        for dtype in floats do
            for guard in [ 1e-3; 1e-7; 1e-8; 1e-12; 1e-20; 1e-30 ] do
                testCase $"{dtype}, {guard}" (fun () ->
                    for p, t in [ 0.0, 0.0; 1.0, 1.0; 0.0, 1.0; 1.0, 0.0; 0.5, 1.0; 0.75, 0.25 ] do
                        let within x = x |> max guard |> min (1.0 - guard)
                        let expected = -(t * log (within p) + (1.0 - t) * log (within (1.0 - p)))
                        let target = (tensor [ t ]).Convert dtype

                        for run in [ id; compile ] do
                            let loss = run (fun (p: Tensor) -> Loss.binaryCrossEntropy guard target p)
                            closeNumbers 0.008 [ expected ] (numbers (loss ((tensor [ p ]).Convert dtype))))

        testCase "the upper border counts, too" (fun () ->
            close 1e-14 [ -log 0.9 ] (Loss.binaryCrossEntropy 0.1 (tensor [ 1.0 ]) (tensor [ 1.0 ]))
            close 1e-14 [ -log 0.9 ] (Loss.binaryCrossEntropy 0.1 (tensor [ 0.0 ]) (tensor [ 0.0 ]))
            close 1e-14 [ -log 0.1 ] (Loss.binaryCrossEntropy 0.1 (tensor [ 0.0 ]) (tensor [ 1.0 ])))

        testCase "the gradient at the border and beyond" (fun () ->
            let slope dtype t p =
                let loss p = Loss.binaryCrossEntropy 1e-8 ((tensor [ t ]).Convert dtype) p
                (numbers (grad loss ((tensor [ p ]).Convert dtype)))[0]

            for dtype in [ DType.Float32; DType.Float64 ] do
                closeNumbers 1e-6 [ -1e8; 1e8 ] [ slope dtype 1.0 0.0; slope dtype 0.0 1.0 ]
                closeNumbers 1e-6 [ -1.0; 1.0 ] [ slope dtype 1.0 1.0; slope dtype 0.0 0.0 ])
    ]

let private classWeights =
    let options = { Loss.crossEntropyDefaults with Weights = Some(tensor [ 1.0; 2.0; 0.5 ]) }
    let each = numbers (Loss.Each.crossEntropy (tensor labels) logits)
    // Of the labels 2, 0, 1, 1.
    let weights = [| 0.5; 1.0; 2.0; 2.0 |]

    tests "class weights" [
        "weigh each loss, and the mean is the weighted one",
        fun () ->
            close
                1e-14
                (Array.map2 (*) weights each)
                (Loss.Each.crossEntropyWith options (tensor labels) logits)

            close
                1e-14
                [ Array.sum (Array.map2 (*) weights each) / 5.5 ]
                (Loss.crossEntropyWith options (tensor labels) logits)
        "with an ignored label, smoothed",
        fun () ->
            let options = { options with Smoothing = 0.3; Ignored = Some -1 }
            let all = numbers (logits.LogSoftmax())

            // PyTorch's formula: the label's own loss and the weighted losses of all classes.
            let expected =
                [| 2; -1; 1; 1 |]
                |> Array.mapi (fun i label ->
                    let logP = three all i

                    if label = -1 then
                        0.0
                    else
                        -(0.7 * weights[i] * logP[label] + 0.1 * (logP[0] + 2.0 * logP[1] + 0.5 * logP[2])))

            let labels = tensor [ 2; -1; 1; 1 ]
            close 1e-14 expected (Loss.Each.crossEntropyWith options labels logits)
            close 1e-14 [ Array.sum expected / 4.5 ] (Loss.crossEntropyWith options labels logits)
            close 1e-14 [ Array.sum expected / 4.5 ] (compile (Loss.crossEntropyWith options labels) logits)
            close 0.0 [ 0.0 ] (Loss.crossEntropyWith options (Tensor.fullLike labels -1.0) logits)
        "of a class that does not occur are 0",
        fun () ->
            let none = { options with Weights = Some(tensor [ 1.0; 0.0; 1.0 ]) }
            close 0.0 [ 0.0 ] (Loss.crossEntropyWith none (tensor [ 1; 1; 1; 1 ]) logits)
    ]

/// Finite losses and slopes where a formula taken literally overflows, and the infinities that are right.
let private extremes =
    let losses name (f: Tensor -> Tensor) expected slopes at =
        name,
        fun () ->
            for run in [ id; compile ] do
                close 1e-6 expected (run f (tensor at))
                close 1e-6 slopes (run (grad (fun x -> sum (f x))) (tensor at))

    tests "extremes" [
        losses "logCosh" (Loss.Each.logCosh (Tensor.zeros DType.Float32 [ 3 ])) [ 1e30; 2e4 - log 2.0; 0.0 ] [
            1.0
            -1.0
            0.0
        ] [ 1e30f; -2e4f; 0.0f ]
        losses
            "binaryCrossEntropyWithLogits"
            (Loss.Each.binaryCrossEntropyWithLogits (tensor [ 1.0f; 0.0f; 1.0f; 0.0f ]))
            [ 0.0; 1e4; 1e4; 0.0 ] [ 0.0; 1.0; -1.0; 0.0 ] [ 1e4f; 1e4f; -1e4f; -infinityf ]
        losses
            "weightedBinaryCrossEntropyWithLogits"
            (Loss.Each.weightedBinaryCrossEntropyWithLogits (tensor 2.0f) (tensor [ 1.0f; 0.0f; 1.0f; 1.0f ]))
            [ 0.0; 1e4; 2e4; 0.0 ] [ 0.0; 1.0; -2.0; 0.0 ] [ 1e4f; 1e4f; -1e4f; infinityf ]
        losses "binaryFocal" (Loss.Each.binaryFocal 0.25 2.0 (tensor [ 1.0f; 0.0f ])) [ 0.0; 7500.0 ] [
            0.0
            0.75
        ] [ 1e4f; 1e4f ]
        losses "focal" (Loss.Each.focal 2.0 (tensor [ 0; 1 ])) [ 0.0; 1e4 ] [ 0.0; 0.0; 1.0; -1.0 ] [
            [ 1e4f; 0.0f ]
            [ 1e4f; 0.0f ]
        ]
        losses
            "crossEntropy of probabilities"
            (Loss.Each.crossEntropy (tensor [ [ 1.0f; 0.0f ]; [ 0.5f; 0.5f ] ]))
            [ 0.0; 5e3 ] [ 0.0; 0.0; 0.5; -0.5 ] [ [ 0.0f; -infinityf ]; [ 1e4f; 0.0f ] ]
        losses
            "cosineEmbedding of nothing"
            (fun a -> Loss.Each.cosineEmbedding 0.0 (tensor [ 1 ]) a (Tensor.zeros DType.Float32 [ 1; 2 ]))
            [ 1.0 ] [ 0.0; 0.0 ] [ [ 1.0f; 2.0f ] ]
        losses "triplet of equals" (fun a -> Loss.Each.triplet 0.5 a a (a + 0.0f)) [ 0.5 ] [ 0.0; 0.0 ] [
            [ 1.0f; 2.0f ]
        ]
        losses
            "gaussianNll of a collapsed variance"
            (fun v -> Loss.Each.gaussianNll v (tensor [ 1.0f ]) (tensor [ 1.0f ]))
            [ 0.5 * log 1e-6 ] [ 5e5 ] [ 0.0f ]

        "small errors keep their digits in logCosh",
        fun () -> close 1e-6 [ 0.5 ] (Loss.logCosh (tensor [ 0.0f ]) (tensor [ 1e-4f ]) * 1e8f)
        "16 bits are computed in 32, and come back as 16",
        fun () ->
            for dtype in [ DType.Float16; DType.BFloat16 ] do
                // 300² overflows Float16, its half over 2 does not.
                let error = (tensor [ 300.0; 0.0; 0.0; 0.0 ]).Convert dtype
                let loss = Loss.meanSquaredError (Tensor.zerosLike error) error
                Expect.equal loss.DType dtype "dtype"
                close 0.01 [ 22500.0 ] loss
    ]

let private adversarial =
    let real, generated = tensor [ 0.5; 2.0; -1.0 ], tensor [ -3.0; 0.25 ]
    let soft x = log (1.0 + exp x)

    let judged kind (onReal: float -> float) (onGenerated: float -> float) (asReal: float -> float) =
        string kind,
        fun () ->
            let mean f (t: Tensor) = numbers t |> Array.averageBy f

            close
                1e-14
                [ mean onReal real + mean onGenerated generated ]
                (Loss.discriminator kind real generated)

            close 1e-14 [ mean asReal generated ] (Loss.generator kind generated)

            close
                1e-14
                (numbers (grad (Loss.generator kind) generated))
                (compile (grad (Loss.generator kind)) generated)

    tests "adversarial" [
        judged AdversarialLoss.CrossEntropy (fun s -> soft -s) soft (fun s -> soft -s)
        judged AdversarialLoss.LeastSquares (fun s -> (s - 1.0) ** 2.0 / 2.0) (fun s -> s * s / 2.0) (fun s ->
            (s - 1.0) ** 2.0 / 2.0)
        judged AdversarialLoss.Hinge (fun s -> max 0.0 (1.0 - s)) (fun s -> max 0.0 (1.0 + s)) (fun s -> -s)
        judged AdversarialLoss.Wasserstein (fun s -> -s) id (fun s -> -s)
    ]

let private refuses<'error when 'error :> exn> name parts (f: unit -> Tensor) =
    testCase name (fun () -> throws<'error, _> parts f)

/// What is wrong is told by the loss itself, not by what it is made of.
let private errors =
    let x = tensor [ [ 0.5 ]; [ 0.25 ] ]
    let wide = tensor [ 0.5; 0.25 ]
    let empty = Tensor.zeros DType.Float64 [ 0; 2 ]

    let ofTwo: (string * (Tensor -> Tensor -> Tensor)) list = [
        "meanSquaredError", Loss.meanSquaredError
        "meanAbsoluteError", Loss.meanAbsoluteError
        "squaredError", Loss.Each.squaredError
        "absoluteError", Loss.Each.absoluteError
        "huber", Loss.huber 1.0
        "smoothL1", Loss.smoothL1 1.0
        "logCosh", Loss.logCosh
        "quantile", Loss.quantile 0.5
        "poisson", Loss.poisson
        "gaussianNll", (fun t p -> Loss.gaussianNll p t p)
        "binaryCrossEntropy", Loss.binaryCrossEntropy 0.0
        "binaryCrossEntropyWithLogits", Loss.binaryCrossEntropyWithLogits
        "weightedBinaryCrossEntropyWithLogits", Loss.weightedBinaryCrossEntropyWithLogits (tensor 2.0)
        "binaryFocal", Loss.binaryFocal 0.25 2.0
        "hinge", Loss.hinge
        "squaredHinge", Loss.squaredHinge
        "klDivergence", Loss.klDivergence
        "gaussianKl", Loss.gaussianKl
        "infoNce", Loss.infoNce 0.5
        "ntXent", Loss.ntXent 0.5
        "triplet", (fun t p -> Loss.triplet 1.0 p t t)
    ]

    testList "errors" [
        for name, loss in ofTwo do
            testCase name (fun () ->
                throws<ShapeException, _> [ $"{name}: "; "(2, 1)"; "(2,)" ] (fun () -> loss wide x)
                throws<ShapeException, _> [ $"{name}: " ] (fun () -> loss x wide)
                throws<DTypeException, _> [ $"{name}: "; "Int32" ] (fun () -> loss (tensor [ 1; 0 ]) wide)

                throws<DTypeException, _> [ $"{name}: " ] (fun () ->
                    loss (tensor [ 1; 0 ]) (tensor [ 1; 0 ]))

                if not (name.EndsWith "dError" || name.EndsWith "eError") || name.StartsWith "mean" then
                    throws<ShapeException, _> [ $"{name}: "; "(0, 2)" ] (fun () -> loss empty empty))

        let two = tensor [ [ 0.5; 0.25 ] ]

        refuses<ValueException> "huber's delta" [ "huber: "; "delta is 0" ] (fun () ->
            Loss.huber 0.0 wide wide)

        refuses<ValueException> "smoothL1's beta" [ "smoothL1: "; "beta is -1" ] (fun () ->
            Loss.smoothL1 -1.0 wide wide)

        refuses<ValueException> "a quantile's level" [ "quantile: "; "1" ] (fun () ->
            Loss.quantile 1.0 wide wide)

        refuses<ValueException> "a negative count" [ "poisson: "; "(1,)"; "-2" ] (fun () ->
            Loss.poisson (tensor [ 1.0; -2.0 ]) wide)

        refuses<ValueException> "a negative variance" [ "gaussianNll: "; "variance"; "-1" ] (fun () ->
            Loss.gaussianNll (tensor [ 1.0; -1.0 ]) wide wide)

        refuses<ValueException>
            "a target above 1"
            [ "binaryCrossEntropy: "; "target at (1,) is 2" ]
            (fun () -> Loss.binaryCrossEntropy 0.0 (tensor [ 1.0; 2.0 ]) wide)

        refuses<ValueException>
            "a prediction above 1"
            [ "binaryCrossEntropy: "; "prediction at (0,) is 1.5" ]
            (fun () -> grad (Loss.binaryCrossEntropy 0.0 wide) (tensor [ 1.5; 0.5 ]))

        refuses<ValueException> "a target below 0" [ "binaryCrossEntropyWithLogits: "; "-1" ] (fun () ->
            compile (Loss.binaryCrossEntropyWithLogits (tensor [ 1.0; -1.0 ])) wide)

        refuses<ShapeException> "weights of another size" [ "(3,)"; "(2,)" ] (fun () ->
            Loss.weightedBinaryCrossEntropyWithLogits (tensor [ 1.0; 2.0; 3.0 ]) wide wide)

        refuses<ValueException> "targets of a hinge from 0 to 1" [ "hinge: "; "-1" ] (fun () ->
            Loss.hinge (tensor [ 1.0; 0.0 ]) wide)

        refuses<ValueException>
            "predictions that are no logarithms"
            [ "klDivergence: "; "logSoftmax" ]
            (fun () -> Loss.klDivergence two two)

        refuses<ShapeException>
            "labels that are floats"
            [ "crossEntropy: "; "Float64 (1,)"; "integers of shape (1,)" ]
            (fun () -> Loss.crossEntropy (tensor [ 1.0 ]) two)

        refuses<ValueException> "probabilities that sum to 2" [ "crossEntropy: "; "sum"; "2" ] (fun () ->
            Loss.crossEntropy (tensor [ [ 1.0; 1.0 ] ]) two)

        refuses<ValueException> "an ignored label of probabilities" [ "crossEntropy: "; "ignored" ] (fun () ->
            Loss.crossEntropyWith
                { Loss.crossEntropyDefaults with Ignored = Some 0 }
                (tensor [ [ 0.5; 0.5 ] ])
                two)

        refuses<ShapeException> "class weights of another size" [ "crossEntropy: "; "(3,)" ] (fun () ->
            Loss.crossEntropyWith
                { Loss.crossEntropyDefaults with Weights = Some(tensor [ 1.0; 2.0; 3.0 ]) }
                (tensor [ 0 ])
                two)

        refuses<IndexException> "focal's label" [ "focal: "; "(0,) is 2"; "0 to 1" ] (fun () ->
            Loss.focal 2.0 (tensor [ 2 ]) two)

        refuses<DTypeException> "focal's floats" [ "focal: "; "Float64" ] (fun () ->
            Loss.focal 2.0 (tensor [ 1.0 ]) two)

        refuses<ValueException> "focal's gamma" [ "focal: "; "-1" ] (fun () ->
            Loss.focal -1.0 (tensor [ 1 ]) two)

        refuses<IndexException> "a hinge's label" [ "multiclassHinge: "; "-1" ] (fun () ->
            Loss.multiclassHinge 1.0 (tensor [ -1 ]) two)

        refuses<ValueException> "a temperature of 0" [ "ntXent: "; "temperature is 0" ] (fun () ->
            Loss.ntXent 0.0 two two)

        refuses<ShapeException> "embeddings without a batch" [ "infoNce: "; "(2,)" ] (fun () ->
            Loss.infoNce 1.0 wide wide)

        refuses<ShapeException> "targets of pairs" [ "cosineEmbedding: "; "(1,)"; "(2,)" ] (fun () ->
            Loss.cosineEmbedding 0.0 (tensor [ 1; 1 ]) two two)

        refuses<ValueException> "a target of pairs" [ "cosineEmbedding: "; "0" ] (fun () ->
            Loss.cosineEmbedding 0.0 (tensor [ 0 ]) two two)

        refuses<ShapeException> "no scores" [ "generator: " ] (fun () ->
            Loss.generator AdversarialLoss.Hinge empty)

        refuses<ShapeException> "an empty batch" [ "crossEntropy: "; "(0, 2)" ] (fun () ->
            Loss.crossEntropy (Tensor.zeros DType.Int32 [ 0 ]) empty)
    ]

[<Tests>]
let all = testList "Loss" [ values; guards; classWeights; extremes; adversarial; errors ]
