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

/// Matrices of such rows, and the shape of a number for each of their columns.
let private matrices (dice: Dice) dtype =
    let batch = Array.init (dice.Below 2) (fun _ -> dice.Size)
    let rows, columns = dice.Size, 3 + dice.Below 3
    distinctOf dice dtype (Array.append batch [| rows; columns |]), Array.append batch [| columns |]

let private normalize =
    row "Normalize" (fun _ -> true) (fun dice numbers dtype ->
        let f = Fused.Normalize(dice.Chance 0.5, dice.Pick [ 0.5; 1.0 ])

        if dice.Chance 0.4 then
            f, [ uneven dice dtype ]
        else
            let x, columns = matrices dice dtype
            let draw () = plain dice numbers dtype columns
            f, (if dice.Chance 0.5 then [ x; draw (); draw () ] else [ x; draw () ]))

let private normalizePull =
    row "NormalizePull" (fun _ -> true) (fun dice numbers dtype ->
        let x = uneven dice dtype
        Fused.NormalizePull(dice.Chance 0.5, 0.5), [ x; plain dice numbers dtype x.Dims ])

/// Derived by way of its definition, not by a rule.
let private normalizeGainPull =
    row "NormalizeGainPull" (fun _ -> false) (fun dice numbers dtype ->
        let x, columns = matrices dice dtype
        let c = plain dice numbers dtype x.Dims
        Fused.NormalizeGainPull(dice.Chance 0.5, 0.5), [ x; c; plain dice numbers dtype columns ])

/// Query, key and value, and perhaps a mask.
let private attended (dice: Dice) numbers dtype =
    let batch = Array.init (dice.Below 3) (fun _ -> dice.Size)
    let queries, keys, width, valueWidth = dice.Size, dice.Size + 1, dice.Size + 1, dice.Size
    let draw rows columns = plain dice numbers dtype (Array.append batch [| rows; columns |])
    // Among equal keys or values there is nothing to choose, and what is left of a derivative is rounding.
    let different rows columns =
        let t = distinctOf dice dtype (Array.append batch [| rows; columns |])
        if dtype.IsFloat then t * 0.2 else t

    let q, k, v = draw queries width, different keys width, different keys valueWidth

    let mask =
        if dice.Chance 0.5 then
            [
                tensorOf dice DType.Bool (Array.append batch [| queries; keys |]) (fun () ->
                    dice.Between -0.5 1.0)
            ]
        else
            []

    [ q; k; v ], mask, draw queries valueWidth

let private attention =
    row "Attention" (fun i -> i < 3) (fun dice numbers dtype ->
        let inputs, mask, _ = attended dice numbers dtype
        Fused.Attention(dice.Chance 0.5, dice.Pick [ 1.0; 0.4 ]), inputs @ mask)

/// Derived by way of its definition, not by a rule.
let private attentionPull =
    row "AttentionPull" (fun _ -> false) (fun dice numbers dtype ->
        let inputs, mask, c = attended dice numbers dtype
        Fused.AttentionPull(dice.Chance 0.5, dice.Pick [ 1.0; 0.4 ]), inputs @ [ c ] @ mask)

let rows: Row list = [
    attention
    attentionPull
    softmax
    softmaxPull
    logSumExp
    crossEntropy
    crossEntropyPull
    normalize
    normalizePull
    normalizeGainPull
]
