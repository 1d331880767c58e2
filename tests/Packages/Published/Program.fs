/// What a program does with trees, compiled functions and text, one line for each: run as it is built, and published.
module Program

open System.Collections.Generic
open System.Collections.Immutable
open Cotangent

type Model = { W: Tensor; B: Tensor }

/// A field that nothing reads.
type Unread = { Used: Tensor; Unused: Tensor }

type Shape =
    | Circle of Tensor
    | Square of Tensor * Tensor

type Mode =
    | Fast
    | Slow

type Generic<'a> = { Content: 'a; Mode: Mode }

[<Struct>]
type Pair = { P: Tensor; N: int }

let private attempt name (f: unit -> 'a) =
    try
        printfn "%s: %s" name (string (box (f ())))
    with e ->
        printfn "%s: %s %s" name (e.GetType().Name) e.Message

let private x = tensor [ 1.0; 2.0 ]
let private squares = sum << square

/// The gradient of a sum of squares of all leaves, as text; that of x is [2, 4] everywhere.
let private gradient name (tree: 'tree) =
    attempt name (fun () ->
        grad (fun t -> Tree.leaves t |> Array.map squares |> Array.reduce (+)) tree
        |> Tree.leaves
        |> Array.map string
        |> String.concat " ")

let private trees () =
    gradient "record" { W = x; B = x }
    gradient "unread field" { Used = x; Unused = x }
    gradient "anonymous record" {| A = x; B = "text" |}
    gradient "generic record" { Content = [ x ]; Mode = Slow }
    gradient "struct record" { P = x; N = 1 }
    gradient "union" (Square(x, x))
    gradient "tuple" (x, 1, x)
    gradient "struct tuple" (struct (x, 1))
    gradient "long tuple" (x, 1, 2, 3, 4, 5, 6, 7, x)
    gradient "option" (Some x)
    gradient "voption" (ValueSome x)
    gradient "choice" (Choice2Of2 x: Choice<int, Tensor>)
    gradient "list" [ x; x ]
    gradient "array" [| x; x |]
    gradient "map" (Map [ "a", x ])
    gradient "map of integers" (Map [ 1, x ])
    gradient "List<T>" (List [ x ])
    gradient "IReadOnlyList<T>" ([| x |] :> IReadOnlyList<Tensor>)
    gradient "Dictionary" (Dictionary(dict [ "a", x ]))
    gradient "Dictionary of integers" (Dictionary(dict [ 1, x ]))
    gradient "ImmutableArray" (ImmutableArray.Create x)
    gradient "ImmutableList" (ImmutableList.Create x)
    gradient "ImmutableDictionary" (ImmutableDictionary.CreateRange [ KeyValuePair("a", x) ])
    gradient "list of structs" [ { P = x; N = 1 }; { P = x; N = 2 } ]
    gradient "array of structs" [| struct (x, 1) |]
    gradient "option of a struct" (Some { P = x; N = 1 })
    gradient "List<T> of structs" (List [ struct (x, 1) ])
    gradient "ImmutableArray of structs" (ImmutableArray.Create { P = x; N = 1 })
    gradient "nested" [ { W = x; B = x }, Map [ "a", [ Circle x ] ] ]
    gradient "C# record" (Models.Layer.Create x)
    gradient "layers of C#" (Models.Network.Create x)
    gradient "C# class" (Models.Counter x)
    gradient "map of structs" (Map [ "a", { P = x; N = 1 } ])

let private training () =
    let loss m = squares (x * m.W + m.B)
    let model = { W = x; B = x }
    let optimizer = Optimizer.sgd 0.25

    let step (m, s) = Optimizer.step optimizer (grad loss m) s m

    let trained f = (fst (f (model, optimizer.Init model))).W
    let twice = iterate 2 step
    attempt "trained" (fun () -> trained twice)
    attempt "trained, compiled" (fun () -> trained (compile twice))
    attempt "mapped, compiled" (fun () -> compile (vmap (fun (row: Tensor) -> sum row)) (stack 0 [ x; x ]))
    attempt "gradient of compiled" (fun () -> (grad (compile loss) model).W)

    attempt "adam, compiled" (fun () ->
        let optimizer = Optimizer.adam 0.5
        let layers = Mlp.init 2 [ 4, Linear.defaults; 1, Linear.defaults ] (Key.create 0L)

        let step (m, s) =
            Optimizer.step
                optimizer
                (grad (fun m -> squares (Mlp.forward m (x.Convert DType.Float32))) m)
                s
                m

        let start = layers, optimizer.Init layers
        let plain, compiled = fst (step start), fst (compile step start)
        float (Tree.norm (Tree.subtract plain compiled)) < 1e-3)

    attempt "random, compiled" (fun () ->
        let draw key = Random.normal key DType.Float64 [ 3 ]
        let difference = draw (Key.create 1L) - compile draw (Key.create 1L)
        float (sum (abs difference)) < 1e-9)

let private text () =
    attempt "saved" (fun () ->
        let path = System.IO.Path.GetTempFileName()
        Checkpoint.save path { W = x; B = x * 3.0 }
        let loaded = Checkpoint.load path { W = x * 0.0; B = x * 0.0 }
        $"{loaded.W} {loaded.B} {(Checkpoint.steps path).Length}")

    attempt "data" (fun () -> (stack 0 [ x; x ]).ToData<float list list>())
    attempt "array data" (fun () -> (stack 0 [ x; x ]).ToData<float[,]>()[1, 1])
    attempt "printed" (fun () -> sprintf "%A" (stack 0 [ x; x ]))
    attempt "integers" (fun () -> tensor [ 1; -2 ], tensor [ 3L ])
    attempt "error with a list" (fun () -> maxPool [ 0 ] Window.plain (Tensor.ones DType.Float32 [ 1; 1; 4 ]))
    attempt "error" (fun () -> matmul (stack 0 [ x; x ]) (Tensor.ones DType.Float64 [ 3; 3 ]))

/// Whether compiled functions become machine code.
let private emitted () =
    let width = typeof<Tensor>.Assembly.GetType "Cotangent.Compiler.Emission.Width"

    attempt "emits" (fun () ->
        match width with
        | null -> "no such class"
        | width ->
            let flags =
                System.Reflection.BindingFlags.Static
                ||| System.Reflection.BindingFlags.NonPublic
                ||| System.Reflection.BindingFlags.Public

            match width.GetProperty("Best", flags) with
            | null -> "no such property"
            | best -> if isNull (best.GetValue null) then "no" else "yes")

[<EntryPoint>]
let main _ =
    trees ()
    training ()
    text ()
    emitted ()
    0
