namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The transformations behind the face in `Core.fs`: what opens a trace, runs the function on tracers and closes it.
module internal Transform =
    let private requireFloats (operation: string) (tree: 'p) (x: Differentiated) =
        let leaves = x.Leaves

        if x.Trained(leaves).Length = 0 then
            let what = if leaves.Length = 0 then "no tensors" else "no tensors but frozen ones"

            raise (
                TreeException
                    $"{operation}: the argument holds {what}, so there is nothing to differentiate by."
            )

        match Range.tryFind leaves.Length (fun i -> x.IsTrained i && not leaves[i].DType.HasDerivatives) with
        | ValueNone -> ()
        | ValueSome i ->
            raise (
                DTypeException
                    $"{Placed.before ((Tree.paths tree)[i])}{operation}: {leaves[i].DType} numbers have no derivatives. Pass them to the function some other way (close over them, or wrap them in `Frozen`), or convert them to a float."
            )

    /// Cotangents, or tangents, must match what they belong to, leaf by leaf.
    let private requireMatch (operation: string) (likeTree: 'a) (like: Tensor[]) (given: 'a) : Tensor[] =
        let _, leaves = Tree.zipped operation likeTree given

        for i in 0 .. leaves.Length - 1 do
            if leaves[i].DType <> like[i].DType || not (Shape.equal leaves[i].Dims like[i].Dims) then
                raise (
                    ShapeException
                        $"{Placed.before ((Tree.paths given)[i])}{operation}: got {leaves[i].DType} {Shape.show leaves[i].Dims} where the value is {like[i].DType} {Shape.show like[i].Dims}; they must agree."
                )

        leaves

    let argument (name: string) (x: 'p) =
        let leaves = Differentiated.Of($"{name}: the argument's type", x)
        requireFloats name x leaves
        leaves

    /// A tape of f at x: the trace, the leaves of x, and f's result still traced.
    let private record (name: string) notLinear (f: 'p -> 'q) (x: 'p) =
        let leaves = argument name x
        let trace = ReverseTrace(name, notLinear)

        try
            let y = f (Tree.rebuild x (leaves.Replaced trace.Variable))
            struct (trace, leaves, y)
        finally
            trace.Close()

    let private pulled (trace: ReverseTrace) (leaves: Differentiated) (x: 'p) seeds : 'p =
        trace.Pull(leaves.Trained(leaves.Leaves).Length, seeds) |> leaves.Filled |> Tree.rebuild x

    let private primal (trace: ReverseTrace) (tree: 'q) : 'q =
        if Walkers.holdsTensors typeof<'q> then
            Tree.replace trace.Name trace.Primal tree
        else
            tree

    /// What is differentiated must be one real number.
    let requireNumber (name: string) (loss: Tensor) =
        if loss.DType.IsComplex then
            raise (
                DTypeException
                    $"{name}: the function returned {loss.DType} {Shape.show loss.Dims}; a gradient belongs to one real number. Take `real`, `imag` or `abs` of it, or use `vjp`."
            )

        if loss.Rank <> 0 || not loss.DType.IsFloat then
            raise (
                ShapeException
                    $"{name}: the function returned {loss.DType} {Shape.show loss.Dims}; a gradient belongs to one floating-point number. Reduce it with `sum` or `mean`, or use `vjp` or `jacobian`."
            )

    let valueAndGradWith name (f: 'p -> Tensor * 'aux) (x: 'p) : struct (Tensor * 'aux * 'p) =
        let struct (trace, leaves, (loss, aux)) = record name ValueNone f x

        requireNumber name loss
        let seed = struct (trace.Place loss, Tensor.onesLike (trace.Primal loss))
        struct (trace.Primal loss, primal trace aux, pulled trace leaves x [| seed |])

    let gradient name (f: 'p -> Tensor) (x: 'p) : 'p =
        let struct (_, (), gradient) = valueAndGradWith name (fun x -> f x, ()) x
        gradient

    /// The result of a function that was recorded: its value, the leaves of that, and the places of the trained ones on the tape.
    let private result name (trace: ReverseTrace) (traced: 'q) : struct ('q * Differentiated * int[]) =
        let subject = $"{name}: the result's type"
        let places = (Differentiated.Of(subject, traced)).Trained(Tree.leavesOf subject traced)
        let y = primal trace traced
        struct (y, Differentiated.Of(subject, y), Array.map trace.Place places)

    /// Value and pull, and the size of the largest cotangent on the way.
    let vjp name (f: 'p -> 'q) (x: 'p) : struct ('q * ('q -> 'p) * int) =
        let struct (trace, leaves, traced) = record name ValueNone f x
        let struct (y, outputs, places) = result name trace traced

        let pull cotangent =
            requireMatch $"the pull of {name}" y outputs.Leaves cotangent
            |> outputs.Trained
            |> Array.map2 (fun p c -> struct (p, c)) places
            |> pulled trace leaves x

        struct (y, pull, trace.Largest)

    /// Value and the pull of one trained leaf of it alone, by its number among these, where the other cotangents are absent; and
    /// the size of the largest cotangent on the way.
    let vjpOfLeaf name (f: 'p -> 'q) (x: 'p) : struct ('q * (int -> Tensor -> 'p) * int) =
        let struct (trace, leaves, traced) = record name ValueNone f x
        let struct (y, _, places) = result name trace traced
        let pull number cotangent = pulled trace leaves x [| struct (places[number], cotangent) |]
        struct (y, pull, trace.Largest)

    /// Value and the push of one trained leaf of the argument alone, by its number among these, where the other tangents are
    /// absent; and the size of the largest tangent on the way.
    let linearizeOfLeaf name (f: 'p -> 'q) (x: 'p) : struct ('q * (int -> Tensor -> 'q) * int) =
        let struct (trace, leaves, traced) = record name ValueNone f x
        let struct (y, outputs, places) = result name trace traced
        let count = leaves.Trained(leaves.Leaves).Length

        let push number tangent =
            let given = Array.init count (fun i -> if i = number then ValueSome tangent else ValueNone)
            trace.Push(given, places) |> outputs.Filled |> Tree.rebuild y

        struct (y, push, trace.Largest)

    /// Value and push, and the size of the largest tangent on the way.
    let linearize name (f: 'p -> 'q) (x: 'p) : struct ('q * ('p -> 'q) * int) =
        let struct (trace, leaves, traced) = record name ValueNone f x
        let struct (y, outputs, places) = result name trace traced

        let push tangent =
            let given = requireMatch $"the push of {name}" x leaves.Leaves tangent |> leaves.Trained
            trace.Push(Array.map ValueSome given, places) |> outputs.Filled |> Tree.rebuild y

        struct (y, push, trace.Largest)

    let jvp name (f: 'p -> 'q) (x: 'p) (dx: 'p) : 'q * 'q =
        let leaves = argument name x
        let tangents = requireMatch $"the tangent of {name}" x leaves.Leaves dx
        let trace = ForwardTrace name

        try
            let cursor = Cursor(leaves.Trained tangents)
            let join primal = trace.Join(primal, ValueSome(cursor.Take()))
            let traced = f (Tree.rebuild x (leaves.Replaced join))
            let subject = $"{name}: the result's type"
            let split = Tree.leavesOf subject traced |> Array.map trace.Split
            let y = Tree.rebuild traced (split |> Array.map (fun (struct (primal, _)) -> primal))
            let outputs = Differentiated.Of(subject, y)
            let pushed = outputs.Trained split |> Array.map (fun (struct (_, tangent)) -> tangent)
            y, Tree.rebuild y (outputs.Filled pushed)
        finally
            trace.Close()

    /// The terms of f along a curve, up to an order: of the curve there are a beginning and those terms that are not 0.
    let jet name (order: int) (f: 'p -> 'q) (x: 'p) (rest: 'p list) : 'q list =
        let leaves = argument name x

        let given =
            rest
            |> List.mapi (fun k term ->
                requireMatch $"{name}: term {k + 1}" x leaves.Leaves term |> leaves.Trained)
            |> Array.ofList

        let trace = TaylorTrace(name, order, null)

        try
            let cursors = given |> Array.map Cursor

            let join start =
                let terms = cursors |> Array.map (fun c -> ValueSome(c.Take()))
                trace.Join(start, Array.append terms (Array.create (order - terms.Length) ValueNone))

            let traced = f (Tree.rebuild x (leaves.Replaced join))
            let subject = $"{name}: the result's type"
            let all = Tree.leavesOf subject traced
            let y = Tree.rebuild traced (Array.map trace.Start all)
            let outputs = Differentiated.Of(subject, y)
            let found = outputs.Trained all |> Array.map trace.Rest

            y
            :: [
                for k in 0 .. order - 1 ->
                    found
                    |> Array.map (fun rest -> if rest.Length = 0 then ValueNone else rest[k])
                    |> outputs.Filled
                    |> Tree.rebuild y
            ]
        finally
            trace.Close()

    let private requireZero (notLinear: string -> exn) (outputs: Tensor[]) =
        for t in outputs do
            match t with
            | Value _ when t.NotEqual(0.0).Any() |> (fun b -> b.ToData<bool>()) ->
                raise (notLinear "it is not 0 at 0, so something constant is added")
            | Value _
            | Traced _ -> ()

    /// The transpose of a linear function of the shape of x, with a check that it is linear, and what to raise where it is not.
    let private transposeOr (notLinear: string -> exn) name (f: 'p -> 'q) (x: 'p) : 'q -> 'p =
        let struct (trace, leaves, traced) =
            record name (ValueSome notLinear) f (Tree.mapTrained Tensor.zerosLike x)

        let struct (y, outputs, places) = result name trace traced
        requireZero notLinear (outputs.Trained outputs.Leaves)

        fun cotangent ->
            requireMatch $"the argument of the {name}d function" y outputs.Leaves cotangent
            |> outputs.Trained
            |> Array.map2 (fun p c -> struct (p, c)) places
            |> pulled trace leaves x

    let linearTranspose name (f: 'p -> 'q) (x: 'p) : 'q -> 'p =
        transposeOr
            (fun why ->
                DerivativeException
                    $"{name}: the function is not linear: {why}. Use `vjp` or `linearize` for the derivative of a function at a point.")
            name
            f
            x

    let private isFloat (t: Tensor) = t.DType.HasDerivatives

    let private orZeros (like: Tensor[]) (found: Tensor voption[]) =
        Array.map2
            (fun (t: Tensor) c ->
                match c with
                | ValueSome c -> c
                | ValueNone -> Tensor.zerosLike t)
            like
            found

    /// Which leaves of a tree have derivatives: trained floats.
    let private varying (tree: 'p) : bool[] =
        let struct (leaves, trained) = Tree.marked "withDerivative:" tree
        Array.map2 (fun leaf trained -> trained && isFloat leaf) leaves trained

    /// A derivative's floats must be like what they belong to, leaf by leaf; integers have none.
    let private derivativeOf (derivative: string) (what: string) (likeTree: 'a) (like: Tensor[]) (given: 'a) =
        let _, leaves = Tree.zipped derivative likeTree given
        let varies = varying likeTree

        Array.mapi2
            (fun i (like: Tensor) (t: Tensor) ->
                let place () = $"{Placed.before ((Tree.paths given)[i])}{derivative}"

                if not varies[i] then
                    ValueNone
                elif t.DType <> like.DType then
                    raise (
                        DTypeException
                            $"{place ()} returned {t.DType} numbers where {what} are {like.DType}; convert them."
                    )
                elif not (Shape.equal t.Dims like.Dims) then
                    raise (
                        ShapeException
                            $"{place ()} returned shape {Shape.show t.Dims} where {what} have shape {Shape.show like.Dims}; a derivative has the shape of what it belongs to, so sum over or broadcast along the axes in which they differ."
                    )
                else
                    ValueSome t)
            like
            leaves

    /// A function with its derivative given as a push, a pull or both; a direction that is not given is the transpose of the other.
    let custom
        (name: string)
        (push: ('p -> 'p -> 'q) voption)
        (pull: ('p -> 'q -> 'p) voption)
        (f: 'p -> 'q)
        (x: 'p)
        : 'q =
        let mutable y = Unchecked.defaultof<'q>

        // Integers among the arguments, and what is frozen, have no tangents; the transposes are taken over the others.
        let floats tree = Array.zip (Tree.leaves tree) (varying tree) |> Array.filter snd |> Array.map fst

        let withFloats (tree: 'tree) (values: Tensor[]) =
            let cursor = Cursor values

            Array.map2
                (fun t varies -> if varies then cursor.Take() else Tensor.zerosLike t)
                (Tree.leaves tree)
                (varying tree)
            |> Tree.rebuild tree

        let present (tree: Tensor[]) (changes: Tensor voption[]) = orZeros tree changes

        let nested (given: string) (body: unit -> 'r) : 'r =
            Nesting.within body (fun () ->
                DerivativeException
                    $"{name}: to transpose the {given} of '{name}' takes the transpose of its {given} again, more than {Nesting.Most} times over: a {given} that calls the function itself in this way has no end. Give the other direction, or write the {given} without the function.")

        let pullNotLinear (why: string) : exn =
            DerivativeException
                $"{name}: forward mode (`jvp`, `hvp`, `hessian`) takes the transpose of the pull, which is not linear in the cotangent: {why}. Give a push besides, by `Derivative.Both`, or keep to reverse mode, as `vhp` and `jacobian` do."

        let pushNotLinear (why: string) : exn =
            DerivativeException
                $"{name}: reverse mode (`grad`, `vjp`) takes the transpose of the push, which is not linear in the tangent: {why}. Give a pull besides, by `Derivative.Both`, or keep to forward mode, as `jvp` and `jacobianForward` do."

        // What it is given by the user runs when the transformation around has perhaps returned.
        let given (which: string) (body: unit -> 'r) : 'r =
            try
                body ()
            with :? TraceException as e when e.HasEscaped ->
                raise (
                    DerivativeException(
                        $"{name}: the {which} closes over a tensor that was being differentiated where the function was called, and runs after that is done. Pass the tensor in the argument, in a tuple or record, and give its part of the derivative, or make it constant with `stopGradient`.",
                        e
                    )
                )

        let pushedAt (outputs: Tensor[]) pushed =
            derivativeOf $"the push of '{name}'" "the results" (Tree.rebuild y outputs) outputs pushed

        let pulledAt at (inputs: Tensor[]) pulled =
            derivativeOf $"the pull of '{name}'" "the arguments" at inputs pulled

        let chosen (changes: Tensor voption[]) = changes |> Array.choose ValueOption.toOption

        let operation = {
            new CustomDerivative(name) with
                member _.Run inputs =
                    y <- f (Tree.rebuild x inputs)
                    Tree.leaves y

                member _.Push(inputs, outputs, tangents) =
                    let at = Tree.rebuild x inputs
                    let tangent = present inputs tangents |> Tree.rebuild x

                    let pushed =
                        match push, pull with
                        | ValueSome push, _ -> given "push" (fun () -> push at tangent)
                        | ValueNone, ValueSome pull ->
                            let y = Tree.rebuild y outputs

                            let pullFloats c =
                                pulledAt at inputs (given "pull" (fun () -> pull at (withFloats y c)))
                                |> chosen

                            nested "pull" (fun () ->
                                transposeOr
                                    pullNotLinear
                                    $"forward mode through the pull of '{name}'"
                                    pullFloats
                                    (floats y)
                                    (floats tangent))
                            |> withFloats y
                        | ValueNone, ValueNone -> invalidOp "A custom derivative has a push or a pull."

                    pushedAt outputs pushed

                member _.Pull(inputs, outputs, cotangents) =
                    let at = Tree.rebuild x inputs
                    let cotangent = present outputs cotangents |> Tree.rebuild y

                    let pulled =
                        match push, pull with
                        | _, ValueSome pull -> given "pull" (fun () -> pull at cotangent)
                        | ValueSome push, ValueNone ->
                            let pushFloats d =
                                pushedAt outputs (given "push" (fun () -> push at (withFloats at d)))
                                |> chosen

                            nested "push" (fun () ->
                                transposeOr
                                    pushNotLinear
                                    $"reverse mode through the push of '{name}'"
                                    pushFloats
                                    (floats at)
                                    (floats cotangent))
                            |> withFloats at
                        | ValueNone, ValueNone -> invalidOp "A custom derivative has a push or a pull."

                    pulledAt at inputs pulled
        }

        let outputs = Bind.apply (Primitive.Custom operation) (Tree.leaves x)
        Tree.rebuild y outputs
