/// What the tests of layers ask of gradients.
module internal Cotangent.Tests.GradientCheck

open Expecto
open Cotangent

/// Float64 numbers of a standard normal distribution, by a number.
let normal (seed: int) (shape: int list) : Tensor =
    Random.normal (Key.create (int64 seed)) DType.Float64 shape

/// A model in Float64 whose numbers are all random: zeros and ones hide faults.
let randomized (seed: int) (model: 'model) : 'model =
    let leaves =
        Tree.leaves model |> Array.mapi (fun i t -> 0.5 * normal (1000 * seed + i) (List.ofArray t.Shape))

    Tree.rebuild model leaves

/// The gradient of a scalar function by a model in Float64, along a random direction, is that of finite differences; compiled, it
/// is the same leaf by leaf.
let gradient (loss: 'model -> Tensor) (model: 'model) =
    let leaves = Tree.leaves model
    let direction = leaves |> Array.mapi (fun i t -> normal (77 + i) (List.ofArray t.Shape))
    let eager = grad loss model

    let along =
        Array.fold2 (fun total g d -> total + sum (g * d)) (tensor 0.0) (Tree.leaves eager) direction

    let expected =
        Laws.finiteDifference (fun leaves -> [| loss (Tree.rebuild model leaves) |]) leaves direction

    Checks.within 1e-7 expected[0] along "along a direction"
    Checks.nearTree eager (compile (grad loss) model) "compiled"

    for name, g in Array.zip (Tree.paths model) (Tree.leaves eager) do
        Expect.isTrue ((g.IsFinite()).All().ToData<bool>()) $"{name} is finite"
