namespace Cotangent

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Collections.Immutable
open System.Reflection
open Microsoft.FSharp.Reflection
open Cotangent.Inlined // in place of functions of Array and List

/// What types are to a tree of tensors.
module internal TreeKind =
    let flags = BindingFlags.Public ||| BindingFlags.NonPublic

    let private definitionOf (t: Type) = if t.IsGenericType then t.GetGenericTypeDefinition() else t

    // Found by their names: to compare with the types themselves, all of them would have to be loaded first.

    let private collection (definition: Type) : Type | null =
        match definition.FullName with
        | "Microsoft.FSharp.Collections.FSharpList`1" -> typedefof<ListWalker<obj>>
        | "System.Collections.Generic.List`1" -> typedefof<MutableListWalker<obj>>
        | "System.Collections.Immutable.ImmutableArray`1" -> typedefof<ImmutableArrayWalker<obj>>
        | "System.Collections.Immutable.ImmutableList`1" -> typedefof<ImmutableListWalker<obj>>
        // Interfaces: their values are rebuilt as arrays.
        | "System.Collections.Generic.IReadOnlyList`1"
        | "System.Collections.Generic.IReadOnlyCollection`1"
        | "System.Collections.Generic.IList`1"
        | "System.Collections.Generic.ICollection`1"
        | "System.Collections.Generic.IEnumerable`1" -> typedefof<ArrayWalker<obj>>
        | _ -> null

    let private keyed (definition: Type) : Type | null =
        match definition.FullName with
        | "Microsoft.FSharp.Collections.FSharpMap`2" -> typedefof<MapWalker<string, obj>>
        | "System.Collections.Generic.Dictionary`2"
        | "System.Collections.Generic.IDictionary`2"
        | "System.Collections.Generic.IReadOnlyDictionary`2" -> typedefof<DictionaryWalker<string, obj>>
        | "System.Collections.Immutable.ImmutableDictionary`2" ->
            typedefof<ImmutableDictionaryWalker<string, obj>>
        | _ -> null

    // FSharp.Reflection answers these questions too, but takes some milliseconds to get ready.

    /// The types of a tuple's items. A tuple of more than seven nests.
    let private tuple (t: Type) : Type[] voption =
        match t.FullName with
        | null -> ValueNone
        | name when
            t.IsGenericType
            && (name.StartsWith("System.Tuple`", StringComparison.Ordinal)
                || name.StartsWith("System.ValueTuple`", StringComparison.Ordinal))
            ->
            match t.GetGenericArguments() with
            | items when items.Length < 8 -> ValueSome items
            | _ -> ValueSome(FSharpType.GetTupleElements t)
        | _ -> ValueNone

    let rec private isFunction (t: Type | null) =
        match t with
        | null -> false
        | t -> sameType (definitionOf t) typedefof<FSharpFunc<obj, obj>> || isFunction t.BaseType

    /// What F# notes of its types and their members.
    let private noted (m: MemberInfo) =
        match m.GetCustomAttribute(typeof<CompilationMappingAttribute>, false) with
        | :? CompilationMappingAttribute as a ->
            struct (a.SourceConstructFlags &&& SourceConstructFlags.KindMask, a.SequenceNumber)
        | _ -> struct (SourceConstructFlags.None, 0)

    let private kindNoted (m: MemberInfo) =
        let struct (kind, _) = noted m
        kind

    /// The fields of a record, in their order.
    let private fieldsOf (t: Type) : PropertyInfo[] =
        let fields =
            t.GetProperties(BindingFlags.Instance ||| flags)
            |> Array.filter (fun p -> kindNoted p = SourceConstructFlags.Field)

        let place (p: PropertyInfo) =
            let struct (_, number) = noted p
            number

        Array.Sort(Array.map place fields, fields)
        fields

    /// Those of a class and then of what it derives from.
    let instanceFields (t: Type) : FieldInfo[] =
        let fields = ResizeArray<FieldInfo>()
        let mutable at: Type | null = t

        while not (isNull at) do
            let t = nonNull at
            fields.AddRange(t.GetFields(BindingFlags.Instance ||| flags ||| BindingFlags.DeclaredOnly))
            at <- t.BaseType

        fields.ToArray()

    /// The fields of all cases of a union: a case with fields is a class of its own, nested in the union's and derived from
    /// it, unless there is only one, or the union is a struct.
    let caseFields (t: Type) : FieldInfo[] =
        let union =
            match t.BaseType with
            | null -> t
            | b -> if kindNoted b = SourceConstructFlags.SumType then b else t

        let fields = ResizeArray<FieldInfo>(instanceFields union)

        for nested in union.GetNestedTypes flags do
            let case =
                if nested.IsGenericTypeDefinition then
                    nested.MakeGenericType(union.GetGenericArguments())
                else
                    nested

            match case.BaseType with
            | NonNull b when sameType b union -> fields.AddRange(instanceFields case)
            | _ -> ()

        fields.ToArray()

    [<RequireQualifiedAccess>]
    type Kind =
        | Leaf
        | Static
        | Record of PropertyInfo[]
        | Tuple of Type[]
        | Union
        | Option of item: Type
        | Frozen of item: Type
        | Collection of walker: Type * item: Type
        | Keyed of walker: Type * key: Type * value: Type
        /// A class of known fields.
        | Object of FieldInfo[]
        /// An interface, or a class that others may derive from: each value's own type tells what it holds.
        | Open
        /// Of the base class library, and nothing that a tree can be rebuilt from if its items hold tensors.
        | Foreign of item: Type

    /// Only an assembly that refers to this one can define a class with tensors in it.
    let private knowsTensors =
        let ours = typeof<Tensor>.Assembly
        let known = ConcurrentDictionary<Assembly, bool>()

        let find (assembly: Assembly) =
            obj.ReferenceEquals(assembly, ours)
            || assembly.IsDynamic
            || Published.isAhead () // which forgets what an assembly refers to
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
        |> Array.tryFind (fun i -> sameType (definitionOf i) typedefof<seq<obj>>)
        |> Option.map (fun i ->
            let item = i.GetGenericArguments()[0]

            if sameType (definitionOf item) typedefof<KeyValuePair<obj, obj>> then
                item.GetGenericArguments()[1]
            else
                item)

    /// Of a type that is none of the above.
    let private other (t: Type) =
        let construct = kindNoted t

        // A value's own class may be that of a union's case.
        let isCase =
            match t.BaseType with
            | null -> false
            | union -> kindNoted union = SourceConstructFlags.SumType

        if isFunction t then
            Kind.Static
        elif construct = SourceConstructFlags.SumType || isCase then
            Kind.Union
        elif construct = SourceConstructFlags.RecordType then
            let fields = fieldsOf t
            // The constructor, which makes them all, outlives a property that nobody reads.
            if
                Published.isTrimmed () && (fields.Length = 0 || fields.Length <> (instanceFields t).Length)
            then
                Published.lost t

            Kind.Record fields
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

    let private find (t: Type) =
        let t =
            match Nullable.GetUnderlyingType t with
            | null -> t
            | underlying -> underlying

        let definition = definitionOf t

        if sameType t typeof<Tensor> then
            Kind.Leaf
        elif t.IsPrimitive || t.IsEnum || t.IsPointer || t.IsByRef || sameType t typeof<string> then
            Kind.Static
        elif t.IsArray then
            let item = nonNull (t.GetElementType())

            if t.GetArrayRank() = 1 then
                Kind.Collection(typedefof<ArrayWalker<obj>>, item)
            else
                Kind.Foreign item
        else
            match collection definition, keyed definition, tuple t with
            | _ when definition.FullName = "Microsoft.FSharp.Core.FSharpOption`1" ->
                Kind.Option(t.GetGenericArguments()[0])
            | _ when sameType definition typedefof<Frozen<obj>> -> Kind.Frozen(t.GetGenericArguments()[0])
            | NonNull walker, _, _ -> Kind.Collection(walker, t.GetGenericArguments()[0])
            | _, NonNull walker, _ ->
                Kind.Keyed(walker, t.GetGenericArguments()[0], t.GetGenericArguments()[1])
            | _, _, ValueSome items -> Kind.Tuple items
            | _ -> other t

    let private kinds = ConcurrentDictionary<Type, Kind>()
    let kindOf (t: Type) = kinds.GetOrAdd(t, find)

    let private holding = ConcurrentDictionary<Type, bool>()

    /// Types that one type is made of, at most. Generic types may hold ever larger ones of themselves: those have no end.
    [<Literal>]
    let private MostTypes = 1000

    /// Whether a value of this declared type can hold tensors.
    let rec private reaches (visited: HashSet<Type>) (t: Type) =
        if visited.Count > MostTypes then
            raise (
                TreeException
                    $"{t.Name.Split('`')[0]}: a type made of more than {MostTypes} others is no tree; does it hold ever larger types of its own kind? Close over such values, or keep tensors apart from them."
            )

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
                | Kind.Union -> caseFields t |> Array.exists (fun f -> reaches visited f.FieldType)
                | Kind.Option item
                | Kind.Frozen item
                | Kind.Collection(_, item)
                | Kind.Keyed(_, _, item) -> reaches visited item
                | Kind.Object fields -> fields |> Array.exists (fun f -> reaches visited f.FieldType)
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
