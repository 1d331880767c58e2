namespace Cotangent.Distributions

open Cotangent

/// A standard form of a family: distribution function from either side and log-density, of parameters and a number, in Float64.
[<NoComparison; NoEquality>]
type internal StandardForm = {
    Below: Tensor[] -> Tensor -> Tensor
    Above: Tensor[] -> Tensor -> Tensor
    LogDensity: Tensor[] -> Tensor -> Tensor
}

/// Derivatives of distribution functions, and of quantiles and draws, which follow from them by the implicit function theorem.
[<RequireQualifiedAccess>]
module internal ParameterSlope =
    /// The change of the distribution function at x by each parameter, from the side where it is small and has its digits.
    let private slopes (form: StandardForm) (parameters: Tensor[]) (x: Tensor) : Tensor[] =
        let isBelow = (form.Below parameters x).Less 0.5

        parameters
        |> Array.mapi (fun i a ->
            let by side = snd (jvp (fun a -> side (Array.updateAt i a parameters) x) a (Tensor.onesLike a))
            where isBelow (by form.Below) -(by form.Above))

    /// The change of the distribution function as the parameters change.
    let private pushed form (parameters: Tensor[]) (changes: Tensor[]) x : Tensor =
        Array.map2 (*) (slopes form parameters x) changes |> Tensor.sumOf

    /// The distribution function.
    let cdf (form: StandardForm) (parameters: Tensor[]) (x: Tensor) : Tensor =
        let push (parameters, x) (changes, dx) =
            pushed form parameters changes x + exp (form.LogDensity parameters x) * dx

        withDerivative (Derivative.Push push) (fun (parameters, x) -> form.Below parameters x) (parameters, x)

    /// What has the distribution function p at x, however that was found: x, as a function of parameters and p.
    let rec root (form: StandardForm) (parameters: Tensor[]) (p: Tensor) (x: Tensor) : Tensor =
        let push (parameters, p, x) (changes, dp, _) =
            let x = root form parameters p x
            (dp - pushed form parameters changes x) / exp (form.LogDensity parameters x)

        withDerivative (Derivative.Push push) (fun (_, _, x) -> x) (parameters, p, stopGradient x)
