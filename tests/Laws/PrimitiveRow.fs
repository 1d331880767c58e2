/// What the table of primitives says of each: how to draw inputs for it, on which dtypes it is defined, and which of
/// its inputs have a derivative.
module internal Cotangent.Tests.PrimitiveRow

open Microsoft.FSharp.Reflection
open Cotangent
open Cotangent.Tests.Dice

/// Where the numbers of an example come from.
[<RequireQualifiedAccess>]
type Numbers =
    /// Away from kinks, poles and jumps, so that finite differences apply.
    | Smooth
    /// Small multiples of 1/2 (of 1, for integers), on both sides of 0: full of ties.
    | Ordinary

/// A primitive with inputs that it accepts.
type Example = {
    Primitive: Primitive
    Inputs: Tensor[]
} with

    override e.ToString() =
        let inputs = [ for t in e.Inputs -> $"{t.DType} {Shape.show t.Dims}" ] |> String.concat ", "
        $"{e.Primitive} of {inputs}"

type Row = {
    Name: string
    /// Of the first input, or of the output where there is none.
    DTypes: DType list
    /// Whether an input has a derivative, if it and the output are floats.
    Moves: int -> bool
    Draw: Dice -> Numbers -> DType -> Example
}

// ---- Variants ----

/// An attribute that chooses what a primitive computes (which function, which extreme, which direction), rather than
/// where, on what, or for whom.
let private chooses (t: System.Type) =
    let isBeside (t: System.Type) = List.contains t [ typeof<DType>; typeof<Device>; typeof<Finder> ]

    t = typeof<bool> || FSharpType.IsUnion(t, true) && not (isBeside t || isBeside (nonNull t.BaseType))

let private choices (t: System.Type) =
    if t = typeof<bool> then
        [ "true"; "false" ]
    else
        [ for case in FSharpType.GetUnionCases(t, true) -> case.Name ]

let private name case attributes = String.concat " " (case :: attributes)

/// The row that a primitive belongs to.
let variant (p: Primitive) =
    let case, fields = FSharpValue.GetUnionFields(p, typeof<Primitive>, true)

    name case.Name [
        for field in fields do
            match field with
            | :? bool as b -> if b then "true" else "false"
            | null -> ()
            | field when chooses (field.GetType()) || chooses (field.GetType().BaseType |> nonNull) ->
                (fst (FSharpValue.GetUnionFields(field, field.GetType(), true))).Name
            | _ -> ()
    ]

/// All there are, but for users' own functions, which bring their own derivative and their own tests, Detach, whose
/// derivative is wrong on purpose, functions of .NET, of which nobody knows what they do, and those of complex numbers, which have laws of their own.
let variants = [
    for case in FSharpType.GetUnionCases(typeof<Primitive>, true) do
        if
            not (
                List.contains case.Name [
                    "Custom"
                    "Detach"
                    "Host"
                    "Complex"
                    "OfComplex"
                    "Conjugate"
                    "Fourier"
                    "Eig"
                ]
            )
        then
            let attributes =
                case.GetFields() |> List.ofArray |> List.map _.PropertyType |> List.filter chooses

            for combination in
                List.foldBack
                    (fun t rest -> [
                        for c in choices t do
                            for r in rest -> c :: r
                    ])
                    attributes
                    [ [] ] do
                name case.Name combination
]

// ---- Drawing ----

let floats = DTypes.real |> List.filter _.IsFloat
let integers = DTypes.real |> List.filter _.IsInteger
let numeric = DTypes.real |> List.filter (fun d -> d <> DType.Bool)

let private ordinary (dice: Dice) (dtype: DType) () =
    float (dice.Below 9 - 4) / (if dtype.IsFloat then 2.0 else 1.0)

let everywhere (dice: Dice) () = dice.Between -2.0 2.0

/// A tensor of a shape; `smooth` is where numbers come from if they are to be smooth.
let draw (dice: Dice) numbers dtype shape smooth =
    match numbers with
    | Numbers.Smooth -> tensorOf dice dtype shape smooth
    | Numbers.Ordinary -> tensorOf dice dtype shape (ordinary dice dtype)

let plain (dice: Dice) numbers dtype shape = draw dice numbers dtype shape (everywhere dice)

/// A row for a primitive of one input, which is the one that moves.
let ofOne name dtypes (make: Dice -> Numbers -> DType -> Primitive * Tensor) = {
    Name = name
    DTypes = dtypes
    Moves = fun _ -> true
    Draw =
        fun dice numbers dtype ->
            let p, x = make dice numbers dtype
            { Primitive = p; Inputs = [| x |] }
}
