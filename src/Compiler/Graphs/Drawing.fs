namespace Cotangent.Compiler

open System.Net
open System.Text
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Drawings of graphs: a Mermaid flowchart for documents that render those, and boxes and lines in SVG.
module internal Drawing =
    let private label (node: Node) =
        match node.Operation with
        | Operation.Input n -> $"input {n}"
        | Operation.Constant _ -> "constant"
        | Operation.Primitive p -> OperationText.primitive p
        | Operation.Control c -> Graph.describe c
        | Operation.Item n -> $"item {n}"

    let private signature (node: Node) = if node.HasItems then "" else $"{node.DType} {Shape.show node.Shape}"

    /// The parts of a graph in the order of their drawing: the graph itself, then each body of control flow.
    let rec parts (name: string) (g: Graph) : (string * Graph) list = [
        name, g
        for i in 0 .. g.Nodes.Length - 1 do
            match g.Nodes[i].Operation with
            | Operation.Control c ->
                for part, body in Graph.bodies c do
                    yield! parts $"{name} %%{i} {part}" body
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> ()
    ]

    let mermaid (g: Graph) : string =
        let text = StringBuilder "flowchart TD\n"
        let line (s: string) = text.Append("  ").Append(s).Append('\n') |> ignore

        parts "graph" g
        |> List.iteri (fun k (name, g) ->
            if k > 0 then line $"subgraph p{k} [\"{name}\"]"

            for i in 0 .. g.Nodes.Length - 1 do
                let node = g.Nodes[i]
                line $"n{k}_{i}[\"{label node}<br/>{signature node}\"]"

                for j in node.Inputs do
                    line $"n{k}_{j} --> n{k}_{i}"

            for o in 0 .. g.Outputs.Length - 1 do
                line $"n{k}_{g.Outputs[o]} --> o{k}_{o}([\"output {o}\"])"

            if k > 0 then line "end")

        text.ToString()

    /// Boxes in rows by their distance from the inputs, lines between them. What is known of a node stands in attributes, by
    /// which a page can search; nodes are named by the part that they belong to and their number.
    let svg (part: int) (g: Graph) : string =
        let depth = Array.zeroCreate<int> g.Nodes.Length

        for i in 0 .. g.Nodes.Length - 1 do
            for j in g.Nodes[i].Inputs do
                depth[i] <- max depth[i] (depth[j] + 1)

        let width, height, across, down = 210, 40, 230, 84
        let column = Array.zeroCreate<int> g.Nodes.Length
        let used = Array.zeroCreate<int>(1 + Array.fold max 0 depth)

        for i in 0 .. g.Nodes.Length - 1 do
            column[i] <- used[depth[i]]
            used[depth[i]] <- used[depth[i]] + 1

        let x i = 10 + column[i] * across
        let y i = 10 + depth[i] * down
        let text = StringBuilder()
        let add (s: string) = text.Append(s).Append('\n') |> ignore
        let total = 20 + across * Array.fold max 1 used

        add
            $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {down * used.Length}" width="{total}" height="{down * used.Length}">"""

        for i in 0 .. g.Nodes.Length - 1 do
            for j in g.Nodes[i].Inputs do
                let x1, y1 = x j + width / 2, y j + height
                let x2, y2 = x i + width / 2, y i
                let bend = (y1 + y2) / 2
                add $"""<path d="M{x1} {y1} C{x1} {bend} {x2} {bend} {x2} {y2}"/>"""

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]
            let kind = if Array.contains i g.Outputs then "output" else "inner"
            let html (s: string) = string (WebUtility.HtmlEncode s)
            let full = $"%%{i} {label node}"
            let first = html (if full.Length > 27 then full[..25] + "…" else full)
            let place = node.Place[node.Place.LastIndexOfAny [| '/'; '\\' |] + 1 ..]
            let inputs = node.Inputs |> Array.map (fun j -> $"{part}:{j}") |> String.concat " "

            let bytes =
                if node.HasItems then
                    ""
                else
                    string (int64 (Shape.count node.Shape) * int64 node.DType.Size)

            let text = html ($"{full} {signature node} {place}".ToLowerInvariant())

            add
                $"""<g class="{kind}" data-n="{part}:{i}" data-label="{html (label node)}" data-signature="{signature node}" data-bytes="{bytes}" data-inputs="{inputs}" data-place="{html place}" data-text="{text}"><title>{html full}</title>"""

            add $"""<rect x="{x i}" y="{y i}" width="{width}" height="{height}" rx="5"/>"""
            add $"""<text x="{x i + 8}" y="{y i + 16}">{first}</text>"""
            add $"""<text class="signature" x="{x i + 8}" y="{y i + 32}">{signature node}</text></g>"""

        add "</svg>"
        text.ToString()
