namespace Samples

open Cotangent

/// A family of sine signals: mult · sin(x0 + freq · i) for i = 0 .. length-1, each parameter uniform in its range.
type SineFamily = {
    /// Samples of one signal.
    Length: int
    /// The range of x0.
    Phase: float * float
    /// The range of freq.
    Frequency: float * float
    /// The range of mult.
    Amplitude: float * float
    /// The root-mean-square error within which two signals count as the same.
    Tolerance: float
}

/// The signals of the sine GAN.
[<RequireQualifiedAccess>]
module Sines =
    /// The family of the article that the GAN comes from.
    let article = {
        Length = 10
        Phase = 0.0, 0.5
        Frequency = 1.2, 1.3
        Amplitude = 0.6, 0.8
        Tolerance = 0.05
    }

    /// A family so wide that the article's GAN collapses on it.
    let wide = {
        Length = 10
        Phase = 0.0, 2.0 * System.Math.PI
        Frequency = 0.6, 1.8
        Amplitude = 0.3, 1.0
        Tolerance = 0.1
    }

    /// Members of a family drawn at random: Float32 (count, Length).
    let sample (family: SineFamily) (count: int) (key: Key) : Tensor =
        let draw (low, high) key = Random.uniformIn key low high DType.Float32 [ count; 1 ]

        let forPhase, forFrequency, forAmplitude = Key.split3 key
        let i = Tensor.arange DType.Float32 family.Length

        draw family.Amplitude forAmplitude
        * sin (draw family.Phase forPhase + draw family.Frequency forFrequency * i)
