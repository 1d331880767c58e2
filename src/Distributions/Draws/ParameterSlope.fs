namespace Cotangent.Distributions

open Cotangent

/// A standard form of a family: distribution function from either side and log-density, of parameters and a number, in Float64.
[<NoComparison; NoEquality>]
type internal StandardForm = {
    Below: Tensor[] -> Tensor -> Tensor
    Above: Tensor[] -> Tensor -> Tensor
    LogDensity: Tensor[] -> Tensor -> Tensor
}

/// Distribution functions, quantiles and draws with derivatives with respect to parameters by which the incomplete gamma and beta functions have
/// none. By the implicit function theorem all follow from the derivative of the distribution function; that is a central difference of
/// sixth order in Float64, good to about 9 digits. There are no second derivatives with respect to these parameters: the attempt throws.
[<RequireQualifiedAccess>]
module internal ParameterSlope =
    /// The change of f by its positive argument. What f is a distribution function of varies on a scale of the square root of a
    /// parameter where that is large, and of the parameter where it is small; so does the step.
    let private difference (f: Tensor -> Tensor) (a: Tensor) : Tensor =
        let step = 0.01 * a / (1.0 + sqrt a)
        let over k = f (a + k * step) - f (a - k * step)
        (45.0 * over 1.0 - 9.0 * over 2.0 + over 3.0) / (60.0 * step)

    /// The change of the distribution function at x by each parameter, from the side where it is small and has its digits.
    let private slopes (form: StandardForm) (parameters: Tensor[]) (x: Tensor) : Tensor[] =
        let isBelow = (form.Below parameters x).Less 0.5

        parameters
        |> Array.mapi (fun i a ->
            let by side = difference (fun a -> side (Array.updateAt i a parameters) x) a
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
