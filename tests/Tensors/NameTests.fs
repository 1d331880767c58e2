/// Every public function that takes tensors gets tensors that it can't use, of every kind, eager and under transformations: its
/// errors begin with its own name, not with that of what it is made of.
module Cotangent.Tests.NameTests

open System
open System.Reflection
open System.Runtime.CompilerServices
open System.Runtime.ExceptionServices
open Cotangent
open Expecto

let private tensors = [
    tensor [ true; false; true ]
    tensor [ 1; 2; 7 ]
    tensor [ 1.0f; 2.0f; 3.0f ]
    tensor [ 1.0; 2.0; 3.0 ]
    tensor [ 1.0; 2.0 ]
    tensor 2.0
    tensor [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ]
    tensor [ [ 1; 2; 9 ]; [ 4; 5; 6 ] ]
    Tensor.zeros DType.Float64 [ 0 ]
    Tensor.zeros DType.Float64 [ 2; 2; 3; 3 ]
]

/// What stands for the other arguments.
let private others: objnull list = [
    box DType.Float32
    box (Key.create 0L)
    box Device.Cpu
    box 1
    box 0.5
    box 0.5f
    box 1L
    box false
    box [ 1; 2 ]
    box [| 1; 2 |]
    box [ Index.At 5 ]
    box Attention.full
    box { Loss.crossEntropyDefaults with Smoothing = 0.1 }
    box Activation.Relu
    box Window.plain
    box MatrixNorm.Nuclear
    box (Linear.init Linear.defaults 2 3 (Key.create 0L))
    box (Mlp.init 2 [ 3, Linear.defaults ] (Key.create 0L))
    box (fun (x: Tensor) -> x)
    box (fun (x: Tensor) (_: Tensor) -> x)
]

let private isTensors (t: Type) =
    t = typeof<Tensor> || t.IsAssignableFrom typeof<Tensor list> && t <> typeof<obj>

let private isOption (t: Type) = t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<option<int>>

/// An argument of a type, given a tensor for where it wants one.
let private argument (t: Type) (x: Tensor) : objnull voption =
    if t = typeof<Tensor> then
        ValueSome(box x)
    elif isTensors t then
        ValueSome(box [ x; tensors[2] ])
    else
        match others |> List.tryFind (fun other -> t.IsInstanceOfType other) with
        | Some found -> ValueSome found
        | None when isOption t -> ValueSome null
        | None -> ValueNone

/// What a name says in another way: operators, and methods whose F# function is called differently.
let private alias =
    dict [
        "op_Addition", "add"
        "op_Subtraction", "subtract"
        "op_Multiply", "multiply"
        "op_Division", "divide"
        "op_Modulus", "remainder"
        "op_UnaryNegation", "negate"
        "op_BitwiseAnd", "and"
        "op_BitwiseOr", "or"
        "op_ExclusiveOr", "xor"
        "op_LogicalNot", "not"
        "op_LeftShift", "shiftLeft"
        "op_RightShift", "shiftRight"
        "Pow", "power"
        "get_T", "transpose"
        "GetSlice", "slice"
        "get_Item", "slice"
        "Tensor.get_Item", "slice"
        "Tensor.get_T", "transpose"
        "DivideByInt", "divide"
        "crossEntropyWith", "crossEntropy"
        "trueDivide", "divide"
        "fft2", "fftn"
        "ifft2", "ifftn"
    ]

/// The function of an activation is the activation; a conversion is called by F#'s function.
let private named = [
    "apply", "relu"
    "Tensor.get_Item", "masked"
    "Tensor.get_Item", "index"
    "op_Explicit", "float"
    "op_Explicit", "float32"
    "op_Explicit", "int"
    "op_Explicit", "ToData"
]

/// What is made of other public functions, and says where in these it failed: transformations of transformations,
/// functions and layers of the caller's, scatters while numbers aren't at hand.
let private passesOn = [
    "jvp"
    "diffn"
    "hessian"
    "hessians"
    "hvp"
    "vhp"
    "laplacian"
    "curl"
    "residual"
    "around"
    "LayerModule.forward"
    "LayerModule.train"
    "gradientPenalty"
    "OptimizerModule.average"
    "Metric.binaryConfusionMatrix"
]

let private functions = [
    for t in typeof<Tensor>.Assembly.GetExportedTypes() do
        for m in
            t.GetMethods(
                BindingFlags.Public
                ||| BindingFlags.Static
                ||| BindingFlags.Instance
                ||| BindingFlags.DeclaredOnly
            ) do
            let isOther = passesOn |> List.contains m.Name || List.contains $"{t.Name}.{m.Name}" passesOn

            if (m.IsStatic || t = typeof<Tensor>) && not isOther then
                if m.IsGenericMethodDefinition then
                    let ofTensors = m.GetGenericArguments() |> Array.map (fun _ -> typeof<Tensor>)

                    try
                        m.MakeGenericMethod ofTensors
                    with :? ArgumentException ->
                        ()
                else
                    m
]

let private call (m: MethodInfo) (arguments: objnull[]) : objnull =
    try
        if m.IsStatic then
            m.Invoke((null: objnull), arguments)
        else
            m.Invoke(arguments[0], arguments[1..])
    with :? TargetInvocationException as e ->
        match e.InnerException with
        | null -> raise e
        | inner ->
            ExceptionDispatchInfo.Throw inner
            null

let rec private firstTensor (x: objnull) : Tensor voption =
    match x with
    | :? Tensor as t -> ValueSome t
    | :? ITuple as t when t.Length > 0 -> firstTensor t[0]
    | _ -> ValueNone

/// The operation that an error names.
let private operation (message: string) =
    let start = if message.StartsWith "Error at: `" then message.IndexOf "`: " + 3 else 0
    message.Substring(start).Split([| ' '; ':' |], 2)[0]

let private isOwn (m: MethodInfo) (said: string) =
    let own =
        match alias.TryGetValue m.Name with
        | true, other -> other
        | false, _ -> m.Name

    String.Equals(said.Split '.' |> Array.last, own, StringComparison.OrdinalIgnoreCase)
    || List.contains (m.Name, said) named

/// All choices of so many tensors, or some of them, evenly.
let private choices count =
    let rec all n =
        if n = 0 then
            [ [] ]
        else
            [
                for x in tensors do
                    for rest in all (n - 1) -> x :: rest
            ]

    let all = all count
    let step = max 1 (all.Length / 30)
    all |> List.indexed |> List.filter (fun (i, _) -> i % step = 0) |> List.map (snd >> Array.ofList)

let private wrong (m: MethodInfo) (types: Type[]) : string list =
    let places = [
        for i in 0 .. types.Length - 1 do
            if isTensors types[i] then i
    ]

    let run (chosen: Tensor[]) =
        types
        |> Array.mapi (fun i t ->
            let n = places |> List.tryFindIndex ((=) i) |> Option.defaultValue 0
            (argument t chosen[min n (chosen.Length - 1)]).Value)
        |> call m

    let result (chosen: Tensor[]) = firstTensor (run chosen) |> ValueOption.defaultValue chosen[0]
    let isFloat (chosen: Tensor[]) = chosen |> Array.forall _.DType.IsFloat

    [
        for chosen in choices (min 3 places.Length) do
            for mode, f in
                [
                    "eager", (fun () -> run chosen |> ignore)
                    "compile", (fun () -> compile result chosen |> ignore)
                    "vmap",
                    (fun () -> vmap result (chosen |> Array.map (fun t -> stack 0 [ t; t ])) |> ignore)
                    "jvp", (fun () -> if isFloat chosen then jvp result chosen chosen |> ignore)
                ] do
                let told =
                    try
                        f ()
                        None
                    with
                    // That its numbers can't be read is an error of the transformation.
                    | :? TraceException -> None
                    | :? CotangentException as e when isOwn m (operation e.Message) -> None
                    | e -> Some e.Message

                match told with
                | Some message -> $"{m.DeclaringType}.{m.Name}, {mode}: {message}"
                | None -> ()
    ]
    // One of a kind is enough to read.
    |> List.distinctBy operation

[<Tests>]
let tests = test "errors begin with the name of the function that was called" {
    let mutable count = 0

    let found = [
        for m in functions do
            let types = [|
                if not m.IsStatic then yield typeof<Tensor>

                for p in m.GetParameters() do
                    yield p.ParameterType
            |]

            let isKnown = types |> Array.forall (fun t -> (argument t tensors[0]).IsSome)

            if isKnown && Array.exists isTensors types then
                count <- count + 1
                yield! wrong m types
    ]

    Expect.equal found [] "errors that begin with another name"
    Expect.isGreaterThan count 250 "functions that were called"
}
