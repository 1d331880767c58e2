namespace Cotangent

open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// The running means of Adam and its relatives.
type AdamState<'p> = {
    /// Steps taken, Int32.
    Step: Tensor
    /// The mean of the gradients; of 16-bit ones in Float32.
    First: 'p
    /// The mean of their squares; of 16-bit ones in Float32.
    Second: 'p
}

/// One step of Adam on a tree (Kingma & Ba 2015, algorithm 1). Eager on the CPU each tensor takes one pass over memory; as
/// part of something larger, and on other devices, the step is made of operations on tensors.
module internal Adam =
    /// Means of gradients and of their squares, rates and ε would vanish in 16 bits: optimisers compute in Float32 there.
    let wide (t: Tensor) = if DTypes.isHalf t.DType then t.Convert DType.Float32 else t

    /// A change of a tensor, computed in Float32 where that has 16 bits.
    let inWide (change: Tensor -> Tensor) (g: Tensor) = (change (wide g)).Convert g.DType

    /// Zeros for what an optimiser keeps of each parameter.
    let zerosFor (parameters: 'p) : 'p = parameters |> Tree.map (fun p -> wide (Tensor.zerosLike p))

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
        let wider = Tree.map wide gradient
        let gradients, firsts = Tree.matched "Adam: gradient and mean" wider state.First
        let _, seconds = Tree.matched "Adam: gradient and mean square" wider state.Second

        let moved = Array.map3 (one beta1 beta2 epsilon bias1 bias2 factor) gradients firsts seconds

        let change =
            Array.map2
                (fun (struct (change: Tensor, _, _)) (g: Tensor) -> change.Convert g.DType)
                moved
                (Tree.leaves gradient)
            |> Tree.rebuild gradient

        change,
        {
            Step = step
            First = moved |> Array.map (fun (struct (_, first, _)) -> first) |> Tree.rebuild gradient
            Second = moved |> Array.map (fun (struct (_, _, second)) -> second) |> Tree.rebuild gradient
        }

    let start (parameters: 'p) : AdamState<'p> = {
        Step = noStep parameters
        First = zerosFor parameters
        Second = zerosFor parameters
    }
