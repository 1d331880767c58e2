/// Loops of solvers, which errors name.
module internal Cotangent.Solvers.Loop

open Cotangent
open Cotangent.Compiler

/// As long as a condition holds, in a solver whose derivative is that of the implicit function or of the steps found.
let whileHolds (operation: string) (condition: 'a -> Tensor) (f: 'a -> 'a) (x: 'a) : 'a =
    Loops.whileLoopOf
        operation
        $"{operation}: what it has gone through has no reverse mode in a compiled function or under `vmap`. Differentiate by the parameters, which it has derivatives by, or leave this function uncompiled."
        condition
        f
        x

/// A loop of at most so many rounds, as three loops inside each other that end early: reverse mode in compiled functions keeps what
/// goes round at the start of each round of the outer ones and computes the inner ones again, so that memory grows with the cube
/// root of the number of rounds. Three levels whatever the number: `boundedWhileLoop` has one for each power of 8, and with them the
/// time to compile grows, which for a solver's large body is several times that of three.
let bounded (most: int) (condition: 'a -> Tensor) (f: 'a -> 'a) (x: 'a) : 'a =
    let width = max 1 (int (ceil (float most ** (1.0 / 3.0) - 1e-9)))
    let guarded f x = cond (condition x) f id x
    let rec nested depth x = if depth = 0 then guarded f x else guarded (iterate width (nested (depth - 1))) x

    nested 3 x
