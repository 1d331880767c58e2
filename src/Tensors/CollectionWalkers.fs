namespace Cotangent

open System.Collections.Generic
open System.Collections.Immutable

/// Collections of one type of item, made again from items in the order of enumeration.
[<AbstractClass>]
type internal CollectionWalker<'item>() =
    inherit Walker()
    abstract Make: ResizeArray<'item> -> obj

    override _.Parts(value, visit) =
        for part in value :?> seq<'item> do
            visit typeof<'item> (box part)

    override _.Names value = [ for i in 0 .. Seq.length (value :?> seq<'item>) - 1 -> $"[{i}]" ]
    override _.Statics value = [ box (Seq.length (value :?> seq<'item>)) ]

    override walker.Replace(value, replace) =
        let items = ResizeArray<'item>()

        for part in value :?> seq<'item> do
            items.Add(unbox<'item>(replace typeof<'item> (box part)))

        walker.Make items

    override _.Outline(value, tell) = tell (Seq.length (value :?> seq<'item>))

[<Sealed>]
type internal ListWalker<'item>() =
    inherit CollectionWalker<'item>()
    override _.Make items = List.ofSeq items |> box |> nonNull

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
    override _.Make items = ImmutableArray.CreateRange items

[<Sealed>]
type internal ImmutableListWalker<'item>() =
    inherit CollectionWalker<'item>()
    override _.Make items = ImmutableList.CreateRange items

/// Maps and dictionaries: keys are static and name the parts.
[<AbstractClass>]
type internal KeyedWalker<'key, 'value>() =
    inherit Walker()
    /// A collection of these entries, in other respects like a given one.
    abstract Make: like: obj * entries: ('key * 'value)[] -> obj

    override _.Parts(value, visit) =
        for entry in value :?> seq<KeyValuePair<'key, 'value>> do
            visit typeof<'value> (box entry.Value)

    override _.Names value =
        (value :?> seq<KeyValuePair<'key, 'value>>) |> Seq.map (fun entry -> $"[{entry.Key}]") |> List.ofSeq

    override _.Statics value =
        (value :?> seq<KeyValuePair<'key, 'value>>) |> Seq.map (fun entry -> box entry.Key) |> List.ofSeq

    override walker.Replace(value, replace) =
        (value :?> seq<KeyValuePair<'key, 'value>>)
        |> Seq.map (fun entry -> entry.Key, unbox<'value>(replace typeof<'value> (box entry.Value)))
        |> Array.ofSeq
        |> fun entries -> walker.Make(value, entries)

    override _.Outline(value, tell) =
        for entry in value :?> seq<KeyValuePair<'key, 'value>> do
            tell (box entry.Key |> nonNull)

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
