namespace Cotangent

open System
open System.Collections
open System.Collections.Generic
open System.Reflection
open System.Runtime.CompilerServices
open Cotangent.Inlined // in place of functions of Array and List

// A program that was compiled ahead of time has code for the collections of all reference types at once, but for those
// of a struct only where the compiler foresaw them, and it does not foresee reflection. These walkers see items as objects
// and write fields, which needs no code for the type. They are slower.

/// A collection whose items are seen as objects.
[<AbstractClass>]
type internal UntypedWalker() =
    inherit CollectionWalker<obj>()
    override _.Items value = ResizeArray<obj>(Linq.Enumerable.Cast<obj>(value :?> IEnumerable))

module private UntypedFields =
    let field (t: Type) name : FieldInfo =
        match t.GetField(name, BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic) with
        | null -> Published.uncompiled t
        | field -> field

    let only (t: Type) : FieldInfo =
        match t.GetFields(BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic) with
        | [| field |] -> field
        | _ -> Published.uncompiled t

    let arrayOf (item: Type) (items: ResizeArray<obj>) =
        let made = Array.CreateInstance(item, items.Count)

        for i in 0 .. items.Count - 1 do
            made.SetValue(items[i], i)

        made

[<Sealed>]
type internal UntypedArrayWalker(item: Type) =
    inherit UntypedWalker()
    override _.Make items = UntypedFields.arrayOf item items

[<Sealed>]
type internal UntypedListWalker(list: Type) =
    inherit UntypedWalker()
    let head, tail = UntypedFields.field list "head", UntypedFields.field list "tail"

    // A cell without a tail is the empty list.
    override _.Make items =
        let mutable made = RuntimeHelpers.GetUninitializedObject list

        for i = items.Count - 1 downto 0 do
            let cell = RuntimeHelpers.GetUninitializedObject list
            head.SetValue(cell, items[i])
            tail.SetValue(cell, made)
            made <- cell

        made

[<Sealed>]
type internal UntypedImmutableArrayWalker(collection: Type, item: Type) =
    inherit UntypedWalker()
    let array = UntypedFields.field collection "array"

    override _.Make items =
        let made = RuntimeHelpers.GetUninitializedObject collection
        array.SetValue(made, UntypedFields.arrayOf item items)
        made

/// `List<T>`: its constructor is there, since there is a list.
[<Sealed>]
type internal UntypedMutableListWalker(collection: Type) =
    inherit UntypedWalker()

    override _.Make items =
        match Activator.CreateInstance collection with
        | :? IList as made ->
            for item in items do
                made.Add item |> ignore

            made
        | _ -> Published.uncompiled collection

/// An option that is there.
[<Sealed>]
type internal UntypedOptionWalker(option: Type) =
    inherit ItemsWalker()
    let item = UntypedFields.only option

    override walker.Visit(value, visitor) =
        visitor.Static Case.Some
        visitor.Part(walker.Item, item.GetValue value)

    override _.Names _ = [ ".Value" ]
    override _.Labels _ = [ "" ]
    override _.StaticNames _ = [ "" ]

    override walker.Replace(value, replacer) =
        let made = RuntimeHelpers.GetUninitializedObject option
        item.SetValue(made, replacer.Part(walker.Item, item.GetValue value))
        made

    override _.Outline(_, tell) = tell 1

/// What is not trained.
[<Sealed>]
type internal UntypedFrozenWalker(frozen: Type) =
    inherit ItemsWalker()
    let item = UntypedFields.only frozen
    override walker.Visit(value, visitor) = visitor.Frozen(walker.Item, item.GetValue value)
    override _.Names _ = [ "" ]
    override _.Labels _ = [ "" ]
    override _.StaticNames _ = []

    override walker.Replace(value, replacer) =
        let made = RuntimeHelpers.GetUninitializedObject frozen
        item.SetValue(made, replacer.Part(walker.Item, item.GetValue value))
        made

/// The walker of a collection.
module internal ItemsWalkers =
    /// Keys of these types are foreseen: the compiler that compiles ahead sees them here. Nobody calls this.
    let foreseen () : ItemsWalker list = [
        MapWalker<int, obj>()
        MapWalker<int64, obj>()
        DictionaryWalker<int, obj>()
        DictionaryWalker<int64, obj>()
        ImmutableDictionaryWalker<int, obj>()
        ImmutableDictionaryWalker<int64, obj>()
    ]

    /// Without code for its items, where there is a way.
    let untyped (definition: Type) (collection: Type) (item: Type) : ItemsWalker =
        if sameType definition typedefof<OptionWalker<obj>> then
            UntypedOptionWalker collection
        elif sameType definition typedefof<FrozenWalker<obj>> then
            UntypedFrozenWalker collection
        elif sameType definition typedefof<ListWalker<obj>> then
            UntypedListWalker collection
        elif sameType definition typedefof<ArrayWalker<obj>> then
            UntypedArrayWalker item
        elif sameType definition typedefof<MutableListWalker<obj>> then
            UntypedMutableListWalker collection
        elif sameType definition typedefof<ImmutableArrayWalker<obj>> then
            UntypedImmutableArrayWalker(collection, item)
        else
            Published.uncompiled collection

    let make (definition: Type) (arguments: Type[]) (collection: Type) (item: Declared) : ItemsWalker =
        let walker =
            try
                Activator.CreateInstance(definition.MakeGenericType arguments) |> nonNull :?> ItemsWalker
            with
            | :? MissingMethodException
            | :? NotSupportedException when Published.isAhead () -> untyped definition collection item.Type

        walker.Item <- item
        walker
