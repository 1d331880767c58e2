namespace Cotangent

/// A rate at a step: a number, or the Float64 scalar of a schedule.
[<Struct; NoComparison; NoEquality; RequireQualifiedAccess>]
type internal Rate =
    | Fixed of number: float
    | Scheduled of scalar: Tensor

module internal Rate =
    /// At a step, counted from 0 for the first.
    let at (schedule: Schedule) (step: Tensor voption) : Rate =
        match schedule.Constant, step with
        | ValueSome number, _ -> Rate.Fixed number
        | ValueNone, ValueSome step -> Rate.Scheduled(schedule.At step)
        | ValueNone, ValueNone -> invalidOp "A rate that follows a schedule wants a count of steps."

    let negate (rate: Rate) : Rate =
        match rate with
        | Rate.Fixed number -> Rate.Fixed -number
        | Rate.Scheduled scalar -> Rate.Scheduled(-scalar)

    /// A tensor times the rate.
    let times (rate: Rate) (t: Tensor) : Tensor =
        match rate with
        | Rate.Fixed 1.0 -> t
        | Rate.Fixed number -> t * number
        | Rate.Scheduled scalar -> t * scalar.Convert t.DType

/// What an optimiser keeps of each tensor of the parameters.
[<NoComparison; NoEquality>]
type internal Slot = {
    Name: string
    /// What it is at first, from the parameter.
    First: Tensor -> Tensor
    /// Whether it has the shape of the parameter.
    IsAlike: bool
}

module internal Slot =
    /// Zeros of the parameter's shape.
    let zeros name = { Name = name; First = Wide.zeros; IsAlike = true }

/// The number and the arguments of a step, the same for all leaves.
[<Struct; NoComparison; NoEquality>]
type internal Moment = {
    /// Steps with this one, an Int32 scalar: 1 at the first. Where the rule counts.
    Step: Tensor voption
    /// The rate.
    Rate: Rate
}

/// Optimisers that treat each tensor of the parameters by itself: a name, slots, and a rule for one tensor.
module internal Rule =
    let requireUnit (optimizer: string) (name: string) (value: float) =
        if not (value >= 0.0 && value < 1.0) then
            raise (ValueException $"Optimizer.{optimizer}: {name} is {string value}; it must be in [0, 1).")

    let requirePositive (optimizer: string) (name: string) (value: float) =
        if not (value > 0.0) then
            raise (ValueException $"Optimizer.{optimizer}: {name} is {string value}; it must be positive.")

    let private requireShape (name: string) (slot: Slot) (parameters: TrainedParameters) i (kept: Tensor) =
        let p = parameters.Values[i]

        if slot.IsAlike && not (Shape.equal kept.Dims p.Dims) then
            raise (
                ShapeException
                    $"{Placed.before (parameters.Leaves.Value[i].Path)}Optimizer.{name}: the state's {slot.Name} has shape {Shape.show kept.Dims}, the parameter {Shape.show p.Dims}; the state belongs to other parameters. Make it anew by `Init`."
            )

    /// From a moment and the parameters to a rule: which of them, gradient and parameter, of 16 bits in Float32, and what is kept, to the change and what is kept
    /// next. With a count of steps where the rule wants one, or the rate is a schedule.
    let makeIndexed
        (name: string)
        (counts: bool)
        (rate: Schedule)
        (slots: Slot list)
        (rule:
            Moment -> TrainedParameters -> int -> Tensor -> Tensor -> Tensor[] -> struct (Tensor * Tensor[]))
        : Transformation =
        let counts = counts || rate.Constant.IsNone
        let slots = Array.ofList slots

        let move (gradients: Tensor[]) (state: State) (parameters: TrainedParameters) =
            let before = if counts then ValueSome(State.count state) else ValueNone
            let step = before |> ValueOption.map (fun count -> count + 1)
            let rule = rule { Step = step; Rate = Rate.at rate before } parameters
            let kept = slots |> Array.map (fun slot -> State.kept slot.Name state)

            let one i (g: Tensor) =
                let own = kept |> Array.map (fun all -> all[i])
                Array.iter2 (fun slot own -> requireShape name slot parameters i own) slots own
                let struct (change, next) = rule i (Wide.widen g) (Wide.widen parameters.Values[i]) own
                struct (change.Convert g.DType, next)

            let moved = Array.mapi one gradients

            moved |> Array.map (fun (struct (change, _)) -> change),
            {
                state with
                    Counts =
                        match step with
                        | ValueSome step -> Map.ofList [ "step", step ]
                        | ValueNone -> Map.empty
                    Kept =
                        Map.ofArray (
                            slots
                            |> Array.mapi (fun s slot ->
                                slot.Name, moved |> Array.map (fun (struct (_, next)) -> next[s]))
                        )
            }

        {
            Name = name
            Start =
                fun parameters ->
                    let state = if counts then State.counting name parameters else State.empty name

                    {
                        state with
                            Kept =
                                Map.ofArray (
                                    slots
                                    |> Array.map (fun slot ->
                                        slot.Name, Array.map slot.First parameters.Values)
                                )
                    }
            Move = move
        }

    /// The same for all tensors of the parameters.
    let make
        name
        counts
        rate
        slots
        (rule: Moment -> Tensor -> Tensor -> Tensor[] -> struct (Tensor * Tensor[]))
        =
        makeIndexed name counts rate slots (fun moment _ ->
            let rule = rule moment
            fun _ -> rule)

    /// A change of each gradient, with the parameter, and nothing kept.
    let each (name: string) (change: Tensor -> Tensor -> Tensor) : Transformation =
        make name false (Schedule.constant 1.0) [] (fun _ g p _ -> struct (change g p, [||]))

    /// A change of all gradients together, and nothing kept.
    let together (name: string) (change: Tensor[] -> TrainedParameters -> Tensor[]) : Transformation = {
        Name = name
        Start = fun _ -> State.empty name
        Move = fun gradients state parameters -> change gradients parameters, state
    }
