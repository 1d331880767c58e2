namespace Cotangent

open System.Diagnostics
open System.Threading

/// Where in the user's source a call came from.
module internal SourcePlace =
    let private library = [ "Cotangent"; "Cotangent.CSharp"; "Cotangent.Torch" ]

    let private isOwn (frame: StackFrame) =
        match frame.GetMethod() with
        | null -> true
        | method ->
            match method.Module.Assembly.GetName().Name with
            | null -> true
            // F#'s own, and the compiler that runs a script: "FSharp.".
            | name -> List.contains name library || name.StartsWith "System." || name.StartsWith "FSharp."

    /// File and line of the first caller that is not the library's, as far as debug symbols tell; else nothing.
    let find () : string =
        let isTold (frame: StackFrame) = not (isOwn frame) && not (isNull (frame.GetFileName()))

        match StackTrace(1, true).GetFrames() |> Array.tryFind isTold with
        | Some frame -> $"{frame.GetFileName()}:{frame.GetFileLineNumber()}"
        | None -> ""

    let private recording = AsyncLocal<bool>()

    /// While the body runs, nodes of graphs remember where they come from.
    let during (body: unit -> 'a) : 'a = Ambient.during recording true body

    /// The place, while it is remembered; else nothing.
    let recorded () : string = if Ambient.anyActive () && recording.Value then find () else ""
