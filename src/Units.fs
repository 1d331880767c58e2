namespace Cotangent

/// <summary>
/// A number with a unit of measure of F#, as tensors hold it. Sums need one unit, products and quotients make new ones, and only pure numbers
/// have a sine or an exponential: the compiler refuses all else. Units are gone when the program runs, and cost nothing.
/// </summary>
/// <remarks>A tree with one tensor: transformations of all kinds take it, and records of several.</remarks>
/// <example><code>
/// [&lt;Measure&gt;] type m
/// [&lt;Measure&gt;] type s
/// let way, time = Quantity.ofFloat 30.0&lt;m&gt;, Quantity.ofFloat 4.0&lt;s&gt;
/// Quantity.toFloat (way / time) // a float&lt;m/s&gt;: 7.5
/// </code></example>
[<Struct>]
type Quantity<[<Measure>] 'u> = {
    /// Without its unit.
    Number: Tensor
} with

    /// <summary>The sum of two quantities of one unit.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (Quantity.ofFloat 2.0&lt;m> + Quantity.ofFloat 1.0&lt;m>).Number // 3
    /// </code></example>
    static member (+)(a: Quantity<'u>, b: Quantity<'u>) : Quantity<'u> = { Number = a.Number + b.Number }

    /// The sum of two quantities of one unit.
    static member (+)(a: Quantity<'u>, b: float<'u>) : Quantity<'u> = { Number = a.Number + float b }

    /// The sum of two quantities of one unit.
    static member (+)(a: float<'u>, b: Quantity<'u>) : Quantity<'u> = { Number = float a + b.Number }

    /// <summary>The difference of two quantities of one unit.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (Quantity.ofFloat 2.0&lt;m> - 0.5&lt;m>).Number // 1.5
    /// </code></example>
    static member (-)(a: Quantity<'u>, b: Quantity<'u>) : Quantity<'u> = { Number = a.Number - b.Number }

    /// The difference of two quantities of one unit.
    static member (-)(a: Quantity<'u>, b: float<'u>) : Quantity<'u> = { Number = a.Number - float b }

    /// The difference of two quantities of one unit.
    static member (-)(a: float<'u>, b: Quantity<'u>) : Quantity<'u> = { Number = float a - b.Number }

    /// <summary>The quantity with the other sign.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (-(Quantity.ofFloat 2.0&lt;m>)).Number // -2
    /// </code></example>
    static member (~-)(a: Quantity<'u>) : Quantity<'u> = { Number = -a.Number }

    /// <summary>The product, in the product of the units.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// let area: Quantity&lt;m^2> = Quantity.ofFloat 2.0&lt;m> * 3.0&lt;m>
    /// area.Number // 6
    /// </code></example>
    static member (*)(a: Quantity<'u>, b: Quantity<'v>) : Quantity<'u 'v> = { Number = a.Number * b.Number }

    /// The product, in the product of the units.
    static member (*)(a: Quantity<'u>, b: float<'v>) : Quantity<'u 'v> = { Number = a.Number * float b }

    /// The product, in the product of the units.
    static member (*)(a: float<'v>, b: Quantity<'u>) : Quantity<'u 'v> = { Number = float a * b.Number }

    /// <summary>The quotient, in the quotient of the units.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// [&lt;Measure>] type s
    /// let speed: Quantity&lt;m/s> = Quantity.ofFloat 6.0&lt;m> / 2.0&lt;s>
    /// speed.Number // 3
    /// </code></example>
    static member (/)(a: Quantity<'u>, b: Quantity<'v>) : Quantity<'u / 'v> = { Number = a.Number / b.Number }

    /// The quotient, in the quotient of the units.
    static member (/)(a: Quantity<'u>, b: float<'v>) : Quantity<'u / 'v> = { Number = a.Number / float b }

    /// The quotient, in the quotient of the units.
    static member (/)(a: float<'v>, b: Quantity<'u>) : Quantity<'v / 'u> = { Number = float a / b.Number }

    /// <summary>The square root, of square metres in metres: F#'s `sqrt`.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// let side: Quantity&lt;m> = sqrt (Quantity.ofFloat 9.0&lt;m^2>)
    /// side.Number // 3
    /// </code></example>
    static member Sqrt(a: Quantity<'v^2>) : Quantity<'v> = { Number = sqrt a.Number }

    /// <summary>
    /// A power of a pure number: F#'s `**`. The unit of any other power would depend on the exponent, which the compiler does not know:
    /// `Quantity.square` and `Quantity.cube` are those that it does.
    /// </summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// ((Quantity.ofFloat 8.0&lt;m> / 2.0&lt;m>) ** 1.5).Number // 8
    /// </code></example>
    static member Pow(a: Quantity<1>, b: float) : Quantity<1> = { Number = a.Number ** b }

    /// A power of a pure number.
    static member Pow(a: Quantity<1>, b: Quantity<1>) : Quantity<1> = { Number = a.Number ** b.Number }

    /// <summary>One, of no unit: what F#'s `pown` of a pure number begins with.</summary>
    /// <example><code>
    /// (pown (Quantity.ofFloat 3.0) 4).Number // 81
    /// </code></example>
    static member One: Quantity<1> = { Number = tensor 1.0 }

    /// <summary>The magnitude: F#'s `abs`.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (abs (Quantity.ofFloat -2.0&lt;m>)).Number // 2
    /// </code></example>
    static member Abs(a: Quantity<'u>) : Quantity<'u> = { Number = abs a.Number }

    /// <summary>The angle of a point, y before x, both of one unit: F#'s `atan2`.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (atan2 (Quantity.ofFloat 1.0&lt;m>) (Quantity.ofFloat 1.0&lt;m>)).Number // 0.7854
    /// </code></example>
    static member Atan2(y: Quantity<'u>, x: Quantity<'u>) : Quantity<1> = { Number = atan2 y.Number x.Number }

    /// <summary>F#'s `exp`, of a pure number.</summary>
    /// <example><code>
    /// (exp (Quantity.ofFloat 1.0)).Number // 2.7183
    /// </code></example>
    static member Exp(a: Quantity<1>) : Quantity<1> = { Number = exp a.Number }

    /// <summary>F#'s `log`, of a pure number.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (log (Quantity.ofFloat 2.0&lt;m> / 1.0&lt;m>)).Number // 0.6931
    /// </code></example>
    static member Log(a: Quantity<1>) : Quantity<1> = { Number = log a.Number }

    /// <summary>F#'s `sin`, of a pure number.</summary>
    /// <example><code>
    /// (sin (Quantity.ofFloat 1.0)).Number // 0.8415
    /// </code></example>
    static member Sin(a: Quantity<1>) : Quantity<1> = { Number = sin a.Number }

    /// <summary>F#'s `cos`, of a pure number.</summary>
    /// <example><code>
    /// (cos (Quantity.ofFloat 1.0)).Number // 0.5403
    /// </code></example>
    static member Cos(a: Quantity<1>) : Quantity<1> = { Number = cos a.Number }

    /// <summary>F#'s `tan`, of a pure number.</summary>
    /// <example><code>
    /// (tan (Quantity.ofFloat 1.0)).Number // 1.5574
    /// </code></example>
    static member Tan(a: Quantity<1>) : Quantity<1> = { Number = tan a.Number }

    /// <summary>F#'s `asin`, of a pure number.</summary>
    /// <example><code>
    /// (asin (Quantity.ofFloat 1.0)).Number // 1.5708
    /// </code></example>
    static member Asin(a: Quantity<1>) : Quantity<1> = { Number = asin a.Number }

    /// <summary>F#'s `acos`, of a pure number.</summary>
    /// <example><code>
    /// (acos (Quantity.ofFloat 0.0)).Number // 1.5708
    /// </code></example>
    static member Acos(a: Quantity<1>) : Quantity<1> = { Number = acos a.Number }

    /// <summary>F#'s `atan`, of a pure number.</summary>
    /// <example><code>
    /// (atan (Quantity.ofFloat 1.0)).Number // 0.7854
    /// </code></example>
    static member Atan(a: Quantity<1>) : Quantity<1> = { Number = atan a.Number }

    /// <summary>F#'s `sinh`, of a pure number.</summary>
    /// <example><code>
    /// (sinh (Quantity.ofFloat 1.0)).Number // 1.1752
    /// </code></example>
    static member Sinh(a: Quantity<1>) : Quantity<1> = { Number = sinh a.Number }

    /// <summary>F#'s `cosh`, of a pure number.</summary>
    /// <example><code>
    /// (cosh (Quantity.ofFloat 1.0)).Number // 1.5431
    /// </code></example>
    static member Cosh(a: Quantity<1>) : Quantity<1> = { Number = cosh a.Number }

    /// <summary>F#'s `tanh`, of a pure number.</summary>
    /// <example><code>
    /// (tanh (Quantity.ofFloat 1.0)).Number // 0.7616
    /// </code></example>
    static member Tanh(a: Quantity<1>) : Quantity<1> = { Number = tanh a.Number }

    /// <summary>Where one quantity is less than another of the same unit, a tensor of Bool: for `Quantity.where`, `cond` and loops.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (Quantity.ofFloat 2.0&lt;m>).Less(3.0&lt;m>) // true
    /// </code></example>
    member a.Less(b: Quantity<'u>) : Tensor = a.Number.Less b.Number

    /// Where it is less than a number of the same unit.
    member a.Less(b: float<'u>) : Tensor = a.Number.Less(float b)

    /// <summary>Where one quantity is at most another of the same unit.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (Quantity.ofFloat 2.0&lt;m>).LessEqual(2.0&lt;m>) // true
    /// </code></example>
    member a.LessEqual(b: Quantity<'u>) : Tensor = a.Number.LessEqual b.Number

    /// Where it is at most a number of the same unit.
    member a.LessEqual(b: float<'u>) : Tensor = a.Number.LessEqual(float b)

    /// <summary>Where one quantity is greater than another of the same unit.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (Quantity.ofFloat 2.0&lt;m>).Greater(3.0&lt;m>) // false
    /// </code></example>
    member a.Greater(b: Quantity<'u>) : Tensor = a.Number.Greater b.Number

    /// Where it is greater than a number of the same unit.
    member a.Greater(b: float<'u>) : Tensor = a.Number.Greater(float b)

    /// <summary>Where one quantity is at least another of the same unit.</summary>
    /// <example><code>
    /// [&lt;Measure>] type m
    /// (Quantity.ofFloat 2.0&lt;m>).GreaterEqual(3.0&lt;m>) // false
    /// </code></example>
    member a.GreaterEqual(b: Quantity<'u>) : Tensor = a.Number.GreaterEqual b.Number

    /// Where it is at least a number of the same unit.
    member a.GreaterEqual(b: float<'u>) : Tensor = a.Number.GreaterEqual(float b)

/// Derivatives that know their units: of metres by seconds, metres per second.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Quantity =
    /// <summary>A number of F# as a quantity, in Float64.</summary>
    /// <example><code>
    /// [&lt;Measure&gt;] type kg
    /// Quantity.ofFloat 2.0&lt;kg&gt; * 3.0 // 6 kg
    /// </code></example>
    let ofFloat (x: float<'u>) : Quantity<'u> = { Number = tensor (float x) }

    /// <summary>The number of a quantity, with its unit.</summary>
    /// <exception cref="T:Cotangent.TraceException">Inside of a transformation that does not know the number.</exception>
    /// <example><code>
    /// [&lt;Measure&gt;] type kg
    /// Quantity.toFloat (Quantity.ofFloat 2.0&lt;kg&gt; * 3.0) // a float&lt;kg&gt;: 6
    /// </code></example>
    let toFloat (x: Quantity<'u>) : float<'u> = LanguagePrimitives.FloatWithMeasure(float x.Number)

    /// <summary>The square, in the square of the unit.</summary>
    /// <example><code>
    /// [&lt;Measure&gt;] type m
    /// Quantity.toFloat (Quantity.square (Quantity.ofFloat 3.0&lt;m&gt;)) // a float&lt;m^2&gt;: 9
    /// </code></example>
    let square (x: Quantity<'u>) : Quantity<'u^2> = x * x

    /// <summary>The third power, in that of the unit.</summary>
    /// <example><code>
    /// [&lt;Measure&gt;] type m
    /// Quantity.toFloat (Quantity.cube (Quantity.ofFloat 3.0&lt;m&gt;)) // a float&lt;m^3&gt;: 27
    /// </code></example>
    let cube (x: Quantity<'u>) : Quantity<'u^3> = x * x * x

    /// <summary>The smaller of two quantities of one unit; where they are equal, each has half of the derivative.</summary>
    /// <example><code>
    /// [&lt;Measure&gt;] type m
    /// Quantity.toFloat (Quantity.minimum (Quantity.ofFloat 3.0&lt;m&gt;) (Quantity.ofFloat 2.0&lt;m&gt;)) // a float&lt;m&gt;: 2
    /// </code></example>
    let minimum (x: Quantity<'u>) (y: Quantity<'u>) : Quantity<'u> = { Number = minimum x.Number y.Number }

    /// <summary>The larger of two quantities of one unit.</summary>
    /// <example><code>
    /// [&lt;Measure&gt;] type m
    /// Quantity.toFloat (Quantity.maximum (Quantity.ofFloat 3.0&lt;m&gt;) (Quantity.ofFloat 2.0&lt;m&gt;)) // a float&lt;m&gt;: 3
    /// </code></example>
    let maximum (x: Quantity<'u>) (y: Quantity<'u>) : Quantity<'u> = { Number = maximum x.Number y.Number }

    /// <summary>The first quantity where a condition (Bool) holds, the second of the same unit elsewhere.</summary>
    /// <exception cref="T:Cotangent.DTypeException">The condition is not Bool.</exception>
    /// <example><code>
    /// // A spring that pushes, but does not pull.
    /// [&lt;Measure&gt;] type m
    /// [&lt;Measure&gt;] type N
    /// let force (x: Quantity&lt;m&gt;) = Quantity.where (x.Greater 0.0&lt;m&gt;) (x * 5.0&lt;N/m&gt;) (Quantity.ofFloat 0.0&lt;N&gt;)
    /// Quantity.toFloat (Quantity.derivative force (Quantity.ofFloat 2.0&lt;m&gt;)) // a float&lt;N/m&gt;: 5
    /// </code></example>
    let where (condition: Tensor) (x: Quantity<'u>) (y: Quantity<'u>) : Quantity<'u> = {
        Number = where condition x.Number y.Number
    }

    /// <summary>
    /// The derivative of a function, a function again, in the unit of the value by that of the argument. Of the derivative there is a
    /// derivative, too, in the next unit.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Argument or value is not one number.</exception>
    /// <example><code>
    /// [&lt;Measure&gt;] type m
    /// [&lt;Measure&gt;] type s
    /// let fallen (t: Quantity&lt;s&gt;) = 0.5 * 9.81&lt;m/s^2&gt; * t * t
    /// let speed = Quantity.derivative fallen
    /// let acceleration = Quantity.derivative speed
    /// let t = Quantity.ofFloat 2.0&lt;s&gt;
    /// Quantity.toFloat (speed t) // a float&lt;m/s&gt;: 19.62
    /// Quantity.toFloat (acceleration t) // a float&lt;m/s^2&gt;: 9.81
    /// </code></example>
    let derivative (f: Quantity<'u> -> Quantity<'v>) (x: Quantity<'u>) : Quantity<'v / 'u> =
        Given.check "f" f
        { Number = diff (fun number -> (f { Number = number }).Number) x.Number }

    /// <summary>The derivatives of a function of two quantities with respect to each.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The value is not one number.</exception>
    /// <example><code>
    /// [&lt;Measure&gt;] type m
    /// [&lt;Measure&gt;] type kg
    /// let index (mass: Quantity&lt;kg&gt;) (height: Quantity&lt;m&gt;) = mass / (height * height)
    /// let byMass, byHeight = Quantity.partials index (Quantity.ofFloat 80.0&lt;kg&gt;) (Quantity.ofFloat 2.0&lt;m&gt;)
    /// Quantity.toFloat byMass // a float&lt;1/m^2&gt;: 0.25
    /// Quantity.toFloat byHeight // a float&lt;kg/m^3&gt;: -20
    /// </code></example>
    let partials
        (f: Quantity<'u> -> Quantity<'v> -> Quantity<'w>)
        (x: Quantity<'u>)
        (y: Quantity<'v>)
        : Quantity<'w / 'u> * Quantity<'w / 'v> =
        Given.check "f" f

        let byX, byY = grad (fun (x, y) -> (f { Number = x } { Number = y }).Number) (x.Number, y.Number)

        { Number = byX }, { Number = byY }
