namespace Cotangent.Datasets

open System
open System.Globalization
open System.Numerics
open Cotangent

/// Texts of cells as numbers, whatever the culture of the machine: a point before the decimals, or a comma where the options
/// say so, and nothing between thousands, so that no text can be read in two ways.
module internal Cell =
    let private culture = CultureInfo.InvariantCulture

    let private comma = NumberFormatInfo(NumberDecimalSeparator = ",", NumberGroupSeparator = ".")

    let private format (decimalComma: bool) = if decimalComma then comma else NumberFormatInfo.InvariantInfo

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

    let float (decimalComma: bool) (text: string) : float option =
        match Double.TryParse(text, NumberStyles.Float, format decimalComma) with
        | true, x -> Some x
        | _ -> None

    let float32 (decimalComma: bool) (text: string) : float32 option =
        match Single.TryParse(text, NumberStyles.Float, format decimalComma) with
        | true, x -> Some x
        | _ -> None

    let int64 (text: string) : int64 option = whole text

    let int (text: string) : int option = whole text

    let bool (text: string) : bool option = truth text

    /// What to do about a text that is none of a dtype's numbers.
    let wayOut (decimalComma: bool) (dtype: DType) (text: string) : string =
        if dtype = DType.Bool then
            "Truth values are true, false, 1 and 0; read other ones as texts."
        elif String.IsNullOrWhiteSpace text then
            "If it stands for a missing number, name it in `Missing` of `CsvOptions`, and read the column as Float32 or Float64: the number is NaN then."
        elif dtype.IsInteger && (float decimalComma text).IsSome then
            "Is it too large, or has it decimals? Read it as Float64."
        elif decimalComma && text.Contains '.' && Seq.exists Char.IsDigit text then
            "With `DecimalComma` of `CsvOptions`, a comma stands before the decimals, and nothing between thousands."
        elif not decimalComma && text.Contains ',' && Seq.exists Char.IsDigit text then
            "Is it a comma before the decimals? Then set `DecimalComma` of `CsvOptions`. Commas between thousands have to go."
        else
            "If it stands for a missing number, name it in `Missing` of `CsvOptions`; if the column has texts, read it as texts."

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

    let build (decimalComma: bool) (dtype: DType) : Builder =
        match dtype with
        | DType.Float64 -> builder (float decimalComma) (Some nan) id
        | DType.Float32 -> builder (float32 decimalComma) (Some nanf) id
        | DType.BFloat16
        | DType.Float16
        | DType.Complex64 -> builder (float32 decimalComma) (Some nanf) (fun t -> t.Convert dtype)
        | DType.Complex128 -> builder (float decimalComma) (Some nan) (fun t -> t.Convert dtype)
        | DType.Int8 -> builder whole<sbyte> None id
        | DType.Int16 -> builder whole<int16> None id
        | DType.Int32 -> builder int None id
        | DType.Int64 -> builder int64 None id
        | DType.UInt8 -> builder whole<byte> None id
        | DType.UInt16 -> builder whole<uint16> None id
        | DType.UInt32 -> builder whole<uint32> None id
        | DType.UInt64 -> builder whole<uint64> None id
        | DType.Bool -> builder bool None id
