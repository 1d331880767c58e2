/// Elementary functions to some 50 digits, from their series: an oracle for Float64.
module internal Cotangent.Tests.BigReal

open System
open System.Numerics

/// Bits of a result.
[<Literal>]
let private Precision = 176

/// M·2^E
[<Struct>]
type Real = { M: BigInteger; E: int }

let private length (m: BigInteger) = int ((BigInteger.Abs m).GetBitLength())

/// Rounded to the precision.
let private fit (x: Real) =
    let excess = length x.M - Precision

    if x.M.IsZero then { M = BigInteger.Zero; E = 0 }
    elif excess <= 0 then x
    else { M = (x.M + (BigInteger.One <<< (excess - 1))) >>> excess; E = x.E + excess }

let ofInt (n: int) = { M = BigInteger n; E = 0 }
let zero, one, two = ofInt 0, ofInt 1, ofInt 2

let ofFloat (x: float) =
    let bits = BitConverter.DoubleToInt64Bits x
    let exponent = int ((bits >>> 52) &&& 0x7FFL)
    let fraction = bits &&& 0xFFFFFFFFFFFFFL
    let m = if exponent = 0 then fraction else fraction ||| 0x10000000000000L
    { M = BigInteger(if bits < 0L then -m else m); E = max exponent 1 - 1075 }

let negate x = { x with M = -x.M }
let shift n x = { x with E = x.E + n }
let private isNegative x = x.M.Sign < 0
let magnitude x = if isNegative x then negate x else x

let add x y =
    if x.M.IsZero then
        y
    elif y.M.IsZero then
        x
    else
        let high, low = if x.E + length x.M >= y.E + length y.M then x, y else y, x

        if high.E + length high.M - (low.E + length low.M) > 3 * Precision then
            high
        else
            let e = min high.E low.E
            fit { M = (high.M <<< (high.E - e)) + (low.M <<< (low.E - e)); E = e }

let subtract x y = add x (negate y)
let multiply x y = fit { M = x.M * y.M; E = x.E + y.E }

let divide x y =
    let up = 2 * Precision + length y.M
    fit { M = (x.M <<< up) / y.M; E = x.E - y.E - up }

let private isLess x y = isNegative (subtract x y)

let root x =
    if x.M.IsZero then
        zero
    else
        // An even exponent and twice the bits that are wanted.
        let up = 2 * Precision
        let up = if (x.E - up) % 2 = 0 then up else up + 1
        let n = x.M <<< up
        let mutable r = BigInteger.One <<< ((length n + 1) / 2)
        let mutable next = (r + n / r) >>> 1

        while next < r do
            r <- next
            next <- (r + n / r) >>> 1

        fit { M = r; E = (x.E - up) / 2 }

/// The first term, and each of the following from the one before, until they no longer matter.
let private series first (next: int -> Real -> Real) =
    let mutable term, sum, n = first, first, 1

    while not term.M.IsZero && term.E + length term.M > sum.E + length sum.M - Precision - 8 do
        term <- next n term
        sum <- add sum term
        n <- n + 1

    sum

/// As a Float64; enough for differences.
let toFloat x =
    let excess = length x.M - 60
    let m = if excess > 0 then x.M >>> excess else x.M
    Math.ScaleB(float m, x.E + max excess 0)

/// artanh x, for small x
let private artanh x =
    let z = multiply x x
    let mutable power = x

    series x (fun n _ ->
        power <- multiply power z
        divide power (ofInt (2 * n + 1)))

let private log2 = shift 1 (artanh (divide one (ofInt 3)))

/// π in units of 2^-bits, by Machin's formula.
let private piIn bits =
    let arctanOfInverse (n: int) =
        let unit = BigInteger.One <<< (bits + 32)
        let mutable power, sum, k = unit / BigInteger n, BigInteger.Zero, 0

        while not power.IsZero do
            let term = power / BigInteger(2 * k + 1)
            sum <- if k % 2 = 0 then sum + term else sum - term
            power <- power / BigInteger(n * n)
            k <- k + 1

        sum

    (BigInteger 16 * arctanOfInverse 5 - BigInteger 4 * arctanOfInverse 239) >>> 32

/// Enough for the fraction of the largest Float64.
let private bitsOfPi = 1400
let private manyPi = piIn bitsOfPi
let pi = fit { M = manyPi; E = -bitsOfPi }

let private expTaylor x = series one (fun n term -> divide (multiply term x) (ofInt n))

let exp x =
    let k = int (Math.Round(toFloat (divide x log2)))
    let r = shift -8 (subtract x (multiply (ofInt k) log2))
    let mutable y = expTaylor r

    for _ in 1..8 do
        y <- multiply y y

    shift k y

let expm1 x =
    if isLess (magnitude x) (shift -2 one) then
        series x (fun n term -> divide (multiply term x) (ofInt (n + 1)))
    else
        subtract (exp x) one

let log1pSmall x = shift 1 (artanh (divide x (add two x)))

let log x =
    let e = x.E + length x.M
    let m = shift -e x

    if isLess (magnitude (subtract x one)) (shift -3 one) then
        log1pSmall (subtract x one)
    else
        // Newton's (Halley's) iteration from the Float64.
        let mutable y = ofFloat (Math.Log(toFloat m))

        for _ in 1..3 do
            let t = exp y
            y <- add y (shift 1 (divide (subtract m t) (add m t)))

        add y (multiply (ofInt e) log2)

let log1p x = if isLess (magnitude x) (shift -3 one) then log1pSmall x else log (add one x)

let private sinTaylor x =
    let z = negate (multiply x x)
    series x (fun n term -> divide (multiply term z) (ofInt (2 * n * (2 * n + 1))))

let private cosTaylor x =
    let z = negate (multiply x x)
    series one (fun n term -> divide (multiply term z) (ofInt (2 * n * (2 * n - 1))))

/// k mod 4 and x - k·π/2
let private quarters x =
    let half = manyPi >>> 1
    let fixedPoint = if x.E + bitsOfPi >= 0 then x.M <<< (x.E + bitsOfPi) else x.M >>> -(x.E + bitsOfPi)
    // To the nearest.
    let k = BigInteger.Divide(2I * fixedPoint + BigInteger(sign fixedPoint.Sign) * half, 2I * half)

    let r = if k.IsZero then x else fit { M = fixedPoint - k * manyPi / 2I; E = -bitsOfPi }

    int (((k % 4I) + 4I) % 4I), r

let private wave quarter x =
    let k, r = quarters x

    match (k + quarter) % 4 with
    | 0 -> sinTaylor r
    | 1 -> cosTaylor r
    | 2 -> negate (sinTaylor r)
    | _ -> negate (cosTaylor r)

let sin x = wave 0 x
let cos x = wave 1 x
let tan x = divide (sin x) (cos x)

let private atanTaylor x =
    let z = negate (multiply x x)
    let mutable power = x

    series x (fun n _ ->
        power <- multiply power z
        divide power (ofInt (2 * n + 1)))

let rec atan x =
    if x.M.IsZero then
        zero
    elif isNegative x then
        negate (atan (negate x))
    elif isLess one x then
        subtract (shift -1 pi) (atan (divide one x))
    else
        let mutable y, halvings = x, 0

        while isLess (shift -4 one) y do
            y <- divide y (add one (root (add one (multiply y y))))
            halvings <- halvings + 1

        shift halvings (atanTaylor y)

let asin x = atan (divide x (root (multiply (subtract one x) (add one x))))

let acos x =
    if isNegative (add one x) || (add one x).M.IsZero then
        pi
    else
        shift 1 (atan (root (divide (subtract one x) (add one x))))

let sinh x =
    let e = expm1 (magnitude x)
    let y = shift -1 (add e (divide e (add e one)))
    if isNegative x then negate y else y

let cosh x =
    let e = exp x
    shift -1 (add e (divide one e))

let tanh x =
    let e = expm1 (shift 1 (magnitude x))
    let y = divide e (add e two)
    if isNegative x then negate y else y

let asinh x =
    let a = magnitude x
    let z = multiply a a
    let y = log1p (add a (divide z (add one (root (add one z)))))
    if isNegative x then negate y else y

let acosh x =
    let t = subtract x one
    log1p (add t (root (add (shift 1 t) (multiply t t))))

let atanh x = shift -1 (log1p (divide (shift 1 x) (subtract one x)))
let sigmoid x = divide one (add one (exp (negate x)))
let softplus x = log1p (exp x)
let private rootOfPi = root pi

/// exp(x²) erfc(x), for x >= 2: the continued fraction 1/√π / (x + (1/2)/(x + (2/2)/(x + …))).
let private scaledErfc x =
    let terms = 40 + int (700.0 / max 1.0 (toFloat (multiply x x)))
    let mutable tail = x

    for n in terms .. -1 .. 1 do
        tail <- add x (divide (shift -1 (ofInt n)) tail)

    divide one (multiply rootOfPi tail)

/// exp(-x²) 2/√π Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n + 1))
let private erfNear x =
    let z = multiply x x
    let total = series x (fun n term -> divide (multiply term (shift 1 z)) (ofInt (2 * n + 1)))
    divide (shift 1 (multiply (exp (negate z)) total)) rootOfPi

let rec erfc x =
    if isNegative x then subtract two (erfc (negate x))
    elif isLess x two then subtract one (erfNear x)
    else multiply (exp (negate (multiply x x))) (scaledErfc x)

let erf x =
    if isNegative (subtract (magnitude x) two) then erfNear x
    elif isNegative x then subtract (erfc (negate x)) one
    else subtract one (erfc x)

let private normal x = shift -1 (erfc (negate (divide x (root two))))
let gelu x = multiply x (normal x)

let geluSlope x =
    let bell = divide (exp (negate (shift -1 (multiply x x)))) (root (shift 1 pi))
    add (normal x) (multiply x bell)

let pow x y = exp (multiply y (log x))

let atan2 y x =
    if x.M.IsZero then
        if isNegative y then negate (shift -1 pi) else shift -1 pi
    else
        let t = atan (divide y x)

        if not (isNegative x) then t
        elif isNegative y then subtract t pi
        else add t pi

/// How many units in the last place of Float64 (of `digits` bits, the smallest number 2^least) a number is off.
let ulps digits least (exact: Real) (actual: float) =
    let exponent = max (exact.E + length exact.M - digits) least
    toFloat (shift -exponent (magnitude (subtract (ofFloat actual) exact)))
