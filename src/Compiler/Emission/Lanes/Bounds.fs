namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Bounds that are constants. With one, neither NaN nor the two zeros need instructions of their own, and what is written
// as a choice is the larger or smaller of two numbers: one instruction in place of two or three.

open System

[<RequireQualifiedAccess>]
module internal Bounds =

    /// A constant's value; NaN for anything else.
    let private valueOf (x: Lane) : float =
        let n = x.Code[x.Id]

        if n.Op <> Op.Constant then
            nan
        else
            match n.Element with
            | Element.F32 -> float (BitConverter.Int32BitsToSingle(int n.Immediate))
            | Element.F64 -> BitConverter.Int64BitsToDouble n.Immediate
            | Element.I32
            | Element.I64 -> nan

    let private isBound (x: Lane) =
        let value = valueOf x
        not (Double.IsNaN value) && value <> 0.0

    // The second operand wins where it is NaN.

    let max (x: Lane) (y: Lane) : Lane =
        if isBound x then x.Two(Op.MaxNative, y)
        elif isBound y then y.Two(Op.MaxNative, x)
        else x.Two(Op.Max, y)

    let min (x: Lane) (y: Lane) : Lane =
        if isBound x then x.Two(Op.MinNative, y)
        elif isBound y then y.Two(Op.MinNative, x)
        else x.Two(Op.Min, y)

    /// Where a truth holds `a`, else `b`.
    let select (truth: Lane) (a: Lane) (b: Lane) : Lane =
        let code = truth.Code
        let test = code[truth.Id]
        let other = code[b.Id]

        /// Whether `b` is `x`, or that with a bound on the other side of `a`.
        let isBounded x (opposite: Op) (inOrder: float -> float -> bool) =
            b.Id = x
            || (other.Op = opposite
                && other.B = x
                && inOrder (valueOf a) (valueOf { Code = code; Id = other.A }))

        if test.Op <> Op.Less || not (isBound a) then
            Lane.select truth a b
        // x < a ? a : x
        elif test.B = a.Id && isBounded test.A Op.MinNative (fun low high -> low <= high) then
            a.Two(Op.MaxNative, b)
        // a < x ? a : x
        elif test.A = a.Id && isBounded test.B Op.MaxNative (fun high low -> low <= high) then
            a.Two(Op.MinNative, b)
        else
            Lane.select truth a b
