/// Special functions against values of 50 digits (mpmath), at special numbers, and their derivatives.
module Cotangent.Tests.SpecialFunctionTests

open System
open System.IO
open Expecto
open Cotangent
open Cotangent.Tests.Support

let private functions: (string * (Tensor[] -> Tensor)) list = [
    "log2", (fun x -> log2 x[0])
    "exp2", (fun x -> exp2 x[0])
    "cbrt", (fun x -> cbrt x[0])
    "logit", (fun x -> logit x[0])
    "entr", (fun x -> entr x[0])
    "erfinv", (fun x -> erfinv x[0])
    "erfcx", (fun x -> erfcx x[0])
    "ndtr", (fun x -> ndtr x[0])
    "logNdtr", (fun x -> logNdtr x[0])
    "ndtri", (fun x -> ndtri x[0])
    "besselI0", (fun x -> besselI0 x[0])
    "besselI1", (fun x -> besselI1 x[0])
    "besselI0e", (fun x -> besselI0e x[0])
    "besselI1e", (fun x -> besselI1e x[0])
    "besselJ0", (fun x -> besselJ0 x[0])
    "besselJ1", (fun x -> besselJ1 x[0])
    "besselY0", (fun x -> besselY0 x[0])
    "besselY1", (fun x -> besselY1 x[0])
    "besselK0", (fun x -> besselK0 x[0])
    "besselK1", (fun x -> besselK1 x[0])
    "besselK0e", (fun x -> besselK0e x[0])
    "besselK1e", (fun x -> besselK1e x[0])
    "expint", (fun x -> expint x[0])
    "lambertW", (fun x -> lambertW x[0])
    "logAddExp", (fun x -> logAddExp x[0] x[1])
    "lbeta", (fun x -> lbeta x[0] x[1])
    "zeta", (fun x -> zeta x[0] x[1])
    "zeta by s", (fun x -> grad (fun s -> zeta s x[1]) x[0])
    "zeta twice by s", (fun x -> grad (grad (fun s -> zeta s x[1])) x[0])
    "zeta by s and q", (fun x -> grad (fun q -> grad (fun s -> zeta s q) x[0]) x[1])
    "gammainc", (fun x -> gammainc x[0] x[1])
    "gammaincc", (fun x -> gammaincc x[0] x[1])
    "betainc", (fun x -> betainc x[0] x[1] x[2])
    "gammaincinv", (fun x -> gammaincinv x[0] x[1])
    "gammainccinv", (fun x -> gammainccinv x[0] x[1])
    "betaincinv", (fun x -> betaincinv x[0] x[1] x[2])
    "gammainc by a", (fun x -> grad (fun a -> gammainc a x[1]) x[0])
    "gammainc twice by a", (fun x -> grad (grad (fun a -> gammainc a x[1])) x[0])
    "betainc by a", (fun x -> grad (fun a -> betainc a x[1] x[2]) x[0])
    "betainc by b", (fun x -> grad (fun b -> betainc x[0] b x[2]) x[1])
    "betainc by a and b", (fun x -> grad (fun b -> grad (fun a -> betainc a b x[2]) x[0]) x[1])
    "gammaincinv by a", (fun x -> grad (fun a -> gammaincinv a x[1]) x[0])
    "betaincinv by a", (fun x -> grad (fun a -> betaincinv a x[1] x[2]) x[0])
    "betaincinv by b", (fun x -> grad (fun b -> betaincinv x[0] b x[2]) x[1])
]

/// Function, arguments, value.
let private published =
    File.ReadAllLines(Path.Combine(__SOURCE_DIRECTORY__, "special-functions.csv"))
    |> Array.skip 1
    |> Array.map (fun line ->
        let parts = line.Split ','
        let number (text: string) = Double.Parse(text, Globalization.CultureInfo.InvariantCulture)
        parts[0], parts[1].Split ' ' |> Array.map number, number parts[2])

/// How many units in the last place a function may be off.
let private limit name =
    match name with
    | "gammaincc"
    | "gammainccinv"
    | "gammaincinv"
    | "betaincinv"
    | "betainc" -> 64.0
    // What the exponent rounds off counts as often as the parameters are large.
    | "gammainc by a"
    | "gammainc twice by a"
    | "betainc by a"
    | "betainc by b"
    | "betainc by a and b"
    | "gammaincinv by a"
    | "betaincinv by a"
    | "betaincinv by b" -> 4000.0
    | "gammainc"
    | "lbeta"
    | "besselK0"
    | "besselK0e" -> 8.0
    | _ -> 4.0

/// These are as exact as their amplitude.
let private passesZero (name: string) = List.contains name [ "besselJ0"; "besselJ1"; "besselY0"; "besselY1" ]

let private values =
    testList "values of 50 digits" [
        for name, f in functions do
            test name {
                let mine = published |> Array.filter (fun (other, _, _) -> other = name)
                Expect.isGreaterThan mine.Length 5 "points"

                for _, arguments, expected in mine do
                    let actual = float (f (arguments |> Array.map tensor))

                    let size =
                        if passesZero name then
                            Operators.max
                                (abs expected)
                                (Math.Sqrt(2.0 / (Math.PI * Math.Max(1.0, arguments[0]))))
                        else
                            abs expected

                    let off = abs (actual - expected) / (Math.BitIncrement size - size)

                    Expect.isLessThanOrEqual
                        off
                        (limit name)
                        $"{name} at %A{arguments}: {actual}, not {expected}"

                    // In Float32, rounded once.
                    let isSingle = arguments |> Array.forall (fun x -> float (float32 x) = x)

                    if isSingle && abs expected < 1e38 && abs expected > 1e-37 then
                        let actual = f (arguments |> Array.map (fun x -> tensor (float32 x)))
                        // Derivatives are made of several functions, each rounded.
                        let tolerance = if name.Contains " by " then 2e-5 else 1e-6
                        close tolerance [ expected / size ] (actual.Convert DType.Float64 / size)
            }
    ]

let private special =
    testList "special numbers" [
        test "exact where that is possible" {
            let exponents = [ -1074.0; -1022.0; -3.0; 0.0; 1.0; 52.0; 1023.0 ]
            let powers = [ for k in exponents -> Math.ScaleB(1.0, int k) ]
            close 0.0 exponents (log2 (tensor powers))
            closeNumbers 0.0 powers (numbers (exp2 (tensor exponents)))
            close 0.0 [ -2.0; 0.0; 3.0 ] (cbrt (tensor [ -8.0; 0.0; 27.0 ]))
            close 0.0 [ 0.0 ] (logit (tensor 0.5))
            close 0.0 [ 0.0 ] (erfinv (tensor 0.0))
        }
        test "ends of the ranges" {
            let at (f: Tensor -> Tensor) (xs: float list) = numbers (f (tensor xs))
            closeNumbers 0.0 [ -infinity; infinity; nan ] (at logit [ 0.0; 1.0; 2.0 ])
            closeNumbers 0.0 [ -infinity; infinity; nan ] (at erfinv [ -1.0; 1.0; 2.0 ])
            closeNumbers 0.0 [ -infinity; infinity; nan ] (at ndtri [ 0.0; 1.0; -0.1 ])
            closeNumbers 0.0 [ 0.0; 1.0 ] (at ndtr [ -infinity; infinity ])
            closeNumbers 0.0 [ -infinity; 0.0 ] (at logNdtr [ -infinity; infinity ])
            closeNumbers 0.0 [ infinity; 0.0 ] (at erfcx [ -infinity; infinity ])
            closeNumbers 0.0 [ 0.0; -infinity ] (at entr [ 0.0; -1.0 ])
            closeNumbers 0.0 [ infinity; infinity ] (at besselI0 [ infinity; -infinity ])
            closeNumbers 0.0 [ 0.0 ] (at besselI0e [ infinity ])
            closeNumbers 0.0 [ -infinity ] (at besselI1 [ -infinity ])
            closeNumbers 0.0 [ infinity; 0.0; nan ] (at besselK0 [ 0.0; infinity; -1.0 ])
            closeNumbers 0.0 [ -infinity; 0.0; nan ] (at besselY1 [ 0.0; infinity; -1.0 ])
            closeNumbers 0.0 [ infinity; 0.0; nan ] (at expint [ 0.0; infinity; -1.0 ])

            closeNumbers
                1e-7
                [ -1.0; 0.0; infinity; nan ]
                (at lambertW [ -1.0 / Math.E; 0.0; infinity; -1.0 ])

            let two f (a: float) (b: float) = float (f (tensor a) (tensor b))

            closeNumbers 0.0 [ infinity; -infinity; 3.0 ] [
                two logAddExp infinity 1.0
                two logAddExp -infinity -infinity
                two logAddExp -infinity 3.0
            ]

            closeNumbers 0.0 [ 0.0; 1.0; nan ] [
                two gammainc 2.0 0.0
                two gammainc 2.0 infinity
                two gammainc -1.0 1.0
            ]

            closeNumbers 0.0 [ 1.0; 0.0 ] [ two gammaincc 2.0 0.0; two gammaincc 2.0 infinity ]
            closeNumbers 0.0 [ infinity; nan ] [ two zeta 1.0 2.0; two zeta 0.5 1.0 ]

            for name, f in functions do
                let _, arguments, _ = published |> Array.find (fun (other, _, _) -> other = name)
                let nothing = f (arguments |> Array.map (fun _ -> tensor nan))
                Expect.isTrue (Double.IsNaN(float nothing)) $"{name} of NaN"
        }
        test "each undoes the other" {
            let p = tensor [ 1e-10; 0.01; 0.3; 0.5; 0.9; 0.999 ]
            close 1e-14 (numbers p) (ndtr (ndtri p))
            close 1e-14 (numbers p) (sigmoid (logit p))
            close 1e-14 (numbers p) (erf (erfinv p))
            let x = tensor [ 0.1; 1.0; 5.0; 100.0 ]
            let w = lambertW x
            close 1e-13 (numbers x) (w * exp w)
            close 1e-14 [ 1.0; 1.0; 1.0; 1.0 ] (gammainc (tensor 2.5) x + gammaincc (tensor 2.5) x)
            // Wronski's determinants.
            let determinant = besselJ1 x * besselY0 x - besselJ0 x * besselY1 x
            close 1e-14 [ for x in numbers x -> 2.0 / (Math.PI * x) ] determinant
            close 1e-13 (numbers (1.0 / x)) (besselI0e x * besselK1e x + besselI1e x * besselK0e x)
        }
    ]

let private derivatives =
    testList "derivatives" [
        test "0 log 0, and its derivatives" {
            let at (y: float) = float (xlogy (tensor 0.0) (tensor y))
            closeNumbers 0.0 [ 0.0; 0.0; nan; 0.0 ] [ at 0.0; at -1.0; at nan; at infinity ]
            let byX (y: float) = float (diff (fun x -> xlogy x (tensor y)) (tensor 0.0))
            closeNumbers 1e-15 [ Math.Log 2.0; 0.0 ] [ byX 2.0; byX 0.0 ]
            close 1e-15 [ 1.5 ] (diff (fun y -> xlogy (tensor 3.0) y) (tensor 2.0))
            close 1e-15 [ 3.0 * Math.Log 1.5 ] (xlog1py (tensor 3.0) (tensor 0.5))
            close 0.0 [ 0.0 ] (xlog1py (tensor 0.0) (tensor -1.0))
            closeNumbers 0.0 [ infinity ] (numbers (diff entr (tensor 0.0)))
        }
        test "at 0 of Bessel functions, two orders" {
            close 1e-15 [ 0.5 ] (diff besselJ1 (tensor 0.0))
            close 1e-15 [ -0.5 ] (diffn 2 besselJ0 (tensor 0.0))
            close 1e-15 [ 0.5 ] (diffn 2 besselI0 (tensor 0.0))
            close 1e-15 [ 0.0 ] (diffn 2 besselI1 (tensor 0.0))
        }
        test "third derivatives, compiled and of batches" {
            // Of J0 it is J1 (1 - 2/x²) + J0/x.
            let x = 1.7
            let j0, j1 = float (besselJ0 (tensor x)), float (besselJ1 (tensor x))
            close 1e-13 [ j1 * (1.0 - 2.0 / (x * x)) + j0 / x ] (diffn 3 besselJ0 (tensor x))
            let f (x: Tensor) = sum (lbeta x (x * x) * gammainc (tensor 2.0) x)
            let at = tensor [ 0.5; 1.5; 2.5 ]
            close 1e-13 (numbers (grad f at)) (compile (grad f) at)
            close 1e-13 (numbers (grad f at)) (vmap (grad f) at)
        }
        test "of zeta" {
            // At the pole, and where the first term is infinite.
            let slope order (s: float) (q: float) =
                float (diffn order (fun s -> zeta s (tensor q)) (tensor s))

            closeNumbers 0.0 [ -infinity; infinity ] [ slope 1 1.0 2.0; slope 2 1.0 2.0 ]
            closeNumbers 0.0 [ infinity; nan ] [ slope 1 2.0 0.0; slope 1 0.5 2.0 ]
            let slope = -3.0 * float (zeta (tensor 4.0) (tensor 1.5))
            close 1e-14 [ slope ] (diff (fun q -> zeta (tensor 3.0) q) (tensor 1.5))
        }
        test "what is asked of them" {
            throws<DTypeException, _> [ "erfinv"; "Int32" ] (fun () -> erfinv (tensor [ 1 ]))
            throws<DTypeException, _> [ "lbeta"; "Float32" ] (fun () -> lbeta (tensor 1.0) (tensor 1.0f))

            throws<ShapeException, _> [ "gammainc"; "(2,)"; "(3,)" ] (fun () ->
                gammainc (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 2.0; 3.0 ]))

            throws<ValueException, _> [ "polygamma"; "-1" ] (fun () -> polygamma -1 (tensor 1.0))
            let ones = Tensor.ones DType.Float64 [ 2; 1 ]
            hasShape [ 2; 3 ] (betainc ones (tensor 2.0) (tensor [ 0.1; 0.2; 0.3 ]))
            close 1e-15 [ 1.0 / 12.0 ] (beta (tensor 2.0) (tensor 3.0))
        }
    ]

[<Tests>]
let tests = testList "Special functions" [ values; special; derivatives ]
