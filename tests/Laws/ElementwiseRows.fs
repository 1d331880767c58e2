/// Rows of the elementwise primitives.
module internal Cotangent.Tests.ElementwiseRows

open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow

let private unaryNumber (op: Unary) (dice: Dice) () =
    match op with
    | Unary.Negate
    | Unary.Exp
    | Unary.Expm1
    | Unary.Sin
    | Unary.Cos
    | Unary.Atan
    | Unary.Sinh
    | Unary.Cosh
    | Unary.Tanh
    | Unary.Asinh
    | Unary.Sigmoid
    | Unary.Softplus
    | Unary.Erf
    | Unary.Erfc
    | Unary.Gelu
    | Unary.GeluSlope
    | Unary.IsNaN
    | Unary.Not -> dice.Between -2.0 2.0
    | Unary.Abs
    | Unary.Sign
    | Unary.Relu -> dice.Sign * dice.Between 0.3 2.0
    | Unary.Floor
    | Unary.Ceiling -> float (dice.Below 5 - 2) + dice.Between 0.2 0.8
    | Unary.Round -> float (dice.Below 5 - 2) + dice.Between -0.3 0.3
    | Unary.Log
    | Unary.Sqrt -> dice.Between 0.4 2.5
    | Unary.Log1p -> dice.Between -0.6 2.0
    | Unary.Tan -> dice.Between -1.1 1.1
    | Unary.Asin
    | Unary.Acos
    | Unary.Atanh -> dice.Between -0.7 0.7
    | Unary.Acosh -> dice.Between 1.4 3.0
    | Unary.Lgamma
    | Unary.Polygamma _ -> dice.Between 0.6 4.0

let private unaryMoves (op: Unary) =
    match op with
    | Unary.Sign
    | Unary.Floor
    | Unary.Ceiling
    | Unary.Round
    | Unary.IsNaN
    | Unary.Not -> false
    | _ -> true

let unaryRow (op: Unary) = {
    Name = variant (Primitive.Unary op)
    DTypes = DTypes.real |> List.filter (ShapeRule.acceptsUnary op)
    Moves = fun _ -> unaryMoves op
    Draw =
        fun dice numbers dtype ->
            let op =
                match op with
                | Unary.Polygamma _ -> Unary.Polygamma(dice.Below 3)
                | op -> op

            {
                Primitive = Primitive.Unary op
                Inputs = [| draw dice numbers dtype (dice.Shape()) (unaryNumber op dice) |]
            }
}

/// Where to draw the first and the second operand.
let private binaryNumbers (op: Binary) (dice: Dice) =
    match op with
    | Binary.Add
    | Binary.Subtract
    | Binary.Multiply
    | Binary.And
    | Binary.Or
    | Binary.Xor
    | Binary.ShiftLeft
    | Binary.ShiftRight -> everywhere dice, everywhere dice
    | Binary.Divide -> everywhere dice, (fun () -> dice.Sign * dice.Between 0.4 2.0)
    // Quotients well between two integers.
    | Binary.Remainder ->
        (fun () -> dice.Sign * (float (dice.Below 3) + dice.Between 0.4 0.6)),
        (fun () -> dice.Sign * dice.Between 0.97 1.03)
    | Binary.Power -> (fun () -> dice.Between 0.4 2.0), everywhere dice
    // Clear of the origin, and of the cut along the negative axis.
    | Binary.Atan2 -> (fun () -> dice.Sign * dice.Between 0.3 2.0), everywhere dice
    // Even tenths against odd tenths: never nearly equal.
    | Binary.Max
    | Binary.Min
    | Binary.Equal
    | Binary.Less
    | Binary.LessEqual ->
        let tenth shift () = 0.2 * float (dice.Below 9 - 4) + shift + dice.Between -0.02 0.02
        tenth 0.0, tenth 0.1

let private binaryMoves (op: Binary) =
    match op with
    | Binary.And
    | Binary.Or
    | Binary.Xor
    | Binary.ShiftLeft
    | Binary.ShiftRight
    | Binary.Equal
    | Binary.Less
    | Binary.LessEqual -> false
    | _ -> true

let binaryRow (op: Binary) = {
    Name = variant (Primitive.Binary op)
    DTypes = DTypes.real |> List.filter (ShapeRule.acceptsBinary op)
    Moves = fun _ -> binaryMoves op
    Draw =
        fun dice numbers dtype ->
            let shape = dice.Shape()
            let first, second = binaryNumbers op dice
            let a = draw dice numbers dtype shape first
            let b = draw dice numbers dtype shape second

            // Integers can't be divided by 0.
            let b =
                if (op = Binary.Divide || op = Binary.Remainder) && dtype.IsInteger then
                    tensorOf dice dtype shape (fun () -> dice.Sign * float (1 + dice.Below 4))
                else
                    b

            { Primitive = Primitive.Binary op; Inputs = [| a; b |] }
}

let select = {
    Name = "Select"
    DTypes = DTypes.real
    Moves = fun i -> i > 0
    Draw =
        fun dice numbers dtype ->
            let shape = dice.Shape()
            let value () = plain dice numbers dtype shape

            {
                Primitive = Primitive.Select
                Inputs = [| plain dice Numbers.Ordinary DType.Bool shape; value (); value () |]
            }
}

let convert =
    ofOne "Convert" DTypes.real (fun dice numbers dtype ->
        let target =
            match numbers with
            | Numbers.Smooth -> dice.Pick [ DType.Float32; DType.Float64 ]
            | Numbers.Ordinary -> dice.Pick DTypes.real

        Primitive.Convert target, plain dice numbers dtype (dice.Shape()))
