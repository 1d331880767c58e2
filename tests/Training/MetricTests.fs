/// Metrics against plain loops and the worked examples of scikit-learn's documentation.
module Cotangent.Tests.MetricTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private number (t: Tensor) = (numbers t)[0]

/// A few hundred predictions with many ties.
let private labels =
    (Random.integers (Key.create 1L) 0L 4L DType.Int64 [ 300 ]).ToData<int64[]>() |> Array.map int

let private scores = round (2.0 * Random.normal (Key.create 2L) DType.Float64 [ 300; 4 ])
let private rows = scores.ToData<float[,]>()
let private row i = [| for c in 0..3 -> rows[i, c] |]

/// The place of a label among the classes in order of their scores: stable, so that the lower of equals comes first.
let private rank i label =
    [ 0..3 ] |> List.sortBy (fun c -> -rows[i, c]) |> List.findIndex (fun c -> c = label)

let private share (holds: int -> bool) n =
    float (Seq.length (Seq.filter holds (seq { 0 .. n - 1 }))) / float n

let private classes =
    let predicted = Array.init 300 (fun i -> Array.findIndex ((=) (Array.max (row i))) (row i))

    let confusion =
        Array2D.init 4 4 (fun l p ->
            Seq.zip labels predicted |> Seq.filter (fun pair -> pair = (l, p)) |> Seq.length |> int64)

    let count l p =
        Seq.sum (
            seq {
                for a in 0..3 do
                    for b in 0..3 do
                        if (l < 0 || a = l) && (p < 0 || b = p) then float confusion[a, b]
            }
        )

    let precision c = count c c / count -1 c
    let recall c = count c c / count c -1
    let f1 c = 2.0 * precision c * recall c / (precision c + recall c)

    tests "classes" [
        "accuracy and top-k of ties, as a stable sort has them",
        fun () ->
            for dtype in [ DType.Int32; DType.Int64 ] do
                let labels' = (tensor labels).Convert dtype
                close 1e-14 [ share (fun i -> rank i labels[i] = 0) 300 ] (Metric.accuracy labels' scores)

                for k in 1..4 do
                    close
                        1e-14
                        [ share (fun i -> rank i labels[i] < k) 300 ]
                        (compile (Metric.topKAccuracy k labels') scores)
        "labels of eight bits among more classes than those can count",
        fun () ->
            // Rounded, so that many are equal.
            let scores = floor (4.0 * Random.normal (Key.create 5L) DType.Float64 [ 20; 300 ])
            let narrow = Tensor.ofArray [ 20 ] [| for i in 0..19 -> byte (13 * i) |]
            let wide = narrow.Convert DType.Int64

            for k in [ 50; 150; 250 ] do
                equals (Metric.topKAccuracy k wide scores) (Metric.topKAccuracy k narrow scores)

            equals (Loss.multiclassHinge 1.0 wide scores) (Loss.multiclassHinge 1.0 narrow scores)
            equals (Loss.crossEntropy wide scores) (Loss.crossEntropy narrow scores)
        "equal scores are no success",
        fun () -> close 0.0 [ 0.5 ] (Metric.accuracy (tensor [ 0; 1 ]) (Tensor.zeros DType.Float32 [ 2; 3 ]))
        "NaN is no success",
        fun () ->
            close 0.0 [ 0.0 ] (Metric.accuracy (tensor [ 0; 1 ]) (Tensor.full DType.Float32 [ 2; 3 ] nan))
            close 0.0 [ 0.0 ] (Metric.accuracy (tensor [ 0 ]) (tensor [ [ 5.0; nan ] ]))
        "the confusion matrix",
        fun () ->
            equals confusion (Metric.confusionMatrix 4 (tensor labels) (scores.ArgMax 1))

            equals
                confusion
                (compile (fun s -> Metric.confusionMatrix 4 (tensor labels) ((s: Tensor).ArgMax 1)) scores)
        "precision, recall and F1",
        fun () ->
            let matrix = Metric.confusionMatrix 4 (tensor labels) (tensor predicted)
            let support = [ for c in 0..3 -> count c -1 ]

            for figure, one in [ Metric.precision, precision; Metric.recall, recall; Metric.f1, f1 ] do
                let each = [ for c in 0..3 -> one c ]
                close 1e-14 each (figure Averaging.PerClass matrix)
                close 1e-14 [ List.average each ] (figure Averaging.Macro matrix)
                close 1e-14 [ share (fun i -> labels[i] = predicted[i]) 300 ] (figure Averaging.Micro matrix)
                let weighted = List.sum (List.map2 (*) support each) / 300.0
                close 1e-14 [ weighted ] (compile (figure Averaging.Weighted) matrix)
        "scikit-learn's examples of several classes",
        fun () ->
            let matrix = Metric.confusionMatrix 3 (tensor [ 0; 1; 2; 0; 1; 2 ]) (tensor [ 0; 2; 1; 0; 0; 1 ])
            close 1e-15 [ 2.0 / 3.0; 0.0; 0.0 ] (Metric.precision Averaging.PerClass matrix)
            close 1e-15 [ 2.0 / 9.0 ] (Metric.precision Averaging.Macro matrix)
            close 1e-15 [ 1.0 / 3.0 ] (Metric.precision Averaging.Micro matrix)
            close 1e-15 [ 2.0 / 9.0 ] (Metric.precision Averaging.Weighted matrix)
            close 1e-15 [ 1.0 / 3.0 ] (Metric.recall Averaging.Macro matrix)
            close 1e-15 [ 0.8; 0.0; 0.0 ] (Metric.f1 Averaging.PerClass matrix)
            close 1e-15 [ 0.8 / 3.0 ] (Metric.f1 Averaging.Macro matrix)
        "a class that never occurs has 0",
        fun () ->
            let matrix = Metric.confusionMatrix 3 (tensor [ 0; 0 ]) (tensor [ 0; 1 ])
            close 0.0 [ 0.5; 0.0; 0.0 ] (Metric.recall Averaging.PerClass matrix)
            close 0.0 [ 1.0; 0.0; 0.0 ] (Metric.precision Averaging.PerClass matrix)
        "yes or no, by a threshold",
        fun () ->
            let target, p = tensor [ true; false; true; true; false ], tensor [ 0.9; 0.2; 0.4; 0.6; 0.7 ]

            for threshold in [ 0.5; 0.65; 0.1 ] do
                let yes = [| 0.9; 0.2; 0.4; 0.6; 0.7 |] |> Array.map (fun p -> p > threshold)
                let truth = [| true; false; true; true; false |]
                let n t y = Seq.zip truth yes |> Seq.filter (fun pair -> pair = (t, y)) |> Seq.length
                let matrix = Metric.binaryConfusionMatrix threshold target p
                equalsAs DType.Int64 [ [ n false false; n false true ]; [ n true false; n true true ] ] matrix

                close
                    1e-15
                    [ float (n true true) / float (n true true + n false true) ]
                    (Metric.precision Averaging.Binary matrix)

                close
                    1e-15
                    [ float (n true true + n false false) / 5.0 ]
                    (Metric.binaryAccuracy threshold target p)
        "log loss and perplexity",
        fun () ->
            // scikit-learn's example: "spam" is class 1.
            let probabilities = tensor [ [ 0.1; 0.9 ]; [ 0.9; 0.1 ]; [ 0.8; 0.2 ]; [ 0.35; 0.65 ] ]
            close 1e-5 [ 0.21616 ] (Metric.logLoss (tensor [ 1; 0; 0; 1 ]) probabilities)

            Expect.isTrue
                (System.Double.IsFinite(number (Metric.logLoss (tensor [ 1 ]) (tensor [ [ 1.0f; 0.0f ] ]))))
                "finite"

            let logits = log probabilities
            close 1e-14 [ exp 0.21616187468057912 ] (Metric.perplexity (tensor [ 1; 0; 0; 1 ]) logits)
            close 1e-13 [ 5.0 ] (Metric.perplexity (tensor [ 0; 3 ]) (Tensor.zeros DType.Float64 [ 2; 5 ]))
    ]

let private answers = Array.map (fun l -> if l > 1 then 1 else 0) labels
let private ranked = [| for i in 0..299 -> rows[i, 0] / 20.0 + 0.5 + float answers[i] / 10.0 |]

/// Over all pairs of a yes and a no.
let private pairsInOrder (answers: int[]) (scores: float[]) =
    let pairs = [
        for i in 0 .. answers.Length - 1 do
            for j in 0 .. answers.Length - 1 do
                if answers[i] = 1 && answers[j] = 0 then
                    if scores[i] > scores[j] then 1.0
                    elif scores[i] = scores[j] then 0.5
                    else 0.0
    ]

    List.average pairs

/// Thresholds one after the other, as the formula of scikit-learn's documentation has it.
let private precisionByRecall (answers: int[]) (scores: float[]) =
    let yes = float (Array.sum answers)

    ((0.0, 0.0), scores |> Array.distinct |> Array.sortDescending)
    ||> Array.fold (fun (sum, before) threshold ->
        let above = Array.zip answers scores |> Array.filter (fun (_, s) -> s >= threshold) |> Array.map fst
        let recall = float (Array.sum above) / yes
        sum + (recall - before) * float (Array.sum above) / float above.Length, recall)
    |> fst

let private ranking =
    tests "ranking" [
        "scikit-learn's examples",
        fun () ->
            let target, scores = tensor [ 0; 0; 1; 1 ], tensor [ 0.1; 0.4; 0.35; 0.8 ]
            close 1e-15 [ 0.75 ] (Metric.rocAuc target scores)
            close 1e-15 [ 5.0 / 6.0 ] (Metric.averagePrecision target scores)
        "with ties, against all pairs and all thresholds",
        fun () ->
            for run in [ id; compile ] do
                close
                    1e-13
                    [ pairsInOrder answers ranked ]
                    (run (Metric.rocAuc (tensor answers)) (tensor ranked))

                close
                    1e-13
                    [ precisionByRecall answers ranked ]
                    (run (Metric.averagePrecision (tensor answers)) (tensor ranked))
        "equal scores tell nothing apart",
        fun () ->
            let same = Tensor.full DType.Float32 [ 300 ] 0.5
            close 1e-14 [ 0.5 ] (Metric.rocAuc (tensor answers) same)
            close 1e-14 [ float (Array.sum answers) / 300.0 ] (Metric.averagePrecision (tensor answers) same)
        "without a yes or a no there is no number",
        fun () ->
            close 0.0 [ nan ] (Metric.rocAuc (tensor [ 1; 1 ]) (tensor [ 0.1; 0.2 ]))
            close 0.0 [ nan ] (Metric.averagePrecision (tensor [ 0; 0 ]) (tensor [ 0.1; 0.2 ]))
    ]

let private target =
    numbers (Random.normal (Key.create 3L) DType.Float64 [ 50 ]) |> Array.map (fun x -> 1000.0 + x)

let private predicted = target |> Array.mapi (fun i t -> t + 0.3 * sin (float i))

let private regression =
    let squares f = Array.sumBy (fun x -> f x * f x)

    let r2 =
        let mean = Array.average target

        1.0
        - squares (fun (t, p) -> p - t) (Array.zip target predicted) / squares (fun t -> t - mean) target

    let mae = Array.zip target predicted |> Array.averageBy (fun (t, p) -> abs (p - t))
    let rmse = sqrt (Array.zip target predicted |> Array.averageBy (fun (t, p) -> (p - t) ** 2.0))

    tests "regression" [
        "scikit-learn's examples",
        fun () ->
            let target, prediction = tensor [ 3.0; -0.5; 2.0; 7.0 ], tensor [ 2.5; 0.0; 2.0; 8.0 ]
            close 1e-12 [ 0.9486081370449679 ] (Metric.r2 target prediction)
            close 1e-12 [ 0.5 ] (Metric.meanAbsoluteError target prediction)
            close 1e-12 [ 0.6123724356957945 ] (Metric.rootMeanSquaredError target prediction)
        "against loops",
        fun () ->
            close 1e-10 [ r2 ] (Metric.r2 (tensor target) (tensor predicted))
            close 1e-12 [ mae ] (Metric.meanAbsoluteError (tensor target) (tensor predicted))
            close 1e-12 [ rmse ] (compile (Metric.rootMeanSquaredError (tensor target)) (tensor predicted))
        "of equal targets R² is 1 or 0",
        fun () ->
            close 0.0 [ 1.0 ] (Metric.r2 (tensor [ 2.0; 2.0 ]) (tensor [ 2.0; 2.0 ]))
            close 0.0 [ 0.0 ] (Metric.r2 (tensor [ 2.0; 2.0 ]) (tensor [ 2.0; 3.0 ]))
        "in batches of any sizes, compiled, and merged",
        fun () ->
            let batch first last (total: RegressionTotal) =
                total.Add(tensor target[first..last], tensor predicted[first..last])

            let add = compile (fun (total: RegressionTotal, t: Tensor, p: Tensor) -> total.Add(t, p))
            let compiled = add (RegressionTotal.Zero, tensor target[..19], tensor predicted[..19])
            let others = [ batch 20 20 RegressionTotal.Zero; batch 21 49 RegressionTotal.Zero ]

            for total in
                [
                    RegressionTotal.Zero |> batch 0 9 |> batch 10 10 |> batch 11 49
                    List.sum (compiled :: others)
                    RegressionTotal.Zero.Merge(batch 0 49 RegressionTotal.Zero).Merge RegressionTotal.Zero
                ] do
                close 1e-10 [ r2 ] total.R2
                close 1e-12 [ mae ] total.MeanAbsoluteError
                close 1e-12 [ rmse ] total.RootMeanSquaredError

            close 0.0 [ nan ] RegressionTotal.Zero.R2
    ]

let private totals =
    tests "totals" [
        "a mean over batches of unequal size is that of all numbers",
        fun () ->
            let total = MeanTotal.Zero.Add(tensor [ 1.0; 2.0; 6.0 ]).Add(tensor [ [ 11.0f ] ])
            close 1e-15 [ 5.0 ] total.Value
            let add = compile (fun (total: MeanTotal, x: Tensor) -> total.Add x)
            close 1e-15 [ 5.5 ] (add (total, tensor [ 6; 7 ])).Value

            close
                1e-15
                [ 2.5 ]
                (List.sum [ MeanTotal.Zero.Add(tensor [ 4.0 ]); MeanTotal.Zero.Add(tensor [ 1.0 ]) ]).Value

            close 0.0 [ nan ] MeanTotal.Zero.Value
        "weights, also those that leave NaN out",
        fun () ->
            let values, weights = tensor [ 4.0; nan; 1.0 ], tensor [ 3.0; 0.0; 1.0 ]
            close 1e-15 [ 13.0 / 4.0 ] (MeanTotal.Zero.Add(values, weights)).Value
        "a confusion matrix of batches is that of all",
        fun () ->
            let predicted = scores.ArgMax 1
            let all = Metric.confusionMatrix 4 (tensor labels) predicted

            let add = compile (fun (total: ConfusionTotal, l: Tensor, p: Tensor) -> total.Add(l, p))

            let first = add (ConfusionTotal.Create 4, tensor labels[..99], predicted[..99])
            let total = first + (ConfusionTotal.Create 4).Add(tensor labels[100..], predicted[100..])
            equals all total.Matrix
            close 1e-15 (numbers (Metric.f1 Averaging.Macro all)) (total.F1 Averaging.Macro)
            close 1e-15 (numbers (Metric.precision Averaging.Macro all)) (total.Precision Averaging.Macro)
            close 1e-15 (numbers (Metric.accuracy (tensor labels) scores)) total.Accuracy
            close 0.0 [ nan ] (ConfusionTotal.Create 4).Accuracy

            equalsAs
                DType.Int64
                [ [ 1; 1 ]; [ 1; 2 ] ]
                ((ConfusionTotal.Create 2)
                    .AddBinary(tensor [ 1; 0; 1; 1; 0 ], tensor [ 0.9; 0.2; 0.4; 0.6; 0.7 ], 0.5))
                    .Matrix
        "a ranking of batches is that of all where parts tell scores apart",
        fun () ->
            // Scores are multiples of 1/20.
            let add = compile (fun (total: RankingTotal, t: Tensor, p: Tensor) -> total.Add(t, p))
            let inside = ranked |> Array.map (fun s -> System.Math.Round(s + 0.001, 3))
            let first = add (RankingTotal.Create 100, tensor answers[..99], tensor inside[..99])
            let total = first + (RankingTotal.Create 100).Add(tensor answers[100..], tensor inside[100..])
            close 1e-13 [ pairsInOrder answers inside ] total.RocAuc
            close 1e-13 [ precisionByRecall answers inside ] total.AveragePrecision
    ]

let private refuses<'error when 'error :> exn> name parts (f: unit -> Tensor) =
    testCase name (fun () -> throws<'error, _> parts f)

let private errors =
    let scores = tensor [ [ 0.5; 0.25 ] ]
    let empty = Tensor.zeros DType.Float64 [ 0 ]

    testList "errors" [
        refuses<DTypeException> "labels that are floats" [ "accuracy: "; "Float64" ] (fun () ->
            Metric.accuracy (tensor [ 1.0 ]) scores)
        refuses<ShapeException> "labels of another shape" [ "accuracy: "; "(1,)"; "(2,)" ] (fun () ->
            Metric.accuracy (tensor [ 1; 0 ]) scores)
        refuses<IndexException> "a label that is no class" [ "accuracy: "; "(0,) is 2" ] (fun () ->
            Metric.accuracy (tensor [ 2 ]) scores)
        refuses<ShapeException> "nothing" [ "accuracy: " ] (fun () ->
            Metric.accuracy (Tensor.zeros DType.Int32 [ 0 ]) (Tensor.zeros DType.Float32 [ 0; 2 ]))
        refuses<ValueException> "k beyond the classes" [ "topKAccuracy: "; "3"; "2" ] (fun () ->
            Metric.topKAccuracy 3 (tensor [ 1 ]) scores)
        for name, run in [ "accuracy: ", Metric.accuracy; "crossEntropy: ", Loss.crossEntropy ] do
            refuses<DTypeException>
                $"labels for scores in {name}"
                [ name; "Int32 (2,)"; "swapped" ]
                (fun () -> run (tensor [ [ 0.1; 0.9 ]; [ 0.5; 0.5 ] ]) (tensor [ 0; 1 ]))

        refuses<DTypeException> "logits for predictions" [ "confusionMatrix: "; "ArgMax" ] (fun () ->
            Metric.confusionMatrix 2 (tensor [ 1 ]) scores)
        refuses<IndexException>
            "a prediction that is no class"
            [ "confusionMatrix: "; "prediction at (1,) is 2" ]
            (fun () -> Metric.confusionMatrix 2 (tensor [ 1; 0 ]) (tensor [ 1; 2 ]))
        refuses<ShapeException> "a binary figure of three" [ "f1: "; "3" ] (fun () ->
            Metric.f1 Averaging.Binary (Tensor.zeros DType.Int64 [ 3; 3 ]))
        refuses<ShapeException> "what is no confusion matrix" [ "precision: "; "(2,)" ] (fun () ->
            Metric.precision Averaging.Macro (tensor [ 1; 2 ]))
        refuses<ValueException> "answers other than 0 and 1" [ "rocAuc: "; "(1,)" ] (fun () ->
            Metric.rocAuc (tensor [ 1; -1 ]) (tensor [ 0.5; 0.25 ]))
        refuses<ValueException> "scores that are NaN" [ "averagePrecision: "; "(0,)"; "NaN" ] (fun () ->
            Metric.averagePrecision (tensor [ 1; 0 ]) (tensor [ nan; 0.25 ]))
        refuses<ShapeException> "no scores" [ "rocAuc: " ] (fun () -> Metric.rocAuc empty empty)
        refuses<ValueException> "probabilities above 1" [ "logLoss: "; "1.5" ] (fun () ->
            Metric.logLoss (tensor [ 0 ]) (tensor [ [ 1.5; 0.5 ] ]))
        refuses<ShapeException> "predictions of another shape" [ "r2: "; "(2, 1)"; "(2,)" ] (fun () ->
            Metric.r2 (tensor [ 1.0; 2.0 ]) (tensor [ [ 1.0 ]; [ 2.0 ] ]))
        refuses<ShapeException> "weights of another shape" [ "MeanTotal.Add: "; "(2,)" ] (fun () ->
            (MeanTotal.Zero.Add(tensor [ 1.0; 2.0 ], tensor [ 1.0 ])).Value)
        refuses<ValueException> "logits in a ranking" [ "RankingTotal.Add: "; "sigmoid" ] (fun () ->
            ((RankingTotal.Create 10).Add(tensor [ 1 ], tensor [ 2.0 ])).RocAuc)
    ]

[<Tests>]
let all = testList "Metric" [ classes; ranking; regression; totals; errors ]
