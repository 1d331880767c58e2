/// Rows of the decompositions of matrices.
module internal Cotangent.Tests.DecompositionRows

open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow

/// Small numbers, and on the diagonal those that a function of the place gives.
let private beside (dice: Dice) dtype (batch: int[]) m n (diagonal: int -> float) =
    let noise = tensorOf dice dtype (Array.append batch [| m; n |]) (fun () -> dice.Between -0.4 0.4)

    if dtype.IsFloat then
        let row = (Tensor.arange DType.Float64 m).Unsqueeze 1
        let column = Tensor.arange DType.Float64 n
        let own = tensor [| for i in 0 .. n - 1 -> diagonal i |]
        let onDiagonal = (row - column).Equal 0.0
        let both = where onDiagonal ((own + row * 0.0)) ((row + column) * 0.0)
        noise + both.Convert dtype
    else
        noise

let private batch (dice: Dice) = Array.init (dice.Below 3) (fun _ -> dice.Size)

let private triangularSolve isUpper = {
    Name = variant (Primitive.TriangularSolve isUpper)
    DTypes = floats
    Moves = fun _ -> true
    Draw =
        fun dice numbers dtype ->
            let batch, n = batch dice, 1 + dice.Below 4
            let a = beside dice dtype batch n n (fun _ -> 2.0)
            let b = plain dice numbers dtype (Array.append batch [| n; dice.Below 4 |])
            { Primitive = Primitive.TriangularSolve isUpper; Inputs = [| a; b |] }
}

let private qr =
    ofOne "Qr" floats (fun dice _ dtype ->
        Primitive.Qr, beside dice dtype (batch dice) (1 + dice.Below 4) (1 + dice.Below 4) (fun _ -> 2.0))

let private eigh =
    ofOne "Eigh" floats (fun dice _ dtype ->
        let n = 1 + dice.Below 4
        Primitive.Eigh, beside dice dtype (batch dice) n n (fun i -> 1.5 * float i - 2.0))

let private solve isTransposed = {
    Name = variant (Primitive.Solve isTransposed)
    DTypes = floats
    Moves = fun _ -> true
    Draw =
        fun dice numbers dtype ->
            let batch, n = batch dice, 1 + dice.Below 4
            let a = beside dice dtype batch n n (fun _ -> 2.0)
            let b = plain dice numbers dtype (Array.append batch [| n; dice.Below 4 |])
            { Primitive = Primitive.Solve isTransposed; Inputs = [| a; b |] }
}

let private square p =
    ofOne (variant p) floats (fun dice _ dtype ->
        let n = 1 + dice.Below 4
        p, beside dice dtype (batch dice) n n (fun _ -> 2.0))

let private ofAny p diagonal =
    ofOne (variant p) floats (fun dice _ dtype ->
        p, beside dice dtype (batch dice) (1 + dice.Below 4) (1 + dice.Below 4) diagonal)

let rows: Row list = [
    triangularSolve true
    triangularSolve false
    qr
    eigh
    solve true
    solve false
    square Primitive.Cholesky
    square Primitive.Inverse
    for f in [ MatrixFunction.Exp; MatrixFunction.Sqrt; MatrixFunction.Log ] do
        square (Primitive.OfMatrix f)
    ofAny Primitive.Lu (fun _ -> 2.0)
    // Singular values clear of each other.
    ofAny Primitive.Svd (fun i -> 2.0 + 1.5 * float i)
    ofAny Primitive.SingularValues (fun i -> 2.0 + 1.5 * float i)
    ofAny (Primitive.PseudoInverse 1e-3) (fun _ -> 2.0)
]
