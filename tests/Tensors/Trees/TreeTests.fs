/// Trees of every kind, as arguments of a gradient.
module Cotangent.Tests.TreeTests

open System.Collections.Generic
open Expecto
open FsCheck
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x

// ---- The kinds ----

type Linear = { Weight: Tensor; Bias: Tensor }

type Net = {
    Layers: Linear list
    Scale: Tensor option
    Name: string
    Rate: float
    Activation: Tensor -> Tensor
}

type Boxed<'a> = { Content: 'a; Count: int }
type private Hidden = { Secret: Tensor; Code: int }

[<Struct>]
type Point = { X: Tensor; Y: Tensor }

type Shape =
    | Circle of radius: Tensor
    | Box of width: Tensor * height: Tensor * label: string
    | Nothing
    | Named of string

[<CompilationRepresentation(CompilationRepresentationFlags.UseNullAsTrueValue)>]
type Perhaps =
    | Absent
    | Present of Tensor

type Expression =
    | Leaf of Tensor
    | Sum of Expression * Expression
    | Many of Expression list

[<Sealed>]
type Module(weight: Tensor, name: string) =
    let doubled = weight * 2.0
    member _.Weight = weight
    member _.Doubled = doubled
    member _.Name = name
    member val Extra = weight + 1.0 with get, set

[<Struct>]
type Pair =
    val First: Tensor
    val Second: Tensor
    new(first, second) = { First = first; Second = second }

type WithInterface = { Items: IReadOnlyList<Tensor>; Sequence: Tensor seq }

/// The gradient of a sum of squares, which is twice each leaf, whatever the tree.
let private gradient (tree: 'tree) : 'tree =
    grad (fun t -> Tree.leaves t |> Array.map (fun x -> sum (x * x)) |> Array.fold (+) (number 0.0)) tree

let private doubles (name: string) (tree: 'tree) paths = test name {
    Expect.equal (List.ofArray (Tree.paths tree)) paths "paths"
    let g = gradient tree
    Expect.equal (Tree.paths g) (Tree.paths tree) "the structure of the gradient"
    Array.iter2 (fun x d -> near (x * 2.0) d "a leaf") (Tree.leaves tree) (Tree.leaves g)
}

let private layer w b = { Weight = tensor [ [ w; w + 1.0 ] ]; Bias = tensor [ b ] }

let private net = {
    Layers = [ layer 1.0 2.0; layer 3.0 4.0 ]
    Scale = Some(number 5.0)
    Name = "net"
    Rate = 0.1
    Activation = tanh
}

let private fsharp =
    let a, b, c = number 1.0, tensor [ 2.0; 3.0 ], number 4.0

    testList "F# types" [
        doubles "a tensor" b [ "$" ]
        doubles "a record" (layer 1.0 2.0) [ "$.Weight"; "$.Bias" ]
        doubles "nested records" net [
            "$.Layers[0].Weight"
            "$.Layers[0].Bias"
            "$.Layers[1].Weight"
            "$.Layers[1].Bias"
            "$.Scale.Value"
        ]
        doubles "an anonymous record" {| A = a; B = {| C = b |} |} [ "$.A"; "$.B.C" ]
        doubles "a struct anonymous record" (struct {| A = a; B = b |}) [ "$.A"; "$.B" ]
        doubles "a generic record" { Content = layer 1.0 2.0; Count = 3 } [
            "$.Content.Weight"
            "$.Content.Bias"
        ]
        doubles "a generic record of a list" { Content = [ a; b ]; Count = 3 } [
            "$.Content[0]"
            "$.Content[1]"
        ]
        doubles "a struct record" { X = a; Y = b } [ "$.X"; "$.Y" ]
        doubles "a private record" { Secret = a; Code = 7 } [ "$.Secret" ]
        doubles "a tuple" (a, "static", b) [ "$.Item1"; "$.Item3" ]
        doubles "a struct tuple" (struct (a, 3, b)) [ "$.Item1"; "$.Item3" ]
        doubles "a tuple of nine" (a, b, c, a, b, c, a, b, c) [ for i in 1..9 -> $"$.Item{i}" ]
        doubles "a list" [ a; b; c ] [ "$[0]"; "$[1]"; "$[2]" ]
        doubles "a list of lists" [ [ a ]; []; [ b; c ] ] [ "$[0][0]"; "$[2][0]"; "$[2][1]" ]
        doubles "an array" [| a; b |] [ "$[0]"; "$[1]" ]
        doubles "an array of tuples" [| a, 1; b, 2 |] [ "$[0].Item1"; "$[1].Item1" ]
        doubles "an option" (Some a) [ "$.Value" ]
        doubles "None beside a tensor" (a, (None: Tensor option)) [ "$.Item1" ]
        doubles "a value option" (ValueSome(a, b)) [ "$.Item.Item1"; "$.Item.Item2" ]
        doubles "ValueNone beside a tensor" (a, (ValueNone: Tensor voption)) [ "$.Item1" ]
        doubles "Ok" (Ok a: Result<Tensor, string>) [ "$.ResultValue" ]
        doubles "Error with a tensor" (Error b: Result<Tensor, Tensor>) [ "$.ErrorValue" ]
        doubles "Error without" (a, (Error "no": Result<Tensor, string>)) [ "$.Item1" ]
        doubles "a union case" (Circle a) [ "$.radius" ]
        doubles "a union case of three fields" (Box(a, b, "label")) [ "$.width"; "$.height" ]
        doubles "union cases without tensors" [ Nothing; Circle a; Named "x" ] [ "$[1].radius" ]
        doubles "a union whose first case is null" [ Absent; Present a ] [ "$[1].Item" ]
        doubles "a recursive union" (Sum(Leaf a, Many [ Leaf b; Sum(Leaf c, Leaf a) ])) [
            "$.Item1.Item"
            "$.Item2.Item[0].Item"
            "$.Item2.Item[1].Item1.Item"
            "$.Item2.Item[1].Item2.Item"
        ]
        doubles "a map" (Map [ "b", b; "a", a ]) [ "$[a]"; "$[b]" ]
        doubles "a map by integers, of records" (Map [ 2, layer 1.0 2.0 ]) [ "$[2].Weight"; "$[2].Bias" ]
    ]

let private dotnet =
    let a, b = number 1.0, tensor [ 2.0; 3.0 ]

    testList ".NET types" [
        doubles "a ResizeArray" (ResizeArray [ a; b ]) [ "$[0]"; "$[1]" ]
        doubles "a Dictionary" (Dictionary(dict [ "b", b; "a", a ])) [ "$[a]"; "$[b]" ]
        doubles "interfaces of lists" { Items = [ a; b ]; Sequence = [| b |] } [
            "$.Items[0]"
            "$.Items[1]"
            "$.Sequence[0]"
        ]
        doubles "a struct" (Pair(a, b)) [ "$.First"; "$.Second" ]
        test "a class" {
            let m = Module(b, "module")
            let g = grad (fun (m: Module) -> sum (m.Weight * 2.0 + m.Doubled * 3.0 + m.Extra * 4.0)) m
            // Each field is a leaf of its own; a copy does not run the constructor again.
            near (tensor [ 2.0; 2.0 ]) g.Weight "by a field"
            near (tensor [ 3.0; 3.0 ]) g.Doubled "by what the constructor made of it"
            near (tensor [ 4.0; 4.0 ]) g.Extra "by an automatic property"
            Expect.equal g.Name "module" "a static field"
            near b m.Weight "the argument is as it was"
            near (b + 1.0) m.Extra "the argument is as it was"
            Expect.contains (Tree.paths m) "$.weight" "a path"
            Expect.contains (Tree.paths m) "$.Extra" "a path"
        }
        test "a dictionary keeps its comparer" {
            let d = Dictionary<string, Tensor>(System.StringComparer.OrdinalIgnoreCase)
            d["Weight"] <- a
            near (number 2.0) ((gradient d)["WEIGHT"]) "looked up in capitals"
        }
        test "collections are copies" {
            let list = ResizeArray [ a; b ]
            let g = gradient list
            g.Clear()
            Expect.equal list.Count 2 "the argument is as it was"
        }
    ]

let private statics =
    testList "static fields" [
        test "are carried along" {
            let g = gradient net
            Expect.equal (g.Name, g.Rate) ("net", 0.1) "string and number"
            Expect.isTrue (obj.ReferenceEquals(g.Activation, net.Activation)) "function"
            Expect.equal ((gradient { Content = number 1.0; Count = 3 }).Count) 3 "integer"
            Expect.equal (gradient { Secret = number 1.0; Code = 7 }).Code 7 "in a private record"
            let _, text, _ = gradient (number 1.0, "text", number 2.0)
            Expect.equal text "text" "in a tuple"
        }
        test "are at hand inside the function" {
            let f (n: Net) = sum (n.Activation(matmul n.Layers.Head.Weight (tensor [ 0.1; 0.2 ]))) * n.Rate
            let z = 1.0 * 0.1 + 2.0 * 0.2
            let slope = (1.0 - tanh z ** 2.0) * 0.1
            let g = grad f net
            near (tensor [ [ slope * 0.1; slope * 0.2 ] ]) g.Layers.Head.Weight "used"
            near (tensor [ 0.0 ]) g.Layers.Head.Bias "not used: zeros, not nothing"
            near (number 0.0) g.Scale.Value "not used"
        }
        test "closures over tensors are constants" {
            let inner = number 3.0
            let tree = {| X = number 2.0; F = fun (x: Tensor) -> x * inner |}

            near
                (number 3.0)
                (grad (fun (t: {| X: Tensor; F: Tensor -> Tensor |}) -> t.F t.X) tree).X
                "the closure stays"
        }
        test "a model as a function of its parameters, nested twice" {
            let h = hvp (fun (n: Net) -> sum (n.Layers.Head.Bias ** 3.0)) net (Tree.map Tensor.onesLike net)
            near (tensor [ 12.0 ]) h.Layers.Head.Bias "6 b"
            Expect.equal h.Name "net" "static"
        }
    ]

let private fails<'e when 'e :> CotangentException> path operation words (f: unit -> unit) =
    try
        f ()
        failtest "nothing was raised"
    with :? 'e as e ->
        // A tree that is one tensor has no places.
        let start = if path = "$" then $"{operation}: " else $"Error at: `{path}`: {operation}: "
        Expect.stringStarts e.Message start "the place and the function"

        for part in words do
            Expect.stringContains e.Message part "the place and the function"

let private errors =
    testList "errors" [
        test "trees without tensors" {
            raises<TreeException, _> "Int32 can't hold a tensor" (fun () -> Tree.leaves 3) "an integer"
            raises<TreeException, _> "String can't hold a tensor" (fun () -> Tree.map id "text") "a string"

            raises<TreeException, _>
                "can't hold a tensor"
                (fun () -> Tree.leaves {| A = 1; B = "x" |})
                "a record"

            raises<TreeException, _> "can't hold a tensor" (fun () -> Tree.leaves sin) "a function"
            Expect.equal (Tree.leaves (None: Tensor option)) [||] "None could hold one"
            Expect.equal (Tree.size ([]: Tensor list)) 0L "as could an empty list"
        }
        test "another structure" {
            let a = number 1.0
            raises<TreeException, _> "$[2]" (fun () -> Tree.map2 (+) [ a; a; a ] [ a; a ]) "a list too short"
            raises<TreeException, _> "$[1]" (fun () -> Tree.map2 (+) [ a ] [ a; a ]) "a list too long"

            raises<TreeException, _>
                "$.Scale.Value"
                (fun () -> Tree.dot net { net with Scale = None })
                "an option"

            raises<TreeException, _>
                "1 tensors, the other 2"
                (fun () -> Tree.map3 (fun a _ _ -> a) (Circle a) (Circle a) (Box(a, a, "")))
                "a union case"
        }
        test "the leaf at which a function fails, of one tree or of several" {
            let p = {| A = tensor [ 1.0; 2.0 ]; B = [ tensor [ 1.0; 2.0 ]; tensor [ 3.0 ] ] |}
            let wider = {| p with B = [ p.B[0]; tensor [ 1.0; 2.0; 3.0 ] ] |}
            let longer = {| p with B = [ tensor [ 1.0; 2.0; 3.0 ]; p.B[1] ] |}
            let other = {| p with B = [ p.B[0]; tensor [ 3.0f ] ] |}
            let truth = {| p with B = [ p.B[0]; tensor [ true ] ] |}

            for i, f in List.indexed [ (fun a b -> a + b); (fun (a: Tensor) b -> a * b) ] do
                let map2 x () = Tree.map2 f p x |> ignore
                let map3 x () = Tree.map3 (fun a b c -> f (f a b) c) p p x |> ignore
                let inner = if i = 0 then "add" else "multiply"
                fails<ShapeException> "$.B[0]" "Tree.map2" [ inner; "(2,)"; "(3,)" ] (map2 longer)
                fails<ShapeException> "$.B[0]" "Tree.map3" [ inner ] (map3 longer)
                fails<DTypeException> "$.B[1]" "Tree.map2" [ inner; "Float32"; "Float64" ] (map2 other)
                fails<DTypeException> "$.B[1]" "Tree.map3" [ inner ] (map3 other)
                // These stretch.
                map2 wider ()

            fails<DTypeException> "$.B[1]" "Tree.map" [ "abs"; "Bool" ] (fun () ->
                Tree.map abs truth |> ignore)

            fails<DTypeException> "$.B[1]" "Tree.scale" [ "Bool" ] (fun () -> Tree.scale 2.0 truth |> ignore)
            fails<DTypeException> "$.B[1]" "Tree.add" [ "Bool" ] (fun () -> Tree.add truth truth |> ignore)
            fails<DTypeException> "$.B[1]" "Tree.dot" [ "Float64" ] (fun () -> Tree.dot other other |> ignore)

            fails<DTypeException> "$.B[1]" "Tree.addScaled" [ "Float64"; "Float32" ] (fun () ->
                Tree.addScaled (tensor 1.0) other other |> ignore)

            // What fails is kept.
            try
                Tree.map2 (+) p other |> ignore
            with e ->
                Expect.equal (string (nonNull e.InnerException).Message).[..3] "add:" "the error inside"

            // A tensor is its own leaf; a place that was told stays.
            fails<DTypeException> "$" "Tree.map" [ "abs" ] (fun () -> Tree.map abs (tensor true) |> ignore)

            fails<DTypeException> "$[1]" "Tree.map" [ "abs" ] (fun () ->
                Tree.map (fun _ -> Tree.map abs [ tensor 1.0; tensor true ] |> List.head) p |> ignore)
        }
        test "the leaf at which the branches of cond differ" {
            let choose b (x: Tensor) =
                cond
                    (x.Sum().Greater 0.0)
                    (fun (x: Tensor) -> {| A = x; B = x |})
                    (fun x -> {| A = x; B = b x |})
                    x

            let x = tensor [ 1.0; 2.0 ]

            for (b: Tensor -> Tensor) in [ (fun (x: Tensor) -> x.Sum()); (fun x -> x.Convert DType.Float32) ] do
                fails<ShapeException> "$.B" "cond" [ "Float64 (2,)" ] (fun () ->
                    compile (choose b) x |> ignore)
        }
        test "another structure with as many tensors" {
            let a, b = number 1.0, number 2.0

            let refused path (f: unit -> 'a) what = raises<TreeException, _> $"Error at: `{path}`" f what

            refused
                "$[bias]"
                (fun () -> Tree.map2 (+) (Map [ "weight", a; "bias", b ]) (Map [ "weight", a; "scale", b ]))
                "another key"

            refused "$[0].Value" (fun () -> Tree.map2 (+) [ Some a; None ] [ None; Some b ]) "another option"

            refused
                "$[0]"
                (fun () -> Tree.dot [ Choice1Of2 a ] [ (Choice2Of2 b: Choice<Tensor, Tensor>) ])
                "another case, whose field has the same name"

            refused
                "$[0][1]"
                (fun () -> Tree.map2 (+) [ [ a; b ]; [ a ] ] [ [ a ]; [ a; b ] ])
                "other lengths"

            refused
                "$[0].Value"
                (fun () -> (snd (vjp (fun x -> [ Some x; None ]) a)) [ None; Some b ])
                "a cotangent"

            let dictionary (names: string list) = Dictionary(dict [ for name in names -> name, a ])

            refused
                "$[y]"
                (fun () -> Tree.map2 (+) (dictionary [ "x"; "y" ]) (dictionary [ "x"; "z" ]))
                "other keys"
        }
        test "dictionaries of the same keys are alike in whatever order these came" {
            let entries = [ "x", tensor [ 1.0; 2.0 ]; "y", number 3.0; "Z", number 4.0 ]
            let here, there = Dictionary(dict entries), Dictionary(dict (List.rev entries))
            let sum = Tree.map2 (+) here there

            for name, value in entries do
                near (value * 2.0) sum[name] name

            Expect.sequenceEqual sum.Keys here.Keys "enumerated as the first is"
            Expect.sequenceEqual (Tree.map2 (+) there here).Keys there.Keys "and the other way round"
            Expect.equal (Tree.paths here) [| "$[Z]"; "$[x]"; "$[y]" |] "in ordinal order"
            let _, pull = vjp (fun (d: Dictionary<string, Tensor>) -> d["y"] * d["x"]) here
            let pulled = pull (tensor [ 1.0; 10.0 ])
            near (number 21.0) pulled["y"] "the pull"

            let immutable (items: (string * Tensor) list) =
                System.Collections.Immutable.ImmutableDictionary.CreateRange(dict items)

            let both = Tree.map2 (+) (immutable entries) (immutable (List.rev entries))
            near (number 8.0) both["Z"] "immutable"
        }
        test "rebuild wants as many tensors as there are leaves" {
            let a = number 1.0
            raises<TreeException, _> "more than the 1" (fun () -> Tree.rebuild [ a; a ] [| a |]) "too few"
            raises<TreeException, _> "3 are given" (fun () -> Tree.rebuild [ a; a ] [| a; a; a |]) "too many"
            nearTree [ number 5.0; number 6.0 ] (Tree.rebuild [ a; a ] [| number 5.0; number 6.0 |]) "as many"
        }
        test "integer leaves are refused by name" {
            let tree = Map [ "weight", number 1.0; "step", tensor 3 ]
            raises<DTypeException, _> "$[step]" (fun () -> grad (fun m -> Map.find "weight" m) tree) "grad"
            Expect.equal (Tree.size tree) 2L "though a tree like any other"
        }
    ]

let private functions =
    let p, q =
        { Weight = tensor [ [ 1.0; 2.0 ] ]; Bias = tensor [ 3.0 ] },
        { Weight = tensor [ [ 10.0; 20.0 ] ]; Bias = tensor [ 30.0 ] }

    testList "functions of trees" [
        test "map, map2, map3" {
            nearTree
                { Weight = tensor [ [ 2.0; 4.0 ] ]; Bias = tensor [ 6.0 ] }
                (Tree.map (fun t -> t * 2.0) p)
                "map"

            nearTree { Weight = tensor [ [ 11.0; 22.0 ] ]; Bias = tensor [ 33.0 ] } (Tree.map2 (+) p q) "map2"

            nearTree
                { Weight = tensor [ [ 9.0; 38.0 ] ]; Bias = tensor [ 87.0 ] }
                (Tree.map3 (fun a b c -> a * b - c) p q p)
                "map3"
        }
        test "fold, size, norm, dot, zerosLike" {
            Expect.equal (Tree.fold (fun n (t: Tensor) -> n + t.Rank) 0 p) 3 "fold"
            Expect.equal (Tree.size p) 3L "size"
            near (number (sqrt 14.0)) (Tree.norm p) "norm"
            near (number 140.0) (Tree.dot p q) "dot"

            nearTree
                { Weight = tensor [ [ 0.0; 0.0 ] ]; Bias = tensor [ 0.0 ] }
                (Tree.zerosLike p)
                "zerosLike"

            nearTree { Weight = tensor [ [ 1.0; 1.0 ] ]; Bias = tensor [ 1.0 ] } (Tree.onesLike p) "onesLike"
        }
        test "arithmetic" {
            nearTree { Weight = tensor [ [ 11.0; 22.0 ] ]; Bias = tensor [ 33.0 ] } (Tree.add p q) "add"

            nearTree
                { Weight = tensor [ [ 9.0; 18.0 ] ]; Bias = tensor [ 27.0 ] }
                (Tree.subtract q p)
                "subtract"

            nearTree
                { Weight = tensor [ [ 10.0; 40.0 ] ]; Bias = tensor [ 90.0 ] }
                (Tree.multiply p q)
                "multiply"

            nearTree { Weight = tensor [ [ 0.5; 1.0 ] ]; Bias = tensor [ 1.5 ] } (Tree.scale 0.5 p) "scale"

            nearTree
                { Weight = tensor [ [ -19.0; -38.0 ] ]; Bias = tensor [ -57.0 ] }
                (p |> Tree.addScaled (tensor -2.0) q)
                "addScaled"

            raises<TreeException, _> "Tree.add:" (fun () -> Tree.add [ p ] [ p; q ]) "another structure"
        }
        test "the norm at the origin has the derivative 0" {
            nearTree (Tree.zerosLike p) (grad Tree.norm (Tree.zerosLike p)) "gradient"
            nearTree (Tree.map (fun t -> t / sqrt 14.0) p) (grad Tree.norm p) "elsewhere"
        }
        testProperty
            "map keeps the structure, and map2 of a tree with itself is map"
            (fun (numbers: NormalFloat list list) ->
                let tree = [ for row in numbers -> [ for NormalFloat x in row -> number x ] ]
                Expect.equal (Tree.paths (Tree.map sin tree)) (Tree.paths tree) "paths"
                nearTree (Tree.map (fun t -> t + t) tree) (Tree.map2 (+) tree tree) "map2"
                nearTree tree (Tree.rebuild tree (Tree.leaves tree)) "rebuild")
    ]

[<Tests>]
let tests = testList "Trees" [ fsharp; dotnet; statics; errors; functions ]
