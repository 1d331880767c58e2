namespace Cotangent.Lanes

// Sine and its kin.
//
// Arguments are reduced by multiples of π/2, which fused multiply-adds subtract in three parts without an error that
// matters. Huge arguments, for which that is not enough, are left to the scalar functions.

[<RequireQualifiedAccess>]
module internal Trigonometry =
    open Numbers

    /// k, in the lowest bits, and x - k·π/2 in [-π/4, π/4]. The parts of π/2 are positive, so that -0 stays -0.
    let inline private reduce (x: Number<'A, 'V>) =
        let shift = pick x 12582912.0 6755399441055744.0
        let shifted = fma x (real x 0.63661977236758134) shift
        let k = shifted - shift
        let r = fnma k (pick x 1.5707962512969970703 1.570796326794896558) x
        let r = fnma k (pick x 7.5497894158615963534e-8 6.1232339957367648033e-17) r
        let r = fnma k (pick x 5.3903025299577647655e-15 1.0828566739219138942e-32) r
        struct (shifted, r)

    let inline private isHuge (x: Number<'A, 'V>) = complement (less (abs x) (pick x 65536.0 1073741824.0))

    /// (sin √z/√z - 1)/z
    let inline private sinTail (z: Number<'A, 'V>) =
        if isSingle z then
            real z -0.0001951860177 |> next z 0.008332191035 |> next z -0.1666665524
        else
            real z 1.5896720156160621e-10
            |> next z -2.5050757353053314e-8
            |> next z 2.7557313691407645e-6
            |> next z -0.00019841269829823144
            |> next z 0.0083333333333224634
            |> next z -0.16666666666666632

    /// (cos √z - 1 + z/2)/z²
    let inline private cosTail (z: Number<'A, 'V>) =
        if isSingle z then
            real z 2.443023914e-5 |> next z -0.001388729899 |> next z 0.04166664556
        else
            real z -1.1361589202436326e-11
            |> next z 2.0875764160756667e-9
            |> next z -2.7557314684483241e-7
            |> next z 2.4801587290773107e-5
            |> next z -0.0013888888888876499
            |> next z 0.041666666666666616

    let inline private isOdd (k: Number<'A, 'V>) =
        let one = bits k 1L 1L
        equalWhole (k &&& one) one

    /// sin(x + quarter·π/2)
    let inline private wave (f: Scalar) (quarter: int64) (x: Number<'A, 'V>) =
        let struct (k, r) = reduce x
        let k = if quarter = 0L then k else addWhole k (bits k quarter quarter)
        let z = r * r
        // A product, not a sum, so that -0 stays -0.
        let sin = fma (sinTail z) z (real z 1.0) * r
        let cos = fma (cosTail z) (z * z) (fnma z (real z 0.5) (real z 1.0))
        let y = select (isOdd k) cos sin
        let sign = (k &&& bits k 2L 2L) <<< (if isSingle x then 30 else 62)
        guard f (isHuge x) (y ^^^ sign) x x

    let inline sin (x: Number<'A, 'V>) = wave Scalar.Sin 0L x
    let inline cos (x: Number<'A, 'V>) = wave Scalar.Cos 1L x

    /// (tan √z/√z - 1)/z
    let inline private tanTail (z: Number<'A, 'V>) =
        if isSingle z then
            real z 0.009459195659
            |> next z 0.002988200402
            |> next z 0.0245171804
            |> next z 0.05338538066
            |> next z 0.1333913058
            |> next z 0.3333314359
        else
            // The ninth convergent of Lambert's continued fraction.
            let n = real z -44.0 |> next z 12870.0 |> next z -810810.0 |> next z 11486475.0

            let d =
                real z 45.0 |> next z -13860.0 |> next z 945945.0 |> next z -16216200.0 |> next z 34459425.0

            n / d

    let inline tan (x: Number<'A, 'V>) =
        let struct (k, r) = reduce x
        let z = r * r
        let y = fma (tanTail z) (z * r) r
        // tan(r + π/2) = -1/tan r
        let y = select (isOdd k) (real y -1.0 / y) y
        guard Scalar.Tan (isHuge x) y x x

    /// (asin √z/√z - 1)/z, for z <= 1/4
    let inline private asinTail (z: Number<'A, 'V>) =
        if isSingle z then
            real z 0.04214394838
            |> next z 0.02419630438
            |> next z 0.04546588659
            |> next z 0.0749534741
            |> next z 0.1666675061
        else
            real z 0.030888401412504082
            |> next z -0.014655442447637345
            |> next z 0.018474407699066334
            |> next z 0.006935614131198811
            |> next z 0.012068954066842013
            |> next z 0.013901569828134036
            |> next z 0.01735792393445559
            |> next z 0.022371886237990534
            |> next z 0.03038195327653375
            |> next z 0.044642856986054566
            |> next z 0.075000000001215289
            |> next z 0.16666666666666458

    /// Whether |x| > 1/2; √((1 - |x|)/2) then, |x| otherwise; and the arcsine of that.
    let inline private arc (a: Number<'A, 'V>) =
        let isFar = less (real a 0.5) a
        let half = fnma a (real a 0.5) (real a 0.5)
        let z = select isFar half (a * a)
        let s = select isFar (sqrt half) a
        struct (isFar, fma (asinTail z) (z * s) s)

    /// π/2 - y, π/2 being rounded to two numbers.
    let inline private fromQuarter (y: Number<'A, 'V>) =
        pick y 1.5707963705062866 1.5707963267948966 - y
        + pick y -4.371138828673793e-8 6.123233995736766e-17

    /// π - y
    let inline private fromHalf (y: Number<'A, 'V>) =
        pick y 3.1415927410125732 3.141592653589793 - y
        + pick y -8.742277657347586e-8 1.2246467991473532e-16

    // Beyond 1 the square root is that of a negative number.

    let inline asin (x: Number<'A, 'V>) =
        let struct (isFar, y) = arc (abs x)
        withSign (signOf x) (select isFar (fromQuarter (y + y)) y)

    let inline acos (x: Number<'A, 'V>) =
        let struct (isFar, y) = arc (abs x)
        let twice = y + y
        let far = select (less x (zero x)) (fromHalf twice) twice
        select isFar far (fromQuarter (y ||| signOf x))

    /// (atan √z/√z - 1)/z, for √z <= 1/2
    let inline private atanTail (z: Number<'A, 'V>) =
        if isSingle z then
            real z 0.03997948393
            |> next z -0.08080222458
            |> next z 0.1096865609
            |> next z -0.1427575201
            |> next z 0.1999970824
            |> next z -0.3333333135
        else
            real z 0.01044593731271211
            |> next z -0.02793586934487215
            |> next z 0.042199112762900136
            |> next z -0.051348254548206643
            |> next z 0.058614242922425411
            |> next z -0.066643148677471106
            |> next z 0.076921282903355828
            |> next z -0.090909001110106108
            |> next z 0.11111110833928778
            |> next z -0.14285714281001341
            |> next z 0.19999999999964976
            |> next z -0.33333333333333276

    /// atan(n/d) for 0 <= n <= d, not both 0: beyond 1/2 it is π/4 + atan((n - d)/(n + d)).
    let inline private octant (n: Number<'A, 'V>) (d: Number<'A, 'V>) =
        let isFar = less (d *. 0.5) n
        let q = select isFar (n - d) n / select isFar (n + d) d
        let z = q * q
        let y = fma (atanTail z) (z * q) q
        let high = where isFar (pick n 0.78539818525314331 0.78539816339744828)
        let low = where isFar (pick n -2.1855694143368964e-8 3.0616169978683830e-17)
        high + (y + low)

    let inline atan (x: Number<'A, 'V>) =
        let a = abs x
        let one = real a 1.0
        let isFar = less one a
        // 1/∞ is 0, but ∞/∞ is not 1.
        let y = octant (select isFar one a) (select isFar a one)
        withSign (signOf x) (select isFar (fromQuarter y) y)

    /// The angle of the point (x, y).
    let inline atan2 (y: Number<'A, 'V>) (x: Number<'A, 'V>) =
        let a, b = abs y, abs x
        let isSteep = less b a
        let n, d = select isSteep b a, select isSteep a b
        // Sums must not overflow, ∞/∞ is 1, and 0/0 is 0.
        let isLarge = less (pick d 1e38 1e307) d
        let scale = select isLarge (real d 0.25) (real d 1.0)
        let one, infinite = real d 1.0, real d infinity
        let isInfinite = equal d infinite
        let n = select isInfinite (where (equal n infinite) one) (n * scale)
        let d = select isInfinite one (d * scale)
        let t = octant n (select (equal d (zero d)) one d)
        let t = select isSteep (fromQuarter t) t
        // The sign bit, since -0 lies to the left.
        let t = select (lessWhole x (zero x)) (fromHalf t) t
        let isNumber = equal a a &&& equal b b
        withSign (signOf y) t ||| complement isNumber
