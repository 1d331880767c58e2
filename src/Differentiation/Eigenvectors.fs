namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Differentiation.Vectors

/// The derivatives of eigenvalues and eigenvectors, of real and complex matrices. Where two eigenvalues are equal, vectors have none.
/// Transposes are those by the pairing Re Σ x y, as everywhere.
module internal Eigenvectors =
    /// What keeps vectors unique: of a change of the columns of v, without v i θ, with θ such that the pivots stay real.
    let private turned (v: Tensor) (change: Tensor) : Tensor =
        let pivots = pivots v
        let angle = sumOfColumns (imaginaryPart change * pivots) / sumOfColumns (realPart v * pivots)
        change - v * ofImaginary angle

    /// Its transpose.
    let private turnedBack (v: Tensor) (c: Tensor) : Tensor =
        let pivots = pivots v
        let along = sumOfColumns (c * v)
        let angle = imaginaryPart along / sumOfColumns (realPart v * pivots)
        c - ofImaginary (pivots * angle)

    // ---- Symmetric and Hermitian matrices ----

    let private hermitian (t: Tensor) = (t + conj (t.Transpose())) * 0.5

    /// With S = vᴴ da v, dw is the diagonal of S, and dv = v (F S), where F is 1/(wⱼ - wᵢ), and 0 on the diagonal, and F infinite
    /// where two are equal. Complex vectors are turned besides.
    let eigh (w: Tensor) (v: Tensor) : JointMap =
        let turned = if v.DType.IsComplex then turned v else id
        let turnedBack = if v.DType.IsComplex then turnedBack v else id
        let adjoint = conj (v.Transpose())

        let gaps =
            Deferred(fun () ->
                let gaps = w.Unsqueeze -2 - w.Unsqueeze -1
                alike v (gaps + identityLike gaps))

        /// F times a matrix, by division: of a tiny gap the quotient may be a number where its inverse is none.
        let overGaps (t: Tensor) = (t.Tril -1 + t.Triu 1) / gaps.Value

        let push (tangents: Tensor voption[]) =
            let s = product adjoint (product (hermitian tangents[0].Value) v)
            [| ValueSome(realPart (s.Diagonal())); ValueSome(turned (product v (overGaps s))) |]

        let pull (cotangents: Tensor voption[]) =
            let right = v.Transpose()

            // v times a diagonal is the columns of v times its elements.
            let ofValues =
                cotangents[0] |> ValueOption.map (fun c -> product (conj v * (alike v c).Unsqueeze -2) right)

            let ofVectors =
                cotangents[1]
                |> ValueOption.map (fun c ->
                    product (conj v) (product (overGaps (product right (turnedBack c))) right))

            [| ValueSome(hermitian (sum [ ofValues; ofVectors ])) |]

        { Push = push; Pull = pull }

    // ---- Any matrices ----

    /// Of vectors of length 1: a change without what makes them longer, and turned.
    let private normalised (v: Tensor) (change: Tensor) : Tensor =
        let longer = sumOfColumns (realPart (conj v * change))
        turned v (change - v * ofReal longer)

    let private normalisedBack (v: Tensor) (c: Tensor) : Tensor =
        let c = turnedBack v c
        c - conj v * ofReal (realPart (sumOfColumns (c * v)))

    /// With P = v⁻¹ da v, dw is the diagonal of P, and dv = v (F P), with F as above, but for the length and the phase of vectors
    /// (M. Giles, "An extended collection of matrix derivative results", 2008; of complex ones C. Boeddeker et al., 2017).
    let eig (dtype: DType) (w: Tensor) (v: Tensor) : JointMap =
        let gaps =
            Deferred(fun () ->
                let gaps = w.Unsqueeze -2 - w.Unsqueeze -1
                gaps + alike gaps (identityLike (realPart gaps)))

        let overGaps (t: Tensor) = (t.Tril -1 + t.Triu 1) / gaps.Value
        let solve isTransposed (t: Tensor) = Bind.one (Primitive.Solve isTransposed) [| v; t |]

        let widened (da: Tensor) =
            if da.DType.IsComplex then da else ofReal (da.Convert(DTypes.ofParts v.DType))

        let push (tangents: Tensor voption[]) =
            let p = solve false (product (widened tangents[0].Value) v)
            [| ValueSome(p.Diagonal()); ValueSome(normalised v (product v (overGaps p))) |]

        let pull (cotangents: Tensor voption[]) =
            let right = v.Transpose()
            let ofValues = cotangents[0] |> ValueOption.map (fun c -> Tensor.diag c)

            let ofVectors =
                cotangents[1] |> ValueOption.map (fun c -> overGaps (product right (normalisedBack v c)))

            let pulled = product (solve true (sum [ ofValues; ofVectors ])) right

            [| ValueSome(if dtype.IsComplex then pulled else (realPart pulled).Convert dtype) |]

        { Push = push; Pull = pull }
