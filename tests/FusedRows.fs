/// Rows of the fused operations.
module internal Cotangent.Tests.FusedRows

open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow

let private row (name: string) moves (draw: Dice -> Numbers -> DType -> Fused * Tensor list) = {
    Name = $"Fused {name}"
    DTypes = floats
    Moves = moves
    Draw =
        fun dice numbers dtype ->
            let f, inputs = draw dice numbers dtype
            { Primitive = Primitive.Fused f; Inputs = Array.ofList inputs }
}

let private softmax =
    row "Softmax" (fun _ -> true) (fun dice numbers dtype ->
        let shape, axis = dice.ShapeWithAxis()
        Fused.Softmax(dice.Chance 0.5, axis), [ plain dice numbers dtype shape ])

let private softmaxPull =
    row "SoftmaxPull" (fun _ -> true) (fun dice numbers dtype ->
        let shape, axis = dice.ShapeWithAxis()

        Fused.SoftmaxPull(dice.Chance 0.5, axis),
        [ plain dice numbers dtype shape; plain dice numbers dtype shape ])

let private logSumExp =
    row "LogSumExp" (fun _ -> true) (fun dice numbers dtype ->
        let shape, axis = dice.ShapeWithAxis()
        Fused.LogSumExp axis, [ plain dice numbers dtype shape ])

/// Targets, logits, and labels of all classes, some of them ignored.
let private classified (dice: Dice) numbers dtype =
    let shape = Array.append (Array.init (dice.Below 3) (fun _ -> dice.Size)) [| 1 + dice.Below 5 |]
    let examples, classes = shape[.. shape.Length - 2], shape[shape.Length - 1]
    let ignored = dice.Pick [ None; Some -1; Some 0 ]

    let label () =
        match ignored with
        | Some label when dice.Chance 0.3 -> float label
        | _ -> float (dice.Below classes)

    let targets: Targets = {
        Smoothing = dice.Pick [ 0.0; 0.0; 0.2 ]
        Ignored =
            match ignored with
            | Some label -> ValueSome(int64 label)
            | None -> ValueNone
    }

    let labels = tensorOf dice (dice.Pick [ DType.Int32; DType.Int64 ]) examples label
    targets, plain dice numbers dtype shape, labels

let private crossEntropy =
    row "CrossEntropy" (fun i -> i = 0) (fun dice numbers dtype ->
        let targets, logits, labels = classified dice numbers dtype
        Fused.CrossEntropy targets, [ logits; labels ])

let private crossEntropyPull =
    row "CrossEntropyPull" (fun i -> i <> 1) (fun dice numbers dtype ->
        let targets, logits, labels = classified dice numbers dtype
        Fused.CrossEntropyPull targets, [ logits; labels; plain dice numbers dtype labels.Dims ])

/// Rows of three different numbers or more: those of equal ones have a variance of 0, near which nothing is smooth, and
/// two numbers become -1 and 1 whatever they are.
let private uneven (dice: Dice) dtype =
    let shape = Array.append (Array.init (dice.Below 3) (fun _ -> dice.Size)) [| 3 + dice.Below 3 |]
    distinctOf dice dtype shape

let private normalize =
    row "Normalize" (fun _ -> true) (fun dice _ dtype ->
        Fused.Normalize(dice.Chance 0.5, dice.Pick [ 0.5; 1.0 ]), [ uneven dice dtype ])

let private normalizePull =
    row "NormalizePull" (fun _ -> true) (fun dice numbers dtype ->
        let x = uneven dice dtype
        Fused.NormalizePull(dice.Chance 0.5, 0.5), [ x; plain dice numbers dtype x.Dims ])

let rows: Row list = [
    softmax
    softmaxPull
    logSumExp
    crossEntropy
    crossEntropyPull
    normalize
    normalizePull
]
