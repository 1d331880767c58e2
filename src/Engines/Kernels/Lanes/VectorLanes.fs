namespace Cotangent.Lanes

// The algebra on Vector<T>, of 128 or 256 bits. (Structs, since .NET compiles code with a type parameter anew for each struct, and
// once for all classes.)

open System.Numerics
open System.Runtime.CompilerServices

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
        static member SubtractWhole(x, y) =
            Vector.AsVectorSingle(Vector.AsVectorInt32 x - Vector.AsVectorInt32 y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member EqualWhole(x, y) =
            Vector.AsVectorSingle(Vector.Equals(Vector.AsVectorInt32 x, Vector.AsVectorInt32 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) =
            Vector.AsVectorSingle(Vector.LessThan(Vector.AsVectorInt32 x, Vector.AsVectorInt32 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) =
            Vector.AsVectorSingle(Vector.ShiftLeft(Vector.AsVectorInt32 x, count))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) =
            Vector.AsVectorSingle(Vector.ShiftRightLogical(Vector.AsVectorInt32 x, count))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRightSigned(x, count) =
            Vector.AsVectorSingle(Vector.ShiftRightArithmetic(Vector.AsVectorInt32 x, count))

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
        static member SubtractWhole(x, y) =
            Vector.AsVectorDouble(Vector.AsVectorInt64 x - Vector.AsVectorInt64 y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member EqualWhole(x, y) =
            Vector.AsVectorDouble(Vector.Equals(Vector.AsVectorInt64 x, Vector.AsVectorInt64 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) =
            Vector.AsVectorDouble(Vector.LessThan(Vector.AsVectorInt64 x, Vector.AsVectorInt64 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) =
            Vector.AsVectorDouble(Vector.ShiftLeft(Vector.AsVectorInt64 x, count))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) =
            Vector.AsVectorDouble(Vector.ShiftRightLogical(Vector.AsVectorInt64 x, count))

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
