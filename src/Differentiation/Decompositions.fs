namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivatives of decompositions of matrices, and of what they are made of.
module internal Decompositions =
    let private product a b = Bind.one Primitive.MatMul [| a; b |]

    let private sum (terms: Tensor voption list) =
        terms |> List.choose ValueOption.toOption |> List.reduce (+)

    /// A part of the columns.
    let private columns start count (t: Tensor) = sliceAxis (t.Rank - 1) start count t

    // ---- Triangular systems ----

    /// x = a⁻¹ b has dx = -a⁻¹ da x, of the triangle of da.
    let triangularSolve isUpper (a: Tensor) (x: Tensor) : Linear =
        let inside =
            Deferred(fun () ->
                let ones = Tensor.onesLike a
                (if isUpper then ones.Triu() else ones.Tril()).Greater 0.0)

        Linear.Compose(
            Linear.Keep inside,
            Linear.Compose(Linear.MultiplyRight x, Linear.Compose(Linear.Solve(isUpper, a), Linear.Negate))
        )

    // ---- QR ----

    /// x r⁻¹
    let private overUpper (r: Tensor) (x: Tensor) =
        (Bind.one (Primitive.TriangularSolve false) [| r.Transpose(); x.Transpose() |]).Transpose()

    /// x r⁻ᵀ
    let private overUpperTransposed (r: Tensor) (x: Tensor) =
        (Bind.one (Primitive.TriangularSolve true) [| r; x.Transpose() |]).Transpose()

    /// Of a matrix with at least as many rows as columns: with X = da r⁻¹ and S = qᵀ X, whose part below the diagonal makes the
    /// antisymmetric W, dq = X + q (W - S) and dr = (S - W) r (S. Walter and L. Lehmann, "Algorithmic differentiation of linear
    /// algebra functions", 2010).
    let private pushTall (q: Tensor) (r: Tensor) (da: Tensor) : struct (Tensor * Tensor) =
        let x = overUpper r da
        let s = product (q.Transpose()) x
        let below = s.Tril -1
        let rest = s - (below - below.Transpose())
        struct (x - product q rest, product rest r)

    /// Its transpose: with M = r cᵣᵀ - c_qᵀ q, whose lower triangle makes the symmetric P, (c_q + q P) r⁻ᵀ.
    let private pullTall (q: Tensor) (r: Tensor) (ofQ: Tensor voption) (ofR: Tensor voption) : Tensor =
        let m =
            sum [
                ofR |> ValueOption.map (fun c -> product r (c.Transpose()))
                ofQ |> ValueOption.map (fun c -> -(product (c.Transpose()) q))
            ]

        let symmetric = m.Tril() + (m.Tril -1).Transpose()
        overUpperTransposed r (sum [ ofQ; ValueSome(product q symmetric) ])

    /// A wide matrix is one of as many columns as rows, whose q and r these are, and more columns qᵀ of which r has.
    let qr (a: Tensor) (q: Tensor) (r: Tensor) : JointMap =
        let rows, width = a.Dims[a.Rank - 2], a.Dims[a.Rank - 1]
        let k = min rows width
        let more = width - k
        let first = Deferred(fun () -> columns 0 k r)
        let rest = Deferred(fun () -> columns k more a)

        let push (tangents: Tensor voption[]) =
            let da = tangents[0].Value

            if more = 0 then
                let struct (dq, dr) = pushTall q r da
                [| ValueSome dq; ValueSome dr |]
            else
                let struct (dq, dr) = pushTall q first.Value (columns 0 k da)

                let others = product (dq.Transpose()) rest.Value + product (q.Transpose()) (columns k more da)

                [| ValueSome dq; ValueSome(concat -1 [ dr; others ]) |]

        let pull (cotangents: Tensor voption[]) =
            if more = 0 then
                [| ValueSome(pullTall q r cotangents[0] cotangents[1]) |]
            else
                match cotangents[1] with
                | ValueNone ->
                    let pulled = pullTall q first.Value cotangents[0] ValueNone
                    let none = Tensor.zerosLike rest.Value
                    [| ValueSome(concat -1 [ pulled; none ]) |]
                | ValueSome c ->
                    let others = columns k more c
                    let ofQ = sum [ cotangents[0]; ValueSome(product rest.Value (others.Transpose())) ]
                    let pulled = pullTall q first.Value (ValueSome ofQ) (ValueSome(columns 0 k c))
                    [| ValueSome(concat -1 [ pulled; product q others ]) |]

        { Push = push; Pull = pull }

    // ---- Eigenvalues ----

    /// With S = vᵀ da v, dw is the diagonal of S, and dv = v (F S), where F is 1/(wⱼ - wᵢ), and 0 on the diagonal. Where two
    /// eigenvalues are equal, vectors have no derivative, and F is infinite.
    let eigh (w: Tensor) (v: Tensor) : JointMap =
        let turned = v.Transpose()
        let symmetric (t: Tensor) = (t + t.Transpose()) * 0.5

        let gaps =
            Deferred(fun () ->
                let gaps = w.Unsqueeze -2 - w.Unsqueeze -1
                gaps + (Tensor.onesLike gaps).Tril().Triu())

        /// F times a matrix, by division: of a tiny gap the quotient may be a number where its inverse is none.
        let overGaps (t: Tensor) = (t.Tril -1 + t.Triu 1) / gaps.Value

        let push (tangents: Tensor voption[]) =
            let s = product turned (product (symmetric tangents[0].Value) v)
            [| ValueSome(s.Diagonal()); ValueSome(product v (overGaps s)) |]

        let pull (cotangents: Tensor voption[]) =
            // v times a diagonal is the columns of v times its elements.
            let ofValues = cotangents[0] |> ValueOption.map (fun c -> product (v * c.Unsqueeze -2) turned)

            let ofVectors =
                cotangents[1]
                |> ValueOption.map (fun c -> product v (product (overGaps (product turned c)) turned))

            [| ValueSome(symmetric (sum [ ofValues; ofVectors ])) |]

        { Push = push; Pull = pull }
