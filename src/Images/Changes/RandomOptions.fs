namespace Cotangent.Images

/// <summary>Which rectangle a random crop takes; <c>Augment.cropDefaults</c> has torchvision's.</summary>
/// <example><code>
/// let half = { Augment.cropDefaults with LeastArea = 0.5 }
/// Augment.cropResized half 224 224 (Key.create 0L) (Image.filled 375 500 Color.White) // image 224 × 224 × 3
/// </code></example>
type RandomCrop = {
    /// The least share of the picture's area; above 0. 0.08 by default.
    LeastArea: float
    /// The largest share; at most 1. 1 by default.
    MostArea: float
    /// The least ratio of width to height; 3/4 by default.
    LeastRatio: float
    /// The largest ratio; 4/3 by default.
    MostRatio: float
    /// How pixels are found; Bilinear by default.
    Resampling: Resampling
}

/// <summary>How far colours are changed at random; <c>Augment.jitterDefaults</c> changes nothing.</summary>
/// <example><code>
/// let options = { Augment.jitterDefaults with Brightness = 0.4; Hue = 0.1 }
/// Augment.jitter options (Key.create 0L) (Image.filled 20 30 Color.White) // image 20 × 30 × 3
/// </code></example>
type ColorJitter = {
    /// Factors from 1 - Brightness (0 at least) to 1 + Brightness.
    Brightness: float
    /// So for contrast.
    Contrast: float
    /// So for saturation.
    Saturation: float
    /// Shifts from -Hue to Hue; at most 1/2.
    Hue: float
}

/// <summary>Which rectangle is erased at random; <c>Augment.erasingDefaults</c> has torchvision's.</summary>
/// <example><code>
/// let always = { Augment.erasingDefaults with Probability = 1.0 }
/// Augment.erase always (Key.create 0L) (Image.filled 20 30 Color.White) // image 20 × 30 × 3
/// </code></example>
type RandomErasing = {
    /// How likely it is that anything is erased; 0.5 by default.
    Probability: float
    /// The least share of the picture's area; 0.02 by default.
    LeastArea: float
    /// The largest share; 0.33 by default.
    MostArea: float
    /// The least ratio of width to height; 0.3 by default.
    LeastRatio: float
    /// The largest ratio; 3.3 by default.
    MostRatio: float
    /// What comes in its place; black by default.
    Fill: Color
}

/// <summary>RandAugment's settings; <c>Augment.randAugmentDefaults</c> has torchvision's.</summary>
/// <example><code>
/// let strong = { Augment.randAugmentDefaults with Count = 3; Magnitude = 15 }
/// Augment.randAugment strong (Key.create 0L) (Image.filled 20 30 Color.White) // image 20 × 30 × 3
/// </code></example>
type RandAugment = {
    /// How many changes are drawn; 2 by default.
    Count: int
    /// How strong they are, from 0 to 30; 9 by default.
    Magnitude: int
    /// How turned pixels are found; Nearest by default.
    Resampling: Resampling
    /// What comes in from outside; black by default.
    Fill: Color
}
