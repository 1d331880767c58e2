namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent

/// Buffers whose dtype is known at run time only.
module internal Buffers =
    /// A view of an array of the dtype's elements.
    let view (dtype: DType) (data: Array) (shape: int[]) (strides: int[]) (offset: int) : HostBuffer =
        match dtype.Storage with
        | Storage.Float32 -> HostBuffer<float32>(dtype, (data :?> float32[]), shape, strides, offset)
        | Storage.Float64 -> HostBuffer<float>(dtype, (data :?> float[]), shape, strides, offset)
        | Storage.BFloat16 -> HostBuffer<BFloat16>(dtype, (data :?> BFloat16[]), shape, strides, offset)
        | Storage.Float16 -> HostBuffer<Half>(dtype, (data :?> Half[]), shape, strides, offset)
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 -> HostBuffer<sbyte>(dtype, (data :?> sbyte[]), shape, strides, offset)
            | IntegerSize.Bits16 -> HostBuffer<int16>(dtype, (data :?> int16[]), shape, strides, offset)
            | IntegerSize.Bits32 -> HostBuffer<int>(dtype, (data :?> int[]), shape, strides, offset)
            | IntegerSize.Bits64 -> HostBuffer<int64>(dtype, (data :?> int64[]), shape, strides, offset)
        | Storage.Bool -> HostBuffer<bool>(dtype, (data :?> bool[]), shape, strides, offset)
        | Storage.Complex64 -> HostBuffer<Complex64>(dtype, (data :?> Complex64[]), shape, strides, offset)
        | Storage.Complex128 -> HostBuffer<Complex>(dtype, (data :?> Complex[]), shape, strides, offset)

    /// A contiguous buffer over an array of the dtype's elements that the caller gives away.
    let own (dtype: DType) (shape: int[]) (data: Array) : HostBuffer =
        view dtype data shape (Shape.strides shape) 0

    /// An array of elements that are not yet set.
    let allocate (dtype: DType) (n: int) : Array =
        match dtype.Storage with
        | Storage.Float32 -> Strided.allocate<float32> n
        | Storage.Float64 -> Strided.allocate<float> n
        | Storage.BFloat16 -> Strided.allocate<BFloat16> n
        | Storage.Float16 -> Strided.allocate<Half> n
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 -> Strided.allocate<sbyte> n
            | IntegerSize.Bits16 -> Strided.allocate<int16> n
            | IntegerSize.Bits32 -> Strided.allocate<int> n
            | IntegerSize.Bits64 -> Strided.allocate<int64> n
        | Storage.Bool -> Strided.allocate<bool> n
        | Storage.Complex64 -> Strided.allocate<Complex64> n
        | Storage.Complex128 -> Strided.allocate<Complex> n

    /// A contiguous output of a shape, its elements not yet set.
    let fresh (dtype: DType) (shape: int[]) : HostBuffer =
        own dtype shape (allocate dtype (Shape.count shape))

    /// Memory that stays where it is, zeroed.
    let pinned (dtype: DType) (n: int) : Array =
        match dtype.Storage with
        | Storage.Float32 -> GC.AllocateArray<float32>(n, pinned = true)
        | Storage.Float64 -> GC.AllocateArray<float>(n, pinned = true)
        | Storage.BFloat16 -> GC.AllocateArray<BFloat16>(n, pinned = true)
        | Storage.Float16 -> GC.AllocateArray<Half>(n, pinned = true)
        | Storage.Integer size ->
            match size with
            | IntegerSize.Bits8 -> GC.AllocateArray<sbyte>(n, pinned = true)
            | IntegerSize.Bits16 -> GC.AllocateArray<int16>(n, pinned = true)
            | IntegerSize.Bits32 -> GC.AllocateArray<int>(n, pinned = true)
            | IntegerSize.Bits64 -> GC.AllocateArray<int64>(n, pinned = true)
        | Storage.Bool -> GC.AllocateArray<bool>(n, pinned = true)
        | Storage.Complex64 -> GC.AllocateArray<Complex64>(n, pinned = true)
        | Storage.Complex128 -> GC.AllocateArray<Complex>(n, pinned = true)

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
