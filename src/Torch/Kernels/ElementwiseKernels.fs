namespace Cotangent.Torch

open Cotangent
open Cotangent.Engines
open Cotangent.Torch.Basic

/// Elementwise primitives.
module internal ElementwiseKernels =

    /// How libtorch computes a function.
    [<NoComparison; NoEquality>]
    type private Way = {
        /// Into the frame's room, where libtorch can.
        Into: (Frame -> nativeint -> nativeint) voption
        /// As a new tensor.
        Anew: Frame -> nativeint -> DType -> int[] -> nativeint
    }

    let private made anew = { Into = ValueNone; Anew = anew }

    /// What libtorch's scripts call a function that writes where it is told.
    let private named (name: string) anew = {
        Into = ValueSome(fun f x -> Script.into f "out" "x" (fun out -> $"torch.{name}(x{out})") [| x |])
        Anew = anew
    }

    /// The same that is an entry of TorchSharp's library.
    let private entry name (native: nativeint -> nativeint) = named name (fun f x _ _ -> f.Own(native x))

    // Of infinities, libtorch's gelu is NaN: of the negative one since it multiplies it by 0, of the other on some processors.

    let private gelu = {
        Into =
            ValueSome(fun f x ->
                Script.fill f "x" [
                    "torch.gelu(x, out=room)"
                    "if bool(torch.isnan(torch.sum(room))):"
                    "  y = torch.gelu(torch.clamp(x, -10000.0, 10000.0))"
                    "  room.copy_(torch.where(x > 10000.0, x, y))"
                ] [| x |])
        Anew =
            fun f x _ _ ->
                Script.call
                    f
                    "def f(x):\n  return torch.where(x > 10000.0, x, torch.gelu(torch.clamp(x, -10000.0, 10000.0)))\n"
                    [| x |]
    }

    let private geluSlope = {
        Into =
            ValueSome(fun f x ->
                Script.fill f "x" [
                    "one = torch.ones([1], dtype=x.dtype).expand_as(x)"
                    "torch.gelu_backward(one, x, grad_input=room)"
                    "if bool(torch.isnan(torch.sum(room))):"
                    "  torch.gelu_backward(one, torch.clamp(x, -10000.0, 10000.0), grad_input=room)"
                ] [| x |])
        Anew =
            fun f x _ _ ->
                Script.call
                    f
                    "def f(x):\n  y = torch.clamp(x, -10000.0, 10000.0)\n  return torch.gelu_backward(torch.ones_like(y), y)\n"
                    [| x |]
    }

    let private way (op: Unary) : Way =
        match op with
        | Unary.Negate -> entry "neg" NativeElementwise.THSTensor_neg
        | Unary.Abs -> entry "abs" NativeElementwise.THSTensor_abs
        | Unary.Sign ->
            made (fun f x dtype _ ->
                let signs = f.Own(NativeElementwise.THSTensor_sign x)
                // NaN has the sign 0 in libtorch.
                if dtype.IsFloat then where f (isNaN f x) x signs else signs)
        | Unary.Floor -> entry "floor" NativeElementwise.THSTensor_floor
        | Unary.Ceiling -> entry "ceil" NativeElementwise.THSTensor_ceil
        | Unary.Round -> entry "round" (fun x -> NativeElementwise.THSTensor_round(x, 0L))
        | Unary.Exp -> entry "exp" NativeElementwise.THSTensor_exp
        | Unary.Expm1 -> entry "expm1" NativeElementwise.THSTensor_expm1
        | Unary.Log -> entry "log" NativeElementwise.THSTensor_log
        | Unary.Log1p -> entry "log1p" NativeElementwise.THSTensor_log1p
        | Unary.Sqrt -> entry "sqrt" NativeElementwise.THSTensor_sqrt
        | Unary.Sin -> entry "sin" NativeElementwise.THSTensor_sin
        | Unary.Cos -> entry "cos" NativeElementwise.THSTensor_cos
        | Unary.Tan -> entry "tan" NativeElementwise.THSTensor_tan
        | Unary.Asin -> entry "asin" NativeElementwise.THSTensor_asin
        | Unary.Acos -> entry "acos" NativeElementwise.THSTensor_acos
        | Unary.Atan -> entry "atan" NativeElementwise.THSTensor_atan
        | Unary.Sinh -> entry "sinh" NativeElementwise.THSTensor_sinh
        | Unary.Cosh -> entry "cosh" NativeElementwise.THSTensor_cosh
        | Unary.Tanh -> entry "tanh" NativeElementwise.THSTensor_tanh
        | Unary.Asinh -> entry "asinh" NativeElementwise.THSTensor_arcsinh
        | Unary.Acosh -> entry "acosh" NativeElementwise.THSTensor_arccosh
        | Unary.Atanh -> entry "atanh" NativeElementwise.THSTensor_arctanh
        | Unary.Sigmoid -> entry "sigmoid" NativeElementwise.THSTensor_sigmoid
        // log(eˣ + e⁰); libtorch's softplus is the identity from 20 on.
        | Unary.Softplus ->
            made (fun f x dtype _ -> f.Own(NativeElementwise.THSTensor_logaddexp(x, real f 0.0 dtype [||])))
        | Unary.Erf ->
            named "erf" (fun f x dtype _ ->
                // libtorch's loses the smallest BFloat16.
                if dtype = DType.BFloat16 then
                    cast f (f.Own(NativeElementwise.THSTensor_erf(cast f x DType.Float32))) dtype
                else
                    f.Own(NativeElementwise.THSTensor_erf x))
        | Unary.Erfc -> entry "erfc" NativeElementwise.THSTensor_erfc
        | Unary.Gelu -> gelu
        | Unary.GeluSlope -> geluSlope
        | Unary.Lgamma -> made (fun f x _ _ -> Script.call f "def f(x):\n  return torch.lgamma(x)\n" [| x |])
        // libtorch's is NaN for most orders of negative numbers.
        | Unary.Polygamma _ ->
            made (fun f x dtype shape -> Transfer.byHost f x dtype shape (Elementwise.unary op))
        | Unary.Relu -> made (fun f x _ _ -> f.Own(NativeElementwise.THSTensor_relu x))
        | Unary.IsNaN -> made (fun f x _ _ -> isNaN f x)
        | Unary.Not -> entry "logical_not" NativeElementwise.THSTensor_logical_not

    let unary (f: Frame) (op: Unary) (x: nativeint) (dtype: DType) (shape: int[]) : nativeint =
        let way = way op

        match way.Into with
        | ValueSome into when f.Room <> 0n -> into f x
        | ValueSome _
        | ValueNone -> way.Anew f x dtype shape

    let private truncated = System.Runtime.InteropServices.Marshal.StringToHGlobalAnsi "trunc"

    /// Applies a division of integers to divisors other than 0, which are an error, and -1, which the processor refuses
    /// to divide the smallest integer by.
    let private divided (f: Frame) name y (by: nativeint -> nativeint -> nativeint) =
        if any f (equalsWhole f y 0L) then Rows.divisionByZero name

        let minusOne = equalsWhole f y -1L
        by minusOne (where f minusOne (f.Own(NativeElementwise.THSTensor_abs y)) y)

    /// libtorch's CPU kernel makes NaN of quotients out of range, and of divisors without a leading 1.
    let private remainder (f: Frame) x y dtype shape =
        if f.Place.Kind = Code.Cpu then
            Transfer.byHost f x dtype shape (fun x ->
                Elementwise.binary Binary.Remainder x (Transfer.read f y dtype shape))
        else
            f.Own(NativeElementwise.THSTensor_fmod(x, y))

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
        | Binary.Add -> into "add" (fun () -> NativeElementwise.THSTensor_add(x, y, Scalar.whole 1L))
        | Binary.Subtract -> into "sub" (fun () -> NativeElementwise.THSTensor_sub(x, y))
        | Binary.Multiply -> into "mul" (fun () -> NativeElementwise.THSTensor_mul(x, y))
        | Binary.Divide ->
            if dtype.IsFloat then
                into "div" (fun () -> NativeElementwise.THSTensor_div(x, y, 0n))
            else
                divided f "divide" y (fun minusOne y ->
                    let quotient = f.Own(NativeElementwise.THSTensor_div(x, y, truncated))
                    where f minusOne (f.Own(NativeElementwise.THSTensor_neg x)) quotient)
        | Binary.Remainder ->
            if dtype.IsFloat then
                remainder f x y dtype shape
            else
                divided f "remainder" y (fun _ y -> f.Own(NativeElementwise.THSTensor_fmod(x, y)))
        | Binary.Power -> into "pow" (fun () -> NativeElementwise.THSTensor_pow(x, y))
        | Binary.Atan2 -> into "atan2" (fun () -> NativeElementwise.THSTensor_atan2(x, y))
        | Binary.Max -> into "maximum" (fun () -> NativeElementwise.THSTensor_max_elementwise(x, y))
        | Binary.Min -> into "minimum" (fun () -> NativeElementwise.THSTensor_min_elementwise(x, y))
        | Binary.And -> into "bitwise_and" (fun () -> NativeElementwise.THSTensor_bitwise_and(x, y))
        | Binary.Or -> into "bitwise_or" (fun () -> NativeElementwise.THSTensor_bitwise_or(x, y))
        | Binary.Xor -> into "bitwise_xor" (fun () -> NativeElementwise.THSTensor_bitwise_xor(x, y))
        // Whose counts it does not all take.
        | Binary.ShiftLeft
        | Binary.ShiftRight -> invalidOp $"{op} is computed by the managed engine."
        | Binary.Equal -> into "eq" (fun () -> NativeElementwise.THSTensor_eq(x, y))
        | Binary.Less -> into "lt" (fun () -> NativeElementwise.THSTensor_lt(x, y))
        | Binary.LessEqual -> into "le" (fun () -> NativeElementwise.THSTensor_le(x, y))

    // ---- Conversion ----

    let private clamp (f: Frame) x low high = f.Own(NativeElementwise.THSTensor_clamp(x, low, high))

    /// Real numbers as integers: NaN becomes 0, and what is too large saturates. All goes by way of Float64, in which the
    /// bounds of Int32 are exact, and those of Int64 but for the last.
    let private toInteger (f: Frame) x (target: DType) =
        let x = cast f x DType.Float64
        let x = where f (isNaN f x) (real f 0.0 DType.Float64 [||]) x

        if target = DType.Int32 then
            cast f (clamp f x (Scalar.real -2147483648.0) (Scalar.real 2147483647.0)) DType.Int32
        else
            let below = clamp f x (Scalar.real -9223372036854775808.0) (Scalar.real 9223372036854774784.0)
            let beyond = f.Own(NativeElementwise.THSTensor_ge_scalar(x, Scalar.real 9223372036854775808.0))
            let most = whole f System.Int64.MaxValue DType.Int64 [||]
            where f beyond most (cast f below DType.Int64)

    let convert (f: Frame) (x: nativeint) (source: DType) (target: DType) (shape: int[]) : nativeint =
        let direct () = cast f x target
        let byManagedKernel () = Transfer.byHost f x source shape (Convert.buffer target)

        if source.IsFloat && (target = DType.Int32 || target = DType.Int64) then
            toInteger f x target
        elif source = DType.Int64 && target = DType.Int32 then
            let low, high = int64 System.Int32.MinValue, int64 System.Int32.MaxValue
            cast f (clamp f x (Scalar.whole low) (Scalar.whole high)) target
        // libtorch rounds these twice, first to Float32.
        elif DTypes.isHalf target && (source = DType.Float64 || source.IsInteger) then
            byManagedKernel ()
        else
            direct ()
