namespace Cotangent

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Collections.Immutable
open System.Reflection
open System.Runtime.CompilerServices
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
    /// All that is not such a part, and how it is built: what a compiled function takes as given.
    abstract Statics: obj -> objnull list

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

module internal Walkers =
    /// A field, an item of a tuple: where it stands, its declared type, and whether null means that nothing is there.
    [<Struct>]
    type private Part = { Name: string; Type: Type; Optional: bool }

    let private flags = BindingFlags.Public ||| BindingFlags.NonPublic

    let private definitionOf (t: Type) = if t.IsGenericType then t.GetGenericTypeDefinition() else t

    let private collections =
        dict [
            typedefof<list<obj>>, typedefof<ListWalker<obj>>
            typedefof<ResizeArray<obj>>, typedefof<MutableListWalker<obj>>
            typedefof<ImmutableArray<obj>>, typedefof<ImmutableArrayWalker<obj>>
            typedefof<ImmutableList<obj>>, typedefof<ImmutableListWalker<obj>>
            // Interfaces: their values are rebuilt as arrays.
            typedefof<IReadOnlyList<obj>>, typedefof<ArrayWalker<obj>>
            typedefof<IReadOnlyCollection<obj>>, typedefof<ArrayWalker<obj>>
            typedefof<IList<obj>>, typedefof<ArrayWalker<obj>>
            typedefof<ICollection<obj>>, typedefof<ArrayWalker<obj>>
            typedefof<seq<obj>>, typedefof<ArrayWalker<obj>>
        ]

    let private keyed =
        dict [
            typedefof<Map<string, obj>>, typedefof<MapWalker<string, obj>>
            typedefof<Dictionary<string, obj>>, typedefof<DictionaryWalker<string, obj>>
            typedefof<IDictionary<string, obj>>, typedefof<DictionaryWalker<string, obj>>
            typedefof<IReadOnlyDictionary<string, obj>>, typedefof<DictionaryWalker<string, obj>>
            typedefof<ImmutableDictionary<string, obj>>, typedefof<ImmutableDictionaryWalker<string, obj>>
        ]

    let private instanceFields (t: Type) =
        let rec up (t: Type | null) = [
            match t with
            | null -> ()
            | t ->
                yield! t.GetFields(BindingFlags.Instance ||| flags ||| BindingFlags.DeclaredOnly)

                yield! up t.BaseType
        ]

        up t

    [<RequireQualifiedAccess>]
    type private Kind =
        | Leaf
        | Static
        | Record of PropertyInfo[]
        | Tuple of Type[]
        | Union
        | Collection of walker: Type * item: Type
        | Keyed of walker: Type * key: Type * value: Type
        /// A class of known fields.
        | Object of FieldInfo list
        /// An interface, or a class that others may derive from: each value's own type tells what it holds.
        | Open
        /// Of the base class library, and nothing that a tree can be rebuilt from if its items hold tensors.
        | Foreign of item: Type

    /// Only an assembly that refers to this one can define a class with tensors in it.
    let private knowsTensors =
        let ours = typeof<Tensor>.Assembly
        let known = ConcurrentDictionary<Assembly, bool>()

        let find (assembly: Assembly) =
            assembly = ours
            || assembly.IsDynamic
            || assembly.GetReferencedAssemblies()
               |> Array.exists (fun name -> name.Name = ours.GetName().Name)

        fun assembly -> known.GetOrAdd(assembly, find)

    let private isFromSystem (t: Type) =
        match t.Namespace with
        | null -> false
        | ns -> ns = "System" || ns.StartsWith("System.", StringComparison.Ordinal)

    /// The items of an enumerable type; the values, where these are pairs with a key.
    let private itemsOf (t: Type) =
        t.GetInterfaces()
        |> Array.tryFind (fun i -> definitionOf i = typedefof<seq<obj>>)
        |> Option.map (fun i ->
            let item = i.GetGenericArguments()[0]

            if definitionOf item = typedefof<KeyValuePair<obj, obj>> then
                item.GetGenericArguments()[1]
            else
                item)

    let private kindOf (t: Type) =
        let t =
            match Nullable.GetUnderlyingType t with
            | null -> t
            | underlying -> underlying

        let definition = definitionOf t

        if t = typeof<Tensor> then
            Kind.Leaf
        elif t.IsPrimitive || t.IsEnum || t.IsPointer || t.IsByRef || t = typeof<string> then
            Kind.Static
        elif t.IsArray then
            let item = nonNull (t.GetElementType())

            if t.GetArrayRank() = 1 then
                Kind.Collection(typedefof<ArrayWalker<obj>>, item)
            else
                Kind.Foreign item
        elif collections.ContainsKey definition then
            Kind.Collection(collections[definition], t.GetGenericArguments()[0])
        elif keyed.ContainsKey definition then
            Kind.Keyed(keyed[definition], t.GetGenericArguments()[0], t.GetGenericArguments()[1])
        elif FSharpType.IsTuple t then
            Kind.Tuple(FSharpType.GetTupleElements t)
        elif FSharpType.IsFunction t then
            Kind.Static
        elif FSharpType.IsUnion(t, flags) then
            Kind.Union
        elif FSharpType.IsRecord(t, flags) then
            Kind.Record(FSharpType.GetRecordFields(t, flags))
        elif typeof<Delegate>.IsAssignableFrom t || typeof<MemberInfo>.IsAssignableFrom t then
            Kind.Static
        elif isFromSystem t then
            match itemsOf t with
            | Some item -> Kind.Foreign item
            | None -> Kind.Static
        elif not t.IsSealed && knowsTensors t.Assembly then
            Kind.Open
        elif t.IsInterface then
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
                | Kind.Leaf
                | Kind.Open -> true
                | Kind.Static -> false
                | Kind.Record fields -> fields |> Array.exists (fun f -> reaches visited f.PropertyType)
                | Kind.Tuple items -> items |> Array.exists (reaches visited)
                | Kind.Union ->
                    FSharpType.GetUnionCases(t, flags)
                    |> Array.exists (fun case ->
                        case.GetFields() |> Array.exists (fun f -> reaches visited f.PropertyType))
                | Kind.Collection(_, item)
                | Kind.Keyed(_, _, item) -> reaches visited item
                | Kind.Object fields -> fields |> List.exists (fun f -> reaches visited f.FieldType)
                | Kind.Foreign item ->
                    if reaches visited item then
                        raise (
                            TreeException
                                $"{t.Name.Split('`')[0]}: a tree can't be rebuilt from one of these. Keep tensors in a one-dimensional array, a list or a dictionary."
                        )

                    false)

    // Only the answer for a root is kept: inside a cycle "not seen elsewhere" is not yet "no".
    let holdsTensors (t: Type) =
        match holding.TryGetValue t with
        | true, known -> known
        | false, _ ->
            let answer = reaches (HashSet()) t
            holding[t] <- answer
            answer

    /// A walker for values that split into an array of parts and are made again from one.
    let private product (read: obj -> objnull[]) (make: obj -> objnull[] -> obj) (parts: Part[]) =
        let dynamic = parts |> Array.map (fun part -> holdsTensors part.Type)

        let isThere (items: objnull[]) i = dynamic[i] && not (parts[i].Optional && isNull items[i])

        {
            new Walker() with
                member _.Parts(value, visit) =
                    let items = read value

                    for i in 0 .. parts.Length - 1 do
                        if isThere items i then visit parts[i].Type items[i]

                member _.Names value =
                    let items = read value

                    [
                        for i in 0 .. parts.Length - 1 do
                            if isThere items i then parts[i].Name
                    ]

                member _.Replace(value, replace) =
                    let items = Array.copy (read value)

                    for i in 0 .. parts.Length - 1 do
                        if isThere items i then items[i] <- replace parts[i].Type items[i]

                    make value items

                member _.Statics value =
                    let items = read value

                    List.ofArray items
                    |> List.indexed
                    |> List.filter (fun (i, item) -> not dynamic[i] || isNull item)
                    |> List.map snd
        }

    /// What a field of this name and type is in a tree.
    let private part name t = { Name = name; Type = t; Optional = false }

    let private clone =
        typeof<obj>.GetMethod("MemberwiseClone", BindingFlags.Instance ||| BindingFlags.NonPublic)
        |> nonNull

    let private generic (definition: Type) (arguments: Type[]) =
        Activator.CreateInstance(definition.MakeGenericType arguments) |> nonNull :?> Walker

    /// F# says so where a field may be null.
    let private ofProperty (p: PropertyInfo) = {
        Name = "." + p.Name
        Type = p.PropertyType
        Optional = NullabilityInfoContext().Create(p).ReadState = NullabilityState.Nullable
    }

    /// C# without nullable annotations does not: there every field may be.
    let private ofField (f: FieldInfo) =
        // An auto-property's field is called "<Name>k__BackingField", an F# value's "Name@".
        let name = f.Name.TrimStart('<').Split('>')[0]

        {
            Name = "." + name.TrimEnd('@')
            Type = f.FieldType
            Optional = NullabilityInfoContext().Create(f).ReadState <> NullabilityState.NotNull
        }

    /// C# records and other classes: a shallow copy with its tensor-bearing fields replaced.
    let private ofFields (fields: FieldInfo list) =
        let fields = Array.ofList fields
        let read (value: obj) = fields |> Array.map (fun f -> f.GetValue value)

        let make (value: obj) (items: objnull[]) =
            let before = read value

            if Array.forall2 (fun a b -> obj.ReferenceEquals(a, b)) before items then
                value
            else
                let copy = clone.Invoke(value, null) |> nonNull

                for i in 0 .. fields.Length - 1 do
                    if not (obj.ReferenceEquals(items[i], before[i])) && holdsTensors fields[i].FieldType then
                        fields[i].SetValue(copy, items[i])

                copy

        product read make (fields |> Array.map ofField)

    let private nothing = {
        new Walker() with
            member _.Parts(_, _) = ()
            member _.Names _ = []
            member _.Replace(value, _) = value
            member _.Statics value = [ value ]
    }

    let private walkers = ConcurrentDictionary<Type, Walker>()
    let private exactly = ConcurrentDictionary<Type, Walker>()

    let private union (t: Type) =
        let tag = FSharpValue.PreComputeUnionTagReader(t, flags)

        let cases =
            FSharpType.GetUnionCases(t, flags)
            |> Array.map (fun case ->
                let make = FSharpValue.PreComputeUnionConstructor(case, flags) >> nonNull

                case.GetFields()
                |> Array.map (fun f -> part ("." + f.Name) f.PropertyType)
                |> product (FSharpValue.PreComputeUnionReader(case, flags)) (fun _ items -> make items))

        {
            new Walker() with
                member _.Parts(value, visit) = cases[tag value].Parts(value, visit)
                member _.Names value = cases[tag value].Names value
                member _.Replace(value, replace) = cases[tag value].Replace(value, replace)
                member _.Statics value = box (tag value) :: cases[tag value].Statics value
        }

    let rec private build (t: Type) : Walker =
        match kindOf t with
        | Kind.Leaf
        | Kind.Static
        | Kind.Foreign _ -> nothing
        | Kind.Record fields ->
            let read = FSharpValue.PreComputeRecordReader(t, flags)
            let make = FSharpValue.PreComputeRecordConstructor(t, flags)
            product read (fun _ items -> make items) (fields |> Array.map ofProperty)
        | Kind.Tuple items ->
            let read = FSharpValue.PreComputeTupleReader t
            let make = FSharpValue.PreComputeTupleConstructor t

            product
                read
                (fun _ items -> make items)
                (items |> Array.mapi (fun i t -> part ($".Item{i + 1}") t))
        | Kind.Union -> union t
        | Kind.Collection(walker, item) -> generic walker [| item |]
        | Kind.Keyed(walker, key, value) -> generic walker [| key; value |]
        | Kind.Object fields -> ofFields fields
        | Kind.Open -> {
            new Walker() with
                member _.Parts(value, visit) = (ofValue value).Parts(value, visit)
                member _.Names value = (ofValue value).Names value
                member _.Replace(value, replace) = (ofValue value).Replace(value, replace)
                member _.Statics value = box (value.GetType()) :: (ofValue value).Statics value
          }

    and ofType (t: Type) : Walker =
        match walkers.TryGetValue t with
        | true, w -> w
        | false, _ ->
            let w = build t
            walkers[t] <- w
            w

    and private ofValue (value: obj) : Walker =
        let t = value.GetType()

        // A cycle of objects would end the process.
        if not (RuntimeHelpers.TryEnsureSufficientExecutionStack()) then
            raise (TreeException $"{t.Name}: values nested too deeply for a tree; does one contain itself?")

        match exactly.TryGetValue t with
        | true, w -> w
        | false, _ ->
            let w =
                match kindOf t with
                | Kind.Open -> ofFields (instanceFields t)
                | _ -> if holdsTensors t then ofType t else nothing

            exactly[t] <- w
            w
