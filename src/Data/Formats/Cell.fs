namespace Cotangent.Datasets

open System
open System.Globalization
open System.Numerics
open Cotangent

/// Texts of cells as numbers, whatever the culture of the machine: a point before the decimals, nothing between thousands.
module internal Cell =
    let private culture = CultureInfo.InvariantCulture

    let private truth (text: string) =
        match text.Trim().ToLowerInvariant() with
        | "true"
        | "1" -> Some true
        | "false"
        | "0" -> Some false
        | _ -> None

    let private whole<'T when 'T: unmanaged and 'T :> INumberBase<'T>> (text: string) : 'T option =
        let mutable n = Unchecked.defaultof<'T>
        if 'T.TryParse(text, NumberStyles.Integer, culture, &n) then Some n else None

    let float (text: string) : float option =
        match Double.TryParse(text, NumberStyles.Float, culture) with
        | true, x -> Some x
        | _ -> None

    let float32 (text: string) : float32 option =
        match Single.TryParse(text, NumberStyles.Float, culture) with
        | true, x -> Some x
        | _ -> None

    let int64 (text: string) : int64 option = whole text

    let int (text: string) : int option = whole text

    let bool (text: string) : bool option = truth text

    /// Cells that become a tensor, one after the other; false for a text that is none of the dtype's numbers.
    type Builder = {
        Add: string -> bool
        /// A missing number; false where the dtype has none.
        AddMissing: unit -> bool
        ToTensor: unit -> Tensor
    }

    let private builder
        (parse: string -> 'a option)
        (missing: 'a option)
        (convert: Tensor -> Tensor)
        : Builder =
        let cells = Collections.Generic.List<'a>()

        let add value =
            match value with
            | Some value ->
                cells.Add value
                true
            | None -> false

        {
            Add = fun text -> add (parse text)
            AddMissing = fun () -> add missing
            ToTensor = fun () -> convert (Tensor.ofArray [ cells.Count ] (cells.ToArray()))
        }

    let build (dtype: DType) : Builder =
        match dtype with
        | DType.Float64 -> builder float (Some nan) id
        | DType.Float32 -> builder float32 (Some nanf) id
        | DType.BFloat16
        | DType.Float16
        | DType.Complex64 -> builder float32 (Some nanf) (fun t -> t.Convert dtype)
        | DType.Complex128 -> builder float (Some nan) (fun t -> t.Convert dtype)
        | DType.Int8 -> builder whole<sbyte> None id
        | DType.Int16 -> builder whole<int16> None id
        | DType.Int32 -> builder int None id
        | DType.Int64 -> builder int64 None id
        | DType.UInt8 -> builder whole<byte> None id
        | DType.UInt16 -> builder whole<uint16> None id
        | DType.UInt32 -> builder whole<uint32> None id
        | DType.UInt64 -> builder whole<uint64> None id
        | DType.Bool -> builder bool None id
