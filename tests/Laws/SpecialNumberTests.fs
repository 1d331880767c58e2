/// The laws at NaN, infinities, signed zeros, ties and the ends of the range: forward mode, reverse mode and compiled code
/// say the same.
module Cotangent.Tests.SpecialNumberTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable

/// A few roundings apart; NaN and infinities where they are expected.
let private alike (expected: Tensor) (actual: Tensor) what =
    match Oracle.difference 16.0 1.0 expected.Host actual.Host with
    | None -> ()
    | Some wrong -> failtest $"{what}: {wrong}"

let private floats = [ DType.Float64; DType.Float32; DType.Float16; DType.BFloat16 ]

/// Numbers whose sums and products are the same in every order.
let private plainSpecials = [ nan; infinity; -infinity; 0.0; -0.0; 1.0; -1.0 ]

/// The largest number, the smallest normal one and the smallest of all.
let private extremes (dtype: DType) =
    match dtype.Storage with
    | Storage.Float64 -> [ System.Double.MaxValue; 2.0 ** -1022.0; 2.0 ** -1074.0 ]
    | Storage.Float32 -> [ float System.Single.MaxValue; 2.0 ** -126.0; 2.0 ** -149.0 ]
    | Storage.Float16 -> [ 65504.0; 2.0 ** -14.0; 2.0 ** -24.0 ]
    | Storage.BFloat16 -> [ 255.0 * 2.0 ** 120.0; 2.0 ** -126.0; 2.0 ** -133.0 ]
    | Storage.Integer _
    | Storage.Bool
    | Storage.Complex64
    | Storage.Complex128 -> []

let private specials dtype =
    plainSpecials
    @ [
        for x in extremes dtype do
            yield! [ x; -x ]
    ]

/// A tensor with special numbers in some places.
let private laced (dice: Dice) (numbers: DType -> float list) (t: Tensor) =
    if not t.DType.IsFloat || t.Size = 0 then
        t
    else
        let data = (t.Convert DType.Float64).Flatten().ToData<float[]>()
        let chosen = data |> Array.map (fun x -> if dice.Chance 0.4 then dice.Pick(numbers t.DType) else x)
        ((Tensor.ofArray [ data.Length ] chosen).Convert t.DType).Reshape t.Dims

let private isElementwise (p: Primitive) =
    match p with
    | Primitive.Unary _
    | Primitive.Binary _
    | Primitive.Select
    | Primitive.Convert _ -> true
    | _ -> false

let private compiled =
    testList "compiled as eager" [
        for row in rows do
            match row.DTypes |> List.filter _.IsFloat with
            | [] -> ()
            | dtypes -> test row.Name {
                for dtype in dtypes do
                    for seed in 1 .. cases 6 do
                        let dice = Dice seed
                        let example = row.Draw dice Numbers.Ordinary dtype

                        let numbers =
                            if isElementwise example.Primitive then specials else (fun _ -> plainSpecials)

                        let inputs = example.Inputs |> Array.map (laced dice numbers)

                        if inputs.Length > 0 then
                            let apply xs = Bind.one example.Primitive xs

                            let tried f =
                                try
                                    Ok(f inputs: Tensor)
                                with :? ValueException as e ->
                                    Error e.Message

                            match tried apply, tried (compile apply) with
                            | Ok expected, Ok actual ->
                                match Oracle.difference 16.0 1.0 expected.Host actual.Host with
                                | None -> ()
                                | Some wrong -> failtest $"{example}, seed {seed}: {wrong}"
                            | Error expected, Error actual ->
                                Expect.stringContains actual expected $"{example}, seed {seed}"
                            | expected, actual ->
                                failtest $"{example}, seed {seed}: expected %A{expected}, got %A{actual}"
              }
    ]

/// The derivative by one input, the others being constant.
let private bothModes =
    testList "forward as reverse" [
        for row in rows do
            if
                row.DTypes |> List.contains DType.Float64
                && isElementwise (row.Draw (Dice 1) Numbers.Ordinary DType.Float64).Primitive
            then
                test row.Name {
                    for dtype in floats do
                        let example = row.Draw (Dice 1) Numbers.Ordinary dtype
                        let y = Bind.one example.Primitive example.Inputs

                        if y.DType.IsFloat then
                            for i in 0 .. example.Inputs.Length - 1 do
                                if example.Inputs[i].DType.IsFloat then
                                    for seed in 1..60 do
                                        let dice = Dice seed

                                        let at =
                                            example.Inputs
                                            |> Array.map (fun t ->
                                                if t.DType.IsFloat then
                                                    (tensor (dice.Pick(specials t.DType))).Convert t.DType
                                                else
                                                    (tensor (dice.Chance 0.5)).Convert t.DType)

                                        let f x =
                                            Bind.one
                                                example.Primitive
                                                (Array.mapi (fun k t -> if k = i then x else t) at)

                                        let what = $"{example.Primitive} by {i} at %A{at}"
                                        // A conversion's result has another dtype than what it is differentiated by.
                                        let derivative (by: Tensor -> Tensor) = (by at[i]).Convert at[i].DType
                                        let forward = derivative (diff f)
                                        alike forward (grad f at[i]) what
                                        alike forward (derivative (compile (diff f))) $"{what}, compiled diff"
                                        alike forward (compile (grad f) at[i]) $"{what}, compiled grad"
                }
    ]

/// Functions of several numbers, whose derivative by one of them is no product with an infinite slope of another.
let private functions: (string * (Tensor -> Tensor)) list = [
    "max", (fun x -> x.Max())
    "min", (fun x -> x.Min())
    "sum", sum
    "mean", mean
    "logSumExp", logSumExp
    "the first of a softmax", (fun x -> (softmax x)[0])
    "the first of a sort", (fun x -> x.Sort()[0])
    "the last of a running sum", (fun x -> (x.CumulativeSum 0)[-1])
    "maximum of two", (fun x -> maximum x[0] x[1])
    "minimum of two", (fun x -> minimum x[0] x[1])
    "clamp", (fun x -> (clamp -1.0 1.0 x)[0])
    "relu", (fun x -> sum (relu x))
    "the larger part", (fun x -> sum (where (x.Greater 0.0) x (Tensor.zerosLike x)))
    "product", (fun x -> x.Prod())
    "product over an axis", (fun x -> (stack 0 [ x; Tensor.onesLike x ]).Prod([ 1 ])[0])
    "max pooling", (fun x -> sum (maxPool [ 2 ] Window.plain (x.Reshape [ 1; 3 ])))
]

let private vectors =
    testList "gradients as columns" [
        for name, f in functions do
            test name {
                for dtype in floats do
                    for seed in 1..80 do
                        let dice = Dice seed
                        let at = Array.init 3 (fun _ -> dice.Pick plainSpecials)
                        let x = (tensor at).Convert dtype
                        let gradient = grad f x
                        let what = $"{name} at {x}"
                        same gradient (jacobianForward f x) what
                        alike gradient (compile (grad f) x) $"{what}, compiled"
                        alike gradient (compile (jacobianForward f) x) $"{what}, compiled columns"
            }
    ]

let private values =
    testList "by hand" [
        test "a NaN takes the slope of the largest" {
            for run in [ grad; (fun f -> jacobianForward f) ] do
                same (tensor [ 1.0; 0.0; 0.0 ]) (run (fun x -> x.Max()) (tensor [ nan; 1.0; 3.0 ])) "max"
                same (tensor [ 0.5; 0.0; 0.5 ]) (run (fun x -> x.Min()) (tensor [ nan; 1.0; nan ])) "min"

                same
                    (tensor [ 1.0 ])
                    (run (fun x -> sum (maximum x (tensor [ 0.0 ]))) (tensor [ nan ]))
                    "maximum"

                same
                    (tensor [ 0.0 ])
                    (run (fun x -> sum (maximum x (tensor [ nan ]))) (tensor [ 0.0 ]))
                    "the other"

                same
                    (tensor [ 1.0 ])
                    (run (fun x -> sum (minimum x x)) (tensor [ nan ]))
                    "minimum of one and the same"
        }
        test "a product of many halves keeps its digits" {
            for dtype, factor in [ DType.Float16, 1025.0 / 1024.0; DType.BFloat16, 129.0 / 128.0 ] do
                let x = Tensor.full dtype [ 1000 ] factor
                let expected = factor ** 1000.0

                within
                    (Oracle.epsilon dtype)
                    (tensor 1.0)
                    (x.Prod().Convert DType.Float64 / expected)
                    $"{dtype}"
        }
        test "the derivative of a product at zeros" {
            for at, slope in
                [
                    [ 0.0; 2.0; 3.0 ], [ 6.0; 0.0; 0.0 ]
                    [ 0.0; 0.0; 3.0 ], [ 0.0; 0.0; 0.0 ]
                    [ 2.0; 3.0; -0.0; 4.0; 5.0 ], [ 0.0; 0.0; 120.0; 0.0; 0.0 ]
                ] do
                let prod (x: Tensor) = x.Prod()
                near (tensor slope) (grad prod (tensor at)) "reverse"
                near (tensor slope) (jacobianForward prod (tensor at)) "forward"
        }
        test "the derivative of a product with an infinite factor" {
            for at, slope in
                [
                    [ infinity; 2.0; 3.0 ], [ 6.0; infinity; infinity ]
                    [ infinity; 0.0; 3.0 ], [ 0.0; infinity; nan ]
                    [ -infinity; 0.0; 0.0; 3.0; 5.0 ], [ 0.0; nan; nan; nan; nan ]
                    [ nan; 2.0; infinity ], [ infinity; nan; nan ]
                ] do
                let prod (x: Tensor) = x.Prod()

                for name, run in [ "", id; ", compiled", compile ] do
                    same (tensor slope) (run (grad prod) (tensor at)) $"reverse{name}"
                    same (tensor slope) (run (jacobianForward prod) (tensor at)) $"forward{name}"

                    let columns =
                        stack 0 [
                            for i in 0 .. slope.Length - 1 do
                                let d =
                                    tensor [ for j in 0 .. slope.Length - 1 -> if i = j then 1.0 else 0.0 ]

                                run (fun x -> snd (jvp prod x d)) (tensor at)
                        ]

                    same (tensor slope) columns $"columns{name}"
        }
        test "second derivatives of a product where a factor does not move" {
            // 3 x⁴ and (x + 2) x² have 0 as the first derivative of a factor, at 0.
            for f, second in
                [
                    (fun (x: Tensor) -> (stack 0 [ x * x; tensor 3.0 ]).Prod()), 6.0
                    (fun (x: Tensor) -> (stack 0 [ x + 2.0; x * x; tensor 1.0 ]).Prod()), 4.0
                    (fun (x: Tensor) -> (stack 0 [ x; x; tensor 5.0 ]).Prod()), 10.0
                ] do
                let forward f x = snd (jvp f x (tensor 1.0))

                for name, twice in
                    [
                        "forward twice", forward (forward f)
                        "reverse twice", grad (grad f)
                        "forward over reverse", forward (grad f)
                        "reverse over forward", grad (forward f)
                    ] do
                    near (tensor second) (twice (tensor 0.0)) name
                    near (tensor second) (compile twice (tensor 0.0)) $"{name}, compiled"
        }
        test "binary cross-entropy of infinite logits that match is 0" {
            for target, logit, value, slope in
                [
                    1.0, infinity, 0.0, 0.0
                    0.0, -infinity, 0.0, 0.0
                    0.0, infinity, infinity, 1.0
                    1.0, -infinity, infinity, -1.0
                    0.5, infinity, infinity, 0.5
                    1.0, 0.0, log 2.0, -0.5
                    0.25, 0.0, log 2.0, 0.25
                    1.0, 50.0, exp -50.0, -exp -50.0
                    0.0, -50.0, exp -50.0, exp -50.0
                    0.25, 2.0, 0.75 * 2.0 + log (1.0 + exp -2.0), 0.75 - 1.0 / (1.0 + exp 2.0)
                ] do
                let f x = Loss.binaryCrossEntropyWithLogits (tensor [ target ]) x
                let what = $"{target} against {logit}"

                for run in [ f; compile f ] do
                    Support.close 1e-14 [ value ] (run (tensor [ logit ]))

                near (tensor [ slope ]) (grad f (tensor [ logit ])) what
                near (tensor [ slope ]) (compile (grad f) (tensor [ logit ])) $"{what}, compiled"

            let byTarget t = Loss.binaryCrossEntropyWithLogits t (tensor [ 3.0; -2.0 ])
            near (tensor [ -1.5; 1.0 ]) (grad byTarget (tensor [ 1.0; 0.0 ])) "by the target"
        }
    ]

[<Tests>]
let tests = testList "Special numbers" [ compiled; bothModes; vectors; values ]
