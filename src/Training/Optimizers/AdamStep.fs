namespace Cotangent

open Cotangent.Engines

/// One step of Adam on a tensor (Kingma & Ba 2015, algorithm 1). Eager on the CPU it is one pass over memory; as part of
/// something larger, and on other devices, it is made of operations on tensors.
module internal AdamStep =
    /// Means that start at 0 lean towards it; dividing by 1 - βᵗ takes that out. In Float64: 1 - 0.999 has few digits in
    /// Float32.
    let unbiased (beta: float) (step: Tensor) : Tensor =
        let t = step.Convert DType.Float64
        if beta = 0.0 then Tensor.onesLike t else 1.0 - exp (t * log beta)

    /// Numbers that are there, where the kernel of Adam's step may be used on them: eager, on the CPU, by our kernels.
    let private atHand (t: Tensor) =
        match t with
        | Value(:? HostBuffer as b) when not (Ambient.anyActive () || Extension.prefersLibrary ()) ->
            ValueSome b
        | Value _
        | Traced _ -> ValueNone

    let private numberOf (scalar: Tensor) =
        match atHand scalar with
        | ValueSome _ -> ValueSome(float scalar)
        | ValueNone -> ValueNone

    let private rateOf (rate: Rate) =
        match rate with
        | Rate.Fixed number -> ValueSome number
        | Rate.Scheduled scalar -> numberOf scalar

    /// The mean of the gradients after another one.
    let first (beta1: float) (m: Tensor) (g: Tensor) : Tensor =
        if beta1 = 0.0 then g else m * beta1 + g * (1.0 - beta1)

    /// The mean of their squares.
    let second (beta2: float) (v: Tensor) (g: Tensor) : Tensor = v * beta2 + g * g * (1.0 - beta2)

    let private composed beta1 beta2 epsilon (bias1: Tensor) (bias2: Tensor) (rate: Rate) (g: Tensor) m v =
        let first, second = first beta1 m g, second beta2 v g

        let direction =
            first / bias1.Convert first.DType / (sqrt second / bias2.Convert second.DType + epsilon)

        struct (Rate.times rate direction, first, second)

    /// From the rate, a step's number, a gradient and its means to the change and the next means:
    /// rate · (m / (1 - β₁ᵗ)) / (√v / √(1 - β₂ᵗ) + ε).
    let make (beta1: float) (beta2: float) (epsilon: float) (rate: Rate) (step: Tensor) =
        let bias1, bias2 = unbiased beta1 step, sqrt (unbiased beta2 step)

        let numbers =
            match numberOf bias1, numberOf bias2, rateOf rate with
            | ValueSome bias1, ValueSome bias2, ValueSome rate when beta1 > 0.0 ->
                ValueSome {
                    Beta1 = beta1
                    Beta2 = beta2
                    Epsilon = epsilon
                    Bias1 = bias1
                    Bias2 = bias2
                    Factor = rate
                }
            | _ -> ValueNone

        fun (g: Tensor) (m: Tensor) (v: Tensor) ->
            let composed () = composed beta1 beta2 epsilon bias1 bias2 rate g m v

            match numbers, atHand g, atHand m, atHand v with
            | ValueSome numbers, ValueSome x, ValueSome y, ValueSome z ->
                match AdamKernel.step numbers x y z with
                | ValueSome(struct (change, first, second)) ->
                    struct (Value change, Value first, Value second)
                | ValueNone -> composed ()
            | _ -> composed ()
