(**
---
title: Units of measure
category: Use
categoryindex: 3
index: 22
description: Derivatives that know their units: F#'s units of measure on differentiable numbers, checked by the compiler, free at run time.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Units of measure

F# checks units when it compiles: metres cannot be added to seconds. A `Quantity` is a number with such a unit that can be differentiated.
The derivative has the unit that it should: of metres with respect to seconds, metres per second.
*)
open Cotangent

[<Measure>]
type m

[<Measure>]
type s

[<Measure>]
type kg

let gravity = 9.81<m / s^2>
let fallen (t: Quantity<s>) = 0.5 * gravity * t * t

let speed = Quantity.derivative fallen
let acceleration = Quantity.derivative speed

let t = Quantity.ofFloat 2.0<s>
Quantity.toFloat (speed t), Quantity.toFloat (acceleration t)
(*** include-it ***)

(**
The compiler has inferred `Quantity<s> -> Quantity<m / s>` for the speed and `Quantity<s> -> Quantity<m / s^2>` for the acceleration.
How does the period of a pendulum change with its length, in seconds per metre?
*)
let period (length: Quantity<m>) = 2.0 * System.Math.PI * sqrt (length / gravity)

let slope: float<s / m> =
    Quantity.toFloat (Quantity.derivative period (Quantity.ofFloat 1.0<m>))

slope
(*** include-it ***)

(**
`sqrt` of square seconds is seconds. Of a pure number there are sines, exponentials and so on; of seconds there are none. These lines do not
compile:

```fsharp
let a = period (Quantity.ofFloat 1.0<s>)    // a length is wanted
let b = fallen t + t                        // metres and seconds
let c = sin t                               // sin (t / 1.0<s>) has a meaning
```

Powers that the compiler can give a unit are `Quantity.square` and `Quantity.cube`; `**` and `pown` are for pure numbers, as the unit of
any other power would depend on the exponent. Quantities of one unit are compared, as tensors are, by `Less`, `Greater` and so on; a spring that
pushes but does not pull:
*)
[<Measure>]
type N = kg m / s^2

let push (x: Quantity<m>) =
    Quantity.where (x.Greater 0.0<m>) (x * 5.0<N / m>) (Quantity.ofFloat 0.0<N>)

let stiffness = Quantity.derivative push

Quantity.toFloat (stiffness (Quantity.ofFloat 0.1<m>)),
Quantity.toFloat (stiffness (Quantity.ofFloat -0.1<m>))
(*** include-it ***)

(**
Of a function of two quantities, `Quantity.partials` gives both derivatives, each in its unit:
*)
let kinetic (mass: Quantity<kg>) (velocity: Quantity<m / s>) =
    0.5 * mass * velocity * velocity

let byMass, byVelocity =
    Quantity.partials kinetic (Quantity.ofFloat 2.0<kg>) (Quantity.ofFloat 3.0<m / s>)

Quantity.toFloat byMass, Quantity.toFloat byVelocity
(*** include-it ***)

(**
A quantity is a tree with one tensor, so `compile`, `grad` and `vmap` take it, and records of several. Units exist while the program is compiled
and are gone when it runs: they cost nothing.
*)
let compiled = compile speed
Quantity.toFloat (compiled t)
(*** include-it ***)
