namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The way out of a vector formula: lanes beyond its range, computed one after the other. Emitted code puts the vectors
// into memory and calls these.

open System
open FSharp.NativeInterop

[<AbstractClass; Sealed>]
type internal ScalarLanes =

    static member private Apply(f: Scalar, x: float, y: float) : float =
        match f with
        | Scalar.Sin -> Math.Sin x
        | Scalar.Cos -> Math.Cos x
        | Scalar.Tan -> Math.Tan x
        | Scalar.Power -> Math.Pow(x, y)
        | Scalar.Remainder -> x % y
        | _ -> invalidOp $"There is no scalar function {f}."

    /// Puts f of x and y where the mask is set.
    static member FillDouble
        (
            f: Scalar,
            lanes: int,
            mask: nativeptr<int64>,
            values: nativeptr<float>,
            x: nativeptr<float>,
            y: nativeptr<float>
        ) : unit =
        for i in 0 .. lanes - 1 do
            if NativePtr.get mask i <> 0L then
                NativePtr.set values i (ScalarLanes.Apply(f, NativePtr.get x i, NativePtr.get y i))

    static member FillSingle
        (
            f: Scalar,
            lanes: int,
            mask: nativeptr<int>,
            values: nativeptr<float32>,
            x: nativeptr<float32>,
            y: nativeptr<float32>
        ) : unit =
        for i in 0 .. lanes - 1 do
            if NativePtr.get mask i <> 0 then
                let v = ScalarLanes.Apply(f, float (NativePtr.get x i), float (NativePtr.get y i))
                NativePtr.set values i (float32 v)
