namespace Cotangent

open System
open System.Reflection
open System.Runtime.CompilerServices
open Cotangent.Inlined // in place of functions of Array and List

/// Values of F# types read and made through their fields: by reflection alone, without code made for it at run time.
[<RequireQualifiedAccess>]
module internal Fields =
    let all = BindingFlags.Instance ||| BindingFlags.Public ||| BindingFlags.NonPublic

    /// Reads and makes of one type after which it pays to compile a function for them.
    [<Literal>]
    let patience = 1000

    /// The fields behind the properties of a record, which F# calls "Name@", those of an anonymous one "<Name>i__Field".
    /// None if there are others, or a name is not found.
    let ofRecord (t: Type) (properties: PropertyInfo[]) : FieldInfo[] option =
        let fields = t.GetFields all

        let find (p: PropertyInfo) =
            fields |> Array.tryFind (fun f -> f.Name = p.Name + "@" || f.Name = "<" + p.Name + ">i__Field")

        let found = properties |> Array.choose find

        if found.Length = properties.Length && found.Length = fields.Length then
            Some found
        else
            None

    /// The fields of a tuple's items, in order: "m_Item1", or "Item1" of a struct. None for tuples so long that they
    /// nest.
    let ofTuple (t: Type) : FieldInfo[] option =
        let fields = t.GetFields all

        let at i =
            let name = "Item" + string (i + 1)
            fields |> Array.tryFind (fun f -> f.Name = name || f.Name = "m_" + name)

        let found = Array.init fields.Length at |> Array.choose id
        if found.Length = fields.Length && found.Length < 8 then Some found else None

    let private clone =
        typeof<obj>.GetMethod("MemberwiseClone", BindingFlags.Instance ||| BindingFlags.NonPublic)
        |> nonNull

    /// A shallow copy.
    let copy (value: obj) : obj = nonNull (clone.Invoke(value, null))

    /// A copy with these fields.
    let replace (fields: FieldInfo[]) (value: obj) (items: objnull[]) : obj =
        let made = copy value

        for i in 0 .. fields.Length - 1 do
            fields[i].SetValue(made, items[i])

        made

    let read (fields: FieldInfo[]) (value: obj) : objnull[] =
        let items = Array.zeroCreate<objnull> fields.Length

        for i in 0 .. fields.Length - 1 do
            items[i] <- fields[i].GetValue value

        items

    /// A value with these fields. The constructors of such types do no more.
    let make (t: Type) (fields: FieldInfo[]) (items: objnull[]) : obj =
        let value = RuntimeHelpers.GetUninitializedObject t

        for i in 0 .. fields.Length - 1 do
            fields[i].SetValue(value, items[i])

        value
