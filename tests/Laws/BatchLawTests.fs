/// The law of batching, `vmap f = stack ∘ map f`, run over every primitive and every function of the tables: each of
/// their inputs batched or shared, batches of 0, 1 and 3 examples, and the same for their derivatives.
module Cotangent.Tests.BatchLawTests

open Expecto
open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable
open Cotangent.Tests.Laws

// ---- Examples ----

/// As many tensors like one that suits a function, along a new axis 0: its own elements, thrown anew, suit it as well.
let private batchOf (dice: Dice) examples (t: Tensor) =
    let pool = t.Convert(DType.Float64).Flatten().ToData<float[]>()
    tensorOf dice t.DType (Array.append [| examples |] t.Dims) (fun () -> pool[dice.Below pool.Length])

/// Some inputs of a function batched, the others shared by all examples.
type private Batch = {
    Examples: int
    Batched: bool[]
    /// One example; the values of the shared inputs.
    Shared: Tensor[]
    /// Every input batched, with or without use.
    Batches: Tensor[]
} with

    /// What the function gets: inputs of the batches, or of one example, where batched.
    member b.Inputs(own: Tensor[]) = Array.mapi (fun i t -> if b.Batched[i] then own[i] else t) b.Shared

    member b.Example(n: int) = Array.mapi (fun i t -> if b.Batched[i] then b.Batches[i][n] else t) b.Shared

    override b.ToString() = $"{b.Examples} examples, batched: %A{b.Batched}"

/// Every choice of batched inputs, of each size.
let private batches (dice: Dice) sizes (inputs: Tensor[]) = [
    for examples in sizes do
        let all = inputs |> Array.map (batchOf dice examples)

        for choice in 0 .. (1 <<< inputs.Length) - 1 do
            {
                Examples = examples
                Batched = inputs |> Array.mapi (fun i _ -> (choice >>> i) &&& 1 = 1)
                Shared = inputs
                Batches = all
            }
]

/// There is a batch, by a counter, even where all inputs are shared.
let private vmapOf (f: Tensor[] -> 'q) (b: Batch) : 'q =
    let counter = Tensor.zeros DType.Float32 [ b.Examples ]
    let own = Array.map2 (fun batched t -> if batched then t else counter) b.Batched b.Batches
    vmap (fun (_: Tensor, own) -> f (b.Inputs own)) (counter, own)

/// The definition: a loop.
let private stacked (f: Tensor[] -> Tensor) (b: Batch) =
    if b.Examples = 0 then
        let y = f b.Shared
        Tensor.zeros y.DType (Array.append [| 0 |] y.Dims)
    else
        stack 0 [ for n in 0 .. b.Examples - 1 -> f (b.Example n) ]

let private compare what ulps (b: Batch) (expected: Tensor) (actual: Tensor) : Violation =
    Oracle.difference ulps 4.0 expected.Host actual.Host
    |> Option.map (fun wrong -> $"{what}, {b}: {wrong}")

let private firstOf (violations: Violation seq) : Violation = violations |> Seq.tryPick id

// ---- Laws ----

let private batchLaw ulps (f: Tensor[] -> Tensor) (dice: Dice) (inputs: Tensor[]) : Violation =
    batches dice [ 0; 1; 3 ] inputs
    |> Seq.map (fun b -> compare "vmap" ulps b (stacked f b) (vmapOf f b))
    |> firstOf

/// A batch of batches, nested vmaps: inputs batched by the outer one, the inner one, both or neither.
let private nestedLaw ulps (f: Tensor[] -> Tensor) (dice: Dice) (inputs: Tensor[]) : Violation =
    // The inner batches, as inputs of a function that is batched again.
    batches dice [ 2 ] inputs
    |> Seq.collect (fun inner ->
        let whole = Array.mapi (fun i (t: Tensor) -> if inner.Batched[i] then inner.Batches[i] else t) inputs
        let once values = vmapOf f { inner with Shared = values; Batches = values }
        let loop values = stacked f { inner with Shared = values; Batches = values }

        batches dice [ 3 ] whole
        |> Seq.map (fun outer ->
            compare $"inner %A{inner.Batched}" ulps outer (stacked loop outer) (vmapOf once outer)))
    |> firstOf

/// Of as many things as there are inputs, those of the inputs that have derivatives.
let private floats (inputs: Tensor[]) (all: 'a[]) =
    Array.zip inputs all |> Array.filter (fun (t, _) -> t.DType.IsFloat) |> Array.map snd

/// All inputs again, those that have derivatives replaced.
let private replaced (inputs: Tensor[]) (some: Tensor[]) =
    let next = Cursor some
    inputs |> Array.map (fun t -> if t.DType.IsFloat then next.Take() else t)

/// The derivatives of a batched function: tangents and cotangents of batched inputs are those of each example; the
/// cotangents of a shared input add up. And the derivatives of each example, batched.
let private derivativeLaw tolerance (f: Tensor[] -> Tensor) (dice: Dice) (inputs: Tensor[]) : Violation =
    let push (x: Tensor[]) d = snd (jvp (replaced x >> f) (floats inputs x) d)
    let pull (x: Tensor[]) c = snd (vjp (replaced x >> f) (floats inputs x)) c
    let y = f inputs
    let tolerance = max tolerance (100.0 * Oracle.epsilon y.DType)

    let ofBatch (b: Batch) =
        let x = b.Inputs b.Batches
        let batched = floats inputs b.Batched
        let d = directionOf dice (floats inputs x)
        let c = (directionOf dice [| Tensor.zeros y.DType (Array.append [| b.Examples |] y.Dims) |])[0]
        let whole own = vmapOf f { b with Shared = replaced inputs own; Batches = replaced b.Batches own }
        let example (k: int) = d |> Array.mapi (fun i (t: Tensor) -> if batched[i] then t[k] else t)
        let pushes = [ for k in 0 .. b.Examples - 1 -> push (b.Example k) (example k) ]
        let pulls = [ for k in 0 .. b.Examples - 1 -> pull (b.Example k) c[k] ]

        let pushed = if pushes.IsEmpty then c else stack 0 pushes

        let pulled =
            d
            |> Array.mapi (fun i like ->
                if pulls.IsEmpty then Tensor.zerosLike like
                elif batched[i] then stack 0 [ for p in pulls -> p[i] ]
                else List.reduce (+) [ for p in pulls -> p[i] ])

        let tangents = {
            b with
                Batched = Array.append b.Batched batched
                Shared = Array.append inputs d
                Batches = Array.append b.Batches d
        }

        let pushInside = vmapOf (fun xd -> push xd[.. inputs.Length - 1] xd[inputs.Length ..]) tangents
        let pullInside = vmap (fun (own, c) -> pull (b.Inputs own) c) (b.Batches, c)
        let total i (t: Tensor) = if batched[i] then t else t.Sum [ 0 ]
        let all what = Seq.map2 (difference $"{what}, {b}" tolerance) pulled

        [
            difference $"jvp of vmap, {b}" tolerance pushed (snd (jvp whole (floats inputs x) d))
            difference $"vmap of jvp, {b}" tolerance pushed pushInside
            yield! all "vjp of vmap" (snd (vjp whole (floats inputs x)) c)
            yield! all "vmap of vjp" (Array.mapi total pullInside)
        ]
        |> firstOf

    if y.DType.IsFloat && inputs |> Array.exists _.DType.IsFloat then
        batches dice [ 0; 1; 3 ] inputs |> Seq.map ofBatch |> firstOf
    else
        None

// ---- One call for all examples ----

/// Notes the primitives applied below a vmap, and the shapes of their inputs.
type private CountingTrace() =
    inherit Trace("count")
    member val Applied = ResizeArray<string * int[] list>()

    override trace.Apply(p, inputs) =
        trace.Applied.Add((string p, [ for t in inputs -> t.Dims ]))

        let below =
            inputs
            |> Array.map (fun t ->
                match t with
                | Traced(:? CountedTensor as r) -> r.Below
                | other -> other)

        Bind.apply p below |> Array.map (fun t -> Traced(CountedTensor(trace, t)))

and private CountedTensor(trace, below: Tensor) =
    inherit Tracer(trace, below.DType, below.Dims, below.Device)
    member _.Below = below
    override _.Concrete = below
    override _.Detached = below

let private primitivesFor (f: Tensor[] -> Tensor) (b: Batch) =
    let trace = CountingTrace()
    let count (t: Tensor) = Traced(CountedTensor(trace, t))
    vmapOf f { b with Shared = Array.map count b.Shared; Batches = Array.map count b.Batches } |> ignore
    List.ofSeq trace.Applied

/// A few primitives, and as many for 3 examples as for 40.
let private countLaw (f: Tensor[] -> Tensor) (dice: Dice) (inputs: Tensor[]) : Violation =
    List.map2
        (fun few many ->
            let a, b = (primitivesFor f few).Length, (primitivesFor f many).Length

            if a = b && a <= 8 then
                None
            else
                Some $"{a} primitives for {few}, {b} for {many.Examples}")
        (batches dice [ 3 ] inputs)
        (batches dice [ 40 ] inputs)
    |> firstOf

/// A matrix that all examples share is neither repeated nor used once for each.
let private tall =
    let x, w = Tensor.ones DType.Float64 [ 2; 3 ], Tensor.ones DType.Float64 [ 3; 4 ]

    let products f shared batch =
        let b = { Examples = 50; Batched = [| false; true |]; Shared = shared; Batches = batch }
        primitivesFor f b |> List.filter (fun (name, _) -> name = "matmul") |> List.map snd

    testList "shared factors make one tall product" [
        test "on the right" {
            let batch = Tensor.ones DType.Float64 [ 50; 2; 3 ]
            let found = products (fun x -> matmul x[1] x[0]) [| w; x |] [| w; batch |]
            Expect.equal found [ [ [| 100; 3 |]; [| 3; 4 |] ] ] "shapes"
        }
        test "on the left, of vectors" {
            let batch = Tensor.ones DType.Float64 [ 50; 3 ]
            let found = products (fun x -> matmul x[0] x[1]) [| x; x[0] |] [| x; batch |]
            Expect.equal found [ [ [| 50; 3 |]; [| 3; 2 |] ] ] "shapes"
        }
    ]

// ---- Over the tables ----

let private run
    seeds
    name
    (draw: Dice -> Tensor[] * (Tensor[] -> Tensor) list)
    (law: (Tensor[] -> Tensor) -> Dice -> Tensor[] -> Violation)
    =
    for seed in 1 .. cases seeds do
        let dice = Dice seed
        let inputs, functions = draw dice

        let violation =
            try
                functions |> Seq.tryPick (fun f -> law f dice inputs)
            with e ->
                Some $"{e.GetType().Name}: {e.Message}"

        match violation with
        | None -> ()
        | Some wrong -> failtest $"{name}, seed {seed}: {wrong}"

/// Without what puts several results in a row.
let private lastOf (functions: 'f list) = [ List.last functions ]

let private overRows (rows: Row list) chosen name seeds numbers (dtypes: DType list) law =
    testList name [
        for row in rows do
            match row.DTypes |> List.filter (fun d -> List.contains d dtypes) with
            | [] -> ()
            | dtypes -> test row.Name {
                for dtype in dtypes do
                    let draw dice =
                        let e = row.Draw dice numbers dtype
                        e.Inputs, chosen (functionsOf e)

                    run seeds $"{dtype}" draw law
              }
    ]

/// Elements thrown anew may make a matrix that these raise an error about: `LinearSystemTests` and `MatrixFunctionTests` have
/// batches of others.
let private total =
    rows
    |> List.filter (fun row ->
        match (row.Draw (Dice 1) Numbers.Smooth row.DTypes.Head).Primitive with
        | Primitive.Cholesky
        | Primitive.Solve _
        | Primitive.Inverse
        | Primitive.OfMatrix _ -> false
        | _ -> true)

let private overPrimitivesAs chosen name = overRows total chosen name
let private overPrimitives name = overPrimitivesAs id name

/// Elements thrown anew may make a singular matrix, which has no derivative: `DecompositionTests` has batches of others.
let private regular =
    total
    |> List.filter (fun row ->
        match (row.Draw (Dice 1) Numbers.Smooth row.DTypes.Head).Primitive with
        | Primitive.Qr
        | Primitive.Lu
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.PseudoInverse _ -> false
        | _ -> true)

let private overFunctions name seeds law =
    testList name [
        for row in FunctionTable.rows do
            test row.Name {
                run seeds row.Name (fun dice -> let case: Case = row.Draw dice in case.At, [ case.Apply ]) law
            }
    ]

[<Tests>]
let tests =
    testList "Batch laws" [
        tall
        // Rules of batching ask for no width of integers: some will do.
        let dtypes = DTypes.real |> List.except [ DType.Int8; DType.Int16; DType.UInt16; DType.UInt32 ]
        overPrimitives "vmap f = stack of map f" 4 Numbers.Ordinary dtypes (batchLaw 16.0)
        overPrimitives "nested" 2 Numbers.Ordinary [ DType.Float64; DType.Int32; DType.Bool ] (nestedLaw 16.0)
        overRows regular id "derivatives" 4 Numbers.Smooth [ DType.Float64 ] (derivativeLaw 1e-12)

        overPrimitivesAs
            lastOf
            "no loop over examples"
            3
            Numbers.Ordinary
            [ DType.Float64; DType.Bool ]
            countLaw

        overFunctions "functions" 3 (batchLaw 64.0)
        overFunctions "functions, nested" 2 (nestedLaw 64.0)
        overFunctions "functions, derivatives" 2 (derivativeLaw 1e-11)
    ]
