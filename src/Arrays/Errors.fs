namespace Cotangent

open System
open System.Globalization

/// How messages name functions: as F# does, until the facade of another language, once loaded, tells its own names.
[<AbstractClass; Sealed>]
type internal Spelling =
    [<DefaultValue>]
    static val mutable private spell: Func<string, string> | null

    static member Use(spell: Func<string, string>) = Spelling.spell <- spell

    static member Of(message: string) =
        let minus = NumberFormatInfo.CurrentInfo.NegativeSign
        // Whatever the culture calls a minus sign; programs and searches know one.
        let message = if minus = "-" then message else message.Replace(minus, "-")

        match Spelling.spell with
        | null -> message
        | spell -> spell.Invoke message

/// Arguments that F# code always gives, and other languages may leave null.
module internal Given =
    let missing (name: string) : unit = raise (ArgumentNullException name)

    /// Names the argument that is null; costs a comparison.
    let inline check (name: string) (value: 'a) = if isNull (box value) then missing name

    /// Names the array, or the place in it, that is null.
    let array (name: string) (values: 'a[]) : unit =
        check name values

        for i in 0 .. values.Length - 1 do
            if isNull (box values[i]) then missing $"{name}[{i}]"

    /// The same of a sequence.
    let items (name: string) (values: 'a seq) : 'a[] =
        check name values
        let values = Array.ofSeq values
        array name values
        values

/// <summary>
/// Base of every error that Cotangent raises on purpose; the message says the operation, what it got, what it wanted
/// and a way out. <c>docs/errors.fsx</c> lists each with an example and its cure.
/// </summary>
type CotangentException internal (message: string, inner: exn | null) =
    inherit Exception(Spelling.Of message, inner)
    new(message) = CotangentException(message, null)
    /// The message before it was spelled for another language.
    member internal _.Written = message

/// Shapes that do not fit the operation.
type ShapeException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = ShapeException(message, null)

/// Element types that do not fit the operation, or that differ where they must not.
type DTypeException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = DTypeException(message, null)

/// An axis outside a tensor's rank, or named twice.
type AxisException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = AxisException(message, null)

/// An index or slice outside its axis.
type IndexException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = IndexException(message, null)

/// Tensors on different devices, or a device that is not there.
type DeviceException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = DeviceException(message, null)

/// A traced tensor used where it can't be: after its transformation returned, or where its numbers are needed.
type TraceException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = TraceException(message, null)

    /// <summary>Whether the tensor's transformation had returned: it was kept by a closure, say.</summary>
    /// <example><code>
    /// let kept = ref (tensor 0.0)
    /// grad (fun (x: Tensor) -> kept.Value &lt;- x; x * x) (tensor 1.0) |> ignore
    /// try string (kept.Value + 1.0) with :? TraceException as e -> string e.HasEscaped // "True"
    /// </code></example>
    member val HasEscaped = false with get, internal set

/// A function that is not what its transformation needs: not linear, without a derivative rule of this mode.
type DerivativeException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = DerivativeException(message, null)

/// A value that cannot serve as a tree of tensors, or trees of different structure.
type TreeException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = TreeException(message, null)

/// <summary>A NaN or an infinity, found by <c>Debug.checkNumbers</c>.</summary>
type NumberException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = NumberException(message, null)

/// <summary>A random key used twice, found by <c>Debug.checkKeys</c>.</summary>
type KeyException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = KeyException(message, null)

/// <summary>A tensor used after <c>compileDonating</c> had made a function that was given its memory.</summary>
type DonationException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = DonationException(message, null)

/// <summary>A tensor used after the <c>scope</c> that it was made in had ended.</summary>
type ScopeException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = ScopeException(message, null)

/// A value outside the range that the operation accepts.
type ValueException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = ValueException(message, null)

/// No room for a tensor on its device, even after everything unused was freed.
type MemoryException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = MemoryException(message, null)

/// A file that is damaged, or something else than what it was read as.
type FileException internal (message: string, inner: exn | null) =
    inherit CotangentException(message, inner)
    new(message) = FileException(message, null)

/// Errors that arise at one leaf of a tree.
module internal Placed =
    let private start = "Error at: `"

    /// Where in a tree an error arose, to stand in front of its message; nothing where it is all of the tree.
    let before (path: string) = if path = "$" then "" else $"{start}{path}`: "

    /// The same error with the place in front, and whose function met it there. The first place that is told stays.
    let at (operation: string) (path: string) (e: CotangentException) : exn =
        let own = $"{operation}: "

        let told = if e.Written.StartsWith(own, StringComparison.Ordinal) then e.Written else own + e.Written

        let message = before path + told

        if message = e.Written || e.Written.StartsWith(start, StringComparison.Ordinal) then
            e
        else
            match e with
            | :? ShapeException -> ShapeException(message, e)
            | :? DTypeException -> DTypeException(message, e)
            | :? AxisException -> AxisException(message, e)
            | :? IndexException -> IndexException(message, e)
            | :? DeviceException -> DeviceException(message, e)
            | :? TraceException -> TraceException(message, e)
            | :? DerivativeException -> DerivativeException(message, e)
            | :? TreeException -> TreeException(message, e)
            | :? NumberException -> NumberException(message, e)
            | :? KeyException -> KeyException(message, e)
            | :? DonationException -> DonationException(message, e)
            | :? ScopeException -> ScopeException(message, e)
            | :? ValueException -> ValueException(message, e)
            | :? MemoryException -> MemoryException(message, e)
            | :? FileException -> FileException(message, e)
            | _ -> e
