namespace Cotangent.Torch

open Cotangent

/// The functions of libtorch that kernels are made of, on tensors of a frame.
module internal Basic =
    let private flag b = if b then 1uy else 0uy

    // ---- From nothing ----

    let full (f: Frame) (value: nativeint) dtype (shape: int[]) =
        Sizes.using shape (fun sizes ->
            f.Own(
                Native.THSTensor_full(
                    sizes,
                    shape.Length,
                    value,
                    Code.dtype dtype,
                    f.Place.Kind,
                    f.Place.Index,
                    0uy
                )
            ))

    let real f (value: float) dtype shape = full f (Scalar.real value) dtype shape
    let whole f (value: int64) dtype shape = full f (Scalar.whole value) dtype shape

    let zeros (f: Frame) dtype (shape: int[]) =
        Sizes.using shape (fun sizes ->
            f.Own(
                Native.THSTensor_zeros(
                    sizes,
                    shape.Length,
                    Code.dtype dtype,
                    f.Place.Kind,
                    f.Place.Index,
                    0uy
                )
            ))

    /// 0, 1, …, length - 1
    let counting (f: Frame) dtype length =
        f.Own(
            Native.THSTensor_arange(
                Scalar.whole 0L,
                Scalar.whole (int64 length),
                Scalar.whole 1L,
                Code.dtype dtype,
                f.Place.Kind,
                f.Place.Index,
                0uy
            )
        )

    // ---- Views ----

    let reshape (f: Frame) x (shape: int[]) =
        Sizes.using shape (fun sizes -> f.Own(Native.THSTensor_reshape(x, sizes, shape.Length)))

    let permute (f: Frame) x (order: int[]) =
        Sizes.using order (fun axes -> f.Own(Native.THSTensor_permute(x, axes, order.Length)))

    let expand (f: Frame) x (shape: int[]) =
        Sizes.using shape (fun sizes -> f.Own(Native.THSTensor_expand(x, sizes, shape.Length, 0uy)))

    let flip (f: Frame) x (axes: int[]) =
        Sizes.using axes (fun each -> f.Own(Native.THSTensor_flip(x, each, axes.Length)))

    /// The elements first, first + step, … before last along an axis.
    let slice (f: Frame) x axis first last step =
        f.Own(Native.THSTensor_slice(x, int64 axis, int64 first, int64 last, int64 step))

    // ---- Elementwise ----

    let cast (f: Frame) x (dtype: DType) = f.Own(Native.THSTensor_to_type(x, Code.dtype dtype, 0uy, 0uy))
    let add (f: Frame) x y = f.Own(NativeElementwise.THSTensor_add(x, y, Scalar.whole 1L))
    let multiply (f: Frame) x y = f.Own(NativeElementwise.THSTensor_mul(x, y))

    let addWhole (f: Frame) x (n: int64) =
        f.Own(NativeElementwise.THSTensor_add_scalar(x, Scalar.whole n, Scalar.whole 1L))

    let timesWhole (f: Frame) x (n: int64) = f.Own(NativeElementwise.THSTensor_mul_scalar(x, Scalar.whole n))
    let timesReal (f: Frame) x (n: float) = f.Own(NativeElementwise.THSTensor_mul_scalar(x, Scalar.real n))
    let equalsWhole (f: Frame) x (n: int64) = f.Own(NativeElementwise.THSTensor_eq_scalar(x, Scalar.whole n))
    let where (f: Frame) condition x y = f.Own(NativeElementwise.THSTensor_where(condition, x, y))
    let isNaN (f: Frame) x = f.Own(NativeElementwise.THSTensor_isnan x)
    let xor (f: Frame) x y = f.Own(NativeElementwise.THSTensor_bitwise_xor(x, y))

    let copyInto (f: Frame) target source =
        Native.THSTensor_copy_(target, source, 0uy) |> ignore
        f.Check()

    /// Whether any element of a Bool tensor is true; waits for the device.
    let any (f: Frame) x =
        let found = f.Own(Native.THSTensor_any x)
        let result = Native.THSTensor_is_nonzero found
        f.Check()
        result <> 0uy

    // ---- Folds ----

    let sum (f: Frame) x (axes: int[]) (dtype: DType) =
        Sizes.using axes (fun each ->
            f.Own(
                Native.THSTensor_sum_along_dimensions(
                    x,
                    each,
                    axes.Length,
                    flag false,
                    flag true,
                    Code.dtype dtype
                )
            ))

    let largest (f: Frame) x (axes: int[]) =
        Sizes.using axes (fun each -> f.Own(Native.THSTensor_amax(x, each, axes.Length, flag false)))

    let smallest (f: Frame) x (axes: int[]) =
        Sizes.using axes (fun each -> f.Own(Native.THSTensor_amin(x, each, axes.Length, flag false)))

    /// Positions that sort along an axis, equal elements in their order; NaN last.
    let sortPositions (f: Frame) x axis =
        let mutable positions = 0n
        let sorted = Native.THSTensor_sort(x, int64 axis, flag false, flag true, &positions)
        f.Own sorted |> ignore
        f.Own positions

    // ---- Indices ----

    let concatenate (f: Frame) (tensors: nativeint[]) axis =
        use each = fixed tensors
        f.Own(Native.THSTensor_cat(each, tensors.Length, int64 axis))

    let indexSelect (f: Frame) x axis indices = f.Own(Native.THSTensor_index_select(x, int64 axis, indices))
