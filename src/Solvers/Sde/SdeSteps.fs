namespace Cotangent.Solvers

open Cotangent

/// <summary>A method for stochastic differential equations, in Itô's sense.</summary>
/// <example><code>
/// let path = Brownian.path (Key.create 1L) (0.0, 1.0) 1e-3 DType.Float64 []
/// let states = Sde.solve SdeMethod.Milstein 100 (fun _ y -> 0.1 * y) (fun _ y -> 0.2 * y) path (tensor [ 0.0; 1.0 ]) (tensor 1.0)
/// states // shape (2)
/// </code></example>
[<RequireQualifiedAccess>]
type SdeMethod =
    /// Strong order 1/2, weak order 1.
    | EulerMaruyama
    /// Strong order 1: where each number of the state has noise of its own (gᵢ may depend on t and yᵢ alone), or the noise commutes.
    | Milstein

/// What a step adds to a state, from time, state, step size and the change of the Brownian path (Kloeden and Platen, Numerical Solution of
/// Stochastic Differential Equations, 1992, chapter 10).
type internal SdeStep = Tensor -> Tensor -> Tensor -> Tensor -> Tensor

module internal SdeStep =
    let private describe (t: Tensor) = $"{t.DType} {Vector.show t.Shape}"

    let private require operation what (dtype: DType) (shape: int[]) (t: Tensor) : Tensor =
        if t.DType <> dtype || t.Shape <> shape then
            raise (
                ShapeException
                    $"{operation}: the {what} is {describe t}; {dtype} {Vector.show shape} is wanted, for a state as it is. Reshape or convert what the function returns."
            )

        t

    /// Like the state.
    let private driftOf operation drift t (y: Tensor) : Tensor =
        drift t y |> require operation "drift" y.DType y.Shape

    /// A noise for each number of the state: gᵢ ΔWᵢ, and for Milstein ½ gᵢ ∂gᵢ/∂yᵢ (ΔWᵢ² - h).
    let diagonal operation method drift diffusion : SdeStep =
        fun t y h dw ->
            let diffusion (y: Tensor) = diffusion t y |> require operation "diffusion" y.DType y.Shape
            let simple (g: Tensor) = h * driftOf operation drift t y + g * dw

            match method with
            | SdeMethod.EulerMaruyama -> simple (diffusion y)
            | SdeMethod.Milstein ->
                let g = diffusion y
                let _, along = jvp diffusion y g
                simple g + 0.5 * along * (dw * dw - h)

    /// A matrix (d, m) of m noises for a state (d).
    let private matrixOf operation (noises: int) diffusion t (y: Tensor) : Tensor =
        diffusion t y |> require operation "diffusion" y.DType [| y.Shape[0]; noises |]

    /// Of the columns g_k of a matrix of noises the slopes L_j g_k = Σ_i g_ij ∂g_k/∂yᵢ: (m of j, d, m of k).
    let private slopes (diffusion: Tensor -> Tensor) (y: Tensor) (g: Tensor) : Tensor =
        vmap (fun column -> snd (jvp diffusion y column)) g.T

    /// Whether L_j g_k = L_k g_j, up to rounding: one Bool.
    let private commutes (slopes: Tensor) : Tensor =
        let tolerance = if slopes.DType = DType.Float64 then 1e-9 else 1e-4
        let apart = (abs (slopes - slopes.Transpose(0, 2))).Max()
        apart.LessEqual(tolerance * (abs slopes).Max())

    /// Whether noises commute at a time and state.
    let noiseCommutes operation (noises: int) diffusion (t: Tensor) (y: Tensor) : Tensor =
        let diffusion = matrixOf operation noises diffusion t
        commutes (slopes diffusion y (diffusion y))

    /// g ΔW, and for Milstein ½ Σ_jk L_j g_k (ΔW_j ΔW_k - δ_jk h), which is all there is of that order where the noise commutes; NaN where it
    /// does not.
    let matrix operation method drift diffusion : SdeStep =
        fun t y h dw ->
            let diffusion = matrixOf operation dw.Size diffusion t
            let simple (g: Tensor) = h * driftOf operation drift t y + matmul g dw

            match method with
            | SdeMethod.EulerMaruyama -> simple (diffusion y)
            | SdeMethod.Milstein ->
                let g = diffusion y
                let slopes = slopes diffusion y g
                let products = dw.Unsqueeze 1 * dw.Unsqueeze 0 - h * Tensor.eye dw.DType dw.Size
                let change = simple g + 0.5 * (slopes * products.Unsqueeze 1).Sum [ 0; 2 ]
                where (commutes slopes) change (Tensor.fullLike change nan)
