namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The vector instructions of each width, as methods to call from emitted code. The compiler of .NET knows these
// methods and puts one or a few instructions in their place. What is found by reflection is remembered: a search takes
// about 10 µs.

open System
open System.Collections.Generic
open System.Reflection
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

[<Sealed; AllowNullLiteral>]
type internal Width private (bits: int, holder: Type, generic: Type) =
    static let widths = [|
        Width(128, typeof<Vector128>, typedefof<Vector128<int>>)
        Width(256, typeof<Vector256>, typedefof<Vector256<int>>)
        Width(512, typeof<Vector512>, typedefof<Vector512<int>>)
    |]

    let vectors = Dictionary<Element, Type>()
    let methods = Dictionary<struct (string * Element), MethodInfo>()
    let gate = obj ()

    static let scalar (e: Element) =
        match e with
        | Element.F32 -> typeof<float32>
        | Element.F64 -> typeof<float>
        | Element.I32 -> typeof<int>
        | Element.I64 -> typeof<int64>

    static let flags = BindingFlags.Public ||| BindingFlags.Static

    let vector (e: Element) =
        match vectors.TryGetValue e with
        | true, t -> t
        | _ ->
            let t = generic.MakeGenericType(scalar e)
            vectors.Add(e, t)
            t

    /// A method of these parameters; of a generic one, the instance for the element.
    let search (from: Type) (name: string) (e: Element) (parameters: Type[]) =
        let mutable found: MethodInfo | null = null

        for candidate in from.GetMember(name, MemberTypes.Method, flags) do
            let candidate = candidate :?> MethodInfo

            if isNull found && candidate.GetParameters().Length = parameters.Length then
                let arity =
                    if candidate.IsGenericMethodDefinition then candidate.GetGenericArguments().Length else 0

                if arity < 2 then
                    let m = if arity = 1 then candidate.MakeGenericMethod(scalar e) else candidate
                    let actual = m.GetParameters()
                    let mutable same = true

                    for i in 0 .. parameters.Length - 1 do
                        if actual[i].ParameterType <> parameters[i] then same <- false

                    if same then found <- m

        match found with
        | null -> invalidOp $"{from.Name} has no {name} of {e}."
        | m -> m

    let remembered name e (find: unit -> MethodInfo) =
        lock gate (fun () ->
            let key = struct (name, e)

            match methods.TryGetValue key with
            | true, m -> m
            | _ ->
                let m = find ()
                methods.Add(key, m)
                m)

    /// 128, 256 or 512.
    member _.Bits = bits

    static member OfBits(bits: int) =
        match bits with
        | 128 -> widths[0]
        | 256 -> widths[1]
        | 512 -> widths[2]
        | _ -> invalidOp $"There are no vectors of {bits} bits."

    /// The widest that the machine has; None where it has none.
    static member Best =
        if Vector512.IsHardwareAccelerated then Some widths[2]
        elif Vector256.IsHardwareAccelerated then Some widths[1]
        elif Vector128.IsHardwareAccelerated then Some widths[0]
        else None

    static member Scalar e = scalar e

    member _.Vector e = lock gate (fun () -> vector e)

    /// A method of vectors of one element.
    member _.Of(name, e, arity) =
        remembered name e (fun () -> search holder name e (Array.create arity (vector e)))

    /// From one number to all lanes.
    member _.Broadcast e = remembered "broadcast" e (fun () -> search holder "Create" e [| scalar e |])

    /// From a number for each lane.
    member _.Assemble e =
        remembered "assemble" e (fun () ->
            search holder "Create" e (Array.create (bits / 8 / e.Size) (scalar e)))

    /// A shift by a constant.
    member _.Shift(name, e) = remembered name e (fun () -> search holder name e [| vector e; typeof<int> |])

    /// The bits as another element.
    member _.Cast(source: Element, target: Element) =
        let name =
            match target with
            | Element.F32 -> "AsSingle"
            | Element.F64 -> "AsDouble"
            | Element.I32 -> "AsInt32"
            | Element.I64 -> "AsInt64"

        remembered name source (fun () -> search holder name source [| vector source |])

    /// One lane.
    member _.GetElement e =
        remembered "GetElement" e (fun () -> search holder "GetElement" e [| vector e; typeof<int> |])

    /// Lanes in another order.
    member _.Shuffle e =
        remembered "Shuffle" e (fun () -> search holder "Shuffle" e [| vector e; vector e.Whole |])

    /// Two halves put together.
    member _.Join e =
        let half = Width.OfBits(bits / 2)
        remembered "join" e (fun () -> search holder "Create" e [| half.Vector e; half.Vector e |])

    /// Whether single lanes can be left out of loads and stores.
    member _.HasMasks = if bits = 512 then Avx512F.IsSupported else Avx.IsSupported

    member private _.MaskHolder = if bits = 512 then typeof<Avx512F> else typeof<Avx>
    member private _.Pointer(e: Element) = (scalar e).MakePointerType()

    /// Of floats; integers are moved as floats of their size. On 512 bits the last argument is what the lanes left out
    /// become.
    member x.MaskLoad(e: Element) =
        remembered "MaskLoad" e (fun () ->
            let rest = Array.create (if bits = 512 then 2 else 1) (vector e)
            search x.MaskHolder "MaskLoad" e (Array.append [| x.Pointer e |] rest))

    member x.MaskStore(e: Element) =
        remembered "MaskStore" e (fun () ->
            search x.MaskHolder "MaskStore" e [| x.Pointer e; vector e; vector e |])

    /// Between elements of different sizes, in a holder's method of these parameters.
    member _.Other(name, e, parameters: Type[]) =
        remembered name e (fun () -> search holder name e parameters)
