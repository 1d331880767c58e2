/// Null where something should be, which F# never gives and other languages may: the error says which argument it was.
module Cotangent.Tests.NullTests

open System
open System.Collections.Generic
open System.IO
open System.Reflection
open System.Runtime.CompilerServices
open FSharp.Reflection
open Cotangent
open Cotangent.Checkpoints
open Expecto

let private x = tensor [ 1.0; 2.0 ]

let private schedule: Schedule = Schedule.constant 0.1

/// What stands for the other arguments.
let private samples: objnull list = [
    box x
    box DType.Float64
    box (Key.create 0L)
    box Device.Cpu
    box CpuEngine.Managed
    box 1
    box 0.25
    box 1.0f
    box 1L
    box false
    box "text"
    box [| 1 |]
    box [ 1 ]
    box [ "text" ]
    box [ x ]
    box [| x |]
    box [ Index.At 0 ]
    box [ (1, Linear.defaults) ]
    box [ Optimizer.sgd schedule ]
    box ([]: Callback<Tensor> list)
    box ([| 1 |]: objnull[])
    box schedule
    box (Optimizer.sgd schedule)
    box ((Optimizer.sgd schedule).Init x)
    box (Linear.init Linear.defaults 2 3 (Key.create 0L))
    box Linear.defaults
    box (Mlp.init 2 [ 3, Linear.defaults ] (Key.create 0L))
    box Activation.Relu
    box Attention.full
    box Window.plain
    box MatrixNorm.Spectral
    box FourierNorm.Forward
    box Loss.crossEntropyDefaults
    box ({ In = [ Some 0 ]; Out = 0 }: BatchAxes)
    box ({ Axis = 0; Reverse = false }: ScanAxis)
    box CheckpointPolicy.Products
    box (jacobians sin x)
    box (Func<Tensor, Tensor> id)
    box ({ Count = 1; Epoch = fun _ _ -> Seq.singleton x }: Batches<Tensor>)
    box (Train.defaults<Tensor>)
    box ({ Done = 1; Total = 1; Figures = [] }: ProgressReport)
    box (x.At)
    box (x.At[0])
    box TextWriter.Null
    box (Map.empty: Map<string, string>)
    box (Map [ "x", x ])
    box (
        SafetensorsFile.Of("null", "bytes", new ArraySource(SafetensorsWriter.toBytes "null" Map.empty [||]))
    )
    box Selection.all
    box (snd (Profile.run ignore))
    box (Rrelu.create 0.1 0.3)
]

let private isOption (t: Type) =
    t.IsGenericType
    && (t.GetGenericTypeDefinition() = typedefof<int option>
        || t.GetGenericTypeDefinition() = typedefof<int voption>)

let rec private plausible (t: Type) : objnull =
    match samples |> List.tryFind (fun sample -> t.IsInstanceOfType sample) with
    | Some sample -> sample
    | None when isOption t || t = typeof<unit> -> null
    | None when t.IsValueType -> Activator.CreateInstance t
    | None when FSharpType.IsFunction t ->
        let _, range = FSharpType.GetFunctionElements t

        FSharpValue.MakeFunction(
            t,
            fun _ ->
                match plausible range with
                | null -> obj ()
                | made -> made
        )
    | None when FSharpType.IsTuple t ->
        FSharpValue.MakeTuple(FSharpType.GetTupleElements t |> Array.map plausible, t)
    | None when FSharpType.IsRecord t ->
        FSharpValue.MakeRecord(
            t,
            FSharpType.GetRecordFields t |> Array.map (fun field -> plausible field.PropertyType)
        )
    | None when FSharpType.IsUnion t ->
        let case = (FSharpType.GetUnionCases t)[0]
        FSharpValue.MakeUnion(case, case.GetFields() |> Array.map (fun field -> plausible field.PropertyType))
    | None -> null

/// A generic method or type for tensors, or for numbers where it wants numbers.
let private arguments (parameters: Type[]) =
    parameters
    |> Array.map (fun p ->
        if
            p.GenericParameterAttributes.HasFlag GenericParameterAttributes.NotNullableValueTypeConstraint
        then
            typeof<float>
        else
            typeof<Tensor>)

let private closedType (t: Type) =
    if t.IsGenericTypeDefinition then
        t.MakeGenericType(arguments (t.GetGenericArguments()))
    else
        t

let private closed (m: MethodBase) : MethodBase =
    match m with
    | :? MethodInfo as m when m.IsGenericMethodDefinition ->
        m.MakeGenericMethod(arguments (m.GetGenericArguments()))
    | _ -> m

/// The tensor of a member that F# compiled as a static method: without one it is a call on null as any other.
let private isInstance (p: ParameterInfo) =
    p.Position = 0
    && not (typeof<Tensor>.Equals p.Member.DeclaringType)
    && p.ParameterType = typeof<Tensor>
    && not (p.Member.Name.EndsWith ".Static")
    && Char.IsUpper((p.Member.Name.Split '.' |> Array.last).Replace("get_", "")[0])

/// What has a sense when it is null.
let private mayBeNull (p: ParameterInfo) =
    isInstance p
    || p.ParameterType.IsValueType
    || isOption p.ParameterType
    || p.ParameterType = typeof<unit>
    || p.IsOut
    || NullabilityInfoContext().Create(p).WriteState = NullabilityState.Nullable
    // An argument that the function has no name for, as it does not read it.
    || (Unchecked.nonNull p.Name).StartsWith "_arg"

let private compilerMade (m: MemberInfo) =
    m.IsDefined(typeof<CompilerGeneratedAttribute>, false)
    || m.IsDefined(typeof<CompilationMappingAttribute>, false)

/// Comparison takes null for an answer; errors take any message; equality too.
let private isAsked (m: MethodBase) =
    not (compilerMade m)
    && not (List.contains m.Name [ "Equals"; "CompareTo"; "op_Equality"; "op_Inequality" ])

let private declared =
    BindingFlags.Public ||| BindingFlags.Static ||| BindingFlags.Instance ||| BindingFlags.DeclaredOnly

let private methods (t: Type) : MethodBase list = [
    for m in t.GetMethods declared do
        m :> MethodBase

    // The constructor of a record or union is the compiler's.
    if not (FSharpType.IsRecord t || FSharpType.IsUnion t) then
        for c in t.GetConstructors declared do
            c :> MethodBase
]

let private invoke (m: MethodBase) (given: objnull[]) : unit =
    match m with
    | :? ConstructorInfo as c -> c.Invoke given |> ignore
    | m when m.IsStatic -> m.Invoke((null: objnull), given) |> ignore
    | m -> m.Invoke(plausible (closedType (Unchecked.nonNull m.DeclaringType)), given) |> ignore

/// A tree of any type: where that has a value that is null, as options have, it is a tree without tensors.
let private isTree (m: MethodBase) (p: ParameterInfo) =
    match m with
    | :? MethodInfo as m when m.IsGenericMethod ->
        (m.GetGenericMethodDefinition().GetParameters()[p.Position]).ParameterType.IsGenericParameter
    | _ -> false

/// Null for one parameter and values for the others: what came of it, if not what should.
let private wrong (m: MethodBase) (parameter: ParameterInfo) : string option =
    let what = $"{m.DeclaringType}.{m.Name}: null for {parameter.Name}"

    try
        m.GetParameters()
        |> Array.map (fun p -> if p.Position = parameter.Position then null else plausible p.ParameterType)
        |> invoke m

        if isTree m parameter then None else Some $"{what} is taken"
    with
    | :? TargetInvocationException as e ->
        match e.InnerException with
        | :? ArgumentNullException as inner when inner.ParamName = parameter.Name -> None
        | :? CotangentException as inner when inner.Message.Contains "null" || isTree m parameter -> None
        | null -> Some $"{what} gives {e.Message}"
        | inner -> Some $"{what} gives {inner.GetType().Name}: {inner.Message}"
    | e -> Some $"{what}: can't call: {e.Message}"

/// Arguments that may be null, each with its reason.
let private exceptions: IDictionary<string, string> =
    dict [
        "Frozen`1..ctor.value", "a tree of any type, an option among them"
        "LeafNameAttribute..ctor.name", "the compiler takes constants alone for arguments of attributes"
        "TypeFormatterSourceAttribute..ctor.source", "the same"
        "NotebookFormatter.Format.value", "what a notebook shows may be null"
        "NotebookFormatter.Format.writer", "notebooks alone call it, and none makes one"
    ]

let private asked = [
    for t in typeof<Tensor>.Assembly.GetExportedTypes() do
        // Of nested types, modules: the others are cases of unions.
        if
            not (t.IsSubclassOf typeof<exn> || t.IsSubclassOf typeof<Delegate>)
            && (not t.IsNested || t.IsAbstract && t.IsSealed)
        then
            for m in methods (closedType t) do
                if isAsked m then
                    let m = closed m

                    for p in m.GetParameters() do
                        if not (mayBeNull p || exceptions.ContainsKey $"{t.Name}.{m.Name}.{p.Name}") then m, p
]

[<Tests>]
let tests =
    testList "null" [
        test "every public member says which argument is null" {
            let found = asked |> List.choose (fun (m, p) -> wrong m p)
            Expect.equal found [] "members that do not"
            Expect.isGreaterThan (List.length asked) 400 "arguments that were null"
        }

        test "a null item is named with its place" {
            let named (name: string) (f: unit -> 'a) =
                try
                    f () |> ignore
                    failtest $"null for {name} is taken"
                with :? ArgumentNullException as e ->
                    Expect.equal e.ParamName name "its place"

            let none: Tensor = Unchecked.defaultof<Tensor>
            named "tensors[1]" (fun () -> concat 0 [ x; none ])
            named "tensors[0]" (fun () -> stack 0 [ none; x ])
            named "vectors[1]" (fun () -> Tensor.meshgrid [ x; none ])
            named "tensors[1]" (fun () -> Tensor.sumOf [ x; none ])
            named "leaves[0]" (fun () -> Tree.rebuild x [| none |])
            named "axes" (fun () -> x.Sum(axes = Unchecked.defaultof<int seq>))
        }
    ]
