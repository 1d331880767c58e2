(**
---
title: Axes by letters and names
category: Use
categoryindex: 3
index: 11
description: einsum, sums of products in Einstein's notation; rearrange, reduce and repeat, patterns in the notation of einops; attention, patches and pooling written with them.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Axes by letters and names

Code that moves axes by number, `x.Permute [ 0; 2; 1; 3 ]`, says how; the reader has to find out what. Two notations say what, and both
check it.

## einsum

`einsum` is a sum of products, written by the axes. Each operand has a letter for each of its axes; axes of one letter go together, and
what is not named behind the arrow is summed over:
*)
open Cotangent

let draw name shape = Random.normal (Key.named name (Key.create 0L)) DType.Float64 shape

let a, b = draw "a" [ 2; 3 ], draw "b" [ 3; 4 ]

(einsum "ij,jk->ik" [ a; b ]).AllClose(matmul a b)
(*** include-it ***)

(**
Nothing else has to be learned for most of what tensors do to each other:
*)
let square = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
let v = tensor [ 10.0; 100.0 ]

[
    "a transpose", einsum "ij->ji" [ square ]
    "sums of rows", einsum "ij->i" [ square ]
    "the trace", einsum "ii->" [ square ]
    "the diagonal", einsum "ii->i" [ square ]
    "every product of two", einsum "i,j->ij" [ v; v ]
    "a quadratic form", einsum "i,ij,j->" [ v; square; v ]
    "rows times numbers", einsum "ij,i->ij" [ square; v ]
]
(*** include-it ***)

(**
Three dots stand for all axes that have no letter. They broadcast, so the same line serves one example and a batch of any shape:
*)
let bilinear (x: Tensor) (w: Tensor) (y: Tensor) = einsum "...i,oij,...j->...o" [ x; w; y ]

(bilinear (draw "x" [ 5; 7; 3 ]) (draw "w" [ 6; 3; 4 ]) (draw "y" [ 7; 4 ])).Shape
(*** include-it ***)

(**
Without an arrow the result has the dots, then the letters that stand once, in the order of the alphabet, as in NumPy. With one is
clearer.

It becomes products of matrices, sums and diagonals; so it is differentiated, batched and compiled like these, in any order. Three
operands or more are multiplied in the order that takes the fewest multiplications, whichever way they are written: up to eight by trying
all, by dynamic programming, beyond by always taking the pair that saves the most. Here the vector goes first, and no product of two
matrices is ever made:
*)
let long, wide = draw "long" [ 300; 2000 ], draw "wide" [ 2000; 300 ]
let few = draw "few" [ 300 ]

(einsum "ij,jk,k->i" [ long; wide; few ]).AllClose(matmul long (matmul wide few))
(*** include-it ***)

(**
## Attention by einsum

Attention as its paper has it ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)), for heads `h` of a batch `b`: queries `q` and keys
`k` of width `d`, each of whose products is scaled; a softmax over the keys; and the mean of the values.
*)
let attention (query: Tensor) (keys: Tensor) (values: Tensor) =
    let width = query.Shape[query.Rank - 1]
    let weights = softmax (einsum "bhqd,bhkd->bhqk" [ query; keys ] / sqrt (float width))
    einsum "bhqk,bhkd->bhqd" [ weights; values ]

let q, k, values =
    draw "q" [ 2; 4; 5; 8 ], draw "k" [ 2; 4; 6; 8 ], draw "values" [ 2; 4; 6; 8 ]

(attention q k values).AllClose(attend Attention.full q k values)
(*** include-it ***)

(**
`attend` is the one to use: it never holds the matrix of weights as a whole. Where the weights themselves are wanted, or something
happens to them in between, this is all there is to it.

## rearrange, reduce, repeat

These three take a pattern in the notation of [einops](https://einops.rocks): the axes as they are, an arrow, the axes as they shall be.
Names in parentheses are one axis of the tensor, the last of them running fastest. A size that does not follow from the tensor is given by
its name.
*)
let images = draw "images" [ 8; 32; 48; 3 ]

[
    "channels first", images |> rearrange "b h w c -> b c h w" []
    "one vector each", images |> rearrange "b h w c -> b (h w c)" []
    "patches of 16 by 16, as a vision transformer takes them",
    images |> rearrange "b (h p) (w q) c -> b (h w) (p q c)" [ "p", 16; "q", 16 ]
    "a mosaic of two rows", images |> rearrange "(r b) h w c -> (r h) (b w) c" [ ("r", 2) ]
]
|> List.map (fun (what, t) -> what, t.Shape)
(*** include-it ***)

(**
The heads of attention are such a pattern, and back:
*)
let steps = draw "steps" [ 2; 5; 24 ]
let heads = steps |> rearrange "b t (h d) -> b h t d" [ ("h", 3) ]
let together = heads |> rearrange "b h t d -> b t (h d)" []

heads.Shape, together.Equals steps
(*** include-it ***)

(**
`reduce` folds the axes that the right side leaves out, by their sum, mean, product, largest or smallest. A number is an axis of that size
without a name, so pooling over squares of 2 by 2 is
*)
[
    "largest of each square", images |> reduce "b (h 2) (w 2) c -> b h w c" Reduce.Max []
    "mean colour", images |> reduce "b h w c -> b c" Reduce.Mean []
    "mean colour, kept for broadcasting",
    images |> reduce "b h w c -> b 1 1 c" Reduce.Mean []
    "mean of the batch, as a row", images |> reduce "b h w c -> h (w c)" Reduce.Mean []
]
|> List.map (fun (what, t) -> what, t.Shape)
(*** include-it ***)

(**
`repeat` has axes on its right side that are new. The order in a group tells what is repeated: the whole, or each element.
*)
let row = tensor [ 1; 2; 3 ]

[
    row |> repeat "w -> h w" [ ("h", 2) ]
    row |> repeat "w -> (2 w)" []
    row |> repeat "w -> (w 2)" []
]
(*** include-it ***)

(**
## What does not fit

A pattern is checked against the tensor, and an error points at the place in it:
*)
let wrong pattern =
    try
        images |> rearrange pattern [] |> ignore
        "nothing wrong"
    with e ->
        e.Message

[
    wrong "b h w c -> b c h"
    wrong "b (h p) w c -> b h w (p c)"
    wrong "b h w c -> (b c) h (w"
]
|> String.concat "\n"
(*** include-it ***)

(**
In C#, `Tensor.Einsum("ij,jk->ik", a, b)`, `x.Rearrange("b t (h d) -> b h t d", ("h", 3))`, `x.Reduce("b h w c -> b c", Reduce.Mean)` and
`x.Repeat("w -> h w", ("h", 2))`.
*)
