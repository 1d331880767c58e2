namespace Cotangent.Compiler

open System
open System.Collections
open System.Collections.Concurrent
open System.Collections.Generic
open System.Reflection
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What a compiled function takes as given of its argument, as it was when the function was compiled: lists, arrays and
/// fields can be changed in place later, and the program is one for what they held.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Static =
    /// Compared as .NET does: it never changes, or is an object that equals no other.
    | Plain of objnull
    /// What a collection held, in the order of its enumeration, and the sizes of an array's axes; or the fields of a value
    /// that is equal to another by them.
    | Parts of kind: Type * sizes: int[] * parts: Static[]

module internal Static =
    [<RequireQualifiedAccess; NoComparison; NoEquality>]
    type private Kind =
        | Plain
        /// An array of numbers or texts: compared as a whole, without a look at each as an object.
        | Numbers
        | Items
        | Fields of FieldInfo[]

    /// Deeper than this, and of more parts, nothing is looked at: objects may contain themselves.
    [<Literal>]
    let private Deepest = 100

    [<Literal>]
    let private Most = 10000

    let private isFrom (start: string) (t: Type) =
        match t.Namespace with
        | null -> false
        | ns -> ns.StartsWith(start, StringComparison.Ordinal)

    let private isCollection (t: Type) =
        typeof<IEnumerable>.IsAssignableFrom t
        && (t.IsArray || isFrom "System.Collections" t || isFrom "Microsoft.FSharp.Collections" t)

    let private isImmutable (t: Type) =
        isFrom "Microsoft.FSharp.Collections" t || isFrom "System.Collections.Immutable" t

    let private isNumberOrText (t: Type) = t.IsPrimitive || t.IsEnum || sameType t typeof<string>

    /// C# gives its records such a method.
    let private isRecordOfCSharp (t: Type) = not (isNull (t.GetMethod "<Clone>$"))

    /// The fields by which values of a type are equal to others, where that is what they are equal by.
    let private fieldsOf (t: Type) : FieldInfo[] voption =
        match TreeKind.kindOf t with
        | _ when t.IsGenericType && sameType (t.GetGenericTypeDefinition()) typedefof<KeyValuePair<int, int>> ->
            ValueSome(TreeKind.instanceFields t)
        | TreeKind.Kind.Union -> ValueSome(TreeKind.caseFields t)
        | TreeKind.Kind.Record _
        | TreeKind.Kind.Tuple _
        | TreeKind.Kind.Frozen _
        | TreeKind.Kind.Option _ -> ValueSome(TreeKind.instanceFields t)
        | TreeKind.Kind.Object _
        | TreeKind.Kind.Open when t.IsValueType || isRecordOfCSharp t -> ValueSome(TreeKind.instanceFields t)
        | TreeKind.Kind.Object _
        | TreeKind.Kind.Open
        | TreeKind.Kind.Leaf
        | TreeKind.Kind.Static
        | TreeKind.Kind.Collection _
        | TreeKind.Kind.Keyed _
        | TreeKind.Kind.Foreign _ -> ValueNone

    /// Whether no value of a type, and nothing in it, can be changed in place.
    let rec private isFrozen (visited: HashSet<Type>) (t: Type) : bool =
        isNumberOrText t
        || not (visited.Add t)
        || if isCollection t then
               isImmutable t && t.GetGenericArguments() |> Array.forall (isFrozen visited)
           else
               match TreeKind.kindOf t, fieldsOf t with
               | TreeKind.Kind.Record properties, _ ->
                   properties |> Array.forall (fun p -> not p.CanWrite && isFrozen visited p.PropertyType)
               // Nothing sets the fields of a tuple or of the case of a union.
               | (TreeKind.Kind.Union | TreeKind.Kind.Tuple _ | TreeKind.Kind.Option _ | TreeKind.Kind.Frozen _),
                 ValueSome fields -> fields |> Array.forall (fun f -> isFrozen visited f.FieldType)
               | _, ValueSome fields ->
                   fields |> Array.forall (fun f -> f.IsInitOnly && isFrozen visited f.FieldType)
               | _, ValueNone -> t.IsValueType && isFrom "System" t

    let private find (t: Type) : Kind =
        if typeof<Tensor>.IsAssignableFrom t || isFrozen (HashSet()) t then
            Kind.Plain
        elif t.IsArray && isNumberOrText (nonNull (t.GetElementType())) then
            Kind.Numbers
        elif isCollection t then
            Kind.Items
        else
            match fieldsOf t with
            // Of this case of a union, not of all.
            | ValueSome _ -> Kind.Fields(TreeKind.instanceFields t)
            | ValueNone -> Kind.Plain

    let private kinds = ConcurrentDictionary<Type, Kind>()
    let private kindOf (t: Type) : Kind = kinds.GetOrAdd(t, find)

    let private items (value: obj) : objnull[] = [|
        for item in (value :?> IEnumerable) do
            item
    |]

    let private sizes (value: obj) : int[] =
        match value with
        | :? Array as a -> Array.init a.Rank a.GetLength
        | _ -> [||]

    let private read (fields: FieldInfo[]) (value: obj) : objnull[] =
        fields |> Array.map (fun f -> f.GetValue value)

    /// The value as it is now.
    let keep (value: objnull) : Static =
        let mutable left = Most

        let rec go (depth: int) (value: objnull) : Static =
            match value with
            | null -> Static.Plain value
            | value ->
                let t = value.GetType()

                let parts (all: objnull[]) =
                    left <- left - 1

                    if depth = Deepest || left < 0 then
                        Static.Plain value
                    else
                        Static.Parts(t, sizes value, Array.map (go (depth + 1)) all)

                match kindOf t with
                | Kind.Plain -> Static.Plain value
                | Kind.Numbers ->
                    let copy: obj = (value :?> Array).Clone()
                    Static.Plain copy
                | Kind.Items -> parts (items value)
                | Kind.Fields fields -> parts (read fields value)

        go 0 value

    /// Whether a value is as another one was.
    let rec isStill (kept: Static) (value: objnull) : bool =
        match kept with
        | Static.Plain before -> Object.Equals(before, value) || Unchecked.equals before value
        | Static.Parts(kind, shape, parts) ->
            match value with
            | null -> false
            | value ->
                sameType (value.GetType()) kind
                && Shape.equal shape (sizes value)
                && (let now =
                        match kindOf kind with
                        | Kind.Fields fields -> read fields value
                        | Kind.Items
                        | Kind.Numbers
                        | Kind.Plain -> items value

                    now.Length = parts.Length && Range.forall parts.Length (fun i -> isStill parts[i] now[i]))

    /// For people.
    let rec show (kept: Static) : string =
        match kept with
        | Static.Plain null -> "nothing"
        | Static.Plain(:? string as s) -> $"\"{s}\""
        | Static.Plain(:? IEnumerable as xs) -> $"%A{xs}"
        | Static.Plain x -> string x
        | Static.Parts(kind, _, parts) ->
            let inside = parts |> Array.map show |> String.concat "; "

            match kindOf kind with
            | Kind.Fields _ -> $"{kind.Name} ({inside})"
            | Kind.Items
            | Kind.Numbers
            | Kind.Plain -> if kind.IsArray then $"[|{inside}|]" else $"[{inside}]"
