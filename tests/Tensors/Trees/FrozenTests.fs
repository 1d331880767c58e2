/// What is in a model but not trained, and what is not in it at all: a null where a type says that one may be.
module Cotangent.Tests.FrozenTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Checks

type Bag = { Weight: Tensor; Bias: Tensor | null; Inner: Bag | null }

type Net = {
    Layers: Bag list
    RunningMean: Frozen<Tensor>
    Count: Frozen<Tensor>
    Table: Frozen<Map<string, Tensor>>
    Scale: Tensor option
}

let private ones = tensor [ 1.0; 2.0 ]

let private bag = {
    Weight = ones
    Bias = null
    Inner = { Weight = ones * 3.0; Bias = tensor 5.0; Inner = null }
}

let private net = {
    Layers = [ bag; { bag with Inner = null } ]
    RunningMean = Frozen(tensor [ 7.0; 8.0 ])
    Count = Frozen(tensor 3L)
    Table = Frozen(Map [ "mask", tensor [ true; false ] ])
    Scale = Some(tensor 2.0)
}

/// scale · Σ w² · Σ mean · count, over the entries of the mask: everything takes part.
let private loss (net: Net) =
    let squares = net.Layers |> List.map (fun b -> sum (square b.Weight)) |> List.reduce (+)

    let masked =
        where net.Table.Value["mask"] net.RunningMean.Value (Tensor.zerosLike net.RunningMean.Value)

    squares * sum masked * net.Count.Value.Convert DType.Float64 * net.Scale.Value

/// Worked out by hand: Σ w² is 5 for each of two layers, the masked mean 7, the count 3.
let private expected = {
    net with
        Layers = [
            {
                bag with
                    Weight = ones * 84.0
                    Inner = { Weight = ones * 0.0; Bias = tensor 0.0; Inner = null }
            }
            { bag with Weight = ones * 84.0; Inner = null }
        ]
        RunningMean = Frozen(tensor [ 0.0; 0.0 ])
        Count = Frozen(tensor 0L)
        Table = Frozen(Map [ "mask", tensor [ false; false ] ])
        Scale = Some(tensor 210.0)
}

let private isSame (expected: Net) (actual: Net) what =
    Expect.sequenceEqual
        [ for l in Tree.entries actual -> l.Path, l.Tensor.DType, List.ofArray l.Tensor.Shape ]
        [ for l in Tree.entries expected -> l.Path, l.Tensor.DType, List.ofArray l.Tensor.Shape ]
        $"{what}: leaves"

    for e, a in Array.zip (Tree.leaves expected) (Tree.leaves actual) do
        near (e.Convert DType.Float64) (a.Convert DType.Float64) what

let private absence =
    testList "null" [
        testCase "is no leaf, where the type says that it may be there" (fun () ->
            Expect.sequenceEqual (Tree.paths bag) [ "$.Weight"; "$.Inner.Weight"; "$.Inner.Bias" ] "paths"
            let doubled = Tree.map (fun t -> t * 2.0) bag
            Expect.isNull (box doubled.Bias) "bias"
            Expect.sequenceEqual (Tree.leaves doubled) [ ones * 2.0; ones * 6.0; tensor 10.0 ] "doubled"
            Expect.equal (Tree.rebuild bag (Tree.leaves bag)) bag "rebuilt")

        testCase "is absent from the gradient, under vmap and compile too" (fun () ->
            let f (b: Bag) = sum (square b.Weight)
            Expect.isNull (box (grad f bag).Bias) "grad"
            Expect.isNull (box (compile (grad f) bag).Bias) "compile"

            let batch =
                vmap (fun (x: Tensor) -> { bag with Weight = x; Inner = null }) (tensor [ [ 1.0 ]; [ 2.0 ] ])

            near (tensor [ [ 2.0 ]; [ 4.0 ] ]) (vmap (grad f) batch).Weight "vmap")

        testCase "belongs to a compiled function's signature" (fun () ->
            let mutable traced = 0

            let f =
                compile (fun (b: Bag) ->
                    traced <- traced + 1

                    match b.Bias with
                    | null -> sum b.Weight
                    | bias -> sum b.Weight + bias)

            let with' = { bag with Bias = tensor 10.0 }
            near (tensor 3.0) (f bag) "without"
            near (tensor 13.0) (f with') "with"
            near (tensor 3.0) (f bag) "without, again"
            Expect.equal traced 2 "traced")

        testCase "makes two trees unlike" (fun () ->
            raises<TreeException, _> "$.Bias" (fun () -> Tree.add bag { bag with Bias = tensor 1.0 }) "add"

            raises<TreeException, _>
                "`$.Weight`: null where a Tensor"
                (fun () -> Tree.leaves { bag with Weight = Unchecked.defaultof<Tensor> })
                "a null that may not be")
    ]

let private derivatives =
    testList "derivatives" [
        testCase "grad gives zeros of the same shapes and dtypes, compiled too" (fun () ->
            isSame expected (grad loss net) "grad"
            isSame expected (compile (grad loss) net) "compile"
            isSame expected (grad (compile loss) net) "grad of compiled"
            isSame expected (snd (valueAndGrad loss net)) "valueAndGrad"
            isSame expected (fst (gradWith (fun n -> loss n, n) net)) "gradWith"
            isSame net (snd (gradWith (fun n -> loss n, n) net)) "what comes out with it")

        testCase "those zeros take no memory of their own" (fun () ->
            let x = {| W = tensor 1.0f; Table = Frozen(Tensor.zeros DType.Float32 [ 1000; 1000 ]) |}
            let before = GC.GetAllocatedBytesForCurrentThread()
            let g = grad (fun (x: {| W: Tensor; Table: Frozen<Tensor> |}) -> x.W * x.W) x
            let allocated = GC.GetAllocatedBytesForCurrentThread() - before
            Expect.equal (List.ofArray g.Table.Value.Shape) [ 1000; 1000 ] "shape"
            Expect.isLessThan allocated 1000000L "bytes")

        testCase "vmap of grad, over models and over examples" (fun () ->
            let stacked = Tree.map (fun t -> stack 0 [ t; t; t ]) net
            isSame (Tree.map (fun t -> stack 0 [ t; t; t ]) expected) (vmap (grad loss) stacked) "models"
            let perExample = vmap (fun (x: Tensor) -> grad (fun n -> x * loss n) net) (tensor [ 1.0; 2.0 ])
            near (tensor [ 210.0; 420.0 ]) perExample.Scale.Value "examples"
            Expect.sequenceEqual (perExample.Count.Value.Shape) [ 2 ] "a zero for each")

        testCase "jvp and linearize push nothing from it" (fun () ->
            let tangent = Tree.mapTrained (fun t -> Tensor.onesLike t) net
            // Whatever stands in the tangent there.
            let _, pushed = jvp loss net tangent
            let _, push = linearize loss net
            // Σ 84 w over two layers, and 210.
            near (tensor (84.0 * 6.0 + 210.0)) pushed "jvp"
            near pushed (push tangent) "linearize"
            let _, pull = vjp loss net
            isSame expected (pull (tensor 1.0)) "vjp")

        testCase "hvp" (fun () ->
            let direction = Tree.mapTrained Tensor.onesLike net
            let h = hvp loss net direction
            // d/dw of 42 s w² at s = 2 along (1, …, 1): 2·42·(s + w).
            near (tensor [ 42.0 * 2.0 + 42.0 * 1.0; 42.0 * 2.0 + 42.0 * 2.0 ]) h.Layers[0].Weight "hvp"
            near (tensor 0L) h.Count.Value "count")

        testCase "linearTranspose takes its values for constants" (fun () ->
            let f (x: Tensor, k: Frozen<Tensor>) = x * k.Value
            let transposed = linearTranspose f (tensor [ 0.0; 0.0 ], Frozen(tensor 3.0))
            near (tensor [ 3.0; 6.0 ]) (fst (transposed ones)) "transposed")

        testCase "withDerivative asks for none" (fun () ->
            let f (x: Tensor, k: Frozen<Tensor>) = sum (x * k.Value)
            let own = withDerivative (Derivative.Pull(fun (_, k: Frozen<Tensor>) c -> c * k.Value, k)) f
            let gradient, _ = grad own (ones, Frozen(tensor [ 3.0; 4.0 ]))
            near (tensor [ 3.0; 4.0 ]) gradient "pull")

        testCase "goes round in scan, where it may change" (fun () ->
            let step (carry: Tensor * Frozen<Tensor>) (x: Tensor) =
                let y, count = carry
                (y * x, Frozen(count.Value + 1)), Frozen(count.Value)

            let f (x: Tensor, start: Frozen<Tensor>) =
                let (y, count), counts = scan step (x, start) (tensor [ 2.0; 3.0; 5.0 ])
                y, (count, counts)

            for run in [ id; compile ] do
                let gradient, (count, counts) = run (gradWith f) (tensor 1.0, Frozen(tensor 0L))
                near (tensor 30.0) (fst gradient) "gradient"
                same (tensor 3L) count.Value "count"
                same (tensor [ 0L; 1L; 2L ]) counts.Value "counts")

        testCase "a tree of nothing else is refused" (fun () ->
            raises<TreeException, _>
                "no tensors but frozen ones"
                (fun () -> grad (fun (x: Frozen<Tensor>) -> sum x.Value) (Frozen ones))
                "grad")
    ]

let private trees =
    testList "Tree" [
        testCase "entries: places, names and whether trained" (fun () ->
            Expect.sequenceEqual
                [ for l in Tree.entries net -> l.Path, l.Name, l.IsTrained ]
                [
                    "$.Layers[0].Weight", "layers.0.weight", true
                    "$.Layers[0].Inner.Weight", "layers.0.inner.weight", true
                    "$.Layers[0].Inner.Bias", "layers.0.inner.bias", true
                    "$.Layers[1].Weight", "layers.1.weight", true
                    "$.RunningMean", "running_mean", false
                    "$.Count", "count", false
                    "$.Table[mask]", "table.mask", false
                    "$.Scale.Value", "scale", true
                ]
                "entries")

        testCase "names of tuples, unions and words" (fun () ->
            let names (tree: 't) = [ for l in Tree.entries tree -> l.Name ]
            Expect.equal (names (ones, [ ones ])) [ "0"; "1.0" ] "tuple"
            Expect.equal (names (Choice<Tensor, Tensor * int>.Choice1Of2 ones)) [ "" ] "union"

            Expect.equal
                (names {| GRUCell = ones; BatchNorm2d = ones; x = ones |})
                [ "batch_norm2d"; "gru_cell"; "x" ]
                "words")

        testCase "a vector and back" (fun () ->
            let tree =
                tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ],
                [ tensor 5.0 ],
                Frozen(tensor 7),
                Tensor.zeros DType.Float64 [ 0 ]

            let vector = Tree.toVector tree
            Expect.equal vector (tensor [ 1.0; 2.0; 3.0; 4.0; 5.0 ]) "in order, without what is frozen"
            Expect.equal (Tree.ofVector tree vector) tree "and back"

            Expect.equal
                (Tree.ofVector tree (vector.Convert DType.Float32) |> Tree.trained |> Array.map _.DType)
                (Array.create 3 DType.Float32)
                "the vector's dtype"

            Expect.equal (Tree.toVector (tensor 3.0)) (tensor [ 3.0 ]) "one scalar"
            // Σ xᵢ²/2 by the vector, whose gradient is the tree.
            let half v = let a, b, _, _ = Tree.ofVector tree v in 0.5 * (sum (a * a) + sum (b[0] * b[0]))
            Expect.equal (grad half vector) vector "differentiated"
            let a, b, _, _ = grad (fun tree -> sum (Tree.toVector tree * tensor [ 1.0 .. 5.0 ])) tree
            Expect.equal (a, b) (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ], [ tensor 5.0 ]) "by the tree"
            Expect.equal (compile Tree.toVector tree) vector "compiled"

            Expect.equal
                (vmap (Tree.ofVector (tensor 0.0, tensor [ 0.0 ])) (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]))
                (tensor [ 1.0; 3.0 ], tensor [ [ 2.0 ]; [ 4.0 ] ])
                "batched"

            raises<DTypeException, _>
                "Error at: `$.Item2`: Tree.toVector: Float32 where the first tensor is Float64"
                (fun () -> Tree.toVector (tensor 1.0, tensor 1.0f))
                "two dtypes"

            raises<TreeException, _>
                "Tree.toVector: the tree holds no trained"
                (fun () -> Tree.toVector (Frozen(tensor 1.0)))
                "none"

            for bad in [ tensor [ 1.0; 2.0 ]; tensor [ [ 1.0; 2.0; 3.0 ] ]; tensor 1.0 ] do
                raises<ShapeException, _>
                    "Tree.ofVector: the template holds 3 numbers"
                    (fun () -> Tree.ofVector (tensor [ 0.0; 0.0 ], tensor 0.0) bad)
                    "sizes")
        testCase "trained, rebuildTrained and mapTrained pass the frozen ones by" (fun () ->
            let trained = Tree.trained net
            Expect.equal trained.Length 5 "trained"
            let rebuilt = Tree.rebuildTrained net (trained |> Array.map (fun t -> t * 2.0))
            isSame (Tree.mapTrained (fun t -> t * 2.0) net) rebuilt "rebuilt"
            same (tensor 3L) rebuilt.Count.Value "count"
            near (tensor 4.0) rebuilt.Scale.Value "scale"

            raises<TreeException, _>
                "5 trained tensors, 1 are given"
                (fun () -> Tree.rebuildTrained net [| ones |])
                "too few")

        testCase "mapEntries" (fun () ->
            let named =
                net
                |> Tree.mapEntries (fun l ->
                    if l.IsTrained then l.Tensor else l.Tensor.Convert DType.Float64)

            Expect.equal named.Count.Value.DType DType.Float64 "count")

        testCase "is compiled as a tensor like any other" (fun () ->
            let mutable traced = 0

            let f =
                compile (fun (x: Frozen<Tensor>) ->
                    traced <- traced + 1
                    Frozen(x.Value + 1.0))

            same (tensor 2.0) (f (Frozen(tensor 1.0))).Value "1"
            same (tensor 3.0) (f (Frozen(tensor 2.0))).Value "2"
            Expect.equal traced 1 "traced once")

        testCase "equality and text are those of the value" (fun () ->
            Expect.equal (Frozen(tensor 1.0)) (Frozen(tensor 1.0)) "equal"
            Expect.notEqual (Frozen(tensor 1.0)) (Frozen(tensor 2.0)) "unequal"
            Expect.equal (string (Frozen(tensor 1))) "Frozen 1" "text")
    ]

let private optimisers =
    testList "optimisers leave it alone, bit for bit" [
        for name, optimizer in
            [
                "sgd", Optimizer.sgd 0.1
                "momentum", Optimizer.momentum 0.1
                "adam", Optimizer.adam 0.1
                "adamW", Optimizer.adamW 0.1
                "clipped", Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.sgd 0.1 ]
            ] do
            testCase name (fun () ->
                let step (net, state) = Optimizer.step optimizer (grad loss net) state net

                for run in [ id; compile ] do
                    let next, state = (net, optimizer.Init net) |> run step |> run step
                    same net.RunningMean.Value next.RunningMean.Value "mean"
                    same net.Count.Value next.Count.Value "count"
                    same net.Table.Value["mask"] next.Table.Value["mask"] "mask"
                    Expect.notEqual next.Scale net.Scale "trained"
                    Expect.notEqual (fst (step (next, state))).Scale next.Scale "trained on")

        testCase "nor does a step by hand touch it" (fun () ->
            let next = net |> Tree.addScaled (tensor 0.5) (Tree.mapTrained Tensor.onesLike net)
            same net.Count.Value next.Count.Value "count"
            near (tensor 2.5) next.Scale.Value "scale")

        testCase "an average has the newest of it" (fun () ->
            let later = { net with Count = Frozen(tensor 9L); Scale = Some(tensor 6.0) }
            let mean = Optimizer.average 0.75 net later
            same (tensor 9L) mean.Count.Value "count"
            near (tensor 3.0) mean.Scale.Value "scale")
    ]

[<Tests>]
let tests = testList "Frozen" [ absence; derivatives; trees; optimisers ]
