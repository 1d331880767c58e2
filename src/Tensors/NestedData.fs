namespace Cotangent

open System
open System.Collections
open System.Collections.Generic
open Microsoft.FSharp.Reflection

/// Between nested .NET data (numbers, lists, arrays, sequences, rectangular arrays) and contiguous buffers.
module internal NestedData =
    let private elementType (t: Type) =
        if t.IsArray then
            ValueSome(t.GetElementType() |> nonNull)
        else
            t :: List.ofArray (t.GetInterfaces())
            |> List.tryFind (fun i -> i.IsGenericType && i.GetGenericTypeDefinition() = typedefof<seq<obj>>)
            |> function
                | Some i -> ValueSome(i.GetGenericArguments()[0])
                | None -> ValueNone

    let rec private leafType (t: Type) =
        match DTypes.tryOfClr t with
        | Some dtype -> ValueSome dtype
        | None ->
            match elementType t with
            | ValueSome inner when inner <> t -> leafType inner
            | _ -> ValueNone

    let private unusable (t: Type) =
        raise (
            DTypeException
                $"tensor: {t.Name} can't be an element. The element types are float32, float, Half, BFloat16, int, int64 and bool; convert the data first, for example with `Array.map float32`."
        )

    /// The first number inside nested data, to tell the dtype where the static type does not.
    let rec private firstLeaf (data: obj | null) : DType =
        match data with
        | null -> unusable typeof<obj>
        | data ->
            match DTypes.tryOfClr (data.GetType()), data with
            | Some dtype, _ -> dtype
            | None, (:? string) -> unusable typeof<string>
            | None, (:? IEnumerable as items) ->
                let e = items.GetEnumerator()

                if e.MoveNext() then
                    firstLeaf e.Current
                else
                    raise (
                        DTypeException
                            "tensor: empty data of unknown element type. Annotate it, as in `tensor ([]: float32 list)`, or use `Tensor.zeros`."
                    )
            | None, other -> unusable (other.GetType())

    let private flatten<'T> (data: obj) : HostBuffer =
        let values = ResizeArray<'T>()
        let shape = ResizeArray<int>()

        let ragged depth got =
            raise (
                ShapeException
                    $"tensor: ragged data: along axis {depth} one part has {got} elements and another {shape[depth]}. All parts must have one size; pad them first."
            )

        let seen depth length =
            if depth = shape.Count then shape.Add length
            elif shape[depth] <> length then ragged depth length

        let mutable leafDepth = -1

        // Leaves stand at one depth; the size of each axis is learnt on the first way down.
        let rec visit depth (node: obj | null) =
            match node with
            | :? 'T as leaf ->
                if leafDepth < 0 then
                    leafDepth <- depth
                elif leafDepth <> depth then
                    raise (ShapeException "tensor: numbers and lists of numbers are mixed in one list.")

                values.Add leaf
            | :? ('T[]) as row ->
                if leafDepth < 0 then leafDepth <- depth + 1
                seen depth row.Length
                values.AddRange row
            | :? Array as block when block.Rank > 1 ->
                for axis in 0 .. block.Rank - 1 do
                    seen (depth + axis) (block.GetLength axis)

                for item in block do
                    visit (depth + block.Rank) item
            | :? IEnumerable as items ->
                let axis = depth
                let known = axis < shape.Count

                if not known then
                    shape.Add -1

                let mutable length = 0

                for item in items do
                    visit (depth + 1) item
                    length <- length + 1

                if known then seen axis length else shape[axis] <- length
            | other ->
                let found =
                    match other with
                    | null -> "null"
                    | o -> o.GetType().Name

                raise (
                    DTypeException
                        $"tensor: an element of type {found} among elements of type {typeof<'T>.Name}. Give all elements one type."
                )

        visit 0 data
        let shape = shape.ToArray()
        let dtype = (DTypes.tryOfClr typeof<'T>).Value
        HostBuffer.own dtype shape (values.ToArray())

    /// A contiguous buffer with a copy of the data.
    let toBuffer (staticType: Type) (data: obj) : HostBuffer =
        let dtype =
            match leafType staticType with
            | ValueSome dtype -> dtype
            | ValueNone -> firstLeaf data

        match dtype with
        | DType.Float32 -> flatten<float32> data
        | DType.Float64 -> flatten<float> data
        | DType.BFloat16 -> flatten<BFloat16> data
        | DType.Float16 -> flatten<Half> data
        | DType.Int32 -> flatten<int> data
        | DType.Int64 -> flatten<int64> data
        | DType.Bool -> flatten<bool> data

    let private listOf (item: Type) (items: objnull[]) : objnull =
        let cases = FSharpType.GetUnionCases(typedefof<list<obj>>.MakeGenericType item)
        let empty, cons = cases[0], cases[1]
        let mutable list = FSharpValue.MakeUnion(empty, [||])

        for i = items.Length - 1 downto 0 do
            list <- FSharpValue.MakeUnion(cons, [| items[i]; list |])

        list

    let private depth (t: Type) =
        let rec go n t =
            match DTypes.tryOfClr t with
            | Some dtype -> ValueSome(struct (n, dtype))
            | None ->
                match elementType t with
                | ValueSome inner -> go (n + (if t.IsArray then t.GetArrayRank() else 1)) inner
                | ValueNone -> ValueNone

        go 0 t

    /// Nested data of a given type from a row-major array of its elements.
    let ofArray (target: Type) (shape: int[]) (dtype: DType) (items: Array) : objnull =
        let struct (wantedRank, wantedType) =
            match depth target with
            | ValueSome found -> found
            | ValueNone -> unusable target

        if wantedType <> dtype then
            raise (
                DTypeException
                    $"ToData: the tensor is {dtype} {Shape.show shape}, the data asked for is {wantedType}. Use `convert DType.{wantedType}` first."
            )

        let single = wantedRank = 0 && items.Length = 1

        if wantedRank <> shape.Length && not single then
            raise (
                ShapeException(
                    if wantedRank = 0 then
                        $"ToData: a tensor of shape {Shape.show shape} is not a single number. Index or reduce it first."
                    else
                        $"ToData: {target.Name} has {wantedRank} axes, the tensor has shape {Shape.show shape}. Reshape it first."
                )
            )

        let rec build (t: Type) axis offset : objnull =
            if (DTypes.tryOfClr t).IsSome then
                items.GetValue(offset: int)
            elif t.IsArray && t.GetArrayRank() > 1 then
                let rank = t.GetArrayRank()
                let block = Array.CreateInstance(nonNull (t.GetElementType()), shape[axis .. axis + rank - 1])

                if axis + rank = shape.Length then
                    Buffer.BlockCopy(
                        items,
                        offset * dtype.Size,
                        block,
                        0,
                        Array.fold (*) 1 shape[axis..] * dtype.Size
                    )

                block
            else
                let inner =
                    match elementType t with
                    | ValueSome inner -> inner
                    | ValueNone -> unusable t

                let stride = Array.fold (*) 1 shape[axis + 1 ..]

                let parts =
                    Array.init shape[axis] (fun i -> build inner (axis + 1) (offset + i * stride))

                if t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<list<obj>> then
                    listOf inner parts
                else
                    let array = Array.CreateInstance(inner, parts.Length)
                    parts |> Array.iteri (fun i p -> array.SetValue(p, i))
                    array

        if wantedRank = 1 && target.IsArray then
            items.Clone()
        else
            build target 0 0
