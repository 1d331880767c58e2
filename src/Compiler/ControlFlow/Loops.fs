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

    /// Whether two values differ that are no tensors. Functions, and what else has no equality of its own, can't be compared.
    let private differ (a: objnull) (b: objnull) =
        match a, b with
        | (:? System.ValueType | :? string | :? System.Collections.IStructuralEquatable), _
        | _, (:? System.ValueType | :? string | :? System.Collections.IStructuralEquatable) ->
            not (System.Object.Equals(a, b))
        | _ -> false

    /// The first place where two trees differ in what is no tensor, and what is there.
    let private staticDifference (a: 't) (b: 't) : (string * string * string) voption =
        if not (Walkers.holdsTensors typeof<'t>) then
            if differ (box a) (box b) then ValueSome("$", string a, string b) else ValueNone
        else
            let struct (_, first), struct (_, second) = Tree.contents a, Tree.contents b
            let mutable found = ValueNone

            for i in 0 .. min first.Length second.Length - 1 do
                if found.IsNone && differ first[i] second[i] then
                    found <- ValueSome((Tree.staticPaths a)[i], string first[i], string second[i])

            found

    /// Where functions are traced, each is called once: what is no tensor would stay as the first round leaves it. So it may not change
    /// anywhere, lest a loop that runs eagerly give other numbers when it is compiled.
    let private requireSameStatics (operation: string) (before: 'a) (after: 'a) =
        match staticDifference before after with
        | ValueNone -> ()
        | ValueSome(place, first, second) ->
            raise (
                TreeException
                    $"{Placed.before place}{operation}: {first} becomes {second} from one round to another. In a compiled loop, whose function is traced once, only tensors change: make a tensor of it (`tensor 0`); `iteratei` tells the number of the round."
            )

    /// A function that goes round must keep the structure, shapes and dtypes of its argument, and all that is no tensor.
    let requireSame (operation: string) (before: 'a) (leaves: Tensor[]) (after: 'a) : Tensor[] =
        let next = if Walkers.holdsTensors typeof<'a> then snd (Tree.zipped operation before after) else [||]
        requireSameStatics operation before after

        for i in 0 .. next.Length - 1 do
            if next[i].DType <> leaves[i].DType || not (Shape.equal next[i].Dims leaves[i].Dims) then
                raise (
                    ShapeException
                        $"{Placed.before ((Tree.paths before)[i])}{operation}: the function makes {next[i].DType} {Shape.show next[i].Dims} of {leaves[i].DType} {Shape.show leaves[i].Dims}; what goes round must keep its shape and dtype. Convert or reshape it at the end of the function."
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
        let sequences = leavesOf xs

        if sequences.Length = 0 then
            raise (
                TreeException
                    "scan: the sequence holds no tensor, and so does not say how many rounds to go. Give one with an item for each round along axis 0; where the rounds take nothing, count them: `iterate`, or `scan` along `Tensor.arange`."
            )

        for i in 0 .. sequences.Length - 1 do
            if sequences[i].Rank = 0 then
                raise (
                    ShapeException
                        $"{Placed.before ((Tree.paths xs)[i])}scan: a sequence of shape (), which has no items to go along. Close over what is the same in all rounds."
                )

        let count = sequences[0].Dims[0]

        for i in 1 .. sequences.Length - 1 do
            if sequences[i].Dims[0] <> count then
                raise (
                    ShapeException
                        $"{Placed.before ((Tree.paths xs)[i])}scan: a sequence of shape {Shape.show sequences[i].Dims}, where the first has {count} items along axis 0; all must have as many."
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
                requireSameStatics "scan" results[0] y

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

    /// A loop of another function, which errors name; they tell reverse mode what to do in place of it.
    let whileLoopOf
        (operation: string)
        (noReverse: string)
        (condition: 'c -> Tensor)
        (f: 'c -> 'c)
        (x: 'c)
        : 'c =
        let leaves = leavesOf x

        let staged (x: 'c) =
            let mutable last = x

            let struct (test, forTest) =
                stage
                    operation
                    (fun xs ->
                        let t = condition (rebuild x xs)
                        requireTest operation t
                        [| t |])
                    (Array.map like leaves)

            let struct (body, forBody) =
                stage
                    operation
                    (fun xs ->
                        last <- f (rebuild x xs)
                        requireSame operation x leaves last)
                    (Array.map like leaves)

            // Both see what either closes over.
            let shared = Array.append forTest forBody

            let loop = {
                Shared = shared.Length
                Condition = Graph.insertInputs forTest.Length (Array.map like forBody) test
                Body = Graph.insertInputs 0 (Array.map like forTest) body
                NoReverse = noReverse
            }

            rebuild
                last
                (apply (GraphInterpreter.Operation(Control.While loop)) (Array.append shared (leavesOf x)))

        let test carry =
            let t = condition carry
            requireTest operation t
            t

        if isStaging () then
            staged x
        else
            let mutable carry = x
            let mutable t = test x

            while isReadable t && t.ToData<bool>() do
                let next = f carry
                requireSame operation x leaves next |> ignore
                carry <- next
                t <- test carry

            // Under a `vmap` the examples may part, in the first round or later.
            if isReadable t then
                carry
            else
                let stay (goesOn: Tensor) before after =
                    let leaves =
                        Array.map2
                            (fun (before: Tensor) after -> where goesOn after before)
                            (leavesOf before)
                            (requireSame operation x leaves after)

                    rebuild after leaves

                KeyCheck.ofRounds test f stay carry (fun () -> staged carry)

    let whileLoop (condition: 'c -> Tensor) (f: 'c -> 'c) (x: 'c) : 'c =
        let noReverse =
            "whileLoop: reverse mode would have to keep the values of every round, and a compiled program can't know how many there will be. Use `boundedWhileLoop` with the most there may be, `scan` or `iterate`, whose number of rounds is known, forward mode (`jvp`, `jacobianForward`), or leave this function uncompiled."

        whileLoopOf "whileLoop" noReverse condition f x

    /// What two branches return, each with its graph, must be alike.
    let requireSameBranches (operation: string) (which: string) (a: 'b, first: Graph) (b: 'b, second: Graph) =
        if Walkers.holdsTensors typeof<'b> then Tree.zipped operation a b |> ignore

        match staticDifference a b with
        | ValueNone -> ()
        | ValueSome(place, first, second) ->
            raise (
                TreeException
                    $"{Placed.before place}{operation}: {which} return {first} and {second}. Only tensors can depend on what is taken: make tensors of them."
            )

        let show (node: Node) = $"{node.DType} {Shape.show node.Shape}"

        for i in 0 .. first.Outputs.Length - 1 do
            let x, y = first.Nodes[first.Outputs[i]], second.Nodes[second.Outputs[i]]

            if x.DType <> y.DType || not (Shape.equal x.Shape y.Shape) then
                raise (
                    ShapeException
                        $"{Placed.before ((Tree.paths a)[i])}{operation}: {which} return {show x} and {show y}; shapes and dtypes must be the same, whichever is taken. Convert, broadcast or reshape in one of them."
                )

    let private stagedCond (test: Tensor) (onTrue: 'a -> 'b) (onFalse: 'a -> 'b) (x: 'a) : 'b =
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

    let cond (test: Tensor) (onTrue: 'a -> 'b) (onFalse: 'a -> 'b) (x: 'a) : 'b =
        requireTest "cond" test

        if not (isStaging ()) && isReadable test then
            if test.ToData<bool>() then onTrue x else onFalse x
        else
            let ways () = [|
                struct (test, (fun () -> onTrue x |> ignore))
                struct (test.Not(), (fun () -> onFalse x |> ignore))
            |]

            KeyCheck.ofWays ways (fun () -> stagedCond test onTrue onFalse x)
