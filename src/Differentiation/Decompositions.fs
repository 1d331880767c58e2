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

    let private symmetric (t: Tensor) = (t + t.Transpose()) * 0.5

    /// A part of the rows.
    let private rows start count (t: Tensor) = sliceAxis (t.Rank - 2) start count t

    /// With zeros behind it, up to so many along an axis from the end.
    let private padded fromEnd size (t: Tensor) =
        let axis = t.Rank - fromEnd

        if t.Dims[axis] = size then
            t
        else
            let rest = Array.updateAt axis (size - t.Dims[axis]) t.Dims
            concat axis [ t; Bind.full (Literal.Real 0.0) t.DType rest t.Device ]

    let private identityLike (t: Tensor) = (Tensor.onesLike t).Tril().Triu()

    // ---- Triangular systems ----

    /// x = a⁻¹ b has dx = -a⁻¹ da x, of the triangle of da.
    let triangularSolve isUpper (a: Tensor) (x: Tensor) : Linear =
        let inside =
            Deferred(fun () ->
                let ones = Bind.full (Literal.Real 1.0) (DTypes.ofParts a.DType) a.Dims a.Device
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
    let private qrOfReal (a: Tensor) (q: Tensor) (r: Tensor) : JointMap =
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

    /// A rule of real matrices for complex ones, whose q and r are those of the real ones of twice the size. Of the pairing
    /// Re Σ x y the cotangent of real parts x and y is the conjugate of that of x + yi.
    let qr (a: Tensor) (q: Tensor) (r: Tensor) : JointMap =
        if not a.DType.IsComplex then
            qrOfReal a q r
        else
            let rule =
                lazy
                    (qrOfReal (ComplexMatrices.toReal a) (ComplexMatrices.toReal q) (ComplexMatrices.toReal r))

            let conjugate (z: Tensor) = Bind.one Primitive.Conjugate [| z |]
            let each f = Array.map (ValueOption.map f)

            {
                Push =
                    each ComplexMatrices.toReal
                    >> (fun tangents -> rule.Value.Push tangents)
                    >> each ComplexMatrices.ofReal
                Pull =
                    each (conjugate >> ComplexMatrices.toReal)
                    >> (fun cotangents -> rule.Value.Pull cotangents)
                    >> each (ComplexMatrices.ofReal >> conjugate)
            }

    // ---- Cholesky ----

    /// l⁻¹ x
    let private underLower (l: Tensor) (x: Tensor) = Bind.one (Primitive.TriangularSolve false) [| l; x |]

    /// l⁻ᵀ x
    let private underLowerTransposed (l: Tensor) (x: Tensor) =
        Bind.one (Primitive.TriangularSolve true) [| l.Transpose(); x |]

    /// With Φ the lower triangle and half the diagonal, dl = l Φ(l⁻¹ da l⁻ᵀ); of a change c of l, that of a is the symmetric part
    /// of l⁻ᵀ Φ(lᵀ c) l⁻¹ (I. Murray, "Differentiation of the Cholesky decomposition", 2016).
    let cholesky (l: Tensor) : Linear =
        let lowerHalf (t: Tensor) = (t.Tril() + t.Tril -1) * 0.5

        let push (da: Tensor) =
            let s = underLower l (symmetric da)
            product l (lowerHalf (underLower l (s.Transpose())))

        let pull (c: Tensor) =
            let s = underLowerTransposed l (lowerHalf (product (l.Transpose()) c))
            symmetric (underLowerTransposed l (s.Transpose()))

        Linear.Opaque(push, pull)

    // ---- LU ----

    let private rowsIn (order: Tensor) (t: Tensor) =
        let axis = t.Rank - 2
        Bind.one (Primitive.Gather(Finder.Gather, axis, axis)) [| t; order |]

    let private rowsBack (order: Tensor) (t: Tensor) =
        let axis = t.Rank - 2
        Bind.one (Primitive.Scatter(Collision.Add, axis, axis, t.Dims[axis])) [| t; order |]

    /// With l made square by columns of the identity, W = l⁻¹ da (rows in order) and F the part of W u⁻¹ below the diagonal,
    /// dl = l F and du = W - F u. F has one column less than there are rows, so nothing is divided by the last pivot of a square
    /// matrix: a determinant has a derivative where it is 0.
    let lu (packed: Tensor) (order: Tensor) : JointMap =
        let m, n = packed.Dims[packed.Rank - 2], packed.Dims[packed.Rank - 1]
        let k = min m n
        let q = max 0 (min (m - 1) n)

        let lower =
            Deferred(fun () ->
                let square = padded 1 m ((columns 0 k packed).Tril -1)
                square + identityLike square)

        let upper = Deferred(fun () -> rows 0 q (packed.Triu()))
        let corner = Deferred(fun () -> columns 0 q upper.Value)

        let push (tangents: Tensor voption[]) =
            let w = underLower lower.Value (rowsIn order tangents[0].Value)
            let f = (overUpper corner.Value (columns 0 q w)).Tril -1
            let ofLower = product lower.Value f
            let ofUpper = (rows 0 k w - product (rows 0 k f) upper.Value).Triu()
            [| ValueSome(padded 1 n ofLower + padded 2 m ofUpper); ValueNone; ValueNone |]

        let pull (cotangents: Tensor voption[]) =
            let c = cotangents[0].Value
            let ofLower = columns 0 q (c.Tril -1)
            let ofUpper = rows 0 k (c.Triu())
            let l = lower.Value.Transpose()

            let f = (product l ofLower - padded 2 m (product ofUpper (upper.Value.Transpose()))).Tril -1

            let w = padded 2 m ofUpper + padded 1 n (overUpperTransposed corner.Value f)
            [| ValueSome(rowsBack order (underLowerTransposed lower.Value w)) |]

        { Push = push; Pull = pull }

    // ---- Systems and inverses ----

    /// b ↦ a⁻¹ b, or a⁻ᵀ b
    let solveBy isTransposed (a: Tensor) : Linear =
        let by isTransposed b = Bind.one (Primitive.Solve isTransposed) [| a; b |]
        Linear.Opaque(by isTransposed, by (not isTransposed))

    /// x = a⁻¹ b has dx = -a⁻¹ da x.
    let solve isTransposed (a: Tensor) (x: Tensor) : Linear =
        let turned =
            if isTransposed then
                let last = a.Rank - 1
                Linear.Permute(Array.init a.Rank (fun i -> if i < last - 1 then i else 2 * last - 1 - i))
            else
                Linear.Identity

        Linear.Compose(
            turned,
            Linear.Compose(Linear.MultiplyRight x, Linear.Compose(solveBy isTransposed a, Linear.Negate))
        )

    /// x = a⁻¹ has dx = -x da x.
    let inverse (x: Tensor) : Linear =
        Linear.Compose(Linear.MultiplyLeft x, Linear.Compose(Linear.MultiplyRight x, Linear.Negate))

    /// With x = a⁺, dx = -x da x + x xᵀ daᵀ (1 - a x) + (1 - x a) daᵀ xᵀ x, as long as the rank stays (G. Golub and V. Pereyra,
    /// "The differentiation of pseudo-inverses", 1973).
    let pseudoInverse (a: Tensor) (x: Tensor) : Linear =
        let turned = Deferred(fun () -> x.Transpose())
        let without (t: Tensor) = identityLike t - t
        let beside = Deferred(fun () -> without (product a x))
        let within = Deferred(fun () -> without (product x a))
        let rowsOf = Deferred(fun () -> product x turned.Value)
        let columnsOf = Deferred(fun () -> product turned.Value x)

        let push (da: Tensor) =
            let back = da.Transpose()

            product (product rowsOf.Value back) beside.Value
            + product within.Value (product back columnsOf.Value)
            - product x (product da x)

        let pull (c: Tensor) =
            let back = c.Transpose()

            product beside.Value (product back rowsOf.Value)
            + product columnsOf.Value (product back within.Value)
            - product turned.Value (product c turned.Value)

        Linear.Opaque(push, pull)

    // ---- Functions of matrices ----

    /// Of the blocks a, d; 0, a the function is f(a), its derivative along d; 0, f(a) (R. Mathias, "A chain rule for matrix
    /// functions", 1996). The transpose goes along the cotangent at aᵀ.
    let ofMatrix (f: MatrixFunction) (a: Tensor) : Linear =
        let n = a.Dims[a.Rank - 1]

        let along (a: Tensor) (d: Tensor) =
            // Of numbers up to 1, so that its size decides nothing.
            let largest = (abs (Bind.detach d)).Max([ -2; -1 ], keepDims = true)
            let scale = where (largest.Greater 0.0) largest (Tensor.onesLike largest)
            let upper = concat -1 [ a; d / scale ]
            let lower = concat -1 [ Tensor.zerosLike a; a ]
            let both = Bind.one (Primitive.OfMatrix f) [| concat -2 [ upper; lower ] |]
            rows 0 n (columns n n both) * scale

        Linear.Opaque(along a, along (a.Transpose()))
