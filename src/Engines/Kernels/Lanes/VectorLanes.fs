namespace Cotangent.Lanes

// The algebra on vectors of the machine: on Vector<T>, of 128 or 256 bits, and on Vector512<T>. (Structs, since .NET compiles code
// with a type parameter anew for each struct, and once for all classes.)

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// The way out of a formula: numbers beyond its range, computed one after the other.
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
    static member Fill
        (
            f: Scalar,
            mask: Span<int64>,
            values: Span<float>,
            x: Span<float>,
            y: Span<float>
        ) : unit =
        for i in 0 .. values.Length - 1 do
            if mask[i] <> 0L then
                values[i] <- ScalarLanes.Apply(f, x[i], y[i])

    static member Fill
        (
            f: Scalar,
            mask: Span<int>,
            values: Span<float32>,
            x: Span<float32>,
            y: Span<float32>
        ) : unit =
        for i in 0 .. values.Length - 1 do
            if mask[i] <> 0 then
                values[i] <- float32 (ScalarLanes.Apply(f, float x[i], float y[i]))

    /// The numbers that a vector is made of.
    static member Items<'V, 'T when 'V: struct and 'T: struct>(vector: byref<'V>) : Span<'T> =
        MemoryMarshal.CreateSpan(&Unsafe.As<'V, 'T> &vector, Unsafe.SizeOf<'V>() / Unsafe.SizeOf<'T>())

    /// `values`, but f of x and y where the mask is set. Vectors are of Float32 if isSingle, else of Float64.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    static member Instead<'V when 'V: struct>
        (isSingle: bool, f: Scalar, mask: 'V, values: 'V, x: 'V, y: 'V)
        : 'V =
        let mutable mask, result, x, y = mask, values, x, y

        if isSingle then
            ScalarLanes.Fill(
                f,
                ScalarLanes.Items<'V, int>(&mask),
                ScalarLanes.Items<'V, float32>(&result),
                ScalarLanes.Items<'V, float32>(&x),
                ScalarLanes.Items<'V, float32>(&y)
            )
        else
            ScalarLanes.Fill(
                f,
                ScalarLanes.Items<'V, int64>(&mask),
                ScalarLanes.Items<'V, float>(&result),
                ScalarLanes.Items<'V, float>(&x),
                ScalarLanes.Items<'V, float>(&y)
            )

        result

module private AlgebraError =
    let singleOnly (name: string) = invalidOp $"{name} is of Float32 only."

/// Float32 in Vector<T>.
[<Struct; NoEquality; NoComparison>]
type internal Singles =
    interface ILaneAlgebra<Vector<float32>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member IsSingle _ = true
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Real(_, c) = Vector<float32>(float32 c)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pattern(_, bits) = Vector.AsVectorSingle(Vector<int>(int bits))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = x + y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Subtract(x, y) = x - y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Multiply(x, y) = x * y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Divide(x, y) = x / y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Sqrt x = Vector.SquareRoot x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) = Vector.FusedMultiplyAdd(x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member NegatedMultiplyAdd(x, y, z) = Vector.FusedMultiplyAdd(-x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplySubtract(x, y, z) = Vector.FusedMultiplyAdd(x, y, -z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MaxNative(x, y) = Vector.MaxNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MinNative(x, y) = Vector.MinNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member And(x, y) = x &&& y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Or(x, y) = x ||| y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = x ^^^ y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AndNot(x, y) = Vector.AndNot(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Not x = Vector.OnesComplement x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Equal(x, y) = Vector.AsVectorSingle(Vector.Equals(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Less(x, y) = Vector.AsVectorSingle(Vector.LessThan(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessEqual(x, y) = Vector.AsVectorSingle(Vector.LessThanOrEqual(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Select(truth, x, y) = Vector.ConditionalSelect(truth, x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AddWhole(x, y) = Vector.AsVectorSingle(Vector.AsVectorInt32 x + Vector.AsVectorInt32 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member SubtractWhole(x, y) = Vector.AsVectorSingle(Vector.AsVectorInt32 x - Vector.AsVectorInt32 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member EqualWhole(x, y) = Vector.AsVectorSingle(Vector.Equals(Vector.AsVectorInt32 x, Vector.AsVectorInt32 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) = Vector.AsVectorSingle(Vector.LessThan(Vector.AsVectorInt32 x, Vector.AsVectorInt32 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) = Vector.AsVectorSingle(Vector.ShiftLeft(Vector.AsVectorInt32 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) = Vector.AsVectorSingle(Vector.ShiftRightLogical(Vector.AsVectorInt32 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRightSigned(x, count) = Vector.AsVectorSingle(Vector.ShiftRightArithmetic(Vector.AsVectorInt32 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member OfWhole x = Vector.ConvertToSingle(Vector.AsVectorInt32 x)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Guard(f, truth, fast, x, y) =
            if Vector.EqualsAll(Vector.AsVectorInt32 truth, Vector<int>.Zero) then
                fast
            else
                ScalarLanes.Instead(true, f, truth, fast, x, y)

    interface IHalves<Vector<float32>, Vector<float>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Lower x = Vector.WidenLower x

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Upper x = Vector.WidenUpper x

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Join(lower, upper) = Vector.Narrow(lower, upper)

/// Float64 in Vector<T>.
[<Struct; NoEquality; NoComparison>]
type internal Doubles =
    interface ILaneAlgebra<Vector<float>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member IsSingle _ = false
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Real(_, c) = Vector<float>(c)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pattern(_, bits) = Vector.AsVectorDouble(Vector<int64>(bits))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = x + y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Subtract(x, y) = x - y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Multiply(x, y) = x * y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Divide(x, y) = x / y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Sqrt x = Vector.SquareRoot x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) = Vector.FusedMultiplyAdd(x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member NegatedMultiplyAdd(x, y, z) = Vector.FusedMultiplyAdd(-x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplySubtract(x, y, z) = Vector.FusedMultiplyAdd(x, y, -z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MaxNative(x, y) = Vector.MaxNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MinNative(x, y) = Vector.MinNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member And(x, y) = x &&& y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Or(x, y) = x ||| y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = x ^^^ y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AndNot(x, y) = Vector.AndNot(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Not x = Vector.OnesComplement x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Equal(x, y) = Vector.AsVectorDouble(Vector.Equals(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Less(x, y) = Vector.AsVectorDouble(Vector.LessThan(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessEqual(x, y) = Vector.AsVectorDouble(Vector.LessThanOrEqual(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Select(truth, x, y) = Vector.ConditionalSelect(truth, x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AddWhole(x, y) = Vector.AsVectorDouble(Vector.AsVectorInt64 x + Vector.AsVectorInt64 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member SubtractWhole(x, y) = Vector.AsVectorDouble(Vector.AsVectorInt64 x - Vector.AsVectorInt64 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member EqualWhole(x, y) = Vector.AsVectorDouble(Vector.Equals(Vector.AsVectorInt64 x, Vector.AsVectorInt64 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) = Vector.AsVectorDouble(Vector.LessThan(Vector.AsVectorInt64 x, Vector.AsVectorInt64 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) = Vector.AsVectorDouble(Vector.ShiftLeft(Vector.AsVectorInt64 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) = Vector.AsVectorDouble(Vector.ShiftRightLogical(Vector.AsVectorInt64 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRightSigned(_, _) = AlgebraError.singleOnly "ShiftRightSigned"
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member OfWhole _ = AlgebraError.singleOnly "OfWhole"

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Guard(f, truth, fast, x, y) =
            if Vector.EqualsAll(Vector.AsVectorInt64 truth, Vector<int64>.Zero) then
                fast
            else
                ScalarLanes.Instead(false, f, truth, fast, x, y)

/// Float32 in vectors of 512 bits.
[<Struct; NoEquality; NoComparison>]
type internal WideSingles =
    interface ILaneAlgebra<Vector512<float32>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member IsSingle _ = true
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Real(_, c) = Vector512.Create(float32 c: float32)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pattern(_, bits) = Vector512.AsSingle(Vector512.Create(int bits: int))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = x + y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Subtract(x, y) = x - y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Multiply(x, y) = x * y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Divide(x, y) = x / y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Sqrt x = Vector512.Sqrt x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) = Vector512.FusedMultiplyAdd(x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member NegatedMultiplyAdd(x, y, z) = Vector512.FusedMultiplyAdd(-x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplySubtract(x, y, z) = Vector512.FusedMultiplyAdd(x, y, -z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MaxNative(x, y) = Vector512.MaxNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MinNative(x, y) = Vector512.MinNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member And(x, y) = x &&& y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Or(x, y) = x ||| y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = x ^^^ y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AndNot(x, y) = Vector512.AndNot(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Not x = Vector512.OnesComplement x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Equal(x, y) = Vector512.AsSingle(Vector512.Equals(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Less(x, y) = Vector512.AsSingle(Vector512.LessThan(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessEqual(x, y) = Vector512.AsSingle(Vector512.LessThanOrEqual(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Select(truth, x, y) = Vector512.ConditionalSelect(truth, x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AddWhole(x, y) = Vector512.AsSingle(Vector512.AsInt32 x + Vector512.AsInt32 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member SubtractWhole(x, y) = Vector512.AsSingle(Vector512.AsInt32 x - Vector512.AsInt32 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member EqualWhole(x, y) = Vector512.AsSingle(Vector512.Equals(Vector512.AsInt32 x, Vector512.AsInt32 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) = Vector512.AsSingle(Vector512.LessThan(Vector512.AsInt32 x, Vector512.AsInt32 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) = Vector512.AsSingle(Vector512.ShiftLeft(Vector512.AsInt32 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) = Vector512.AsSingle(Vector512.ShiftRightLogical(Vector512.AsInt32 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRightSigned(x, count) = Vector512.AsSingle(Vector512.ShiftRightArithmetic(Vector512.AsInt32 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member OfWhole x = Vector512.ConvertToSingle(Vector512.AsInt32 x)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Guard(f, truth, fast, x, y) =
            if Vector512.EqualsAll(Vector512.AsInt32 truth, Vector512<int>.Zero) then
                fast
            else
                ScalarLanes.Instead(true, f, truth, fast, x, y)

    interface IHalves<Vector512<float32>, Vector512<float>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Lower x = Vector512.WidenLower x

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Upper x = Vector512.WidenUpper x

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Join(lower, upper) = Vector512.Narrow(lower, upper)

/// Float64 in vectors of 512 bits.
[<Struct; NoEquality; NoComparison>]
type internal WideDoubles =
    interface ILaneAlgebra<Vector512<float>> with
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member IsSingle _ = false
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Real(_, c) = Vector512.Create(c: float)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Pattern(_, bits) = Vector512.AsDouble(Vector512.Create(bits: int64))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = x + y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Subtract(x, y) = x - y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Multiply(x, y) = x * y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Divide(x, y) = x / y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Sqrt x = Vector512.Sqrt x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) = Vector512.FusedMultiplyAdd(x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member NegatedMultiplyAdd(x, y, z) = Vector512.FusedMultiplyAdd(-x, y, z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplySubtract(x, y, z) = Vector512.FusedMultiplyAdd(x, y, -z)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MaxNative(x, y) = Vector512.MaxNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MinNative(x, y) = Vector512.MinNative(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member And(x, y) = x &&& y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Or(x, y) = x ||| y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Xor(x, y) = x ^^^ y
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AndNot(x, y) = Vector512.AndNot(x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Not x = Vector512.OnesComplement x
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Equal(x, y) = Vector512.AsDouble(Vector512.Equals(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Less(x, y) = Vector512.AsDouble(Vector512.LessThan(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessEqual(x, y) = Vector512.AsDouble(Vector512.LessThanOrEqual(x, y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Select(truth, x, y) = Vector512.ConditionalSelect(truth, x, y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member AddWhole(x, y) = Vector512.AsDouble(Vector512.AsInt64 x + Vector512.AsInt64 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member SubtractWhole(x, y) = Vector512.AsDouble(Vector512.AsInt64 x - Vector512.AsInt64 y)
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member EqualWhole(x, y) = Vector512.AsDouble(Vector512.Equals(Vector512.AsInt64 x, Vector512.AsInt64 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) = Vector512.AsDouble(Vector512.LessThan(Vector512.AsInt64 x, Vector512.AsInt64 y))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) = Vector512.AsDouble(Vector512.ShiftLeft(Vector512.AsInt64 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) = Vector512.AsDouble(Vector512.ShiftRightLogical(Vector512.AsInt64 x, count))
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRightSigned(_, _) = AlgebraError.singleOnly "ShiftRightSigned"
        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member OfWhole _ = AlgebraError.singleOnly "OfWhole"

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Guard(f, truth, fast, x, y) =
            if Vector512.EqualsAll(Vector512.AsInt64 truth, Vector512<int64>.Zero) then
                fast
            else
                ScalarLanes.Instead(false, f, truth, fast, x, y)
