namespace Cotangent.Images

open System
open Cotangent

/// The changes of RandAugment (Cubuk, Zoph, Shlens and Le, "RandAugment: Practical automated data augmentation with a reduced search
/// space", 2019), with the ranges of torchvision.
[<RequireQualifiedAccess>]
type internal Augmentation =
    | Identity
    | ShearX
    | ShearY
    | TranslateX
    | TranslateY
    | Rotate
    | Brightness
    | Color
    | Contrast
    | Sharpness
    | Posterize
    | Solarize
    | AutoContrast
    | Equalize

module internal RandAugmentation =
    /// The strongest magnitude.
    [<Literal>]
    let Most = 30

    let all = [|
        Augmentation.Identity
        Augmentation.ShearX
        Augmentation.ShearY
        Augmentation.TranslateX
        Augmentation.TranslateY
        Augmentation.Rotate
        Augmentation.Brightness
        Augmentation.Color
        Augmentation.Contrast
        Augmentation.Sharpness
        Augmentation.Posterize
        Augmentation.Solarize
        Augmentation.AutoContrast
        Augmentation.Equalize
    |]

    let private warped (options: RandAugment) placement (image: Image) =
        Warping.apply
            "Augment.randAugment"
            options.Resampling
            options.Fill
            placement
            image.Height
            image.Width
            image

    let private degrees radians = radians * 180.0 / Math.PI

    /// One change, of a share 0 to 1 of its full strength; negative changes go the other way, for those of two.
    let apply
        (options: RandAugment)
        (change: Augmentation)
        (share: float)
        (isNegative: bool)
        (image: Image)
        : Image =
        let signed most = if isNegative then -(most * share) else most * share
        let moved affine = image |> warped options (Placement.ofAffine image.Height image.Width affine)
        // About the corner.
        let sheared affine = image |> warped options (Placement.ofAffineAbout 0.0 0.0 affine)
        let far side = Math.Truncate(signed (150.0 / 331.0 * float side))

        match change with
        | Augmentation.Identity -> image
        | Augmentation.ShearX -> sheared { Affine.Identity with ShearX = degrees (atan (signed 0.3)) }
        | Augmentation.ShearY -> sheared { Affine.Identity with ShearY = degrees (atan (signed 0.3)) }
        | Augmentation.TranslateX -> moved { Affine.Identity with TranslateX = far image.Width }
        | Augmentation.TranslateY -> moved { Affine.Identity with TranslateY = far image.Height }
        | Augmentation.Rotate -> Geometry.rotate options.Resampling options.Fill (signed 30.0) image
        | Augmentation.Brightness -> Adjust.brightness (1.0 + signed 0.9) image
        | Augmentation.Color -> Adjust.saturation (1.0 + signed 0.9) image
        | Augmentation.Contrast -> Adjust.contrast (1.0 + signed 0.9) image
        | Augmentation.Sharpness -> Adjust.sharpness (1.0 + signed 0.9) image
        | Augmentation.Posterize -> Adjust.posterize (8 - int (Math.Round(4.0 * share))) image
        | Augmentation.Solarize -> Adjust.solarize (int (ceil (255.0 * (1.0 - share)))) image
        | Augmentation.AutoContrast -> Adjust.autoContrast image
        | Augmentation.Equalize -> Adjust.equalize image
