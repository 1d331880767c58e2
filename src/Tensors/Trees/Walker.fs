namespace Cotangent

open System
open System.Runtime.CompilerServices
open Cotangent.Inlined // in place of functions of Array and List

/// Where a rebuild stands among the new leaves.
type internal Cursor(leaves: Tensor[]) =
    let mutable next = 0

    member _.Take() =
        next <- next + 1
        leaves[next - 1]

/// How deep a walk through a tree goes. Walks call themselves once for each level, and a stack that overflows ends the
/// process: so they refuse before, also where a value contains itself.
module internal Depth =
    /// Levels of a tree, at most.
    [<Literal>]
    let Most = 1000

    /// Levels, whose calls need a small part of the stack that there must be, from one look at it to the next.
    [<Literal>]
    let private Stride = 16

    /// Throws where a part stands deeper than that, or the stack ends here.
    let require (depth: int) (t: Type) =
        if depth > Most || depth % Stride = 1 && not (RuntimeHelpers.TryEnsureSufficientExecutionStack()) then
            raise (
                TreeException
                    $"{t.Name}: values nested more than {Most} deep, or deeper than this thread's stack, are no tree; does one contain itself? Keep long chains in a list or an array."
            )

/// Whoever walks through a tree.
[<AbstractClass>]
type internal Visitor() =
    let mutable depth = 0
    let mutable frozen = 0

    /// Goes through the parts of a value.
    member visitor.Into(declared: Declared, value: obj) =
        depth <- depth + 1
        Depth.require depth declared.Type
        declared.Walker.Visit(value, visitor)
        depth <- depth - 1

    /// A part that may hold tensors.
    abstract Part: Declared * objnull -> unit

    /// What is in a `Frozen`.
    member visitor.Frozen(declared: Declared, value: objnull) =
        frozen <- frozen + 1
        visitor.Part(declared, value)
        frozen <- frozen - 1

    /// Whether what is visited stands in a `Frozen`.
    member _.IsFrozen = frozen > 0

    /// All that is not such a part, and how a value is built: what a compiled function takes as given.
    abstract Static: objnull -> unit
    default _.Static _ = ()

/// Whoever makes a tree anew.
and [<AbstractClass>] internal Replacer() =
    let mutable depth = 0

    /// The value with its parts replaced.
    member replacer.Into(declared: Declared, value: obj) : obj =
        depth <- depth + 1
        Depth.require depth declared.Type
        let replaced = declared.Walker.Replace(value, replacer)
        depth <- depth - 1
        replaced

    /// What takes the place of a part that may hold tensors.
    abstract Part: Declared * objnull -> objnull

/// How to take a value of one type apart into tensors and put it together again. Found by reflection once per type;
/// the field's type decides: what can't hold a tensor is static and carried along as it is.
and [<AbstractClass>] internal Walker() =
    /// Shows what is static, then the parts that may hold tensors.
    abstract Visit: obj * Visitor -> unit
    /// The places of those parts, as ".Weight" or "[2]", in the same order.
    abstract Names: obj -> string list

    /// The names of those parts, as "weight" or "2", in the same order; "" where the whole and its only part have one name.
    abstract Labels: obj -> string list
    default walker.Labels value = walker.Names value |> List.map LeafName.ofPlace

    /// The places of what is static, in the same order.
    abstract StaticNames: obj -> string list
    /// The same value with each of those parts, in the same order, replaced.
    abstract Replace: obj * Replacer -> obj

    /// Tells what of the structure the types leave open: the case of a union, the keys of a map, how many items.
    abstract Outline: obj * (obj -> unit) -> unit
    default _.Outline(_, _) = ()

/// A type as it is declared somewhere in a tree. Its walker is found when it is first asked for: types may contain
/// themselves.
and [<Sealed>] internal Declared(t: Type, find: Type -> Walker) =
    let walker = later (fun () -> find t)

    let mayBeNull =
        later (fun () ->
            t.IsGenericType
            && (sameType (t.GetGenericTypeDefinition()) typedefof<option<obj>>
                || sameType (t.GetGenericTypeDefinition()) typedefof<Nullable<int>>)
            // F# has an attribute for unions of which one case is null.
            || t.GetCustomAttributes(typeof<CompilationRepresentationAttribute>, false)
               |> Array.exists (fun a ->
                   (a :?> CompilationRepresentationAttribute).Flags.HasFlag
                       CompilationRepresentationFlags.UseNullAsTrueValue))

    member _.Type: Type = t
    member _.Walker: Walker = walker.Value
    /// Whether null, at run time, is one of its values, and a leaf of no tensor: `None` and the like.
    member _.MayBeNull = mayBeNull.Value
