/// Roots, fixed points, linear systems and minima: against published values and dense solutions, with their derivatives.
module Cotangent.Solvers.Tests.ImplicitTests

open System
open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Cotangent.Solvers.Tests.Problems
open Cotangent.Solvers.Tests.Raises
open Expecto

let private isConverged (solved: Solved<'x>) what =
    Expect.isTrue
        (solved.Converged.ToData<bool>())
        $"{what} converged: residual {solved.Residual}, steps {solved.Steps}"

/// A symmetric positive definite matrix of eigenvalues 1 to 50, and one that is neither, with a vector.
let private orthogonal, rightHand =
    let first, second = Key.split (Key.create 5L)
    fst (qr (Random.normal first DType.Float64 [ 20; 20 ])), Random.normal second DType.Float64 [ 20 ]

let private symmetric = matmul (orthogonal * Tensor.linspace DType.Float64 1.0 50.0 20) orthogonal.T
let private general = symmetric + 10.0 * orthogonal
let private times (a: Tensor) (x: Tensor) : Tensor = matmul a x

let private solveDense (a: Tensor) (b: Tensor) : Tensor = solve a b

let private dense (a: Tensor) (b: Tensor) =
    MathNet.Numerics.LinearAlgebra.Double.Matrix.Build
        .DenseOfRowArrays(a.ToData<float[][]>())
        .Solve(MathNet.Numerics.LinearAlgebra.Double.Vector.Build.DenseOfArray(numbers b))
        .ToArray()

let private linear =
    let precise = { LinearSystem.defaults with Tolerance = 1e-12 }

    testList "linear systems" [
        for name, solve, matrix in
            [
                "conjugate gradients", LinearSystem.conjugateGradients, symmetric
                "GMRES", LinearSystem.gmres, general
                "biconjugate gradients", LinearSystem.biConjugateGradients, general
            ] do
            test name {
                let found = solve precise times matrix rightHand
                isConverged found name
                near 1e-9 (dense matrix rightHand) found.Value "MathNet's solution"
                let program = compile (fun (a, b) -> solve precise times a b) (matrix, rightHand)
                near 1e-10 (numbers found.Value) program.Value "compiled"

                // By both; through a dense solution for comparison.
                let byA, byB =
                    grad (fun (a, b) -> sum (square (solve precise times a b).Value)) (matrix, rightHand)

                let a, b = grad (fun (a, b) -> sum (square (solveDense a b))) (matrix, rightHand)
                near 1e-9 (numbers b) byB "by the right hand"
                // Of a symmetric matrix the symmetric part counts.
                let part (g: Tensor) = if name = "conjugate gradients" then 0.5 * (g + g.T) else g
                near 1e-9 (numbers (part a)) (part byA) "by the matrix"
                let _, tangent = jvp (fun b -> (solve precise times matrix b).Value) rightHand rightHand
                near 1e-9 (numbers found.Value) tangent "forwards"
            }

        test "trees, and a matrix that is never made" {
            // The Laplacian of a square with an edge of zeros, and a second unknown by itself.
            let map (k: Tensor) (u: Tensor, v: Tensor) =
                let edge = Tensor.zeros DType.Float64 [ 1; 8 ]
                let down, up = concat 0 [ edge; u[..6] ], concat 0 [ u[1..]; edge ]
                let left, right = concat 1 [ edge.T; u[*, ..6] ], concat 1 [ u[*, 1..]; edge.T ]
                k * (4.0 * u - down - up - left - right), 3.0 * v

            let b = Tensor.ones DType.Float64 [ 8; 8 ], tensor 6.0
            let found = LinearSystem.conjugateGradients precise map (tensor 2.0) b
            isConverged found "Laplacian"
            let u, v = found.Value
            near 1e-9 (numbers (fst b)) (fst (map (tensor 2.0) (u, v))) "the right hand"
            near 1e-12 [ 2.0 ] v "the other part"
            let total k = sum (fst (LinearSystem.conjugateGradients precise map k b).Value)
            near 1e-8 [ -(float (sum u)) / 2.0 ] (grad total (tensor 2.0)) "u goes with 1/k"
        }
        test "what does not converge says so" {
            let indefinite = LinearSystem.conjugateGradients precise times (-symmetric) rightHand
            Expect.isFalse (indefinite.Converged.ToData<bool>()) "not positive definite"
            raises<SolverException, _> "did not converge" (fun () -> indefinite.OrFail()) "or fails"

            let few =
                LinearSystem.conjugateGradients { precise with MaximumSteps = 3 } times symmetric rightHand

            Expect.isFalse (few.Converged.ToData<bool>()) "three steps"
            Expect.equal (int few.Steps) 3 "as allowed"
        }
        test "Lanczos' eigenvalues" {
            let values, errors = LinearSystem.lanczos 20 (times symmetric) rightHand
            near 1e-10 [ for i in 0..19 -> 1.0 + 49.0 / 19.0 * float i ] values "all of them"
            Expect.isLessThan (float (errors.Max())) 1e-9 "with small errors"
            let few, error = LinearSystem.lanczos 12 (times symmetric) rightHand

            Expect.isLessThan
                (abs (float few[11] - 50.0))
                (float error[11] + 1e-12)
                "the largest, within its error"

            raises<ValueException, _>
                "21 steps"
                (fun () -> LinearSystem.lanczos 21 (times symmetric) rightHand)
                "too many"
        }
    ]

let private roots =
    testList "roots" [
        for name in
            [
                "Rosenbrock"
                "helical valley"
                "Powell, singular"
                "trigonometric"
                "Broyden, tridiagonal"
                "Chebyquad, 7"
            ] do
            test $"Newton: {name}" {
                let problem = find name
                let start = tensor problem.Start

                let found =
                    Root.newton
                        { Root.defaults with MaximumSteps = 200 }
                        (fun () x -> problem.Residuals x)
                        ()
                        start

                // From the start of this one descent leads to a minimum that is no root, as others' methods do.
                if name <> "trigonometric" then
                    isConverged found name
                    near 1e-9 [ 0.0 ] (problem.Residuals found.Value |> abs |> _.Max()) "the residuals are 0"
            }

        for name in [ "Broyden, tridiagonal"; "Rosenbrock"; "helical valley" ] do
            test $"Broyden: {name}" {
                let problem = find name

                let found =
                    Root.broyden Root.defaults (fun () x -> problem.Residuals x) () (tensor problem.Start)

                isConverged found name
                near 1e-9 [ 0.0 ] (problem.Residuals found.Value |> abs |> _.Max()) "the residuals are 0"
            }

        for name, solve, most in [ "bisect", Root.bisect, 45; "Brent", Root.brent, 15 ] do
            test name {
                let kepler (e: Tensor) (x: Tensor) = x - e * sin x - 1.0
                let solve f p = solve Root.defaults f p (tensor -1.0, tensor 4.0)
                let found = solve kepler (tensor 0.5)
                isConverged found name
                Expect.isLessThan (abs (float (kepler (tensor 0.5) found.Value))) 1e-9 "a root"
                Expect.isLessThan (int found.Evaluations) most "evaluations"
                let flat = solve (fun (_: Tensor) x -> (x - 1.0) ** 9) (tensor 0.0)
                isConverged flat "a flat root"
                near 1e-8 [ 1.0 ] flat.Value "of ninth order"
                let none = solve (fun (_: Tensor) x -> x * x + 1.0) (tensor 0.0)
                Expect.isFalse (none.Converged.ToData<bool>()) "without a change of sign nothing converges"

                near
                    1e-8
                    [ sin (float found.Value) / (1.0 - 0.5 * cos (float found.Value)) ]
                    (grad (fun e -> (solve kepler e).Value) (tensor 0.5))
                    "by e"

                let many = vmap (fun e -> (solve kepler e).Value) (tensor [ 0.1; 0.5; 0.9 ])
                near 1e-9 (numbers found.Value) many[1] "many at once"
            }

        test "derivatives of every order, in every way" {
            let root (a: Tensor) = (Root.newton Root.defaults (fun a x -> x * x - a) a (tensor 1.0)).Value
            let at = tensor 9.0
            near 1e-12 [ 3.0 ] (root at) "3"
            near 1e-12 [ 1.0 / 6.0 ] (grad root at) "first"
            near 1e-12 [ -1.0 / 108.0 ] (grad (grad root) at) "second"
            near 1e-12 [ 0.375 / 243.0 ] (diffn 3 root at) "third, forwards"
            near 1e-12 [ -1.0 / 108.0 ] (compile (grad (compile (grad root))) at) "compiled"
        }
        test "of many unknowns the Jacobian is not made" {
            let f (a: Tensor) (x: Tensor) = x + 0.1 * sin x - a

            let root a =
                sum
                    (FixedPoint.anderson
                        FixedPoint.defaults
                        (fun a x -> a - 0.1 * sin x)
                        a
                        (Tensor.zerosLike a))
                        .Value

            let a = Tensor.linspace DType.Float64 0.0 3.0 300

            let x =
                (FixedPoint.anderson FixedPoint.defaults (fun a x -> a - 0.1 * sin x) a (Tensor.zerosLike a))
                    .Value

            near 1e-8 (Array.create 300 0.0) (f a x) "roots"
            near 1e-7 [ for x in numbers x -> 1.0 / (1.0 + 0.1 * cos x) ] (grad root a) "gradients"
        }
        test "unknowns that are trees, and parameters" {
            let f (p: Map<string, Tensor>) (x: Tensor, y: Tensor) = x * y - p["a"], x - p["b"] * y
            let solve p = (Root.newton Root.defaults f p (tensor 1.0, tensor 1.0)).Value
            let p = Map [ "a", tensor 8.0; "b", tensor 2.0 ]
            let x, y = solve p
            near 1e-10 [ 4.0 ] x "x = √(a b)"
            near 1e-10 [ 2.0 ] y "y = √(a/b)"
            let g = grad (fun p -> fst (solve p)) p
            near 1e-10 [ 0.25 ] g["a"] "by a"
            near 1e-10 [ 1.0 ] g["b"] "by b"
        }
        test "what does not converge, and mistakes" {
            let none = Root.newton Root.defaults (fun () (x: Tensor) -> x * x + 1.0) () (tensor 0.5)
            Expect.isFalse (none.Converged.ToData<bool>()) "no root"
            Expect.isGreaterThan (float none.Residual) 0.9 "the residual says how far"
            raises<SolverException, _> "the residual is 1" (fun () -> Solved.orFail none) "or fails"

            raises<ShapeException, _>
                "what f returns"
                (fun () -> Root.newton Root.defaults (fun () (x: Tensor) -> stack 0 [ x; x ]) () (tensor 0.5))
                "shape"

            raises<ValueException, _>
                "0 steps"
                (fun () ->
                    Root.newton { Root.defaults with MaximumSteps = 0 } (fun () x -> x) () (tensor 0.5))
                "steps"

            raises<DerivativeException, _>
                "Root.newton: f closes over a tensor that is being differentiated; pass it as a parameter"
                (fun () ->
                    grad
                        (fun (a: Tensor, b: Tensor) ->
                            (Root.newton Root.defaults (fun b x -> b * x * x - a) b (tensor 1.0)).Value)
                        (tensor 9.0, tensor 1.0))
                "closed over"
        }
        test "defaults can be met in Float32" {
            let two = sqrt 2.0

            for name, solve in [ "newton", Root.newton; "broyden", Root.broyden ] do
                for scale in [ 1.0; 1e3; 1e-3 ] do
                    let found =
                        solve Root.defaults (fun () (x: Tensor) -> scale * (x * x - 2.0)) () (tensor 1.0f)

                    isConverged found $"{name}, {scale}"
                    near 5e-7 [ two ] found.Value name

                let pair () (x: Tensor) = stack 0 [ x[0] * x[1] - 300.0; x[0] - 3.0 * x[1] ]
                let found = solve Root.defaults pair () (tensor [ 20.0f; 20.0f ])
                isConverged found $"{name}, two"
                near 1e-6 [ 30.0; 10.0 ] found.Value name

            for name, solve in [ "iterate", FixedPoint.iterate; "anderson", FixedPoint.anderson ] do
                let found = solve FixedPoint.defaults (fun () x -> 1.0 + 1.0 / x) () (tensor 1.0f)
                isConverged found name
                near 1e-6 [ (1.0 + sqrt 5.0) / 2.0 ] found.Value name
        }
        test "fixed points" {
            for name, solve in [ "iterate", FixedPoint.iterate; "anderson", FixedPoint.anderson ] do
                let found =
                    solve FixedPoint.defaults (fun (a: Tensor) x -> cos (a * x)) (tensor 1.0) (tensor 1.0)

                isConverged found name
                near 1e-9 [ 0.7390851332151607 ] found.Value "Dottie's number"
                let x = 0.7390851332151607
                let slope = -x * sin x / (1.0 + sin x)

                near
                    1e-8
                    [ slope ]
                    (grad
                        (fun a ->
                            (solve FixedPoint.defaults (fun (a: Tensor) x -> cos (a * x)) a (tensor 1.0))
                                .Value)
                        (tensor 1.0))
                    "by a"

            let steps solve =
                int
                    (solve FixedPoint.defaults (fun () (x: Tensor) -> cos x) () (tensor 1.0): Solved<Tensor>)
                        .Steps

            Expect.isLessThan
                (steps FixedPoint.anderson * 3)
                (steps FixedPoint.iterate)
                "mixing takes fewer steps"
        }
    ]

/// Where a method ends at another stationary point, or is known to take too long; in most of the literature, too.
let private failures =
    testList "failures" [
        test "what is not found has no gradient" {
            let valley (a: Tensor) (x: Tensor) = exp x - a * x

            for name, solve in
                [
                    "Root.newton",
                    fun (a: Tensor) ->
                        (Root.newton
                            { Root.defaults with MaximumSteps = 2 }
                            (fun a x -> x * x - a)
                            a
                            (tensor 100.0))
                            .Value
                    "Root.broyden",
                    fun a ->
                        (Root.broyden
                            { Root.defaults with MaximumSteps = 2 }
                            (fun a x -> x * x - a)
                            a
                            (tensor 100.0))
                            .Value
                    "Root.bisect",
                    fun a ->
                        (Root.bisect
                            { Root.defaults with MaximumSteps = 2 }
                            (fun a x -> x * x - a)
                            a
                            (tensor 0.0, tensor 9.0))
                            .Value
                    "Root.brent",
                    fun a ->
                        (Root.brent
                            { Root.defaults with MaximumSteps = 2 }
                            (fun a x -> x * x - a)
                            a
                            (tensor 0.0, tensor 9.0))
                            .Value
                    "FixedPoint.iterate",
                    fun a ->
                        (FixedPoint.iterate
                            { FixedPoint.defaults with MaximumSteps = 2 }
                            (fun a x -> cos (a * x))
                            a
                            (tensor 1.0))
                            .Value
                    "FixedPoint.anderson",
                    fun a ->
                        (FixedPoint.anderson
                            { FixedPoint.defaults with MaximumSteps = 1 }
                            (fun a x -> cos (a * x))
                            a
                            (tensor 1.0))
                            .Value
                    "Minimize.lbfgs",
                    fun a ->
                        (Minimize.lbfgs { Minimize.defaults with MaximumSteps = 1 } valley a (tensor 9.0))
                            .Value
                    "Minimize.trustRegion",
                    fun a ->
                        (Minimize.trustRegion
                            { Minimize.defaults with MaximumSteps = 1 }
                            valley
                            a
                            (tensor 9.0))
                            .Value
                    "LeastSquares.levenbergMarquardt",
                    fun a ->
                        (LeastSquares.levenbergMarquardt
                            { LeastSquares.defaults with MaximumSteps = 1 }
                            (fun (a: Tensor) (x: Tensor) -> stack 0 [ exp x - a; x - 3.0 ])
                            a
                            (tensor 9.0))
                            .Value
                    "LinearSystem.conjugateGradients",
                    fun a ->
                        (LinearSystem.conjugateGradients
                            { LinearSystem.defaults with MaximumSteps = 1 }
                            (fun (a: Tensor) (x: Tensor) -> x * (a + tensor [ 1.0; 2.0; 3.0 ]))
                            a
                            (tensor [ 1.0; 1.0; 1.0 ]))
                            .Value
                        |> sum
                ] do
                let a = tensor 1.1
                Expect.isTrue (System.Double.IsFinite(float (solve a))) $"{name}: the value is what there is"

                raises<SolverException, _>
                    $"{name} did not converge, so what it found has no derivative"
                    (fun () -> grad solve a)
                    name

                Expect.isTrue (float (compile (grad solve) a) |> System.Double.IsNaN) $"{name}, compiled"
                let each = vmap (grad solve) (tensor [ 1.1; 1.2 ]) |> numbers
                Expect.isTrue (each |> Array.forall System.Double.IsNaN) $"{name}, batched"
        }
        test "name what was called and what it was given" {
            let x = tensor [ 1.0; 2.0 ]

            for name, solve in
                [
                    "FixedPoint.iterate: what g returns",
                    fun g -> (FixedPoint.iterate FixedPoint.defaults g () x).Value
                    "FixedPoint.anderson: what g returns",
                    fun g -> (FixedPoint.anderson FixedPoint.defaults g () x).Value
                    "Root.newton: what f returns", fun f -> (Root.newton Root.defaults f () x).Value
                    "Root.broyden: what f returns", fun f -> (Root.broyden Root.defaults f () x).Value
                    "LinearSystem.gmres: what the function returns",
                    fun f -> (LinearSystem.gmres LinearSystem.defaults f () x).Value
                ] do
                raises<ShapeException, _>
                    $"{name} is Float64 (), where"
                    (fun () -> solve (fun () x -> x[0]))
                    name

                raises<DTypeException, _>
                    $"{name} is Float32 (2,), where"
                    (fun () -> solve (fun () x -> x.Convert DType.Float32))
                    name

                raises<ShapeException, _>
                    $"{name} is Float64 (), where"
                    (fun () -> compile (fun (z: Tensor) -> solve (fun () x -> (x * z)[0])) x)
                    $"{name}, compiled"

            for name, solve in
                [ "Root.bisect", Root.bisect Root.defaults; "Root.brent", Root.brent Root.defaults ] do
                let between f = solve f () (tensor 0.0, tensor 3.0)

                raises<ShapeException, _>
                    $"{name}: what f returns is Float64 (2,), where x is Float64 ()"
                    (fun () -> between (fun () x -> stack 0 [ x; x ]))
                    name

                raises<DTypeException, _>
                    $"{name}: what f returns is Float32 (), where x is Float64 ()"
                    (fun () -> between (fun () x -> x.Convert DType.Float32))
                    name

                raises<DTypeException, _>
                    $"{name}: ends of Float64 and Float32"
                    (fun () -> solve (fun () x -> x) () (tensor 0.0, tensor 3.0f))
                    name
        }
        test "tell whether more steps would help" {
            let root steps f = Root.newton { Root.defaults with MaximumSteps = steps } f () (tensor 100.0)

            raises<SolverException, _>
                "after 2 steps"
                (fun () -> Solved.orFail (root 2 (fun () x -> x * x - 2.0)))
                "out of steps"

            raises<SolverException, _>
                "all that `MaximumSteps` allows"
                (fun () -> Solved.orFail (root 2 (fun () x -> x * x - 2.0)))
                "out of steps"

            raises<SolverException, _>
                "more steps won't help"
                (fun () -> Solved.orFail (root 100 (fun () x -> x * x + 2.0)))
                "no root"
        }
        test "say whose they are, and of batches where to look" {
            let root start = Root.newton Root.defaults (fun () (x: Tensor) -> x * x + 1.0) () start

            raises<SolverException, _>
                "Root.newton did not converge"
                (fun () -> Solved.orFail (root (tensor 0.5)))
                "root"

            for name, solve in
                [ "Root.brent", Root.brent Root.defaults; "Root.bisect", Root.bisect Root.defaults ] do
                let between f low high = solve (fun () x -> f x) () (tensor low, tensor high)
                let unbracketed = between (fun x -> x * x) 3.0 5.5

                raises<SolverException, _>
                    "f is 9 at 3 and 30.25 at 5.5: choose ends between which it changes its sign"
                    (fun () -> Solved.orFail unbracketed)
                    name

                raises<SolverException, _>
                    "f is NaN at -1 and 0.6931 at 2"
                    (fun () -> Solved.orFail (between log -1.0 2.0))
                    $"{name}, NaN"

                // Of numbers that are known when the program has run, too.
                let compiled = compile (fun high -> solve (fun () x -> x) () (tensor 3.0, high)) (tensor 5.0)

                raises<SolverException, _> "f is 3 at 3 and 5 at 5" (fun () -> Solved.orFail compiled) name

            let tight = { Root.defaults with MaximumSteps = 3 }
            let slow = Root.bisect tight (fun () x -> x) () (tensor -3.0, tensor 5.1)
            raises<SolverException, _> "allow more steps" (fun () -> Solved.orFail slow) "a root is between"

            let decay start =
                Ode.solve OdeOptions.defaults (fun _ (y: Tensor) -> -y) (tensor [ 0.0; 1.0 ]) start

            let batch = vmap decay (tensor [ 1.0; 2.0 ])
            raises<ShapeException, _> "read `Status` or `Succeeded`" (fun () -> Ode.orFail batch) "ODEs"

            let rough = { Quadrature.defaults with MaximumIntervals = 2 }
            let integral = Quadrature.adaptive rough (fun () x -> 1.0 / x) () (tensor 0.0, tensor 1.0)
            raises<SolverException, _> "split the interval" (fun () -> Solved.orFail integral) "integral"

            raises<ShapeException, _>
                "read `Converged`, one for each example"
                (fun () -> Solved.orFail (vmap root (tensor [ 0.5; 0.7 ])))
                "batch"
        }
    ]

/// Each solver, with parameters that are constant and a function that closes over what is differentiated.
let private closures =
    let ends = tensor 0.0, tensor 3.0

    let found: (string * (Tensor -> Tensor)) list = [
        "Root.newton", fun a -> (Root.newton Root.defaults (fun () x -> x * x - a) () (tensor 1.0)).Value
        "Root.broyden", fun a -> (Root.broyden Root.defaults (fun () x -> x * x - a) () (tensor 1.0)).Value
        "Root.bisect", fun a -> (Root.bisect Root.defaults (fun () x -> x * x - a) () ends).Value
        "Root.brent", fun a -> (Root.brent Root.defaults (fun () x -> x * x - a) () ends).Value
        "FixedPoint.iterate",
        fun a -> (FixedPoint.iterate FixedPoint.defaults (fun () x -> cos (a * x)) () (tensor 0.5)).Value
        "FixedPoint.anderson",
        fun a -> (FixedPoint.anderson FixedPoint.defaults (fun () x -> cos (a * x)) () (tensor 0.5)).Value
        "LinearSystem.gmres",
        fun a -> (LinearSystem.gmres LinearSystem.defaults (fun () x -> a * x) () (tensor 1.0)).Value
        "Minimize.lbfgs",
        fun a -> (Minimize.lbfgs Minimize.defaults (fun () x -> square (x - a)) () (tensor 1.0)).Value
        "Minimize.trustRegion",
        fun a -> (Minimize.trustRegion Minimize.defaults (fun () x -> square (x - a)) () (tensor 1.0)).Value
        "LeastSquares.levenbergMarquardt",
        fun a ->
            (LeastSquares.levenbergMarquardt
                LeastSquares.defaults
                (fun () (x: Tensor) -> (x - a).Reshape [ 1 ])
                ()
                (tensor 1.0))
                .Value
        "Quadrature.adaptive",
        fun a -> (Quadrature.adaptive Quadrature.defaults (fun () x -> a * x) () ends).Value
        "Ode.solveAdjoint",
        fun a ->
            (Ode.solveAdjoint OdeOptions.defaults (fun () _ y -> -a * y) () (tensor [ 0.0; 1.0 ]) (tensor 1.0))
                .Final
    ]

    testList "what f closes over is not lost without a word" [
        for name, solve in found do
            test name {
                let at, says = tensor 0.5, $"{name}: f closes over a tensor that is being differentiated"
                let forwards x = jvp solve x (tensor 1.0)
                raises<DerivativeException, _> says (fun () -> forwards at) "forwards"
                raises<DerivativeException, _> says (fun () -> compile forwards at) "forwards, compiled"

                raises<DerivativeException, _>
                    says
                    (fun () -> jvp (compile solve) at (tensor 1.0))
                    "of a program"

                raises<DerivativeException, _> says (fun () -> vmap forwards (at.Unsqueeze 0)) "in a batch"

                raises<DerivativeException, _>
                    says
                    (fun () ->
                        jvp (fun a -> vmap (fun b -> b * solve a) (tensor [ 1.0; 2.0 ])) at (tensor 1.0))
                    "around a batch"

                raises<DerivativeException, _> says (fun () -> grad solve at) "backwards"

                raises<DerivativeException, _>
                    says
                    (fun () -> grad (compile solve) at)
                    "backwards, of a program"

                raises<DerivativeException, _> says (fun () -> compile (grad solve) at) "backwards, compiled"
                // Constant, it is allowed.
                near 1e-12 (numbers (solve at)) (compile solve at) "compiled"
                near 1e-12 (numbers (solve at)) (vmap solve (at.Unsqueeze 0)) "batched"
                near 0.0 [ 0.0 ] (grad (fun a -> solve (stopGradient a)) at) "stopped"
            }
    ]

let private minima =
    let value problem (x: Tensor) = float (sum (square (problem.Residuals x)))

    /// That of Freudenstein and Roth's function which is published for its start, or the lower one, 0.
    let isMinimum tolerance problem (found: Solved<Tensor>) =
        let value = value problem found.Value
        let other = if problem.Name = "Freudenstein and Roth" then 0.0 else problem.Minimum
        let off = min (abs (value - problem.Minimum)) (abs (value - other))

        Expect.isLessThan
            off
            (tolerance * max 1e-4 problem.Minimum)
            $"{problem.Name}: {value}, steps {found.Steps}"

    testList "minima" [
        for problem in problems do
            if problem.Name <> "trigonometric" then
                test $"Levenberg and Marquardt: {problem.Name}" {
                    let found =
                        LeastSquares.levenbergMarquardt
                            LeastSquares.defaults
                            (fun () x -> problem.Residuals x)
                            ()
                            (tensor problem.Start)

                    isConverged found problem.Name
                    isMinimum 1e-6 problem found
                }

        for name, minimise in
            [
                "L-BFGS", Minimize.lbfgs
                "BFGS", Minimize.bfgs
                "conjugate gradients", Minimize.conjugateGradients
                "trust region", Minimize.trustRegion
            ] do
            for problem in problems do
                // Its residuals are nearly dependent: methods that look at gradients alone creep.
                if
                    not (
                        List.contains problem.Name [
                            "trigonometric"
                            "Osborne 1"
                            "Watson, 9"
                            "Box"
                            "Watson, 6"
                        ]
                    )
                then
                    test $"{name}: {problem.Name}" {
                        let options = { Minimize.defaults with Tolerance = 1e-6 }
                        let f () x = sum (square (problem.Residuals x))
                        let found = compile (minimise options f ()) (tensor problem.Start)
                        isConverged found $"{name}, {problem.Name}"
                        isMinimum 1e-3 problem found
                    }

        test "derivatives by the parameters" {
            // Rosenbrock's valley with its minimum at (p, p²).
            let valley (p: Tensor) (x: Tensor) = 100.0 * square (x[1] - square x[0]) + square (p - x[0])

            for name, minimise in [ "L-BFGS", Minimize.lbfgs; "trust region", Minimize.trustRegion ] do
                let at p = (minimise Minimize.defaults valley p (tensor [ -1.2; 1.0 ])).Value
                near 1e-6 [ 1.5; 2.25 ] (at (tensor 1.5)) name
                near 1e-6 [ 1.0; 3.0 ] (jacobian at (tensor 1.5)) "first"
                near 1e-5 [ 2.0 ] (grad (grad (fun p -> (at p)[1])) (tensor 1.5)) "second"

            let fit y =
                (LeastSquares.levenbergMarquardt
                    LeastSquares.defaults
                    (fun (y: Tensor) (x: Tensor) -> x[0] + x[1] * tensor [ 0.0; 1.0; 2.0 ] - y)
                    y
                    (tensor [ 0.0; 0.0 ]))
                    .Value

            near
                1e-8
                [ -0.5; 0.0; 0.5 ]
                (grad (fun y -> (fit y)[1]) (tensor [ 1.0; 2.0; 4.0 ]))
                "the slope of a line by its points"
        }
        test "unknowns that are trees, Float32, and mistakes" {
            let f (p: Tensor) (x: Tensor, y: Tensor) = sum (square (x - p)) + square (y - 1.0f)

            let found =
                Minimize.lbfgs
                    { Minimize.defaults with Tolerance = 1e-5 }
                    f
                    (tensor [ 1.0f; 2.0f ])
                    (tensor [ 0.0f; 0.0f ], tensor 0.0f)

            isConverged found "Float32"
            near 1e-4 [ 1.0; 2.0 ] (fst found.Value) "x"

            raises<ShapeException, _>
                "it must be one Float64"
                (fun () -> Minimize.lbfgs Minimize.defaults (fun () x -> x) () (tensor [ 1.0 ]))
                "not one number"

            raises<ShapeException, _>
                "a vector (m,)"
                (fun () ->
                    LeastSquares.levenbergMarquardt
                        LeastSquares.defaults
                        (fun () (x: Tensor) -> sum x)
                        ()
                        (tensor [ 1.0 ]))
                "no vector"

            let few =
                Minimize.bfgs
                    { Minimize.defaults with MaximumSteps = 2 }
                    (fun () (x: Tensor) -> 100.0 * square (x[1] - square x[0]) + square (1.0 - x[0]))
                    ()
                    (tensor [ -1.2; 1.0 ])

            Expect.isFalse (few.Converged.ToData<bool>()) "two steps"

            let below =
                Minimize.lbfgs
                    { Minimize.defaults with MaximumSteps = 30 }
                    (fun () (x: Tensor) -> -sum(square x))
                    ()
                    (tensor [ 1.0 ])

            Expect.isFalse (below.Converged.ToData<bool>()) "no minimum"
        }
    ]

[<Tests>]
let tests = testList "Implicit" [ linear; roots; failures; closures; minima ]
