/// What those that tell kinds of clothing apart have to show.
module Models.Classifier

open Cotangent
open Models

/// Logits (n, 10) against labels.
let measures (labels: Tensor) (logits: Tensor) = [
    "accuracy", float (Metric.accuracy labels logits)
    "loss", float (Loss.crossEntropy labels logits)
]

let figures (images: Tensor, labels: Tensor) (logits: Tensor) history : Page.Figure list =
    let predicted = logits.ArgMax 1
    let counts = Metric.confusionMatrix 10 labels predicted
    let wrong = images[predicted.NotEqual(labels.Convert predicted.DType)]

    [
        Page.curves "loss" history [ "loss" ]
        Page.curves "accuracy on test images" history [ "accuracy" ]
        Page.confusion FashionMnist.names (counts.ToData<int64[,]>())
        Page.images "taken for another kind" 10 (wrong |> Data.split (min 100 (Data.count wrong)) |> fst)
    ]
