namespace Cotangent.Inference

open Cotangent

/// The inverse of a mass matrix, which serves best when it is near the covariance of the density.
[<RequireQualifiedAccess>]
type internal Mass =
    | Diagonal of inverse: float[]
    /// With the lower triangular factor of the inverse.
    | Dense of inverse: float[][] * factor: float[][]

module internal Mass =
    let dot (a: float[]) (b: float[]) : float =
        let mutable total = 0.0

        for i in 0 .. a.Length - 1 do
            total <- total + a[i] * b[i]

        total

    let unit (size: int) : Mass = Mass.Diagonal(Array.create size 1.0)

    /// How fast a momentum moves: the inverse of the mass, times it.
    let velocity (mass: Mass) (momentum: float[]) : float[] =
        match mass with
        | Mass.Diagonal inverse -> Array.map2 (*) inverse momentum
        | Mass.Dense(inverse, _) -> inverse |> Array.map (fun row -> dot row momentum)

    /// A momentum, normal with the mass as its covariance, from standard normal numbers z. Where l lᵀ is the inverse, it solves lᵀ p = z.
    let momentum (mass: Mass) (z: float[]) : float[] =
        match mass with
        | Mass.Diagonal inverse -> Array.map2 (fun z variance -> z / sqrt variance) z inverse
        | Mass.Dense(_, factor) ->
            let p = Array.zeroCreate z.Length

            for i in z.Length - 1 .. -1 .. 0 do
                let mutable rest = z[i]

                for j in i + 1 .. z.Length - 1 do
                    rest <- rest - factor[j][i] * p[j]

                p[i] <- rest / factor[i][i]

            p

    let private means (positions: float[][]) =
        let count = float positions.Length
        Array.init positions[0].Length (fun i -> (positions |> Array.sumBy (fun q -> q[i])) / count)

    /// Towards a small multiple of the identity, the more so the fewer positions there are, as Stan has it.
    let private shrink (count: int) (isDiagonal: bool) (moment: float) =
        let weight = float count / (float count + 5.0)
        weight * moment + if isDiagonal then 1e-3 * (1.0 - weight) else 0.0

    let private dense (positions: float[][]) =
        let mean = means positions
        let centred = positions |> Array.map (fun q -> Array.map2 (-) q mean)
        let rows = Array.transpose centred
        let moment a b = dot a b / float (positions.Length - 1)

        let inverse =
            rows
            |> Array.mapi (fun i a ->
                rows |> Array.mapi (fun j b -> shrink positions.Length (i = j) (moment a b)))

        let size = mean.Length

        let factor =
            (cholesky (Tensor.ofArray [ size; size ] (Array.concat inverse))).Flatten().ToData<float[]>()

        Mass.Dense(inverse, Array.chunkBySize size factor)

    /// The inverse mass after these positions, of which there are at least two: their variances or covariance.
    let estimate (kind: MassMatrix) (positions: float[][]) : Mass =
        match kind with
        | MassMatrix.Unit -> unit positions[0].Length
        | MassMatrix.Diagonal ->
            let mean = means positions

            mean
            |> Array.mapi (fun i m ->
                let squares = positions |> Array.sumBy (fun q -> (q[i] - m) * (q[i] - m))
                shrink positions.Length true (squares / float (positions.Length - 1)))
            |> Mass.Diagonal
        | MassMatrix.Dense -> dense positions

    /// The numbers of the inverse, and the shape that they fill.
    let inverse (mass: Mass) : int[] * float[] =
        match mass with
        | Mass.Diagonal inverse -> [| inverse.Length |], inverse
        | Mass.Dense(inverse, _) -> [| inverse.Length; inverse.Length |], Array.concat inverse
