namespace Cotangent.Compiler

open Cotangent

/// Identities of arithmetic that are exact in floating point, NaN and both zeros included.
module internal Identities =
    open Rewriting

    /// Up to which exponent a power of two and its inverse are both normal numbers of the dtype.
    let private exponents (dtype: DType) : int =
        match dtype.Storage with
        | Storage.Float64 -> 1022
        | Storage.Float32
        | Storage.BFloat16 -> 126
        | Storage.Float16 -> 14
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> -1

    /// Whether dividing by a number of the dtype is multiplying by its inverse, to the last bit.
    let private hasInverse (dtype: DType) (x: float) =
        System.Double.IsNormal x
        && (System.BitConverter.DoubleToInt64Bits x &&& 0xFFFFFFFFFFFFFL) = 0L
        && abs (System.Math.ILogB x) <= exponents dtype

    let select (r: IRewriting) (inputs: int[]) : int voption =
        match r.Node inputs[0] with
        | Number x -> ValueSome(if x <> 0.0 then inputs[1] else inputs[2])
        | _ -> if inputs[1] = inputs[2] then ValueSome inputs[1] else ValueNone

    let negate (r: IRewriting) (input: int) : int voption =
        match r.Node input with
        | Applied(Primitive.Unary Unary.Negate, [| x |]) -> ValueSome x
        | _ -> ValueNone

    let binary (r: IRewriting) (op: Binary) (inputs: int[]) (device: Device) : int voption =
        let x, y = r.Node inputs[0], r.Node inputs[1]
        let full value = r.Apply(Primitive.Full(Literal.Real value, x.DType, x.Shape), [||], device)
        let apply op a b = ValueSome(r.Apply(Primitive.Binary op, [| a; b |], device))
        let negate a = ValueSome(r.Apply(Primitive.Unary Unary.Negate, [| a |], device))
        let isFloat = x.DType.IsFloat
        // x + 0 is not x where x is -0; x - 0 is.
        let addsNothing c = if isFloat then c = 0.0 && System.Double.IsNegative c else c = 0.0
        let subtractsNothing c = if isFloat then c = 0.0 && not (System.Double.IsNegative c) else c = 0.0

        match op, x, y with
        // A product with 1 has an infinite part where a factor has: that is not the factor.
        | _ when x.DType.IsComplex -> ValueNone
        | Binary.Add, _, Number c when addsNothing c -> ValueSome inputs[0]
        | Binary.Add, Number c, _ when addsNothing c -> ValueSome inputs[1]
        | Binary.Subtract, _, Number c when subtractsNothing c -> ValueSome inputs[0]
        | (Binary.Multiply | Binary.Divide), _, Number 1.0 -> ValueSome inputs[0]
        | Binary.Multiply, Number 1.0, _ -> ValueSome inputs[1]
        | (Binary.Multiply | Binary.Divide), _, Number -1.0 when isFloat -> negate inputs[0]
        | Binary.Multiply, Number -1.0, _ when isFloat -> negate inputs[1]
        | Binary.Add, _, Applied(Primitive.Unary Unary.Negate, [| b |]) -> apply Binary.Subtract inputs[0] b
        | Binary.Add, Applied(Primitive.Unary Unary.Negate, [| a |]), _ -> apply Binary.Subtract inputs[1] a
        | Binary.Subtract, _, Applied(Primitive.Unary Unary.Negate, [| b |]) -> apply Binary.Add inputs[0] b
        | Binary.Divide, _, Number c when hasInverse x.DType c ->
            apply Binary.Multiply inputs[0] (full (1.0 / c))
        | Binary.Power, _, Number 1.0 -> ValueSome inputs[0]
        | Binary.Power, _, Number 2.0 -> apply Binary.Multiply inputs[0] inputs[0]
        | Binary.Power, _, Number -1.0 -> apply Binary.Divide (full 1.0) inputs[0]
        | _ -> ValueNone
