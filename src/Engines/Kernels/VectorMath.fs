namespace Cotangent.Engines

// Elementwise functions that System.Numerics.Tensors lacks, or computes inaccurately (its sinh, tanh, log1p
// and expm1 lose all digits near 0, its cosh some far from it) or one element at a time (pow).
//
// All rest on two kernels for Float32 and Float64 each: exp(x) - 1 on |x| <= log(2)/2, and log(1 + x) around
// 0, with the coefficients of S. Moshier's Cephes library or of Taylor's polynomial. Errors are at most about
// 3 units in the last place. Every element goes through the same operations wherever it stands, so results do
// not depend on how rows are cut.

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices

/// The kernels in single precision.
module internal SingleMath =
    type private V = Vector<float32>

    let inline private c (x: float32) = V x
    let inline private fma x y (z: V) : V = Vector.MultiplyAddEstimate(x, y, z)

    /// A power of two from its exponent, given as 3·2²² + exponent: adding this number has rounded the
    /// exponent and left it in the lowest bits.
    let inline private power (shifted: V) (bias: int) : V =
        Vector.AsVectorSingle((Vector.AsVectorInt32 shifted + Vector<int> bias) <<< 23)

    /// For |x| <= 104: n, shifted as above, and exp(r) - 1, where x = n·log(2) + r.
    let inline private reduce (x: V) : struct (V * V) =
        let shifted = fma x (c 1.44269504f) (c 12582912.0f)
        let n = shifted - c 12582912.0f
        // log(2) in two parts, of which the first has few enough bits for the product to be exact.
        let r = fma n (c 2.12194440e-4f) (fma n (c -0.693359375f) x)
        let p = fma (c 1.9875691500e-4f) r (c 1.3981999507e-3f)
        let p = fma p r (c 8.3334519073e-3f)
        let p = fma p r (c 4.1665795894e-2f)
        let p = fma p r (c 1.6666665459e-1f)
        let p = fma p r (c 5.0000001201e-1f)
        struct (shifted, fma p (r * r) r)

    let inline private clamp low high (x: V) = Vector.MinNative(Vector.MaxNative(x, c low), c high)

    let inline keepNaN (x: V) (y: V) = Vector.ConditionalSelect(Vector.Equals(x, x), y, x)

    /// exp(x)·2^k. The power of two is applied in two halves, since it may not be a normal number.
    let inline expScaled (k: int) (x: V) : V =
        let struct (shifted, q) = reduce (clamp -104.0f 90.0f x)
        let n = Vector.AsVectorInt32 shifted - Vector.AsVectorInt32(c 12582912.0f) + Vector<int> k
        let half = n >>> 1
        let scale (m: Vector<int>) = Vector.AsVectorSingle((m + Vector<int> 127) <<< 23)
        keepNaN x ((V.One + q) * scale half * scale (n - half))

    let inline expm1 (x: V) : V =
        let struct (shifted, q) = reduce (clamp -20.0f 89.0f x)
        // 2^n·(1 + q) - 1, halved so that the power does not overflow before the result.
        let s = power shifted 126
        let y = fma s q (s - c 0.5f)
        keepNaN x (y + y)

    /// log(u) + correction, for u > 0.
    let inline private logKernel (u: V) (correction: V) : V =
        let tiny = Vector.LessThan(u, c 1.17549435e-38f)
        let u = Vector.ConditionalSelect(tiny, u * c 33554432.0f, u)
        // u = 2^e·(1 + f) with 1 + f between √½ and √2.
        let bits = Vector.AsVectorInt32 u - Vector<int> 0x3F3504F3
        let e = Vector.ConvertToSingle(bits >>> 23)
        let e = e - (Vector.AsVectorSingle(Vector.AsVectorInt32 tiny) &&& c 25.0f)
        let f = Vector.AsVectorSingle((bits &&& Vector<int> 0x007FFFFF) + Vector<int> 0x3F3504F3) - V.One
        let z = f * f
        let p = fma (c 7.0376836292e-2f) f (c -1.1514610310e-1f)
        let p = fma p f (c 1.1676998740e-1f)
        let p = fma p f (c -1.2420140846e-1f)
        let p = fma p f (c 1.4249322787e-1f)
        let p = fma p f (c -1.6668057665e-1f)
        let p = fma p f (c 2.0000714765e-1f)
        let p = fma p f (c -2.4999993993e-1f)
        let p = fma p f (c 3.3333331174e-1f)
        let y = fma e (c -2.12194440e-4f) (fma p (f * z) correction)
        fma e (c 0.693359375f) (f + fma z (c -0.5f) y)

    /// A logarithm of x with a pole somewhere: NaN to the left of it, infinity at infinity.
    let inline private special (x: V) (pole: V) (y: V) =
        let infinity = c Single.PositiveInfinity
        let y = Vector.ConditionalSelect(Vector.Equals(x, infinity), x, y)
        let y = Vector.ConditionalSelect(Vector.Equals(x, pole), -infinity, y)
        Vector.ConditionalSelect(Vector.GreaterThanOrEqual(x, pole), y, c Single.NaN)

    let inline log1p (x: V) : V =
        let u = V.One + x
        // What the sum lost.
        let y = logKernel u ((x - (u - V.One)) / u)
        special x (c -1.0f) y

    let inline log (x: V) : V = special x V.Zero (logKernel x V.Zero)

/// The kernels in double precision.
module internal DoubleMath =
    type private V = Vector<float>

    let inline private c (x: float) = V x
    let inline private fma x y (z: V) : V = Vector.MultiplyAddEstimate(x, y, z)

    [<Literal>]
    let private Shift = 6755399441055744.0

    let inline private reduce (x: V) : struct (V * V) =
        let shifted = fma x (c 1.4426950408889634) (c Shift)
        let n = shifted - c Shift
        let r = fma n (c -1.42860682030941723212e-6) (fma n (c -6.93145751953125e-1) x)
        // Taylor's polynomial up to r¹³, even and odd powers apart.
        let z = r * r
        let even = fma (c 2.08767569878681e-09) z (c 2.755731922398589e-07)
        let even = fma even z (c 2.48015873015873e-05)
        let even = fma even z (c 0.001388888888888889)
        let even = fma even z (c 0.041666666666666664)
        let even = fma even z (c 0.5)
        let odd = fma (c 1.6059043836821613e-10) z (c 2.505210838544172e-08)
        let odd = fma odd z (c 2.7557319223985893e-06)
        let odd = fma odd z (c 0.0001984126984126984)
        let odd = fma odd z (c 0.008333333333333333)
        let odd = fma odd z (c 0.16666666666666666)
        struct (shifted, fma (fma odd r even) z r)

    let inline private clamp low high (x: V) = Vector.MinNative(Vector.MaxNative(x, c low), c high)

    let inline keepNaN (x: V) (y: V) = Vector.ConditionalSelect(Vector.Equals(x, x), y, x)

    let inline private power (n: Vector<int64>) : V = Vector.AsVectorDouble((n + Vector<int64> 1023L) <<< 52)

    /// exp(x)·2^k
    let inline expScaled (k: int) (x: V) : V =
        let struct (shifted, q) = reduce (clamp -746.0 712.0 x)
        let n = Vector.AsVectorInt64 shifted - Vector.AsVectorInt64(c Shift) + Vector<int64>(int64 k)
        // Half of n, rounded down, without the arithmetic shift that 64-bit lanes lack before AVX-512.
        let half =
            Vector.AsVectorInt64(Vector.AsVectorUInt64(n + Vector<int64> 4096L) >>> 1) - Vector<int64> 2048L

        keepNaN x ((V.One + q) * power half * power (n - half))

    let inline expm1 (x: V) : V =
        let struct (shifted, q) = reduce (clamp -40.0 710.0 x)
        let n = Vector.AsVectorInt64 shifted - Vector.AsVectorInt64(c Shift)
        let s = power (n - Vector<int64>.One)
        let y = fma s q (s - c 0.5)
        keepNaN x (y + y)

    let inline private logKernel (u: V) (correction: V) : V =
        let tiny = Vector.LessThan(u, c 2.2250738585072014e-308)
        let u = Vector.ConditionalSelect(tiny, u * c 18014398509481984.0, u)

        let bits =
            Vector.AsVectorUInt64 u - Vector<uint64> 0x3FE6A09E667F3BCDUL + Vector<uint64>(2048UL <<< 52)
        // The exponent, made a float by putting it into the lowest bits of 2⁵².
        let e = Vector.AsVectorDouble((bits >>> 52) ||| Vector<uint64> 0x4330000000000000UL)
        let e = e - c (4503599627370496.0 + 2048.0)
        let e = e - (Vector.AsVectorDouble(Vector.AsVectorInt64 tiny) &&& c 54.0)

        let f =
            Vector.AsVectorDouble(
                (bits &&& Vector<uint64> 0x000FFFFFFFFFFFFFUL) + Vector<uint64> 0x3FE6A09E667F3BCDUL
            )
            - V.One

        let z = f * f
        let p = fma (c 1.01875663804580931796e-4) f (c 4.97494994976747001425e-1)
        let p = fma p f (c 4.70579119878881725854)
        let p = fma p f (c 1.44989225341610930846e1)
        let p = fma p f (c 1.79368678507819816313e1)
        let p = fma p f (c 7.70838733755885391666)
        let q = f + c 1.12873587189167450590e1
        let q = fma q f (c 4.52279145837532221105e1)
        let q = fma q f (c 8.29875266912776603211e1)
        let q = fma q f (c 7.11544750618563894466e1)
        let q = fma q f (c 2.31251620126765340583e1)
        let y = fma e (c -2.121944400546905827679e-4) (fma (f * z) (p / q) correction)
        fma e (c 0.693359375) (f + fma z (c -0.5) y)

    /// A logarithm of x with a pole somewhere: NaN to the left of it, infinity at infinity.
    let inline private special (x: V) (pole: V) (y: V) =
        let infinity = c Double.PositiveInfinity
        let y = Vector.ConditionalSelect(Vector.Equals(x, infinity), x, y)
        let y = Vector.ConditionalSelect(Vector.Equals(x, pole), -infinity, y)
        Vector.ConditionalSelect(Vector.GreaterThanOrEqual(x, pole), y, c Double.NaN)

    let inline log1p (x: V) : V =
        let u = V.One + x
        let y = logKernel u ((x - (u - V.One)) / u)
        special x (c -1.0) y

    let inline log (x: V) : V = special x V.Zero (logKernel x V.Zero)

    /// log(x), for x > 0 and finite.
    let inline logPositive (x: V) : V = logKernel x V.Zero

/// The functions, on rows.
module internal VectorMath =

    let inline is<'T, 'U> () = obj.ReferenceEquals(typeof<'T>, typeof<'U>)

    // F#'s own comparison operators would call its structural comparison on a generic type.
    let inline private isEqual<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_Equality (a, b)
    let inline private isLess<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_LessThan (a, b)
    let inline private isAtMost<'T when 'T :> INumber<'T>> (a: 'T) (b: 'T) = 'T.op_LessThanOrEqual (a, b)

    let inline load (x: byref<'T>) (i: int) : Vector<'T> = Vector.LoadUnsafe(&Unsafe.Add(&x, i))

    /// y <- f x. The last vector overlaps the one before it; a row shorter than a vector is filled up with
    /// zeros.
    let inline map (x: ReadOnlySpan<'T>) (y: Span<'T>) ([<InlineIfLambda>] f: Vector<'T> -> Vector<'T>) =
        Tile.optimised ()
        let n = y.Length
        let w = Vector<'T>.Count
        let from = &MemoryMarshal.GetReference x
        let into = &MemoryMarshal.GetReference y

        if n >= w then
            let mutable i = 0

            while i < n do
                let at = min i (n - w)
                Vector.StoreUnsafe(f (load &from at), &Unsafe.Add(&into, at))
                i <- i + w
        elif n > 0 then
            let mutable v = Vector<'T>.Zero
            let lanes = MemoryMarshal.CreateSpan(&Unsafe.As<Vector<'T>, 'T> &v, w)
            x.CopyTo lanes
            v <- f v
            lanes.Slice(0, n).CopyTo y

    // The formulas, for either precision.

    let inline private sigmoidOf ([<InlineIfLambda>] exp: Vector<'T> -> Vector<'T>) (x: Vector<'T>) =
        // exp of a negative number does not overflow.
        let e = exp -(Vector.Abs x)

        Vector.ConditionalSelect(Vector.LessThan(x, Vector<'T>.Zero), e, Vector<'T>.One)
        / (Vector<'T>.One + e)

    let inline private softplusOf
        ([<InlineIfLambda>] exp: Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] log1p: Vector<'T> -> Vector<'T>)
        (x: Vector<'T>)
        =
        Vector.Max(x, Vector<'T>.Zero) + log1p (exp -(Vector.Abs x))

    let inline private tanhOf ([<InlineIfLambda>] expm1: Vector<'T> -> Vector<'T>) (x: Vector<'T>) =
        let a = Vector.Abs x
        let e = expm1 -(a + a)
        Vector.CopySign(e / (e + Vector<'T>.One + Vector<'T>.One), x)

    let inline private coshOf ([<InlineIfLambda>] halfExp: Vector<'T> -> Vector<'T>) (x: Vector<'T>) =
        let h = halfExp (Vector.Abs x)
        let four = Vector<'T>.One + Vector<'T>.One + Vector<'T>.One + Vector<'T>.One
        h + Vector<'T>.One / (four * h)

    let inline private sinhOf
        ([<InlineIfLambda>] halfExp: Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] expm1: Vector<'T> -> Vector<'T>)
        (x: Vector<'T>)
        =
        let a = Vector.Abs x
        let h = halfExp a
        let two = Vector<'T>.One + Vector<'T>.One
        let far = h - Vector<'T>.One / (two * two * h)
        let e = expm1 a
        let near = (e + e / (e + Vector<'T>.One)) / two
        Vector.CopySign(Vector.ConditionalSelect(Vector.LessThan(a, Vector<'T>.One), near, far), x)

    // One method for each function. Those with loops are compiled with all optimisations at once: vector code
    // that waits for its turn runs a hundred times slower.

    let inline either
        ([<InlineIfLambda>] single: Vector<float32> -> Vector<float32>)
        ([<InlineIfLambda>] double: Vector<float> -> Vector<float>)
        (x: ReadOnlySpan<'T>)
        (y: Span<'T>)
        =
        if is<'T, float32>() then
            map (MemoryMarshal.Cast<'T, float32> x) (MemoryMarshal.Cast<'T, float32> y) single
        else
            map (MemoryMarshal.Cast<'T, float> x) (MemoryMarshal.Cast<'T, float> y) double

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let exp x y = either (fun v -> SingleMath.expScaled 0 v) (fun v -> DoubleMath.expScaled 0 v) x y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let expm1 x y =
        // It has the sign of x, also that of -0, which the polynomials lose.
        either
            (fun v -> Vector.CopySign(SingleMath.expm1 v, v))
            (fun v -> Vector.CopySign(DoubleMath.expm1 v, v))
            x
            y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let log x y = either (fun v -> SingleMath.log v) (fun v -> DoubleMath.log v) x y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let log1p x y =
        // It has the sign of x, also that of -0, which the polynomials lose.
        either
            (fun v -> Vector.CopySign(SingleMath.log1p v, v))
            (fun v -> Vector.CopySign(DoubleMath.log1p v, v))
            x
            y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let sigmoid x y =
        either
            (fun v -> sigmoidOf (fun v -> SingleMath.expScaled 0 v) v)
            (fun v -> sigmoidOf (fun v -> DoubleMath.expScaled 0 v) v)
            x
            y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let tanh x y =
        either
            (fun v -> tanhOf (fun v -> SingleMath.expm1 v) v)
            (fun v -> tanhOf (fun v -> DoubleMath.expm1 v) v)
            x
            y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let cosh x y =
        either
            (fun v -> coshOf (fun v -> SingleMath.expScaled -1 v) v)
            (fun v -> coshOf (fun v -> DoubleMath.expScaled -1 v) v)
            x
            y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let sinh x y =
        either
            (fun v -> sinhOf (fun v -> SingleMath.expScaled -1 v) (fun v -> SingleMath.expm1 v) v)
            (fun v -> sinhOf (fun v -> DoubleMath.expScaled -1 v) (fun v -> DoubleMath.expm1 v) v)
            x
            y

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let softplus x y =
        either
            (fun v -> softplusOf (fun v -> SingleMath.expScaled 0 v) (fun v -> SingleMath.log1p v) v)
            (fun v -> softplusOf (fun v -> DoubleMath.expScaled 0 v) (fun v -> DoubleMath.log1p v) v)
            x
            y

    /// 1, 0 or -1; NaN for NaN.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let sign<'T when 'T: struct> (x: ReadOnlySpan<'T>) (y: Span<'T>) =
        map x y (fun v ->
            let zero = Vector<'T>.Zero
            let low = Vector.ConditionalSelect(Vector.LessThan(v, zero), -Vector<'T>.One, v + zero)
            Vector.ConditionalSelect(Vector.GreaterThan(v, zero), Vector<'T>.One, low))

    // Powers of Float32 are exact enough as exp(y·log x) in Float64, for x > 0 and finite numbers; whatever
    // else is in a vector goes to the scalar function, one element after the other.

    let inline private fast (x: Vector<float32>) (y: Vector<float32>) =
        let max = Vector<float32> Single.MaxValue

        Vector.GreaterThanAll(x, Vector<float32>.Zero)
        && Vector.LessThanOrEqualAll(x, max)
        && Vector.LessThanOrEqualAll(Vector.Abs y, max)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private powerSingle (x: ReadOnlySpan<float32>) (y: ReadOnlySpan<float32>) (z: Span<float32>) =
        let w = Vector<float32>.Count
        let mutable i = 0

        while i < z.Length do
            let n = min w (z.Length - i)
            // A row's end is filled up with ones.
            let mutable a = Vector<float32>.One
            let mutable b = Vector<float32>.One
            let lanesA = MemoryMarshal.CreateSpan(&Unsafe.As<Vector<float32>, float32> &a, w)
            let lanesB = MemoryMarshal.CreateSpan(&Unsafe.As<Vector<float32>, float32> &b, w)
            x.Slice(i, n).CopyTo lanesA
            y.Slice(i, n).CopyTo lanesB

            if fast a b then
                let low = Vector.WidenLower b * DoubleMath.logPositive (Vector.WidenLower a)
                let high = Vector.WidenUpper b * DoubleMath.logPositive (Vector.WidenUpper a)
                a <- Vector.Narrow(DoubleMath.expScaled 0 low, DoubleMath.expScaled 0 high)
                lanesA.Slice(0, n).CopyTo(z.Slice i)
            else
                for j in i .. i + n - 1 do
                    z[j] <- MathF.Pow(x[j], y[j])

            i <- i + w

    let power<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IPowerFunctions<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<'T>)
        =
        if is<'T, float32>() then
            powerSingle
                (MemoryMarshal.Cast<'T, float32> x)
                (MemoryMarshal.Cast<'T, float32> y)
                (MemoryMarshal.Cast<'T, float32> z)
        else
            for i in 0 .. z.Length - 1 do
                z[i] <- 'T.Pow(x[i], y[i])

    // Comparisons and selection change between masks as wide as a number and Bool, one byte each.

    let inline private narrow64 (x: Vector<int64>) (y: Vector<int64>) : Vector<int> = Vector.Narrow(x, y)
    let inline private narrow32 (x: Vector<int>) (y: Vector<int>) : Vector<int16> = Vector.Narrow(x, y)
    let inline private narrow16 (x: Vector<int16>) (y: Vector<int16>) : Vector<sbyte> = Vector.Narrow(x, y)

    let inline private compare
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        ([<InlineIfLambda>] f: Vector<'T> -> Vector<'T> -> Vector<'T>)
        ([<InlineIfLambda>] g: 'T -> 'T -> bool)
        =
        let w = Vector<'T>.Count
        let a = &MemoryMarshal.GetReference x
        let b = &MemoryMarshal.GetReference y
        let bytes = MemoryMarshal.Cast<bool, sbyte> z
        let mutable i = 0

        if sizeof<'T> = 4 then
            while i <= z.Length - 4 * w do
                let m0 = Vector.AsVectorInt32(f (load &a i) (load &b i))
                let m1 = Vector.AsVectorInt32(f (load &a (i + w)) (load &b (i + w)))
                let m2 = Vector.AsVectorInt32(f (load &a (i + 2 * w)) (load &b (i + 2 * w)))
                let m3 = Vector.AsVectorInt32(f (load &a (i + 3 * w)) (load &b (i + 3 * w)))
                let m = narrow16 (narrow32 m0 m1) (narrow32 m2 m3)
                (m &&& Vector<sbyte>.One).CopyTo(bytes.Slice i)
                i <- i + 4 * w

        while i < z.Length do
            z[i] <- g x[i] y[i]
            i <- i + 1

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let equal<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        =
        compare x y z (fun a b -> Vector.Equals(a, b)) (fun a b -> isEqual a b)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let less<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        =
        compare x y z (fun a b -> Vector.LessThan(a, b)) (fun a b -> isLess a b)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let lessEqual<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (x: ReadOnlySpan<'T>)
        (y: ReadOnlySpan<'T>)
        (z: Span<bool>)
        =
        compare x y z (fun a b -> Vector.LessThanOrEqual(a, b)) (fun a b -> isAtMost a b)

    /// z <- x where c, y elsewhere.
    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let select (c: ReadOnlySpan<bool>) (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<'T>) =
        let mutable i = 0

        if sizeof<'T> = 4 then
            let w = Vector<uint32>.Count
            let a = &Unsafe.As<'T, uint32>(&MemoryMarshal.GetReference x)
            let b = &Unsafe.As<'T, uint32>(&MemoryMarshal.GetReference y)
            let r = &Unsafe.As<'T, uint32>(&MemoryMarshal.GetReference z)
            let bytes = MemoryMarshal.Cast<bool, byte> c

            while i <= z.Length - 4 * w do
                let v: Vector<byte> = Vector.LoadUnsafe(&Unsafe.Add(&MemoryMarshal.GetReference bytes, i))
                let low: Vector<uint16> = Vector.WidenLower v
                let high: Vector<uint16> = Vector.WidenUpper v

                for k in 0..3 do
                    let half = if k < 2 then low else high
                    let m = if k &&& 1 = 0 then Vector.WidenLower half else Vector.WidenUpper half
                    let at = i + k * w

                    let chosen =
                        Vector.ConditionalSelect(
                            Vector.GreaterThan(m, Vector<uint32>.Zero),
                            load &a at,
                            load &b at
                        )

                    Vector.StoreUnsafe(chosen, &Unsafe.Add(&r, at))

                i <- i + 4 * w

        while i < z.Length do
            z[i] <- if c[i] then x[i] else y[i]
            i <- i + 1
