namespace Cotangent.Compiler

open Cotangent

/// From a graph to a program: simplify, fuse and lower, plan memory, emit.
module internal Build =
    /// Whether a loop nest can hold this node.
    let private emits (g: Graph) (node: Node) : bool =
        let fits (dtype: DType) =
            match dtype with
            | DType.Float32
            | DType.Float64
            | DType.Int32
            | DType.Int64
            | DType.Bool -> true
            | DType.Float16
            | DType.BFloat16 -> false

        fits node.DType && node.Inputs |> Array.forall (fun i -> fits g.Nodes[i].DType)

    let program (graph: Graph) : Program =
        let simple = Passes.complete graph
        let lowering = Lowering emits

        let views =
            simple.Inputs
            |> Array.mapi (fun n i ->
                let node = simple.Nodes[i]
                let slot = lowering.Slot(node.DType, Shape.count node.Shape, Home.Input n)
                Layout.contiguous slot node.Shape)

        // An input or a constant that is returned needs no copy; nor does the second of two equal outputs.
        let given (i: int) =
            match simple.Nodes[i].Operation with
            | Operation.Input _
            | Operation.Constant _ -> true
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> false

        let into =
            simple.Outputs
            |> Array.mapi (fun k i ->
                if given i || System.Array.IndexOf(simple.Outputs, i) < k then
                    -1
                else
                    let node = simple.Nodes[i]
                    lowering.Slot(node.DType, Shape.count node.Shape, Home.Output k))

        let struct (steps, outputs) = lowering.Graph(simple, views, into)

        let outputs =
            outputs
            |> Array.mapi (fun k v ->
                if into[k] >= 0 then
                    Layout.contiguous into[k] v.Shape
                else
                    let first = System.Array.IndexOf(simple.Outputs, simple.Outputs[k])
                    if into[first] >= 0 then Layout.contiguous into[first] v.Shape else v)

        let slots = lowering.Slots.ToArray()
        let steps = Merge.clean slots outputs (Merge.steps steps)
        let memory = Plan.memory slots (Plan.lifetimes slots steps outputs)
        let actions = Actions.prepare slots steps
        Program(slots, memory, actions, outputs, steps, simple)
