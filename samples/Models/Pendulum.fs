/// A neural ODE: the law of motion of a pendulum with friction, learnt from noisy observations of one swing.
module Models.Pendulum

open System.Diagnostics
open System.Threading
open Cotangent
open Models
open Plotly.NET

let private title = "A neural ODE of a noisy pendulum"

/// Seconds between observations, how many are learnt from, how many are held out after them, and their noise.
let private interval, learnt, heldOut, noise = 0.1, 128, 64, 0.1

/// Observations of one window; shooting starts anew at the first of each.
let private window = 8

// ---- The truth, in plain arithmetic ----

/// θ″ = -4 sin θ - 0.15 θ′
let private acceleration angle speed = -4.0 * sin angle - 0.15 * speed

/// Runge and Kutta's fourth-order step, so small that its error is of the size of rounding.
let private step h (angle, speed) =
    let slope (angle, speed) = speed, acceleration angle speed
    let ahead t (a, s) = angle + t * a, speed + t * s
    let k1 = slope (angle, speed)
    let k2 = slope (ahead (h / 2.0) k1)
    let k3 = slope (ahead (h / 2.0) k2)
    let k4 = slope (ahead h k3)
    let mean part = (part k1 + 2.0 * part k2 + 2.0 * part k3 + part k4) / 6.0
    angle + h * mean fst, speed + h * mean snd

/// Angle and speed at each time of observation, from a release at 2.5 radians.
let private truth: (float * float)[] =
    let between = 200

    let next state = Seq.fold (fun state _ -> step (interval / float between) state) state [ 1..between ]

    Array.init (learnt + heldOut) ignore |> Array.scan (fun state () -> next state) (2.5, 0.0)

let private states (pairs: (float * float)[]) : Tensor =
    tensor [| for angle, speed in pairs -> [| angle; speed |] |]

// ---- The model ----

/// The law of motion, and the state that each window starts from: angle and speed.
type Shooting = { Law: Mlp; Starts: Tensor }

/// The law of motion: angle and velocity to their slopes, for states (…, 2).
let createLaw (key: Key) : Mlp =
    let hidden = { Linear.defaults with Activation = Activation.Tanh; DType = DType.Float64 }
    Mlp.init 2 [ 32, hidden; 32, hidden; 2, { Linear.defaults with DType = DType.Float64 } ] key

let private create (observed: Tensor) key =
    let count = learnt / window

    { Law = createLaw key; Starts = observed[.. learnt - 1].Reshape([ count; window; 2 ]).[*, 0] }

/// One interval by a step of Runge and Kutta. Its parts are computed again on the way back: a long swing then keeps one
/// state an interval.
let private advance: Mlp * Tensor -> Tensor =
    checkpoint (fun (law, x) ->
        let slope x = Mlp.forward law x
        let k1 = slope x
        let k2 = slope (x + interval / 2.0 * k1)
        let k3 = slope (x + interval / 2.0 * k2)
        let k4 = slope (x + interval * k3)
        x + interval / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4))

/// The states after each of so many intervals: (intervals, …).
let swing (law: Mlp) (start: Tensor) intervals : Tensor =
    scan
        (fun x _ ->
            let next = advance (law, x)
            next, next)
        start
        (Tensor.zeros DType.Float64 [ intervals ])
    |> snd

/// The mean squared error of what is seen in all windows, and of each window's end against the start of the next.
let private loss (observed: Tensor) (model: Shooting) : Tensor =
    let count = learnt / window
    let states = swing model.Law model.Starts window
    let seen = observed[1..learnt].Reshape([ count; window; 2 ]).Transpose(0, 1)
    let ends = states[window - 1][.. count - 2]
    let firsts = model.Starts[1..]

    mean (square (states - seen))
    + mean (square (model.Starts[0] - observed[0])) / float learnt
    + 10.0 * mean (square (ends - firsts))

// ---- What is there without such a model ----

/// The states that follow one by the law x(t + interval) = M x(t), as a pendulum of small swings obeys it, M by least squares
/// from the observations.
let private harmonic (observed: (float * float)[]) (start: float * float) : (float * float)[] =
    let pairs = Array.pairwise observed
    let sum f = pairs |> Array.sumBy f
    let aa = sum (fun ((a, _), _) -> a * a)
    let as' = sum (fun ((a, s), _) -> a * s)
    let ss = sum (fun ((_, s), _) -> s * s)

    // One row of M, for one part of what comes next.
    let row part =
        let ya = sum (fun ((a, _), next) -> part next * a)
        let ys = sum (fun ((_, s), next) -> part next * s)
        let determinant = aa * ss - as' * as'
        (ya * ss - ys * as') / determinant, (ys * aa - ya * as') / determinant

    let (m11, m12), (m21, m22) = row fst, row snd

    Array.init heldOut ignore
    |> Array.scan (fun (a, s) () -> m11 * a + m12 * s, m21 * a + m22 * s) start
    |> Array.tail

/// The root of the mean squared difference of angles and speeds.
let private error (found: (float * float)[]) (expected: (float * float)[]) =
    Array.map2 (fun (a, s) (b, t) -> (a - b) ** 2.0 + (s - t) ** 2.0) found expected
    |> Array.average
    |> fun twice -> sqrt (twice / 2.0)

let private pairs (states: Tensor) = states.ToData<float[][]>() |> Array.map (fun state -> state[0], state[1])

// ---- The page ----

let private line name colour (points: (float * float)[]) =
    Chart.Line(xy = points, Name = name, LineColor = Color.fromString colour)

let private dots name (points: (float * float)[]) =
    Chart.Point(xy = points, Name = name, MarkerColor = Color.fromString "#9aa4b1", Opacity = 0.7)

/// The angles of states from a time on.
let private angles first (states: (float * float)[]) =
    states |> Array.mapi (fun i (angle, _) -> interval * float (first + i), angle)

let private drawing title lines : Page.Figure = {
    Title = title
    Content =
        Chart.combine lines
        |> Chart.withLegendStyle (Orientation = StyleParam.Orientation.Horizontal, Y = 1.12)
        |> Page.Drawing
}

let private figures observed (learned: (float * float)[]) (ahead: (float * float)[]) linear history =
    let blue, red, green, yellow = "#2a6fbb", "#d1495b", "#3b8a5a", "#e0a030"

    [
        drawing "angle over seconds" [
            dots "observed" (angles 0 observed)
            line "true" green (angles 0 truth)
            line "learnt" blue (angles 1 learned)
            line "held out" red (angles (learnt + 1) ahead)
            line "harmonic law" yellow (angles (learnt + 1) linear)
        ]
        drawing "angular velocity (up) over angle (across)" [
            dots "observed" observed
            line "true" green truth
            line "learnt" blue learned
            line "held out" red ahead
        ]
        Page.curves "loss" history [ "loss" ] |> Page.logarithmic
    ]

// ---- The run ----

let private train (options: Options.Options) cancellation observed start progress =
    let epochs = options.Epochs |> Option.defaultValue (if options.Quick then 25 else 40)
    let stepsPerEpoch = 100
    let optimizer = Optimizer.adam (Schedule.cosine 1e-2 0.0 (epochs * stepsPerEpoch))

    let step (model, state) observed =
        let loss, gradient = valueAndGrad (loss observed) model
        Optimizer.step optimizer gradient state model, loss

    Recording.run
        options
        []
        {
            Train.defaults with
                Epochs = epochs
                StepsPerCall = stepsPerEpoch
                Progress = progress
                Cancellation = cancellation
        }
        step
        // Each step sees all observations.
        { Count = stepsPerEpoch; Epoch = fun _ first -> Seq.replicate (stepsPerEpoch - first) observed }
        (start, optimizer.Init start)

let private run (options: Options.Options) (cancellation: CancellationToken) =
    let watch = Stopwatch.StartNew()
    let forNoise, forModel = Key.split (Key.create options.Seed)
    let all = states truth
    let observed = (all + noise * Random.normal forNoise DType.Float64 [ all.Shape[0]; 2 ])[..learnt]
    let reached = Progress.show title (train options cancellation observed (create observed forModel))
    let model, _ = reached.Last.State

    // In the order of time: windows, then what is in each.
    let windows = swing model.Law model.Starts window
    let learned = pairs (windows.Transpose(0, 1).Reshape [ learnt; 2 ])

    let ahead =
        pairs (swing model.Law (tensor [ fst learned[learnt - 1]; snd learned[learnt - 1] ]) heldOut)
    // Told the true state to start from, which the other has to find.
    let linear = harmonic (pairs observed) truth[learnt]
    let expected = truth[learnt + 1 ..]

    Ok {
        Seconds = watch.Elapsed.TotalSeconds
        Parameters = Tree.size model.Law
        Measures = [
            "heldOutError", error ahead expected
            "learntError", error learned truth[1..learnt]
            "noise", noise
            "linearError", error linear expected
        ]
        Figures = figures (pairs observed) learned ahead linear reached.History
        Save = fun about path -> Checkpoint.saveWith about path model.Law
    }

let sample = {
    Name = "pendulum"
    Title = title
    About =
        "The law of motion is a small network; a swing is its integral by Runge and Kutta's rule, and the gradient goes through it. It learns from 128 noisy observations of angle and velocity, and foresees the next 64. Errors are roots of mean squares against the true motion, integrated in plain arithmetic with steps of half a millisecond; the linear law is told the true state to start from."
    Run = run
}
