(**
---
title: Layers, optimisers and derivatives of your own
category: Use
categoryindex: 3
index: 27
description: Writing a layer, an initialiser, an optimiser, a function with its own derivative, and what a new primitive takes.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Layers, optimisers and derivatives of your own

Nothing has to be registered and nothing inherited: the library's own layers and optimisers are written as these are.
*)
open Cotangent

(**
## A layer

A layer is a record of its parameters, a function that makes it from a key, and a function that applies it. Fields that
hold no tensor are static: no gradient, no update.
*)
type RmsNorm = { Scale: Tensor; Epsilon: float }

module RmsNorm =
    let init (size: int) : RmsNorm = {
        Scale = Tensor.ones DType.Float32 [ size ]
        Epsilon = 1e-6
    }

    let forward (layer: RmsNorm) (x: Tensor) =
        x / sqrt ((square x).Mean([ -1 ], keepDims = true) + layer.Epsilon) * layer.Scale

/// A block of a residual network, from parts.
type Block = { Norm: RmsNorm; Widen: Linear; Narrow: Linear }

let initBlock size key =
    let a, b = Key.split key

    {
        Norm = RmsNorm.init size
        Widen =
            Linear.init
                { Linear.defaults with Activation = Activation.Silu }
                size
                (4 * size)
                a
        Narrow = Linear.init Linear.defaults (4 * size) size b
    }

let applyBlock block x =
    x
    + (x
       |> RmsNorm.forward block.Norm
       |> Linear.forward block.Widen
       |> Linear.forward block.Narrow)

let block = initBlock 3 (Key.create 0L)

let gradient =
    grad
        (fun block -> sum (square (applyBlock block (tensor [ [ 1.0f; 2.0f; -1.0f ] ]))))
        block

gradient.Norm.Scale
(*** include-it ***)

Tree.paths block, Tree.size block
(*** include-it ***)

(**
A parameter that may be missing is `Tensor | null`; a null is no leaf. What belongs to the model but is not trained, such as the
running statistics of a batch norm or a fixed table, stands in a `Frozen`: it compiles, batches and is saved with the rest, but
`grad` takes it for a constant, and optimisers leave it alone. State that changes goes in as an argument and comes out as a
result; `gradWith` and `valueAndGradWith` carry it past the gradient.

## An initialiser

`Init` is a function from fans, shape, dtype and key to a tensor, so an initialiser is a function:
*)
let heavyTailed: Init =
    fun fans shape dtype key ->
        (Random.normal key dtype shape) ** 3 * sqrt (1.0 / (15.0 * float fans.FanIn))

let layer =
    Linear.init { Linear.defaults with Weight = heavyTailed } 100 2 (Key.create 1L)

layer.Weight.Max(), layer.Weight.Variance()
(*** include-it ***)

(**
## An optimiser

An optimiser is a name, the names of what it keeps of each tensor of the parameters, and a pure rule: from step, gradient,
parameter and what is kept to the *change* of the parameter and what is kept next. `Optimizer.create` makes one value of it
for models of every type, whose state is a tree and is refused by every other optimiser. This is Lion (Chen et al. 2023):
*)
let lion (rate: float) (beta1: float) (beta2: float) =
    Optimizer.create "lion" [ "mean" ] (fun _ g _ kept ->
        let blend beta = beta * kept.Head + (1.0 - beta) * g
        -rate * (blend beta1).Sign(), [ blend beta2 ])

let optimizer = Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; lion 0.02 0.9 0.99 ]

let loss block =
    Loss.meanSquaredError
        (tensor [ [ 0.5f; -0.5f; 2.0f ] ])
        (applyBlock block (tensor [ [ 1.0f; 2.0f; -1.0f ] ]))

let step (block, state) _ = Optimizer.step optimizer (grad loss block) state block
let trained, _ = Seq.fold step (block, optimizer.Init block) [ 1..100 ]
float (loss block), float (loss trained)
(*** include-it ***)

(**
## A custom derivative

`withDerivative` replaces what the chain rule would do. Give it a push or a pull, whichever is easier; the other direction
is its transpose, found automatically.

**A pull** changed on purpose: the identity, but cotangents are clipped on the way back.
*)
let clipped =
    withDerivative (Derivative.Pull(fun _ c -> clamp -1.0 1.0 c)) (fun (x: Tensor) -> x)

grad (fun x -> sum (5 * clipped x)) (tensor [ 1.0; 2.0 ])
(*** include-it ***)

(**
Forward mode would take the transpose of this pull, which has none, since it is not linear in the cotangent; `Derivative.Both` gives a push
besides. And `Debug.checkDerivative` puts what was given by hand beside central differences:
*)
let cubed =
    withDerivative
        (Derivative.Both(
            (fun (x: Tensor) d -> 3.0 * x * x * d),
            (fun x c -> 3.0 * x * x * c)
        ))
        (fun x -> x * x * x)

let found = Debug.checkDerivative cubed (tensor [ 1.0; 2.0 ])
found.Error < 1e-6
(*** include-it ***)

(**
**A push** from the implicit function theorem: $y(x)$ is the root of $y^3 + y = x$, found by an iteration that nobody wants
to differentiate. From the equation, $(3y^2 + 1)\,dy = dx$.
*)
let rec root (x: Tensor) : Tensor =
    let iterate x =
        Seq.fold
            (fun y _ -> y - (y ** 3.0 + y - x) / (3 * square y + 1))
            (Tensor.zerosLike x)
            [ 1..50 ]

    withDerivative (Derivative.Push(fun x dx -> dx / (3 * square (root x) + 1))) iterate x

let x = tensor [ 0.5; 2.0; 30.0 ]
root x, grad (fun x -> sum (root x)) x
(*** include-it ***)

(**
Reverse mode came from the push. Since `root` occurs in its own derivative, second derivatives are right as well; a
comparison with a difference quotient:
*)
let second = diffn 2 root (tensor 2.0)
let quotient = (diff root (tensor 2.0001) - diff root (tensor 1.9999)) / 0.0002
float second, float quotient
(*** include-it ***)

(**
Everything that shall be differentiated must come in through the argument. A traced tensor that the function reaches for
behind its argument's back would lose its part of the derivative, so that is an error:
*)
try
    grad
        (fun (a: Tensor) ->
            withDerivative (Derivative.Push(fun _ dx -> dx)) (fun x -> a * x) (sin a))
        (tensor 3.0)
    |> ignore
with :? DerivativeException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
## A custom batching rule

`vmap` runs a function's operations on all examples at once. `withBatching` gives it a rule instead, for a batch that another
algorithm does better, or for a function that reads numbers and could not be batched at all. The rule gets the argument of all
examples, and is told which tensors have the examples along axis 0; `Expanded` is the same with all of them so. It returns the
results of all examples along axis 0.

Here the number of digits is counted by a loop, for a batch by logarithms:
*)
let digits (n: Tensor) =
    let mutable count, rest = 1, int n / 10

    while rest > 0 do
        count <- count + 1
        rest <- rest / 10

    tensor (float count)

let ofBatch (batch: BatchedArgument<Tensor>) =
    floor (log10 (batch.Value.Convert DType.Float64)) + 1.0

let digitsOf = withBatching ofBatch digits
digitsOf (tensor 1234), vmap digitsOf (tensor [ 7; 42; 1234 ])
(*** include-it ***)

(**
Derivatives follow: where a batch is, they are those of the rule, elsewhere those of the function, whichever of `grad`, `vmap`
and `compile` is the outer one.

## A primitive

Almost everything is written in terms of a closed set of primitives, and new functions should be, too: they get all
derivatives, batching and dtypes for nothing. A new primitive is worth it where a kernel of its own is much faster or
more exact. The set is a union inside the library, and each thing that must be known of a primitive is an exhaustive
`match` in a file of its own. An incomplete match is an error here, so the work is: add the case, compile, and go where
the compiler points.

| the compiler points to | what is wanted there |
| --- | --- |
| `Primitives/Primitive.fs` | the case with its static attributes, the name for error messages, and the text for printed graphs |
| `Primitives/Facts.fs` | its kind, and whether it has several results: what the compiler and the choice of an engine ask |
| `Primitives/ShapeRule.fs` | dtype and shape of the result |
| `Engines/ManagedEngine.fs` | the kernel |
| `Torch/Kernels/Kernels.fs` | the call of libtorch's kernel |
| `Differentiation/Derivatives.fs` | the linear map for each input; whether the primitive is linear |
| `Batching/BatchRules.fs` | how it applies to a batch |

A primitive that others could spell, but slower and less exactly, is a case of `Fused` (`Primitives/Fused.fs`): softmax,
log-sum-exp, cross-entropy, layer normalisation and attention are. Each has a kernel and a derivative made of such primitives
in turn; `Compiler/Passes/Simplification/FusedExpansions.fs` writes those that loop nests can hold in terms of others, which is faster for small tensors.

Then a row in the table of primitives in the tests: every law (the push against finite differences, the pull against the
push, second order, `vmap` against a loop, the shape rule against the kernel) is run over that table.
[CONTRIBUTING](https://github.com/cotangent/cotangent/blob/main/CONTRIBUTING.md) has it on one page with an example.
*)
