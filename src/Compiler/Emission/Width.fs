namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The vector instructions of each width, as methods to call from emitted code: the compiler of .NET knows these methods
// and puts one or a few instructions in their place. What is found by reflection is remembered. Parameters are looked
// at only where a name is overloaded: a first look at those of Vector256.Create alone takes 10 ms.

open System
open System.Collections.Generic
open System.Reflection
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// What asks for the processor's instructions can't be compiled ahead; nor could what it became a part of.
module private Processor =
    /// The widest vectors that the machine has, in bits; 0 where it has none.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let vectorBits () =
        if Vector512.IsHardwareAccelerated then 512
        elif Vector256.IsHardwareAccelerated then 256
        elif Vector128.IsHardwareAccelerated then 128
        else 0

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let hasAvx () = Avx.IsSupported

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let hasAvx512 () = Avx512F.IsSupported

[<Sealed; AllowNullLiteral>]
type internal Width private (bits: int, holder: Type) =
    // A program that was compiled ahead of time can't compile more, and has no methods to be called by name.
    static let widths =
        if RuntimeFeature.IsDynamicCodeCompiled then
            [| Width(128, typeof<Vector128>); Width(256, typeof<Vector256>); Width(512, typeof<Vector512>) |]
        else
            [||]

    static let best =
        match Processor.vectorBits () with
        | bits when bits > 0 && widths.Length > 0 -> Some widths[bits >>> 8]
        | _ -> None

    static let flags = BindingFlags.Public ||| BindingFlags.Static
    static let scalars = [| typeof<float32>; typeof<float>; typeof<int>; typeof<int64> |]

    /// As a method returns it: the layout of Vector512<int> is nothing that can be compiled ahead.
    let generic = (nonNull (holder.GetMethod "AsByte")).ReturnType.GetGenericTypeDefinition()

    let vectors: (Type | null)[] = Array.zeroCreate 4
    /// By element and name.
    let methods = [| for _ in 0..3 -> Dictionary<string, MethodInfo>() |]

    let vector (e: Element) =
        match vectors[int e] with
        | null ->
            let t = generic.MakeGenericType scalars[int e]
            vectors[int e] <- t
            t
        | t -> t

    let missing (from: Type) name (e: Element) = invalidOp $"{from.Name} has no {name} of {e}."

    /// The generic method of a name, for the element. Of several it is the one of a single number.
    let findGeneric (from: Type) name (e: Element) =
        let candidates = from.GetMember(name, MemberTypes.Method, flags)
        let mutable found: MethodInfo | null = null

        for c in candidates do
            let c = c :?> MethodInfo

            if c.IsGenericMethodDefinition && isNull found then
                if candidates.Length = 1 then
                    found <- c
                else
                    // Of Create's, the one of a single T.
                    let p = c.GetParameters()
                    if p.Length = 1 && p[0].ParameterType.IsGenericParameter then found <- c

        match found with
        | null -> missing from name e
        | m -> m.MakeGenericMethod scalars[int e]

    /// The operator of the vector type that a method stands for. The compiler of .NET knows the operator; the method it has to
    /// inline first, to find the operator in it: 9 µs for a call in place of 2.
    let operatorOf (name: string) : string voption =
        match name with
        | "Add" -> ValueSome "op_Addition"
        | "Subtract" -> ValueSome "op_Subtraction"
        | "Multiply" -> ValueSome "op_Multiply"
        | "Divide" -> ValueSome "op_Division"
        | "Negate" -> ValueSome "op_UnaryNegation"
        | "OnesComplement" -> ValueSome "op_OnesComplement"
        | "BitwiseAnd" -> ValueSome "op_BitwiseAnd"
        | "BitwiseOr" -> ValueSome "op_BitwiseOr"
        | "Xor" -> ValueSome "op_ExclusiveOr"
        | _ -> ValueNone

    /// That operator, on vectors.
    let findOperator (name: string) (e: Element) =
        let v = vector e
        let isUnary = (name = "op_UnaryNegation" || name = "op_OnesComplement")

        match v.GetMethod(name, (if isUnary then [| v |] else [| v; v |])) with
        | null -> missing v name e
        | m -> m

    /// The method of a name with these parameters, which may be generic.
    let findOverload (from: Type) name (e: Element) (parameters: Type[]) =
        let mutable found: MethodInfo | null = null

        for c in from.GetMember(name, MemberTypes.Method, flags) do
            if isNull found then
                let c = c :?> MethodInfo
                let m = if c.IsGenericMethodDefinition then c.MakeGenericMethod scalars[int e] else c
                let actual = m.GetParameters()
                let mutable same = actual.Length = parameters.Length
                let mutable i = 0

                while same && i < parameters.Length do
                    same <- obj.ReferenceEquals(actual[i].ParameterType, parameters[i])
                    i <- i + 1

                if same then found <- m

        match found with
        | null -> missing from name e
        | m -> m

    /// What was found before, or null. Functions may be compiled on several threads at once.
    let known (name: string) (e: Element) : MethodInfo | null =
        lock methods (fun () ->
            match methods[int e].TryGetValue name with
            | true, m -> m: MethodInfo | null
            | _ -> null)

    let remember (name: string) (e: Element) (m: MethodInfo) =
        lock methods (fun () -> methods[int e][name] <- m)
        m

    /// 128, 256 or 512.
    member _.Bits = bits

    static member OfBits(bits: int) = widths[bits >>> 8]

    /// The widest that the machine has; None where it has none, or nothing can be emitted.
    static member Best = best

    member _.Vector e = vector e

    /// A method that is not overloaded, or the operator that it stands for.
    member _.Generic(name, e) : MethodInfo =
        match known name e with
        | null ->
            match operatorOf name with
            | ValueSome operator -> findOperator operator e
            | ValueNone -> findGeneric holder name e
            |> remember name e
        | m -> m

    /// One of several methods of a name, of so many vectors of the element.
    member _.Overload(name, e, arity: int) : MethodInfo =
        match known name e with
        | null ->
            let parameters = Array.zeroCreate<Type> arity

            for i in 0 .. arity - 1 do
                parameters[i] <- vector e

            remember name e (findOverload holder name e parameters)
        | m -> m

    /// An operator or property of the vector type.
    member _.Member(name: string, e) : MethodInfo =
        match known name e with
        | null ->
            match (vector e).GetMethod name with
            | null -> missing (vector e) name e
            | m -> remember name e m
        | m -> m

    /// The bits as another element.
    member x.Cast(source: Element, target: Element) =
        x.Generic(
            (match target with
             | Element.F32 -> "AsSingle"
             | Element.F64 -> "AsDouble"
             | Element.I32 -> "AsInt32"
             | Element.I64 -> "AsInt64"),
            source
        )

    /// Whether single lanes can be left out of loads and stores.
    member _.HasMasks = if bits = 512 then Processor.hasAvx512 () else Processor.hasAvx ()

    /// Whether two vectors can be interleaved, which summing many at once needs.
    member _.HasPacks = Processor.hasAvx ()

    /// A method of the processor's own instructions, with these parameters.
    member private _.Native(from: Type, name, e, parameters: Type[]) =
        match known name e with
        | null -> remember name e (findOverload from name e parameters)
        | m -> m

    /// Of floats; integers are moved as floats of their size. On 512 bits the last argument is what the lanes left out
    /// become.
    member x.MaskLoad(e: Element) =
        let v, pointer = vector e, scalars[int e].MakePointerType()

        if bits = 512 then
            x.Native(typeof<Avx512F>, "MaskLoad", e, [| pointer; v; v |])
        else
            x.Native(typeof<Avx>, "MaskLoad", e, [| pointer; v |])

    member x.MaskStore(e: Element) =
        let v, pointer = vector e, scalars[int e].MakePointerType()
        x.Native((if bits = 512 then typeof<Avx512F> else typeof<Avx>), "MaskStore", e, [| pointer; v; v |])

    /// The lower (or upper) lanes of each 128 bits of two vectors, in turn. 128 and 256 bits only.
    member x.Unpack(name, e: Element) =
        let v = vector e

        let from =
            if bits = 256 then typeof<Avx>
            elif e = Element.F32 then typeof<Sse>
            else typeof<Sse2>

        x.Native(from, name, e, [| v; v |])

    /// Two of the four floats of each 128 bits of a vector, and then two of another. 128 and 256 bits only.
    member x.Shuffle =
        let v = vector Element.F32
        let from = if bits = 256 then typeof<Avx> else typeof<Sse>
        x.Native(from, "Shuffle", Element.F32, [| v; v; typeof<byte> |])

    /// Any two halves of two vectors of 256 bits.
    member x.Permute(e: Element) =
        let v = vector e
        x.Native(typeof<Avx>, "Permute2x128", e, [| v; v; typeof<byte> |])
