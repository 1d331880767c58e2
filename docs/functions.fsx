(**
---
title: All functions, by topic
category: Use
categoryindex: 3
index: 4
description: Every function and every member of Tensor, with links into the API reference.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open System
open System.Reflection

/// Functions in lower case and members of Tensor in upper case, from a module that `open Cotangent` opens.
let names (m: Type) =
    m.GetMethods(BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.DeclaredOnly)
    |> Array.map (fun f -> f.Name.Replace("Tensor.", "").Replace("get_", ""))
    |> Array.filter (fun name -> Char.IsLetter name[0] && not (name.Contains '.'))
    |> Array.distinct
    |> Array.sort
    |> Array.partition (fun name -> Char.IsLower name[0])

let link (m: Type) name =
    let page =
        (Unchecked.nonNull m.FullName)
            .ToLowerInvariant()
            .Replace('.', '-')
            .Replace('`', '-')

    $"<a href=\"reference/{page}.html#{name}\"><code>{name}</code></a>"

let topics = [
    "Derivatives, batching", "Core"
    "Making tensors", "TensorModule"
    "From .NET data", "Data"
    "Elementwise", "Mathematics"
    "Sums, means, extremes", "Reductions"
    "Shapes", "Views"
    "Parts", "Indexing"
    "Joining, splitting", "Joining"
    "Matrices", "LinearAlgebra"
    "Order", "Sorting"
    "Randomness: keys", "KeyModule"
    "Randomness: draws", "Random"
    "Trees", "Tree"
    "Checks", "Debug"
    "Initialisers", "InitModule"
    "Layers", "LinearModule"
    "Multilayer perceptrons", "MlpModule"
    "Activations", "ActivationModule"
    "Losses", "Loss"
    "Optimisers", "OptimizerModule"
    "Schedules", "ScheduleModule"
    "Adversarial networks", "GanModule"
    "Progress", "Progress"
]

let library = typeof<Cotangent.Tensor>.Assembly

let missing =
    library.GetExportedTypes()
    |> Array.filter (fun t ->
        t.GetCustomAttributes(typeof<AutoOpenAttribute>, false).Length > 0)
    |> Array.map _.Name
    |> Array.except (List.map snd topics)

if missing.Length > 0 then failwith $"Modules without a topic: %A{missing}."

let rows =
    topics
    |> List.map (fun (topic, name) ->
        let m = library.GetType("Cotangent." + name, true) |> Unchecked.nonNull
        let functions, members = names m
        let opened = m.GetCustomAttributes(typeof<AutoOpenAttribute>, false).Length > 0

        let prefix =
            if opened then "" else $"""in <code>{name.Replace("Module", "")}</code>: """

        let list = Array.map (link m) >> String.concat " "
        $"<tr><td>{topic}</td><td>{prefix}{list functions}</td><td>{list members}</td></tr>")
    |> String.concat "\n"

let html =
    $"<table><thead><tr><th>topic</th><th>functions</th><th>members of <code>Tensor</code></th></tr></thead><tbody>{rows}</tbody></table>"

(**
# All functions, by topic

With `open Cotangent`. F#'s own `+ - * / % **`, `abs`, `exp`, `log`, `sqrt`, `sin`, `tanh`, `floor`, `round` and the other
functions of numbers work on tensors, too; comparisons are members (`x.Less y`), since F#'s `<` returns one `bool`.
*)
(*** hide ***)
html
(*** include-it-raw ***)

(**
What `Tensor` itself has (`Shape`, `DType`, `Rank`, `Size`, `Device`, `ToData`) is on
[its own page](reference/cotangent-tensor.html); types for options and results are in the
[API reference](reference/cotangent.html).
*)
