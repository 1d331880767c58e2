/// Random programs: operations of every kind on whatever there is so far, with loops, choices, batches and derivatives
/// among them, nested. The same dice make the same program whether numbers flow through it or tracers, since they look at
/// ranks, shapes and dtypes alone.
module internal Cotangent.Tests.Programs

open Cotangent
open Cotangent.Tests.Dice

/// What a program may contain.
type Features = {
    Floats: DType
    /// Reverse mode of a compiled `whileLoop` is refused.
    While: bool
    /// Derivatives inside, of which derivatives may be taken again.
    Derivatives: bool
}

/// Tensors made so far.
type private Known = ResizeArray<Tensor>

let private limit = 3000

let private isFloat (features: Features) (t: Tensor) = t.DType = features.Floats

/// Values between -1 and 1, the same for the rest of a program to grow from.
let private tame (t: Tensor) = tanh t

let private axesOf (dice: Dice) (t: Tensor) = [ 0 .. t.Rank - 1 ] |> List.filter (fun _ -> dice.Chance 0.5)

/// A tensor's numbers in another shape: broadcast if that goes, else their mean plus what the mean lacks.
let private fit (shape: int[]) (t: Tensor) : Tensor =
    if Shape.equal t.Dims shape then t
    elif t.Size > 0 && Shape.stretches t.Dims shape then t.Expand shape
    elif t.Size = 0 then (sum t).Expand shape
    else (t.Mean()).Expand shape

/// Whole numbers from floats; no number that a program makes is likely to be near a step.
let private whole (dtype: DType) (t: Tensor) = (Tensor.Floor(tanh t * 9.0 + 0.3771)).Convert dtype

let private unary (dice: Dice) (t: Tensor) : Tensor =
    match dice.Below 28 with
    | 0 -> sin t
    | 1 -> cos t
    | 2 -> tanh t
    | 3 -> exp -(abs t)
    | 4 -> sqrt (1.0 + square t)
    | 5 -> sigmoid t
    | 6 -> softplus t
    | 7 -> log (1.5 + square (tame t))
    | 8 -> 1.0 / (1.0 + square t)
    | 9 -> erf t
    | 10 -> gelu t
    | 11 -> abs t
    | 12 -> relu t
    | 13 -> leakyRelu 0.1 t
    | 14 -> tame t ** 3.0
    | 15 -> (1.2 + tame t) ** 1.7
    | 16 -> atan t
    | 17 -> clamp -0.7 0.61 t
    | 18 -> -t
    | 19 -> t * 0.37
    | 20 -> 2.0 - t
    | 21 -> silu t
    | 22 -> geluTanh t
    | 23 -> expm1 (tame t)
    | 24 -> log1p (0.5 * tame t)
    | 25 -> erfc t
    | 26 -> stopGradient t
    | _ -> Tensor.fullLike t 0.7 * t

let private binary (dice: Dice) (a: Tensor) (b: Tensor) : Tensor =
    match dice.Below 9 with
    | 0
    | 1 -> a + b
    | 2 -> a - b
    | 3
    | 4 -> a * tame b
    | 5 -> maximum a b
    | 6 -> minimum a b
    | 7 -> a / (1.3 + square b)
    | _ -> where (a.Greater b) (a * 0.5) (b * a |> tame)

let private reduction (dice: Dice) (t: Tensor) : Tensor =
    let axes = axesOf dice t
    let keep = dice.Chance 0.5
    let empty = axes |> List.exists (fun a -> t.Dims[a] = 0)

    match dice.Below 9 with
    | 0
    | 1 -> t.Sum(axes, keep)
    | 2 when not empty -> t.Mean(axes, keep)
    | 3 when not empty -> t.Max(axes, keep)
    | 4 when not empty -> t.Min(axes, keep)
    | 5 -> sqrt (0.1 + (square t).Sum(axes, keep))
    | 6 when not empty -> t.LogSumExp(axes, keep)
    | 7 when not empty -> t.Variance(axes, keep)
    // Hundreds of factors make numbers so large that their sines have no digits left.
    | 8 -> tame ((1.0 + 0.1 * tame t).Prod(axes, keep) * 0.5)
    | _ -> t.Sum(axes, keep)

/// Of a tensor with at least one axis, none empty.
let private alongAxis (dice: Dice) (t: Tensor) : Tensor =
    let axis = dice.Below t.Rank

    match dice.Below 7 with
    | 0 -> t.Softmax axis
    | 1 -> t.LogSoftmax axis
    | 2 -> t.LayerNorm(epsilon = 0.1)
    | 3 -> t.CumulativeSum(axis, dice.Chance 0.5)
    | 4 -> t.RmsNorm(epsilon = 0.1)
    | 5 -> t.Softmax(axis) * t
    | _ -> t - t.Mean([ axis ], true)

let private view (dice: Dice) (t: Tensor) : Tensor =
    match dice.Below 13 with
    | _ when t.Rank = 0 -> if dice.Chance 0.5 then t.Unsqueeze 0 else t.Expand [ 2; 3 ]
    | 0 -> t.Permute(dice.Order t.Rank)
    | 1 -> t.Flip(dice.Below t.Rank)
    | 2 ->
        t.Slice [
            for n in t.Dims do
                match dice.Below 5 with
                | 0 when n > 0 -> Index.At(dice.Below n)
                | 1 when n > 1 -> Index.Range(Some(n - 1), Some 0, -1 - dice.Below 2)
                | 2 when n > 1 -> Index.Range(Some(dice.Below n), None, 1 + dice.Below 3)
                | 3 -> Index.Range(None, None, 1)
                | _ -> Index.All
        ]
    | 3 -> t.Expand(Array.append [| 1 + dice.Below 3 |] t.Dims)
    | 4 -> t.Flatten()
    | 5 -> t.Roll(dice.Below 5 - 2, dice.Below t.Rank)
    | 6 -> t.Pad([ for _ in t.Dims -> dice.Below 3, dice.Below 3 ], (if dice.Chance 0.5 then 0.0 else 0.4))
    | 7 when t.Rank >= 2 -> t.Diagonal()
    | 8 when t.Rank >= 2 -> if dice.Chance 0.5 then t.Tril() else t.Triu 1
    | 9 -> t.Unsqueeze(dice.Below(t.Rank + 1))
    | 10 -> t.Repeat(2, dice.Below t.Rank)
    | 11 -> t.Tile [ for _ in t.Dims -> 1 + dice.Below 2 ]
    | _ -> t.Squeeze()

let private integer (dice: Dice) (a: Tensor) (b: Tensor) : Tensor =
    match dice.Below 9 with
    | 0 -> a + b
    | 1 -> a - b
    | 2 -> a * (b % 5)
    | 3 -> (a + 1) / 3
    | 4 -> a % 7
    | 5 -> maximum a b
    | 6 -> -(abs a)
    | 7 -> where (a.Less b) (a + 2) b
    | _ -> (a.Greater b).Convert a.DType

let private integerReduction (dice: Dice) (t: Tensor) : Tensor =
    let axes = axesOf dice t

    match dice.Below 5 with
    | 0 when t.Size > 0 -> t.Max axes
    | 1 when t.Rank > 0 && t.Size > 0 -> t.ArgMax(dice.Below t.Rank)
    | 2 when t.Rank > 0 && t.Size > 0 -> t.Sort(dice.Below t.Rank)
    | 3 when t.Rank > 0 -> t.CumulativeSum(dice.Below t.Rank)
    | _ -> t.Sum axes

let private logic (dice: Dice) (a: Tensor) (b: Tensor) : Tensor =
    match dice.Below 5 with
    | 0 -> a.And b
    | 1 -> a.Or b
    | 2 -> a.Xor b
    | 3 -> a.Not()
    | _ -> if dice.Chance 0.5 then a.All(axesOf dice a) else a.Any(axesOf dice a)

/// Half precision holds these numbers exactly, so that no rounding decides by its last bit.
let private throughHalf (dice: Dice) (t: Tensor) : Tensor =
    let half = dice.Pick [ DType.Float16; DType.BFloat16 ]
    let h = (whole t.DType t * 0.25).Convert half

    let h =
        match dice.Below 4 with
        | 0 -> h + h
        | 1 -> maximum h (h * 0.5)
        | 2 -> where (h.Greater 0.5) h -h
        | _ -> abs h

    h.Convert t.DType

let private stretch (a: Tensor) (b: Tensor) = Shape.stretches a.Dims b.Dims || Shape.stretches b.Dims a.Dims

/// Adds `count` values to those known.
let rec private extend (features: Features) (dice: Dice) depth (key: Key) (known: Known) count =
    let mutable key = key

    let next () =
        let rest, own = Key.split key
        key <- rest
        own

    let pick (choice: Tensor -> bool) =
        let fitting = known |> Seq.filter choice |> Array.ofSeq

        if fitting.Length = 0 then ValueNone else ValueSome fitting[dice.Below fitting.Length]

    let number choice = pick (fun t -> isFloat features t && choice t)
    let any () = (number (fun _ -> true)).Value
    let whole' choice = pick (fun t -> t.DType.IsInteger && choice t)
    let bool choice = pick (fun t -> t.DType = DType.Bool && choice t)

    for _ in 1..count do
        let made: Tensor list =
            match dice.Below(if depth > 0 then 34 else 24) with
            | 0
            | 1
            | 2
            | 3 -> [ unary dice (any ()) ]
            | 4
            | 5
            | 6 ->
                let a = any ()

                match number (stretch a) with
                | ValueSome b -> [ binary dice a b ]
                | ValueNone -> [ binary dice a a ]
            | 7
            | 8 -> [ reduction dice (any ()) ]
            | 9 ->
                match number (fun t -> t.Rank > 0 && t.Size > 0) with
                | ValueSome t -> [ alongAxis dice t ]
                | ValueNone -> []
            | 10
            | 11 -> [ view dice (any ()) ]
            | 12 ->
                match number (fun t -> t.Rank >= 2) with
                | ValueSome a ->
                    let columns = a.Dims[a.Rank - 1]

                    match number (fun t -> t.Rank = 2 && t.Dims[0] = columns) with
                    | ValueSome b when dice.Chance 0.7 -> [ tame (matmul a b) ]
                    | _ ->
                        match number (fun t -> t.Rank = 1 && t.Dims[0] = columns) with
                        | ValueSome v when dice.Chance 0.7 -> [ tame (matmul a v) ]
                        | _ -> [ matmul a (a.MoveAxis(-1, -2)) * 0.1 ]
                | ValueNone -> []
            | 13 ->
                let a = any ()

                match number (fun t -> Shape.equal t.Dims a.Dims) with
                | ValueSome b when a.Rank > 0 && dice.Chance 0.6 -> [
                    concat (dice.Below a.Rank) [ a; b; a * 0.5 ]
                  ]
                | ValueSome b -> [ stack (dice.Below(a.Rank + 1)) [ b; a ] ]
                | ValueNone -> []
            | 14 ->
                match number (fun t -> t.Rank > 0 && t.Dims[0] > 1) with
                | ValueSome t -> List.ofArray (t.Chunk 2)
                | ValueNone -> []
            | 15 -> [ whole (dice.Pick [ DType.Int32; DType.Int64 ]) (any ()) ]
            | 16 ->
                match whole' (fun _ -> true) with
                | ValueSome a ->
                    match whole' (fun b -> b.DType = a.DType && stretch a b) with
                    | ValueSome b when dice.Chance 0.7 -> [ integer dice a b ]
                    | _ -> [ integerReduction dice a ]
                | ValueNone -> []
            | 17 ->
                match bool (fun _ -> true) with
                | ValueSome a ->
                    match bool (stretch a) with
                    | ValueSome b -> [ logic dice a b ]
                    | ValueNone -> [ a.Not() ]
                | ValueNone ->
                    let t = any ()
                    [ t.Greater 0.1234; t.LessEqual -0.2345 ]
            | 18 ->
                let t = any ()

                match bool (fun m -> Shape.stretches m.Dims t.Dims) with
                | ValueSome m -> [ where m t (t * 0.3) ]
                | ValueNone -> [ where (t.Greater 0.1371) t (Tensor.zerosLike t) ]
            | 19 ->
                match whole' (fun _ -> true) with
                | ValueSome i -> [ tame (i.Convert features.Floats * 0.1) ]
                | ValueNone -> []
            | 20 ->
                match number (fun t -> t.Rank > 0 && t.Dims[0] > 0 && t.Rank < 4) with
                | ValueSome t ->
                    let n = t.Dims[0]
                    // Positions that the numbers decide.
                    let at = abs (whole DType.Int32 (t.Reshape([ n; -1 ]).Sum [ 1 ])) % n

                    match dice.Below 4 with
                    | 0 -> [ t.Take at ]
                    | 1 -> [
                        t.ScatterAdd(
                            at.Reshape([ n; 1 ]).Expand([ n; t.Size / n ]).Reshape(t.Shape),
                            t * 0.5,
                            0
                        )
                      ]
                    | 2 -> [ t.At[0].Set 0.3 ]
                    | _ -> [ t.At[at].Add(t * 0.5) ]
                | ValueNone -> []
            | 21 -> [ throughHalf dice (any ()) ]
            | 22 ->
                let shape = (any ()).Dims

                match dice.Below 4 with
                | 0 -> [ Random.normal (next ()) features.Floats shape ]
                | 1 -> [ Random.uniform (next ()) features.Floats shape ]
                | 2 -> [ Random.integers (next ()) -5L 6L DType.Int32 shape ]
                | _ -> [ Random.bernoulli (next ()) 0.4 shape ]
            | 23 ->
                match number (fun t -> t.Rank = 3 && t.Dims |> Array.forall (fun n -> n > 0)) with
                | ValueSome t when t.Dims[2] > 2 ->
                    let kernel = t[0..0, *, 0..1].Reshape [ 1; t.Dims[1]; 2 ]
                    [ tame (convolve Window.same kernel t) ]
                | ValueSome t -> [ attend Attention.causal t t (t * 0.5) ]
                | ValueNone -> [ fit [| 2; 2; 4 |] (any ()) ]
            | 24
            | 25 -> loop features dice depth (next ()) known
            | 26
            | 27 -> folded features dice depth (next ()) known
            | 28 when features.While -> search features dice depth (next ()) known
            | 28
            | 29
            | 30 -> choice features dice depth (next ()) known
            | 31 ->
                match number (fun t -> t.Rank > 0 && t.Dims[0] > 0) with
                | ValueSome t ->
                    let seed, shared = dice.Below 1_000_000, any ()
                    let own = next ()

                    vmap (fun t -> inside features seed (depth - 1) own [ t; shared ] 3 |> List.ofArray) t
                | ValueNone -> []
            | 32 ->
                let seed, own = dice.Below 1_000_000, next ()
                let body (ts: Tensor[]) = inside features seed (depth - 1) own (List.ofArray ts) 3
                let arguments = [| any (); any () |]

                match dice.Below 2 with
                | 0 -> List.ofArray (checkpoint body arguments)
                | _ -> List.ofArray (compile body arguments)
            | _ when features.Derivatives ->
                let seed, own = dice.Below 1_000_000, next ()

                let body (t: Tensor) =
                    inside { features with While = false; Derivatives = false } seed (depth - 1) own [ t ] 3
                    |> Array.filter (isFloat features)
                    |> Array.map (fun t -> sum (tame t))
                    |> Array.reduce (+)

                let t = any ()

                match dice.Below 3 with
                | 0 -> [ tame (grad body t) ]
                | 1 -> [ tame (snd (jvp body t (Tensor.fullLike t 0.6))) ]
                | _ -> [ tame (hvp body t (Tensor.fullLike t 0.4)) ]
            | _ -> [ unary dice (any ()) ]

        for t in made do
            if t.Size < limit && t.Rank < 6 then known.Add t

/// What a part of a program makes, from a seed.
and private inside features seed depth key (inputs: Tensor list) count : Tensor[] =
    let known = Known inputs
    extend features (Dice seed) (max 0 depth) key known count
    known.ToArray()

/// A few known tensors, a float among them, as they go round in a loop.
and private carry (features: Features) (dice: Dice) (known: Known) : Tensor[] =
    let first = known |> Seq.filter (isFloat features) |> Array.ofSeq

    Array.init (1 + dice.Below 3) (fun i ->
        if i = 0 then first[dice.Below first.Length] else known[dice.Below known.Count])

/// The carry after a round: each tensor replaced by something made of all, of its own shape and dtype.
and private round features seed depth key (closed: Tensor list) (before: Tensor[]) : Tensor[] * Tensor[] =
    let made = inside features seed depth key (List.ofArray before @ closed) 4
    let dice = Dice(seed + 1)

    let after =
        before
        |> Array.map (fun t ->
            let fitting = made |> Array.filter (fun m -> m.DType = t.DType)
            let m = fitting[dice.Below fitting.Length]

            if dice.Chance 0.15 then t
            elif t.DType = features.Floats then tame (fit t.Dims m + 0.1 * t)
            elif Shape.equal m.Dims t.Dims then (if t.DType.IsInteger then m % 100 else m)
            else t)

    after, made

and private loop features dice depth key known =
    let start = carry features dice known
    let seed, rounds = dice.Below 1_000_000, dice.Below 4
    let closed = [ for _ in 1 .. dice.Below 2 -> known[dice.Below known.Count] ]

    let step (key: Key, n: Tensor, ts: Tensor[]) =
        let key, own = Key.split key

        key,
        n + 1,
        fst (round features seed (depth - 1) (Key.foldTensor (n.Convert DType.Int64) own) closed ts)

    let _, _, ts = iterate rounds step (key, tensor 0, start)
    List.ofArray ts

and private folded features dice depth key known =
    let start = carry features dice known
    let seed = dice.Below 1_000_000
    let sequences = known |> Seq.filter (fun t -> t.Rank > 0 && t.Dims[0] < 6) |> Array.ofSeq

    if sequences.Length = 0 then
        []
    else
        let xs = sequences[dice.Below sequences.Length]

        let step (key: Key, ts: Tensor[]) (x: Tensor) =
            let key, own = Key.split key
            let after, made = round features seed (depth - 1) own [ x ] ts
            (key, after), (Array.last made, x)

        let (_, ts), (ys, _) = scan step (key, start) xs
        ys :: List.ofArray ts

/// A loop whose number of rounds its numbers decide.
and private search features dice depth key known =
    let start = carry features dice known
    let seed = dice.Below 1_000_000

    let goes (n: Tensor, ts: Tensor[]) =
        let t = ts[0]
        (n.Less 4.0).And(if t.Size = 0 then n.Less 2.0 else ((t.Mean()).Less 0.3123).Or(n.Less 1.0))

    let step (n: Tensor, ts: Tensor[]) =
        n + 1, fst (round features seed (depth - 1) (Key.foldTensor (n.Convert DType.Int64) key) [] ts)

    let n, ts = whileLoop goes step (tensor 0, start)
    n :: List.ofArray ts

and private choice features dice depth key known =
    let start = carry features dice known
    let left, right = dice.Below 1_000_000, dice.Below 1_000_000

    let test =
        known
        |> Seq.filter (fun t -> t.DType = DType.Bool && t.Rank = 0)
        |> List.ofSeq
        |> function
            | [] -> (sum start[0]).Greater 0.2345
            | tests -> dice.Pick tests

    let branch seed ts = fst (round features seed (depth - 1) key [] ts)
    List.ofArray (cond test (branch left) (branch right) start)

/// A program and inputs for it, in random layouts; all values it makes are its results.
let draw (features: Features) (dice: Dice) : (Tensor[] -> Tensor[]) * Tensor[] =
    let size () = if dice.Chance 0.04 then 0 else 1 + dice.Below(dice.Pick [ 3; 5; 20 ])
    let n, m = size (), size ()
    let shapes = [ [| n; m |]; [| m |]; [| n; 1 |]; [||]; [| m; n |]; [| 2; n; 3 |] ]

    let inputs = [| for s in shapes -> tensorOf dice features.Floats s (fun () -> dice.Between -1.5 1.5) |]

    let seed, count = dice.Below 1_000_000, 4 + dice.Below 12

    let run (xs: Tensor[]) = inside features seed 2 (Key.create (int64 seed)) (List.ofArray xs) count

    run, inputs
