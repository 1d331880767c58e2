namespace Cotangent.Checkpoints

open System
open System.Collections.Generic
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The tensors of what a file of PyTorch's `torch.save` is made of.
[<Sealed>]
type internal PyTorchTensors(operation: string, content: PyTorchContent) =
    let damaged (reason: string) : 'a = raise (DamagedException reason)
    let refuse (name: string) (what: string) : 'a = PyTorchStorage.refuse operation name what
    let storages = Dictionary<struct (DType * string), Array>()
    /// Storages that a tensor has for its own.
    let taken = HashSet<struct (DType * string)>()

    /// All elements of a storage.
    let load (name: string) (dtype: DType) (key: string) : Array =
        match storages.TryGetValue(struct (dtype, key)) with
        | true, found -> found
        | _ ->
            let bytes = content.Storage key

            let whole =
                if bytes.Length % dtype.Size = 0 then
                    bytes
                else
                    Array.truncate (bytes.Length / dtype.Size * dtype.Size) bytes

            let made = ElementFormat.numbers name dtype whole
            storages[struct (dtype, key)] <- made
            made

    let numbers (what: string) (value: Pickled) : int64[] =
        match value with
        | Pickled.Items items -> [|
            for item in items do
                match item with
                | Pickled.Whole n when n >= 0L -> n
                | _ -> damaged $"{what} has something else than whole numbers from 0 on"
          |]
        | _ -> damaged $"{what} is no list of numbers"

    /// The storage's class tells the type of its elements, or else what PyTorch calls their dtype.
    let cut
        (name: string)
        (storage: Pickled)
        (dtype: Pickled voption)
        (offset: int64)
        (sizes: int64[])
        (strides: int64[])
        : HostBuffer =
        match storage with
        | Pickled.Persistent(Pickled.Items parts) when parts.Count >= 3 ->
            match parts[0], parts[1], parts[2] with
            | Pickled.Text "storage", Pickled.Global kind, Pickled.Text key ->
                let dtype =
                    match dtype with
                    | ValueSome(Pickled.Global own) ->
                        match own with
                        | "torch.uint16" -> DType.UInt16
                        | "torch.uint32" -> DType.UInt32
                        | "torch.uint64" -> DType.UInt64
                        | _ -> refuse name own
                    | ValueSome _
                    | ValueNone ->
                        match PyTorchStorage.dtype kind with
                        | ValueSome dtype -> dtype
                        | ValueNone -> refuse name kind

                let all = load name dtype key
                let shape = Shape.sized $"{operation}: {Untrusted.quote name}" sizes
                let isEmpty = Array.contains 0 shape

                if strides.Length <> shape.Length then
                    damaged $"{Untrusted.quote name} has {shape.Length} sizes and {strides.Length} strides"

                // The last element must lie in the storage; in steps, so that nothing overflows.
                let mutable last = offset

                if not isEmpty then
                    for i in 0 .. shape.Length - 1 do
                        let steps = int64 shape[i] - 1L

                        if steps > 0L then
                            if strides[i] > int64 all.Length || last > int64 all.Length then
                                damaged $"{Untrusted.quote name} reaches beyond its storage"

                            last <- last + steps * strides[i]

                    if last >= int64 all.Length then
                        damaged $"{Untrusted.quote name} reaches beyond its storage"

                if isEmpty then
                    Buffers.fresh dtype shape
                else
                    let steps = Array.mapi (fun i stride -> if shape[i] = 1 then 0 else int stride) strides
                    let seen = Buffers.view dtype all shape steps (int offset)
                    // Each tensor in memory of its own, but those that are a whole storage.
                    let isWhole = seen.IsContiguous && Shape.count shape = all.Length
                    let own = Buffers.fresh dtype shape

                    if isWhole && taken.Add(struct (dtype, key)) then
                        Buffers.own dtype shape all
                    else
                        Buffers.copy seen own
                        own
            | _ -> damaged $"the storage of {Untrusted.quote name} is told in an unknown way"
        | _ -> damaged $"{Untrusted.quote name} has no storage"

    /// The tensor that a call would make; null where it would make something else.
    let rec tensorOf (name: string) (value: Pickled) : HostBuffer | null =
        match value with
        | Pickled.Called("torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor_v3" as how,
                         Pickled.Items a) when a.Count >= (if how.EndsWith '3' then 7 else 4) ->
            match a[1] with
            | Pickled.Whole offset when offset >= 0L && offset <= int64 Array.MaxLength ->
                let quoted = Untrusted.quote name

                cut
                    name
                    a[0]
                    (if how.EndsWith '3' then ValueSome a[6] else ValueNone)
                    offset
                    (numbers $"the shape of {quoted}" a[2])
                    (numbers $"the strides of {quoted}" a[3])
            | _ -> damaged $"{Untrusted.quote name} begins nowhere"
        | Pickled.Called("torch._utils._rebuild_parameter", Pickled.Items a) when a.Count >= 1 ->
            tensorOf name a[0]
        | Pickled.Called(what, _) when what.StartsWith("torch._utils._rebuild", StringComparison.Ordinal) ->
            refuse name $"a kind that {what} makes"
        | _ -> null

    /// How deep dictionaries and lists may stand in each other, and how many values there may be: a short pickle can describe
    /// endlessly many by naming the same again and again.
    let mutable budget = 10_000_000

    let rec gather (depth: int) (found: Dictionary<string, HostBuffer>) (name: string) (value: Pickled) =
        budget <- budget - 1

        if depth > 100 || budget < 0 then
            damaged "its dictionaries stand in each other without end"

        let inner part = if name = "" then part else $"{name}.{part}"

        match value with
        | Pickled.Dictionary entries ->
            for struct (key, value) in entries do
                match key with
                | Pickled.Text key -> gather (depth + 1) found (inner key) value
                | Pickled.Whole key -> gather (depth + 1) found (inner (string key)) value
                | _ -> ()
        | Pickled.Items items ->
            for i in 0 .. items.Count - 1 do
                gather (depth + 1) found (inner (string i)) items[i]
        | _ ->
            match tensorOf name value with
            | null -> ()
            | buffer -> found[if name = "" then "tensor" else name] <- buffer

    member _.Read() : Dictionary<string, HostBuffer> =
        let found = Dictionary<string, HostBuffer>()
        gather 0 found "" content.Pickle
        found
