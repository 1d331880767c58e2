// F# Interactive runs this when a script references the package. A chart of Plotly.NET prints as one line, instead of all
// the objects that it is made of; it is known by its name, since the package has no reference to Plotly.NET. The session
// is looked up, too: where an editor or a notebook has none, nothing happens. All is local, as F# Interactive lists what
// a script defines.
module internal CotangentInteractive

open System
open System.Collections
open System.Reflection

do
    /// The type of charts that a value's type is or inherits from; cases of a union inherit from it.
    let rec chartType (t: Type) =
        if isNull t then None
        elif t.FullName = "Plotly.NET.GenericChart" then Some t
        else chartType t.BaseType

    /// The kinds of a chart's traces, each with how many there are: "2 scatter, 1 histogram".
    let kinds (chart: obj) (t: Type) =
        let isReader (m: MethodInfo) = m.Name = "getTraces" && m.GetParameters().Length = 1
        let reader = t.Assembly.GetTypes() |> Seq.collect _.GetMethods() |> Seq.find isReader

        reader.Invoke(null, [| chart |]) :?> IEnumerable
        |> Seq.cast<obj>
        |> Seq.map (fun trace -> string (trace.GetType().GetProperty("type").GetValue trace))
        |> List.ofSeq
        |> List.countBy id
        |> List.map (fun (kind, count) -> $"{count} {kind}")
        |> String.concat ", "

    /// What is shown in place of a chart; null for all other values, which are shown as ever.
    let shorten (value: obj) : obj =
        match chartType (value.GetType()) with
        | None -> null
        | Some t ->
            // Another version of Plotly.NET may have other names inside.
            let traces =
                try
                    kinds value t
                with _ ->
                    "Plotly.NET"

            box {| Chart = traces |}

    let settings = Type.GetType "FSharp.Compiler.Interactive.Settings, FSharp.Compiler.Interactive.Settings"

    if not (isNull settings) then
        let session = settings.GetProperty("fsi").GetValue null
        let add = session.GetType().GetMethod("AddPrintTransformer").MakeGenericMethod typeof<obj>
        add.Invoke(session, [| box shorten |]) |> ignore
