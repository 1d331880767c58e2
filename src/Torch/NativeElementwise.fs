namespace Cotangent.Torch

open System.Runtime.InteropServices

/// Those of the functions of TorchSharp's native library that compute element by element; as in `Native`.
module internal NativeElementwise =

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_neg(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_abs(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sign(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_floor(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_ceil(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_exp(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_expm1(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_log(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_log1p(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sqrt(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sin(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_cos(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_tan(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_asin(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_acos(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_atan(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sinh(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_cosh(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_tanh(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_arcsinh(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_arccosh(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_arctanh(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sigmoid(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_erf(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_erfc(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_relu(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_isnan(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_logical_not(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_bitwise_not(nativeint tensor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_mul(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_fmod(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_pow(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_atan2(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_max_elementwise(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_min_elementwise(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_bitwise_and(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_bitwise_or(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_bitwise_xor(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_bitwise_right_shift(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_eq(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_lt(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_le(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_ge(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_logaddexp(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_nextafter(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_round(nativeint tensor, int64 decimals)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_add(nativeint tensor, nativeint other, nativeint factor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_sub(nativeint tensor, nativeint other)

    /// The rounding is the address of "trunc" or "floor", or 0 for none.
    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_div(nativeint tensor, nativeint other, nativeint rounding)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_add_scalar(nativeint tensor, nativeint other, nativeint factor)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_mul_scalar(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_eq_scalar(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_lt_scalar(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_ge_scalar(nativeint tensor, nativeint other)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_clamp(nativeint tensor, nativeint low, nativeint high)

    [<DllImport("LibTorchSharp")>]
    extern nativeint THSTensor_where(nativeint condition, nativeint tensor, nativeint other)
