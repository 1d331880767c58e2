(**
---
title: Linear algebra
category: Use
categoryindex: 3
index: 12
description: Systems, least squares, determinants, eigenvalues and singular values of real and complex matrices, with derivatives: least squares by QR, and a Gaussian process that learns its own length scale.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Linear algebra

Every decomposition is a function of a matrix, or of a batch of matrices: whatever axes come before the last two. It runs eagerly,
compiled and under `vmap`, and has derivatives of every order.
*)
open Cotangent

let a = tensor [ [ 4.0; 1.0 ]; [ 1.0; 3.0 ] ]
let b = tensor [ 1.0; 2.0 ]
solve a b
(*** include-it ***)

(**
`solve` is better than `inv a` times `b`: faster, and more exact. The derivative of a solution by the matrix, of a determinant, of an
eigenvalue are no special cases:
*)
grad (fun a -> sum (solve a b)) a, grad logAbsDet a, grad (fun a -> (fst (eigh a))[1]) a
(*** include-it ***)

(**
The gradient of $\log|\det A|$ is $A^{-\top}$, that of an eigenvalue $v v^\top$.

## Least squares by QR

Noisy measurements along a cubic. With $A = QR$, the sum of squares $|Ax - b|^2$ is smallest where $Rx = Q^\top b$:
*)
let forPlaces, forNoise = Key.split (Key.create 1L)
let places = Random.uniform forPlaces DType.Float64 [ 50 ] * 4.0 - 2.0
let truth = tensor [ 1.0; -2.0; 0.0; 0.5 ]
let design = vander 4 places

let measured = matmul design truth + Random.normal forNoise DType.Float64 [ 50 ] * 0.1

let q, r = qr design
r.SolveTriangular(matmul q.T measured, upper = true)
(*** include-it ***)

(**
`lstsq design measured` says the same, and does not ask whether the columns are independent: it goes by the pseudo-inverse.

## A Gaussian process

A smooth function is drawn from a distribution: values at two points $x$ and $y$ have the covariance
$s^2 \exp(-|x - y|^2 / 2\ell^2)$, and measurements add noise of variance $\sigma^2$. How likely the measurements are, given the three
numbers, is a determinant and a linear system, and Cholesky's decomposition $K = LL^\top$ gives both:
*)
type Process = { LogScale: Tensor; LogLength: Tensor; LogNoise: Tensor }

let covariance (p: Process) (x: Tensor) (y: Tensor) =
    let distance = x.Unsqueeze 1 - y.Unsqueeze 0
    exp (2.0 * p.LogScale - 0.5 * square (distance / exp p.LogLength))

/// -log p(y | x), but for a constant.
let surprise (x: Tensor) (y: Tensor) (p: Process) =
    let noise = exp (2.0 * p.LogNoise) * Tensor.eye DType.Float64 x.Size
    let l = cholesky (covariance p x x + noise)
    let whitened = l.SolveTriangular y
    0.5 * sum (square whitened) + sum (log (l.Diagonal()))

(**
Forty measurements of a sine, and a start that is wrong in all three. `grad` of that is all there is to training:
*)
let forX, forY = Key.split (Key.create 2L)
let x = Random.uniform forX DType.Float64 [ 40 ] * 6.0
let y = sin x + Random.normal forY DType.Float64 [ 40 ] * 0.1

let start = { LogScale = tensor 0.0; LogLength = tensor -1.0; LogNoise = tensor 0.0 }

let loss = surprise x y
let optimizer = Optimizer.adam 0.05

let step = compile (fun (p, state) -> Optimizer.step optimizer (grad loss p) state p)

let trained, _ =
    List.fold (fun state _ -> step state) (start, optimizer.Init start) [ 1..300 ]

for name, value in
    [ "scale", trained.LogScale; "length", trained.LogLength; "noise", trained.LogNoise ] do
    printfn "%-7s %.3f" name (float (exp value))

printfn "surprise %.2f before, %.2f after" (float (loss start)) (float (loss trained))
(*** include-output ***)

(**
The noise of 0.1 is found. (Of 2,000 measurements a compiled gradient takes a second of a processor of 2026, and at its peak the memory of
nine matrices of 2,000 rows and columns.) What the process then says between the measurements, with its own doubt, is two more solutions:
*)
let predict (p: Process) (at: Tensor) =
    let noise = exp (2.0 * p.LogNoise) * Tensor.eye DType.Float64 x.Size
    let l = cholesky (covariance p x x + noise)
    let across = covariance p x at
    let half = l.SolveTriangular across
    let mean = matmul half.T (l.SolveTriangular y)
    let variance = exp (2.0 * p.LogScale) - (half * half).Sum 0
    mean, sqrt variance

let mean, doubt = predict trained (tensor [ 1.0; 2.0; 3.0; 12.0 ])
stack 1 [ mean; doubt; sin (tensor [ 1.0; 2.0; 3.0; 12.0 ]) ]
(*** include-it ***)

(**
Each row is a prediction, its standard deviation, and the truth: far away, at 12, the process knows that it knows nothing.

## Eigenvalues of any matrix

Of a matrix that is not symmetric they are complex, also where the matrix is real. A damped pendulum, whose angle and speed change by
$\dot x = Ax$, swings with the imaginary part of an eigenvalue of $A$ and comes to rest with the real one. How does its frequency change
with friction?
*)
let pendulum (friction: Tensor) =
    let zero, one = tensor 0.0, tensor 1.0
    stack 0 [ stack 0 [ zero; one ]; stack 0 [ -4.0 * one; -friction ] ]

let frequency friction = (imag (eigenvalues (pendulum friction)))[1]

eigenvalues (pendulum (tensor 1.0)), frequency (tensor 1.0), grad frequency (tensor 1.0)
(*** include-it ***)

(**
It is $\sqrt{4 - c^2/4}$, and its derivative $-c/4$ divided by that. `eig` gives vectors, too: complex ones of length 1, their first large
element real and positive, so that they are unique and have derivatives. `roots` gives the zeros of a polynomial, as the eigenvalues of its
companion matrix; this is $(x - 1)(x^2 + 4)$:
*)
roots (tensor [ 1.0; -1.0; 4.0; -4.0 ])
(*** include-it ***)

(**
## Complex matrices

Everything on this page takes complex matrices as well: systems, `lu`, `qr`, `cholesky`, `eigh`, `eig`, `svd`, `pinv`, `lstsq`, norms and
functions of matrices. Where a real matrix has a transpose, they have an adjoint. The values of `eigh` and of `svd` are real:
*)
let spin =
    complex
        (tensor [ [ 1.0; 0.0 ]; [ 0.0; -1.0 ] ])
        (tensor [ [ 0.0; -1.0 ]; [ 1.0; 0.0 ] ])

eigh spin
(*** include-it ***)

(**
Vectors would be as good with another phase. Here the first element that is at least half as large as the largest is real and positive, in a
column of `eigh`'s vectors, of `eig`'s, and of $U$ in $A = U S V^H$; the derivatives are those of vectors that keep it so. A spin turns by a
unitary matrix, the exponential of $i$ times a Hermitian one:
*)
let turn = matrixExp (spin * System.Numerics.Complex(0.0, 0.5))
let _, sizes, _ = svd turn

turn, sizes
(*** include-it ***)

(**
## What has no derivative

| where | what happens |
| --- | --- |
| `solve`, `inv` of a singular matrix | an error that says which matrix of the batch |
| `cholesky` of a matrix that is not positive definite | the same; add a little to the diagonal |
| `matrixSqrt`, `matrixLog` with eigenvalues that are negative or 0 | the same |
| `eig` where there are too few independent vectors | infinities and NaN, or an error about a singular matrix |
| eigenvectors and singular vectors of equal values | infinities and NaN: any turn of them would do. The values have derivatives |
| singular vectors where a value is 0, of complex matrices and of such that are not square | the same |
| `pinv`, `lstsq` where the rank changes | the derivative is that among matrices of one rank |

*)
