(**
---
title: The idea: derivatives are linear maps
category: Understand
categoryindex: 2
index: 1
description: How Cotangent differentiates: linear maps as data, push and pull, traces and nesting, trees.
---
*)
(*** hide ***)
#load "../site/page.fsx"
open Page

(**
# The idea: derivatives are linear maps

The derivative of $f$ at a point $x$ is the linear map $L$ for which

$$ f(x + dx) = f(x) + L\,dx + o(\lVert dx \rVert). $$

Not a number, not a matrix of numbers: a map. For `sin` on a tensor of a million elements it is "multiply elementwise by
$\cos x$"; for a reshape it is the same reshape; for `x ↦ matmul w x` it is "multiply by `w` from the left". Written as
matrices these would be enormous and mostly zero. Written as maps they are small, and there are two dozen kinds
of them. So Cotangent keeps them as *data*, as cases of a union:
*)
(*** hide ***)
excerpt
    "src/Differentiation/Linear.fs"
    "type internal Linear ="
    "| Compose of"
(*** include-it-raw ***)
(**
Two functions give them meaning: `apply` a map to a tensor, and `transpose` it. The transpose is what makes reverse mode:
it is the map $L^\top$ with $\langle L x, y\rangle = \langle x, L^\top y\rangle$.

| map | its transpose |
| --- | --- |
| `Scale a` | `Scale a` |
| `Broadcast` from one shape to another | `Sum` over the axes that were stretched |
| `Slice` out a region | `Place` it into zeros |
| `Gather` at indices | `Scatter`, adding, at the same indices |
| `MultiplyLeft a` | `MultiplyLeft aᵀ` |
| `Compose (first, second)` | `Compose (secondᵀ, firstᵀ)` |

`linearTranspose` shows this from outside, for any function that is linear:
*)
open Cotangent

let slice (x: Tensor) : Tensor = x[1..2]

linearTranspose
    slice
    (tensor [ 0.0; 0.0; 0.0; 0.0 ])
    (tensor [ 5.0; 7.0 ])
(*** include-it ***)

(**
The whole derivative of a primitive is a rule that says which map it has, for each of its inputs. These are lines of the
library itself:
*)
(*** hide ***)
excerpt
    "src/Differentiation/ElementwiseDerivatives.fs"
    "| Unary.Sin ->"
    "| Unary.Cos ->"
+ excerpt
    "src/Differentiation/Derivatives.fs"
    "| Primitive.Reshape shape ->"
    "| Primitive.Slice region ->"
+ excerpt
    "src/Differentiation/Derivatives.fs"
    "| Primitive.MatMul ->"
    ")"
(*** include-it-raw ***)
(**
So one rule serves both modes. (Max pooling and a few fused operations, such as attention, have a hand-written rule for each; the tests
hold the two against each other.)

## Push and pull

A function is a chain of primitives, here $y = \sum \sin(W x)$. Its derivative is the chain of their maps. **Forward
mode** pushes a tangent $dx$ through the maps, beside the values. **Reverse mode** first computes the values, then pulls
a cotangent $\bar y$ back through the transposes, last to first.

<figure>
<svg class="drawing" viewBox="0 0 720 240" role="img" aria-label="Values flow through matmul, sin and sum; tangents are pushed through their linear maps in the same direction, cotangents pulled back through the transposes.">
<defs>
<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="line-head" d="M0 0 8 4 0 8z"/></marker>
<marker id="push" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto"><path class="push-head" d="M0 0 8 4 0 8z"/></marker>
<marker id="pull" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto"><path class="pull-head" d="M0 0 8 4 0 8z"/></marker>
</defs>
<text x="8" y="45" class="quiet">values</text>
<text x="8" y="125" class="push-text">push</text>
<text x="8" y="205" class="pull-text">pull</text>
<g text-anchor="middle">
<rect class="box" x="160" y="20" width="110" height="40" rx="6"/><text class="mono" x="215" y="45">matmul W</text>
<rect class="box" x="340" y="20" width="110" height="40" rx="6"/><text class="mono" x="395" y="45">sin</text>
<rect class="box" x="520" y="20" width="110" height="40" rx="6"/><text class="mono" x="575" y="45">sum</text>
<path class="line" marker-end="url(#head)" d="M90 40H158"/><path class="line" marker-end="url(#head)" d="M270 40H338"/><path class="line" marker-end="url(#head)" d="M450 40H518"/><path class="line" marker-end="url(#head)" d="M630 40H698"/>
<text x="122" y="32">x</text><text x="303" y="32">u</text><text x="483" y="32">v</text><text x="662" y="32">y</text>
<rect class="box" x="160" y="100" width="110" height="40" rx="6"/><text x="215" y="125">W ·</text>
<rect class="box" x="340" y="100" width="110" height="40" rx="6"/><text x="395" y="125">cos u ⊙</text>
<rect class="box" x="520" y="100" width="110" height="40" rx="6"/><text x="575" y="125">sum</text>
<path class="push" marker-end="url(#push)" d="M90 120H158"/><path class="push" marker-end="url(#push)" d="M270 120H338"/><path class="push" marker-end="url(#push)" d="M450 120H518"/><path class="push" marker-end="url(#push)" d="M630 120H698"/>
<text x="122" y="112">dx</text><text x="303" y="112">du</text><text x="483" y="112">dv</text><text x="662" y="112">dy</text>
<rect class="box" x="160" y="180" width="110" height="40" rx="6"/><text x="215" y="205">Wᵀ ·</text>
<rect class="box" x="340" y="180" width="110" height="40" rx="6"/><text x="395" y="205">cos u ⊙</text>
<rect class="box" x="520" y="180" width="110" height="40" rx="6"/><text x="575" y="205">broadcast</text>
<path class="pull" marker-end="url(#pull)" d="M158 200H90"/><path class="pull" marker-end="url(#pull)" d="M338 200H272"/><path class="pull" marker-end="url(#pull)" d="M518 200H452"/><path class="pull" marker-end="url(#pull)" d="M698 200H632"/>
<text x="122" y="192">x̄</text><text x="303" y="192">ū</text><text x="483" y="192">v̄</text><text x="662" y="192">ȳ = 1</text>
</g>
</svg>
</figure>

Both are functions that you can call:
*)
let w = tensor [ [ 1.0; 2.0 ]; [ 0.5; -1.0 ]; [ 0.0; 3.0 ] ]
let f x = sin (matmul w x)
let x = tensor [ 0.3; 0.2 ]

let dx = tensor [ 1.0; 0.0 ]
let value, pushed = jvp f x dx
pushed
(*** include-it ***)

let yBar = tensor [ 1.0; 0.0; 2.0 ]
let _, pull = vjp f x
let pulled = pull yBar
pulled
(*** include-it ***)

(**
They are transposes of each other, which can be checked without knowing anything about $f$:
*)
float (dot pushed yBar), float (dot dx pulled)
(*** include-it ***)

(**
One push gives one column of the Jacobian, one pull one row. A scalar function of many parameters has one row, so `grad`
is a single pull, however many parameters there are.

## Traces: how a plain function is seen through

`f` above is an ordinary F# function. A transformation calls it with *tracers*: tensors that stand in for numbers and tell
a *trace* each primitive that is applied to them. A trace of reverse mode notes the primitive's linear maps on a tape; a
trace of forward mode applies them at once; a trace of `vmap` adds an axis. To compute the values, the trace applies the
same primitive to what its tracers stand for. If these are tracers too, of a transformation around, that one sees the
primitive next, and so on down to the engine, which only ever sees numbers.

<figure>
<svg class="drawing" viewBox="165 0 555 250" role="img" aria-label="A primitive applied inside two nested transformations passes the inner trace, then the outer one, then reaches the engine.">
<g text-anchor="middle">
<rect class="box" x="170" y="8" width="300" height="40" rx="6"/><text class="mono" x="320" y="33">diff (fun x → diff (fun y → …))</text>
<rect class="box" x="170" y="78" width="300" height="40" rx="6"/><text x="320" y="103">trace of the inner diff</text>
<rect class="box" x="170" y="138" width="300" height="40" rx="6"/><text x="320" y="163">trace of the outer diff</text>
<rect class="box" x="170" y="198" width="300" height="40" rx="6"/><text x="320" y="223">engine: arrays of numbers</text>
<path class="line" marker-end="url(#head)" d="M320 48V76"/><path class="line" marker-end="url(#head)" d="M320 118V136"/><path class="line" marker-end="url(#head)" d="M320 178V196"/>
</g>
<text x="332" y="67" class="mono">sin</text>
<text x="486" y="103" class="quiet">pushes by its own tangent</text>
<text x="486" y="163" class="quiet">sees values and tangents</text>
<text x="486" y="180" class="quiet">of the inner one</text>
<text x="486" y="223" class="quiet">sees no tracer</text>
</svg>
</figure>

Each use of a transformation is a trace of its own, so tangents of nested derivatives can't be mixed up. The classic test
is $\frac{d}{dx}\, x \cdot \left(\frac{d}{dy}(x + y)\right)$, which is 1; an implementation that confuses the two
perturbations says 2:
*)
diff
    (fun x -> x * diff (fun y -> x + y) (tensor 1.0))
    (tensor 1.0)
(*** include-it ***)

(**
Transformations compose in any order and to any depth, because each is a function from functions to functions. This is
how the library defines the product of a Hessian and a vector, forward mode over reverse mode:

    let hvp f x v = snd (jvp (grad f) x v)

A tracer is of no use once its transformation has returned. To let one out through a variable is an error, not a wrong
derivative some time later:
*)
let mutable leaked = tensor 0.0

try
    grad
        (fun (x: Tensor) ->
            leaked <- x * x
            sum x)
        x
    |> ignore

    leaked + 1.0 |> ignore
with :? TraceException as e ->
    printfn "%s" e.Message
(*** include-output ***)

(**
## Trees: functions of more than one tensor

Nothing above needs $x$ to be one tensor. It can be any *tree*: a nesting of records, tuples, lists, arrays, options,
unions and maps with tensors as leaves. A transformation takes the leaves out, works on them, and puts the results back,
so the gradient with respect to a record is a record of that type. The type of a field decides: what can't hold a tensor (an
activation, a string, a number) is static, and carried along unchanged.

<figure>
<svg class="drawing" viewBox="0 0 720 210" role="img" aria-label="A record of two layers is flattened into four tensors and a static part; the gradient is rebuilt into the same record type.">
<g text-anchor="middle">
<rect class="box" x="10" y="20" width="200" height="150" rx="6"/><text x="110" y="44">Model</text>
<text class="mono" x="110" y="76">Hidden.Weight</text><text class="mono" x="110" y="98">Hidden.Bias</text><text class="mono" x="110" y="120">Output.Weight</text><text class="mono quiet" x="110" y="150">Hidden.Activation</text>
<rect class="box" x="305" y="40" width="110" height="90" rx="6"/><text x="360" y="62">leaves</text><text class="mono" x="360" y="92">[| W; b; V |]</text><text class="mono pull-text" x="360" y="116">[| W̄; b̄; V̄ |]</text>
<rect class="box" x="510" y="20" width="200" height="150" rx="6"/><text x="610" y="44">Model</text>
<text class="mono pull-text" x="610" y="76">Hidden.Weight</text><text class="mono pull-text" x="610" y="98">Hidden.Bias</text><text class="mono pull-text" x="610" y="120">Output.Weight</text><text class="mono quiet" x="610" y="150">Hidden.Activation</text>
<path class="line" marker-end="url(#head)" d="M210 88H303"/><path class="pull" marker-end="url(#pull)" d="M415 110H508"/>
<path class="line" stroke-dasharray="4 4" marker-end="url(#head)" d="M110 170V194H610V172"/><text class="quiet" x="360" y="188">static: carried along</text>
</g>
</svg>
</figure>
*)
type Model = { Hidden: Linear; Output: Tensor }

let model = {
    Hidden =
        Linear.init
            {
                Linear.defaults with
                    Activation = Activation.Tanh
            }
            2
            3
            (Key.create 0L)
    Output = tensor [ 1.0f; -1.0f; 0.5f ]
}

let g =
    grad
        (fun m ->
            matmul
                (Linear.forward
                    m.Hidden
                    (tensor [ 1.0f; 2.0f ]))
                m.Output)
        model

g.Hidden.Activation, g.Output
(*** include-it ***)

(**
`Tree` does the same for your own code: an optimiser is a `Tree.map2` over gradient and parameters.
*)
Tree.paths model
(*** include-it ***)

(**
## What follows from it

- **Second derivatives and beyond** need nothing new: [Hessians and Newton's method](newton.html).
- **A gradient inside a loss** that is itself differentiated is how WGAN-GP is trained: [the sine GAN](sine-gan.html).
- **A new primitive** needs one derivative rule: [extending](extending.html).
- The names in the code are the names used here: [architecture](architecture.html).
*)
