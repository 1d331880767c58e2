namespace Cotangent.Batching

open Cotangent
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// Batching: each tracer stands for one example, and holds the tensor of all examples one level down, the batch axis
/// first.
[<Sealed>]
type internal BatchTracer(trace: Trace, batch: Tensor) =
    inherit Tracer(trace, batch.DType, batch.Dims[1..], batch.Device)
    member _.Batch = batch

    override r.Concrete =
        raise (
            TraceException
                $"{trace.Name}: a tensor of shape {Shape.show r.Shape} stands for each of {batch.Dims[0]} examples at once, so it has no numbers to read, print, compare with `=` or branch on. Use `where` in place of `if`; in place of `t[mask]`, whose size would differ from example to example, keep the size and mask with `where`."
        )

    override _.HasNumbers = false
    override _.Below = ValueSome batch

    override _.Detached = Traced(BatchTracer(trace, Bind.detach batch))

/// `around`: a batch of the same examples whose tensors count as this one's, null where there is none.
[<Sealed>]
type internal BatchTrace(name, examples: int, around: Trace | null) =
    inherit Trace(name)

    /// Nothing below but batches: no one asks for the derivative of what is bound there.
    let rec plain (t: Tensor) =
        match t with
        | Value _ -> true
        | Traced(:? BatchTracer as r) -> plain r.Batch
        | Traced _ -> false

    new(name, examples) = BatchTrace(name, examples, null)

    member _.Examples = examples

    member trace.Operand(t: Tensor) =
        match t with
        | Traced(:? BatchTracer as r) when
            obj.ReferenceEquals(r.Trace, trace) || obj.ReferenceEquals(r.Trace, around)
            ->
            Operand.Batched r.Batch
        | Traced _
        | Value _ -> Operand.Shared t

    /// The tensor of all examples that a tensor in here stands for.
    member trace.Each(t: Tensor) = BatchRules.each examples (trace.Operand t)

    member trace.Join(batch: Tensor) = Traced(BatchTracer(trace, batch))

    override trace.Apply(p, inputs) =
        let operands = Array.map trace.Operand inputs

        match Facts.custom p with
        | null ->
            trace.KeepRoots inputs
            BatchRules.apply examples p operands |> Array.map trace.Join
        | :? BatchingOperation as f ->
            let outputs = f.OfBatch(trace, operands)
            CustomDerivative.refuseClosures trace f.Name outputs
            Array.map trace.Join outputs
        | f ->
            let f = f :?> CustomOperation
            let below = operands |> Array.map _.Tensor

            if Array.forall plain below then
                f.Run inputs
            else
                let batched = operands |> Array.map _.IsBatched
                let outputs = Bind.apply (Primitive.Custom(BatchedFunction(f, trace, batched))) below
                CustomDerivative.refuseClosures trace f.Name outputs
                Array.map trace.Join outputs

    /// What an example is the root of, all examples are the roots of.
    member private trace.KeepRoots(inputs: Tensor[]) =
        match inputs[0] with
        | Traced(:? BatchTracer as r) when r.Squares.IsSome ->
            match r.Batch, trace.Operand r.Squares.Value with
            | Traced below, Operand.Batched squares -> below.Squares <- ValueSome squares
            | _ -> ()
        | _ -> ()

/// A function that says itself what it is on whole batches, whatever else is asked of it.
and [<AbstractClass>] internal BatchingOperation(name) =
    inherit CustomDerivative(name)

    /// Its results of all examples, which all of them have along axis 0.
    abstract OfBatch: BatchTrace * Operand[] -> Tensor[]

/// A function of the user's own on whole batches: what it runs, pushes and pulls are those of one example under a `vmap`.
///
/// Every output is batched, also one that is the same for all examples: the derivative of example i sees the change of
/// output i alone, and a cotangent shared by N examples would be pulled N times.
and [<Sealed>] internal BatchedFunction(f: CustomOperation, around: BatchTrace, batched: bool[]) =
    inherit CustomDerivative(f.Name)

    /// Where it becomes a part of a graph, the examples that the function closes over are inputs like any other.
    let over (body: BatchTrace -> 'a) =
        let staging = Staging.innermost ()

        let trace = BatchTrace(around.Name, around.Examples, (if isNull staging then null else around))

        match staging with
        | null -> ()
        | staging -> staging.Adopt(around, trace)

        try
            body trace
        finally
            trace.Close()

    let enter (trace: BatchTrace) i t = if batched[i] then trace.Join t else t

    override _.IsFollowed =
        match f with
        | :? CustomDerivative as f -> f.IsFollowed
        | _ -> false

    override _.Run inputs = over (fun trace -> f.Run(Array.mapi (enter trace) inputs) |> Array.map trace.Each)

    override _.Push(inputs, outputs, tangents) =
        over (fun trace ->
            let tangents = tangents |> Array.mapi (fun i t -> ValueOption.map (enter trace i) t)

            (CustomDerivative.ofCustom f)
                .Push(Array.mapi (enter trace) inputs, Array.map trace.Join outputs, tangents)
            |> Array.map (ValueOption.map trace.Each))

    override _.HasSeries =
        match f with
        | :? CustomDerivative as f -> f.HasSeries
        | _ -> false

    override _.Series(order, inputs, rest) =
        over (fun trace ->
            let rest =
                rest |> Array.mapi (fun i terms -> terms |> Array.map (ValueOption.map (enter trace i)))

            let struct (outputs, found) =
                (CustomDerivative.ofCustom f).Series(order, Array.mapi (enter trace) inputs, rest)

            struct (Array.map trace.Each outputs, found |> Array.map (Array.map (ValueOption.map trace.Each))))

    override _.Pull(inputs, outputs, cotangents) =
        over (fun trace ->
            let joined = Array.map (ValueOption.map trace.Join) cotangents

            (CustomDerivative.ofCustom f)
                .Pull(Array.mapi (enter trace) inputs, Array.map trace.Join outputs, joined)
            // The cotangents of a shared input add up.
            |> Array.mapi (fun i pulled ->
                let all = ValueOption.map trace.Each pulled

                if batched[i] then
                    all
                else
                    all
                    |> ValueOption.map (fun c ->
                        Bind.one (Primitive.Reduce(Reduction.Sum, [| 0 |])) [| c |])))

/// The transformation behind `vmap`: what opens a trace, runs the function on one tracer for all examples and closes it.
module internal Batch =
    let private requireTensors<'tree> operation what =
        if not (Walkers.holdsTensors typeof<'tree>) then
            raise (
                TreeException
                    $"{operation}: the {what} is {typeof<'tree>.Name}, which can't hold a tensor, so it can't be one of a batch."
            )

    /// The axis of examples of each leaf, counted from 0, and how many examples there are.
    let private examine (operation: string) (x: 'p) (leaves: Tensor[]) (axes: int option[]) =
        let place i = (Tree.paths x)[i]
        let at i problem = $"{Placed.before (place i)}{operation}: {problem}"

        let number i axis =
            let shape = leaves[i].Dims

            if shape.Length = 0 then
                let way =
                    "One that all examples share is best closed over, as in `vmap (fun x -> f x scalar) xs`; `vmapWith` takes shared arguments, too."

                raise (ShapeException(at i $"a scalar has no axis of examples. {way}"))
            elif axis < -shape.Length || axis >= shape.Length then
                raise (
                    AxisException(at i $"there is no axis {axis} of examples in shape {Shape.show shape}.")
                )
            else
                (axis + shape.Length) % shape.Length

        let axes = Array.mapi (fun i -> Option.map (number i)) axes

        let sizes = [|
            for i in 0 .. leaves.Length - 1 do
                match axes[i] with
                | Some axis -> i, leaves[i].Dims[axis]
                | None -> ()
        |]

        match Array.tryHead sizes with
        | None ->
            raise (
                ValueException
                    $"{operation}: no tensor of the argument has an axis of examples, so there is no batch to map over."
            )
        | Some(first, examples) ->
            let found i =
                $"{leaves[i].Dims[axes[i].Value]} examples, along axis {axes[i].Value} of {Shape.show leaves[i].Dims}"

            for i, size in sizes do
                if size <> examples then
                    raise (
                        ShapeException(
                            at
                                i
                                $"{found i}; `{place first}` has {found first}. All batched tensors must have as many."
                        )
                    )

            axes, examples

    /// f on each example, the axis of examples given leaf by leaf (None: shared by all); the results along `out`.
    let private over
        (operation: string)
        (axes: int option[])
        out
        (f: 'p -> 'q)
        (x: 'p)
        (leaves: Tensor[])
        : 'q =
        requireTensors<'q> operation "result"
        let axes, examples = examine operation x leaves axes
        let trace = BatchTrace(operation, examples)

        let enter (t: Tensor) axis =
            match axis with
            | Some axis -> trace.Join(t.MoveAxis(axis, 0))
            | None -> t

        try
            f (Tree.rebuild x (Array.map2 enter leaves axes))
            |> Tree.mapped operation (fun t ->
                let all = trace.Each t

                if out < -all.Rank || out >= all.Rank then
                    raise (
                        AxisException
                            $"{operation}: there is no axis {out} for the examples in a result of shape {Shape.show all.Dims}, the examples first."
                    )

                all.MoveAxis(0, out))
        finally
            trace.Close()

    let private leavesOf (operation: string) (x: 'p) =
        requireTensors<'p> operation "argument"
        Tree.leaves x

    let vmap (operation: string) (f: 'p -> 'q) (x: 'p) : 'q =
        let leaves = leavesOf operation x
        over operation (Array.map (fun _ -> Some 0) leaves) 0 f x leaves

    let vmapWith (operation: string) (inputs: int option list) out (f: 'p -> 'q) (x: 'p) : 'q =
        let leaves = leavesOf operation x
        let fields = Tree.fields x

        let axes =
            match inputs with
            | [ axis ] -> Array.map (fun _ -> axis) leaves
            | inputs when inputs.Length = fields.Length ->
                List.map2 (fun axis (_, count) -> Array.replicate count axis) inputs fields |> Array.concat
            | inputs ->
                let names = fields |> List.map (fun (name, _) -> $"`${name}`") |> String.concat ", "

                raise (
                    ValueException
                        $"{operation}: {inputs.Length} batch axes for {fields.Length} fields {names}. Give one for each field, or a single one for all."
                )

        over operation axes out f x leaves

    /// The results of a function of each tensor like t that is 1 in one place and 0 elsewhere, in row-major order along
    /// axis 0; so many at once.
    let allOverBasis (operation: string) (atOnce: int) (f: Tensor -> Tensor[]) (t: Tensor) : Tensor[] =
        let count n = Bind.create (Primitive.Iota(DType.Int32, n)) t.Device

        let part first =
            let ones = count (min atOnce (t.Size - first)) + first
            let basis = (ones.Unsqueeze 1).Equal(count t.Size).Convert t.DType
            vmap operation f (basis.Reshape(Array.append ones.Dims t.Dims))

        let parts = [ for first in 0..atOnce .. max 0 (t.Size - 1) -> part first ]
        Array.init parts.Head.Length (fun i -> concat 0 [ for part in parts -> part[i] ])

    /// The same of a function with one result.
    let overBasis (operation: string) (atOnce: int) (f: Tensor -> Tensor) (t: Tensor) : Tensor =
        (allOverBasis operation atOnce (fun e -> [| f e |]) t)[0]
