/// Derivatives of elementwise functions against slopes of 50 digits, over the whole range of each dtype, eager and compiled:
/// wherever the slope is a number of the dtype, it has its digits.
module Cotangent.Tests.SlopeTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

module B = BigReal

let private inverse x = B.divide B.one x
let private square x = B.multiply x x
let private fromRoot p = inverse (B.root p)
let private bell = B.divide B.two (B.root B.pi)

/// The slope where the exponentials are numbers; elsewhere it is 0 or the function is none.
let private within (limit: float) slope (x: float) = if abs x <= limit then slope (B.ofFloat x) else B.zero

/// The function, its slope, where it is defined, and how many units in the last place it may be off at a point.
let private table: (string * (Tensor -> Tensor) * (float -> B.Real) * (float -> bool) * (float -> float)) list =
    let everywhere _ = true
    let positive x = x > 0.0
    let few _ = 8.0
    // x² is rounded before it is an exponent.
    let bells x = 8.0 + 2.0 * x * x
    let exact f x = f (B.ofFloat x)
    let unit (x: float) = abs x < 1.0
    let withOne sign x = B.add B.one (if sign < 0 then B.negate x else x)
    let ofSquare x = B.subtract B.one (square x)

    [
        "exp", exp, within 800.0 B.exp, (fun x -> x < 800.0), few
        "expm1", expm1, within 800.0 B.exp, (fun x -> x < 800.0), few
        "log", log, exact inverse, positive, few
        "log1p", log1p, exact (fun x -> inverse (withOne 1 x)), (fun x -> x > -1.0), few
        "sqrt", sqrt, exact (fun x -> inverse (B.shift 1 (B.root x))), positive, few
        "sin", sin, exact B.cos, (fun x -> abs x < 1e4), few
        "cos", cos, exact (fun x -> B.negate (B.sin x)), (fun x -> abs x < 1e4), few
        "tan", tan, exact (fun x -> inverse (square (B.cos x))), (fun x -> abs x < 1e4), (fun _ -> 16.0)
        "asin", asin, exact (ofSquare >> fromRoot), unit, few
        "acos", acos, exact (ofSquare >> fromRoot >> B.negate), unit, few
        "atan", atan, exact (fun x -> inverse (B.add B.one (square x))), everywhere, few
        "sinh", sinh, exact B.cosh, (fun x -> abs x < 800.0), few
        "cosh", cosh, exact B.sinh, (fun x -> abs x < 800.0), few
        "tanh", tanh, within 800.0 (fun x -> inverse (square (B.cosh x))), everywhere, (fun _ -> 12.0)
        "asinh", asinh, exact (fun x -> fromRoot (B.add B.one (square x))), everywhere, few
        "acosh",
        acosh,
        exact (fun x -> fromRoot (B.multiply (B.subtract x B.one) (withOne 1 x))),
        (fun x -> x > 1.0),
        few
        "atanh", atanh, exact (ofSquare >> inverse), unit, few
        "sigmoid",
        sigmoid,
        within 800.0 (fun x -> B.multiply (B.sigmoid x) (B.sigmoid (B.negate x))),
        everywhere,
        (fun _ -> 12.0)
        "softplus",
        softplus,
        (fun x -> if x > 800.0 then B.one else within 800.0 B.sigmoid x),
        everywhere,
        few
        "erf", erf, within 40.0 (fun x -> B.multiply bell (B.exp (B.negate (square x)))), everywhere, bells
        "erfc",
        erfc,
        within 40.0 (fun x -> B.negate (B.multiply bell (B.exp (B.negate (square x))))),
        everywhere,
        bells
        "log of sigmoid",
        (fun x -> -(softplus -x)),
        (fun x -> if x < -800.0 then B.one else within 800.0 (B.negate >> B.sigmoid) x),
        everywhere,
        few
    ]

/// Bits of a number, the exponent of the smallest, and the largest.
let private limits (dtype: DType) =
    match dtype with
    | DType.Float64 -> 53, -1074, Double.MaxValue
    | DType.Float32 -> 24, -149, float Single.MaxValue
    | DType.Float16 -> 11, -24, 65504.0
    | _ -> 8, -133, 3.38e38

let private points (dtype: DType) =
    let _, least, most = limits dtype

    let all = [
        for k in least + 8 .. 12 .. 1023 do
            for m in [ 1.0; 1.3 ] do
                yield Math.ScaleB(m, k)

        for i in 1..120 do
            yield 0.37 * float i

        for i in 1..40 do
            yield! [ 1.0 - Math.ScaleB(1.0, -i); 1.0 + Math.ScaleB(1.0, -i) ]

        yield! [ 1.0; 710.0; 740.0 ]
    ]

    let rounded = numbers ((tensor all).Convert dtype) |> Array.filter (fun x -> x <> 0.0 && x <= most)
    Array.append rounded (Array.map (~-) rounded) |> Array.distinct

/// Numbers that a slope may be: not beyond the largest.
let private isNumber most exact = abs (B.toFloat exact) <= most

let private check name dtype (f: Tensor -> Tensor) slope defined tolerance run =
    let digits, least, most = limits dtype
    let xs = points dtype |> Array.filter defined
    let found: float[] = numbers (run (fun (x: Tensor) -> grad (sum << f) x) ((tensor xs).Convert dtype))
    let mutable worst, at = 0.0, nan

    for i in 0 .. xs.Length - 1 do
        let exact: B.Real = slope xs[i]

        if isNumber most exact then
            let off = if Double.IsFinite found[i] then B.ulps digits least exact found[i] else infinity

            let share = off / tolerance xs[i]
            // The last digits of the smallest numbers are rounded at each step.
            if share > worst then
                worst <- share
                at <- xs[i]

    if worst > 1.0 then
        failtest $"{name} at {at:R}: {worst * tolerance at} units in the last place, allowed {tolerance at}"

let private first =
    testList "first derivatives" [
        for name, f, slope, defined, tolerance in table do
            for dtype in [ DType.Float64; DType.Float32 ] do
                testCase $"{name}, {dtype}" (fun () -> check name dtype f slope defined tolerance id)

                testCase $"{name}, {dtype}, compiled" (fun () ->
                    check name dtype f slope defined tolerance compile)

        for name in [ "expm1"; "tanh"; "sigmoid"; "asinh"; "acosh"; "atan"; "erf" ] do
            let _, f, slope, defined, tolerance = table |> List.find (fun (n, _, _, _, _) -> n = name)

            for dtype in [ DType.Float16; DType.BFloat16 ] do
                testCase $"{name}, {dtype}" (fun () -> check name dtype f slope defined tolerance id)
    ]

/// d/dx of x ↦ f'(x), against the difference quotient of slopes of 50 digits.
let private second =
    testList "second derivatives" [
        for name, f, slope, defined, _ in table do
            testCase $"{name}: numbers in the tails, and right near the middle" (fun () ->
                let at run (x: float) = float (run (diffn 2 f) (tensor x): Tensor)

                for x in
                    [
                        0.0
                        0.3
                        -0.7
                        0.9999
                        1.0
                        1.5
                        -3.0
                        6.0
                        -20.0
                        1e3
                        -1e5
                        1e9
                        1e100
                        -1e160
                        1e300
                    ] do
                    if defined x && x <> 1.0 && not ((name = "log" || name = "sqrt") && x = 0.0) then
                        let found = at id x
                        let h = Math.ScaleB(1.0, -40) * max 1.0 (abs x)
                        // Over the exact distance.
                        let above, below = x + h, x - h
                        let difference = B.subtract (slope above) (slope below)

                        let exact =
                            B.toFloat (B.divide difference (B.subtract (B.ofFloat above) (B.ofFloat below)))

                        if
                            not (
                                abs (found - exact)
                                <= 1e-7 * abs exact + 1e-9 * min 1.0 (1.0 / max 1.0 (abs x))
                            )
                        then
                            failtest $"{name}'' at {x:R}: {found:R}, the slopes say {exact:R}"

                        let compiled = at compile x

                        if not (abs (compiled - found) <= 1e-9 * abs found + 1e-300) then
                            failtest $"{name}'' at {x:R}: {compiled:R} compiled, {found:R} eager")
    ]

let private angles =
    testList "atan2" [
        for dtype in [ DType.Float64; DType.Float32 ] do
            let digits, least, most = limits dtype

            let sizes =
                if dtype = DType.Float64 then
                    [ -320; -300; -160; -20; 0; 20; 160; 300 ]
                else
                    [ -44; -38; -20; 0; 20; 38 ]

            let numbersOf = [
                for k in sizes do
                    for m in [ 1.0; -2.7 ] -> m * 10.0 ** float k
            ]

            let pairs = [|
                for a in numbersOf do
                    for b in numbersOf -> a, b
            |]

            for name, run in [ "", id; ", compiled", compile ] do
                testCase $"{dtype}{name}" (fun () ->
                    let a = (tensor (Array.map fst pairs)).Convert dtype
                    let b = (tensor (Array.map snd pairs)).Convert dtype

                    let da, db =
                        run
                            (fun (a, b) -> grad (fun (a: Tensor, b: Tensor) -> sum (atan2 a b)) (a, b))
                            (a, b)

                    for x, y, da, db in
                        Seq.zip3 (numbers a) (numbers b) (numbers da)
                        |> Seq.zip (numbers db)
                        |> Seq.map (fun (d, (x, y, c)) -> x, y, c, d) do
                        let p, q = B.ofFloat x, B.ofFloat y
                        let s = B.add (square p) (square q)

                        for found, exact in [ da, B.divide q s; db, B.negate (B.divide p s) ] do
                            if isNumber most exact then
                                let off =
                                    if Double.IsFinite found then
                                        B.ulps digits least exact found
                                    else
                                        infinity

                                if off > 8.0 then failtest $"at {x:R}, {y:R}: {found:R} is {off} units off")

        testCase "at the origin and at infinity" (fun () ->
            let slope x y = grad (fun (a: Tensor, b: Tensor) -> atan2 a b) (tensor x, tensor y)
            Expect.equal (slope 0.0 0.0) (tensor 0.0, tensor -0.0) "origin"
            Expect.equal (slope infinity 1.0) (tensor 0.0, tensor -0.0) "up"
            let a, b = slope 1.0 infinity
            Expect.equal (float a, float b) (0.0, 0.0) "right"
            let a, b = slope nan 1.0
            Expect.isTrue (Double.IsNaN(float a) && Double.IsNaN(float b)) "NaN")
        testCase "second derivatives do not see what is divided by" (fun () ->
            let f (x: Tensor) = atan2 x[0] x[1]

            for a, b in [ 3.0, 4.0; 4.0, 3.0; 2.0, 2.0; -1e-150, 2e-150 ] do
                let s = a * a + b * b
                let scaled = Math.ScaleB(1.0, if s < 1e-100 then 497 else 0)
                let a', b' = a * scaled, b * scaled
                let s' = a' * a' + b' * b'
                let expected = [| -2.0 * a' * b'; a' * a' - b' * b'; a' * a' - b' * b'; 2.0 * a' * b' |]
                let found = numbers (hessian f (tensor [ a; b ])) |> Array.map (fun h -> h / scaled / scaled)
                closeNumbers 1e-12 (expected |> Array.map (fun e -> e / (s' * s'))) found)
    ]

let private others =
    testList "other functions" [
        testCase "geluTanh far out" (fun () ->
            for dtype, x in [ DType.Float32, 1e25; DType.Float64, 1e200; DType.Float16, 60000.0 ] do
                let slope x = (numbers (grad (sum << geluTanh) ((tensor [ x ]).Convert dtype)))[0]
                Expect.equal (slope x, slope -x) (1.0, 0.0) $"{dtype}")
        testCase "cross-entropy of a certain class" (fun () ->
            for dtype in [ DType.Float32; DType.Float64 ] do
                let logits = (tensor [ [ 40.0; 0.0; 0.0 ] ]).Convert dtype

                for run in [ id; compile ] do
                    let slope = numbers (run (grad (Loss.crossEntropy (tensor [ 0 ]))) logits)
                    let other = exp -40.0

                    for e, s in Seq.zip [ -2.0 * other; other; other ] slope do
                        Expect.isLessThan (abs (s / e - 1.0)) 1e-5 $"{dtype}")
    ]

[<Tests>]
let tests = testList "Slopes" [ first; second; angles; others ]
