namespace Cotangent.Images

open System
open Cotangent

/// <summary>Pictures of another size, cut, padded, turned. All of it leaves the picture that it gets as it is.</summary>
[<RequireQualifiedAccess>]
module Geometry =
    let private requireSizes operation height width (image: Image) =
        Given.check "image" image
        Image.Check(operation, height, width, image.Channels)

    /// <summary>
    /// A picture of another size. Smoothed where it gets smaller, so that no pixel is passed over, as Pillow and torchvision's
    /// <c>antialias</c> have it; colours count by their alpha.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1.</exception>
    /// <example><code>
    /// Geometry.resize Resampling.Bilinear 224 224 (Image.filled 375 500 Color.White) // image 224 × 224 × 3
    /// </code></example>
    let resize (resampling: Resampling) (height: int) (width: int) (image: Image) : Image =
        requireSizes "Geometry.resize" height width image
        Resizing.region true resampling (Region.whole image) height width image

    /// <summary>
    /// A picture of another size from two pixels (four for <c>Bicubic</c>) along each axis, however much smaller it gets: PyTorch's
    /// <c>interpolate</c> without antialiasing, for models that were trained so. <c>Area</c> is always a mean of all pixels.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1.</exception>
    /// <example><code>
    /// Geometry.interpolate Resampling.Bilinear 224 224 (Image.filled 375 500 Color.White) // image 224 × 224 × 3
    /// </code></example>
    let interpolate (resampling: Resampling) (height: int) (width: int) (image: Image) : Image =
        requireSizes "Geometry.interpolate" height width image
        Resizing.region (resampling = Resampling.Area) resampling (Region.whole image) height width image

    /// <summary>
    /// A picture whose shorter side has so many pixels, and the other as many as keep its proportions (rounded down, as torchvision's
    /// <c>Resize</c> of one number).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// Geometry.resizeShorter Resampling.Bilinear 256 (Image.filled 375 500 Color.White) // image 256 × 341 × 3
    /// </code></example>
    let resizeShorter (resampling: Resampling) (size: int) (image: Image) : Image =
        Given.check "image" image
        Given.positive "Geometry.resizeShorter" "the size" size
        let shorter = int64 (Math.Min(image.Height, image.Width))
        let along side = int (int64 size * int64 side / shorter)
        let height, width = along image.Height, along image.Width
        Image.Check("Geometry.resizeShorter", height, width, image.Channels)
        Resizing.region true resampling (Region.whole image) height width image

    /// <summary>A rectangle of a picture, from a row and a column on.</summary>
    /// <exception cref="T:Cotangent.ValueException">The rectangle is empty, or not inside of the picture.</exception>
    /// <example><code>
    /// Geometry.crop 10 20 30 40 (Image.filled 375 500 Color.White) // image 30 × 40 × 3
    /// </code></example>
    let crop (top: int) (left: int) (height: int) (width: int) (image: Image) : Image =
        Given.check "image" image

        if
            top < 0
            || left < 0
            || height < 1
            || width < 1
            || height > image.Height - top
            || width > image.Width - left
        then
            raise (
                ValueException
                    $"Geometry.crop: {height} × {width} pixels from row {top} and column {left} on do not lie inside of an {image}. Pad it first, or take less."
            )

        image |> Region.crop { Top = top; Left = left; Height = height; Width = width }

    /// <summary>The middle of a picture; where pixels can't be shared out evenly, one more is left away at the top and left.</summary>
    /// <exception cref="T:Cotangent.ValueException">The picture is smaller.</exception>
    /// <example><code>
    /// Geometry.cropCenter 224 224 (Image.filled 375 500 Color.White) // image 224 × 224 × 3
    /// </code></example>
    let cropCenter (height: int) (width: int) (image: Image) : Image =
        Given.check "image" image
        requireSizes "Geometry.cropCenter" height width image

        if height > image.Height || width > image.Width then
            raise (
                ValueException
                    $"Geometry.cropCenter: {height} × {width} pixels are not in an {image}. Pad or resize it first."
            )

        image
        |> Region.crop {
            // As torchvision does, which rounds halves to even.
            Top = int (Math.Round(float (image.Height - height) / 2.0))
            Left = int (Math.Round(float (image.Width - width) / 2.0))
            Height = height
            Width = width
        }

    /// <summary>A picture with pixels around it: so many at the top, the bottom, the left and the right.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A number is negative, or as large as the picture where it is to be reflected.
    /// </exception>
    /// <example><code>
    /// Geometry.pad Border.Reflect 4 4 4 4 (Image.filled 32 32 Color.White) // image 40 × 40 × 3
    /// </code></example>
    let pad (border: Border) (top: int) (bottom: int) (left: int) (right: int) (image: Image) : Image =
        Given.check "image" image
        Padding.apply "Geometry.pad" border top bottom left right image

    /// <summary>Left and right exchanged.</summary>
    /// <example><code>
    /// (Geometry.flipHorizontal (Image.create 1 2 1 [| 1uy; 2uy |]))[0, 0, 0] // 2
    /// </code></example>
    let flipHorizontal (image: Image) : Image =
        Given.check "image" image
        Turning.apply Turn.Mirror image

    /// <summary>Top and bottom exchanged.</summary>
    /// <example><code>
    /// (Geometry.flipVertical (Image.create 2 1 1 [| 1uy; 2uy |]))[0, 0, 0] // 2
    /// </code></example>
    let flipVertical (image: Image) : Image =
        Given.check "image" image
        Turning.apply Turn.UpsideDown image

    /// <summary>Quarter turns against the clock; negative ones with it. No pixel is changed.</summary>
    /// <example><code>
    /// Geometry.quarterTurns 1 (Image.filled 2 3 Color.White) // image 3 × 2 × 3
    /// </code></example>
    let quarterTurns (count: int) (image: Image) : Image =
        Given.check "image" image

        match ((count % 4) + 4) % 4 with
        | 0 -> image
        | 1 -> Turning.apply Turn.QuarterLeft image
        | 2 -> Turning.apply Turn.Half image
        | _ -> Turning.apply Turn.QuarterRight image

    let private rotated (operation: string) expand resampling fill degrees (image: Image) =
        Given.check "image" image
        Given.finite operation "the angle" degrees
        let struct (placement, height, width) = Placement.ofRotation expand image.Height image.Width degrees
        Image.Check(operation, height, width, image.Channels)
        Warping.apply operation resampling fill placement height width image

    /// <summary>
    /// Turned by degrees against the clock about its centre, in its own size; a colour where there was nothing.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The angle isn't finite, or the resampling is <c>Area</c>.</exception>
    /// <example><code>
    /// Geometry.rotate Resampling.Bilinear Color.Black 30.0 (Image.filled 20 30 Color.White) // image 20 × 30 × 3
    /// </code></example>
    let rotate (resampling: Resampling) (fill: Color) (degrees: float) (image: Image) : Image =
        rotated "Geometry.rotate" false resampling fill degrees image

    /// <summary>The same, in a picture so large that all of the turned one is in it.</summary>
    /// <exception cref="T:Cotangent.ValueException">The angle isn't finite, or the resampling is <c>Area</c>.</exception>
    /// <example><code>
    /// Geometry.rotateWhole Resampling.Bilinear Color.Black 90.0 (Image.filled 20 30 Color.White) // image 30 × 20 × 3
    /// </code></example>
    let rotateWhole (resampling: Resampling) (fill: Color) (degrees: float) (image: Image) : Image =
        rotated "Geometry.rotateWhole" true resampling fill degrees image

    /// <summary>An affine change about the centre, in the picture's own size; a colour where there was nothing.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A number isn't finite, the scale not above 0, a shear 90 degrees or more, or the resampling is <c>Area</c>.
    /// </exception>
    /// <example><code>
    /// let change = { Affine.Identity with Angle = 10.0; Scale = 1.1; ShearX = 5.0 }
    /// Geometry.affine Resampling.Bilinear Color.Black change (Image.filled 20 30 Color.White) // image 20 × 30 × 3
    /// </code></example>
    let affine (resampling: Resampling) (fill: Color) (change: Affine) (image: Image) : Image =
        Given.check "change" change
        Given.check "image" image
        Placement.require "Geometry.affine" change
        let placement = Placement.ofAffine image.Height image.Width change
        Warping.apply "Geometry.affine" resampling fill placement image.Height image.Width image
