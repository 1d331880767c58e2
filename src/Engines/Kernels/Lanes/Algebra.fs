namespace Cotangent.Lanes

// Formulas of special functions are written once, in terms of the operations of an algebra. Vectors of each width are such an
// algebra, and so is code that is being put together: kernels of the engine and emitted loops compute the same bits.
//
// Numbers are of Float32 or of Float64; a formula asks which. Integers and truths are bits of such numbers: a truth is a
// number of zeros or of ones alone. All operations round once, as IEEE 754 says, so that the width does not matter.

#nowarn "3535" // interfaces with static abstract members

/// Functions that numbers beyond the range of a formula are computed with, one after the other.
type internal Scalar =
    | Sin = 0
    | Cos = 1
    | Tan = 2
    | Power = 3
    | Remainder = 4

/// Operations on 'V, which holds some numbers side by side.
type internal ILaneAlgebra<'V> =
    /// Whether numbers are of Float32, else of Float64.
    static abstract IsSingle: like: 'V -> bool
    /// A constant.
    static abstract Real: like: 'V * float -> 'V
    /// A constant, as bits.
    static abstract Pattern: like: 'V * int64 -> 'V
    static abstract Add: 'V * 'V -> 'V
    static abstract Subtract: 'V * 'V -> 'V
    static abstract Multiply: 'V * 'V -> 'V
    static abstract Divide: 'V * 'V -> 'V
    static abstract Sqrt: 'V -> 'V
    /// x·y + z, rounded once, on machines without such an instruction too.
    static abstract MultiplyAdd: 'V * 'V * 'V -> 'V
    /// z - x·y
    static abstract NegatedMultiplyAdd: 'V * 'V * 'V -> 'V
    /// x·y - z
    static abstract MultiplySubtract: 'V * 'V * 'V -> 'V
    /// The second where either is NaN, or NaN; either where both are 0.
    static abstract MaxNative: 'V * 'V -> 'V
    static abstract MinNative: 'V * 'V -> 'V
    static abstract And: 'V * 'V -> 'V
    static abstract Or: 'V * 'V -> 'V
    static abstract Xor: 'V * 'V -> 'V
    /// x and not y
    static abstract AndNot: 'V * 'V -> 'V
    static abstract Not: 'V -> 'V
    static abstract Equal: 'V * 'V -> 'V
    static abstract Less: 'V * 'V -> 'V
    static abstract LessEqual: 'V * 'V -> 'V
    /// Where the truth holds the second, else the third.
    static abstract Select: 'V * 'V * 'V -> 'V
    // On the bits, as signed integers.
    static abstract AddWhole: 'V * 'V -> 'V
    static abstract SubtractWhole: 'V * 'V -> 'V
    static abstract EqualWhole: 'V * 'V -> 'V
    static abstract LessWhole: 'V * 'V -> 'V
    static abstract ShiftLeft: 'V * int -> 'V
    /// With zeros.
    static abstract ShiftRight: 'V * int -> 'V
    /// With copies of the sign; Float32 only.
    static abstract ShiftRightSigned: 'V * int -> 'V
    /// The number that the bits are as an integer; Float32 only.
    static abstract OfWhole: 'V -> 'V
    /// The third, but where the truth holds the scalar function of the last two.
    static abstract Guard: Scalar * truth: 'V * fast: 'V * 'V * 'V -> 'V

/// Float32 in 'V as Float64 in two 'W, and back.
type internal IHalves<'V, 'W> =
    static abstract Lower: 'V -> 'W
    static abstract Upper: 'V -> 'W
    static abstract Join: 'W * 'W -> 'V

/// What formulas are written in.
[<Struct; NoEquality; NoComparison>]
type internal Number<'A, 'V when 'A :> ILaneAlgebra<'V>> = { Value: 'V }

// For files of formulas: the operators hide those on ordinary numbers. (F# finds operators that are members only on public
// types.)
module internal Numbers =
    let inline number (v: 'V) : Number<'A, 'V> = { Value = v }
    let inline isSingle (x: Number<'A, 'V>) : bool = 'A.IsSingle x.Value
    let inline real (x: Number<'A, 'V>) (c: float) : Number<'A, 'V> = { Value = 'A.Real(x.Value, c) }

    /// A constant for each precision.
    let inline pick (x: Number<'A, 'V>) (single: float) (double: float) : Number<'A, 'V> = {
        Value = 'A.Real(x.Value, (if 'A.IsSingle x.Value then single else double))
    }

    /// A pattern of bits for each precision.
    let inline bits (x: Number<'A, 'V>) (single: int64) (double: int64) : Number<'A, 'V> = {
        Value = 'A.Pattern(x.Value, (if 'A.IsSingle x.Value then single else double))
    }

    let inline (+) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Add(x.Value, y.Value)
    }

    let inline (-) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Subtract(x.Value, y.Value)
    }

    let inline (*) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Multiply(x.Value, y.Value)
    }

    let inline (/) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Divide(x.Value, y.Value)
    }

    // With a constant.
    let inline (+.) (x: Number<'A, 'V>) (c: float) : Number<'A, 'V> = x + real x c
    let inline (-.) (x: Number<'A, 'V>) (c: float) : Number<'A, 'V> = x - real x c
    let inline ( *. ) (x: Number<'A, 'V>) (c: float) : Number<'A, 'V> = x * real x c

    let inline sqrt (x: Number<'A, 'V>) : Number<'A, 'V> = { Value = 'A.Sqrt x.Value }

    /// x·y + z
    let inline fma (x: Number<'A, 'V>) (y: Number<'A, 'V>) (z: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.MultiplyAdd(x.Value, y.Value, z.Value)
    }

    /// z - x·y
    let inline fnma (x: Number<'A, 'V>) (y: Number<'A, 'V>) (z: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.NegatedMultiplyAdd(x.Value, y.Value, z.Value)
    }

    /// x·y - z
    let inline fms (x: Number<'A, 'V>) (y: Number<'A, 'V>) (z: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.MultiplySubtract(x.Value, y.Value, z.Value)
    }

    /// A step of a polynomial in x, the highest coefficient first: p·x + c.
    let inline next (x: Number<'A, 'V>) (c: float) (p: Number<'A, 'V>) : Number<'A, 'V> = fma p x (real x c)

    // The second operand wins where there is a NaN.

    let inline atLeast (low: Number<'A, 'V>) (x: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.MaxNative(low.Value, x.Value)
    }

    let inline atMost (high: Number<'A, 'V>) (x: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.MinNative(high.Value, x.Value)
    }

    let inline (&&&) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.And(x.Value, y.Value)
    }

    let inline (|||) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Or(x.Value, y.Value)
    }

    let inline (^^^) (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Xor(x.Value, y.Value)
    }

    /// x and not y
    let inline butNot (y: Number<'A, 'V>) (x: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.AndNot(x.Value, y.Value)
    }

    let inline complement (x: Number<'A, 'V>) : Number<'A, 'V> = { Value = 'A.Not x.Value }

    let inline equal (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Equal(x.Value, y.Value)
    }

    let inline less (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Less(x.Value, y.Value)
    }

    let inline lessEqual (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.LessEqual(x.Value, y.Value)
    }

    let inline select (truth: Number<'A, 'V>) (a: Number<'A, 'V>) (b: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.Select(truth.Value, a.Value, b.Value)
    }

    /// a where the truth holds, 0 elsewhere.
    let inline where (truth: Number<'A, 'V>) (a: Number<'A, 'V>) : Number<'A, 'V> = a &&& truth

    let inline addWhole (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.AddWhole(x.Value, y.Value)
    }

    let inline subtractWhole (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.SubtractWhole(x.Value, y.Value)
    }

    let inline equalWhole (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.EqualWhole(x.Value, y.Value)
    }

    let inline lessWhole (x: Number<'A, 'V>) (y: Number<'A, 'V>) : Number<'A, 'V> = {
        Value = 'A.LessWhole(x.Value, y.Value)
    }

    let inline (<<<) (x: Number<'A, 'V>) (count: int) : Number<'A, 'V> = {
        Value = 'A.ShiftLeft(x.Value, count)
    }

    /// With zeros.
    let inline (>>>) (x: Number<'A, 'V>) (count: int) : Number<'A, 'V> = {
        Value = 'A.ShiftRight(x.Value, count)
    }

    let inline shiftSigned (x: Number<'A, 'V>) (count: int) : Number<'A, 'V> = {
        Value = 'A.ShiftRightSigned(x.Value, count)
    }

    let inline ofWhole (x: Number<'A, 'V>) : Number<'A, 'V> = { Value = 'A.OfWhole x.Value }

    let inline guard
        (f: Scalar)
        (truth: Number<'A, 'V>)
        (fast: Number<'A, 'V>)
        (x: Number<'A, 'V>)
        (y: Number<'A, 'V>)
        : Number<'A, 'V> = { Value = 'A.Guard(f, truth.Value, fast.Value, x.Value, y.Value) }

    let inline zero (x: Number<'A, 'V>) : Number<'A, 'V> = { Value = 'A.Pattern(x.Value, 0L) }

    /// The sign bit alone.
    let inline private signBit (x: Number<'A, 'V>) : Number<'A, 'V> =
        bits x (int64 System.Int32.MinValue) System.Int64.MinValue

    /// By a mask of all other bits: the complement of the sign's would be made anew in each turn of a loop, by an instruction that
    /// waits for what its register held in the turn before.
    let inline abs (x: Number<'A, 'V>) : Number<'A, 'V> =
        x &&& bits x (int64 System.Int32.MaxValue) System.Int64.MaxValue

    let inline negate (x: Number<'A, 'V>) : Number<'A, 'V> = x ^^^ signBit x

    /// 0 or -0
    let inline signOf (x: Number<'A, 'V>) : Number<'A, 'V> = x &&& signBit x

    /// A number that is not negative, with the sign of another, from signOf.
    let inline withSign (sign: Number<'A, 'V>) (x: Number<'A, 'V>) : Number<'A, 'V> = x ||| sign

    /// An odd function of |x|, that is not negative there, for all x: also -0 stays -0.
    let inline odd
        ([<InlineIfLambda>] f: Number<'A, 'V> -> Number<'A, 'V>)
        (x: Number<'A, 'V>)
        : Number<'A, 'V> =
        withSign (signOf x) (f (abs x))
