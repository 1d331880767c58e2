namespace Cotangent.Compiler

open System.Net
open System.Text
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Drawings of graphs: a Mermaid flowchart for documents that render those, and a page of its own that needs nothing.
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
    let rec private parts (name: string) (g: Graph) : (string * Graph) list = [
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

    /// Boxes in rows by their distance from the inputs, lines between them.
    let private svg (g: Graph) : string =
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
        add $"""<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{down * used.Length}">"""

        for i in 0 .. g.Nodes.Length - 1 do
            for j in g.Nodes[i].Inputs do
                let x1, y1 = x j + width / 2, y j + height
                let x2, y2 = x i + width / 2, y i
                let bend = (y1 + y2) / 2
                add $"""<path d="M{x1} {y1} C{x1} {bend} {x2} {bend} {x2} {y2}"/>"""

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]
            let kind = if Array.contains i g.Outputs then "output" else "inner"
            let full = string (WebUtility.HtmlEncode $"%%{i} {label node}")
            let first = if full.Length > 27 then full[..25] + "…" else full
            add $"""<g class="{kind}"><title>{full}</title>"""
            add $"""<rect x="{x i}" y="{y i}" width="{width}" height="{height}" rx="5"/>"""
            add $"""<text x="{x i + 8}" y="{y i + 16}">{first}</text>"""
            add $"""<text class="signature" x="{x i + 8}" y="{y i + 32}">{signature node}</text></g>"""

        add "</svg>"
        text.ToString()

    let private style =
        """:root { color-scheme: light dark; } body { font: 14px system-ui, sans-serif; margin: 1.5rem; }
h2 { font-size: 1rem; } svg { display: block; } div { overflow-x: auto; }
svg text { font: 12px ui-monospace, monospace; fill: CanvasText; } svg .signature { fill-opacity: .65; }
rect { fill: Canvas; stroke: #7a8699; } .output rect { stroke: #2f6fdf; stroke-width: 2; }
path { fill: none; stroke: #7a8699; stroke-opacity: .6; }"""

    /// A page that opens without a network.
    let page (g: Graph) : string =
        let drawings =
            parts "graph" g
            |> List.map (fun (name, g) -> $"<h2>{WebUtility.HtmlEncode name}</h2><div>{svg g}</div>")
            |> String.concat "\n"

        $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Graph</title><style>{style}</style>{drawings}</html>"
