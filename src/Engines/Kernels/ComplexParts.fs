namespace Cotangent.Engines

open Cotangent

/// What is linear over the real numbers, done to the parts of complex ones: by the kernels of real numbers.
module internal ComplexParts =
    let private real = Elementwise.ofComplex ComplexFunction.Real
    let private imaginary = Elementwise.ofComplex ComplexFunction.Imaginary

    /// A function that moves or adds elements.
    let each (f: HostBuffer -> HostBuffer) (z: HostBuffer) : HostBuffer =
        Elementwise.join (f (real z)) (f (imaginary z))

    /// A function that is linear in both, as the product of matrices is: (a + bi)(c + di) = ac - bd + (ad + bc)i.
    let product
        (multiply: HostBuffer -> HostBuffer -> HostBuffer)
        (z: HostBuffer)
        (w: HostBuffer)
        : HostBuffer =
        let a, b, c, d = real z, imaginary z, real w, imaginary w

        Elementwise.join
            (Elementwise.binary Binary.Subtract (multiply a c) (multiply b d))
            (Elementwise.binary Binary.Add (multiply a d) (multiply b c))
