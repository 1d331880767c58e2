namespace Cotangent.Conformance

open System
open System.IO
open System.Text.Json
open Cotangent

[<AutoOpen>]
module internal Json =
    let textOf (json: JsonElement) : string = nonNull (json.GetString())

/// What a node of a graph is told besides its inputs, and the version of the set of operators that its graph is written in.
[<NoComparison; NoEquality>]
type Attributes = {
    Opset: int
    Outputs: int
    Named: Map<string, JsonElement>
    Tensors: Map<string, Tensor>
} with

    member a.TryInt name = a.Named.TryFind name |> Option.map _.GetInt32()
    member a.Int(name, otherwise) = a.TryInt name |> Option.defaultValue otherwise
    member a.IsSet name = a.Int(name, 0) <> 0

    member a.Float(name, otherwise) =
        a.Named.TryFind name |> Option.map _.GetDouble() |> Option.defaultValue otherwise

    member a.Text(name, otherwise) =
        a.Named.TryFind name |> Option.map textOf |> Option.defaultValue otherwise

    member a.TryInts name =
        a.Named.TryFind name
        |> Option.map (fun list -> [ for item in list.EnumerateArray() -> item.GetInt32() ])

    member a.Ints(name, otherwise) = a.TryInts name |> Option.defaultValue otherwise

    member a.TryTensor name =
        a.Named.TryFind name |> Option.map (fun item -> a.Tensors[textOf (item.GetProperty "tensor")])

/// An operator of ONNX, written with ours: of its attributes and inputs, of which some may be left out, its outputs.
type Operator = Attributes -> Tensor option list -> Tensor list

[<NoComparison; NoEquality>]
type Node = { Operator: string; Inputs: string list; Outputs: string list; Attributes: Attributes }

/// A graph inside of a node: names of its inputs and outputs, and what else it begins with.
[<NoComparison; NoEquality>]
type Subgraph = { Parameters: string list; Results: string list; Start: Map<string, Tensor>; Body: Node list }

/// A graph, what it is run on, and what comes out of it.
[<NoComparison; NoEquality>]
type Case = { Name: string; Values: Map<string, Tensor>; Nodes: Node list; Expected: (string * Tensor) list }

/// ONNX's own test cases, as Cases/make_cases.py packs them.
module Cases =
    let private folder = Path.Combine(AppContext.BaseDirectory, "Cases")

    let private document = lazy JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "cases.json")))

    /// NumPy has no BFloat16: the names of such arrays say it.
    let private tensors =
        lazy
            (NumPy.read (Path.Combine(folder, "cases.npz"))
             |> Map.map (fun name array ->
                 if name.EndsWith(":bfloat16", StringComparison.Ordinal) then
                     array.Convert DType.BFloat16
                 else
                     array))

    let private texts (list: JsonElement) = [ for item in list.EnumerateArray() -> textOf item ]

    let private node opset (json: JsonElement) =
        let outputs = texts (json.GetProperty "outputs")

        {
            Operator = textOf (json.GetProperty "operator")
            Inputs = texts (json.GetProperty "inputs")
            Outputs = outputs
            Attributes = {
                Opset = opset
                Outputs = outputs.Length
                Named =
                    Map [
                        for item in json.GetProperty("attributes").EnumerateObject() -> item.Name, item.Value
                    ]
                Tensors = tensors.Value
            }
        }

    let private nodes opset (json: JsonElement) = [
        for item in json.GetProperty("nodes").EnumerateArray() -> node opset item
    ]

    let private named (json: JsonElement) (property: string) = [
        for item in json.GetProperty(property).EnumerateObject() ->
            item.Name, tensors.Value[textOf item.Value]
    ]

    /// The graph that an attribute is.
    let subgraph (attributes: Attributes) (name: string) : Subgraph =
        let json = attributes.Named[name]

        {
            Parameters = texts (json.GetProperty "inputs")
            Results = texts (json.GetProperty "outputs")
            Start = Map(named json "values")
            Body = nodes attributes.Opset json
        }

    let private case (json: JsonElement) = {
        Name = textOf (json.GetProperty "name")
        Values = Map(named json "values")
        Nodes = nodes (json.GetProperty("opset").GetInt32()) json
        Expected = named json "expected"
    }

    let all () = [ for json in document.Value.RootElement.GetProperty("cases").EnumerateArray() -> case json ]

    /// Cases that can't be packed, and why.
    let leftOut () = [
        for json in document.Value.RootElement.GetProperty("leftOut").EnumerateArray() ->
            textOf (json.GetProperty "name"), textOf (json.GetProperty "reason")
    ]

/// What ours has no counterpart for.
exception Unmapped of reason: string

/// What operators do with their inputs.
[<AutoOpen>]
module internal Values =
    /// An input that must be there.
    let given (inputs: Tensor option list) i =
        match List.tryItem i inputs with
        | Some(Some x) -> x
        | Some None
        | None -> failwith $"Input {i} is missing."

    let unmapped reason = raise (Unmapped reason)

    let tryGiven (inputs: Tensor option list) i = List.tryItem i inputs |> Option.flatten

    /// The numbers of a tensor of integers.
    let intsOf (t: Tensor) : int list =
        (t.Flatten().Convert DType.Int64).ToData<int64[]>() |> Array.map int |> List.ofArray

    let floatsOf (t: Tensor) : float list =
        (t.Flatten().Convert DType.Float64).ToData<float[]>() |> List.ofArray

    let fromEnd rank axis = if axis < 0 then axis + rank else axis

    let shapeOf (x: Tensor) = List.ofArray x.Shape

    let ofInts (numbers: int list) : Tensor =
        Tensor.ofArray [ numbers.Length ] [| for n in numbers -> int64 n |]

    /// So many places along an axis, from one on.
    let narrow axis first count (x: Tensor) : Tensor = x.Take(ofInts [ first .. first + count - 1 ], axis)

    /// The dtypes of ONNX by their numbers.
    let dtypeOf number =
        match number with
        | 1 -> DType.Float32
        | 2 -> DType.UInt8
        | 3 -> DType.Int8
        | 4 -> DType.UInt16
        | 5 -> DType.Int16
        | 6 -> DType.Int32
        | 7 -> DType.Int64
        | 9 -> DType.Bool
        | 10 -> DType.Float16
        | 11 -> DType.Float64
        | 12 -> DType.UInt32
        | 13 -> DType.UInt64
        | 16 -> DType.BFloat16
        | _ -> unmapped $"the dtype with the number {number}"
