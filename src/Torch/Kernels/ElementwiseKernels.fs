namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic

/// Elementwise primitives.
module internal ElementwiseKernels =

    let private anew (f: Frame) (op: Unary) (x: nativeint) (dtype: DType) : nativeint =
        match op with
        | Unary.Negate -> f.Own(Native.THSTensor_neg x)
        | Unary.Abs -> f.Own(Native.THSTensor_abs x)
        | Unary.Sign ->
            let signs = f.Own(Native.THSTensor_sign x)
            // NaN has the sign 0 in libtorch.
            if dtype.IsFloat then where f (isNaN f x) x signs else signs
        | Unary.Floor -> f.Own(Native.THSTensor_floor x)
        | Unary.Ceiling -> f.Own(Native.THSTensor_ceil x)
        | Unary.Round -> f.Own(Native.THSTensor_round(x, 0L))
        | Unary.Exp -> f.Own(Native.THSTensor_exp x)
        | Unary.Expm1 -> f.Own(Native.THSTensor_expm1 x)
        | Unary.Log -> f.Own(Native.THSTensor_log x)
        | Unary.Log1p -> f.Own(Native.THSTensor_log1p x)
        | Unary.Sqrt -> f.Own(Native.THSTensor_sqrt x)
        | Unary.Sin -> f.Own(Native.THSTensor_sin x)
        | Unary.Cos -> f.Own(Native.THSTensor_cos x)
        | Unary.Tan -> f.Own(Native.THSTensor_tan x)
        | Unary.Asin -> f.Own(Native.THSTensor_asin x)
        | Unary.Acos -> f.Own(Native.THSTensor_acos x)
        | Unary.Atan -> f.Own(Native.THSTensor_atan x)
        | Unary.Sinh -> f.Own(Native.THSTensor_sinh x)
        | Unary.Cosh -> f.Own(Native.THSTensor_cosh x)
        | Unary.Tanh -> f.Own(Native.THSTensor_tanh x)
        | Unary.Asinh -> f.Own(Native.THSTensor_arcsinh x)
        | Unary.Acosh -> f.Own(Native.THSTensor_arccosh x)
        | Unary.Atanh -> f.Own(Native.THSTensor_arctanh x)
        | Unary.Sigmoid -> f.Own(Native.THSTensor_sigmoid x)
        // log(eˣ + e⁰); libtorch's softplus is the identity from 20 on.
        | Unary.Softplus -> f.Own(Native.THSTensor_logaddexp(x, real f 0.0 dtype [||]))
        // libtorch's loses the smallest BFloat16.
        | Unary.Erf when dtype = DType.BFloat16 ->
            cast f (f.Own(Native.THSTensor_erf(cast f x DType.Float32))) dtype
        | Unary.Erf -> f.Own(Native.THSTensor_erf x)
        | Unary.Erfc -> f.Own(Native.THSTensor_erfc x)
        // Of infinities, libtorch's is NaN: of the negative one since it multiplies it by 0, of the other on some processors.
        | Unary.Gelu ->
            Script.call
                f
                "def f(x):\n  return torch.where(x > 10000.0, x, torch.gelu(torch.clamp(x, -10000.0, 10000.0)))\n"
                [| x |]
        | Unary.GeluSlope ->
            Script.call
                f
                "def f(x):\n  y = torch.clamp(x, -10000.0, 10000.0)\n  return torch.gelu_backward(torch.ones_like(y), y)\n"
                [| x |]
        | Unary.Lgamma -> Script.call f "def f(x):\n  return torch.lgamma(x)\n" [| x |]
        | Unary.Polygamma _ -> invalidOp $"`{op}` is computed in main memory."
        | Unary.Relu -> f.Own(Native.THSTensor_relu x)
        | Unary.IsNaN -> isNaN f x
        | Unary.Not -> f.Own(Native.THSTensor_logical_not x)

    /// What libtorch's scripts call a function that writes where it is told.
    let private nameOf (op: Unary) : string voption =
        match op with
        | Unary.Negate -> ValueSome "neg"
        | Unary.Abs -> ValueSome "abs"
        | Unary.Floor -> ValueSome "floor"
        | Unary.Ceiling -> ValueSome "ceil"
        | Unary.Round -> ValueSome "round"
        | Unary.Exp -> ValueSome "exp"
        | Unary.Expm1 -> ValueSome "expm1"
        | Unary.Log -> ValueSome "log"
        | Unary.Log1p -> ValueSome "log1p"
        | Unary.Sqrt -> ValueSome "sqrt"
        | Unary.Sin -> ValueSome "sin"
        | Unary.Cos -> ValueSome "cos"
        | Unary.Tan -> ValueSome "tan"
        | Unary.Asin -> ValueSome "asin"
        | Unary.Acos -> ValueSome "acos"
        | Unary.Atan -> ValueSome "atan"
        | Unary.Sinh -> ValueSome "sinh"
        | Unary.Cosh -> ValueSome "cosh"
        | Unary.Tanh -> ValueSome "tanh"
        | Unary.Asinh -> ValueSome "asinh"
        | Unary.Acosh -> ValueSome "acosh"
        | Unary.Atanh -> ValueSome "atanh"
        | Unary.Sigmoid -> ValueSome "sigmoid"
        | Unary.Erf -> ValueSome "erf"
        | Unary.Erfc -> ValueSome "erfc"
        | Unary.Not -> ValueSome "logical_not"
        | Unary.Sign
        | Unary.Softplus
        | Unary.Gelu
        | Unary.GeluSlope
        | Unary.Lgamma
        | Unary.Polygamma _
        | Unary.Relu
        | Unary.IsNaN -> ValueNone

    /// Into the frame's room: gelu, then once more where infinities have made NaN.
    let private gelu f x =
        Script.fill f "x" [
            "torch.gelu(x, out=room)"
            "if bool(torch.isnan(torch.sum(room))):"
            "  y = torch.gelu(torch.clamp(x, -10000.0, 10000.0))"
            "  room.copy_(torch.where(x > 10000.0, x, y))"
        ] [| x |]

    let private geluSlope f x =
        Script.fill f "x" [
            "one = torch.ones([1], dtype=x.dtype).expand_as(x)"
            "torch.gelu_backward(one, x, grad_input=room)"
            "if bool(torch.isnan(torch.sum(room))):"
            "  torch.gelu_backward(one, torch.clamp(x, -10000.0, 10000.0), grad_input=room)"
        ] [| x |]

    let unary (f: Frame) (op: Unary) (x: nativeint) (dtype: DType) : nativeint =
        if f.Room = 0n then
            anew f op x dtype
        else
            match op, nameOf op with
            | Unary.Gelu, _ -> gelu f x
            | Unary.GeluSlope, _ -> geluSlope f x
            | _, ValueSome name -> Script.into f "out" "x" (fun out -> $"torch.{name}(x{out})") [| x |]
            | _, ValueNone -> anew f op x dtype

    let private truncated = System.Runtime.InteropServices.Marshal.StringToHGlobalAnsi "trunc"

    /// Applies a division of integers to divisors other than 0, which are an error, and -1, which the processor refuses
    /// to divide the smallest integer by.
    let private divided (f: Frame) name y (by: nativeint -> nativeint -> nativeint) =
        if any f (equalsWhole f y 0L) then Rows.divisionByZero name

        let minusOne = equalsWhole f y -1L
        by minusOne (where f minusOne (f.Own(Native.THSTensor_abs y)) y)

    /// libtorch's CPU kernel makes NaN of quotients out of range, and of divisors without a leading 1.
    let private remainder (f: Frame) x y dtype shape =
        if f.Place.Kind = Code.Cpu then
            Transfer.byHost f x dtype shape (fun x ->
                Elementwise.binary Binary.Remainder x (Transfer.read f y dtype shape))
        else
            f.Own(Native.THSTensor_fmod(x, y))

    let binary
        (f: Frame)
        (op: Binary)
        (x: nativeint)
        (y: nativeint)
        (dtype: DType)
        (shape: int[])
        : nativeint =
        let into name own =
            if f.Room = 0n then
                f.Own(own ())
            else
                Script.into f "out" "x, y" (fun out -> $"torch.{name}(x, y{out})") [| x; y |]

        match op with
        | Binary.Add -> into "add" (fun () -> Native.THSTensor_add(x, y, Scalar.whole 1L))
        | Binary.Subtract -> into "sub" (fun () -> Native.THSTensor_sub(x, y))
        | Binary.Multiply -> into "mul" (fun () -> Native.THSTensor_mul(x, y))
        | Binary.Divide ->
            if dtype.IsFloat then
                into "div" (fun () -> Native.THSTensor_div(x, y, 0n))
            else
                divided f "divide" y (fun minusOne y ->
                    let quotient = f.Own(Native.THSTensor_div(x, y, truncated))
                    where f minusOne (f.Own(Native.THSTensor_neg x)) quotient)
        | Binary.Remainder ->
            if dtype.IsFloat then
                remainder f x y dtype shape
            else
                divided f "remainder" y (fun _ y -> f.Own(Native.THSTensor_fmod(x, y)))
        | Binary.Power -> into "pow" (fun () -> Native.THSTensor_pow(x, y))
        | Binary.Atan2 -> into "atan2" (fun () -> Native.THSTensor_atan2(x, y))
        | Binary.Max -> into "maximum" (fun () -> Native.THSTensor_max_elementwise(x, y))
        | Binary.Min -> into "minimum" (fun () -> Native.THSTensor_min_elementwise(x, y))
        | Binary.And -> into "bitwise_and" (fun () -> Native.THSTensor_bitwise_and(x, y))
        | Binary.Or -> into "bitwise_or" (fun () -> Native.THSTensor_bitwise_or(x, y))
        | Binary.Xor -> into "bitwise_xor" (fun () -> Native.THSTensor_bitwise_xor(x, y))
        | Binary.Equal -> into "eq" (fun () -> Native.THSTensor_eq(x, y))
        | Binary.Less -> into "lt" (fun () -> Native.THSTensor_lt(x, y))
        | Binary.LessEqual -> into "le" (fun () -> Native.THSTensor_le(x, y))

    // ---- Conversion ----

    let private clamp (f: Frame) x low high = f.Own(Native.THSTensor_clamp(x, low, high))

    /// Real numbers as integers: NaN becomes 0, and what is too large saturates. All goes by way of Float64, in which the
    /// bounds of Int32 are exact, and those of Int64 but for the last.
    let private toInteger (f: Frame) x (target: DType) =
        let x = cast f x DType.Float64
        let x = where f (isNaN f x) (real f 0.0 DType.Float64 [||]) x

        if target = DType.Int32 then
            cast f (clamp f x (Scalar.real -2147483648.0) (Scalar.real 2147483647.0)) DType.Int32
        else
            let below = clamp f x (Scalar.real -9223372036854775808.0) (Scalar.real 9223372036854774784.0)
            let beyond = f.Own(Native.THSTensor_ge_scalar(x, Scalar.real 9223372036854775808.0))
            let most = whole f System.Int64.MaxValue DType.Int64 [||]
            where f beyond most (cast f below DType.Int64)

    let convert (f: Frame) (x: nativeint) (source: DType) (target: DType) (shape: int[]) : nativeint =
        let direct () = cast f x target
        let byManagedKernel () = Transfer.byHost f x source shape (Convert.buffer target)

        match source, target with
        | (DType.Float32 | DType.Float64 | DType.BFloat16 | DType.Float16), (DType.Int32 | DType.Int64) ->
            toInteger f x target
        | DType.Int64, DType.Int32 ->
            let low, high = int64 System.Int32.MinValue, int64 System.Int32.MaxValue
            cast f (clamp f x (Scalar.whole low) (Scalar.whole high)) target
        // libtorch rounds these twice, first to Float32.
        | (DType.Float64 | DType.Int32 | DType.Int64), (DType.BFloat16 | DType.Float16) -> byManagedKernel ()
        | (DType.Float32 | DType.Float64 | DType.BFloat16 | DType.Float16 | DType.Int32 | DType.Int64 | DType.Bool),
          (DType.Float32 | DType.Float64 | DType.BFloat16 | DType.Float16 | DType.Int32 | DType.Int64 | DType.Bool) ->
            direct ()
