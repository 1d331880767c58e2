namespace Cotangent.Lanes

// The algebra on Vector512<T>, as VectorLanes.fs has it on Vector<T>.

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics

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
        static member EqualWhole(x, y) =
            Vector512.AsSingle(Vector512.Equals(Vector512.AsInt32 x, Vector512.AsInt32 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) =
            Vector512.AsSingle(Vector512.LessThan(Vector512.AsInt32 x, Vector512.AsInt32 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) =
            Vector512.AsSingle(Vector512.ShiftLeft(Vector512.AsInt32 x, count))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) =
            Vector512.AsSingle(Vector512.ShiftRightLogical(Vector512.AsInt32 x, count))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRightSigned(x, count) =
            Vector512.AsSingle(Vector512.ShiftRightArithmetic(Vector512.AsInt32 x, count))

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
        static member EqualWhole(x, y) =
            Vector512.AsDouble(Vector512.Equals(Vector512.AsInt64 x, Vector512.AsInt64 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member LessWhole(x, y) =
            Vector512.AsDouble(Vector512.LessThan(Vector512.AsInt64 x, Vector512.AsInt64 y))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftLeft(x, count) =
            Vector512.AsDouble(Vector512.ShiftLeft(Vector512.AsInt64 x, count))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member ShiftRight(x, count) =
            Vector512.AsDouble(Vector512.ShiftRightLogical(Vector512.AsInt64 x, count))

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
