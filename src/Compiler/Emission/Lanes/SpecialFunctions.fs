namespace Cotangent.Compiler.Emission

open Cotangent
open Cotangent.Compiler
open Cotangent.Lanes

// Special functions as lane operations: the formulas of Lanes on code that is being put together, so that they become part of
// the loop that needs them.

/// Code as an algebra. A value's bits lie in a float or in an integer of that size; what needs the other takes it as such.
[<AbstractClass; Sealed>]
type internal Emitted =
    static member private Three(op, a: Lane, b: Lane, c: Lane) =
        let a, b, c = a.AsReal, b.AsReal, c.AsReal
        Lane.Make(a.Code, op, a.Element, a.Bits, a.Id, b.Id, c.Id, -1, 0L)

    /// On floats, on integers, or on the bits of either.
    static member private Reals(op, x: Lane, y: Lane) = x.AsReal.Two(op, y.AsReal)
    static member private Wholes(op, x: Lane, y: Lane) = x.AsWhole.Two(op, y.AsWhole)
    static member private Alike(op, x: Lane, y: Lane) = x.Two(op, y.As x.Element)

    interface ILaneAlgebra<Lane> with
        static member IsSingle x = Element.size x.Element = 4
        static member Real(x, c) = x.Real c
        static member Pattern(x, bits) = x.Pattern bits
        static member Add(x, y) = Emitted.Reals(Op.Add, x, y)
        static member Subtract(x, y) = Emitted.Reals(Op.Subtract, x, y)
        static member Multiply(x, y) = Emitted.Reals(Op.Multiply, x, y)
        static member Divide(x, y) = Emitted.Reals(Op.Divide, x, y)
        static member Sqrt x = x.AsReal.One Op.Sqrt
        static member MultiplyAdd(x, y, z) = Emitted.Three(Op.MultiplyAdd, x, y, z)
        static member NegatedMultiplyAdd(x, y, z) = Emitted.Three(Op.NegatedMultiplyAdd, x, y, z)
        static member MultiplySubtract(x, y, z) = Emitted.Three(Op.MultiplySubtract, x, y, z)
        static member MaxNative(x, y) = Emitted.Reals(Op.MaxNative, x, y)
        static member MinNative(x, y) = Emitted.Reals(Op.MinNative, x, y)
        static member And(x, y) = Emitted.Alike(Op.And, x, y)
        static member Or(x, y) = Emitted.Alike(Op.Or, x, y)
        static member Xor(x, y) = Emitted.Alike(Op.Xor, x, y)
        static member AndNot(x, y) = Emitted.Alike(Op.AndNot, x, y)
        static member Not x = x.One Op.Not
        static member Equal(x, y) = x.AsReal.Compare(Op.Equal, y.AsReal)
        static member Less(x, y) = x.AsReal.Compare(Op.Less, y.AsReal)
        static member LessEqual(x, y) = x.AsReal.Compare(Op.LessEqual, y.AsReal)
        static member Select(truth, x, y) = Lane.select truth.AsWhole x.AsReal y.AsReal
        static member AddWhole(x, y) = Emitted.Wholes(Op.Add, x, y)
        static member SubtractWhole(x, y) = Emitted.Wholes(Op.Subtract, x, y)
        static member EqualWhole(x, y) = x.AsWhole.Compare(Op.Equal, y.AsWhole)
        static member LessWhole(x, y) = x.AsWhole.Compare(Op.Less, y.AsWhole)
        static member ShiftLeft(x, count) = x.AsWhole.Shift(Op.ShiftLeft, count)
        static member ShiftRight(x, count) = x.AsWhole.Shift(Op.ShiftRight, count)
        static member ShiftRightSigned(x, count) = x.AsWhole.Shift(Op.ShiftRightSigned, count)
        static member OfWhole x = x.AsWhole.ToReal

        static member Guard(f, truth, fast, x, y) =
            let fast, x, y = fast.AsReal, x.AsReal, y.AsReal

            Lane.Make(
                fast.Code,
                Op.Guard,
                fast.Element,
                fast.Bits,
                truth.AsWhole.Id,
                fast.Id,
                x.Id,
                y.Id,
                int64 f
            )

[<RequireQualifiedAccess>]
module internal SpecialFunctions =
    let private of' (x: Lane) : Number<Emitted, Lane> = Numbers.number x
    let private code (x: Number<Emitted, Lane>) : Lane = x.Value.AsReal

    let private isSingle (x: Lane) = Element.size x.Element = 4

    /// Float32 by way of Float64.
    let private inDouble (f: Lane -> Lane -> Lane) (x: Lane) (y: Lane) : Lane =
        if not (isSingle x) then
            f x y
        else
            let part op = f (x.To(op, Element.F64)) (y.To(op, Element.F64))
            let low, high = part Op.WidenLower, part Op.WidenUpper
            Lane.Make(x.Code, Op.Narrow, Element.F32, x.Bits, low.Id, high.Id, -1, -1, 0L)

    // A method each, which .NET compiles when the first nest needs it.
    let private exp x = code (Exponentials.exp (of' x))
    let private expm1 x = code (Exponentials.expm1 (of' x))
    let private log x = code (Exponentials.log (of' x))
    let private log1p x = code (Exponentials.log1p (of' x))
    let private sin x = code (Trigonometry.sin (of' x))
    let private cos x = code (Trigonometry.cos (of' x))
    let private tan x = code (Trigonometry.tan (of' x))
    let private asin x = code (Trigonometry.asin (of' x))
    let private acos x = code (Trigonometry.acos (of' x))
    let private atan x = code (Trigonometry.atan (of' x))
    let private sinh x = code (Exponentials.sinh (of' x))
    let private cosh x = code (Exponentials.cosh (of' x))
    let private tanh x = code (Exponentials.tanh (of' x))
    let private sigmoid x = code (Exponentials.sigmoid (of' x))
    let private softplus x = code (Exponentials.softplus (of' x))
    let private erf x = code (ErrorFunctions.erf (of' x))
    let private erfc x = code (ErrorFunctions.erfc (of' x))
    let private gelu x = code (ErrorFunctions.gelu (of' x))
    let private geluSlope x = code (ErrorFunctions.geluSlope (of' x))
    let private asinh x = code (Exponentials.asinh (of' x))
    let private acosh x = code (Exponentials.acosh (of' x))
    let private atanh x = code (Exponentials.atanh (of' x))

    let unary (f: Special) (x: Lane) : Lane =
        match f with
        | Special.Exp -> exp x
        | Special.Expm1 -> expm1 x
        | Special.Log -> log x
        | Special.Log1p -> log1p x
        | Special.Sin -> sin x
        | Special.Cos -> cos x
        | Special.Tan -> tan x
        | Special.Asin -> asin x
        | Special.Acos -> acos x
        | Special.Atan -> atan x
        | Special.Sinh -> sinh x
        | Special.Cosh -> cosh x
        | Special.Tanh -> tanh x
        | Special.Sigmoid -> sigmoid x
        | Special.Softplus -> softplus x
        | Special.Erf -> erf x
        | Special.Erfc -> erfc x
        | Special.Gelu -> gelu x
        | Special.GeluSlope -> geluSlope x

    let doubled (f: Doubled) (x: Lane) : Lane =
        let formula =
            match f with
            | Doubled.Asinh -> asinh
            | Doubled.Acosh -> acosh
            | Doubled.Atanh -> atanh

        inDouble (fun x _ -> formula x) x x

    let atan2 y x = code (Trigonometry.atan2 (of' y) (of' x))

    /// All lanes by a scalar function.
    let scalar (f: Scalar) (x: Lane) (y: Lane) =
        code (Numbers.guard f (of' (x.Whole -1L)) (of' x) (of' x) (of' y))

    let power (x: Lane) (y: Lane) =
        if isSingle x then
            let fast = inDouble (fun x y -> code (Exponentials.powerOfSingles (of' x) (of' y))) x y
            let isHard = Exponentials.isHardPower (of' x) (of' y)
            code (Numbers.guard Scalar.Power isHard (of' fast) (of' x) (of' y))
        else
            scalar Scalar.Power x y
