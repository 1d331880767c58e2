namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Which nodes of a graph get memory of their own, and which are computed where they are read.
module internal Fuse =
    /// Bytes of an element in a register; masks go along with any.
    let private laneSize (dtype: DType) = if dtype = DType.Bool then 4 else dtype.Size

    /// How a node is computed.
    [<RequireQualifiedAccess; Struct>]
    type Way =
        /// It is memory already: an input or a constant.
        | Given
        /// Moves elements: read through, never stored for its own sake.
        | View
        /// The same work for each element: computed where it is read.
        | Elementwise
        /// Folds over axes: a loop nest of its own.
        | Folded
        /// Its own step.
        | Alone

    let private isProductNest (target: Target) (g: Graph) (node: Node) =
        let a = g.Nodes[node.Inputs[0]].Shape
        let work = int64 (Shape.count node.Shape) * int64 a[a.Length - 1]
        work <= target.LargestProduct

    let way (target: Target) (g: Graph) (node: Node) : Way =
        match node.Operation with
        | Operation.Input _
        | Operation.Constant _ -> Way.Given
        | Operation.Control _ -> Way.Alone
        | Operation.Item _ -> Way.Given
        | Operation.Primitive p ->
            let folds () = target.Emits(g, node) && Shape.count g.Nodes[node.Inputs[0]].Shape > 0

            match Facts.kind p with
            | Kind.View _ -> Way.View
            | Kind.Source _
            | Kind.Elementwise _ -> if target.Emits(g, node) then Way.Elementwise else Way.Alone
            | Kind.Fold _ -> if folds () then Way.Folded else Way.Alone
            | Kind.Contraction -> if folds () && isProductNest target g node then Way.Folded else Way.Alone
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> Way.Alone

    let private isScalar (node: Node) = Shape.count node.Shape <= 1

    /// Whether what a view sees has to be in memory.
    let private needsMemory (ways: Way[]) (g: Graph) (view: Node) : bool =
        let source = view.Inputs[0]
        let from = g.Nodes[source]

        match Graph.viewOf view with
        | ValueSome(ViewKind.Reshape shape) -> not (Layout.joins from.Shape shape)
        | ValueSome(ViewKind.Broadcast shape) ->
            let isSource =
                match from.Operation with
                | Operation.Primitive p -> (Facts.kind p).IsSource
                | Operation.Input _
                | Operation.Constant _
                | Operation.Control _
                | Operation.Item _ -> false

            // Computed once for each element there, not here; numbers that repeat need no memory.
            Shape.count from.Shape > 1
            && Shape.count shape > Shape.count from.Shape
            && not (isSource && ways[source] = Way.Elementwise)
        | ValueSome(ViewKind.Permute _ | ViewKind.Slice _ | ViewKind.Detach | ViewKind.Barrier)
        | ValueNone -> false

    /// What has to be in memory for its readers' sake, and how many there are that compute: views pass theirs on.
    let private demanded (ways: Way[]) (g: Graph) : struct (bool[] * int[]) =
        let stored = Array.create g.Nodes.Length false
        let readers = Array.zeroCreate<int> g.Nodes.Length

        for i in g.Outputs do
            stored[i] <- true

        let demand i = stored[i] <- true

        for i in g.Nodes.Length - 1 .. -1 .. 0 do
            let node = g.Nodes[i]

            match ways[i] with
            | Way.Given -> ()
            | Way.Alone -> Array.iter demand node.Inputs
            | Way.View ->
                let source = node.Inputs[0]
                readers[source] <- readers[source] + readers[i]
                if stored[i] || needsMemory ways g node then demand source
            | Way.Elementwise
            | Way.Folded ->
                for j in node.Inputs do
                    readers[j] <- readers[j] + 1

                    // Lanes of two sizes in one nest halve its width; a conversion is the place to part.
                    if
                        node.DType <> DType.Bool
                        && g.Nodes[j].DType <> DType.Bool
                        && laneSize node.DType <> laneSize g.Nodes[j].DType
                        && not (isScalar g.Nodes[j])
                    then
                        demand j

                match node.Operation with
                // Each element of an operand is read for every row or column of the other.
                | Operation.Primitive Primitive.MatMul -> Array.iter demand node.Inputs
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Control _
                | Operation.Item _ -> ()

        struct (stored, readers)

    /// For each node, how it is computed and whether it is stored.
    let plan (target: Target) (g: Graph) : struct (Way[] * bool[]) =
        let n = g.Nodes.Length
        let ways = g.Nodes |> Array.map (way target g)
        let struct (stored, readers) = demanded ways g
        // Prices of what is left to compute at each reader, inputs first.
        let prices = Array.zeroCreate<int> n
        let lengths = Array.zeroCreate<int> n

        for i in 0 .. n - 1 do
            let node = g.Nodes[i]

            let below (measure: int[]) =
                node.Inputs |> Array.sumBy (fun j -> if stored[j] then 0 else measure[j])

            match ways[i], node.Operation with
            | Way.Elementwise, Operation.Primitive p ->
                let own =
                    match (Facts.kind p).AsPointwise with
                    | ValueSome work -> Facts.price work
                    | ValueNone -> 0

                prices[i] <- own + below prices
                lengths[i] <- 1 + below lengths

                // Masks are computed again and again, but not without end.
                if
                    (node.DType <> DType.Bool && readers[i] > 1 && prices[i] > target.Dear)
                    || lengths[i] > target.LongestBody
                then
                    stored[i] <- true
            | Way.View, _ ->
                prices[i] <- below prices
                lengths[i] <- below lengths
            | (Way.Elementwise | Way.Given | Way.Folded | Way.Alone), _ -> stored[i] <- true

        struct (ways, stored)

    /// What nests compute for a concatenation and nobody else, and so write into its result: for each such node the concatenation, its axis,
    /// and where the node begins along it.
    let parts (target: Target) (g: Graph) (ways: Way[]) : Dictionary<int, struct (int * int * int)> =
        let found = Dictionary<int, struct (int * int * int)>()
        let readers = Array.zeroCreate<int> g.Nodes.Length
        let count i = readers[i] <- readers[i] + 1

        for node in g.Nodes do
            Array.iter count node.Inputs

        Array.iter count g.Outputs

        let isPart i = readers[i] = 1 && (ways[i] = Way.Elementwise || ways[i] = Way.Folded)

        let join whole axis =
            let mutable start = 0

            for operand in g.Nodes[whole].Inputs do
                if isPart operand then found[operand] <- struct (whole, axis, start)
                start <- start + g.Nodes[operand].Shape[axis]

        for i in 0 .. g.Nodes.Length - 1 do
            match g.Nodes[i].Operation with
            | Operation.Primitive p ->
                match Facts.kind p with
                | Kind.Opaque(Kernel.Concatenate axis) when target.Holds g.Nodes[i].DType -> join i axis
                | Kind.Opaque _
                | Kind.Source _
                | Kind.View _
                | Kind.Elementwise _
                | Kind.Fold _
                | Kind.Contraction
                | Kind.Draw _
                | Kind.Transfer _
                | Kind.Custom _ -> ()
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> ()

        found
