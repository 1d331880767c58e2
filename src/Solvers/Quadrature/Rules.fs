namespace Cotangent.Solvers

open System

/// Nodes and weights on [-1, 1].
type internal Rule = {
    Nodes: float[]
    Weights: float[]
    /// Weights of the rule inside, with 0 at nodes that are not its own.
    Inner: float[]
}

module internal Rule =
    /// From nodes above 0, their weights and the inner rule's, and those of the node 0.
    let private symmetric (half: (float * float * float) list) (weight: float) (inner: float) =
        let left = half |> List.map (fun (x, w, g) -> -x, w, g)
        let all = left @ [ 0.0, weight, inner ] @ List.rev half

        {
            Nodes = [| for x, _, _ in all -> x |]
            Weights = [| for _, w, _ in all -> w |]
            Inner = [| for _, _, g in all -> g |]
        }

    /// Kronrod's extensions of Gauss's rules of 7 and 10 nodes, as in QUADPACK (Piessens, de Doncker, Überhuber and Kahaner 1983).
    let kronrod15 =
        symmetric
            [
                0.991455371120812639206854697526329, 0.022935322010529224963732008058970, 0.0
                0.949107912342758524526189684047851,
                0.063092092629978553290700663189204,
                0.129484966168869693270611432679082
                0.864864423359769072789712788640926, 0.104790010322250183839876322541518, 0.0
                0.741531185599394439863864773280788,
                0.140653259715525918745189590510238,
                0.279705391489276667901467771423780
                0.586087235467691130294144691258130, 0.169004726639267902826583426598550, 0.0
                0.405845151377397166906606412076961,
                0.190350578064785409913256402421014,
                0.381830050505118944950369775488975
                0.207784955007898467600689403773245, 0.204432940075298892414161999234649, 0.0
            ]
            0.209482141084727828012999174891714
            0.417959183673469387755102040816327

    let kronrod21 =
        symmetric
            [
                0.995657163025808080735527280689003, 0.011694638867371874278064396062192, 0.0
                0.973906528517171720077964012084452,
                0.032558162307964727478818972459390,
                0.066671344308688137593568809893332
                0.930157491355708226001207180059508, 0.054755896574351996031381300244580, 0.0
                0.865063366688984510732096688423493,
                0.075039674810919952767043140916190,
                0.149451349150580593145863396957658
                0.780817726586416897063717578345042, 0.093125454583697605535065465083366, 0.0
                0.679409568299024406234327365114874,
                0.109387158802297641899210590325805,
                0.219086362515982043995534934228163
                0.562757134668604683339000099272694, 0.123491976262065851077958109585166, 0.0
                0.433395394129247190799265943165784,
                0.134709217311473325928054001771707,
                0.269266719309996355091226921569469
                0.294392862701460198131126603103866, 0.142775938577060080797094273138717, 0.0
                0.148874338981631210884826001129720,
                0.147739104901338491374841515972068,
                0.295524224714752870173815619188769
            ]
            0.149445554002916905664936468389821
            0.0

    /// Gauss's rule: the roots of Legendre's polynomial by Newton's method from Chebyshev's.
    let legendre (n: int) : Rule =
        // The polynomial and its derivative.
        let rec value (x: float) k before now =
            if k > n then
                now, float n * (x * now - before) / (x * x - 1.0)
            else
                value x (k + 1) now ((float (2 * k - 1) * x * now - float (k - 1) * before) / float k)

        let root i =
            let mutable x = cos (Math.PI * (float i + 0.75) / (float n + 0.5))

            for _ in 1..20 do
                let p, slope = value x 2 1.0 x
                x <- x - p / slope

            x, snd (value x 2 1.0 x)

        let roots = if n = 1 then [| 0.0, 1.0 |] else Array.init n root

        {
            Nodes = roots |> Array.map fst
            Weights = roots |> Array.map (fun (x, slope) -> 2.0 / ((1.0 - x * x) * slope * slope))
            Inner = Array.zeroCreate n
        }
