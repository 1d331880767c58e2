namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Complex matrices as real ones of twice the size, each number x + yi a block [x, -y; y, x]: sums and products go along, adjoints
/// become transposes, and what is triangular with a positive diagonal stays so. What is unique of real matrices, a QR or Cholesky
/// decomposition, is therefore that of the complex ones.
module internal ComplexMatrices =
    let private parts (z: Tensor) =
        struct (Bind.one (Primitive.OfComplex ComplexFunction.Real) [| z |],
                Bind.one (Primitive.OfComplex ComplexFunction.Imaginary) [| z |])

    /// (…, m, n) to (…, 2m, 2n)
    let toReal (z: Tensor) : Tensor =
        let struct (x, y) = parts z
        let r = z.Rank
        let upper, lower = stack r [ x; -y ], stack r [ y; x ]

        (stack (r - 1) [ upper; lower ])
            .Reshape(Array.append z.Dims[.. r - 3] [| 2 * z.Dims[r - 2]; 2 * z.Dims[r - 1] |])

    /// (…, 2m, 2n) to the nearest (…, m, n): each number the mean of where a block has it.
    let ofReal (t: Tensor) : Tensor =
        let r = t.Rank
        let m, n = t.Dims[r - 2] / 2, t.Dims[r - 1] / 2
        let blocks = t.Reshape(Array.append t.Dims[.. r - 3] [| m; 2; n; 2 |])

        let at i j =
            let row = sliceAxis (r - 1) i 1 blocks
            (sliceAxis (r + 1) j 1 row).Reshape(Array.append t.Dims[.. r - 3] [| m; n |])

        Bind.one Primitive.Complex [| (at 0 0 + at 1 1) * 0.5; (at 1 0 - at 0 1) * 0.5 |]
