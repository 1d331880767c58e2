namespace Cotangent.Datasets

open System

/// Arguments that F# code always gives, and other languages may leave null.
module internal Argument =
    let check (name: string) (value: 'a) = if isNull (box value) then raise (ArgumentNullException name)

    /// The items of a sequence, none of which is null.
    let items (name: string) (values: 'a seq) : 'a[] = Cotangent.Given.items name values
