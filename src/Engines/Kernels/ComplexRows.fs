namespace Cotangent.Engines

// What each elementwise primitive does to a row of complex numbers. Those of two Float32 are computed with two Float64, which
// every product of theirs fits, and rounded once.

open System.Numerics
open Cotangent

module internal ComplexRows =
    let private unsupported (op: obj) =
        raise (DTypeException $"{op} is not defined on complex numbers. {DTypes.wayOut DType.Complex128}")

    let inline private one (z: Complex) = z
    let inline private wide (z: Complex64) = z.ToComplex()
    let inline private narrow (z: Complex) = Complex64.OfComplex z

    let inline private each ([<InlineIfLambda>] f: 'T -> 'U) (xs: 'T[]) xo (ys: 'U[]) yo n =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            ys[yo + i] <- f xs[xo + i]

    let inline private both
        ([<InlineIfLambda>] f: 'T -> 'T -> 'U)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        (zs: 'U[])
        zo
        n
        =
        Tile.optimised ()

        for i in 0 .. n - 1 do
            zs[zo + i] <- f xs[xo + i] ys[yo + i]

    /// The function with its cut along the negative real axis, where it has one, as .NET's.
    let private analytic (op: Unary) : Complex -> Complex =
        match op.Form with
        | Form.Arithmetic Arithmetic.Negate -> fun z -> -z
        | Form.Direct Direct.Sqrt -> Complex.Sqrt
        | Form.Special Special.Exp -> Complex.Exp
        | Form.Special Special.Log -> Complex.Log
        | Form.Special Special.Sin -> Complex.Sin
        | Form.Special Special.Cos -> Complex.Cos
        | Form.Special Special.Tan -> Complex.Tan
        | Form.Special Special.Sinh -> Complex.Sinh
        | Form.Special Special.Cosh -> Complex.Cosh
        | Form.Special Special.Tanh -> Complex.Tanh
        | Form.Arithmetic _
        | Form.Direct _
        | Form.Special _
        | Form.Doubled _
        | Form.Apart _
        | Form.IsNaN
        | Form.Not -> unsupported op

    let unary (op: Unary) (xs: Complex[]) xo ys yo n =
        let f = analytic op
        each (fun z -> f z) xs xo ys yo n

    let unarySingle (op: Unary) (xs: Complex64[]) xo ys yo n =
        let f = analytic op
        each (fun z -> narrow (f (wide z))) xs xo ys yo n

    let isNaN (xs: Complex[]) xo (ys: bool[]) yo n = each Complex.IsNaN xs xo ys yo n

    let isNaNSingle (xs: Complex64[]) xo (ys: bool[]) yo n =
        each (fun z -> Complex.IsNaN(wide z)) xs xo ys yo n

    /// Whole exponents up to this one by products, whose results are exact where they can be.
    [<Literal>]
    let private MostMultiplied = 100.0

    let private power (z: Complex) (w: Complex) : Complex =
        if w.Imaginary = 0.0 && abs w.Real <= MostMultiplied && w.Real = System.Math.Floor w.Real then
            let mutable rest = int (abs w.Real)
            let mutable square = z
            let mutable product = Complex.One

            while rest > 0 do
                if rest &&& 1 = 1 then product <- product * square
                square <- square * square
                rest <- rest >>> 1

            if w.Real < 0.0 then Complex.One / product else product
        else
            Complex.Pow(z, w)

    let inline private binaryOf
        ([<InlineIfLambda>] from: 'T -> Complex)
        ([<InlineIfLambda>] into: Complex -> 'T)
        (op: Binary)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        (zs: 'T[])
        zo
        n
        =
        match op.Form with
        | BinaryForm.Operator Operator.Add -> both (fun a b -> into (from a + from b)) xs xo ys yo zs zo n
        | BinaryForm.Operator Operator.Subtract ->
            both (fun a b -> into (from a - from b)) xs xo ys yo zs zo n
        | BinaryForm.Operator Operator.Multiply ->
            both (fun a b -> into (from a * from b)) xs xo ys yo zs zo n
        | BinaryForm.Operator Operator.Divide -> both (fun a b -> into (from a / from b)) xs xo ys yo zs zo n
        | BinaryForm.Curve Curve.Power -> both (fun a b -> into (power (from a) (from b))) xs xo ys yo zs zo n
        | BinaryForm.Operator Operator.Remainder
        | BinaryForm.Curve Curve.Atan2
        | BinaryForm.Bound _
        | BinaryForm.Logic _
        | BinaryForm.Shift _
        | BinaryForm.Comparison _ -> unsupported op

    let binary op xs xo ys yo zs zo n = binaryOf one one op xs xo ys yo zs zo n
    let binarySingle op xs xo ys yo zs zo n = binaryOf wide narrow op xs xo ys yo zs zo n

    let equal (xs: Complex[]) xo ys yo (zs: bool[]) zo n =
        both (fun (a: Complex) b -> a.Real = b.Real && a.Imaginary = b.Imaginary) xs xo ys yo zs zo n

    let equalSingle (xs: Complex64[]) xo ys yo (zs: bool[]) zo n =
        both (fun (a: Complex64) b -> a.Real = b.Real && a.Imaginary = b.Imaginary) xs xo ys yo zs zo n

    let ofComplex (f: ComplexFunction) (xs: Complex[]) xo (ys: float[]) yo n =
        match f with
        | ComplexFunction.Real -> each (fun (z: Complex) -> z.Real) xs xo ys yo n
        | ComplexFunction.Imaginary -> each (fun (z: Complex) -> z.Imaginary) xs xo ys yo n
        | ComplexFunction.Modulus -> each Complex.Abs xs xo ys yo n

    let ofComplexSingle (f: ComplexFunction) (xs: Complex64[]) xo (ys: float32[]) yo n =
        match f with
        | ComplexFunction.Real -> each (fun (z: Complex64) -> z.Real) xs xo ys yo n
        | ComplexFunction.Imaginary -> each (fun (z: Complex64) -> z.Imaginary) xs xo ys yo n
        | ComplexFunction.Modulus -> each (fun z -> float32 (Complex.Abs(wide z))) xs xo ys yo n

    let conjugate xs xo ys yo n = each Complex.Conjugate xs xo ys yo n

    let conjugateSingle xs xo ys yo n =
        each (fun (z: Complex64) -> Complex64(z.Real, -z.Imaginary)) xs xo ys yo n

    let join xs xo ys yo zs zo n = both (fun re im -> Complex(re, im)) xs xo ys yo zs zo n
    let joinSingle xs xo ys yo zs zo n = both (fun re im -> Complex64(re, im)) xs xo ys yo zs zo n

    let ofReal xs xo ys yo n = each (fun (x: float) -> Complex(x, 0.0)) xs xo ys yo n
    let ofSingle xs xo ys yo n = each (fun (x: float32) -> Complex64(x, 0.0f)) xs xo ys yo n
    let widen xs xo ys yo n = each (fun (z: Complex64) -> wide z) xs xo ys yo n
    let round xs xo ys yo n = each (fun (z: Complex) -> narrow z) xs xo ys yo n
