namespace Cotangent.Engines

open System

/// Arithmetic of functions of two parameters, a + ε and b + δ, as power series Σ c(i, j) εⁱ δʲ cut off behind i = m and j = n: the
/// coefficients of a result are its derivatives, divided by i! j!. Recursions that compute a number so compute these, too (forward
/// mode of any order; for series and fractions of the incomplete functions R. Moore, AS 187, 1982, and R. Boik and J. Robison-Cox,
/// 1998, write the recursions out).
[<Struct>]
type internal Jets = {
    M: int
    N: int
} with

    member inline private s.At(i, j) = i * (s.N + 1) + j

    member s.Constant(x: float) : float[] =
        let c = Array.zeroCreate ((s.M + 1) * (s.N + 1))
        c[0] <- x
        c

    /// x + ε
    member s.First(x: float) : float[] =
        let c = s.Constant x
        if s.M > 0 then c[s.At(1, 0)] <- 1.0
        c

    /// x + δ
    member s.Second(x: float) : float[] =
        let c = s.Constant x
        if s.N > 0 then c[s.At(0, 1)] <- 1.0
        c

    member _.Add(x: float[], y: float[]) : float[] = Array.map2 (+) x y
    member _.Scale(factor: float, x: float[]) : float[] = Array.map (fun c -> factor * c) x

    /// x + a number
    member _.Shift(x: float[], number: float) : float[] =
        let c = Array.copy x
        c[0] <- c[0] + number
        c

    member s.Multiply(x: float[], y: float[]) : float[] =
        let c = Array.zeroCreate x.Length

        for i in 0 .. s.M do
            for j in 0 .. s.N do
                let mutable sum = 0.0

                for k in 0..i do
                    for l in 0..j do
                        sum <- sum + x[s.At(k, l)] * y[s.At(i - k, j - l)]

                c[s.At(i, j)] <- sum

        c

    member s.Divide(x: float[], y: float[]) : float[] =
        let c = Array.zeroCreate x.Length

        for i in 0 .. s.M do
            for j in 0 .. s.N do
                let mutable rest = x[s.At(i, j)]

                for k in 0..i do
                    for l in 0..j do
                        if k < i || l < j then rest <- rest - c[s.At(k, l)] * y[s.At(i - k, j - l)]

                c[s.At(i, j)] <- rest / y[0]

        c

    /// eˣ, whose derivative is itself times that of x; but for the factor that the constant term makes.
    member s.ExpWithout(x: float[]) : float[] =
        let c = s.Constant 1.0

        for i in 0 .. s.M do
            for j in 0 .. s.N do
                let mutable sum = 0.0

                if i > 0 then
                    for k in 1..i do
                        for l in 0..j do
                            sum <- sum + float k * x[s.At(k, l)] * c[s.At(i - k, j - l)]

                    c[s.At(i, j)] <- sum / float i
                elif j > 0 then
                    for l in 1..j do
                        sum <- sum + float l * x[s.At(0, l)] * c[s.At(0, j - l)]

                    c[s.At(i, j)] <- sum / float j

        c

    /// The derivative m times by a and n times by b.
    member s.Last(x: float[]) : float =
        let factorial n = Seq.fold (fun f k -> f * float k) 1.0 (seq { 2..n })
        x[x.Length - 1] * factorial s.M * factorial s.N
