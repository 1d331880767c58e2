namespace Cotangent.Engines

open System
open System.Runtime.CompilerServices
open Cotangent.Inlined // in place of functions of Array and List

/// One operand of a product: `Data[Offset + i*RowStride + j*ColStride]` is element (i, j). Strides may be 0 (broadcast)
/// or negative.
[<Struct; IsReadOnly>]
type internal Matrix<'T> = {
    Data: 'T[]
    Offset: int
    RowStride: int
    ColStride: int
} with

    member x.Transposed: Matrix<'T> = {
        Data = x.Data
        Offset = x.Offset
        RowStride = x.ColStride
        ColStride = x.RowStride
    }

    /// What is left of it from an element on.
    member x.From(i: int, j: int) : Matrix<'T> =
        let offset = x.Offset + i * x.RowStride + j * x.ColStride
        { Data = x.Data; Offset = offset; RowStride = x.RowStride; ColStride = x.ColStride }

    /// No later access is checked: all lie between the corners that are checked here.
    member x.Check(name: string, rows: int, cols: int) =
        let down, right = int64 (rows - 1) * int64 x.RowStride, int64 (cols - 1) * int64 x.ColStride
        let low = int64 x.Offset + min down 0L + min right 0L
        let high = int64 x.Offset + max down 0L + max right 0L

        if low < 0L || high >= int64 x.Data.Length then
            raise (ArgumentOutOfRangeException(name, "The matrix reaches outside its array."))

module internal Shares =
    /// The length of parts of `total`: nearly equal, a multiple of `unit`, and no more than `limit` but for that.
    let share total limit unit = partsOf (partsOf total (partsOf total limit)) unit * unit
