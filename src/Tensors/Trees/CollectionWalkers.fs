namespace Cotangent

open System
open System.Collections.Generic
open System.Collections.Immutable
open Microsoft.FSharp.Core.CompilerServices
open Cotangent.Inlined // in place of functions of Array and List

/// Values of parts of one type.
[<AbstractClass>]
type internal ItemsWalker() =
    inherit Walker()
    /// That type: set when the walker is made.
    member val Item: Declared = Unchecked.defaultof<Declared> with get, set

/// What a static says of the case of a union.
[<Struct>]
type internal Case = {
    Case: string
} with

    override x.ToString() = x.Case
    static member val Some: obj = { Case = "Some" }

/// An option that is there: one that is not is null.
[<Sealed>]
type internal OptionWalker<'item>() =
    inherit ItemsWalker()

    override walker.Visit(value, visitor) =
        visitor.Static Case.Some
        visitor.Part(walker.Item, box (value :?> 'item option).Value)

    override _.Names _ = [ ".Value" ]
    override _.Labels _ = [ "" ]
    override _.StaticNames _ = [ "" ]

    override walker.Replace(value, replacer) =
        nonNull (box (Some(unbox<'item>(replacer.Part(walker.Item, box (value :?> 'item option).Value)))))

    override _.Outline(_, tell) = tell 1

/// What is not trained.
[<Sealed>]
type internal FrozenWalker<'item>() =
    inherit ItemsWalker()

    override walker.Visit(value, visitor) = visitor.Frozen(walker.Item, box (value :?> Frozen<'item>).Value)

    override _.Names _ = [ "" ]
    override _.Labels _ = [ "" ]
    override _.StaticNames _ = []

    override walker.Replace(value, replacer) =
        Frozen(unbox<'item>(replacer.Part(walker.Item, box (value :?> Frozen<'item>).Value)))

/// Collections of one type of item, made again from items in the order of enumeration.
[<AbstractClass>]
type internal CollectionWalker<'item>() =
    inherit ItemsWalker()
    abstract Items: obj -> ResizeArray<'item>
    default _.Items value = ResizeArray<'item>(value :?> seq<'item>)
    abstract Make: ResizeArray<'item> -> obj

    override walker.Visit(value, visitor) =
        let items = walker.Items value
        visitor.Static(box items.Count)

        for i in 0 .. items.Count - 1 do
            visitor.Part(walker.Item, box items[i])

    override walker.Names value = [ for i in 0 .. (walker.Items value).Count - 1 -> "[" + string i + "]" ]
    override _.StaticNames _ = [ ".Length" ]

    override walker.Replace(value, replacer) =
        let items = walker.Items value

        for i in 0 .. items.Count - 1 do
            items[i] <- unbox<'item>(replacer.Part(walker.Item, box items[i]))

        walker.Make items

    override walker.Outline(value, tell) = tell (walker.Items value).Count

[<Sealed>]
type internal ListWalker<'item>() =
    inherit CollectionWalker<'item>()

    override _.Items value =
        let items = ResizeArray<'item>()

        for item in value :?> 'item list do
            items.Add item

        items

    override _.Make items = List.ofSeq items

    // The most frequent of collections: without a copy.

    override walker.Visit(value, visitor) =
        let items = value :?> 'item list
        visitor.Static(box items.Length)

        for item in items do
            visitor.Part(walker.Item, box item)

    override walker.Replace(value, replacer) =
        let mutable made = ListCollector<'item>()

        for item in value :?> 'item list do
            made.Add(unbox<'item>(replacer.Part(walker.Item, box item)))

        made.Close()

[<Sealed>]
type internal ArrayWalker<'item>() =
    inherit CollectionWalker<'item>()
    override _.Make items = items.ToArray()

[<Sealed>]
type internal MutableListWalker<'item>() =
    inherit CollectionWalker<'item>()
    override _.Make items = items

[<Sealed>]
type internal ImmutableArrayWalker<'item>() =
    inherit CollectionWalker<'item>()

    override _.Items value =
        let array = value :?> ImmutableArray<'item>

        if array.IsDefault then
            raise (
                TreeException
                    "An ImmutableArray that was never filled stands where tensors should be. Fill it; an empty one is ImmutableArray.Empty."
            )

        ResizeArray<'item> array

    override _.Make items = ImmutableArray.CreateRange items

[<Sealed>]
type internal ImmutableListWalker<'item>() =
    inherit CollectionWalker<'item>()
    override _.Make items = ImmutableList.CreateRange items

/// Maps and dictionaries: keys are static and name the parts, which come in the order of the keys, so that two
/// dictionaries of the same keys are alike whatever their histories. Keys without an order come as enumerated.
[<AbstractClass>]
type internal KeyedWalker<'key, 'value>() =
    inherit ItemsWalker()

    static let comparer: IComparer<'key> voption =
        if sameType typeof<'key> typeof<string> then
            ValueSome(unbox (box StringComparer.Ordinal))
        elif
            typeof<IComparable>.IsAssignableFrom typeof<'key>
            || typeof<IComparable<'key>>.IsAssignableFrom typeof<'key>
        then
            ValueSome Comparer<'key>.Default
        else
            ValueNone

    static let entries (value: obj) = Array.ofSeq (value :?> seq<KeyValuePair<'key, 'value>>)

    static let sorted (value: obj) =
        let all = entries value
        let places = Array.init all.Length id

        match comparer with
        | ValueSome comparer ->
            Array.Sort(Array.map (fun (e: KeyValuePair<_, _>) -> e.Key) all, places, comparer)
        | ValueNone -> ()

        struct (all, places)

    /// Calls a function on the entries in the order of their keys.
    static let each (value: obj) f =
        let struct (all, places) = sorted value

        for place in places do
            f all[place]

    /// A collection of these entries, in other respects like a given one.
    abstract Make: like: obj * entries: ('key * 'value)[] -> obj

    override walker.Visit(value, visitor) =
        let struct (all, places) = sorted value

        for place in places do
            visitor.Static(box all[place].Key)

        for place in places do
            visitor.Part(walker.Item, box all[place].Value)

    override _.Names value =
        let struct (all, places) = sorted value
        [ for place in places -> $"[{all[place].Key}]" ]

    override _.Labels value =
        let struct (all, places) = sorted value
        [ for place in places -> string all[place].Key ]

    override _.StaticNames value = List.init (entries value).Length (fun i -> $".Keys[{i}]")

    // What is made is enumerated as the given one is.
    override walker.Replace(value, replacer) =
        let struct (all, places) = sorted value
        let made = Array.zeroCreate all.Length

        for place in places do
            let entry = all[place]
            made[place] <- entry.Key, unbox<'value>(replacer.Part(walker.Item, box entry.Value))

        walker.Make(value, made)

    override _.Outline(value, tell) = each value (fun entry -> tell (box entry.Key |> nonNull))

[<Sealed>]
type internal MapWalker<'key, 'value when 'key: comparison>() =
    inherit KeyedWalker<'key, 'value>()
    override _.Make(_, entries) = Map.ofArray entries

[<Sealed>]
type internal DictionaryWalker<'key, 'value when 'key: equality and 'key: not null>() =
    inherit KeyedWalker<'key, 'value>()

    override _.Make(like, entries) =
        let result =
            match like with
            | :? Dictionary<'key, 'value> as d -> Dictionary<'key, 'value> d.Comparer
            | _ -> Dictionary<'key, 'value>()

        for key, value in entries do
            result[key] <- value

        result

[<Sealed>]
type internal ImmutableDictionaryWalker<'key, 'value when 'key: equality and 'key: not null>() =
    inherit KeyedWalker<'key, 'value>()

    override _.Make(like, entries) =
        // SetItems would keep a value that is equal to the new one, such as an untraced tensor of equal numbers.
        (like :?> ImmutableDictionary<'key, 'value>).Clear().AddRange [|
            for key, value in entries -> KeyValuePair(key, value)
        |]
