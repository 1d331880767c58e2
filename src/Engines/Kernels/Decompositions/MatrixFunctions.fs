namespace Cotangent.Engines

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Functions of square matrices, in Float64 for every dtype (N. Higham, "Functions of Matrices", 2008): the exponential by
// scaling, a Padé approximant and squaring, the root by Denman's and Beavers's iteration, the logarithm by roots and a Padé
// approximant in partial fractions. Roots and logarithms of symmetric matrices are those of their eigenvalues.

module internal MatrixFunctions =
    let private multiply = Matrices.product<float>()

    let private product n (a: float[]) (b: float[]) : float[] =
        let c = Array.zeroCreate<float>(n * n)
        multiply.Invoke(n, n, n, Matrices.adjacent a 0 n, Matrices.adjacent b 0 n, c, 0)
        c

    let private identity n : float[] =
        Tile.optimised ()
        let a = Array.zeroCreate<float>(n * n)

        for i in 0 .. n - 1 do
            a[i * n + i] <- 1.0

        a

    /// The sum of multiples of matrices of one size.
    let private sumOf (terms: struct (float * float[])[]) : float[] =
        Tile.optimised ()
        let struct (_, first) = terms[0]
        let total = Array.zeroCreate<float> first.Length
        let target = Span total

        for struct (factor, term) in terms do
            RowMath.MultiplyAdd(ReadOnlySpan term, factor, reading target, target)

        total

    /// The largest sum of absolute values of a row.
    let private rowNorm n (a: float[]) : float =
        Tile.optimised ()
        let mutable largest = 0.0

        for i in 0 .. n - 1 do
            largest <- Math.Max(largest, RowMath.SumOfMagnitudes(ReadOnlySpan(a, i * n, n)))

        largest

    let private aloneOf n (a: float[]) : HostBuffer =
        let buffer = Strided.fresh<float> DType.Float64 [| n; n |]
        Array.Copy(a, buffer.Items, n * n)
        buffer

    let private factored n (a: float[]) : struct (float[] * int[]) =
        let packed, order = Array.copy a, Array.zeroCreate<int> n
        Lu.factor multiply n n packed 0 (Span order) |> ignore
        struct (packed, order)

    /// a⁻¹ b; infinities and NaN where a is singular.
    let private over n (a: float[]) (b: float[]) : float[] =
        Tile.optimised ()
        let struct (packed, order) = factored n a
        let x = Array.zeroCreate<float>(n * n)

        for i in 0 .. n - 1 do
            Array.Copy(b, order[i] * n, x, i * n, n)

        let matrix = Matrices.adjacent packed 0 n
        TriangularSolve.solve multiply false true n n matrix x 0
        TriangularSolve.solve multiply true false n n matrix x 0
        x

    // ---- The exponential ----

    let private pade = [|
        64764752532480000.0
        32382376266240000.0
        7771770303897600.0
        1187353796428800.0
        129060195264000.0
        10559470521600.0
        670442572800.0
        33522128640.0
        1323241920.0
        40840800.0
        960960.0
        16380.0
        182.0
        1.0
    |]

    /// Up to this norm the approximant of degree 13 is exact to the last digit.
    [<Literal>]
    let private Reach = 5.371920351148152

    let private exp n (a: float[]) : float[] voption =
        let norm = rowNorm n a

        if not (Double.IsFinite norm) then
            ValueSome(Array.create (n * n) nan)
        else
            let squarings = if norm > Reach then int (Math.Ceiling(Math.Log2(norm / Reach))) else 0
            let x = sumOf [| struct (Math.ScaleB(1.0, -squarings), a) |]
            let one = identity n
            let x2 = product n x x
            let x4 = product n x2 x2
            let x6 = product n x4 x2

            /// The terms whose degrees are as odd as `k`, without a factor x.
            let half k =
                let high =
                    sumOf [| struct (pade[12 + k], x6); struct (pade[10 + k], x4); struct (pade[8 + k], x2) |]

                sumOf [|
                    struct (1.0, product n x6 high)
                    struct (pade[6 + k], x6)
                    struct (pade[4 + k], x4)
                    struct (pade[2 + k], x2)
                    struct (pade[k], one)
                |]

            let odd, even = product n x (half 1), half 0

            let mutable y =
                over
                    n
                    (sumOf [| struct (1.0, even); struct (-1.0, odd) |])
                    (sumOf [| struct (1.0, even); struct (1.0, odd) |])

            for _ in 1..squarings do
                y <- product n y y

            ValueSome y

    // ---- The root ----

    [<Literal>]
    let private MostRounds = 60

    /// In product form and scaled by determinants: m goes to 1, x to the root. ValueNone where it does not.
    let private root n (a: float[]) : float[] voption =
        Tile.optimised ()
        let one = identity n
        let mutable m, x = Array.copy a, Array.copy a
        let mutable distance = infinity
        let mutable rounds = 0
        let mutable isDone = false

        while not isDone && rounds < MostRounds do
            let inverse = over n m one

            // Far from 1 a factor brings the determinant there.
            let scale =
                if distance > 0.01 then
                    let struct (packed, _) = factored n m
                    let mutable logs = 0.0

                    for i in 0 .. n - 1 do
                        logs <- logs + Math.Log(Math.Abs packed[i * n + i])

                    Math.Exp(-logs / (2.0 * float n))
                else
                    1.0

            let square = scale * scale
            x <- product n x (sumOf [| struct (0.5 * scale, one); struct (0.5 / scale, inverse) |])

            m <- sumOf [| struct (0.5, one); struct (0.25 * square, m); struct (0.25 / square, inverse) |]

            let before = distance
            distance <- rowNorm n (sumOf [| struct (1.0, m); struct (-1.0, one) |])
            rounds <- rounds + 1

            isDone <-
                not (Double.IsFinite distance)
                || distance <= 1e-15 * float n
                || distance < 1e-8 && distance >= 0.5 * before

        if distance < 1e-6 then ValueSome x else ValueNone

    // ---- The logarithm ----

    /// Nodes and weights of Gauss's and Legendre's rule of seven points between 0 and 1.
    let private gauss = [|
        for struct (x, w) in
            [|
                struct (0.0, 0.4179591836734693878)
                struct (0.4058451513773971669, 0.3818300505051189450)
                struct (0.7415311855993944399, 0.2797053914892766679)
                struct (0.9491079123427585245, 0.1294849661688696933)
            |] do
            struct (0.5 + 0.5 * x, 0.5 * w)
            if x > 0.0 then struct (0.5 - 0.5 * x, 0.5 * w)
    |]

    /// Up to this distance from 1 the approximant of degree 7 is exact to the last digit.
    [<Literal>]
    let private Near = 0.264

    let rec private logOf n (a: float[]) (roots: int) : float[] voption =
        Tile.optimised ()
        let one = identity n
        let rest = sumOf [| struct (1.0, a); struct (-1.0, one) |]

        if rowNorm n rest <= Near then
            let terms =
                gauss
                |> Array.map (fun struct (at, weight) ->
                    struct (weight, over n (sumOf [| struct (1.0, one); struct (at, rest) |]) rest))

            ValueSome(sumOf [| struct (Math.ScaleB(1.0, roots), sumOf terms) |])
        elif roots >= 100 then
            ValueNone
        else
            match root n a with
            | ValueSome half -> logOf n half (roots + 1)
            | ValueNone -> ValueNone

    // ---- Symmetric matrices ----

    let private isSymmetric n (a: float[]) =
        Tile.optimised ()
        Range.forall n (fun i -> Range.forall i (fun j -> a[i * n + j] = a[j * n + i]))

    /// A function of eigenvalues. ValueNone where it is none of one of them.
    let private ofEigenvalues n (a: float[]) (f: float -> float -> float) : float[] voption =
        Tile.optimised ()
        let parts = Eigh.evaluate (aloneOf n a)
        let w, v = parts[0] :?> HostBuffer<float>, parts[1] :?> HostBuffer<float>
        // Not below 0 by more than rounding.
        let slack = 4e-16 * float n * Math.Max(Math.Abs w.Items[0], Math.Abs w.Items[n - 1])
        let values = Array.init n (fun i -> f slack w.Items[i])

        if Range.exists n (fun i -> Double.IsNaN values[i] && not (Double.IsNaN w.Items[i])) then
            ValueNone
        else
            let turned = Array.init (n * n) (fun i -> v.Items[i] * values[i % n])
            let y = Array.zeroCreate<float>(n * n)
            let right = Matrices.transpose (Matrices.adjacent v.Items 0 n)
            multiply.Invoke(n, n, n, Matrices.adjacent turned 0 n, right, y, 0)
            ValueSome y

    let private sqrt n (a: float[]) =
        if isSymmetric n a then
            ofEigenvalues n a (fun slack w -> if w < 0.0 && w >= -slack then 0.0 else Math.Sqrt w)
        else
            root n a

    let private log n (a: float[]) =
        if isSymmetric n a then
            ofEigenvalues n a (fun _ w -> if w > 0.0 then Math.Log w else nan)
        else
            logOf n a 0

    let private hasNaN (a: float[]) = not (Double.IsFinite(RowMath.SumOfMagnitudes(ReadOnlySpan a)))

    let evaluate (f: MatrixFunction) (x: HostBuffer) : HostBuffer =
        let struct (batch, n, _) = Matrices.sizes x
        let wide = Matrices.wide x
        let y = Strided.fresh<float> DType.Float64 x.Shape
        let isWrong = Array.zeroCreate<bool>(Shape.count batch)

        let ofOne (a: float[]) =
            match f with
            | MatrixFunction.Exp -> exp n a
            | MatrixFunction.Sqrt
            | MatrixFunction.Log when hasNaN a -> ValueSome(Array.create (n * n) nan)
            | MatrixFunction.Sqrt -> sqrt n a
            | MatrixFunction.Log -> log n a

        if n > 0 then
            Matrices.each batch (30L * int64 n * int64 n * int64 n) (fun i ->
                match ofOne (ReadOnlySpan(wide.Items, wide.Offset + i * n * n, n * n).ToArray()) with
                | ValueSome result -> Array.Copy(result, 0, y.Items, i * n * n, n * n)
                | ValueNone -> isWrong[i] <- true)

        Matrices.refuse batch isWrong (fun place ->
            $"{f}: {place} has an eigenvalue that is negative or 0, or nearly so, and no such result. `eigh` takes symmetric matrices apart.")

        Convert.buffer x.DType y
