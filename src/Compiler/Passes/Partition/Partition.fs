namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Cuts the joint graph of a function and its pull in two: a forward half, and a backward half that is given what crosses
/// over, the residuals. What is cheap may be computed again behind the cut instead; which values cross is the minimum cut
/// of their bytes (Jain et al., "Checkmate", 2020, poses the problem; the cut by flow is that of PyTorch's partitioner).
module internal Partition =
    /// Forward: inputs -> outputs, residuals. Backward: residuals, cotangents -> gradients.
    [<NoComparison; NoEquality>]
    type Halves = { Forward: Graph; Backward: Graph; Residuals: int }

    [<RequireQualifiedAccess; Struct>]
    type private Effort =
        /// Done again without a thought: it makes no numbers, or needs no memory.
        | None
        /// Elementwise work, which fuses into what reads it.
        | Little
        /// Never done twice.
        | Much

    /// Elementwise operations in a row that are done again at most. A longer chain would need for its own values the
    /// memory that it saves.
    let Longest = 12

    let private effort (node: Node) : Effort =
        match node.Operation with
        | Operation.Constant _ -> Effort.None
        | Operation.Input _
        | Operation.Control _
        | Operation.Item _ -> Effort.Much
        | Operation.Primitive p ->
            match Facts.kind p with
            | Kind.Source _
            | Kind.View _ -> Effort.None
            | Kind.Elementwise work -> if Facts.isFree work then Effort.None else Effort.Little
            // Their results are small, or the work is large, or they do not fuse.
            | Kind.Fold _
            | Kind.Contraction
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> Effort.Much

    /// Nodes that belong to the backward half: those that depend on cotangents, and what stands behind a barrier, which
    /// was put there to be computed on the way back.
    let private lateNodes (joint: Graph) inputs (forValues: bool[]) =
        let late = Array.create joint.Nodes.Length false

        for i in inputs .. joint.Inputs.Length - 1 do
            late[joint.Inputs[i]] <- true

        for i in 0 .. joint.Nodes.Length - 1 do
            let node = joint.Nodes[i]

            let isBarrier =
                match node.Operation with
                | Operation.Primitive Primitive.Barrier -> true
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Control _
                | Operation.Item _ -> false

            if not forValues[i] && (isBarrier || node.Inputs |> Array.exists (fun j -> late[j])) then
                late[i] <- true

        late

    /// Nodes that may not be computed a second time. What the values do not need is computed only once, wherever.
    let private fixedNodes (longest: int) (joint: Graph) (forValues: bool[]) =
        let depth = Array.zeroCreate<int> joint.Nodes.Length

        joint.Nodes
        |> Array.mapi (fun i node ->
            let below = node.Inputs |> Array.fold (fun most j -> max most depth[j]) 0

            let isFixed, own =
                match effort node, node.Operation with
                | _, Operation.Input _ -> true, 0
                | Effort.None, _ -> false, below
                | _ when not forValues[i] -> false, below
                | Effort.Much, _ -> true, 0
                | Effort.Little, _ -> if below >= longest then true, 0 else false, below + 1

            depth[i] <- own
            isFixed)

    /// Which early nodes cross over.
    let private choose
        (longest: int)
        (joint: Graph)
        (outputs: int)
        (late: bool[])
        (forValues: bool[])
        (wanted: int[])
        : bool[] =
        let n = joint.Nodes.Length
        let values = joint.Outputs[.. outputs - 1]
        let isFixed = fixedNodes longest joint forValues
        // Early nodes that the backward half might ask for, and those that it reads itself.
        let needed = GraphWalk.ancestorsUpTo (fun i -> isFixed[i] && not late[i]) joint wanted
        let asked = Array.init n (fun i -> needed[i] && not late[i])
        let read = GraphWalk.back (fun i _ -> needed[i] && late[i]) joint wanted
        let isThere = Array.create n false

        for i in Array.append joint.Inputs values do
            isThere[i] <- true

        // Each node is an edge from 2i to 2i + 1, to cut which is to keep its value.
        let cut = MinCut(2 * n)

        for i in 0 .. n - 1 do
            if asked[i] then
                let node = joint.Nodes[i]

                let price =
                    if node.HasItems then
                        MinCut.Endless
                    else
                        let bytes = int64 (Shape.count node.Shape) * int64 node.DType.Size
                        // Of equal prices: what is there anyway, and fewer.
                        bytes * 4096L + (if isThere[i] then 1L else 2L)

                cut.Edge(2 * i, 2 * i + 1, price)
                if read[i] then cut.Edge(2 * i + 1, cut.Sink, MinCut.Endless)

                if isFixed[i] then
                    cut.Edge(cut.Source, 2 * i, MinCut.Endless)
                else
                    for j in node.Inputs do
                        cut.Edge(2 * j + 1, 2 * i, MinCut.Endless)

        let beyond = cut.Cut()
        Array.init n (fun i -> asked[i] && beyond[2 * i + 1] && not beyond[2 * i])

    /// `split` with at most so many elementwise operations in a row that are done again: with none, all values are kept but
    /// those that cost nothing.
    let splitWithin (longest: int) (joint: Graph) (inputs: int) (outputs: int) : Halves =
        let n = joint.Nodes.Length
        let values, gradients = joint.Outputs[.. outputs - 1], joint.Outputs[outputs..]
        let late = lateNodes joint inputs (GraphWalk.ancestors joint values)
        // What prints does so on the way forward, but for what only the way back has.
        let printed = Effects.places joint
        let early = printed |> Array.filter (fun i -> not late[i])
        let wanted = Array.append gradients (printed |> Array.filter (fun i -> late[i]))
        let forValues = GraphWalk.ancestors joint (Array.append values early)
        let kept = choose longest joint outputs late forValues wanted
        let backward = GraphWalk.ancestorsUpTo (fun i -> kept[i]) joint wanted

        let residuals = [|
            for i in 0 .. n - 1 do
                if kept[i] && backward[i] then i
        |]

        let builder = GraphBuilder()
        let copy = GraphCopy(joint, builder)
        copy.Inputs residuals
        copy.Inputs joint.Inputs[inputs..]
        copy.Nodes backward

        {
            Forward =
                DeadCode.keep early {
                    joint with
                        Inputs = joint.Inputs[.. inputs - 1]
                        Outputs = Array.append values residuals
                }
            Backward = builder.ToGraph(copy.All gradients)
            Residuals = residuals.Length
        }

    /// The first `inputs` inputs are the function's, the others cotangents; the first `outputs` outputs are its values,
    /// the others gradients.
    let split (joint: Graph) (inputs: int) (outputs: int) : Halves = splitWithin Longest joint inputs outputs
