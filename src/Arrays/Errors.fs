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

/// <summary>
/// Base of every error that Cotangent raises on purpose; the message says the operation, what it got, what it wanted
/// and a way out. <c>docs/errors.fsx</c> lists each with an example and its cure.
/// </summary>
type CotangentException(message: string) =
    inherit Exception(Spelling.Of message)

/// Shapes that do not fit the operation.
type ShapeException(message) =
    inherit CotangentException(message)

/// Element types that do not fit the operation, or that differ where they must not.
type DTypeException(message) =
    inherit CotangentException(message)

/// An axis outside a tensor's rank, or named twice.
type AxisException(message) =
    inherit CotangentException(message)

/// An index or slice outside its axis.
type IndexException(message) =
    inherit CotangentException(message)

/// Tensors on different devices, or a device that is not there.
type DeviceException(message) =
    inherit CotangentException(message)

/// A traced tensor used where it can't be: after its transformation returned, or where its numbers are needed.
type TraceException(message) =
    inherit CotangentException(message)

/// A function that is not what its transformation needs: not linear, without a derivative rule of this mode.
type DerivativeException(message) =
    inherit CotangentException(message)

/// A value that cannot serve as a tree of tensors, or trees of different structure.
type TreeException(message) =
    inherit CotangentException(message)

/// <summary>A NaN or an infinity, found by <c>Debug.checkNumbers</c>.</summary>
type NumberException(message) =
    inherit CotangentException(message)

/// <summary>A random key used twice, found by <c>Debug.checkKeys</c>.</summary>
type KeyException(message) =
    inherit CotangentException(message)

/// <summary>A tensor used after <c>compileDonating</c> had made a function that was given its memory.</summary>
type DonationException(message) =
    inherit CotangentException(message)

/// <summary>A tensor used after the <c>scope</c> that it was made in had ended.</summary>
type ScopeException(message) =
    inherit CotangentException(message)

/// A value outside the range that the operation accepts.
type ValueException(message) =
    inherit CotangentException(message)

/// No room for a tensor on its device, even after everything unused was freed.
type MemoryException(message) =
    inherit CotangentException(message)
