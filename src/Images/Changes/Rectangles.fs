namespace Cotangent.Images

open System

/// Rectangles of a random area and shape, at random places.
module internal Rectangles =
    [<Literal>]
    let private Tries = 10

    /// How many numbers a search takes.
    let draws = 2 * Tries + 2

    /// The first of ten rectangles that fits, of a share of the picture's area and a ratio of width to height; at a place that is as likely
    /// as any other.
    let find
        fits
        (areas: struct (float * float))
        (ratios: struct (float * float))
        height
        width
        (u: float[])
        : Region voption =
        let struct (least, most) = areas
        let struct (narrow, wide) = ratios

        let rec search attempt =
            if attempt = Tries then
                ValueNone
            else
                let area = float height * float width * Draws.between least most u[2 * attempt]
                let ratio = Draws.betweenInLogs narrow wide u[2 * attempt + 1]
                let w, h = int (Math.Round(sqrt (area * ratio))), int (Math.Round(sqrt (area / ratio)))

                if w > 0 && h > 0 && fits h w then
                    ValueSome {
                        Top = Draws.below (height - h + 1) u[2 * Tries]
                        Left = Draws.below (width - w + 1) u[2 * Tries + 1]
                        Height = h
                        Width = w
                    }
                else
                    search (attempt + 1)

        search 0

    /// As torchvision's RandomResizedCrop: where ten tries find none, the largest in the middle of a ratio that is allowed.
    let forCrop areas (ratios: struct (float * float)) height width (u: float[]) : Region =
        match find (fun h w -> h <= height && w <= width) areas ratios height width u with
        | ValueSome region -> region
        | ValueNone ->
            let struct (narrow, wide) = ratios
            let ratio = float width / float height

            let h, w =
                if ratio < narrow then
                    Math.Max(1, Math.Min(height, int (Math.Round(float width / narrow)))), width
                elif ratio > wide then
                    height, Math.Max(1, Math.Min(width, int (Math.Round(float height * wide))))
                else
                    height, width

            { Top = (height - h) / 2; Left = (width - w) / 2; Height = h; Width = w }

    /// As torchvision's RandomErasing: nothing where ten tries find none that is smaller than the picture.
    let forErasing areas ratios height width (u: float[]) : Region voption =
        find (fun h w -> h < height && w < width) areas ratios height width u
