/// Surgery on models by the names of their leaves, and what a summary says of them.
module Cotangent.Tests.ModelTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Block = { Attention: Linear; Norm: Tensor; RunningMean: Frozen<Tensor> }

type private Net = {
    Embedding: Tensor
    [<LeafName "encoder">]
    Blocks: Block list
    Head: Linear
}

let private key = Key.create 2L

let private block i = {
    Attention = Linear.create 4 4 (Key.fold i key)
    Norm = Tensor.ones DType.Float32 [ 4 ]
    RunningMean = Frozen(Tensor.zeros DType.Float32 [ 4 ])
}

let private net = {
    Embedding = Tensor.ones DType.Float32 [ 10; 4 ]
    Blocks = [ block 0L; block 1L ]
    Head = Linear.create 4 3 key
}

let private selected pattern = [ for leaf in Model.select pattern net -> leaf.Name ]

let private names =
    testList "names" [
        testCase "as PyTorch writes them, or as an attribute says" (fun () ->
            Expect.sequenceEqual
                (Model.names net)
                [
                    "embedding"
                    "encoder.0.attention.weight"
                    "encoder.0.attention.bias"
                    "encoder.0.norm"
                    "encoder.0.running_mean"
                    "encoder.1.attention.weight"
                    "encoder.1.attention.bias"
                    "encoder.1.norm"
                    "encoder.1.running_mean"
                    "head.weight"
                    "head.bias"
                ]
                "names")

        for pattern, expected in
            [
                "head.bias", [ "head.bias" ]
                "*.bias", [ "head.bias" ]
                "**.bias", [ "encoder.0.attention.bias"; "encoder.1.attention.bias"; "head.bias" ]
                "encoder.*.norm", [ "encoder.0.norm"; "encoder.1.norm" ]
                "encoder.0.**",
                [
                    "encoder.0.attention.weight"
                    "encoder.0.attention.bias"
                    "encoder.0.norm"
                    "encoder.0.running_mean"
                ]
                "**.running_*", [ "encoder.0.running_mean"; "encoder.1.running_mean" ]
                "**.*b*ing", [ "embedding" ]
                "**.1.**.weight", [ "encoder.1.attention.weight" ]
                "e*g", [ "embedding" ]
            ] do
            testCase $"pattern {pattern}" (fun () -> Expect.equal (selected pattern) expected "selected")

        testCase "every leaf, and none" (fun () ->
            Expect.equal (selected "**").Length 11 "all"

            throws<TreeException, _>
                [ "Model.select"; "'heads'"; "embedding, encoder.0.attention.weight"; "…" ]
                (fun () -> Model.select "heads" net)

            // A letter of the pattern may not be used twice: "aba" does not fit "ab*ba".
            throws<TreeException, _> [ "ab*ba" ] (fun () -> Model.select "ab*ba" {| aba = tensor 1.0 |})
            throws<TreeException, _> [ "'encoder'" ] (fun () -> Model.select "encoder" net))
    ]

let private changes =
    testList "changes" [
        testCase "count: what is trained" (fun () ->
            // 40 of the embedding, 16 + 4 + 4 of each block, 15 of the head.
            Expect.equal (Model.count net) (40L + 2L * 24L + 15L) "trained"
            Expect.equal (Tree.size net) (40L + 2L * 28L + 15L) "all")

        testCase "mapAt and replace change what fits, and nothing else" (fun () ->
            let changed = Model.mapAt "encoder.*.norm" (fun t -> t * 5.0f) net

            for before, after in Array.zip (Tree.entries net) (Tree.entries changed) do
                let expected = if before.Name.EndsWith ".norm" then before.Tensor * 5.0f else before.Tensor
                equals expected after.Tensor

            let bias = tensor [ 1.0f; 2.0f; 3.0f ]
            equals bias (nonNull (Model.replace "head.bias" bias net).Head.Bias)

            throws<ShapeException, _> [ "Model.replace"; "head.weight"; "(4, 3)"; "(3,)" ] (fun () ->
                Model.replace "head.*" bias net)

            throws<ShapeException, _> [ "Float32"; "Float64" ] (fun () ->
                Model.replace "head.bias" (bias.Convert DType.Float64) net)

            throws<TreeException, _> [ "Model.mapAt"; "'heads'" ] (fun () -> Model.mapAt "heads" id net))

        testCase "freeze: no gradient, in any order of transformations" (fun () ->
            let loss net =
                let net = Model.freeze "**.norm" net
                sum net.Embedding + sum (net.Blocks[0].Norm * 3.0f)

            for run in [ grad loss; compile (grad loss); grad (compile loss) ] do
                let gradient = run net
                equals (Tensor.zeros DType.Float32 [ 4 ]) gradient.Blocks[0].Norm
                equals (Tensor.ones DType.Float32 [ 10; 4 ]) gradient.Embedding)
    ]

type private Convolving = { Kernel: Tensor; Last: Linear }

let private summaries =
    testList "summary" [
        testCase "multiply-adds of products and convolutions, leaf by leaf" (fun () ->
            // 3 -> 8 channels, windows of 3 by 3 on 10 by 10, so 8 by 8 places; then 512 -> 5.
            let model = { Kernel = Tensor.ones DType.Float32 [ 8; 3; 3; 3 ]; Last = Linear.create 512 5 key }

            let forward model (x: Tensor) =
                Linear.forward model.Last ((convolve Window.plain model.Kernel x).Reshape [ 2; 512 ])

            let s = Model.summary forward (Tensor.zeros DType.Float32 [ 2; 3; 10; 10 ]) model
            let each = [ for row in s.Rows -> row.Leaf.Name, row.Parameters, row.Bytes, row.MultiplyAdds ]

            Expect.equal
                each
                [
                    "kernel", 216L, 864L, 2L * 8L * 64L * 27L
                    "last.weight", 2560L, 10240L, 2L * 512L * 5L
                    "last.bias", 5L, 20L, 0L
                ]
                "rows"

            Expect.equal s.Parameters 2781L "parameters"
            Expect.equal s.Bytes 11124L "bytes"
            Expect.equal s.MultiplyAdds (27648L + 5120L) "multiply-adds")

        testCase
            "loops count every round, attention its two products, transposed weights their leaf"
            (fun () ->
                let blocks = Repeat.create 6 (Linear.create 4 4) key

                let s =
                    Model.summary (Repeat.fold Linear.forward) (Tensor.zeros DType.Float32 [ 3; 4 ]) blocks

                Expect.equal [ for row in s.Rows -> row.MultiplyAdds ] [ 6L * 3L * 16L; 0L ] "loop"

                let attend (w: Tensor) (x: Tensor) =
                    let q = matmul x w.T
                    attend Attention.full q q q

                let s =
                    Model.summary
                        attend
                        (Tensor.zeros DType.Float32 [ 7; 4 ])
                        (Tensor.ones DType.Float32 [ 4; 4 ])

                Expect.equal s.Rows[0].MultiplyAdds (7L * 16L) "projection"
                Expect.equal s.MultiplyAdds (7L * 16L + 2L * 7L * 7L * 4L) "attention")

        testCase "prints as a table" (fun () ->
            let s =
                Model.summary
                    (fun n x -> Linear.forward n.Head x)
                    (Tensor.zeros DType.Float32 [ 1000; 4 ])
                    net

            let lines = (string s).Split '\n'
            Expect.equal lines.Length 13 "a head, the leaves and a total"
            Expect.stringContains lines[5] "encoder.0.running_mean (frozen)" "frozen"
            Expect.stringContains lines[10] "12,000" "multiply-adds"
            Expect.stringContains lines[12] "total" "total"
            Expect.equal s.Frozen 8L "frozen")

        testCase "of one example" (fun () ->
            let s = Model.summary Linear.forward (Tensor.zeros DType.Float32 [ 4 ]) (Linear.create 4 3 key)
            Expect.equal s.MultiplyAdds 12L "multiply-adds")
    ]

[<Tests>]
let tests = testList "Model" [ names; changes; summaries ]
