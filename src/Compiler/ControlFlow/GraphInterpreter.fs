namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// Evaluates a graph by binding its primitives: on numbers, or under any transformation.
[<AbstractClass; Sealed>]
type internal GraphInterpreter private () =
    /// `known` may give the value of a node, which is then not evaluated, from its number and arguments (of an item, the item);
    /// `made` is told of arguments and each result of each primitive; `passed` of each node whose value has been read for the
    /// last time, and of the value.
    static member private Walk
        (
            g: Graph,
            inputs: Tensor[],
            known: int -> Tensor[] -> Tensor voption,
            made: Tensor[] -> Tensor -> unit,
            passed: int -> Tensor -> unit
        ) =
        let values: Tensor[] = Array.zeroCreate g.Nodes.Length
        let results: Tensor[][] = Array.zeroCreate g.Nodes.Length
        let last = GraphWalk.lastReaders (Array.init g.Nodes.Length id) g

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]

            let arguments =
                match node.Operation with
                | Operation.Item n -> [| results[node.Inputs[0]][n] |]
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Control _ -> node.Inputs |> Array.map (fun j -> values[j])

            match known i arguments, node.Operation with
            | ValueSome value, _ -> values[i] <- value
            | ValueNone, Operation.Input n -> values[i] <- inputs[n]
            | ValueNone, Operation.Constant buffer -> values[i] <- Value buffer
            | ValueNone, Operation.Primitive p when node.HasItems ->
                results[i] <- Bind.apply p arguments
                Array.iter (made arguments) results[i]
            | ValueNone, Operation.Primitive p ->
                values[i] <- if arguments.Length = 0 then Bind.create p node.Device else Bind.one p arguments
                made arguments values[i]
            | ValueNone, Operation.Control control ->
                results[i] <- Bind.apply (Primitive.Custom(GraphInterpreter.Operation control)) arguments
            | ValueNone, Operation.Item _ -> values[i] <- arguments[0]

            // Nothing is held longer than it is read.
            for j in Array.distinct node.Inputs do
                if last[j] = i then
                    let value = values[j]
                    values[j] <- Unchecked.defaultof<Tensor>

                    if g.Nodes[j].HasItems then
                        results[j] <- Unchecked.defaultof<Tensor[]>
                    else
                        passed j value

        g.Outputs |> Array.map (fun i -> values[i])

    static member Run (g: Graph) (inputs: Tensor[]) : Tensor[] =
        GraphInterpreter.Knowing (fun _ _ -> ValueNone) g inputs

    /// The same, where some values are known, by the numbers of their nodes and the arguments of these.
    static member Knowing
        (known: int -> Tensor[] -> Tensor voption)
        (g: Graph)
        (inputs: Tensor[])
        : Tensor[] =
        GraphInterpreter.Walk(g, inputs, known, (fun _ _ -> ()), (fun _ _ -> ()))

    /// On numbers: memory of a device is given back as soon as it has been read for the last time, not when the collector
    /// finds it. `finished` is told the number of each input that has been read for the last time.
    static member Evaluate(g: Graph, inputs: Tensor[], finished: int -> unit) : Tensor[] =
        let own = HashSet<Buffer>(HashIdentity.Reference)

        let elsewhere (t: Tensor) =
            match t with
            | Value b when b.Device <> Device.Cpu -> ValueSome b
            | Value _
            | Traced _ -> ValueNone

        // What an engine hands through is not to be freed with one of its nodes.
        let made (arguments: Tensor[]) (t: Tensor) =
            let isHandedThrough b =
                arguments
                |> Array.exists (fun a ->
                    match a with
                    | Value a -> obj.ReferenceEquals(a, b)
                    | Traced _ -> false)

            match elsewhere t with
            | ValueSome b -> if isHandedThrough b then own.Remove b |> ignore else own.Add b |> ignore
            | ValueNone -> ()

        let passed (i: int) (t: Tensor) =
            match g.Nodes[i].Operation with
            | Operation.Input n -> finished n
            | Operation.Primitive _
            | Operation.Item _ ->
                match elsewhere t with
                | ValueSome b -> if own.Remove b then b.Release()
                | ValueNone -> ()
            | Operation.Constant _
            | Operation.Control _ -> ()

        GraphInterpreter.Walk(g, inputs, (fun _ _ -> ValueNone), made, passed)

    static member private Bodies = {
        new Bodies() with
            override _.Run g inputs = GraphInterpreter.Run g inputs
            override _.Evaluate(g, inputs) = GraphInterpreter.Evaluate(g, inputs, ignore)
    }

    /// Control flow with its rules.
    static member Operation(control: Control) : CustomOperation =
        match control with
        | Control.Scan s -> ScanOperation(GraphInterpreter.Bodies, s)
        | Control.While w -> WhileOperation(GraphInterpreter.Bodies, w)
        | Control.Cond c -> CondOperation(GraphInterpreter.Bodies, c)
        | Control.Call c ->
            if c.Arguments < c.Body.Inputs.Length then
                raise (
                    DerivativeException
                        $"`{c.Function.Name}`: its function uses a tensor of the compiled function around it that is not among its arguments. Pass it as an argument (in a tuple or record)."
                )

            c.Function :?> CustomOperation
