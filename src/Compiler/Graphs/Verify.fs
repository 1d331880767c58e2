namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Checks that a graph is one: order, arity, shapes and dtypes. Run after every pass in tests; what it throws is a fault
/// of ours, never of the user.
module internal Verify =
    let private fail i problem = invalidOp $"Graph: node %%{i}: {problem}"

    let private signature (g: Graph) i : Signature = { DType = g.Nodes[i].DType; Shape = g.Nodes[i].Shape }

    let private same (a: Signature) (b: Signature) = a.DType = b.DType && Shape.equal a.Shape b.Shape

    let private sameAll i what (a: Signature[]) (b: Signature[]) =
        if a.Length <> b.Length || not (Array.forall2 same a b) then
            let show =
                Array.map (fun (s: Signature) -> $"{s.DType} {Shape.show s.Shape}") >> String.concat ", "

            fail i $"{what}: ({show a}) against ({show b})"

    let private inputs (g: Graph) = Array.map (signature g) g.Inputs
    let private outputs (g: Graph) = Array.map (signature g) g.Outputs

    let rec graph (g: Graph) : unit =
        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]

            for j in node.Inputs do
                if j < 0 || j >= i then fail i $"its input %%{j} does not come before it"

                match node.Operation with
                | Operation.Item _ -> ()
                | _ -> if g.Nodes[j].HasItems then fail i $"reads %%{j} without naming a result"

            let given = Array.map (signature g) node.Inputs

            match node.Operation with
            | Operation.Input n -> if n >= g.Inputs.Length || g.Inputs[n] <> i then fail i $"is not input {n}"
            | Operation.Constant buffer ->
                sameAll i "constant" [| { DType = buffer.DType; Shape = buffer.Shape } |] [| signature g i |]
            | Operation.Primitive p ->
                let results = ShapeRule.infer p given
                // One result may be an item, too: of a function of .NET, which has as many as it likes.
                if not node.HasItems && results.Length <> 1 then fail i "has several results and no items"
                if not node.HasItems then sameAll i (string p) results [| signature g i |]
            | Operation.Item n ->
                if not g.Nodes[node.Inputs[0]].HasItems then fail i "is an item of what has no items"
                let results = Graph.items g node.Inputs[0]
                if n >= results.Length then fail i $"there is no result {n}"
                sameAll i "item" [| results[n] |] [| signature g i |]
            | Operation.Control control -> controlFlow i control given

        for i in g.Outputs do
            if i < 0 || i >= g.Nodes.Length then fail i "is an output and not there"

    and private controlFlow i control given =
        for _, body in Graph.bodies control do
            graph body

        match control with
        | Control.Scan s ->
            let sliced =
                given
                |> Array.mapi (fun k (x: Signature) ->
                    if k < s.Shared + s.Carry then
                        x
                    else
                        if x.Shape.Length = 0 || x.Shape[0] <> s.Count then
                            fail i "a sequence of another length"

                        { x with Shape = x.Shape[1..] })

            sameAll i "scan's inputs" sliced (inputs s.Body)
            let carry = Array.sub given s.Shared s.Carry
            sameAll i "scan's carry" carry (Array.truncate s.Carry (outputs s.Body))
        | Control.While w ->
            sameAll i "while's inputs" given (inputs w.Body)
            sameAll i "while's condition" given (inputs w.Condition)
            sameAll i "while's carry" given[w.Shared ..] (outputs w.Body)
            sameAll i "while's test" (outputs w.Condition) [| { DType = DType.Bool; Shape = [||] } |]
        | Control.Cond c ->
            sameAll i "cond's test" given[..0] [| { DType = DType.Bool; Shape = [||] } |]
            sameAll i "cond's inputs" given[1..] (inputs c.OnTrue)
            sameAll i "cond's inputs" given[1..] (inputs c.OnFalse)
            sameAll i "cond's results" (outputs c.OnTrue) (outputs c.OnFalse)
        | Control.Call c -> sameAll i "call's inputs" given (inputs c.Body)
