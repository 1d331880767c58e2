/// Operators that train: one step of an optimiser, of which ONNX hands the state around as tensors.
module internal Cotangent.Conformance.Learning

open Cotangent

/// Rate and step, and the tensors behind them in groups of one for each parameter.
let private groups count (inputs: Tensor option list) =
    let rest = inputs |> List.skip 2 |> List.choose id
    let each = rest.Length / count
    let scalar i = List.head (floatsOf (given inputs i))
    scalar 0, int (scalar 1), rest |> List.chunkBySize each

/// With what the penalty ½ norm_coefficient · x² adds.
let private regularised (a: Attributes) =
    List.map2 (fun (x: Tensor) (g: Tensor) -> g + x * a.Float("norm_coefficient", 0.0))

/// One step from a state with such slots and numbers: parameters, and what is kept under each name.
let private step (optimizer: Optimizer) x g slots numbers names =
    let state = optimizer.Init x

    let state = {
        state with
            Slots = Map slots
            Numbers = Map.fold (fun all name value -> Map.add name value all) state.Numbers (Map numbers)
    }

    let next, state = Optimizer.step optimizer g state x
    next @ List.collect (fun name -> state.Slots[name]) names

let private adagrad: Operator =
    fun a inputs ->
        match groups 3 inputs with
        | rate, t, [ x; g; squares ] ->
            let rate = rate / (1.0 + float t * a.Float("decay_factor", 0.0))
            let optimizer = Optimizer.adagrad (rate, epsilon = a.Float("epsilon", 1e-6))
            step optimizer x (regularised a x g) [ "square", squares ] [] [ "square" ]
        | _ -> failwith "Adagrad has three tensors for each parameter."

let private adam: Operator =
    fun a inputs ->
        match groups 4 inputs with
        | rate, t, [ x; g; first; second ] ->
            let beta1, beta2 = a.Float("alpha", 0.9), a.Float("beta", 0.999)
            // At step 0 ONNX corrects no bias; of late steps there is none to correct.
            let steps = if t = 0 then 1_000_000 else t
            // ONNX's ε stands beside the root before the correction of the bias.
            let epsilon = a.Float("epsilon", 1e-6) / sqrt (1.0 - beta2 ** float steps)
            let optimizer = Optimizer.adam (rate, beta1 = beta1, beta2 = beta2, epsilon = epsilon)
            let count = Tensor.scalar DType.Int32 (float (steps - 1))

            step optimizer x (regularised a x g) [ "first", first; "second", second ] [ "step", count ] [
                "first"
                "second"
            ]
        | _ -> failwith "Adam has four tensors for each parameter."

let private momentum: Operator =
    fun a inputs ->
        match groups 3 inputs with
        | rate, t, [ x; g; velocity ] ->
            let share = if t > 0 then a.Float("beta", 1.0) else 1.0
            let nesterov = a.Text("mode", "standard") = "nesterov"
            if nesterov && share <> 1.0 then unmapped "Nesterov's momentum of a part of the gradient"
            let g = regularised a x g |> List.map (fun g -> g * share)
            let optimizer = Optimizer.momentum (rate, a.Float("alpha", 0.9), nesterov)
            step optimizer x g [ "velocity", velocity ] [] [ "velocity" ]
        | _ -> failwith "Momentum has three tensors for each parameter."

let operators: (string * Operator) list = [ "Adagrad", adagrad; "Adam", adam; "Momentum", momentum ]
