namespace Cotangent.Notebooks

open System
open System.ComponentModel
open System.IO
open System.Net

// What notebooks show of a value. .NET Interactive, the kernel of Polyglot Notebooks and of Jupyter's notebooks in F# and C#, asks
// a type for an attribute of the name below, makes what it names, and calls what that gives. It knows all of these by their names
// alone, so that nothing is referenced; elsewhere they do nothing. They are public since it looks for public members only.

/// <summary>How a value looks in a notebook.</summary>
/// <exclude />
[<EditorBrowsable(EditorBrowsableState.Never)>]
type INotebookView =
    /// Where only text is shown, as in the head of a record: one line.
    abstract Text: string
    /// What is shown elsewhere.
    abstract Html: string

/// <summary>A value in one format.</summary>
/// <exclude />
[<Sealed; EditorBrowsable(EditorBrowsableState.Never)>]
type NotebookFormatter internal (mimeType: string, text: objnull -> string) =
    member _.MimeType: string = mimeType

    /// Writes the value, and says that it did.
    member _.Format(value: obj, writer: TextWriter) : bool =
        writer.Write(text value)
        true

/// HTML of values.
module internal NotebookHtml =
    /// Lines below each other, as on a terminal: columns stay columns, also in the cells of a table that shows a record.
    let lines (text: string) : string =
        $"<pre style='margin: 0; text-align: left'>{WebUtility.HtmlEncode text}</pre>"

/// <summary>
/// The formatters of a type that has the attribute below: by its view, or of the lines of its text where it has none, such as the
/// summary of a model.
/// </summary>
/// <exclude />
[<Sealed; EditorBrowsable(EditorBrowsableState.Never)>]
type NotebookFormatters() =
    member _.CreateTypeFormatters() : seq<NotebookFormatter> =
        let text (value: objnull) =
            match value with
            | :? INotebookView as view -> view.Text
            | other -> string<objnull> other

        let html (value: objnull) =
            match value with
            | :? INotebookView as view -> view.Html
            | other -> NotebookHtml.lines (string<objnull> other)

        [ NotebookFormatter("text/plain", text); NotebookFormatter("text/html", html) ]

/// <summary>Tells notebooks how to show values of the type that has it.</summary>
/// <exclude />
[<Sealed; AttributeUsage(AttributeTargets.Class); EditorBrowsable(EditorBrowsableState.Never)>]
type TypeFormatterSourceAttribute(source: Type) =
    inherit Attribute()
    member _.FormatterSourceType: Type = source
