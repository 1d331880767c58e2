/// Rows of the primitives whose windows slide over spatial axes.
module internal Cotangent.Tests.WindowRows

open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow

/// Windows of all kinds over one to three axes.
let private windows (dice: Dice) : Windows =
    let axes = 1 + dice.Below(if dice.Chance 0.3 then 3 else 2)
    let each f = Array.init axes (fun _ -> f ())
    let size = each (fun () -> 1 + dice.Below 3)
    let dilation = each (fun () -> if dice.Chance 0.3 then 2 else 1)
    let before = each (fun () -> if dice.Chance 0.5 then 0 else dice.Below 3)
    let after = each (fun () -> if dice.Chance 0.5 then 0 else dice.Below 3)

    {
        // At least one window, usually.
        Full =
            Array.init axes (fun a ->
                let reach = (size[a] - 1) * dilation[a] + 1
                let room = if axes < 3 then 5 else 2

                if dice.Chance 0.03 then 0 else max 1 (reach - before[a] - after[a] + dice.Below room))
        Size = size
        Step = each (fun () -> 1 + dice.Below 3)
        Dilation = dilation
        Before = before
        After = after
    }

let private sizes (dice: Dice) = if dice.Chance 0.05 then 0 else 1 + dice.Below 2

let convolution (result: ConvolutionTerm) = {
    Name = variant (Primitive.Convolution(result, windows (Dice 0), 1))
    DTypes = floats
    Moves = fun _ -> true
    Draw =
        fun dice numbers dtype ->
            let w = windows dice
            let groups = if dice.Chance 0.6 then 1 else 2 + dice.Below 2
            let images, channels, outputs = sizes dice, sizes dice, sizes dice
            let tensor shape = plain dice numbers dtype shape
            let x () = tensor (Array.append [| images; channels * groups |] w.Full)
            let kernel () = tensor (Array.append [| outputs * groups; channels |] w.Size)
            let y () = tensor (Array.append [| images; outputs * groups |] w.Count)

            {
                Primitive = Primitive.Convolution(result, w, groups)
                Inputs =
                    match result with
                    | ConvolutionTerm.Output -> [| x (); kernel () |]
                    | ConvolutionTerm.Input -> [| kernel (); y () |]
                    | ConvolutionTerm.Kernel -> [| x (); y () |]
            }
}

/// Whether every window has an element along each axis.
let private arePopulated (w: Windows) =
    let has a i =
        Seq.exists
            (fun k ->
                let t = i * w.Step[a] - w.Before[a] + k * w.Dilation[a]
                t >= 0 && t < w.Full[a])
            (seq { 0 .. w.Size[a] - 1 })

    let count = w.Count
    Seq.forall (fun a -> Seq.forall (has a) (seq { 0 .. count[a] - 1 })) (seq { 0 .. count.Length - 1 })

let rec private populated (dice: Dice) =
    let w = windows dice
    if arePopulated w then w else populated dice

let maxPool =
    ofOne "MaxPool" floats (fun dice numbers dtype ->
        let w = populated dice
        let shape = Array.append [| sizes dice; sizes dice |] w.Full

        let x =
            match numbers with
            | Numbers.Smooth -> distinctOf dice dtype shape
            | Numbers.Ordinary -> plain dice numbers dtype shape

        Primitive.MaxPool w, x)
