namespace Cotangent.Compiler

open Cotangent
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// Control flow on trees: plain loops where numbers can be read, nodes of a graph where they can't.
module internal Loops =
    /// Whether a tensor's numbers can be read here, whatever differentiates it.
    let rec isReadable (t: Tensor) =
        match t with
        | Value _ -> true
        | Traced(:? ForwardTracer as r) -> isReadable r.Primal
        | Traced(:? ReverseTracer as r) -> isReadable r.Primal
        | Traced _ -> false

    let isStaging () = not (isNull (Staging.innermost ()))
    let like (t: Tensor) = Stage.signatureOf t, t.Device

    let private likeSlice (t: Tensor) : Signature * Device =
        { DType = t.DType; Shape = t.Dims[1..] }, t.Device

    /// A function that goes round must keep the structure, shapes and dtypes of its argument.
    let requireSame (operation: string) (before: 'a) (leaves: Tensor[]) (after: 'a) : Tensor[] =
        let _, next = Tree.zipped operation before after

        for i in 0 .. next.Length - 1 do
            if next[i].DType <> leaves[i].DType || not (Shape.equal next[i].Dims leaves[i].Dims) then
                raise (
                    ShapeException
                        $"Error at: `{(Tree.paths before)[i]}`: {operation}: the function makes {next[i].DType} {Shape.show next[i].Dims} of {leaves[i].DType} {Shape.show leaves[i].Dims}; what goes round must keep its shape and dtype. Convert or reshape it at the end of the function."
                )

        next

    /// The graph of a body, what it closes over first among its inputs.
    let stage name f (inputs: (Signature * Device)[]) : struct (Graph * Tensor[]) =
        let struct (g, captured) = Stage.graph name f inputs
        struct (Graph.rotateInputs inputs.Length g, captured)

    let apply (operation: CustomOperation) (inputs: Tensor[]) =
        match Staging.innermost () with
        | null -> Bind.apply (Primitive.Custom operation) inputs
        | staging when inputs.Length = 0 -> staging.Apply(Primitive.Custom operation, inputs)
        | _ -> Bind.apply (Primitive.Custom operation) inputs

    /// The tensors of a tree that may hold none.
    let leavesOf (tree: 't) = if Walkers.holdsTensors typeof<'t> then Tree.leaves tree else [||]

    let rebuild (template: 't) (leaves: Tensor[]) =
        if Walkers.holdsTensors typeof<'t> then Tree.rebuild template leaves else template

    let private stagedScan
        name
        (f: 'c -> Tensor[] -> struct ('c * 'y))
        (initial: 'c)
        count
        reverse
        sequences
        =
        let carry = leavesOf initial
        let mutable template = Unchecked.defaultof<'y>
        let mutable last = initial

        let step (xs: Tensor[]) =
            let struct (next, y) = f (rebuild initial xs[.. carry.Length - 1]) xs[carry.Length ..]
            template <- y
            last <- next
            Array.append (requireSame name initial carry next) (leavesOf y)

        let struct (body, captured) =
            stage name step (Array.append (Array.map like carry) (Array.map likeSlice sequences))

        let scan = {
            Count = count
            Reverse = reverse
            Shared = captured.Length
            Carry = carry.Length
            Body = body
        }

        let results =
            apply
                (GraphInterpreter.Operation(Control.Scan scan))
                (Array.concat [ captured; carry; sequences ])

        struct (rebuild last results[.. carry.Length - 1], rebuild template results[carry.Length ..])

    /// So many rounds, each with what it is told: `numbers` of all rounds, as sequences, and of each when rounds are run one by one.
    let private rounds
        name
        n
        (numbers: Tensor[])
        (number: int -> Tensor[])
        (f: 'c -> Tensor[] -> 'c)
        (x: 'c)
        =
        if n < 0 then raise (ValueException $"{name}: {n} rounds; ask for 0 or more.")

        if isStaging () then
            if n = 0 then
                x
            else
                let struct (result, ()) =
                    stagedScan name (fun carry told -> struct (f carry told, ())) x n false numbers

                result
        else
            let mutable carry = x
            let leaves = leavesOf x

            for k in 0 .. n - 1 do
                let next = f carry (number k)
                requireSame name x leaves next |> ignore
                carry <- next

            carry

    let iterate (n: int) (f: 'c -> 'c) (x: 'c) : 'c =
        rounds "iterate" n [||] (fun _ -> [||]) (fun carry _ -> f carry) x

    /// The function is told the round's number, from 0 on.
    let iteratei (n: int) (f: Tensor -> 'c -> 'c) (x: 'c) : 'c =
        let device =
            match leavesOf x with
            | [||] -> Device.Cpu
            | leaves -> leaves[0].Device

        let numbers =
            if isStaging () then
                [| Bind.create (Primitive.Iota(DType.Int32, max 0 n)) device |]
            else
                [||]

        let number k = [| Bind.full (Literal.Whole(int64 k)) DType.Int32 [||] device |]
        rounds "iteratei" n numbers number (fun carry told -> f told[0] carry) x

    /// The slices along axis 0. As one operation, whose pull stacks: pulled one by one, each would make zeros of the whole
    /// sequence, and the way back be quadratic in its length.
    let private slices (t: Tensor) : Tensor[] =
        let one (t: Tensor) k = (sliceAxis 0 k 1 t).Reshape t.Dims[1..]
        let all (t: Tensor) = Array.init t.Dims[0] (one t)

        match t with
        | Traced _ when t.DType.HasDerivatives ->
            let push _ (d: Tensor) = all d
            let pull _ (parts: Tensor[]) = stack 0 parts
            Transform.custom "scan" (ValueSome push) (ValueSome pull) all t
        | Traced _
        | Value _ -> all t

    let scan (f: 'c -> 'x -> 'c * 'y) (initial: 'c) (xs: 'x) : 'c * 'y =
        let sequences = Tree.leaves xs

        let count =
            match Array.tryHead sequences with
            | Some first when first.Rank > 0 -> first.Dims[0]
            | Some _
            | None -> 0

        for i in 0 .. sequences.Length - 1 do
            if sequences[i].Rank = 0 || sequences[i].Dims[0] <> count then
                raise (
                    ShapeException
                        $"Error at: `{(Tree.paths xs)[i]}`: scan: a sequence of shape {Shape.show sequences[i].Dims}, where the first has {count} items along axis 0; all must have as many."
                )

        // With no item there is no first result to know shapes by: a graph knows them.
        if isStaging () || count = 0 then
            let step carry slices =
                let next, y = f carry (Tree.rebuild xs slices)
                struct (next, y)

            let struct (last, results) = stagedScan "scan" step initial count false sequences
            last, results
        else
            let mutable carry = initial
            let leaves = leavesOf initial
            let results = ResizeArray<'y>()
            let parts = sequences |> Array.map slices

            for i in 0 .. count - 1 do
                let next, y = f carry (Tree.rebuild xs (parts |> Array.map (fun each -> each[i])))
                requireSame "scan" initial leaves next |> ignore
                carry <- next
                results.Add y

            let stacked =
                if Walkers.holdsTensors typeof<'y> then
                    let each = results.ToArray() |> Array.map Tree.leaves

                    Tree.rebuild
                        results[0]
                        (Array.init each[0].Length (fun k -> stack 0 [ for y in each -> y[k] ]))
                else
                    results[results.Count - 1]

            carry, stacked

    let requireTest (operation: string) (t: Tensor) =
        if t.DType <> DType.Bool || t.Rank <> 0 then
            raise (
                ShapeException
                    $"{operation}: the condition is {t.DType} {Shape.show t.Dims}; it must be one Bool. Compare, and fold with `all` or `any`."
            )

    let whileLoop (condition: 'c -> Tensor) (f: 'c -> 'c) (x: 'c) : 'c =
        let leaves = leavesOf x

        let staged (x: 'c) =
            let mutable last = x

            let struct (test, forTest) =
                stage
                    "whileLoop"
                    (fun xs ->
                        let t = condition (rebuild x xs)
                        requireTest "whileLoop" t
                        [| t |])
                    (Array.map like leaves)

            let struct (body, forBody) =
                stage
                    "whileLoop"
                    (fun xs ->
                        last <- f (rebuild x xs)
                        requireSame "whileLoop" x leaves last)
                    (Array.map like leaves)

            // Both see what either closes over.
            let shared = Array.append forTest forBody

            let loop = {
                Shared = shared.Length
                Condition = Graph.insertInputs forTest.Length (Array.map like forBody) test
                Body = Graph.insertInputs 0 (Array.map like forTest) body
            }

            rebuild
                last
                (apply (GraphInterpreter.Operation(Control.While loop)) (Array.append shared (leavesOf x)))

        let test carry =
            let t = condition carry
            requireTest "whileLoop" t
            t

        if isStaging () then
            staged x
        else
            let mutable carry = x
            let mutable t = test x

            while isReadable t && t.ToData<bool>() do
                let next = f carry
                requireSame "whileLoop" x leaves next |> ignore
                carry <- next
                t <- test carry

            // Under a `vmap` the examples may part, in the first round or later.
            if isReadable t then carry else staged carry

    /// What two branches return, each with its graph, must be alike.
    let requireSameBranches (operation: string) (which: string) (a: 'b, first: Graph) (b: 'b, second: Graph) =
        if Walkers.holdsTensors typeof<'b> then Tree.zipped operation a b |> ignore
        let show (node: Node) = $"{node.DType} {Shape.show node.Shape}"

        for i in 0 .. first.Outputs.Length - 1 do
            let x, y = first.Nodes[first.Outputs[i]], second.Nodes[second.Outputs[i]]

            if x.DType <> y.DType || not (Shape.equal x.Shape y.Shape) then
                raise (
                    ShapeException
                        $"Error at: `{(Tree.paths a)[i]}`: {operation}: {which} return {show x} and {show y} there; shapes and dtypes must be the same, whichever is taken. Convert, broadcast or reshape in one of them."
                )

    let cond (test: Tensor) (onTrue: 'a -> 'b) (onFalse: 'a -> 'b) (x: 'a) : 'b =
        requireTest "cond" test

        if not (isStaging ()) && isReadable test then
            if test.ToData<bool>() then onTrue x else onFalse x
        else
            let leaves = leavesOf x
            let mutable result = Unchecked.defaultof<'b>

            let branch (f: 'a -> 'b) =
                stage
                    "cond"
                    (fun xs ->
                        result <- f (rebuild x xs)
                        leavesOf result)
                    (Array.map like leaves)

            let struct (yes, forYes) = branch onTrue
            let fromYes = result
            let struct (no, forNo) = branch onFalse
            requireSameBranches "cond" "the branches" (fromYes, yes) (result, no)

            let cond = {
                OnTrue = Graph.insertInputs forYes.Length (Array.map like forNo) yes
                OnFalse = Graph.insertInputs 0 (Array.map like forYes) no
            }

            apply
                (GraphInterpreter.Operation(Control.Cond cond))
                (Array.concat [ [| test |]; forYes; forNo; leaves ])
            |> rebuild fromYes
