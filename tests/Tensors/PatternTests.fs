/// Axes by name, against plain indices, and what einops' documentation shows.
module Cotangent.Tests.PatternTests

open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck
open FsCheck.FSharp

// The tutorial of einops rearranges a batch of six images of 96 by 96 in three colours; these are smaller.
let private images = counting DType.Float32 [ 6; 4; 8; 3 ]
let private at = reader images

let private published =
    tests "rearrange, as in einops' tutorial" [
        "axes in another order",
        fun () ->
            hasShape [ 8; 4; 3 ] (rearrange "h w c -> w h c" [] images[0])
            equals (images.Permute [ 0; 3; 1; 2 ]) (rearrange "b h w c -> b c h w" [] images)
        "axes put together",
        fun () ->
            hasShape [ 24; 8; 3 ] (rearrange "b h w c -> (b h) w c" [] images)
            let wide = rearrange "b h w c -> h (b w) c" [] images

            equals (build DType.Float32 [ 4; 48; 3 ] (fun i -> at [ i[1] / 8; i[0]; i[1] % 8; i[2] ])) wide

            equals (images.Flatten()) (rearrange "b h w c -> (b h w c)" [] images)
        "axes taken apart",
        fun () ->
            hasShape [ 2; 3; 4; 8; 3 ] (rearrange "(b1 b2) h w c -> b1 b2 h w c" [ "b1", 2 ] images)

            equals
                (build DType.Float32 [ 8; 24; 3 ] (fun i ->
                    at [ i[0] / 4 * 3 + i[1] / 8; i[0] % 4; i[1] % 8; i[2] ]))
                (rearrange "(b1 b2) h w c -> (b1 h) (b2 w) c" [ "b1", 2 ] images)

            // Each w, taken apart, is moved into the height.
            equals
                (build DType.Float32 [ 8; 24; 3 ] (fun i ->
                    at [ i[1] / 4; i[0] / 2; i[1] % 4 * 2 + i[0] % 2; i[2] ]))
                (rearrange "b h (w w2) c -> (h w2) (b w) c" [ "w2", 2 ] images)
        "the order inside of a group counts",
        fun () ->
            equals
                (build DType.Float32 [ 4; 48; 3 ] (fun i -> at [ i[1] % 6; i[0]; i[1] / 6; i[2] ]))
                (rearrange "b h w c -> h (w b) c" [] images)
        "space to depth and back",
        fun () ->
            let deep = rearrange "b (h h1) (w w1) c -> b h w (h1 w1 c)" [ "h1", 2; "w1", 2 ] images
            hasShape [ 6; 2; 4; 12 ] deep
            equals images (rearrange "b h w (h1 w1 c) -> b (h h1) (w w1) c" [ "h1", 2; "w1", 2 ] deep)
        "axes of size 1, and dots",
        fun () ->
            hasShape [ 6; 1; 4; 8; 1; 3 ] (rearrange "b h w c -> b 1 h w 1 c" [] images)
            equals images (rearrange "b 1 h w () c -> b h w c" [] (images.Unsqueeze(1).Unsqueeze(4)))
            equals (images.MoveAxis(3, 0)) (rearrange "... c -> c ..." [] images)
            hasShape [ 6; 32; 3 ] (rearrange "b ... c -> b (...) c" [] images)
            hasShape [ 4; 8; 18 ] (rearrange "b ... c -> ... (b c)" [] images)
            equals images (rearrange "b...c -> b ... c" [] images)
            equals (tensor 3) (rearrange "->" [] (tensor 3))
            equals (tensor [ 3 ]) (rearrange "-> 1" [] (tensor 3))
    ]

let private reductions =
    tests "reduce" [
        "as in einops' tutorial",
        fun () ->
            equals (images.Mean 0) (reduce "b h w c -> h w c" Reduce.Mean [] images)
            equals (images.Min 0) (reduce "b h w c -> h w c" Reduce.Min [] images)
            let pooled = reduce "b (h h2) (w w2) c -> h (b w) c" Reduce.Max [ "h2", 2; "w2", 2 ] images

            equals
                (build DType.Float32 [ 2; 24; 3 ] (fun i ->
                    at [ i[1] / 4; i[0] * 2 + 1; i[1] % 4 * 2 + 1; i[2] ]))
                pooled

            equals pooled (reduce "b (h 2) (w 2) c -> h (b w) c" Reduce.Max [] images)
            hasShape [ 6; 1; 1; 3 ] (reduce "b h w c -> b 1 1 c" Reduce.Mean [] images)
            hasShape [ 6; 1; 1; 3 ] (reduce "b h w c -> b () () c" Reduce.Max [] images)
        "each kind",
        fun () ->
            let t = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
            equals [ 6; 15 ] (reduce "a b -> a" Reduce.Sum [] t)
            equals [ 4; 10; 18 ] (reduce "a b -> b" Reduce.Prod [] t)
            equals 6 (reduce "a b ->" Reduce.Max [] t)
            equals 1 (reduce "... ->" Reduce.Min [] t)
            equals [ 2.0; 5.0 ] (reduce "a b -> a" Reduce.Mean [] (t.Convert DType.Float64))

            equals
                [ true; false ]
                (reduce "a b -> a" Reduce.Max [] (tensor [ [ true; false ]; [ false; false ] ]))

            equals
                [ false; false ]
                (reduce "a b -> a" Reduce.Min [] (tensor [ [ true; false ]; [ false; false ] ]))

            equals t.T (reduce "a b -> b a" Reduce.Sum [] t)
        "halves keep their digits",
        fun () ->
            let many = Tensor.full DType.Float16 [ 2; 4096 ] 1.0
            equalsAs DType.Float16 [ 4096.0; 4096.0 ] (reduce "a b -> a" Reduce.Sum [] many)
    ]

let private repetitions =
    tests "repeat" [
        "as in einops' tutorial",
        fun () ->
            let image = images[0]
            equals (stack 0 [ image; image ]) (repeat "h w c -> new h w c" [ "new", 2 ] image)
            equals (image.Tile [ 1; 3; 1 ]) (repeat "h w c -> h (repeat w) c" [ "repeat", 3 ] image)
            equals (image.Repeat(3, 1)) (repeat "h w c -> h (w 3) c" [] image)
            equals (image.Tile [ 2; 2; 1 ]) (repeat "h w c -> (2 h) (2 w) c" [] image)
            hasShape [ 2; 4; 8; 3 ] (repeat "... -> 2 ..." [] image)
    ]

let private refused =
    let square = tensor [ [ 1; 2 ]; [ 3; 4 ] ]

    tests "patterns that are refused, and where" [
        "as text",
        fun () ->
            let wrong pattern parts =
                throws<ValueException, _> ("rearrange" :: parts) (fun () -> rearrange pattern [] square)

            wrong "h w" [ "no arrow" ]
            wrong "h w -> w h -> h" [ "character 12"; "second arrow" ]
            wrong "(h w -> h w" [ "character 1"; "never closed" ]
            wrong "h w) -> h w" [ "character 4"; "never opened" ]
            wrong "((h) w) -> h w" [ "character 2"; "parentheses stand in parentheses" ]
            wrong "h h -> h" [ "character 3"; "h stands on this side a second time" ]
            wrong "h w -> h (w w)" [ "character 13"; "second time" ]
            wrong "h w. -> h w" [ "character 4"; "three dots" ]
            wrong "h 2w -> h w" [ "character 3"; "2w" ]
            wrong "h w! -> h w" [ "character 4"; "'!'" ]
            wrong "(...) -> ..." [ "character 2"; "dots in parentheses" ]
            wrong "h w -> h" [ "character 3"; "w does not stand on the right"; "`reduce`" ]
            wrong "h w -> h w c" [ "character 12"; "c does not stand on the left"; "`repeat`" ]
            wrong "h 2 -> h" [ "character 3"; "only an axis of 1" ]
            wrong "h w -> h w 2" [ "character 12"; "`repeat`" ]
            wrong "h w -> ... h w" [ "character 8"; "..." ]
        "for their sizes",
        fun () ->
            throws<ValueException, _> [ "character 2"; "axis 0 of shape (2, 2)"; "3" ] (fun () ->
                rearrange "(a b) c -> a b c" [ "b", 3 ] square |> ignore
                square)

            throws<ValueException, _> [ "sizes of a and b"; "Give one" ] (fun () ->
                rearrange "(a b) c -> a b c" [] square)

            throws<ValueException, _> [ "say 6" ] (fun () ->
                rearrange "(a b) c -> a b c" [ "a", 2; "b", 3 ] square)

            throws<ValueException, _> [ "character 1"; "size 2"; "say 3" ] (fun () ->
                rearrange "h w -> w h" [ "h", 3 ] square)

            throws<ValueException, _> [ "given for z"; "h w -> w h" ] (fun () ->
                rearrange "h w -> w h" [ "z", 3 ] square)

            throws<ValueException, _> [ "two sizes"; "h" ] (fun () ->
                rearrange "h w -> w h" [ "h", 2; "h", 2 ] square)

            throws<ValueException, _> [ "h of size -2" ] (fun () -> rearrange "h w -> w h" [ "h", -2 ] square)

            throws<ShapeException, _> [ "rearrange"; "3 axes"; "(2, 2)" ] (fun () ->
                rearrange "a b c -> c b a" [] square)

            throws<ShapeException, _> [ "3 axes" ] (fun () -> rearrange "a b ... c -> c b a ..." [] square)

            throws<ValueException, _> [ "repeat"; "character 12"; "c is a new axis"; "no size" ] (fun () ->
                repeat "h w -> h w c" [] square)

            throws<ValueException, _> [ "repeat"; "`reduce`" ] (fun () -> repeat "h w -> h" [] square)

            throws<DTypeException, _> [ "reduce"; "Int32" ] (fun () ->
                reduce "h w -> h" Reduce.Mean [] square)

            throws<ShapeException, _> [ "reduce"; "nothing" ] (fun () ->
                reduce "h w -> w" Reduce.Max [] (Tensor.zeros DType.Float32 [ 0; 2 ]))

            throws<ShapeException, _> [ "repeat"; "elements" ] (fun () ->
                repeat "h w -> (h n) w" [ "n", 2000000000 ] square)
    ]

/// A shape of three axes, each with a factor, and an order of the six parts.
let private parts = gen {
    let! sizes = Gen.arrayOfLength 6 (Gen.choose (1, 3))
    let! order = Gen.shuffle [| 0..5 |]
    return sizes, order
}

let private laws =
    testList "random patterns" [
        law "taken apart, put in order, and back" parts (fun (sizes, order) ->
            let name i = $"x{i}"
            let shape = [ for i in 0..2 -> sizes[2 * i] * sizes[2 * i + 1] ]
            let x = counting DType.Int32 shape
            let apart = [ for i in 0..2 -> $"({name (2 * i)} {name (2 * i + 1)})" ] |> String.concat " "
            let inOrder = order |> Array.map name |> String.concat " "
            let given = [ for i in 0..5 -> name i, sizes[i] ]
            let y = rearrange $"{apart} -> {inOrder}" given x

            let expected =
                build DType.Int32 [ for i in order -> sizes[i] ] (fun index ->
                    let part i = index[System.Array.IndexOf(order, i)]
                    reader x [ for i in 0..2 -> part (2 * i) * sizes[2 * i + 1] + part (2 * i + 1) ])

            y.Equals expected && (rearrange $"{inOrder} -> {apart}" [] y).Equals x)
        law "reduce after repeat multiplies" parts (fun (sizes, _) ->
            let x = counting DType.Int32 [ sizes[0]; sizes[1] ]
            let wide = repeat "a b -> a n b" [ "n", sizes[2] ] x
            (reduce "a n b -> a b" Reduce.Sum [] wide).Equals(x * sizes[2]))
    ]

[<Tests>]
let all = testList "Patterns" [ published; reductions; repetitions; refused; laws ]
