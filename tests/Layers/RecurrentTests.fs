/// Recurrent networks, against their cells' equations written out with plain numbers.
module Cotangent.Tests.RecurrentTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.GradientCheck

let private sigmoid' x = 1.0 / (1.0 + exp -x)

/// Gate g, number j, of one step: (x W + b, h U + b').
let private terms (w: RecurrentWeights) =
    let wi, wh = reader w.WeightIh, reader w.WeightHh
    let inputs, hidden = w.WeightIh.Shape[0], w.WeightHh.Shape[0]

    let bias (b: Tensor | null) : int -> float =
        match b with
        | null -> fun _ -> 0.0
        | b -> let b = numbers b in fun j -> b[j]

    let bi, bh = bias w.BiasIh, bias w.BiasHh

    fun (x: float[]) (h: float[]) gate j ->
        let column = gate * hidden + j

        bi column + Seq.sum (seq { for i in 0 .. inputs - 1 -> x[i] * wi [ i; column ] }),
        bh column + Seq.sum (seq { for i in 0 .. hidden - 1 -> h[i] * wh [ i; column ] })

/// The next states of one step, by the equations in the documentation of PyTorch.
type private Cell = RecurrentWeights -> float[] -> float[][] -> float[][]

let private rnnCell (activation: float -> float) : Cell =
    fun w x states ->
        let term = terms w x states[0]
        [| Array.init states[0].Length (fun j -> let a, b = term 0 j in activation (a + b)) |]

/// With the reset gate after the product, or before it, as Cho et al. (2014) have it.
let private gruCell isResetAfter : Cell =
    fun w x states ->
        let term = terms w x states[0]
        let both gate j = let a, b = term gate j in a + b
        let reset = Array.init states[0].Length (fun j -> sigmoid' (both 0 j))
        let early = terms w x (Array.map2 (*) reset states[0])

        [|
            Array.init states[0].Length (fun j ->
                let z = sigmoid' (both 1 j)

                let n =
                    if isResetAfter then
                        let a, b = term 2 j in tanh (a + reset[j] * b)
                    else
                        let a, b = early 2 j in tanh (a + b)

                (1.0 - z) * n + z * states[0][j])
        |]

let private lstmCell: Cell =
    fun w x states ->
        let term = terms w x states[0]
        let gate k j = let a, b = term k j in a + b

        let cell =
            Array.init states[0].Length (fun j ->
                sigmoid' (gate 1 j) * states[1][j] + sigmoid' (gate 0 j) * tanh (gate 2 j))

        [| Array.mapi (fun j c -> sigmoid' (gate 3 j) * tanh c) cell; cell |]

/// One sequence through all layers: outputs of each step, and last states by layer and direction.
let private plain (cell: Cell) (layers: RecurrentLayer list) (initial: float[][] list) (x: float[][]) =
    let along w (states: float[][]) (xs: float[][]) =
        let mutable states = states

        let ys = [|
            for x in xs do
                states <- cell w x states
                states[0]
        |]

        ys, states

    let mutable xs, rest = x, initial

    let last = [
        for layer in layers do
            let ahead, final = along layer.Ahead rest.Head xs
            rest <- rest.Tail
            final

            match layer.Reverse with
            | null -> xs <- ahead
            | w ->
                let back, final = along w rest.Head (Array.rev xs)
                rest <- rest.Tail
                final
                xs <- Array.map2 Array.append ahead (Array.rev back)
    ]

    xs, last

let private rows (t: Tensor) : float[][] = [| for i in 0 .. t.Shape[0] - 1 -> numbers t[i] |]
let private near (expected: Tensor) (actual: Tensor) what = Checks.within 1e-10 expected actual what

/// A network, its cell, and how it is run: states in and out as one list.
type private Network = {
    Name: string
    Cell: Cell
    States: int
    Layers: RecurrentLayer list
    Forward: Tensor -> Tensor
    Run: Tensor list -> (Tensor | null) -> (Key | null) -> Tensor -> Tensor * Tensor list
}

let private rnnOf (layer: Rnn) cell = {
    Name = "Rnn"
    Cell = cell
    States = 1
    Layers = layer.Layers
    Forward = layer.Forward
    Run =
        fun states mask key x ->
            let state: Tensor | null = if states.IsEmpty then null else states.Head
            let struct (y, s) = layer.Run(x, state, mask, key)
            y, [ s ]
}

let private gruOf (layer: Gru) = {
    Name = "Gru"
    Cell = gruCell layer.ResetAfter
    States = 1
    Layers = layer.Layers
    Forward = layer.Forward
    Run =
        fun states mask key x ->
            let state: Tensor | null = if states.IsEmpty then null else states.Head
            let struct (y, s) = layer.Run(x, state, mask, key)
            y, [ s ]
}

let private lstmOf (layer: Lstm) = {
    Name = "Lstm"
    Cell = lstmCell
    States = 2
    Layers = layer.Layers
    Forward = layer.Forward
    Run =
        fun states mask key x ->
            let state: LstmState | null =
                match states with
                | [ h; c ] -> { Hidden = h; Cell = c }
                | _ -> null

            let struct (y, s) = layer.Run(x, state, mask, key)
            y, [ s.Hidden; s.Cell ]
}

let private key = Key.create 9L
let private options = { Lstm.defaults with DType = DType.Float64 }

let private networks options inputs hidden = [
    rnnOf (randomized 1 (Rnn.init options inputs hidden key)) (rnnCell tanh)
    rnnOf
        { randomized 1 (Rnn.init options inputs hidden key) with Activation = Activation.Relu }
        (rnnCell (max 0.0))
    gruOf (randomized 2 (Gru.init options inputs hidden key))
    gruOf { randomized 2 (Gru.init options inputs hidden key) with ResetAfter = false }
    lstmOf (randomized 3 (Lstm.init options inputs hidden key))
]

let private each options inputs hidden (check: Network -> unit) () =
    for network in networks options inputs hidden do
        check network

let private deep = { options with Layers = 2; IsBidirectional = true }

let private values =
    tests "values" [
        for name, options in
            [
                "one layer", options
                "no biases", { options with Bias = None }
                "three layers", { options with Layers = 3 }
                "both directions", { options with IsBidirectional = true }
                "two layers in both directions", deep
            ] do
            name,
            each options 3 4 (fun network ->
                let x = normal 10 [ 5; 3 ]
                let depth = network.Layers.Length * (if options.IsBidirectional then 2 else 1)
                let zeros = List.replicate depth (Array.init network.States (fun _ -> Array.zeroCreate 4))
                let ys, last = plain network.Cell network.Layers zeros (rows x)
                let y, states = network.Run [] null null x
                near (tensor ys) y $"{network.Name}: outputs"

                for k in 0 .. network.States - 1 do
                    near (tensor [| for s in last -> s[k] |]) states[k] $"{network.Name}: state {k}"

                near y (network.Forward x) "forward"
                near y (compile network.Forward x) "compiled"
                let batch = normal 11 [ 2; 3; 5; 3 ]
                let whole = network.Forward batch
                near (network.Forward batch[1, 2]) whole[1, 2] "a batch"
                near whole (vmap network.Forward batch) "vmap")
        "states are handed in and out: two halves are the whole",
        each { options with Layers = 2 } 3 4 (fun network ->
            let x = normal 12 [ 2; 6; 3 ]
            let whole, expected = network.Run [] null null x
            let first, states = network.Run [] null null x[*, 0..3]
            let second, last = network.Run states null null x[*, 4..]
            near whole (concat 1 [ first; second ]) "outputs"
            List.iter2 (fun e a -> near e a "states") expected last
            hasShape [ 2; 2; 4 ] states.Head)
        "initial states of every layer and direction are its own",
        each deep 3 4 (fun network ->
            let x = normal 13 [ 5; 3 ]
            let initial = [ for k in 0 .. network.States - 1 -> normal (14 + k) [ 4; 4 ] ]

            let ys, _ =
                plain
                    network.Cell
                    network.Layers
                    [ for i in 0..3 -> [| for s in initial -> numbers s[i] |] ]
                    (rows x)

            near (tensor ys) (fst (network.Run initial null null x)) network.Name)
        "padding changes nothing of what is seen, at either end",
        each deep 3 4 (fun network ->
            let x = normal 15 [ 2; 6; 3 ]
            let mask = Mask.ofLengths 6 (tensor [ 4; 6 ])
            let y, states = network.Run [] mask null x
            let alone, last = network.Run [] null null x[0, 0..3]
            near alone y[0, 0..3] "outputs"
            equals (Tensor.zeros DType.Float64 [ 2; 8 ]) y[0, 4..]
            List.iter2 (fun (e: Tensor) (a: Tensor) -> near e a[0] "states") last states
            near (network.Forward x[1]) y[1] "the long one"
            let whatever = x.At[0, 4..].Set 1e3
            near y (fst (network.Run [] mask null whatever)) "whatever stands there"
            near y (compile (fun (x, mask: Tensor) -> fst (network.Run [] mask null x)) (x, mask)) "compiled"
            // Filled up at the start.
            let late, states = network.Run [] (mask.Flip -1) null x
            let alone, last = network.Run [] null null x[0, 2..]
            near alone late[0, 2..] "outputs, late"
            List.iter2 (fun (e: Tensor) (a: Tensor) -> near e a[0] "states, late") last states)
        "a sequence of no steps keeps its state",
        each options 3 4 (fun network ->
            let initial = [ for k in 0 .. network.States - 1 -> normal k [ 2; 1; 4 ] ]
            let y, states = network.Run initial null null (Tensor.zeros DType.Float64 [ 2; 0; 3 ])
            hasShape [ 2; 0; 4 ] y
            List.iter2 equals initial states)
    ]

let private training =
    let dropping = { options with Layers = 2; Dropout = 0.5 }

    tests "training" [
        "gradients",
        fun () ->
            let x = normal 20 [ 2; 4; 3 ]
            let mask = Mask.ofLengths 4 (tensor [ 2; 4 ])
            gradient (fun (l: Rnn) -> sum (square (l.Forward x))) (randomized 21 (Rnn.init deep 3 2 key))
            gradient (fun (l: Gru) -> sum (square (l.Forward x))) (randomized 22 (Gru.init deep 3 2 key))

            gradient
                (fun (l: Lstm) ->
                    let struct (y, s) = l.Run(x, mask = mask)
                    sum (square y) + sum s.Cell)
                (randomized 23 (Lstm.init deep 3 2 key))
        "dropout between layers, by key, and none while predicting",
        each dropping 3 40 (fun network ->
            let x = normal 24 [ 6; 3 ]
            let dropped k = fst (network.Run [] null (Key.create k) x)
            equals (dropped 1L) (dropped 1L)
            Expect.notEqual (dropped 1L) (dropped 2L) "another key"
            Expect.notEqual (dropped 1L) (network.Forward x) "predicting"

            near
                (dropped 1L)
                (compile (fun (key: Key, x) -> fst (network.Run [] null key x)) (Key.create 1L, x))
                "compiled")
        "what is kept is scaled up, and the last layer drops nothing",
        fun () ->
            // The second layer passes on the sum of what it gets.
            let ones shape = Tensor.ones DType.Float64 shape
            let layer = Rnn.init { dropping with Bias = None } 1 1000 key
            let none = Tensor.zeros DType.Float64 [ 1000; 1000 ]

            let first = {
                layer.Layers[0] with
                    Ahead = { layer.Layers[0].Ahead with WeightIh = ones [ 1; 1000 ]; WeightHh = none }
            }

            let second = {
                layer.Layers[1] with
                    Ahead = { layer.Layers[1].Ahead with WeightIh = ones [ 1000; 1000 ]; WeightHh = none }
            }

            let layer = { layer with Layers = [ first; second ]; Activation = Activation.Identity }
            let struct (y, _) = layer.Run(ones [ 1; 1 ], key = key)
            let total = numbers y
            Expect.all total (fun t -> t = total[0]) "nothing dropped after"
            Expect.floatClose { absolute = 150.0; relative = 0.0 } total[0] 1000.0 "the mean stays"
            Expect.equal (total[0] % 2.0) 0.0 "each kept counts twice"
        "stands in a chain of layers that are trained",
        fun () ->
            let layer = Lstm.init dropping 3 4 key
            let x = normal 25 [ 5; 3 ]
            let struct (y, after) = (layer :> ITrainingLayer).Train(x, key)
            let struct (expected, _) = layer.Run(x, key = key)
            equals expected y
            Expect.isTrue (obj.ReferenceEquals(after, layer)) "the same layer"
            equals (layer.Forward x) ((layer :> ILayer).Forward x)
    ]

let private making =
    tests "making" [
        "shapes, names and what it starts from",
        fun () ->
            let layer = Lstm.init { Lstm.defaults with Layers = 2; IsBidirectional = true } 3 100 key

            Expect.sequenceEqual
                [ for l in Tree.entries layer -> l.Name, List.ofArray l.Tensor.Shape ]
                [
                    for i in 0..1 do
                        for d in [ "ahead"; "reverse" ] do
                            $"layers.{i}.{d}.weight_ih", [ (if i = 0 then 3 else 200); 400 ]
                            $"layers.{i}.{d}.weight_hh", [ 100; 400 ]
                            $"layers.{i}.{d}.bias_ih", [ 400 ]
                            $"layers.{i}.{d}.bias_hh", [ 400 ]
                ]
                "leaves"

            for leaf in Tree.leaves layer do
                Expect.equal leaf.DType DType.Float32 "dtype"
                Expect.isLessThanOrEqual (float ((abs leaf).Max())) 0.1 "within 1/√hidden"
                Expect.isGreaterThan (float ((abs leaf).Max())) 0.095 "and up to there"

            Expect.equal (List.distinct [ for l in Tree.leaves layer -> l ]).Length 16 "keys of their own"
            Expect.equal (Lstm.create 3 4 key) (Lstm.init Lstm.defaults 3 4 key) "create"
            Expect.equal (Gru.create 3 4 key) (Gru.init Gru.defaults 3 4 key) "create"
            Expect.equal (Rnn.create 3 4 key) (Rnn.init Rnn.defaults 3 4 key) "create"
            Expect.equal (Rnn.create 3 4 key).Activation Activation.Tanh "tanh"
            hasShape [ 3; 12 ] (Gru.create 3 4 key).Layers[0].Ahead.WeightIh
        "initial states of 0",
        fun () ->
            let layer = Lstm.init deep 3 4 key
            equals (Tensor.zeros DType.Float64 [ 7; 4; 4 ]) (layer.ZeroState [ 7 ]).Cell
            equals (Tensor.zeros DType.Float32 [ 1; 4 ]) ((Gru.create 3 4 key).ZeroState [])
            equals (Tensor.zeros DType.Float32 [ 2; 1; 4 ]) ((Rnn.create 3 4 key).ZeroState [ 2 ])
        "bad input",
        fun () ->
            let layer = Lstm.create 3 4 key
            let x = Tensor.zeros DType.Float32 [ 2; 5; 3 ]

            throws<ShapeException, _> [ "Lstm.forward"; "(3,)"; "(…, steps, width)" ] (fun () ->
                layer.Forward x[0, 0])

            throws<ShapeException, _> [ "Gru.forward"; "(5, 2)"; "3 inputs" ] (fun () ->
                (Gru.create 3 4 key).Forward(Tensor.zeros DType.Float32 [ 5; 2 ]))

            throws<DTypeException, _> [ "Rnn.forward"; "Int32" ] (fun () ->
                (Rnn.create 3 4 key).Forward(Tensor.zeros DType.Int32 [ 5; 3 ]))

            throws<ShapeException, _>
                [ "Lstm.run"; "the state"; "(2, 5, 3)"; "(3, 1, 4)"; "(2, 1, 4)" ]
                (fun () -> layer.Run(x, layer.ZeroState [ 3 ]))

            throws<ShapeException, _> [ "Lstm.run"; "the mask"; "(2, 4)"; "(2, 5)" ] (fun () ->
                layer.Run(x, mask = Tensor.ones DType.Bool [ 2; 4 ]))

            throws<DTypeException, _>
                [ "Lstm.run"; "true for steps that are seen"; "Mask.ofLengths" ]
                (fun () -> layer.Run(x, mask = tensor [ 2; 4 ]))

            throws<ValueException, _> [ "Lstm.init"; "0 layers" ] (fun () ->
                Lstm.init { options with Layers = 0 } 3 4 key)

            throws<ValueException, _> [ "Gru.init"; "0 hidden" ] (fun () -> Gru.create 3 0 key)

            throws<ValueException, _> [ "Rnn.init"; "dropout of 1" ] (fun () ->
                Rnn.init { options with Dropout = 1.0 } 3 4 key)

            throws<DTypeException, _> [ "Lstm.init"; "Bool" ] (fun () ->
                Lstm.init { options with DType = DType.Bool } 3 4 key)
    ]

[<Tests>]
let all = testList "Recurrent" [ values; training; making ]
