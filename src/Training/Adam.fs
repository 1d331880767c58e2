namespace Cotangent

open Cotangent.Engines
open Cotangent.Inlined

/// The running means of Adam and its relatives.
type AdamState<'p> = {
    /// Steps taken, Int32.
    Step: Tensor
    /// The mean of the gradients.
    First: 'p
    /// The mean of their squares.
    Second: 'p
}

/// One step of Adam on a tree (Kingma & Ba 2015, algorithm 1). Eager on the CPU each tensor takes one pass over memory; as
/// part of something larger, and on other devices, the step is made of operations on tensors.
module internal Adam =
    /// A tensor of its own for each state, which may be given away to a compiled function.
    let private zero () = Tensor.own [||] [| 0 |]

    /// The number of steps taken, before the first, where the parameters are.
    let noStep (parameters: 'p) =
        match Tree.leaves parameters with
        | [||] -> zero ()
        | leaves -> zero().To leaves[0].Device

    // Both means of Adam start at 0; dividing by 1 - βᵗ takes that bias out. βᵗ in Float64: 1 - 0.999 has few digits in
    // Float32.
    let private unbiased (beta: float) (step: Tensor) =
        let t = step.Convert DType.Float64
        if beta = 0.0 then Tensor.onesLike t else 1.0 - exp (t * log beta)

    /// Numbers that are there, where the kernel of Adam's step may be used on them: eager, on the CPU, by our kernels.
    let private atHand (t: Tensor) =
        match t with
        | Value(:? HostBuffer as b) when not (Ambient.anyActive () || Extension.prefersLibrary ()) ->
            ValueSome b
        | Value _
        | Traced _ -> ValueNone

    /// The change of a tensor, and its means, after a step of Adam.
    let private one
        beta1
        beta2
        epsilon
        (bias1: Tensor)
        (bias2: Tensor)
        (factor: Tensor voption)
        (g: Tensor)
        (m: Tensor)
        (v: Tensor)
        : struct (Tensor * Tensor * Tensor) =
        let composed () =
            let first = if beta1 = 0.0 then g else m * beta1 + g * (1.0 - beta1)
            let second = v * beta2 + g * g * (1.0 - beta2)

            let direction =
                first / bias1.Convert first.DType / (sqrt second / bias2.Convert second.DType + epsilon)

            match factor with
            | ValueSome factor -> struct (direction * factor.Convert g.DType, first, second)
            | ValueNone -> struct (direction, first, second)

        let factor =
            match factor with
            | ValueSome factor -> factor
            | ValueNone -> Tensor.onesLike bias1

        match atHand g, atHand m, atHand v, atHand bias1, atHand bias2, atHand factor with
        | ValueSome x, ValueSome y, ValueSome z, ValueSome _, ValueSome _, ValueSome _ when beta1 > 0.0 ->
            let made =
                AdamKernel.step
                    {
                        Beta1 = beta1
                        Beta2 = beta2
                        Epsilon = epsilon
                        Bias1 = float bias1
                        Bias2 = float bias2
                        Factor = float factor
                    }
                    x
                    y
                    z

            match made with
            | ValueSome(struct (change, first, second)) -> struct (Value change, Value first, Value second)
            | ValueNone -> composed ()
        | _ -> composed ()

    /// Adam's step, times a factor if there is one.
    let update
        beta1
        beta2
        epsilon
        (factor: Tensor voption)
        (gradient: 'p)
        (state: AdamState<'p>)
        : 'p * AdamState<'p> =
        let step = state.Step + 1
        let bias1, bias2 = unbiased beta1 step, sqrt (unbiased beta2 step)
        let gradients, firsts = Tree.zipped "Tree.map2" gradient state.First
        let _, seconds = Tree.zipped "Tree.map2" gradient state.Second

        let moved = Array.map3 (one beta1 beta2 epsilon bias1 bias2 factor) gradients firsts seconds

        let change = moved |> Array.map (fun (struct (change, _, _)) -> change) |> Tree.rebuild gradient

        change,
        {
            Step = step
            First = moved |> Array.map (fun (struct (_, first, _)) -> first) |> Tree.rebuild gradient
            Second = moved |> Array.map (fun (struct (_, _, second)) -> second) |> Tree.rebuild gradient
        }

    let start (parameters: 'p) : AdamState<'p> = {
        Step = noStep parameters
        First = Tree.zerosLike parameters
        Second = Tree.zerosLike parameters
    }
