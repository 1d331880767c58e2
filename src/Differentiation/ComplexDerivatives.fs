namespace Cotangent.Differentiation

open Cotangent

/// The derivatives of what takes complex numbers apart and puts them together. These maps are linear over the real numbers
/// only. Their transposes are those by the pairing Re Σ x y, without a conjugate, as JAX has it: of what is linear over the
/// complex numbers this is the transpose by Σ x y. So the cotangent of a real function f of z = x + yi, and with it `grad`, is
/// ∂f/∂x - i ∂f/∂y.
module internal ComplexDerivatives =
    let private real (z: Tensor) = Bind.one (Primitive.OfComplex ComplexFunction.Real) [| z |]
    let private imaginary (z: Tensor) = Bind.one (Primitive.OfComplex ComplexFunction.Imaginary) [| z |]
    let private join (x: Tensor) (y: Tensor) = Bind.one Primitive.Complex [| x; y |]
    let private conj (z: Tensor) = Bind.one Primitive.Conjugate [| z |]
    let private negate (x: Tensor) = Bind.unary Unary.Negate x
    let private ofReal (x: Tensor) = join x (Tensor.zerosLike x)
    let private ofImaginary (y: Tensor) = join (Tensor.zerosLike y) y

    /// Re (conj z · w) = Re z Re w + Im z Im w, so the conjugate is its own transpose by that pairing.
    let conjugate: Linear = Linear.Opaque(conj, conj)

    let private realPart = Linear.Opaque(real, ofReal)

    /// dz ↦ Re (z̄ dz) / |z|; 0 at the origin, the subgradient of least length.
    let private modulus (z: Tensor) (r: Tensor) =
        let direction =
            Deferred(fun () ->
                let isOrigin = r.Equal 0.0
                let size = where isOrigin (Tensor.onesLike r) r
                let unit = where isOrigin (Tensor.zerosLike z) z / ofReal size
                conj unit)

        Linear.Compose(Linear.Scale direction, realPart)

    let ofComplex (f: ComplexFunction) (z: Tensor) (output: Tensor) : Linear =
        match f with
        | ComplexFunction.Real -> realPart
        | ComplexFunction.Imaginary -> Linear.Opaque(imaginary, (fun c -> ofImaginary (negate c)))
        | ComplexFunction.Modulus -> modulus z output

    /// Re ((x + yi) c) = x Re c - y Im c
    let complex (inputs: Tensor[]) : JointMap = {
        Push =
            fun tangents ->
                let given i =
                    match tangents[i] with
                    | ValueSome t -> t
                    | ValueNone -> Tensor.zerosLike inputs[i]

                [| ValueSome(join (given 0) (given 1)) |]
        Pull =
            fun cotangents ->
                let c = cotangents[0].Value
                [| ValueSome(real c); ValueSome(negate (imaginary c)) |]
    }

    /// How often each of the first n/2 + 1 numbers of a transform stands among all n: by itself, or also as a conjugate.
    let private multiplicity (n: int) axis (like: Tensor) : Tensor =
        let k = Bind.create (Primitive.Iota(DType.Int32, n / 2 + 1)) like.Device
        let isAlone = (k.Equal 0.0).Or((k * 2).Equal(float n))
        let times = where isAlone (Tensor.onesLike k) (Tensor.onesLike k * 2)
        let shape = like.Dims |> Array.mapi (fun i _ -> if i = axis then n / 2 + 1 else 1)
        (times.Convert like.DType).Reshape shape

    /// The matrices of `Forward` and `Backward` are symmetric: these are their own transposes. Those of real numbers are each
    /// other's but for conjugates, and for how often a number stands there.
    let fourier (transform: FourierTransform) axis scale (length: int) : Linear =
        let apply t x = Bind.one (Primitive.Fourier(t, axis, scale)) [| x |]
        let forward = apply FourierTransform.RealForward
        let backward n = apply (FourierTransform.RealBackward n)

        match transform with
        | FourierTransform.Forward
        | FourierTransform.Backward -> Linear.Opaque(apply transform, apply transform)
        | FourierTransform.RealForward ->
            let pull (c: Tensor) = backward length (conj c / multiplicity length axis c)
            Linear.Opaque(forward, pull)
        | FourierTransform.RealBackward n ->
            let pull (c: Tensor) =
                let spectrum = forward c
                conj spectrum * multiplicity n axis spectrum

            Linear.Opaque(backward n, pull)
