namespace Cotangent

open System
open System.Collections.Concurrent
open System.Reflection
open System.Runtime.CompilerServices
open Microsoft.FSharp.Reflection
open Cotangent.Inlined // in place of functions of Array and List

/// The walker of each type, made once.
module internal Walkers =
    let holdsTensors (t: Type) = TreeKind.holdsTensors t

    /// A field, an item of a tuple: where it stands, what it is called, its declared type, and whether null means that
    /// nothing is there (asked only where there is a null: it takes a while to find out).
    [<Struct>]
    type private Part = { Name: string; Label: string; Declared: Declared; Optional: Lazy<bool> }

    /// What is said of a part that is not there.
    [<Struct>]
    type private Missing = {
        Part: int
    } with

        override _.ToString() = "nothing"

    /// A walker for values that split into an array of parts and are made again from one.
    let private product (read: obj -> objnull[]) (make: obj -> objnull[] -> obj) (parts: Part[]) =
        let isStatic = parts |> Array.map (fun part -> not (holdsTensors part.Declared.Type))
        let isMissing (items: objnull[]) i = isNull items[i] && parts[i].Optional.Value
        let isThere (items: objnull[]) i = not (isStatic[i] || isMissing items i)

        let names (value: obj) wanted (name: Part -> string) = [
            let items = read value

            for i in 0 .. parts.Length - 1 do
                if wanted items i then name (parts[i])
        ]

        {
            new Walker() with
                member _.Visit(value, visitor) =
                    let items = read value

                    for i in 0 .. items.Length - 1 do
                        if isStatic[i] then visitor.Static items[i]
                        elif isMissing items i then visitor.Static { Part = i }

                    for i in 0 .. items.Length - 1 do
                        if isThere items i then visitor.Part(parts[i].Declared, items[i])

                member _.Names value = names value isThere (fun part -> part.Name)
                member _.Labels value = names value isThere (fun part -> part.Label)

                member _.StaticNames value =
                    names value (fun items i -> not (isThere items i)) (fun part -> part.Name)

                member _.Replace(value, replacer) =
                    let items = read value

                    for i in 0 .. items.Length - 1 do
                        if isThere items i then items[i] <- replacer.Part(parts[i].Declared, items[i])

                    make value items

                member _.Outline(value, tell) =
                    let items = read value

                    for i in 0 .. items.Length - 1 do
                        if not isStatic[i] && isMissing items i then tell { Part = i }
        }

    let private never = later (fun () -> false)

    /// What a field is called in the names of leaves: by its attribute, or by its own name.
    let private label (name: string) (members: (MemberInfo | null) list) =
        let given =
            members
            |> List.tryPick (fun m ->
                match m with
                | null -> None
                | m ->
                    match m.GetCustomAttribute(typeof<LeafNameAttribute>, false) with
                    | :? LeafNameAttribute as a -> Some a.Name
                    | _ -> None)

        match given with
        | Some name -> name
        | None -> LeafName.ofField name

    /// The item of a tuple.
    let private item place t = {
        Name = ".Item" + string (place + 1)
        Label = string place
        Declared = t
        Optional = never
    }

    /// A value of a union's case. One without a name of its own is called as an item of a tuple is, or, if it is the only one, not at
    /// all.
    let private ofCase name t optional = {
        Name = "." + name
        Label =
            match name with
            | "Item" -> ""
            | name when name.StartsWith("Item", StringComparison.Ordinal) ->
                match Int32.TryParse(name.Substring 4) with
                | true, place -> string (place - 1)
                | false, _ -> LeafName.ofField name
            | name -> LeafName.ofField name
        Declared = t
        Optional = optional
    }

    /// What a type notes of whether a field of it may be null.
    let private nullability (t: Type | null) (find: NullabilityInfoContext -> NullabilityInfo) =
        try
            (find (NullabilityInfoContext())).ReadState
        with :? InvalidOperationException when Published.isTrimmed () ->
            let name = if isNull t then "a type" else (nonNull t).Name

            raise (
                TreeException
                    $"{name}: a field is null, and whether it may be was forgotten when the program was published. Set `<NullabilityInfoContextSupport>true</NullabilityInfoContextSupport>` in the project."
            )

    // Code that is compiled without a check of nulls, as scripts are, does not say which fields may be null: there every
    // field may be.

    let private ofProperty (declared: Type -> Declared) (p: PropertyInfo) = {
        Name = "." + p.Name
        Label = label p.Name [ p ]
        Declared = declared p.PropertyType
        Optional =
            later (fun () -> nullability p.ReflectedType (fun c -> c.Create p) <> NullabilityState.NotNull)
    }

    let private ofField (declared: Type -> Declared) (f: FieldInfo) =
        // An auto-property's field is called "<Name>k__BackingField", an F# value's "Name@".
        let property = f.Name.TrimStart('<').Split('>')[0]
        let name = property.TrimEnd '@'

        {
            Name = "." + name
            Label =
                label name [
                    f
                    (match f.DeclaringType with
                     | null -> null
                     | t -> t.GetProperty(name, BindingFlags.Instance ||| TreeKind.flags))
                ]
            Declared = declared f.FieldType
            Optional =
                later (fun () ->
                    nullability f.ReflectedType (fun c -> c.Create f) <> NullabilityState.NotNull)
        }

    /// By reflection while it is done rarely, then by the functions of FSharp.Core, which are compiled when they are
    /// asked for: a millisecond or two for each, so that the first gradient waits for none of them.
    let private tiered
        (slow: (obj -> objnull[]) * (obj -> objnull[] -> obj))
        (fast: unit -> (obj -> objnull[]) * (objnull[] -> obj))
        =
        let read, make = slow
        let compiled = later fast
        let calls = ref 0

        let isFrequent () =
            RuntimeFeature.IsDynamicCodeCompiled
            && (calls.Value <- calls.Value + 1
                calls.Value > Fields.patience)

        (fun value -> if isFrequent () then (fst compiled.Value) value else read value),
        (fun value items -> if isFrequent () then (snd compiled.Value) items else make value items)

    let private ofRecord (t: Type) (properties: PropertyInfo[]) =
        let fast () =
            FSharpValue.PreComputeRecordReader(t, TreeKind.flags),
            FSharpValue.PreComputeRecordConstructor(t, TreeKind.flags)

        match Fields.ofRecord t properties with
        | Some fields -> tiered (Fields.read fields, (fun _ items -> Fields.make t fields items)) fast
        | None ->
            let read, make = fast ()
            read, (fun _ items -> make items)

    let private ofTuple (t: Type) =
        let fast () = FSharpValue.PreComputeTupleReader t, FSharpValue.PreComputeTupleConstructor t

        match Fields.ofTuple t with
        | Some fields -> tiered (Fields.read fields, (fun _ items -> Fields.make t fields items)) fast
        | None ->
            let read, make = fast ()
            read, (fun _ items -> make items)

    /// C# records and other classes: a shallow copy with its tensor-bearing fields replaced.
    let private ofFields declared (fields: FieldInfo[]) =
        let read (value: obj) = fields |> Array.map (fun f -> f.GetValue value)

        let make (value: obj) (items: objnull[]) =
            let before = read value

            if Array.forall2 (fun a b -> obj.ReferenceEquals(a, b)) before items then
                value
            else
                let copy = Fields.copy value

                for i in 0 .. fields.Length - 1 do
                    if not (obj.ReferenceEquals(items[i], before[i])) && holdsTensors fields[i].FieldType then
                        fields[i].SetValue(copy, items[i])

                copy

        product read make (fields |> Array.map (ofField declared))

    let private nothing = {
        new Walker() with
            member _.Visit(value, visitor) = visitor.Static value
            member _.Names _ = []
            member _.StaticNames _ = [ "" ]
            member _.Replace(value, _) = value
    }

    /// A case's values by FSharp.Core.
    let private caseByFSharp declared (case: UnionCaseInfo) : Walker =
        let make = FSharpValue.PreComputeUnionConstructor(case, TreeKind.flags) >> nonNull

        case.GetFields()
        |> Array.map (fun f -> ofCase (f.Name) (declared f.PropertyType) never)
        |> product (FSharpValue.PreComputeUnionReader(case, TreeKind.flags)) (fun _ items -> make items)

    /// The values of a case by the fields of their own class, "item", "item1" or "_name": where a program was compiled ahead of
    /// time, FSharp.Core does not find their properties. A struct has the fields of all cases: those of others are null.
    let private caseByFields declared (value: obj) : Walker =
        let t = value.GetType()
        let fields = TreeKind.instanceFields t |> Array.filter (fun f -> f.Name <> "_tag")

        fields
        |> Array.map (fun f ->
            let name =
                if f.Name.StartsWith '_' then
                    f.Name.Substring 1
                else
                    string (Char.ToUpperInvariant f.Name[0]) + f.Name.Substring 1

            ofCase name (declared f.FieldType) (later (fun () -> t.IsValueType)))
        |> product (Fields.read fields) (Fields.replace fields)

    /// Whether by fields or by FSharp.Core.
    let private union byFields declared (t: Type) =
        let tag = FSharpValue.PreComputeUnionTagReader(t, TreeKind.flags)
        let known = FSharpType.GetUnionCases(t, TreeKind.flags)
        let names = known |> Array.map (fun case -> box { Case = case.Name })
        let cases = Array.zeroCreate<Walker | null> known.Length

        let caseOf (value: obj) =
            let tag = tag value

            match cases[tag] with
            | null ->
                let made = if byFields then caseByFields declared value else caseByFSharp declared known[tag]

                cases[tag] <- made
                made
            | made -> made

        {
            new Walker() with
                member _.Visit(value, visitor) =
                    visitor.Static names[tag value]
                    (caseOf value).Visit(value, visitor)

                member _.Names value = (caseOf value).Names value
                member _.Labels value = (caseOf value).Labels value
                member _.StaticNames value = "" :: (caseOf value).StaticNames value
                member _.Replace(value, replacer) = (caseOf value).Replace(value, replacer)
                member _.Outline(value, tell) = tell (tag value)
        }

    let private known = ConcurrentDictionary<Type, Declared>()
    let private exactly = ConcurrentDictionary<Type, Walker>()

    let rec private build (t: Type) : Walker =
        match TreeKind.kindOf t with
        | TreeKind.Kind.Leaf
        | TreeKind.Kind.Static
        | TreeKind.Kind.Foreign _ -> nothing
        | TreeKind.Kind.Record fields ->
            let read, make = ofRecord t fields
            product read make (fields |> Array.map (ofProperty declared))
        | TreeKind.Kind.Tuple types ->
            let read, make = ofTuple t

            product read make (types |> Array.mapi (fun i t -> item i (declared t)))
        | TreeKind.Kind.Option item ->
            ItemsWalkers.make typedefof<OptionWalker<obj>> [| item |] t (declared item)
        | TreeKind.Kind.Frozen item ->
            ItemsWalkers.make typedefof<FrozenWalker<obj>> [| item |] t (declared item)
        | TreeKind.Kind.Union -> union (Published.isAhead ()) declared t
        | TreeKind.Kind.Collection(walker, item) -> ItemsWalkers.make walker [| item |] t (declared item)
        | TreeKind.Kind.Keyed(walker, key, value) ->
            ItemsWalkers.make walker [| key; value |] t (declared value)
        | TreeKind.Kind.Object fields -> ofFields declared fields
        | TreeKind.Kind.Open -> {
            new Walker() with
                member _.Visit(value, visitor) =
                    visitor.Static(value.GetType())
                    (ofValue value).Visit(value, visitor)

                member _.Names value = (ofValue value).Names value
                member _.Labels value = (ofValue value).Labels value
                member _.StaticNames value = "" :: (ofValue value).StaticNames value
                member _.Replace(value, replacer) = (ofValue value).Replace(value, replacer)

                member _.Outline(value, tell) =
                    tell (value.GetType())
                    (ofValue value).Outline(value, tell)
          }

    and declared (t: Type) : Declared =
        match known.TryGetValue t with
        | true, d -> d
        | false, _ ->
            let d = Declared(t, build)
            known[t] <- d
            d

    and private ofValue (value: obj) : Walker =
        let t = value.GetType()

        match exactly.TryGetValue t with
        | true, w -> w
        | false, _ ->
            let w =
                match TreeKind.kindOf t with
                | TreeKind.Kind.Open -> ofFields declared (TreeKind.instanceFields t)
                | _ -> if holdsTensors t then (declared t).Walker else nothing

            exactly[t] <- w
            w

    /// For tests: a union as where a program was compiled ahead of time.
    let unionByFields (t: Type) : Walker = union true declared t
