namespace Cotangent

open System
open System.Collections.Concurrent
open System.Reflection
open System.Runtime.CompilerServices
open Microsoft.FSharp.Reflection
open Cotangent.Inlined

/// The walker of each type, made once.
module internal Walkers =
    let holdsTensors (t: Type) = TreeKind.holdsTensors t

    /// A field, an item of a tuple: where it stands, its declared type, and whether null means that nothing is there
    /// (asked only where there is a null: it takes a while to find out).
    [<Struct>]
    type private Part = { Name: string; Type: Type; Optional: Lazy<bool> }

    /// What a static says of the case of a union.
    [<Struct>]
    type private Case = {
        Case: string
    } with

        override x.ToString() = x.Case

    /// What an outline says of a part that is not there.
    [<Struct>]
    type private Missing = { Part: int }

    /// A walker for values that split into an array of parts and are made again from one.
    let private product (read: obj -> objnull[]) (make: obj -> objnull[] -> obj) (parts: Part[]) =
        let dynamic = parts |> Array.map (fun part -> holdsTensors part.Type)

        let isStatic (items: objnull[]) i = not dynamic[i] || isNull items[i]
        let isMissing (items: objnull[]) i = dynamic[i] && isNull items[i] && parts[i].Optional.Value
        let isThere (items: objnull[]) i = dynamic[i] && not (isMissing items i)

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

                    [
                        for i in 0 .. items.Length - 1 do
                            if isStatic items i then items[i]
                    ]

                member _.StaticNames value =
                    let items = read value

                    [
                        for i in 0 .. items.Length - 1 do
                            if isStatic items i then parts[i].Name
                    ]

                member _.Outline(value, tell) =
                    let items = read value

                    for i in 0 .. parts.Length - 1 do
                        if isMissing items i then tell { Part = i }
        }

    /// What a field of this name and type is in a tree.
    let private part name t = { Name = name; Type = t; Optional = lazy false }

    let private clone =
        typeof<obj>.GetMethod("MemberwiseClone", BindingFlags.Instance ||| BindingFlags.NonPublic)
        |> nonNull

    let private generic (definition: Type) (arguments: Type[]) =
        Activator.CreateInstance(definition.MakeGenericType arguments) |> nonNull :?> Walker

    /// F# says so where a field may be null.
    let private ofProperty (p: PropertyInfo) = {
        Name = "." + p.Name
        Type = p.PropertyType
        Optional = lazy (NullabilityInfoContext().Create(p).ReadState = NullabilityState.Nullable)
    }

    /// C# without nullable annotations does not: there every field may be.
    let private ofField (f: FieldInfo) =
        // An auto-property's field is called "<Name>k__BackingField", an F# value's "Name@".
        let name = f.Name.TrimStart('<').Split('>')[0]

        {
            Name = "." + name.TrimEnd('@')
            Type = f.FieldType
            Optional = lazy (NullabilityInfoContext().Create(f).ReadState <> NullabilityState.NotNull)
        }

    /// By reflection while it is done rarely, then by the functions of FSharp.Core, which are compiled when they are
    /// asked for: a millisecond or two for each, so that the first gradient waits for none of them.
    let private tiered
        (slow: (obj -> objnull[]) * (obj -> objnull[] -> obj))
        (fast: unit -> (obj -> objnull[]) * (objnull[] -> obj))
        =
        let read, make = slow
        let compiled = lazy fast ()
        let calls = ref 0

        let isFrequent () =
            calls.Value <- calls.Value + 1
            calls.Value > Fields.patience

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
            member _.StaticNames _ = [ "" ]
    }

    let private walkers = ConcurrentDictionary<Type, Walker>()
    let private exactly = ConcurrentDictionary<Type, Walker>()

    /// An option's case is whether it is null.
    let private option (t: Type) =
        let some = [| t.GetFields Fields.all |> Array.exactlyOne |]

        let value =
            product (Fields.read some) (fun _ items -> Fields.make t some items) [|
                part ".Value" some[0].FieldType
            |]

        {
            new Walker() with
                member _.Parts(x, visit) = value.Parts(x, visit)
                member _.Names x = value.Names x
                member _.Replace(x, replace) = value.Replace(x, replace)
                member _.Statics x = box { Case = "Some" } :: value.Statics x
                member _.StaticNames x = "" :: value.StaticNames x
                member _.Outline(_, tell) = tell 1
        }

    let private union (t: Type) =
        let tag = FSharpValue.PreComputeUnionTagReader(t, TreeKind.flags)
        let known = FSharpType.GetUnionCases(t, TreeKind.flags)

        let cases =
            known
            |> Array.map (fun case ->
                let make = FSharpValue.PreComputeUnionConstructor(case, TreeKind.flags) >> nonNull

                case.GetFields()
                |> Array.map (fun f -> part ("." + f.Name) f.PropertyType)
                |> product (FSharpValue.PreComputeUnionReader(case, TreeKind.flags)) (fun _ items ->
                    make items))

        {
            new Walker() with
                member _.Parts(value, visit) = cases[tag value].Parts(value, visit)
                member _.Names value = cases[tag value].Names value
                member _.Replace(value, replace) = cases[tag value].Replace(value, replace)

                member _.Statics value =
                    box { Case = known[tag value].Name } :: cases[tag value].Statics value

                member _.StaticNames value = "" :: cases[tag value].StaticNames value
                member _.Outline(value, tell) = tell (tag value)
        }

    let private isOption (t: Type) = t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<option<obj>>

    let rec private build (t: Type) : Walker =
        match TreeKind.kindOf t with
        | TreeKind.Kind.Leaf
        | TreeKind.Kind.Static
        | TreeKind.Kind.Foreign _ -> nothing
        | TreeKind.Kind.Record fields ->
            let read, make = ofRecord t fields
            product read make (fields |> Array.map ofProperty)
        | TreeKind.Kind.Tuple items ->
            let read, make = ofTuple t
            product read make (items |> Array.mapi (fun i t -> part (".Item" + string (i + 1)) t))
        | TreeKind.Kind.Union when isOption t -> option t
        | TreeKind.Kind.Union -> union t
        | TreeKind.Kind.Collection(walker, item) -> generic walker [| item |]
        | TreeKind.Kind.Keyed(walker, key, value) -> generic walker [| key; value |]
        | TreeKind.Kind.Object fields -> ofFields fields
        | TreeKind.Kind.Open -> {
            new Walker() with
                member _.Parts(value, visit) = (ofValue value).Parts(value, visit)
                member _.Names value = (ofValue value).Names value
                member _.Replace(value, replace) = (ofValue value).Replace(value, replace)
                member _.Statics value = box (value.GetType()) :: (ofValue value).Statics value
                member _.StaticNames value = "" :: (ofValue value).StaticNames value

                member _.Outline(value, tell) =
                    tell (value.GetType())
                    (ofValue value).Outline(value, tell)
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
                match TreeKind.kindOf t with
                | TreeKind.Kind.Open -> ofFields (TreeKind.instanceFields t)
                | _ -> if holdsTensors t then ofType t else nothing

            exactly[t] <- w
            w
