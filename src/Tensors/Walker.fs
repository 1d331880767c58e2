namespace Cotangent

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Reflection
open Microsoft.FSharp.Reflection

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

/// Collections of one type of item, made again from items in the order of enumeration.
[<AbstractClass>]
type internal CollectionWalker<'item>() =
    inherit Walker()
    abstract Make: ResizeArray<'item> -> obj

    override _.Parts(value, visit) =
        for part in value :?> seq<'item> do
            visit typeof<'item> (box part)

    override _.Names value =
        [ for i in 0 .. Seq.length (value :?> seq<'item>) - 1 -> $"[{i}]" ]

    override walker.Replace(value, replace) =
        let items = ResizeArray<'item>()

        for part in value :?> seq<'item> do
            items.Add(unbox<'item> (replace typeof<'item> (box part)))

        walker.Make items

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
        (value :?> seq<KeyValuePair<'key, 'value>>)
        |> Seq.map (fun entry -> $"[{entry.Key}]")
        |> List.ofSeq

    override walker.Replace(value, replace) =
        (value :?> seq<KeyValuePair<'key, 'value>>)
        |> Seq.map (fun entry -> entry.Key, unbox<'value> (replace typeof<'value> (box entry.Value)))
        |> Array.ofSeq
        |> fun entries -> walker.Make(value, entries)

[<Sealed>]
type internal MapWalker<'key, 'value when 'key: comparison>() =
    inherit KeyedWalker<'key, 'value>()
    override _.Make(_, entries) = Map.ofArray entries

[<Sealed>]
type internal DictionaryWalker<'key, 'value when 'key: equality and 'key: not null>() =
    inherit KeyedWalker<'key, 'value>()

    override _.Make(like, entries) =
        let result = Dictionary<'key, 'value>((like :?> Dictionary<'key, 'value>).Comparer)

        for key, value in entries do
            result[key] <- value

        result

module internal Walkers =
    let private flags = BindingFlags.Public ||| BindingFlags.NonPublic

    let private definitionOf (t: Type) =
        if t.IsGenericType then t.GetGenericTypeDefinition() else t

    /// Interfaces whose values are rebuilt as arrays.
    let private sequences =
        HashSet [ typedefof<IReadOnlyList<obj>>
                  typedefof<IReadOnlyCollection<obj>>
                  typedefof<IList<obj>>
                  typedefof<ICollection<obj>>
                  typedefof<seq<obj>> ]

    let private instanceFields (t: Type) =
        let rec up (t: Type | null) =
            [ match t with
              | null -> ()
              | t ->
                  yield!
                      t.GetFields(BindingFlags.Instance ||| flags ||| BindingFlags.DeclaredOnly)

                  yield! up t.BaseType ]

        up t

    [<RequireQualifiedAccess>]
    type private Kind =
        | Leaf
        | Static
        | Record of PropertyInfo[]
        | Tuple of Type[]
        | Union
        | List of Type
        | Array of Type
        | Sequence of Type
        | MutableList of Type
        | Map of Type * Type
        | Dictionary of Type * Type
        | Object of FieldInfo list

    let private kindOf (t: Type) =
        let definition = definitionOf t

        if t = typeof<Tensor> then
            Kind.Leaf
        elif t.IsPrimitive || t.IsEnum || t.IsPointer || t.IsByRef || t = typeof<string> then
            Kind.Static
        elif t.IsArray then
            if t.GetArrayRank() = 1 then
                Kind.Array(nonNull (t.GetElementType()))
            else
                Kind.Static
        elif definition = typedefof<list<obj>> then
            Kind.List(t.GetGenericArguments()[0])
        elif definition = typedefof<Map<string, obj>> then
            Kind.Map(t.GetGenericArguments()[0], t.GetGenericArguments()[1])
        elif definition = typedefof<Dictionary<string, obj>> then
            Kind.Dictionary(t.GetGenericArguments()[0], t.GetGenericArguments()[1])
        elif definition = typedefof<ResizeArray<obj>> then
            Kind.MutableList(t.GetGenericArguments()[0])
        elif sequences.Contains definition then
            Kind.Sequence(t.GetGenericArguments()[0])
        elif FSharpType.IsTuple t then
            Kind.Tuple(FSharpType.GetTupleElements t)
        elif FSharpType.IsFunction t then
            Kind.Static
        elif FSharpType.IsUnion(t, flags) then
            Kind.Union
        elif FSharpType.IsRecord(t, flags) then
            Kind.Record(FSharpType.GetRecordFields(t, flags))
        elif
            t.IsInterface
            || typeof<Delegate>.IsAssignableFrom t
            || typeof<MemberInfo>.IsAssignableFrom t
            || (match t.Namespace with
                | null -> false
                | ns -> ns = "System" || ns.StartsWith("System.", StringComparison.Ordinal))
        then
            Kind.Static
        else
            Kind.Object(instanceFields t)

    let private holding = ConcurrentDictionary<Type, bool>()

    /// Whether a value of this declared type can hold tensors.
    let rec private reaches (visited: HashSet<Type>) (t: Type) =
        match holding.TryGetValue t with
        | true, known -> known
        | false, _ ->
            visited.Add t
            && (match kindOf t with
                | Kind.Leaf -> true
                | Kind.Static -> false
                | Kind.Record fields -> fields |> Array.exists (fun f -> reaches visited f.PropertyType)
                | Kind.Tuple items -> items |> Array.exists (reaches visited)
                | Kind.Union ->
                    FSharpType.GetUnionCases(t, flags)
                    |> Array.exists (fun case ->
                        case.GetFields() |> Array.exists (fun f -> reaches visited f.PropertyType))
                | Kind.List item
                | Kind.Array item
                | Kind.Sequence item
                | Kind.MutableList item
                | Kind.Map(_, item)
                | Kind.Dictionary(_, item) -> reaches visited item
                | Kind.Object fields -> fields |> List.exists (fun f -> reaches visited f.FieldType))

    // Only the answer for a root is kept: inside a cycle "not seen elsewhere" is not yet "no".
    let holdsTensors (t: Type) =
        match holding.TryGetValue t with
        | true, known -> known
        | false, _ ->
            let answer = reaches (HashSet()) t
            holding[t] <- answer
            answer

    /// A walker for values that split into an array of parts and are made again from one.
    let private product (read: obj -> objnull[]) (make: obj -> objnull[] -> obj) (parts: (string * Type)[]) =
        let dynamic = parts |> Array.map (fun (_, t) -> holdsTensors t)

        { new Walker() with
            member _.Parts(value, visit) =
                let items = read value

                for i in 0 .. parts.Length - 1 do
                    if dynamic[i] then
                        visit (snd parts[i]) items[i]

            member _.Names _ =
                [ for i in 0 .. parts.Length - 1 do
                      if dynamic[i] then
                          fst parts[i] ]

            member _.Replace(value, replace) =
                let items = Array.copy (read value)

                for i in 0 .. parts.Length - 1 do
                    if dynamic[i] then
                        items[i] <- replace (snd parts[i]) items[i]

                make value items }

    let private clone =
        typeof<obj>.GetMethod("MemberwiseClone", BindingFlags.Instance ||| BindingFlags.NonPublic)
        |> nonNull

    let private generic (definition: Type) (arguments: Type[]) =
        Activator.CreateInstance(definition.MakeGenericType arguments) |> nonNull :?> Walker

    let private build (t: Type) : Walker =
        match kindOf t with
        | Kind.Leaf
        | Kind.Static -> invalidOp "Leaves and static values have no parts."
        | Kind.Record fields ->
            let read = FSharpValue.PreComputeRecordReader(t, flags)
            let make = FSharpValue.PreComputeRecordConstructor(t, flags)
            product read (fun _ items -> make items) (fields |> Array.map (fun f -> "." + f.Name, f.PropertyType))
        | Kind.Tuple items ->
            let read = FSharpValue.PreComputeTupleReader t
            let make = FSharpValue.PreComputeTupleConstructor t
            product read (fun _ items -> make items) (items |> Array.mapi (fun i t -> $".Item{i + 1}", t))
        | Kind.Union ->
            let tag = FSharpValue.PreComputeUnionTagReader(t, flags)

            let cases =
                FSharpType.GetUnionCases(t, flags)
                |> Array.map (fun case ->
                    let make = FSharpValue.PreComputeUnionConstructor(case, flags) >> nonNull

                    case.GetFields()
                    |> Array.map (fun f -> "." + f.Name, f.PropertyType)
                    |> product (FSharpValue.PreComputeUnionReader(case, flags)) (fun _ items -> make items))

            { new Walker() with
                member _.Parts(value, visit) = cases[tag value].Parts(value, visit)
                member _.Names value = cases[tag value].Names value
                member _.Replace(value, replace) = cases[tag value].Replace(value, replace) }
        | Kind.List item -> generic typedefof<ListWalker<obj>> [| item |]
        | Kind.Array item
        | Kind.Sequence item -> generic typedefof<ArrayWalker<obj>> [| item |]
        | Kind.MutableList item -> generic typedefof<MutableListWalker<obj>> [| item |]
        | Kind.Map(key, value) -> generic typedefof<MapWalker<string, obj>> [| key; value |]
        | Kind.Dictionary(key, value) -> generic typedefof<DictionaryWalker<string, obj>> [| key; value |]
        | Kind.Object fields ->
            // C# records and classes: a shallow copy with its tensor-bearing fields replaced.
            let fields = Array.ofList fields

            product
                (fun value -> fields |> Array.map (fun f -> f.GetValue value))
                (fun value items ->
                    let copy = clone.Invoke(value, null) |> nonNull

                    for i in 0 .. fields.Length - 1 do
                        if holdsTensors fields[i].FieldType then
                            fields[i].SetValue(copy, items[i])

                    copy)
                (fields
                 |> Array.map (fun f ->
                     // An auto-property's field is called "<Name>k__BackingField".
                     let name = f.Name.TrimStart('<').Split('>')[0]
                     "." + name.TrimEnd('@'), f.FieldType))

    let private walkers = ConcurrentDictionary<Type, Walker>()

    let ofType (t: Type) =
        match walkers.TryGetValue t with
        | true, w -> w
        | false, _ ->
            let w = build t
            walkers[t] <- w
            w
