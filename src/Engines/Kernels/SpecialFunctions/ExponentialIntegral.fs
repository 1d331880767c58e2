namespace Cotangent.Engines

open System

/// The exponential integral and Lambert's W, number by number.
module internal ExponentialIntegral =
    // Of x eˣ E1(x) in 1/x, from 1 on.

    let private e1Far = [|
        0.75787215614131210604
        -0.19188756694021289320
        0.037503304706453153159
        -0.0090735407336871098082
        0.0025109816813965136299
        -0.00076430390437887939304
        0.00025010267895930029092
        -0.000086694190979314011789
        0.000031509837982627693671
        -0.000011919588615357988708
        4.6665750973538588269e-6
        -1.8826083586040075044e-6
        7.7989016246427620590e-7
        -3.3081695669439369263e-7
        1.4335232075555008926e-7
        -6.3332991816972964531e-8
        2.8479866059305072198e-8
        -1.3016841314670076053e-8
        6.0393922590130649665e-9
        -2.8413794487945639869e-9
        1.3542490378740980656e-9
        -6.5333120895303303927e-10
        3.1879103015956294043e-10
        -1.5722547392196145791e-10
        7.8328425506230060879e-11
        -3.9396380515092242626e-11
        1.9994769848152691444e-11
        -1.0235322898596868742e-11
        5.2823902329291460300e-12
        -2.7474944650783747698e-12
        1.4396847091877606631e-12
        -7.5976754162314708042e-13
        4.0368807233390074753e-13
        -2.1589442150428545940e-13
        1.1618611053392618961e-13
        -6.2904096245996390674e-14
        3.4254460817578354248e-14
        -1.8757576273288448604e-14
        1.0326931822651123954e-14
        -5.7150466109976731605e-15
        3.1786726133645305224e-15
        -1.7765501269649679676e-15
        9.9757811588309344653e-16
        -5.6271697424486091878e-16
        3.1882039437688760635e-16
        -1.8140851181878138838e-16
        1.0365020830181908540e-16
        -5.9460952097227962325e-17
        3.4244707270783351565e-17
        -1.9797397804772924443e-17
        1.1487649093836287066e-17
        -6.6899061709832263301e-18
        3.9096155686184155829e-18
        -2.2926323006092613401e-18
        1.3489129931582838006e-18
        -7.9624569930940046096e-19
        4.7150884118128444183e-19
        -2.8007833667244059704e-19
    |]

    /// E1(x) = ∫ e⁻ᵗ/t dt from x on: infinite at 0, NaN below.
    let e1 (x: float) : float =
        if x < 0.0 || Double.IsNaN x then
            nan
        elif x = 0.0 then
            infinity
        elif x <= 1.0 then
            // -γ - log x + x - x²/4 + x³/18 - …
            let mutable sum, power = 0.0, 1.0

            for k in 1..20 do
                power <- power * -x / float k
                sum <- sum - power / float k

            sum - (Math.Log x + 0.57721566490153286061)
        else
            Math.Exp -x / x * Chebyshev.sum e1Far (2.0 / x - 1.0)

    [<Literal>]
    let private InverseE = 0.36787944117144232160

    /// What InverseE, rounded, lacks to 1/e.
    [<Literal>]
    let private Lacking = -1.2428753672788363e-17

    /// The real w >= -1 with w eʷ = x: NaN below -1/e.
    let lambertW (x: float) : float =
        if Double.IsNaN x || Double.IsPositiveInfinity x || x = 0.0 then
            x
        else
            let distance = (x + InverseE) + Lacking

            if x < -InverseE then
                nan
            elif distance < 1e-4 then
                // About the branch point, in p = √(2 (e x + 1)).
                let p = Math.Sqrt(2.0 * Math.E * Math.Max(distance, 0.0))

                -1.0
                + p
                  * (1.0
                     + p
                       * (-1.0 / 3.0
                          + p
                            * (11.0 / 72.0
                               + p * (-43.0 / 540.0 + p * (769.0 / 17280.0 + p * (-221.0 / 8505.0))))))
            else
                let start =
                    if x < 0.5 then
                        let p = Math.Sqrt(2.0 * Math.E * distance)
                        -1.0 + p * (1.0 + p * (-1.0 / 3.0 + p * 11.0 / 72.0))
                    elif x < 3.0 then
                        0.567 + (x - 1.0) * 0.36 / (1.0 + 0.25 * x)
                    else
                        let first = Math.Log x
                        let second = Math.Log first
                        first - second + second / first

                // Halley's steps for w - x e⁻ʷ, until nothing changes.
                let mutable w = start
                let mutable rounds = 0

                while rounds < 12 do
                    let rest = w - x * Math.Exp -w
                    let next = w - rest / (1.0 + w - (w + 2.0) * rest / (2.0 * w + 2.0))
                    rounds <- if Math.Abs(next - w) <= 1e-16 * Math.Abs next then 12 else rounds + 1
                    w <- next

                w
