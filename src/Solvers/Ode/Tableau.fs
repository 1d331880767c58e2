namespace Cotangent.Solvers

/// An explicit Runge–Kutta method whose last stage is the slope at the end of the step, and so the next step's first: row i of A makes
/// the state at which stage i + 1 is taken, and the last row the result.
type internal Tableau = {
    /// Of the estimate's formula plus one: what the error of a step goes with.
    ErrorOrder: int
    /// Nodes of all stages, the first 0.
    C: float[]
    /// Rows for the second stage, the third, …
    A: float[][]
    /// Estimates of the error: one; or two, of fifth and third order, that Hairer combines.
    Errors: float[][]
    /// Stages that the polynomial within a step needs besides: their nodes and rows.
    MoreC: float[]
    MoreA: float[][]
    /// The polynomial within a step: of each stage the coefficients of θ, θ², ….
    Dense: float[][]
}

/// Polynomials by their coefficients, the constant first.
module internal Polynomial =
    let add (a: float[]) (b: float[]) =
        Array.init (max a.Length b.Length) (fun i ->
            (if i < a.Length then a[i] else 0.0) + (if i < b.Length then b[i] else 0.0))

    let scale (c: float) (a: float[]) = Array.map ((*) c) a

    let multiply (a: float[]) (b: float[]) =
        Array.init (a.Length + b.Length - 1) (fun n ->
            Seq.sum (seq { for i in max 0 (n - b.Length + 1) .. min n (a.Length - 1) -> a[i] * b[n - i] }))

    /// Without the constant, which is 0.
    let withoutConstant (a: float[]) = a[1..]

module internal Tableau =
    let private weights (t: Tableau) = t.A[t.A.Length - 1]

    /// The cubic that has the states and slopes of both ends.
    let private hermite (t: Tableau) =
        let last = t.C.Length - 1

        let weight i = if i < last then (weights t)[i] else 0.0

        {
            t with
                Dense =
                    Array.init t.C.Length (fun i ->
                        let first, final = (if i = 0 then 1.0 else 0.0), (if i = last then 1.0 else 0.0)
                        [| first; 3.0 * weight i - 2.0 * first - final; -2.0 * weight i + first + final |])
        }

    let heun =
        hermite {
            ErrorOrder = 2
            C = [| 0.0; 1.0; 1.0 |]
            A = [| [| 1.0 |]; [| 0.5; 0.5 |] |]
            Errors = [| [| -0.5; 0.5; 0.0 |] |]
            MoreC = [||]
            MoreA = [||]
            Dense = [||]
        }

    /// The estimate: with the slope at the end in place of the fourth stage the formula is of third order.
    let rungeKutta4 =
        hermite {
            ErrorOrder = 4
            C = [| 0.0; 0.5; 0.5; 1.0; 1.0 |]
            A = [|
                [| 0.5 |]
                [| 0.0; 0.5 |]
                [| 0.0; 0.0; 1.0 |]
                [| 1.0 / 6.0; 1.0 / 3.0; 1.0 / 3.0; 1.0 / 6.0 |]
            |]
            Errors = [| [| 0.0; 0.0; 0.0; 1.0 / 6.0; -1.0 / 6.0 |] |]
            MoreC = [||]
            MoreA = [||]
            Dense = [||]
        }

    let dormandPrince5 = {
        ErrorOrder = 5
        C = [| 0.0; 1.0 / 5.0; 3.0 / 10.0; 4.0 / 5.0; 8.0 / 9.0; 1.0; 1.0 |]
        A = [|
            [| 1.0 / 5.0 |]
            [| 3.0 / 40.0; 9.0 / 40.0 |]
            [| 44.0 / 45.0; -56.0 / 15.0; 32.0 / 9.0 |]
            [| 19372.0 / 6561.0; -25360.0 / 2187.0; 64448.0 / 6561.0; -212.0 / 729.0 |]
            [| 9017.0 / 3168.0; -355.0 / 33.0; 46732.0 / 5247.0; 49.0 / 176.0; -5103.0 / 18656.0 |]
            [| 35.0 / 384.0; 0.0; 500.0 / 1113.0; 125.0 / 192.0; -2187.0 / 6784.0; 11.0 / 84.0 |]
        |]
        Errors = [|
            [|
                71.0 / 57600.0
                0.0
                -71.0 / 16695.0
                71.0 / 1920.0
                -17253.0 / 339200.0
                22.0 / 525.0
                -1.0 / 40.0
            |]
        |]
        MoreC = [||]
        MoreA = [||]
        // Shampine 1986.
        Dense = [|
            [|
                1.0
                -8048581381.0 / 2820520608.0
                8663915743.0 / 2820520608.0
                -12715105075.0 / 11282082432.0
            |]
            [| 0.0; 0.0; 0.0; 0.0 |]
            [|
                0.0
                131558114200.0 / 32700410799.0
                -68118460800.0 / 10900136933.0
                87487479700.0 / 32700410799.0
            |]
            [|
                0.0
                -1754552775.0 / 470086768.0
                14199869525.0 / 1410260304.0
                -10690763975.0 / 1880347072.0
            |]
            [|
                0.0
                127303824393.0 / 49829197408.0
                -318862633887.0 / 49829197408.0
                701980252875.0 / 199316789632.0
            |]
            [| 0.0; -282668133.0 / 205662961.0; 2019193451.0 / 616988883.0; -1453857185.0 / 822651844.0 |]
            [| 0.0; 40617522.0 / 29380423.0; -110615467.0 / 29380423.0; 69997945.0 / 29380423.0 |]
        |]
    }

    let tsitouras5 =
        // c θ² (θ - a)(θ - b), and the like.
        let product c factors = Array.fold Polynomial.multiply [| c |] factors |> Polynomial.withoutConstant

        let theta, square = [| 0.0; 1.0 |], [| 0.0; 0.0; 1.0 |]
        let root r = [| -r; 1.0 |]

        {
            ErrorOrder = 5
            C = [| 0.0; 0.161; 0.327; 0.9; 0.9800255409045097; 1.0; 1.0 |]
            A = [|
                [| 0.161 |]
                [| -0.008480655492356989; 0.335480655492357 |]
                [| 2.8971530571054935; -6.359448489975075; 4.3622954328695815 |]
                [| 5.325864828439257; -11.748883564062828; 7.4955393428898365; -0.09249506636175525 |]
                [|
                    5.86145544294642
                    -12.92096931784711
                    8.159367898576159
                    -0.071584973281401
                    -0.028269050394068383
                |]
                [|
                    0.09646076681806523
                    0.01
                    0.4798896504144996
                    1.379008574103742
                    -3.290069515436081
                    2.324710524099774
                |]
            |]
            Errors = [|
                [|
                    0.09646076681806523 - 0.09468075576583945
                    0.01 - 0.009183565540343254
                    0.4798896504144996 - 0.4877705284247616
                    1.379008574103742 - 1.234297566930479
                    -3.290069515436081 + 2.7077123499835256
                    2.324710524099774 - 1.866628418170587
                    -1.0 / 66.0
                |]
            |]
            MoreC = [||]
            MoreA = [||]
            Dense = [|
                product -1.0530884977290216 [|
                    theta
                    root 1.3299890189751412
                    [| 0.7139816917074209; -1.4364028541716351; 1.0 |]
                |]
                product 0.1017 [| square; [| 1.2949852507374631; -2.1966568338249754; 1.0 |] |]
                product 2.490627285651252793 [|
                    square
                    [| 1.57803468208092486; -2.38535645472061657; 1.0 |]
                |]
                product -16.54810288924490272 [| square; root 1.21712927295533244; root 0.61620406037800089 |]
                product 47.37952196281928122 [|
                    square
                    root 1.203071208372362603
                    root 0.658047292653547382
                |]
                product -34.87065786149660974 [| square; root 1.2; root (2.0 / 3.0) |]
                product 2.5 [| square; root 1.0; root 0.6 |]
            |]
        }
