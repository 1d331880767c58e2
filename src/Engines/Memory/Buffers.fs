namespace Cotangent.Engines

open System
open Cotangent

/// Buffers whose dtype is known at run time only.
module internal Buffers =
    /// A view of an array of the dtype's elements.
    let view (dtype: DType) (data: Array) (shape: int[]) (strides: int[]) (offset: int) : HostBuffer =
        match dtype with
        | DType.Float32 -> HostBuffer<float32>(dtype, (data :?> float32[]), shape, strides, offset)
        | DType.Float64 -> HostBuffer<float>(dtype, (data :?> float[]), shape, strides, offset)
        | DType.BFloat16 -> HostBuffer<BFloat16>(dtype, (data :?> BFloat16[]), shape, strides, offset)
        | DType.Float16 -> HostBuffer<Half>(dtype, (data :?> Half[]), shape, strides, offset)
        | DType.Int32 -> HostBuffer<int>(dtype, (data :?> int[]), shape, strides, offset)
        | DType.Int64 -> HostBuffer<int64>(dtype, (data :?> int64[]), shape, strides, offset)
        | DType.Bool -> HostBuffer<bool>(dtype, (data :?> bool[]), shape, strides, offset)

    /// An array of elements that are not yet set.
    let allocate (dtype: DType) (n: int) : Array =
        match dtype with
        | DType.Float32 -> Strided.allocate<float32> n
        | DType.Float64 -> Strided.allocate<float> n
        | DType.BFloat16 -> Strided.allocate<BFloat16> n
        | DType.Float16 -> Strided.allocate<Half> n
        | DType.Int32 -> Strided.allocate<int> n
        | DType.Int64 -> Strided.allocate<int64> n
        | DType.Bool -> Strided.allocate<bool> n

    /// A contiguous output of a shape, its elements not yet set.
    let fresh (dtype: DType) (shape: int[]) : HostBuffer =
        view dtype (allocate dtype (Shape.count shape)) shape (Shape.strides shape) 0

    /// Memory that stays where it is, zeroed.
    let pinned (dtype: DType) (n: int) : Array =
        match dtype with
        | DType.Float32 -> GC.AllocateArray<float32>(n, pinned = true)
        | DType.Float64 -> GC.AllocateArray<float>(n, pinned = true)
        | DType.BFloat16 -> GC.AllocateArray<BFloat16>(n, pinned = true)
        | DType.Float16 -> GC.AllocateArray<Half>(n, pinned = true)
        | DType.Int32 -> GC.AllocateArray<int>(n, pinned = true)
        | DType.Int64 -> GC.AllocateArray<int64>(n, pinned = true)
        | DType.Bool -> GC.AllocateArray<bool>(n, pinned = true)

    /// Copies the elements of one buffer to another of the same shape and dtype.
    let copy (source: HostBuffer) (target: HostBuffer) : unit =
        {
            new Typed<bool>() with
                member _.Run from =
                    let into = target :?> HostBuffer<_>

                    Strided.copy
                        from.Shape
                        from.Items
                        from.Offset
                        from.Strides
                        into.Items
                        into.Offset
                        into.Strides

                    true
        }
            .On
            source
        |> ignore
