namespace Cotangent.Images

open System
open Cotangent

/// <summary>Pictures: made, read, written, converted. What changes them is in <c>Geometry</c>, <c>Adjust</c> and <c>Augment</c>.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Image =
    /// <summary>A picture of bytes, which are copied: row by row, the channels of a pixel side by side.</summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1, or the channels are not 1, 3 or 4.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There are more or fewer bytes than the sizes ask for.</exception>
    /// <example><code>
    /// Image.create 1 2 3 [| 255uy; 0uy; 0uy; 0uy; 0uy; 255uy |] // image 1 × 2 × 3
    /// </code></example>
    let create (height: int) (width: int) (channels: int) (pixels: byte[]) : Image =
        Given.check "pixels" pixels
        Image.Create(height, width, channels, ReadOnlyMemory pixels)

    /// <summary>A picture of 3 channels and one colour; of 4 if the colour isn't opaque.</summary>
    /// <exception cref="T:Cotangent.ValueException">A size is below 1.</exception>
    /// <example><code>
    /// Image.filled 2 3 (Color.OfRgb(255uy, 128uy, 0uy)) // image 2 × 3 × 3
    /// </code></example>
    let filled (height: int) (width: int) (color: Color) : Image =
        let channels = if color.Alpha = 255uy then 3 else 4
        Image.Check("Image.filled", height, width, channels)
        Pasting.filled height width channels color

    /// <summary>How files are decoded unless told otherwise.</summary>
    let defaults: DecodeOptions = DecodeOptions.defaults

    /// <summary>
    /// A picture from a PNG, JPEG, WebP, BMP or GIF file (its first frame), turned as its EXIF orientation says. It has the channels of
    /// the file: 1 if it is grey, 4 if it has transparency, else 3; palettes become colours, 16 bits 8, CMYK red, green and blue. Colour
    /// profiles are not applied.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">The file is something else, damaged, cut short, or too large.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "cotangent-load.png")
    /// Image.save path (Image.filled 2 3 Color.White)
    /// Image.load path // image 2 × 3 × 3
    /// </code></example>
    let load (path: string) : Image =
        Given.check "path" path
        Decoding.load "Image.load" defaults path

    /// <summary>The same with options: all pictures with the same channels, say.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is something else, damaged, cut short, or too large.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "cotangent-load.png")
    /// Image.save path (Image.filled 2 3 Color.White)
    /// Image.loadWith { Image.defaults with Channels = Channels.Gray } path // image 2 × 3 × 1
    /// </code></example>
    let loadWith (options: DecodeOptions) (path: string) : Image =
        Given.check "options" options
        Given.check "path" path
        Decoding.load "Image.loadWith" options path

    /// <summary>A picture from the bytes of a file, as <c>load</c> gives it.</summary>
    /// <exception cref="T:Cotangent.FileException">The bytes are something else, damaged, cut short, or too large.</exception>
    /// <example><code>
    /// Image.decode (Image.encodePng (Image.filled 2 3 Color.White)) // image 2 × 3 × 3
    /// </code></example>
    let decode (file: byte[]) : Image =
        Given.check "file" file
        Decoding.decode "Image.decode" "the file" defaults file

    /// <summary>The same with options.</summary>
    /// <exception cref="T:Cotangent.FileException">The bytes are something else, damaged, cut short, or too large.</exception>
    /// <example><code>
    /// let file = Image.encodePng (Image.filled 2 3 Color.White)
    /// (Image.decodeWith { Image.defaults with Channels = Channels.Gray } file).Channels // 1
    /// </code></example>
    let decodeWith (options: DecodeOptions) (file: byte[]) : Image =
        Given.check "options" options
        Given.check "file" file
        Decoding.decode "Image.decodeWith" "the file" options file

    /// <summary>A PNG file: all bytes of the picture come back from it.</summary>
    /// <example><code>
    /// let image = Image.filled 2 3 Color.White
    /// Image.decode (Image.encodePng image) = image // true
    /// </code></example>
    let encodePng (image: Image) : byte[] =
        Given.check "image" image
        Encoding.png "Image.encodePng" image

    /// <summary>A JPEG file of a quality from 1 to 100; 90 is good. It has no alpha.</summary>
    /// <exception cref="T:Cotangent.ValueException">The quality is out of range, or the picture has alpha.</exception>
    /// <example><code>
    /// Image.decode (Image.encodeJpeg 90 (Image.filled 2 3 Color.White)) // image 2 × 3 × 3
    /// </code></example>
    let encodeJpeg (quality: int) (image: Image) : byte[] =
        Given.check "image" image
        Encoding.jpeg "Image.encodeJpeg" quality image

    /// <summary>
    /// Writes a file, a PNG or a JPEG of quality 90 by the path's ending. A file that is there is replaced when the new one is whole.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The path ends otherwise, or a JPEG is to have alpha.</exception>
    /// <example><code>
    /// let path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "cotangent-save.png")
    /// Image.save path (Image.filled 2 3 Color.White)
    /// </code></example>
    let save (path: string) (image: Image) : unit =
        Given.check "path" path
        Given.check "image" image
        Encoding.save "Image.save" 90 path image

    /// <summary>
    /// Other channels: grey levels are the luma of colours, colours are seen in front of white where they are transparent, and an alpha
    /// that is added is opaque.
    /// </summary>
    /// <example><code>
    /// Image.convert Channels.Gray (Image.filled 2 3 Color.White) // image 2 × 3 × 1
    /// </code></example>
    let convert (channels: Channels) (image: Image) : Image =
        Given.check "image" image
        ChannelConversion.convert channels Color.White image

    /// <summary>A picture with alpha as it looks in front of a background; any other as it is.</summary>
    /// <example><code>
    /// Image.flatten Color.Black (Image.filled 2 3 Color.Transparent) // image 2 × 3 × 3
    /// </code></example>
    let flatten (background: Color) (image: Image) : Image =
        Given.check "image" image
        if image.HasAlpha then ChannelConversion.flattened background image else image

    /// <summary>A Float32 tensor (channels, height, width) of numbers from 0 to 1.</summary>
    /// <example><code>
    /// Image.toTensor (Image.filled 2 3 Color.White) // shape (3, 2, 3)
    /// </code></example>
    let toTensor (image: Image) : Tensor =
        Given.check "image" image
        Tensors.ofImage "Image.toTensor" DType.Float32 image

    /// <summary>
    /// A tensor (channels, height, width): of floating-point numbers from 0 to 1, or of integers from 0 to 255, as its dtype says.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool, or Int8, which can't hold 255.</exception>
    /// <example><code>
    /// (Image.toTensorOf DType.UInt8 (Image.filled 2 3 Color.White)).Max() // 255
    /// </code></example>
    let toTensorOf (dtype: DType) (image: Image) : Tensor =
        Given.check "image" image
        Tensors.ofImage "Image.toTensorOf" dtype image

    /// <summary>
    /// A Float32 tensor (channels, height, width) of (x - mean) / deviation, where x goes from 0 to 1; one mean and deviation for each
    /// channel.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">There are more or fewer of them than channels.</exception>
    /// <exception cref="T:Cotangent.ValueException">A deviation is not above 0, or a number not finite.</exception>
    /// <example><code>
    /// // What networks trained on ImageNet want.
    /// Image.normalize [| 0.485; 0.456; 0.406 |] [| 0.229; 0.224; 0.225 |] (Image.filled 2 3 Color.White) // shape (3, 2, 3)
    /// </code></example>
    let normalize (mean: float[]) (deviation: float[]) (image: Image) : Tensor =
        Given.check "mean" mean
        Given.check "deviation" deviation
        Given.check "image" image
        Tensors.normalized "Image.normalize" mean deviation image

    /// <summary>A Float32 tensor (pictures, channels, height, width) of pictures of one size, of numbers from 0 to 1.</summary>
    /// <exception cref="T:Cotangent.ShapeException">Sizes or channels differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">There are no pictures.</exception>
    /// <example><code>
    /// Image.stack [ Image.filled 2 3 Color.White; Image.filled 2 3 Color.Black ] // shape (2, 3, 2, 3)
    /// </code></example>
    let stack (images: Image seq) : Tensor =
        Given.check "images" images
        Tensors.stack "Image.stack" (Array.ofSeq images)

    /// <summary>
    /// A picture of a tensor (channels, height, width) with 1, 3 or 4 channels, rounded to the nearest levels: of floating-point numbers
    /// from 0 to 1, or of integers from 0 to 255.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A number is NaN, or out of range by half a level or more.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The shape is another.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// Image.ofTensor (Tensor.full DType.Float32 [ 3; 2; 4 ] 0.5) // image 2 × 4 × 3
    /// Image.ofTensor (Tensor.full DType.Float32 [ 3; 2; 4 ] 1.5) // throws ValueException
    /// </code></example>
    let ofTensor (t: Tensor) : Image =
        Given.check "t" t
        Tensors.toImage "Image.ofTensor" Tensors.Refused t

    /// <summary>The same, with numbers that are out of range brought to the nearest end of it; NaN is still refused.</summary>
    /// <example><code>
    /// Image.ofTensorClamped (Tensor.full DType.Float32 [ 3; 2; 4 ] 1.5) // image 2 × 4 × 3
    /// </code></example>
    let ofTensorClamped (t: Tensor) : Image =
        Given.check "t" t
        Tensors.toImage "Image.ofTensorClamped" Tensors.Clamped t

    /// <summary>The pictures of a tensor (pictures, channels, height, width), each as by <c>ofTensorClamped</c>.</summary>
    /// <example><code>
    /// (Image.unstack (Tensor.zeros DType.Float32 [ 5; 1; 2; 4 ])).Length // 5
    /// </code></example>
    let unstack (t: Tensor) : Image[] =
        Given.check "t" t
        Tensors.unstack "Image.unstack" Tensors.Clamped t

    /// <summary>
    /// Pictures of one size as one, row by row with so many columns, and so many pixels of black between and around them.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Sizes or channels differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">There are no pictures, no columns, or a negative padding.</exception>
    /// <example><code>
    /// Image.grid 3 2 (List.replicate 5 (Image.filled 10 20 Color.White)) // image 26 × 68 × 3
    /// </code></example>
    let grid (columns: int) (padding: int) (images: Image seq) : Image =
        Given.check "images" images
        Grid.make "Image.grid" columns padding Color.Black (Array.ofSeq images)

    /// <summary>The same in front of a background of one's choice.</summary>
    /// <example><code>
    /// Image.gridOn Color.White 3 2 (List.replicate 5 (Image.filled 10 20 Color.Black)) // image 26 × 68 × 3
    /// </code></example>
    let gridOn (background: Color) (columns: int) (padding: int) (images: Image seq) : Image =
        Given.check "images" images
        Grid.make "Image.gridOn" columns padding background (Array.ofSeq images)
