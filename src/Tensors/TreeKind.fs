namespace Cotangent

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Collections.Immutable
open System.Reflection
open Microsoft.FSharp.Reflection

/// What types are to a tree of tensors.
module internal TreeKind =
    let flags = BindingFlags.Public ||| BindingFlags.NonPublic

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

    let instanceFields (t: Type) =
        let rec up (t: Type | null) = [
            match t with
            | null -> ()
            | t ->
                yield! t.GetFields(BindingFlags.Instance ||| flags ||| BindingFlags.DeclaredOnly)

                yield! up t.BaseType
        ]

        up t

    [<RequireQualifiedAccess>]
    type Kind =
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

    let private find (t: Type) =
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

    let private kinds = ConcurrentDictionary<Type, Kind>()
    let kindOf (t: Type) = kinds.GetOrAdd(t, find)

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
