namespace Cotangent

open System

/// Where a rebuild stands among the new leaves.
type internal Cursor(leaves: Tensor[]) =
    let mutable next = 0

    member _.Take() =
        next <- next + 1
        leaves[next - 1]

/// How to take a value of one type apart into tensors and put it together again. Found by reflection once per type;
/// the field's type decides: what can't hold a tensor is static and carried along as it is.
[<AbstractClass>]
type internal Walker() =
    /// Calls back with each part that may hold tensors.
    abstract Parts: obj * (Type -> obj | null -> unit) -> unit
    /// The places of those parts, as ".Weight" or "[2]", in the same order.
    abstract Names: obj -> string list
    /// The same value with each of those parts, in the same order, replaced.
    abstract Replace: obj * (Type -> obj | null -> obj | null) -> obj

    /// All that is not such a part, and how it is built: what a compiled function takes as given.
    abstract Statics: obj -> objnull list

    /// The places of these, in the same order.
    abstract StaticNames: obj -> string list

    /// Tells what of the structure the types leave open: the case of a union, the keys of a map, how many items.
    abstract Outline: obj * (obj -> unit) -> unit
    default _.Outline(_, _) = ()
