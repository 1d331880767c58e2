/// Quantities with units of measure, against closed forms; and what the compiler must refuse.
module Cotangent.Tests.UnitsTests

open System
open System.Diagnostics
open System.IO
open Expecto
open Cotangent

[<Measure>]
type private m

[<Measure>]
type private s

[<Measure>]
type private kg

let private g = 9.81<m / s^2>
let private fallen (t: Quantity<s>) = 0.5 * g * t * t + 3.0<m / s> * t
let private period (length: Quantity<m>) = 2.0 * Math.PI * sqrt (length / g)

let private near (expected: float<'u>) (actual: Quantity<'u>) =
    Expect.floatClose Accuracy.veryHigh (float (Quantity.toFloat actual)) (float expected) ""

/// What a script with these lines behind some definitions is told by the compiler.
let private compiled (lines: string list) : string =
    let script = Path.Combine(Path.GetTempPath(), $"cotangent-units-{Guid.NewGuid():N}.fsx")

    let definitions = [
        $"#r \"{typeof<Tensor>.Assembly.Location.Replace('\\', '/')}\""
        "open Cotangent"
        "[<Measure>] type m"
        "[<Measure>] type s"
        "let length, time = Quantity.ofFloat 2.0<m>, Quantity.ofFloat 3.0<s>"
    ]

    File.WriteAllLines(script, definitions @ lines)

    try
        let start = ProcessStartInfo("dotnet", [ "fsi"; script ], RedirectStandardError = true)
        use child = nonNull (Process.Start start)
        let errors = child.StandardError.ReadToEnd()
        child.WaitForExit()
        errors
    finally
        File.Delete script

[<Tests>]
let tests =
    testList "Units" [
        test "sums, products and quotients are those of the numbers" {
            let a, b = Quantity.ofFloat 6.0<m>, Quantity.ofFloat 4.0<m>
            near 10.0<m> (a + b)
            near 7.0<m> (a + 1.0<m>)
            near 7.0<m> (1.0<m> + a)
            near 2.0<m> (a - b)
            near 5.0<m> (a - 1.0<m>)
            near -5.0<m> (1.0<m> - a)
            near -6.0<m> -a
            near 6.0<m> (abs -a)
            near 24.0<m^2> (a * b)
            near 12.0<m s> (a * 2.0<s>)
            near 12.0<m s> (2.0<s> * a)
            near 1.5<1> (a / b)
            near 3.0<m / s> (a / 2.0<s>)
            near 2.0<s / m> (12.0<s> / a)
            near 6.0<m> (sqrt (a * a))
            near (atan2 6.0 4.0) (atan2 a b)
        }
        test "functions of pure numbers are F#'s" {
            let x = Quantity.ofFloat 0.3<m> / Quantity.ofFloat 1.0<m>

            for ours, theirs in
                [
                    exp, exp
                    log, log
                    sin, sin
                    cos, cos
                    tan, tan
                    asin, asin
                    acos, acos
                    atan, atan
                    sinh, sinh
                    cosh, cosh
                    (fun (x: Quantity<1>) -> tanh x), tanh
                ] do
                near (theirs 0.3) (ours x)
        }
        test "powers" {
            let a = Quantity.ofFloat 3.0<m>
            let area: Quantity<m^2> = Quantity.square a
            let volume: Quantity<m^3> = Quantity.cube a
            near 9.0<m^2> area
            near 27.0<m^3> volume
            let ratio = a / Quantity.ofFloat 2.0<m>
            near (1.5 ** 2.5) (ratio ** 2.5)
            near (1.5 ** 1.5) (ratio ** ratio)
            near (pown 1.5 5) (pown ratio 5)
            near (1.0 / 1.5 ** 3.0) (pown ratio -3)
            // d x³ / dx = 3 x²
            let slope: Quantity<m^2> = Quantity.derivative Quantity.cube a
            near 27.0<m^2> slope
        }
        test "comparisons, of one unit" {
            let a, b = Quantity.ofFloat 3.0<m>, Quantity.ofFloat 4.0<m>
            let holds (t: Tensor) = t.ToData<bool>()

            for found, expected in
                [
                    a.Less b, true
                    a.Less 3.0<m>, false
                    a.LessEqual b, true
                    a.LessEqual 3.0<m>, true
                    a.Greater b, false
                    b.Greater 3.0<m>, true
                    a.GreaterEqual b, false
                    a.GreaterEqual 3.0<m>, true
                ] do
                Expect.equal (holds found) expected "as of the numbers"

            near 3.0<m> (Quantity.minimum a b)
            near 4.0<m> (Quantity.maximum a b)
            near 4.0<m> (Quantity.where (a.Greater b) a b)

            // A loop that stops by a quantity: halved until below a metre.
            let halved = whileLoop (fun (x: Quantity<m>) -> x.Greater 1.0<m>) (fun x -> x / 2.0) b
            near 1.0<m> halved
            near 1.0<m> (compile (whileLoop (fun (x: Quantity<m>) -> x.Greater 1.0<m>) (fun x -> x / 2.0)) b)
        }
        test "derivatives have the unit of the value by that of the argument" {
            let t = Quantity.ofFloat 2.0<s>
            let speed = Quantity.derivative fallen
            let velocity: Quantity<m / s> = speed t
            let acceleration: Quantity<m / s^2> = Quantity.derivative speed t
            near (9.81 * 2.0<m / s> + 3.0<m / s>) velocity
            near 9.81<m / s^2> acceleration
            // T = 2π √(l / g), dT/dl = π / √(l g).
            let bySize: Quantity<s / m> = Quantity.derivative period (Quantity.ofFloat 1.7<m>)
            near (LanguagePrimitives.FloatWithMeasure<s / m>(Math.PI / sqrt (1.7 * 9.81))) bySize
        }
        test "partial derivatives have units of their own" {
            let index (mass: Quantity<kg>) (height: Quantity<m>) = mass / (height * height)

            let byMass, byHeight =
                Quantity.partials index (Quantity.ofFloat 80.0<kg>) (Quantity.ofFloat 2.0<m>)

            near 0.25<1 / m^2> byMass
            near -20.0<kg / m^3> byHeight
        }
        test "a quantity is a tree: transformations take it" {
            let speed = compile (Quantity.derivative fallen)
            near (9.81 * 2.0<m / s> + 3.0<m / s>) (speed (Quantity.ofFloat 2.0<s>))
            let gradient = grad (fun (t: Quantity<s>) -> (fallen t).Number) (Quantity.ofFloat 2.0<s>)
            Expect.floatClose Accuracy.veryHigh (float gradient.Number) (9.81 * 2.0 + 3.0) "grad"
        }
        test "the compiler refuses what has no meaning" {
            let errors =
                compiled [
                    "let a = length + time"
                    "let b = length + 1.0"
                    "let c = time - length"
                    // The compiler stops at such an error, so this is the last.
                    "let d = sin length"
                ]

            for line in 6..9 do
                Expect.stringContains errors $"({line}," "an error of this line"

            Expect.stringContains (compiled [ "let e = length.Less time" ]) "(6," "a comparison"
        }
    ]
