/// Rows of the higher functions.
module internal Cotangent.Tests.HigherRows

open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow

/// Where to draw each argument: clear of poles, and of where derivatives are steep.
let private numbers (f: Higher) (dice: Dice) : (unit -> float) list =
    let between low high = fun () -> dice.Between low high

    match f with
    | Higher.Exp2
    | Higher.Erfcx
    | Higher.Ndtr
    | Higher.LogNdtr
    | Higher.I0
    | Higher.I1
    | Higher.J0
    | Higher.J1 -> [ between -1.5 2.0 ]
    | Higher.I0e
    | Higher.I1e
    | Higher.Cbrt -> [ fun () -> dice.Sign * dice.Between 0.5 2.0 ]
    | Higher.Logit
    | Higher.Ndtri -> [ between 0.25 0.75 ]
    | Higher.Erfinv -> [ between -0.7 0.7 ]
    | Higher.Log2
    | Higher.Entr
    | Higher.Y0
    | Higher.Y1
    | Higher.K0
    | Higher.K1
    | Higher.K0e
    | Higher.K1e
    | Higher.Expint
    | Higher.LambertW -> [ between 0.6 2.5 ]
    | Higher.LogAddExp -> [ between -2.0 2.0; between -2.0 2.0 ]
    | Higher.LogBeta -> [ between 0.6 3.0; between 0.6 3.0 ]
    | Higher.Zeta
    | Higher.ZetaSlope _ -> [ between 2.0 4.0; between 0.6 2.0 ]
    | Higher.GammaInc
    | Higher.GammaIncC
    | Higher.GammaIncSlope _ -> [ between 0.6 3.0; between 0.6 3.0 ]
    | Higher.GammaIncInv
    | Higher.GammaIncCInv -> [ between 0.6 3.0; between 0.25 0.75 ]
    | Higher.BetaInc
    | Higher.BetaIncSlope _
    | Higher.BetaIncInv -> [ between 0.6 3.0; between 0.6 3.0; between 0.25 0.75 ]

let row (f: Higher) = {
    Name = variant (Primitive.Higher f)
    DTypes = floats
    Moves = fun _ -> true
    Draw =
        fun dice _ dtype ->
            let shape = dice.Shape()
            let inputs = numbers f dice |> List.map (tensorOf dice dtype shape) |> Array.ofList
            { Primitive = Primitive.Higher f; Inputs = inputs }
}
