namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Differentiation.Vectors

/// The derivatives of singular values and vectors, of real and complex matrices. Where two singular values are equal, vectors have
/// none; nor where one is 0 and the matrix is complex or not square. Transposes are those by the pairing Re Σ x y, as everywhere.
module internal SingularVectors =
    /// Without its part in the space of orthonormal columns.
    let private besides (columns: Tensor) (t: Tensor) =
        t - product columns (product (conj (columns.Transpose())) t)

    let private imaginaryDiagonal (t: Tensor) = imaginaryPart (t.Diagonal())

    /// With P = uᴴ da v, ds is the real part of its diagonal, du = u K + (1 - u uᴴ) da v s⁻¹ and dv = v L + (1 - v vᴴ) daᴴ u s⁻¹, where
    /// K = F∘(P s + s Pᴴ), L = F∘(s P + Pᴴ s), and F is 1/(sⱼ² - sᵢ²), 0 on the diagonal (J. Townsend, "Differentiating the singular
    /// value decomposition", 2016). A column of u and one of v may be turned together: of complex ones the diagonal of K is
    /// i Im P s⁻¹, and both turn by the angle that keeps the pivot of u real.
    let svd (u: Tensor) (s: Tensor) (vt: Tensor) : JointMap =
        let isComplex = u.DType.IsComplex
        let m, n, k = u.Dims[u.Rank - 2], vt.Dims[vt.Rank - 1], s.Dims[s.Rank - 1]
        let adjoint = conj (u.Transpose())
        let v = conj (vt.Transpose())
        // Over all columns, and over all rows.
        let across, down = alike u (s.Unsqueeze -2), alike u (s.Unsqueeze -1)

        let gaps =
            Deferred(fun () ->
                let across, down = s.Unsqueeze -2, s.Unsqueeze -1
                alike u ((across - down) * (across + down) + identityLike (across * down)))

        /// F times a matrix.
        let overGaps (t: Tensor) = (t.Tril -1 + t.Triu 1) / gaps.Value

        let pivots = Deferred(fun () -> pivots u)
        let pivotValues = Deferred(fun () -> sumOfColumns (realPart u * pivots.Value))

        let push (tangents: Tensor voption[]) =
            let da = tangents[0].Value
            let right, left = product da v, product (conj (da.Transpose())) u
            let inner = product adjoint right
            let turned = conj (inner.Transpose())
            let ofU = product u (overGaps (inner * across + down * turned))
            let ofV = product v (overGaps (down * inner + turned * across))
            let ofU = if m > k then ofU + besides u right / across else ofU
            let ofV = if n > k then ofV + besides v left / across else ofV

            let struct (ofU, ofV) =
                if isComplex then
                    let ofU = ofU + u * ofImaginary ((imaginaryDiagonal inner / s).Unsqueeze -2)
                    let angle = sumOfColumns (imaginaryPart ofU * pivots.Value) / pivotValues.Value
                    struct (ofU - u * ofImaginary angle, ofV - v * ofImaginary angle)
                else
                    struct (ofU, ofV)

            [| ValueSome ofU; ValueSome(realPart (inner.Diagonal())); ValueSome(conj (ofV.Transpose())) |]

        // By the pairing Re Σ conj x y, in which the conjugates of cotangents are what is pulled.
        let pull (cotangents: Tensor voption[]) =
            let twice (t: Tensor) = let f = overGaps t in f + conj (f.Transpose())
            let ofU = cotangents[0] |> ValueOption.map conj
            let ofV = cotangents[2] |> ValueOption.map (fun c -> c.Transpose())

            let ofU =
                if not isComplex || ofU.IsNone && ofV.IsNone then
                    ofU
                else
                    let along vectors =
                        ValueOption.map (fun c -> imaginaryPart (sumOfColumns (conj c * vectors)))

                    let angle = sum [ along u ofU; along v ofV ] / pivotValues.Value
                    ValueSome(sum [ ofU; ValueSome(ofImaginary (angle * pivots.Value)) ])

            let onU = ofU |> ValueOption.map (product adjoint)

            let inner =
                [
                    onU |> ValueOption.map (fun x -> twice x * across)
                    cotangents[1] |> ValueOption.map (fun c -> alike u (Tensor.diag c))
                    ofV |> ValueOption.map (fun c -> down * twice (product vt c))
                    if isComplex then
                        onU |> ValueOption.map (fun x -> ofImaginary (Tensor.diag (imaginaryDiagonal x / s)))
                ]
                |> sum

            let whole = ValueSome(product u (product inner vt))

            let left =
                match ofU with
                | ValueSome c when m > k -> ValueSome(product (besides u c / across) vt)
                | ValueSome _
                | ValueNone -> ValueNone

            let right =
                match ofV with
                | ValueSome c when n > k -> ValueSome(product u (conj ((besides v c / across).Transpose())))
                | ValueSome _
                | ValueNone -> ValueNone

            [| ValueSome(conj (sum [ whole; left; right ])) |]

        { Push = push; Pull = pull }

    /// Of the values alone: the diagonal of uᴴ da v, also where some are equal.
    let values (a: Tensor) : Linear =
        let vectors = lazy (Bind.apply Primitive.Svd [| a |])

        let push (da: Tensor) =
            let u, vt = vectors.Value[0], vectors.Value[2]
            (realPart (sumOfColumns (conj u * product da (conj (vt.Transpose()))))).Squeeze -2

        let pull (c: Tensor) =
            let u, vt = vectors.Value[0], vectors.Value[2]
            conj (product (u * alike u (c.Unsqueeze -2)) vt)

        Linear.Opaque(push, pull)
