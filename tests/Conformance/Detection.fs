/// Operators on boxes in images.
module internal Cotangent.Conformance.Detection

open Cotangent

/// Corners in rising order; ONNX has y before x, and any two opposite corners.
let private corners isCentred (boxes: Tensor) : Tensor =
    if isCentred then
        Boxes.ofCenters boxes
    else
        let part first = narrow (boxes.Rank - 1) first 2 boxes
        concat -1 [ minimum (part 0) (part 2); maximum (part 0) (part 2) ]

let private suppression: Operator =
    fun a inputs ->
        let boxes = corners (a.IsSet "center_point_box") (given inputs 0)
        let scores = given inputs 1

        let number otherwise i =
            tryGiven inputs i |> Option.map (floatsOf >> List.head) |> Option.defaultValue otherwise

        let most = int (number 0.0 2)
        let threshold, least = number 0.0 3, number -infinity 4

        let row (t: Tensor) i = t.Take(ofInts [ i ], 0).Squeeze 0

        let found = [
            for batch in 0 .. scores.Shape[0] - 1 do
                for kind in 0 .. scores.Shape[1] - 1 do
                    let ofKind = row (row scores batch) kind
                    // Only those that are likely enough take part.
                    let places = (ofKind.Greater least).NonZero().Flatten()
                    let own, likely = (row boxes batch).Take(places, 0), ofKind.Take(places, 0)
                    let kept = intsOf (places.Take(Boxes.nonMaximumSuppression threshold own likely, 0))

                    for box in List.truncate most kept do
                        [ batch; kind; box ]
        ]

        [ (ofInts (List.concat found)).Reshape [ found.Length; 3 ] ]

let operators: (string * Operator) list = [ "NonMaxSuppression", suppression ]
