namespace Cotangent

/// Optimisers for parts of a model.
module internal GroupRules =
    let addDecayedWeights (decay: float) (decayed: Selection) =
        Rule.together "addDecayedWeights" (fun gradients parameters ->
            let isDecayed = Selection.mask "Optimizer.addDecayedWeights" decayed parameters

            gradients
            |> Array.mapi (fun i g ->
                if isDecayed i then
                    Wide.within (fun g -> g + Wide.widen parameters.Values[i] * decay) g
                else
                    g))

    /// No change: minus 0, which leaves every number as it is, minus 0 among them.
    let still =
        Rule.together "still" (fun gradients _ -> gradients |> Array.map (fun g -> Tensor.fullLike g -0.0))

    /// The places of each group; every leaf must be in one.
    let private partition operation (groups: Selection list) (parameters: TrainedParameters) : int[] list =
        let leaves = parameters.Leaves.Value
        let chosen = groups |> List.map (fun group -> Selection.chosen operation group leaves)

        for i in 0 .. leaves.Length - 1 do
            let inside = List.zip groups chosen |> List.filter (fun (_, chosen) -> chosen[i]) |> List.map fst

            match inside with
            | [ _ ] -> ()
            | [] ->
                raise (
                    ValueException
                        $"{operation}: {leaves[i].Name} is in no group. Give each trained tensor to one: `Selection.except` chooses what the others leave."
                )
            | several ->
                let both = System.String.Join(" and ", several |> List.map (fun s -> $"({s})"))

                raise (ValueException $"{operation}: {leaves[i].Name} is in more than one group: {both}.")

        [ for mask in chosen -> Array.init leaves.Length id |> Array.filter (fun i -> mask[i]) ]

    let private some (places: int[]) (parameters: TrainedParameters) : TrainedParameters = {
        Values = places |> Array.map (fun i -> parameters.Values[i])
        Leaves = lazy (places |> Array.map (fun i -> parameters.Leaves.Value[i]))
    }

    /// Called by `operation`, which errors name.
    let groups (operation: string) (groups: (Selection * Transformation) list) =
        if groups.IsEmpty then
            raise (ValueException $"{operation}: there are no groups in the list; give at least one.")

        let selections, parts = List.unzip groups
        let name = "groups(" + System.String.Join(", ", parts |> List.map _.Name) + ")"

        {
            Name = name
            Start =
                fun parameters ->
                    let start part places =
                        let own = part.Start(some places parameters)

                        let whole kept =
                            TrainedLeaves.put places (TrainedLeaves.absent parameters.Values) kept

                        own |> State.map whole

                    State.containing name (List.map2 start parts (partition operation selections parameters))
            Move =
                fun gradients state parameters ->
                    let changes = Array.copy gradients

                    let move part (places: int[]) (before: State) =
                        let own, next =
                            part.Move
                                (TrainedLeaves.choose places gradients)
                                (before |> State.map (TrainedLeaves.choose places))
                                (some places parameters)

                        Array.iter2 (fun place change -> changes[place] <- change) places own
                        State.map2 (TrainedLeaves.put places) before next

                    let next = List.map3 move parts (partition operation selections parameters) state.Inner
                    changes, State.containing name next
        }

/// Optimisers for parts of a model.
[<AutoOpen>]
module GroupMethods =
    type Optimizer with
        /// <summary>
        /// Adds a share of the parameters to the gradient: weight decay, by what follows in the chain; of all parameters, or of
        /// those selected.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A pattern of the selection fits nothing.</exception>
        /// <example><code>
        /// let x = tensor [ 5.0 ]
        /// let decay = Optimizer.addDecayedWeights 0.1
        /// fst (decay.Update (tensor [ 1.0 ]) (decay.Init x) x) // [1.5]
        /// </code></example>
        static member addDecayedWeights(decay: float, ?decayed: Selection) : Optimizer =
            Optimizer(GroupRules.addDecayedWeights decay (defaultArg decayed Selection.all))

        /// <summary>Changes nothing, bit for bit: for what should stay in <c>groups</c>.</summary>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// fst (Optimizer.step Optimizer.still x (Optimizer.still.Init x) x) // [1, 2]
        /// </code></example>
        static member still: Optimizer = Optimizer GroupRules.still

        /// <summary>
        /// Optimisers for parts of a model, with rates and rules of their own. Each trained tensor must be in one group: one in
        /// none, or in two, is an error that names it.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">
        /// A tensor is in no group or in several, a pattern fits nothing, or there are no groups.
        /// </exception>
        /// <example><code>
        /// let model = {| Weight = tensor [ 1.0 ]; Bias = tensor [ 1.0 ] |}
        /// let bias = Selection.named [ "bias" ]
        ///
        /// let optimizer =
        ///     Optimizer.groups [ bias, Optimizer.sgd 0.5; Selection.except [ bias ], Optimizer.sgd 0.1 ]
        ///
        /// fst (Optimizer.step optimizer model (optimizer.Init model) model) // { Bias = [0.5]; Weight = [0.9] }
        /// </code></example>
        static member groups(groups: (Selection * Optimizer) list) : Optimizer =
            Given.check "groups" groups

            Optimizer(
                GroupRules.groups "Optimizer.groups" [
                    for selection, optimizer in groups -> selection, optimizer.Transformation
                ]
            )

        /// <summary>The optimiser for all but the selected tensors, which stay as they are, bit for bit.</summary>
        /// <exception cref="T:Cotangent.ValueException">A pattern fits nothing.</exception>
        /// <example><code>
        /// let model = {| Weight = tensor [ 1.0 ]; Bias = tensor [ 1.0 ] |}
        /// let optimizer = Optimizer.sgd 0.1 |> Optimizer.freeze (Selection.named [ "bias" ])
        /// fst (Optimizer.step optimizer model (optimizer.Init model) model) // { Bias = [1]; Weight = [0.9] }
        /// </code></example>
        static member freeze (selection: Selection) (optimizer: Optimizer) : Optimizer =
            Given.check "selection" selection
            Given.check "optimizer" optimizer

            Optimizer(
                GroupRules.groups "Optimizer.freeze" [
                    selection, Optimizer.still.Transformation
                    Selection.except [ selection ], optimizer.Transformation
                ]
            )
