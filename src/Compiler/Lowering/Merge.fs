namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Joins loop nests over the same points into one: what one stores and the next loads stays in a register, and short
/// nests share the price of a call. A fold takes in the elementwise work on its result.
module internal Merge =
    /// Longer bodies run out of registers.
    let private longest = 48

    /// How far back a partner is looked for: keeps the search linear in the length of the program.
    let private window = 48

    /// Without axes of one element.
    let normalise (k: LoopNest) : LoopNest =
        let kept = [|
            for a in 0 .. k.Axes.Length - 1 do
                if k.Axes[a] <> 1 then a
        |]

        if kept.Length = k.Axes.Length then
            k
        else
            let access (a: Access) = { a with Strides = kept |> Array.map (fun i -> a.Strides[i]) }

            {
                Axes = kept |> Array.map (fun a -> k.Axes[a])
                Reduced = kept |> Array.filter (fun a -> a >= k.Axes.Length - k.Reduced) |> Array.length
                Body =
                    k.Body
                    |> Array.map (fun i ->
                        match i with
                        | Instruction.Load(dtype, a) -> Instruction.Load(dtype, access a)
                        | Instruction.Position(dtype, axis, start, step) ->
                            match System.Array.IndexOf(kept, axis) with
                            | -1 -> Instruction.Constant(Literal.Whole(int64 start), dtype)
                            | a -> Instruction.Position(dtype, a, start, step)
                        | Instruction.Constant _
                        | Instruction.Unary _
                        | Instruction.Binary _
                        | Instruction.Select _
                        | Instruction.Convert _
                        | Instruction.Draw _
                        | Instruction.Reduce _ -> i)
                Stores = k.Stores |> Array.map (fun (a, v) -> access a, v)
            }

    let private folds (k: LoopNest) = k.Body |> Array.exists _.IsReduce

    /// A fold over axes of one element each is left with no axes to fold: it is its argument.
    let private withoutEmptyFolds (k: LoopNest) : LoopNest =
        if k.Reduced > 0 || not (folds k) then
            k
        else
            let list = InstructionList()
            let number = Array.zeroCreate k.Body.Length

            for i in 0 .. k.Body.Length - 1 do
                number[i] <-
                    match k.Body[i] with
                    | Instruction.Reduce(_, a) -> number[a]
                    | other -> list.Add(Instruction.map (fun a -> number[a]) other)

            { k with Body = list.ToArray(); Stores = k.Stores |> Array.map (fun (a, v) -> a, number[v]) }

    let private outer (k: LoopNest) = Array.truncate (k.Axes.Length - k.Reduced) k.Axes

    let private sameAccess (a: Access) (b: Access) outer =
        let mutable same = a.Offset = b.Offset

        for i in 0 .. b.Strides.Length - 1 do
            same <- same && b.Strides[i] = (if i < outer then a.Strides[i] else 0)

        same

    /// Which instructions depend on a fold, and the number of bytes in a lane.
    let private afterFold (body: Instruction[]) =
        let late = Array.create body.Length false

        for i in 0 .. body.Length - 1 do
            late[i] <-
                match body[i] with
                | Instruction.Reduce _ -> true
                | other -> Instruction.arguments other |> List.exists (fun a -> late[a])

        late

    /// The sizes of its elements in bytes, which are powers of two, as one number.
    let private laneSizes (k: LoopNest) =
        let mutable sizes = 0

        for i in k.Body do
            sizes <-
                sizes
                ||| match i with
                    | Instruction.Load(dtype, _)
                    | Instruction.Constant(_, dtype)
                    | Instruction.Position(dtype, _, _, _)
                    | Instruction.Convert(dtype, _)
                    | Instruction.Draw(_, dtype, _, _) -> if dtype = DType.Bool then 0 else dtype.Size
                    | Instruction.Unary _
                    | Instruction.Binary _
                    | Instruction.Select _
                    | Instruction.Reduce _ -> 0

        sizes

    /// Whether b reads what a stores only where a stores it: then it can have the value itself.
    let private readsWhatIsStored (a: LoopNest) (b: LoopNest) outer =
        let stored (access: Access) =
            match a.Stores |> Array.tryFind (fun (x, _) -> x.Slot = access.Slot) with
            | Some(x, _) -> sameAccess x access outer
            | None -> true

        b.Body |> Array.forall (fun i -> not (Instruction.loads (stored >> not) i))

    /// Instructions that b would bring along in any case: loads of what a neither loads nor stores, and all that is made of
    /// them. To know this, nothing has to be put together.
    let private additions (a: LoopNest) (b: LoopNest) : int =
        let isKnown (access: Access) =
            a.Stores |> Array.exists (fun (x, _) -> x.Slot = access.Slot)
            || a.Body
               |> Array.exists (Instruction.loads (fun x -> x.Slot = access.Slot && x.Offset = access.Offset))

        let isNew = Array.create b.Body.Length false
        let mutable count = 0

        for i in 0 .. b.Body.Length - 1 do
            isNew[i] <-
                match b.Body[i] with
                | Instruction.Load(_, access) -> not (isKnown access)
                | Instruction.Constant _
                | Instruction.Position _ -> false
                | Instruction.Unary(_, x)
                | Instruction.Convert(_, x)
                | Instruction.Reduce(_, x) -> isNew[x]
                | Instruction.Binary(_, x, y)
                | Instruction.Draw(_, _, x, y) -> isNew[x] || isNew[y]
                | Instruction.Select(x, y, z) -> isNew[x] || isNew[y] || isNew[z]

            if isNew[i] then count <- count + 1

        count

    /// Both as one nest. What b reads where a stores it, it has from there.
    let private joined (a: LoopNest) (b: LoopNest) : LoopNest =
        let axes = if a.Reduced > 0 then a.Axes else b.Axes

        let widen (x: Access) = {
            x with
                Strides = Array.init axes.Length (fun i -> if i < x.Strides.Length then x.Strides[i] else 0)
        }

        let list = InstructionList()

        let add (k: LoopNest) (load: DType -> Access -> int) =
            let number = Array.zeroCreate k.Body.Length

            for i in 0 .. k.Body.Length - 1 do
                number[i] <-
                    match k.Body[i] with
                    | Instruction.Load(dtype, access) -> load dtype (widen access)
                    | Instruction.Constant _
                    | Instruction.Position _
                    | Instruction.Unary _
                    | Instruction.Binary _
                    | Instruction.Select _
                    | Instruction.Convert _
                    | Instruction.Draw _
                    | Instruction.Reduce _ -> list.Add(Instruction.map (fun j -> number[j]) k.Body[i])

            number

        let plain dtype access = list.Add(Instruction.Load(dtype, access))
        let numbersA = add a plain
        let storesA = a.Stores |> Array.map (fun (x, v) -> widen x, numbersA[v])

        let forward dtype (access: Access) =
            match storesA |> Array.tryFind (fun (x, _) -> x.Slot = access.Slot) with
            | Some(_, v) -> v
            | None -> plain dtype access

        let numbersB = add b forward
        let storesB = b.Stores |> Array.map (fun (x, v) -> widen x, numbersB[v])

        {
            Axes = axes
            Reduced = max a.Reduced b.Reduced
            Body = list.ToArray()
            Stores = Array.append storesA storesB
        }

    /// Whether a fold of a fold's result would need the loop twice.
    let private foldsTwice (body: Instruction[]) : bool =
        let late = afterFold body

        body
        |> Array.exists (fun i -> i.IsReduce && Instruction.arguments i |> List.exists (fun v -> late[v]))

    /// Both as one nest, if they fit together.
    let private tryJoin (a: LoopNest) (b: LoopNest) : LoopNest voption =
        let points = outer a
        let foldsAlike = a.Reduced = 0 || b.Reduced = 0 || Shape.equal a.Axes b.Axes

        if
            not (Shape.equal points (outer b))
            || not foldsAlike
            || Instruction.length a.Body + additions a b > longest
            || laneSizes a <> laneSizes b
            || not (readsWhatIsStored a b points.Length)
        then
            ValueNone
        else
            let nest = joined a b

            if foldsTwice nest.Body || Instruction.length nest.Body > longest then
                ValueNone
            else
                ValueSome nest

    /// Both are short, but for those of whole loops.
    let private overlap (a: ResizeArray<int>) (b: ResizeArray<int>) =
        let mutable found = false

        for x in a do
            found <- found || b.Contains x

        found

    let private worthIt (a: LoopNest) (touchedA: Touched) (touchedB: Touched) =
        let mutable points = 1L

        for n in a.Axes do
            points <- points * int64 n

        points <= int64 LoopNest.Small
        || overlap touchedB.Reads touchedA.Writes
        || overlap touchedB.Reads touchedA.Reads

    /// Each nest is joined to one before it where no step between stands in the way.
    let rec steps (given: Step[]) : Step[] =
        let list = ResizeArray<Step>()
        let touched = ResizeArray<Touched>()

        /// What the steps between two nests read.
        let between = HashSet<int>()

        let push step =
            list.Add step
            touched.Add(Steps.slots step)

        /// Joins the last nest to one before it, that to one before it, and so on.
        let join () =
            let mutable at = list.Count - 1
            let mutable j = at - 1
            // Whether no step between writes what the nest reads, which can move up then.
            let mutable up = true
            between.Clear()

            while j >= 0 && at - j <= window do
                let down = not (touched[j].Writes.Exists(fun slot -> between.Contains slot))

                let joined =
                    match list[j], list[at] with
                    | Step.Nest a, Step.Nest b when (up || down) && worthIt a touched[j] touched[at] ->
                        tryJoin a b
                    | (Step.Nest _ | Step.Product _ | Step.Draw _ | Step.Engine _ | Step.Scan _), _
                    | (Step.While _ | Step.Cond _), _ -> ValueNone

                match joined with
                | ValueSome nest ->
                    let into, from = if down then at, j else j, at
                    list[into] <- Step.Nest nest
                    touched[into] <- Steps.slots list[into]
                    list.RemoveAt from
                    touched.RemoveAt from
                    at <- if down then at - 1 else j
                    up <- true
                    between.Clear()
                    j <- at - 1
                | ValueNone ->
                    up <- up && not (overlap touched[at].Reads touched[j].Writes)
                    between.UnionWith touched[j].Reads
                    j <- j - 1

        for step in given do
            match step with
            | Step.Nest kernel ->
                push (Step.Nest(withoutEmptyFolds (normalise kernel)))
                join ()
            | Step.Scan s -> push (Step.Scan { s with Body = steps s.Body })
            | Step.While w ->
                push (Step.While { w with Condition = steps w.Condition; Round = steps w.Round })
            | Step.Cond(test, onTrue, onFalse) -> push (Step.Cond(test, steps onTrue, steps onFalse))
            | Step.Product _
            | Step.Draw _
            | Step.Engine _ -> push step

        list.ToArray()

    /// Drops what nobody reads: stores, and the instructions only they needed.
    let clean (slots: Slot[]) (outputs: View[]) (all: Step[]) : Step[] =
        let read = Array.create slots.Length false

        for v in outputs do
            read[v.Slot] <- true

        for i in 0 .. slots.Length - 1 do
            match slots[i].Home with
            | Home.Output _
            | Home.Slice -> read[i] <- true
            | Home.Arena
            | Home.Input _
            | Home.Constant _ -> ()

        for slot in (Steps.all all).Reads do
            read[slot] <- true

        let kernel (k: LoopNest) : LoopNest voption =
            let stores = k.Stores |> Array.filter (fun (a, _) -> read[a.Slot])

            if stores.Length = 0 then
                ValueNone
            else
                let needed = Array.create k.Body.Length false

                for _, v in stores do
                    needed[v] <- true

                for i in k.Body.Length - 1 .. -1 .. 0 do
                    if needed[i] then
                        for a in Instruction.arguments k.Body[i] do
                            needed[a] <- true

                let number = Array.create k.Body.Length -1
                let body = ResizeArray<Instruction>()

                for i in 0 .. k.Body.Length - 1 do
                    if needed[i] then
                        number[i] <- body.Count
                        body.Add(Instruction.map (fun a -> number[a]) k.Body[i])

                ValueSome {
                    k with
                        Body = body.ToArray()
                        Stores = stores |> Array.map (fun (a, v) -> a, number[v])
                }

        let rec go (given: Step[]) =
            given
            |> Array.choose (fun step ->
                match step with
                | Step.Nest k ->
                    match kernel k with
                    | ValueSome k -> Some(Step.Nest k)
                    | ValueNone -> None
                | Step.Scan s -> Some(Step.Scan { s with Body = go s.Body })
                | Step.While w -> Some(Step.While { w with Condition = go w.Condition; Round = go w.Round })
                | Step.Cond(test, onTrue, onFalse) -> Some(Step.Cond(test, go onTrue, go onFalse))
                | Step.Product _
                | Step.Draw _
                | Step.Engine _ -> Some step)

        go all
