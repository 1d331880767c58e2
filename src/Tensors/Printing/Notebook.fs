namespace Cotangent

open System
open System.IO
open System.Net

// What notebooks show of a value. .NET Interactive, the kernel of Polyglot Notebooks and of Jupyter's notebooks in F# and C#, asks
// a type for an attribute of the name below, makes what it names, and calls what that gives. It knows all of these by their names
// alone, so that nothing is referenced; elsewhere they do nothing. The file is part of each package with such types.

/// Names the type that makes the formatters of the type that has it: it has a constructor without arguments.
[<AttributeUsage(AttributeTargets.Class)>]
type internal TypeFormatterSourceAttribute(source: Type) =
    inherit Attribute()
    member _.FormatterSourceType: Type = source

/// A value in one format.
[<Sealed>]
type internal NotebookFormatter(mimeType: string, text: obj -> string) =
    member _.MimeType: string = mimeType

    /// Writes the value, and says that it did.
    member _.Format(value: obj, writer: TextWriter) : bool =
        writer.Write(text value)
        true

/// A value as its text where only text is shown, and as HTML elsewhere.
[<AbstractClass>]
type internal NotebookFormatters(text: obj -> string, html: obj -> string) =
    member _.CreateTypeFormatters() : seq<obj> = [
        NotebookFormatter("text/plain", text)
        NotebookFormatter("text/html", html)
    ]

    /// Lines below each other, as on a terminal: columns stay columns. In a record or a list, too, where a notebook shows what
    /// it holds in the cells of a table.
    static member Lines(text: string) : string =
        $"<pre style=\"margin: 0; text-align: left\">{WebUtility.HtmlEncode text}</pre>"

    /// A picture as a PNG. Small ones are shown by larger pixels, some 200 of the screen's wide.
    static member Picture(width: int, png: byte[]) : string =
        let wide = width * max 1 (200 / max 1 width)

        $"<img width=\"{wide}\" style=\"image-rendering: pixelated\" src=\"data:image/png;base64,{Convert.ToBase64String png}\">"

/// A table that `ToString` lays out in lines, such as the summary of a model.
[<Sealed>]
type internal LinesInNotebooks() =
    inherit NotebookFormatters(string<obj>, (fun value -> NotebookFormatters.Lines(string<obj> value)))
