namespace Cotangent.Images

/// <summary>How a file becomes a picture; <c>Image.defaults</c> has the usual.</summary>
/// <example><code>
/// let grey = { Image.defaults with Channels = Channels.Gray }
/// (Image.decodeWith grey (Image.encodePng (Image.filled 2 3 Color.White))).Channels // 1
/// </code></example>
type DecodeOptions = {
    /// The channels that all pictures shall have; the default is those of the file.
    Channels: Channels
    /// What is seen through transparent pixels where Channels leaves no alpha; white by default.
    Background: Color
    /// Whether a picture is turned as the camera says that it was held (EXIF's orientation); true by default.
    Orient: bool
    /// How many pixels a picture may have; more are refused before memory is taken. 100 million by default.
    MaxPixels: int64
    /// Whether a file that ends too early, or is damaged, gives a picture as far as it goes (the rest is black, or transparent); false
    /// by default.
    AllowDamaged: bool
    /// A JPEG picture comes in a half, a quarter or an eighth of its size if its shorter side has so many pixels still: several times
    /// as fast where photographs are large. 0, for the whole size, by default; other formats have no such short cut.
    ShorterSide: int
}

module internal DecodeOptions =
    let defaults: DecodeOptions = {
        Channels = Channels.AsStored
        Background = Color.White
        Orient = true
        MaxPixels = 100_000_000L
        AllowDamaged = false
        ShorterSide = 0
    }
