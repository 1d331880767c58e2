/// One row for each variant of a primitive. The laws are run over this table; a primitive without a row fails a test.
module internal Cotangent.Tests.PrimitiveTable

open Microsoft.FSharp.Reflection
open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.ElementwiseRows
open Cotangent.Tests.WindowRows

// ---- Made from nothing ----

let private source name dtypes (make: Dice -> DType -> Primitive * Tensor[]) = {
    Name = name
    DTypes = dtypes
    Moves = fun _ -> false
    Draw =
        fun dice _ dtype ->
            let p, inputs = make dice dtype
            { Primitive = p; Inputs = inputs }
}

let private sources = [
    source "Full Real" DTypes.real (fun dice dtype ->
        Primitive.Full(Literal.Real(everywhere dice ()), dtype, dice.Shape()), [||])
    source "Full Whole" DTypes.real (fun dice dtype ->
        let number = int64 (dice.Below 9 - (if dtype.IsUnsigned then 0 else 4))
        Primitive.Full(Literal.Whole number, dtype, dice.Shape()), [||])
    source "Iota" DTypes.real (fun dice dtype -> Primitive.Iota(dtype, dice.Below 20), [||])
    for kind, dtypes in [ Draw.Uniform, floats; Draw.Bits, integers; Draw.Keys, integers ] do
        source (variant (Primitive.Random(kind, DType.Int32, [||]))) dtypes (fun dice dtype ->
            let keys = tensorOf dice DType.Int64 (dice.Shape()) (fun () -> dice.Between -1e15 1e15)
            Primitive.Random(kind, dtype, Array.init (dice.Below 3) (fun _ -> dice.Size)), [| keys |])
]

// ---- Shapes ----

let private region (dice: Dice) (full: int[]) =
    let axes =
        full
        |> Array.map (fun n ->
            if n = 0 then
                struct (0, 0, 1)
            else
                let step = 1 + dice.Below 2
                let count = dice.Below((n + step - 1) / step + 1)
                let room = n - 1 - step * max 0 (count - 1)
                let first = dice.Below(room + 1)
                // The same elements from the other end.
                if dice.Chance 0.4 then
                    struct (first + step * max 0 (count - 1), count, -step)
                else
                    struct (first, count, step))

    {
        Full = full
        Start = axes |> Array.map (fun (struct (start, _, _)) -> start)
        Count = axes |> Array.map (fun (struct (_, count, _)) -> count)
        Step = axes |> Array.map (fun (struct (_, _, step)) -> step)
    }

/// Another shape with as many elements.
let private reshaped (dice: Dice) (shape: int[]) =
    let mixed = dice.Order shape.Length |> Array.map (fun a -> shape[a])

    match dice.Below 4 with
    | 0 -> [| Shape.count shape |]
    | 1 -> Array.insertAt (dice.Below(shape.Length + 1)) 1 mixed
    | 2 when mixed.Length > 1 -> Array.append [| mixed[0] * mixed[1] |] mixed[2..]
    | _ -> mixed

/// A shape that broadcasts to another.
let private narrowed (dice: Dice) (shape: int[]) =
    shape[dice.Below(shape.Length + 1) ..] |> Array.map (fun n -> if dice.Chance 0.4 then 1 else n)

let private concatenate = {
    Name = "Concatenate"
    DTypes = DTypes.real
    Moves = fun _ -> true
    Draw =
        fun dice numbers dtype ->
            let shape, axis = dice.ShapeWithAxis()

            {
                Primitive = Primitive.Concatenate axis
                Inputs =
                    Array.init (1 + dice.Below 3) (fun _ ->
                        plain dice numbers dtype (Array.updateAt axis (dice.Below 4) shape))
            }
}

let private moves = [
    ofOne "Reshape" DTypes.real (fun dice numbers dtype ->
        let shape = dice.Shape()
        Primitive.Reshape(reshaped dice shape), plain dice numbers dtype shape)
    ofOne "Permute" DTypes.real (fun dice numbers dtype ->
        let shape = dice.Shape()
        Primitive.Permute(dice.Order shape.Length), plain dice numbers dtype shape)
    ofOne "Broadcast" DTypes.real (fun dice numbers dtype ->
        let shape = dice.Shape()
        Primitive.Broadcast shape, plain dice numbers dtype (narrowed dice shape))
    ofOne "Slice" DTypes.real (fun dice numbers dtype ->
        let shape = dice.Shape()
        Primitive.Slice(region dice shape), plain dice numbers dtype shape)
    ofOne "Place" DTypes.real (fun dice numbers dtype ->
        let region = region dice (dice.Shape())
        Primitive.Place region, plain dice numbers dtype region.Count)
    concatenate
]

// ---- Indices ----

/// A shape, one of its axes, how many leading axes are shared, and indices into that axis.
let private indexed (dice: Dice) =
    let shape, axis = dice.ShapeWithAxis()
    let batch = dice.Below(axis + 1)
    let extra = Array.init (dice.Below 3) (fun _ -> dice.Size)
    let dtype = dice.Pick integers

    let indices =
        tensorOf dice dtype (Array.append shape[.. batch - 1] extra) (fun () ->
            float (dice.Below shape[axis]))

    struct (shape, axis, batch, indices, extra)

/// The same, and for each index there is a place: where none goes, an extreme is infinite.
let private indexedEverywhere (dice: Dice) =
    let shape, axis = dice.ShapeWithAxis()
    let shape = Array.updateAt axis (max 1 shape[axis]) shape
    let batch = dice.Below(axis + 1)
    let count = shape[axis] + dice.Below 3
    let shift = dice.Below shape[axis]
    let dims = Array.append shape[.. batch - 1] [| count |]

    let places =
        Array.init (Shape.count dims) (fun i ->
            let k = i % count
            if k < shape[axis] then (k + shift) % shape[axis] else dice.Below shape[axis])

    let indices = (Tensor.ofArray dims places).Convert(dice.Pick integers)
    struct (shape, axis, batch, indices, [| count |])

let private gather = {
    Name = "Gather"
    DTypes = DTypes.real
    Moves = fun i -> i = 0
    Draw =
        fun dice numbers dtype ->
            let struct (shape, axis, batch, indices, _) = indexed dice

            {
                Primitive = Primitive.Gather(Finder.Gather, axis, batch)
                Inputs = [| plain dice numbers dtype shape; indices |]
            }
}

let private scatter (collision: Collision) = {
    Name = variant (Primitive.Scatter(collision, 0, 0, 0))
    DTypes = DTypes.real
    Moves = fun i -> i = 0
    Draw =
        fun dice numbers dtype ->
            let struct (shape, axis, batch, indices, extra) =
                match collision with
                | Collision.Add
                | Collision.Last -> indexed dice
                | Collision.Max
                | Collision.Min -> indexedEverywhere dice

            let updates = Array.concat [ shape[.. axis - 1]; extra; shape[axis + 1 ..] ]

            // Equal updates are a kink of an extreme.
            let x =
                match collision, numbers with
                | (Collision.Max | Collision.Min), Numbers.Smooth -> distinctOf dice dtype updates
                | (Collision.Max | Collision.Min), Numbers.Ordinary
                | (Collision.Add | Collision.Last), _ -> plain dice numbers dtype updates

            { Primitive = Primitive.Scatter(collision, axis, batch, shape[axis]); Inputs = [| x; indices |] }
}

// ---- Folds, orders, products ----

let private someAxes (dice: Dice) rank = Array.init rank id |> Array.filter (fun _ -> dice.Chance 0.5)

let private reduce (kind: Reduction) =
    let dtypes = if kind = Reduction.Sum then numeric else DTypes.real

    ofOne (variant (Primitive.Reduce(kind, [||]))) dtypes (fun dice numbers dtype ->
        let shape = dice.Shape()
        let axes = someAxes dice shape.Length

        match kind, numbers with
        | Reduction.Sum, _ -> Primitive.Reduce(kind, axes), plain dice numbers dtype shape
        | _ ->
            // Nothing has no extreme, and equal elements are a kink.
            let shape = shape |> Array.mapi (fun i n -> if Array.contains i axes then max 1 n else n)

            let x =
                match numbers with
                | Numbers.Smooth -> distinctOf dice dtype shape
                | Numbers.Ordinary -> plain dice numbers dtype shape

            Primitive.Reduce(kind, axes), x)

let private alongAxis dtypes moves (make: int -> Primitive) =
    let row =
        ofOne (variant (make 0)) dtypes (fun dice numbers dtype ->
            let shape, axis = dice.ShapeWithAxis()
            make axis, plain dice numbers dtype shape)

    { row with Moves = fun _ -> moves }

let private sort descending =
    ofOne (variant (Primitive.Sort(0, descending))) DTypes.real (fun dice numbers dtype ->
        let shape, axis = dice.ShapeWithAxis()

        // Equal elements are a kink.
        let x =
            match numbers with
            | Numbers.Smooth -> distinctOf dice dtype shape
            | Numbers.Ordinary -> plain dice numbers dtype shape

        Primitive.Sort(axis, descending), x)

let private matmul = {
    Name = "MatMul"
    DTypes = numeric
    Moves = fun _ -> true
    Draw =
        fun dice numbers dtype ->
            let batch = Array.init (dice.Below 3) (fun _ -> dice.Size)
            let m, k, n = dice.Below 5, dice.Below 5, dice.Below 5
            let matrix rows columns = plain dice numbers dtype (Array.append batch [| rows; columns |])
            { Primitive = Primitive.MatMul; Inputs = [| matrix m k; matrix k n |] }
}

let private casesOf<'union> () = [
    for case in FSharpType.GetUnionCases(typeof<'union>, true) ->
        // An order is the first.
        let fields = case.GetFields() |> Array.map (fun _ -> box 0)
        FSharpValue.MakeUnion(case, fields, true) |> unbox<'union>
]

// ---- Devices ----

/// To where the numbers are: other devices are not at hand everywhere.
let private transfer =
    ofOne "Transfer" DTypes.real (fun dice numbers dtype ->
        Primitive.Transfer Device.Cpu, plain dice numbers dtype (dice.Shape()))

/// Nobody wants to read what the laws print.
let private unseen = Primitive.Print(Printing("unseen", ignore))

let rows: Row list = [
    yield! casesOf<Unary>() |> List.map unaryRow
    yield! casesOf<Binary>() |> List.map binaryRow
    select
    convert
    yield! sources
    yield! moves
    gather
    yield! casesOf<Collision>() |> List.map scatter
    yield! casesOf<Reduction>() |> List.map reduce
    for yes in [ true; false ] do
        alongAxis DTypes.real false (fun axis -> Primitive.ArgReduce(yes, axis))
        sort yes
        alongAxis numeric true (fun axis -> Primitive.CumulativeSum(axis, yes))
    matmul
    yield! DecompositionRows.rows
    yield! casesOf<Higher>() |> List.map HigherRows.row
    yield! casesOf<ConvolutionTerm>() |> List.map convolution
    maxPool
    yield! FusedRows.rows
    ofOne (variant Primitive.Barrier) DTypes.real (fun dice numbers dtype ->
        Primitive.Barrier, plain dice numbers dtype (dice.Shape()))
    ofOne (variant unseen) DTypes.real (fun dice numbers dtype ->
        unseen, plain dice numbers dtype (dice.Shape()))
    transfer
]
