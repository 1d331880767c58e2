namespace Cotangent

open System
open System.Runtime.CompilerServices

/// How the program was published, where that limits what reflection finds.
module internal Published =
    /// Compiled ahead of time: there is code for those instances of generic types alone that the compiler foresaw.
    let isAhead () = not RuntimeFeature.IsDynamicCodeSupported

    /// Members that nothing in the code mentions may be gone. The package's targets set the switch.
    let isTrimmed () =
        isAhead ()
        || (match AppContext.TryGetSwitch "Cotangent.IsTrimmed" with
            | true, trimmed -> trimmed
            | _ -> false)

    let private assemblyOf (t: Type) =
        match t.Assembly.GetName().Name with
        | null -> t.Name
        | name -> name

    /// How to keep the members of a type.
    let cure (t: Type) =
        $"add `<TrimmerRootAssembly Include=\"{assemblyOf t}\" />` to an ItemGroup of the project that is published"

    /// For messages about types in which no tensors are found: "" where nothing can be missing.
    let hint (t: Type) =
        if isTrimmed () then
            $" Or its members were removed when the program was published, trimmed or ahead of time: to keep them, {cure t}."
        else
            ""

    /// For a type that clearly had more members once.
    let lost (t: Type) : 'a =
        raise (
            TreeException
                $"{t.Name}: members of it were removed when the program was published, trimmed or ahead of time, so its tensors can't all be found. To keep them, {cure t}."
        )

    /// For a collection that there is no code for.
    let uncompiled (collection: Type) : 'a =
        let arguments = collection.GetGenericArguments() |> Array.filter _.IsValueType |> Array.map _.Name
        let structs = String.Join(" and ", arguments)
        let name = collection.Name.Split('`')[0]

        raise (
            TreeException
                $"{name}: the program was compiled ahead of time, without the code to rebuild this collection of {structs}, a value type. Make it a reference type (a class, a record that is no struct, a string as key), keep the items in a list or an array, or publish without `PublishAot`."
        )
