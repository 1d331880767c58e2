/// Derivatives that divide, against 50 digits: wherever what is passed on is a number of the dtype it has its digits, also where
/// the inverse of the divisor is none.
module Cotangent.Tests.QuotientTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

module B = BigReal

let private inverse x = B.divide B.one x
let private square x = B.multiply x x

/// Bits of a number, the exponents of the smallest normal number and of the smallest, and the largest.
let private limits (dtype: DType) =
    match dtype with
    | DType.Float64 -> 53, -1022, -1074, Double.MaxValue
    | DType.Float32 -> 24, -126, -149, float Single.MaxValue
    | DType.Float16 -> 11, -14, -24, 65504.0
    | _ -> 8, -126, -133, 255.0 * Math.ScaleB(1.0, 120)

/// Numbers over the whole range, in the dtype.
let private points dtype step =
    let _, _, least, most = limits dtype

    let all = [
        for k in least + 2 .. step .. 1023 do
            for m in [ 1.0; -1.3 ] -> Math.ScaleB(m, k)
    ]

    numbers ((tensor all).Convert dtype)
    |> Array.filter (fun x -> x <> 0.0 && abs x <= most)
    |> Array.append [| most |]

/// Whether a number is one of the dtype, with all its digits.
let private isNormal dtype exact =
    let _, normal, _, most = limits dtype
    let size = abs (B.toFloat exact)
    size >= Math.ScaleB(1.0, normal) && size <= most

let private isNumber dtype exact =
    let _, _, _, most = limits dtype
    abs (B.toFloat exact) <= most

/// Within some units in the last place of a number of this size.
let private requireNear dtype units size exact (found: float) what =
    let digits, _, least, _ = limits dtype
    let unit = B.toFloat size |> abs

    let off =
        if not (Double.IsFinite found) then
            infinity
        else
            B.ulps digits least exact found
            * (if unit = 0.0 then 1.0 else min 1.0 (abs (B.toFloat exact) / unit))

    let ofSmallest = abs (B.toFloat (B.subtract exact (B.ofFloat found))) <= units * Math.ScaleB(1.0, least)

    if not (off <= units || (Double.IsFinite found && ofSmallest)) then
        failtest $"{what}: {found:R} is {off} units off {B.toFloat exact:R}"

let private runs: (string * ((Tensor * Tensor -> Tensor * Tensor) -> Tensor * Tensor -> Tensor * Tensor)) list = [
    "", id
    ", compiled", compile
]

let private quotients =
    testList "quotients" [
        for dtype in floats do
            let step =
                if dtype = DType.Float64 then 97
                elif dtype = DType.Float16 then 3
                else 17

            let xs = points dtype step

            let pairs = [|
                for a in xs do
                    for b in xs do
                        let q = B.divide (B.ofFloat a) (B.ofFloat b)
                        // The quotient must have its digits for its derivative to have them.
                        if isNormal dtype q then a, b
            |]

            let column choose = (tensor (Array.map choose pairs)).Convert dtype
            let a, b = column fst, column snd
            let exact (x, y) = B.ofFloat x, B.ofFloat y

            for name, run in runs do
                testCase $"pulled back, {dtype}{name}" (fun () ->
                    for c in [ 1.0; 1.5 ] do
                        let pull (a, b) =
                            snd (vjp (fun (a: Tensor, b) -> a / b) (a, b)) (Tensor.fullLike a c)

                        let da, db = run pull (a, b)
                        // Of one input alone, the other a constant.
                        let one, _ =
                            run (fun (a, b) -> snd (vjp (fun a -> a / b) a) (Tensor.fullLike a c), a) (a, b)

                        let two, _ =
                            run (fun (a, b) -> snd (vjp (fun b -> a / b) b) (Tensor.fullLike a c), a) (a, b)

                        let da, db, one, two = numbers da, numbers db, numbers one, numbers two

                        for i in 0 .. pairs.Length - 1 do
                            let x, y = exact pairs[i]
                            let ofA = B.divide (B.ofFloat c) y
                            let ofB = B.negate (B.multiply (B.divide x y) ofA)
                            let what = $"at %A{pairs[i]} of {c}"

                            if isNumber dtype ofA then
                                for found in [ da[i]; one[i] ] do
                                    requireNear dtype 1.0 ofA ofA found $"by a {what}"

                            if isNumber dtype ofB then
                                for found in [ db[i]; two[i] ] do
                                    requireNear dtype 3.0 ofB ofB found $"by b {what}")

                testCase $"pushed forward, {dtype}{name}" (fun () ->
                    let f (a: Tensor, b: Tensor) = a / b

                    for da, db in [ 1.0, 1.0; 1.5, 0.75; 1.0, 0.0; 0.0, 1.0 ] do
                        let tangents (a: Tensor, b: Tensor) = Tensor.fullLike a da, Tensor.fullLike b db

                        for way, pushed in
                            [
                                "jvp", (fun x -> snd (jvp f x (tangents x)))
                                "linearize", (fun x -> snd (linearize f x) (tangents x))
                            ] do
                            let found, _ = run (fun x -> pushed x, fst x) (a, b)
                            let found = numbers found

                            for i in 0 .. pairs.Length - 1 do
                                let x, y = exact pairs[i]
                                let q = B.divide x y
                                let moved = B.multiply q (B.ofFloat db)
                                let change = B.divide (B.subtract (B.ofFloat da) moved) y
                                let size = B.divide (B.add (B.ofFloat da) (B.magnitude moved)) y

                                if isNumber dtype change then
                                    requireNear
                                        dtype
                                        4.0
                                        size
                                        change
                                        found[i]
                                        $"{way} at %A{pairs[i]} of {da}, {db}")
    ]

/// Functions whose slope is an inverse: what it is the inverse of, and where.
let private inverses: (string * (Tensor -> Tensor) * (B.Real -> B.Real) * (float -> bool)) list = [
    "log", log, id, (fun x -> x > 0.0)
    "log1p", log1p, B.add B.one, (fun x -> x > -1.0)
    "sqrt", sqrt, (fun x -> B.shift 1 (B.root x)), (fun x -> x > 0.0)
    "atan", atan, (fun x -> B.add B.one (square x)), (fun _ -> true)
    "asinh", asinh, (fun x -> B.root (B.add B.one (square x))), (fun _ -> true)
    "acosh", acosh, (fun x -> B.root (B.subtract (square x) B.one)), (fun x -> x > 1.5)
]

let private others =
    testList "inverses" [
        for name, f, divisor, defined in inverses do
            for dtype in floats do
                testCase $"{name}, {dtype}" (fun () ->
                    let _, normal, _, most = limits dtype
                    let xs = points dtype 5 |> Array.filter defined
                    let size x = abs (B.toFloat (divisor (B.ofFloat x)))
                    // A change that makes about 1, as far as there are numbers for it.
                    let up = Math.ILogB most

                    let changes =
                        xs
                        |> Array.map (fun x -> Math.ScaleB(1.0, Math.Clamp(Math.ILogB(size x), normal, up)))

                    let pull (x, c) = snd (vjp f x) c, x

                    for way, run in runs do
                        let found, _ = run pull ((tensor xs).Convert dtype, (tensor changes).Convert dtype)

                        Array.iteri
                            (fun i found ->
                                let exact = B.divide (B.ofFloat changes[i]) (divisor (B.ofFloat xs[i]))

                                requireNear
                                    dtype
                                    4.0
                                    exact
                                    exact
                                    found
                                    $"at {xs[i]:R} of {changes[i]:R}{way}")
                            (numbers found))
    ]

let private shared =
    testList "shared" [
        testCase "changes of the angle of tiny numbers" (fun () ->
            for dtype, size in [ DType.Float64, 1e-320; DType.Float32, 1e-41; DType.Float16, 7.6e-6 ] do
                let at = (tensor size).Convert dtype
                let f (a: Tensor, b: Tensor) = atan2 a b
                let one = Tensor.onesLike at

                for _, run in runs do
                    let along, _ = run (fun x -> snd (jvp f x (one, one)), one) (at, at)
                    Expect.equal (numbers along) [| 0.0 |] $"{dtype}"
                    // Across: as much as it is itself.
                    let across, _ = run (fun (a, b) -> snd (jvp f (a, b) (a, -b)), one) (at, at)
                    closeNumbers 0.002 [ 1.0 ] (numbers across))
        testCase "more equal extremes than a Float16 counts" (fun () ->
            let n = 100_000
            let x = Tensor.zeros DType.Float16 [ n ]
            let slope = numbers (grad (fun (x: Tensor) -> x.Max()) x)
            Expect.isLessThan (abs (slope[0] * float n - 1.0)) 0.01 "an equal share")
        testCase "vectors of eigenvalues that are nearly one" (fun () ->
            let gap = 1e-310
            let a = tensor [ [ 0.0; 0.0 ]; [ 0.0; gap ] ]
            let d = tensor [ [ 0.0; gap / 4.0 ]; [ gap / 4.0; 0.0 ] ]
            let turned = snd (jvp (fun (a: Tensor) -> snd (eigh a)) a d)
            closeNumbers 1e-9 [ 0.0; 0.25; 0.25; 0.0 ] (numbers turned |> Array.map abs))
    ]

[<Tests>]
let tests = testList "Quotients" [ quotients; others; shared ]
