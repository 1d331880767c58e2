namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Sine and its kin in terms of lane operations, as in Exponentials.fs.
//
// Arguments are reduced by multiples of π/2, which fused multiply-adds subtract in three parts without an error that
// matters. Huge arguments, for which that is not enough, and machines without such an instruction, leave it to the
// scalar functions.

open LaneOperators

[<RequireQualifiedAccess>]
module internal Trigonometry =
    let private isSingle (x: Lane) = Element.size x.Element = 4
    let private pick (x: Lane) (single: float) (double: float) = if isSingle x then single else double

    /// k, in the lowest bits, and x - k·π/2 in [-π/4, π/4]. The parts of π/2 are positive, so that -0 stays -0.
    let private reduce (x: Lane) =
        let shift = x.Real(pick x 12582912.0 6755399441055744.0)
        let shifted = Lane.fma x (x.Real 0.63661977236758134) shift
        let k = shifted - shift
        let part single double y = Lane.fnma k (x.Real(pick x single double)) y

        let r =
            x
            |> part 1.5707962512969970703 1.570796326794896558
            |> part 7.5497894158615963534e-8 6.1232339957367648033e-17
            |> part 5.3903025299577647655e-15 1.0828566739219138942e-32

        struct (shifted.AsWhole, r)

    let private isHuge (x: Lane) =
        Lane.complement (Lane.less (Lane.abs x) (x.Real(pick x 65536.0 1073741824.0)))

    /// (sin √z/√z - 1)/z
    let private sinTail (z: Lane) =
        if isSingle z then
            Lane.polynomial z [| -0.0001951860177; 0.008332191035; -0.1666665524 |]
        else
            Lane.polynomial z [|
                1.5896720156160621e-10
                -2.5050757353053314e-8
                2.7557313691407645e-6
                -0.00019841269829823144
                0.0083333333333224634
                -0.16666666666666632
            |]

    /// (cos √z - 1 + z/2)/z²
    let private cosTail (z: Lane) =
        if isSingle z then
            Lane.polynomial z [| 2.443023914e-5; -0.001388729899; 0.04166664556 |]
        else
            Lane.polynomial z [|
                -1.1361589202436326e-11
                2.0875764160756667e-9
                -2.7557314684483241e-7
                2.4801587290773107e-5
                -0.0013888888888876499
                0.041666666666666616
            |]

    /// sin(x + quarter·π/2)
    let private wave (f: Scalar) (quarter: int64) (x: Lane) =
        if not Lane.isFused then
            Exponentials.scalar f x x
        else
            let struct (k, r) = reduce x
            let k = if quarter = 0L then k else k + k.Pattern quarter
            let z = r * r
            // A product, not a sum, so that -0 stays -0.
            let sin = Lane.fma (sinTail z) z (z.Real 1.0) * r
            let cos = Lane.fma (cosTail z) (z * z) (Lane.fnma z (z.Real 0.5) (z.Real 1.0))
            let one = k.Pattern 1L
            let y = Lane.select (Lane.equal (k &&& one) one) cos sin
            let sign = (k &&& k.Pattern 2L) <<< (if isSingle x then 30 else 62)
            Exponentials.guard (isHuge x) f (Lane.differ y (sign.As y.Element)) x x

    let sin (x: Lane) = wave Scalar.Sin 0L x
    let cos (x: Lane) = wave Scalar.Cos 1L x

    let tan (x: Lane) =
        if not Lane.isFused then
            Exponentials.scalar Scalar.Tan x x
        else
            let struct (k, r) = reduce x
            let z = r * r
            let one = k.Pattern 1L
            let isOdd = Lane.equal (k &&& one) one

            let tail =
                if isSingle x then
                    Lane.polynomial z [|
                        0.009459195659
                        0.002988200402
                        0.0245171804
                        0.05338538066
                        0.1333913058
                        0.3333314359
                    |]
                else
                    // tan r = r + r³·n/d by the ninth convergent of Lambert's continued fraction.
                    Lane.polynomial z [| -44.0; 12870.0; -810810.0; 11486475.0 |]
                    / Lane.polynomial z [| 45.0; -13860.0; 945945.0; -16216200.0; 34459425.0 |]

            let y = Lane.fma tail (z * r) r
            // tan(r + π/2) = -1/tan r
            let y = Lane.select isOdd (y.Real -1.0 / y) y
            Exponentials.guard (isHuge x) Scalar.Tan y x x

    /// (asin √z/√z - 1)/z, for z <= 1/4
    let private asinTail (z: Lane) =
        if isSingle z then
            Lane.polynomial z [| 0.04214394838; 0.02419630438; 0.04546588659; 0.0749534741; 0.1666675061 |]
        else
            Lane.polynomial z [|
                0.030888401412504082
                -0.014655442447637345
                0.018474407699066334
                0.006935614131198811
                0.012068954066842013
                0.013901569828134036
                0.01735792393445559
                0.022371886237990534
                0.03038195327653375
                0.044642856986054566
                0.075000000001215289
                0.16666666666666458
            |]

    /// Whether |x| > 1/2; √((1 - |x|)/2) then, |x| otherwise; and the arcsine of that.
    let private arc (a: Lane) =
        let isFar = Lane.less (a.Real 0.5) a
        let half = Lane.fnma a (a.Real 0.5) (a.Real 0.5)
        let z = Lane.select isFar half (a * a)
        let s = Lane.select isFar (half.One Op.Sqrt) a
        struct (isFar, Lane.fma (asinTail z) (z * s) s)

    /// π/2 - y, π/2 being rounded to two numbers.
    let private fromQuarter (y: Lane) =
        (y.Real(pick y 1.5707963705062866 1.5707963267948966) - y)
        +. pick y -4.371138828673793e-8 6.123233995736766e-17

    // Beyond 1 the square root is that of a negative number.

    let asin (x: Lane) =
        let struct (isFar, y) = arc (Lane.abs x)
        Lane.withSign (Lane.signOf x) (Lane.select isFar (fromQuarter (y + y)) y)

    let acos (x: Lane) =
        let struct (isFar, y) = arc (Lane.abs x)
        let twice = y + y
        let isNegative = Lane.less x x.Zero
        let pi = x.Real(pick x 3.1415927410125732 3.141592653589793)
        let rest = pick x -8.742277657347586e-8 1.2246467991473532e-16
        let far = Lane.select isNegative ((pi - twice) +. rest) twice
        Lane.select isFar far (fromQuarter (y ||| Lane.signOf x))

    /// (atan √z/√z - 1)/z, for √z <= 1/2
    let private atanTail (z: Lane) =
        if isSingle z then
            Lane.polynomial z [|
                0.03997948393
                -0.08080222458
                0.1096865609
                -0.1427575201
                0.1999970824
                -0.3333333135
            |]
        else
            Lane.polynomial z [|
                0.01044593731271211
                -0.02793586934487215
                0.042199112762900136
                -0.051348254548206643
                0.058614242922425411
                -0.066643148677471106
                0.076921282903355828
                -0.090909001110106108
                0.11111110833928778
                -0.14285714281001341
                0.19999999999964976
                -0.33333333333333276
            |]

    /// atan(n/d) for 0 <= n <= d, not both 0: beyond 1/2 it is π/4 + atan((n - d)/(n + d)).
    let private octant (n: Lane) (d: Lane) =
        let isFar = Lane.less (d *. 0.5) n
        let q = Lane.select isFar (n - d) n / Lane.select isFar (n + d) d
        let z = q * q
        let y = Lane.fma (atanTail z) (z * q) q

        let high, low =
            pick n 0.78539818525314331 0.78539816339744828,
            pick n -2.1855694143368964e-8 3.0616169978683830e-17

        Lane.where isFar (n.Real high) + (y + Lane.where isFar (n.Real low))

    let atan (x: Lane) =
        let a = Lane.abs x
        let isFar = Lane.less (a.Real 1.0) a
        let one = a.Real 1.0
        // 1/∞ is 0, but ∞/∞ is not 1.
        let n, d = Lane.select isFar one a, Lane.select isFar a one
        let y = octant n d
        Lane.withSign (Lane.signOf x) (Lane.select isFar (fromQuarter y) y)

    /// The angle of the point (x, y).
    let atan2 (y: Lane) (x: Lane) =
        let a, b = Lane.abs y, Lane.abs x
        let isSteep = Lane.less b a
        let n, d = Lane.select isSteep b a, Lane.select isSteep a b
        // Sums must not overflow, ∞/∞ is 1, and 0/0 is 0.
        let isLarge = Lane.less (d.Real(pick d 1e38 1e307)) d
        let scale = Lane.select isLarge (d.Real 0.25) (d.Real 1.0)
        let one, infinity = d.Real 1.0, d.Real infinity
        let isInfinite = Lane.equal d infinity
        let n = Lane.select isInfinite (Lane.where (Lane.equal n infinity) one) (n * scale)
        let d = Lane.select isInfinite one (d * scale)
        let t = octant n (Lane.select (Lane.equal d d.Zero) one d)
        let t = Lane.select isSteep (fromQuarter t) t

        let pi, rest =
            pick x 3.1415927410125732 3.141592653589793, pick x -8.742277657347586e-8 1.2246467991473532e-16
        // The sign bit, since -0 lies to the left.
        let isLeft = Lane.less x.AsWhole x.AsWhole.Zero
        let t = Lane.select isLeft ((x.Real pi - t) +. rest) t
        let isNumber = Lane.both (Lane.equal a a) (Lane.equal b b)
        Lane.either (Lane.withSign (Lane.signOf y) t) ((Lane.complement isNumber).As t.Element)
