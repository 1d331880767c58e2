/// Numbers on which functions are hardest to get right.
module internal Cotangent.Torch.Tests.SpecialNumbers

open System
open Microsoft.FSharp.Reflection
open Cotangent
open Cotangent.Engines

let ofNumbers (dtype: DType) (numbers: float seq) : HostBuffer =
    ((tensor (Array.ofSeq numbers)).Convert dtype).Host

let private floatSpecials (dtype: DType) =
    [
        [ 0.0; -0.0; 1.0; -1.0; 0.5; -0.5; 1.5; 2.5; -2.5; 3.0; 88.0; -104.0; 1000.0; -1000.0 ]
        [ infinity; -infinity; nan ]
        (match dtype.Storage with
         | Storage.Float64 -> [ 1e-310; 1e300; -1e300; 1e-20 ]
         | Storage.Float32 -> [ 1e-40; 3e38; -3e38; 1e-20 ]
         | Storage.Float16 -> [ 6e-8; 65504.0; -65504.0; 1e-4 ]
         | Storage.BFloat16 -> [ 1e-38; 3e38; -3e38; 1e-20 ]
         | Storage.Integer _
         | Storage.Bool
         | Storage.Complex64
         | Storage.Complex128 -> [])
    ]
    |> List.concat

/// Whole numbers, with the largest and smallest that there are.
let integers (dtype: DType) : HostBuffer =
    match dtype with
    | DType.Int32 ->
        let all = [| Int32.MinValue; Int32.MinValue + 1; -7; -2; -1; 0; 1; 2; 7; Int32.MaxValue |]
        HostBuffer.own dtype [| all.Length |] all
    | _ ->
        let all = [|
            Int64.MinValue
            Int64.MinValue + 1L
            -7L
            -2L
            -1L
            0L
            1L
            2L
            7L
            Int64.MaxValue
            1L <<< 53
        |]

        // What is beyond the dtype becomes its extremes.
        (Tensor.ofArray [ all.Length ] all).Convert(dtype).Host

let specials (dtype: DType) : HostBuffer =
    if dtype.IsFloat then ofNumbers dtype (floatSpecials dtype)
    elif dtype = DType.Bool then ofNumbers dtype [ 0.0; 1.0 ]
    else integers dtype

let casesOf<'union> () = [
    for case in FSharpType.GetUnionCases(typeof<'union>, true) ->
        // An order is the first.
        let fields = case.GetFields() |> Array.map (fun _ -> box 0)
        FSharpValue.MakeUnion(case, fields, true) |> unbox<'union>
]

/// Every number with every number.
let pairs (x: HostBuffer) : Buffer[] =
    let n = x.Shape[0]
    [| x.View([| n; n |], [| 1; 0 |], 0); x.View([| n; n |], [| 0; 1 |], 0) |]

/// The numbers without those that an integer can't be divided by.
let divisors (dtype: DType) (inputs: Buffer[]) : Buffer[] =
    let one = Move.full (Literal.Whole 1L) dtype inputs[1].Shape
    let zero = Move.full (Literal.Whole 0L) dtype inputs[1].Shape
    let isZero = Elementwise.binary Binary.Equal (inputs[1] :?> HostBuffer) zero
    [| inputs[0]; Select.evaluate isZero one (inputs[1] :?> HostBuffer) |]

/// Rows of numbers with NaN of both signs, zeros of both signs, infinities and ties: for folds and orders.
let signedRows =
    lazy
        (let minus = -(tensor [ nan ]) // .NET's own NaN has a minus, so this one has a plus
         let some = tensor [ 1.0; nan; 3.0; -0.0; 0.0; -infinity; nan; infinity; -1.0; 0.0; -0.0; 3.0 ]
         let row = concat 0 [ some; minus; tensor [ 2.0 ]; minus; some ]
         // Long enough for any kernel for long rows.
         stack 0 [ concat 0 (List.replicate 100 row); -(concat 0 (List.replicate 100 row)) ])
