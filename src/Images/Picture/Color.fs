namespace Cotangent.Images

/// <summary>
/// A colour of 8 bits a channel; 255 is full intensity, and for alpha opaque. What fills the space that a picture leaves: on a
/// picture of one channel its luma, on one of three without the alpha.
/// </summary>
[<Struct>]
type Color = {
    /// 0 to 255.
    Red: byte
    /// 0 to 255.
    Green: byte
    /// 0 to 255.
    Blue: byte
    /// 0 is transparent, 255 opaque.
    Alpha: byte
} with

    /// <summary>An opaque colour.</summary>
    /// <example><code>
    /// Color.OfRgb(255uy, 128uy, 0uy)
    /// </code></example>
    static member OfRgb(red: byte, green: byte, blue: byte) : Color = {
        Red = red
        Green = green
        Blue = blue
        Alpha = 255uy
    }

    /// <summary>An opaque grey.</summary>
    /// <example><code>
    /// Color.OfGray(128uy).Green // 128
    /// </code></example>
    static member OfGray(level: byte) : Color = Color.OfRgb(level, level, level)

    /// 0, 0, 0, opaque.
    static member Black: Color = Color.OfGray 0uy

    /// 255, 255, 255, opaque.
    static member White: Color = Color.OfGray 255uy

    /// 0, 0, 0 and an alpha of 0; black where there is no alpha.
    static member Transparent: Color = { Red = 0uy; Green = 0uy; Blue = 0uy; Alpha = 0uy }

module internal Luma =
    /// ITU-R BT.601's luma, 0.299 R + 0.587 G + 0.114 B, in 16 bits behind the point, rounded: as Pillow has it.
    let inline ofRgb (r: byte) (g: byte) (b: byte) : byte =
        byte ((int r * 19595 + int g * 38470 + int b * 7471 + 0x8000) >>> 16)

module internal Color =
    /// The numbers that the channels of a picture take.
    let channels (count: int) (color: Color) : byte[] =
        match count with
        | 1 -> [| Luma.ofRgb color.Red color.Green color.Blue |]
        | 3 -> [| color.Red; color.Green; color.Blue |]
        | _ -> [| color.Red; color.Green; color.Blue; color.Alpha |]
