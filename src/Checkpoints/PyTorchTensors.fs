namespace Cotangent.Checkpoints

open System
open System.Collections.Generic
open System.IO.Compression
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The tensors of a file of PyTorch's `torch.save`: a zip archive of a pickle, which says how tensors are cut from storages, and of the
/// storages' bytes.
[<Sealed>]
type internal PyTorchTensors(operation: string, archive: ZipArchive) =
    let damaged (reason: string) : 'a = raise (DamagedException reason)

    let pickle =
        match
            archive.Entries
            |> Seq.tryFind (fun e ->
                e.FullName = "data.pkl" || e.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))
        with
        | Some entry -> entry
        | None -> damaged "no file in it is called data.pkl"

    /// The folder in which all is.
    let folder = pickle.FullName.Substring(0, pickle.FullName.Length - "data.pkl".Length)

    let storages = Dictionary<string, Array>()

    let refuse (name: string) (what: string) : 'a =
        raise (
            DTypeException
                $"{operation}: {Untrusted.quote name} is of {what}, which no dtype holds exactly. Convert it in PyTorch, as by 't.float()'."
        )

    /// How safetensors calls the elements of a class of storages.
    let formatOf (name: string) (storage: string) : string =
        match storage with
        | "torch.FloatStorage" -> "F32"
        | "torch.DoubleStorage" -> "F64"
        | "torch.HalfStorage" -> "F16"
        | "torch.BFloat16Storage" -> "BF16"
        | "torch.LongStorage" -> "I64"
        | "torch.IntStorage" -> "I32"
        | "torch.ShortStorage" -> "I16"
        | "torch.CharStorage" -> "I8"
        | "torch.ByteStorage" -> "U8"
        | "torch.BoolStorage" -> "BOOL"
        | other -> refuse name other

    /// All elements of a storage.
    let load (name: string) (format: string) (key: string) : Array =
        match storages.TryGetValue(format + key) with
        | true, found -> found
        | _ ->
            match archive.GetEntry($"{folder}data/{key}") with
            | null -> damaged $"the storage {Untrusted.quote key} is missing"
            | entry ->
                ZipEntries.require entry
                let bytes = Recycling.orRefuse operation entry.Length (fun () -> ZipEntries.bytes entry)
                let size = ElementFormat.bits format / 8

                let whole =
                    if bytes.Length % size = 0 then
                        bytes
                    else
                        Array.truncate (bytes.Length / size * size) bytes

                let made =
                    match ElementFormat.dtype format with
                    | ValueSome dtype -> ElementFormat.numbers name dtype whole
                    | ValueNone -> refuse name format

                storages[format + key] <- made
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
                let format =
                    match dtype with
                    | ValueSome(Pickled.Global own) ->
                        match own.Replace("torch.uint", "U") with
                        | "U16"
                        | "U32"
                        | "U64" as format -> format
                        | _ -> refuse name own
                    | ValueSome _
                    | ValueNone -> formatOf name kind

                let all = load name format key
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

                let dtype =
                    match ElementFormat.dtype format with
                    | ValueSome dtype -> dtype
                    | ValueNone -> refuse name format

                if isEmpty then
                    Buffers.fresh dtype shape
                else
                    let steps = Array.mapi (fun i stride -> if shape[i] = 1 then 0 else int stride) strides
                    let seen = Buffers.view dtype all shape steps (int offset)
                    // Each tensor in memory of its own, but those that are a whole storage.
                    let isWhole = seen.IsContiguous && Shape.count shape = all.Length
                    let own = Buffers.fresh dtype shape

                    if isWhole && not (storages.ContainsKey("taken " + key)) then
                        storages["taken " + key] <- all
                        Buffers.own dtype shape all
                    else
                        Buffers.copy seen own
                        own
            | _ -> damaged $"the storage of {Untrusted.quote name} is told in an unknown way"
        | _ -> damaged $"{Untrusted.quote name} has no storage"

    /// The tensor that a call would make; null where it would make something else.
    let rec tensorOf (name: string) (value: Pickled) : HostBuffer | null =
        match value with
        | Pickled.Called("torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor_v3" as how,
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
        match archive.GetEntry(folder + "byteorder") with
        | NonNull entry when Text.Encoding.ASCII.GetString(ZipEntries.bytes entry) <> "little" ->
            damaged "its numbers come largest byte first"
        | _ -> ()

        let found = Dictionary<string, HostBuffer>()
        gather 0 found "" (PickleReader(ZipEntries.bytes pickle).Read())
        found
