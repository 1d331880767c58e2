namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Right operands of products in a loop that are the same in every round. The kernels for few rows read such an operand in place, again in
/// each round, and want its rows to be runs of neighbours that begin a little more than a power of two apart: else not many of
/// them find room in the first-level cache. Weights on the way back lie column by column, and would even be copied in each
/// round. So they are copied once, before the loop.
module internal LoopOperands =
    /// Rows of the left operand below which columns are read in place as well.
    [<Literal>]
    let private FewestRows = 4

    /// A shared input of the loop, or one with its axes in another order, as memory.
    let private memory (shared: View[]) (body: Graph) (i: int) : View voption =
        let input i =
            match body.Nodes[i].Operation with
            | Operation.Input k when k < shared.Length -> ValueSome shared[k]
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> ValueNone

        match body.Nodes[i].Operation with
        | Operation.Primitive(Primitive.Permute order) ->
            input body.Nodes[i].Inputs[0] |> ValueOption.map (Layout.permute order)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> input i

    /// Bytes of an operand that is read in place, and does not leave the second-level cache between two rounds.
    [<Literal>]
    let private LargestOperand = 4194304L

    /// Bytes of a line of the caches.
    [<Literal>]
    let private Line = 64

    /// Elements from a row of a copy to the next: an odd number of lines.
    let private apart (size: int) columns =
        let lines = (columns * size + Line - 1) / Line
        (lines ||| 1) * Line / size

    let private isBetterCopied (size: int) (v: View) =
        let last = v.Shape.Length - 1
        let rows, columns = v.Shape[last - 1], v.Shape[last]

        rows > 1
        && columns > 1
        && int64 (Shape.count v.Shape) * int64 size <= LargestOperand
        && (v.Strides[last] <> 1 || v.Strides[last - 1] * size % (8 * Line) = 0)

    /// Whether a node is a product that a kernel makes, of enough rows.
    let private isProduct (target: Target) (body: Graph) (node: Node) =
        match node.Operation with
        | Operation.Primitive Primitive.MatMul ->
            let a = body.Nodes[node.Inputs[0]].Shape
            a[a.Length - 2] >= FewestRows && Fuse.way target body node = Fuse.Way.Alone
        | Operation.Primitive _
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> false

    /// The nodes of a body of which copies are to be read, and what they are as memory.
    let private found (target: Target) (shared: View[]) (body: Graph) : struct (int * View)[] =
        let operands =
            body.Nodes
            |> Array.filter (isProduct target body)
            |> Array.map (fun node -> node.Inputs[1])
            |> Array.distinct

        [|
            for i in operands do
                match memory shared body i with
                | ValueSome v when isBetterCopied body.Nodes[i].DType.Size v -> struct (i, v)
                | ValueSome _
                | ValueNone -> ()
        |]

    /// A view of so many elements of memory that has the shape of another, and the rows that kernels want.
    let private copyOf (size: int) (v: View) : struct (int * (int -> View)) =
        let last = v.Shape.Length - 1
        let padded = Array.append v.Shape[.. last - 1] [| apart size v.Shape[last] |]

        struct (Shape.count padded,
                fun slot -> { Slot = slot; Offset = 0; Shape = v.Shape; Strides = Shape.strides padded })

    /// A body that reads copies, and the shared inputs with these behind them. `copy` makes one: of a view, in a slot of so many
    /// elements, of which a function gives the view that it fills.
    let copied
        (target: Target)
        (copy: View -> int -> (int -> View) -> View)
        (shared: View[])
        (body: Graph)
        : struct (Graph * View[]) =
        let found = found target shared body

        if found.Length = 0 then
            struct (body, shared)
        else
            let nodes = found |> Array.map (fun (struct (i, _)) -> i)

            let copies =
                found
                |> Array.map (fun (struct (i, v)) ->
                    let struct (count, view) = copyOf body.Nodes[i].DType.Size v
                    copy v count view)

            let at = Array.init nodes.Length (fun k -> shared.Length + k)

            let body =
                Graph.insertInputs shared.Length (Hoist.like body nodes) body |> Hoist.readFrom at nodes

            struct (body, Array.append shared copies)
