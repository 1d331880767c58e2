namespace Cotangent

/// Muon: descent by orthogonal directions.
module internal MuonRule =
    /// The orthogonal factor of a matrix, roughly: five steps of an odd polynomial that pulls all singular values of a matrix of
    /// norm 1 to about 1 (Jordan et al. 2024).
    let orthogonalize (steps: int) (g: Tensor) : Tensor =
        let isTall = g.Dims[0] > g.Dims[1]
        let x = if isTall then g.T else g
        let start = x / (Folds.euclidean x [| 0; 1 |] + 1e-7).Convert g.DType

        let step (x: Tensor) _ =
            let a = matmul x x.T
            x * 3.4445 + matmul (a * -4.7750 + matmul a a * 2.0315) x

        let x = Seq.fold step start (seq { 1..steps })
        if isTall then x.T else x

    /// A tensor of two axes and more as a matrix.
    let private asMatrix (t: Tensor) : Tensor = if t.Rank = 2 then t else t.Reshape [| t.Dims[0]; -1 |]

    let private isMatrix (p: Tensor) = p.Rank > 1 && p.Size > 0

    let private second =
        let first (p: Tensor) =
            if isMatrix p then (Tensor.zeros (Wide.widen p).DType []).To p.Device else Wide.zeros p

        { Name = "second"; First = first; IsAlike = false }

    let make
        (rate: Schedule)
        (momentum: float)
        (nesterov: bool)
        (decay: float)
        (steps: int)
        beta1
        beta2
        epsilon
        =
        Rule.requireUnit "muon" "momentum" momentum
        Rule.requireUnit "muon" "beta1" beta1
        Rule.requireUnit "muon" "beta2" beta2

        if steps < 1 then
            raise (ValueException $"Optimizer.muon: {steps} steps; at least 1 is needed.")

        Rule.make "muon" true rate [ Slot.zeros "first"; second ] (fun moment ->
            let down = Rate.negate moment.Rate
            let adam = AdamStep.make beta1 beta2 epsilon (Rate.Fixed 1.0) moment.Step.Value

            fun g p kept ->
                let struct (direction: Tensor, next) =
                    if isMatrix g then
                        let mean = AdamStep.first momentum kept[0] g
                        let ahead = if nesterov then AdamStep.first momentum mean g else mean
                        let m = orthogonalize steps (asMatrix ahead)
                        // With this factor its root mean square is about that of Adam's directions.
                        let scale = 0.2 * sqrt (float (max m.Dims[0] m.Dims[1]))
                        struct ((m * scale).Reshape g.Dims, [| mean; kept[1] |])
                    else
                        let struct (direction, first, second) = adam g kept[0] kept[1]
                        struct (direction, [| first; second |])

                struct (Rate.times down (direction + p * decay), next))

/// Muon: descent by orthogonal directions.
[<AutoOpen>]
module MuonMethods =
    type Optimizer with
        /// <summary>
        /// Muon: of each tensor of two axes and more, as a matrix of its first axis by all others, the mean of the gradients made
        /// orthogonal by Newton–Schulz (Jordan et al. 2024), times 0.2 √(longer side), so that rates and decay are those of AdamW,
        /// which all other tensors take (Liu et al. 2025, eq. 4). By default with a momentum of 0.95, Nesterov's look-ahead, a
        /// decay of 0.1, five steps of Newton–Schulz, and for the rest β = (0.9, 0.95), ε = 1e-8. Give embeddings and the last
        /// layer to AdamW by <c>Optimizer.groups</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">
        /// The momentum or a beta is outside [0, 1), or there is no step of Newton–Schulz.
        /// </exception>
        /// <example><code>
        /// let w = tensor [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ], tensor [ 1.0; 1.0 ]
        /// let optimizer = Optimizer.muon(0.02, decay = 0.0)
        /// let next, state = Optimizer.step optimizer w (optimizer.Init w) w
        /// snd next // [0.98, 0.98]
        /// </code></example>
        static member muon
            (
                rate: Schedule,
                ?momentum: float,
                ?nesterov: bool,
                ?decay: float,
                ?steps: int,
                ?beta1: float,
                ?beta2: float,
                ?epsilon: float
            ) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                MuonRule.make
                    rate
                    (defaultArg momentum 0.95)
                    (defaultArg nesterov true)
                    (defaultArg decay 0.1)
                    (defaultArg steps 5)
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.95)
                    (defaultArg epsilon 1e-8)
            )
