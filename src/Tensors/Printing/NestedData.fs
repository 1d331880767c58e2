namespace Cotangent

open System
open System.Collections
open System.Collections.Generic
open System.Numerics
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop
open Microsoft.FSharp.Reflection
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Between nested .NET data (numbers, lists, arrays, sequences, rectangular arrays) and contiguous buffers.
module internal NestedData =
    let private elementType (t: Type) =
        if t.IsArray then
            ValueSome(t.GetElementType() |> nonNull)
        else
            let isSequence (i: Type) =
                i.IsGenericType && sameType (i.GetGenericTypeDefinition()) typedefof<seq<obj>>

            match Array.append [| t |] (t.GetInterfaces()) |> Array.tryFind isSequence with
            | Some i -> ValueSome(i.GetGenericArguments()[0])
            | None -> ValueNone

    let private unusable (operation: string) (t: Type) =
        raise (
            DTypeException
                $"{operation}: {t.Name} can't be an element. The element types are `float32`, `float`, Half, BFloat16, bool, Complex, Complex64, and the integers of 8 to 64 bits; convert the data first, for example with `List.map float32`."
        )

    /// How deep data nests, at most: each level is an axis, and is walked by a call.
    [<Literal>]
    let private Deepest = 64

    let private tooDeep () =
        raise (
            ShapeException
                $"tensor: data nested more than {Deepest} deep, each level of which would be an axis; does it contain itself? Flatten it, and reshape the tensor."
        )

    /// The first number inside nested data, to tell the dtype where the static type does not.
    let private firstLeaf (data: obj | null) : DType =
        let rec go depth (data: obj | null) =
            match data with
            | null -> unusable "tensor" typeof<obj>
            | data ->
                match DTypes.tryOfClr (data.GetType()), data with
                | Some dtype, _ -> dtype
                | None, (:? string) -> unusable "tensor" typeof<string>
                | None, (:? IEnumerable as items) ->
                    if depth = Deepest then tooDeep ()
                    let e = items.GetEnumerator()

                    if e.MoveNext() then
                        go (depth + 1) e.Current
                    else
                        raise (
                            DTypeException
                                "tensor: empty data of unknown element type. Annotate it, as in `tensor ([]: float32 list)`, or use `Tensor.zeros`."
                        )
                | None, other -> unusable "tensor" (other.GetType())

        go 0 data

    /// An empty list does not tell the sizes of the axes inside it, only its type tells how many there are.
    let private flattenNested<'T> (rank: int) (data: obj) : HostBuffer =
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
                    raise (
                        ShapeException
                            "tensor: numbers and lists of numbers are mixed in one list; nest all numbers equally deep."
                    )

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
                if depth = Deepest then tooDeep ()
                let axis = depth
                let known = axis < shape.Count

                if not known then shape.Add -1

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

        while values.Count = 0 && shape.Count < rank do
            shape.Add 0

        let shape = shape.ToArray()
        let dtype = (DTypes.tryOfClr typeof<'T>).Value
        Buffers.own dtype shape (values.ToArray())

    let private flatten<'T> (rank: int) (data: obj) : HostBuffer =
        match data with
        | :? 'T as number -> Buffers.own (DTypes.tryOfClr typeof<'T>).Value [||] [| number |]
        | _ -> flattenNested<'T> rank data

    /// How many axes data of a type has, and of what.
    let private depth (t: Type) =
        let rec go n t =
            match DTypes.tryOfClr t with
            | Some dtype -> ValueSome(struct (n, dtype))
            | None ->
                match elementType t with
                | ValueSome inner when not (sameType inner t) ->
                    go (n + (if t.IsArray then t.GetArrayRank() else 1)) inner
                | _ -> ValueNone

        go 0 t

    /// A contiguous buffer with a copy of the data.
    let toBuffer (staticType: Type) (data: obj) : HostBuffer =
        let struct (rank, dtype) =
            match depth staticType with
            | ValueSome known -> known
            | ValueNone -> struct (0, firstLeaf data)

        match dtype with
        | DType.Float32 -> flatten<float32> rank data
        | DType.Float64 -> flatten<float> rank data
        | DType.BFloat16 -> flatten<BFloat16> rank data
        | DType.Float16 -> flatten<Half> rank data
        | DType.Int8 -> flatten<sbyte> rank data
        | DType.Int16 -> flatten<int16> rank data
        | DType.Int32 -> flatten<int> rank data
        | DType.Int64 -> flatten<int64> rank data
        | DType.UInt8 -> flatten<byte> rank data
        | DType.UInt16 -> flatten<uint16> rank data
        | DType.UInt32 -> flatten<uint32> rank data
        | DType.UInt64 -> flatten<uint64> rank data
        | DType.Bool -> flatten<bool> rank data
        | DType.Complex64 -> flatten<Complex64> rank data
        | DType.Complex128 -> flatten<Complex> rank data

    let private listOfLists (item: Type) (items: objnull[]) : objnull =
        let cases = FSharpType.GetUnionCases(typedefof<list<obj>>.MakeGenericType item)
        let empty, cons = cases[0], cases[1]
        let mutable list = FSharpValue.MakeUnion(empty, [||])

        for i = items.Length - 1 downto 0 do
            list <- FSharpValue.MakeUnion(cons, [| items[i]; list |])

        list

    /// Those of numbers without reflection: a program that was compiled ahead of time knows no other way to them.
    let private listOf (item: Type) (items: objnull[]) : objnull =
        let numbers () : 'n list = [ for item in items -> unbox<'n> item ]

        match DTypes.tryOfClr item with
        | Some DType.Float32 -> box (numbers (): float32 list)
        | Some DType.Float64 -> box (numbers (): float list)
        | Some DType.BFloat16 -> box (numbers (): BFloat16 list)
        | Some DType.Float16 -> box (numbers (): Half list)
        | Some DType.Int8 -> box (numbers (): sbyte list)
        | Some DType.Int16 -> box (numbers (): int16 list)
        | Some DType.Int32 -> box (numbers (): int list)
        | Some DType.Int64 -> box (numbers (): int64 list)
        | Some DType.UInt8 -> box (numbers (): byte list)
        | Some DType.UInt16 -> box (numbers (): uint16 list)
        | Some DType.UInt32 -> box (numbers (): uint32 list)
        | Some DType.UInt64 -> box (numbers (): uint64 list)
        | Some DType.Bool -> box (numbers (): bool list)
        | Some DType.Complex64 -> box (numbers (): Complex64 list)
        | Some DType.Complex128 -> box (numbers (): Complex list)
        | None -> listOfLists item items

    /// Copies as many elements as an array of any rank has, from an offset on. Byte by byte: Buffer.BlockCopy refuses
    /// Half, and Array.Copy a change of rank.
    let private copyElements (dtype: DType) (source: Array) offset (target: Array) =
        use first = fixed &MemoryMarshal.GetArrayDataReference source
        use into = fixed &MemoryMarshal.GetArrayDataReference target
        let from = NativePtr.toNativeInt first + nativeint offset * nativeint dtype.Size
        let bytes = int64 target.Length * int64 dtype.Size
        Buffer.MemoryCopy(from.ToPointer(), NativePtr.toVoidPtr into, bytes, bytes)

    /// Nested data of a given type from a row-major array of its elements.
    let ofArray (target: Type) (shape: int[]) (dtype: DType) (items: Array) : objnull =
        let struct (wantedRank, wantedType) =
            match depth target with
            | ValueSome found -> found
            | ValueNone -> unusable "ToData" target

        if wantedType <> dtype then
            raise (
                DTypeException
                    $"ToData: the tensor is {dtype} {Shape.show shape}, the data asked for is {wantedType}. Use `t.Convert DType.{wantedType}` first."
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
            else
                let inner =
                    match elementType t with
                    | ValueSome inner -> inner
                    | ValueNone -> unusable "ToData" t

                let rank = if t.IsArray then t.GetArrayRank() else 1
                let sizes = shape[axis .. axis + rank - 1]
                let count = Array.fold (*) 1 sizes
                let array = Array.CreateInstance(inner, sizes)

                if axis + rank = shape.Length && t.IsArray then
                    copyElements dtype items offset array
                    array
                else
                    let stride = Array.fold (*) 1 shape[axis + rank ..]
                    let parts = Array.init count (fun i -> build inner (axis + rank) (offset + i * stride))

                    if t.IsGenericType && sameType (t.GetGenericTypeDefinition()) typedefof<list<obj>> then
                        listOf inner parts
                    elif t.IsInstanceOfType array then
                        let strides = Shape.strides sizes

                        parts
                        |> Array.iteri (fun i part ->
                            array.SetValue(
                                part,
                                Array.map2 (fun stride size -> i / stride % size) strides sizes
                            ))

                        array
                    else
                        raise (
                            DTypeException
                                $"ToData: {t.Name} can't be filled. Ask for a number, a list, an array or a sequence, nested in any way."
                        )

        build target 0 0

    /// The numbers of a buffer as data of a type.
    let ofBuffer (target: Type) (host: HostBuffer) : objnull =
        let host = Strided.materialise host
        let count = Shape.count host.Shape

        let data =
            if host.Data.Length = count && not host.DType.IsUnsigned then
                host.Data
            else
                // A view of part of an array, as a slice is; or unsigned integers in an array of signed ones.
                let part = System.Array.CreateInstance(host.DType.ClrType, count)
                System.Array.Copy(host.Data, host.Offset, part, 0, count)
                part

        ofArray target host.Shape host.DType data
