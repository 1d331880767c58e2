/// How far made images are from real ones.
module Models.Frechet

open Cotangent
open Models

/// What images (n, 1, 28, 28) are compared by: 49 means over squares of 4 × 4 pixels, which no training decides on.
let private blocks (images: Tensor) = (averagePool [ 4; 4 ] (Window.stride 4) images).Flatten 1

/// And 64 features of the CNN of the sample `digits`: the maps of its second convolution, averaged over their places.
let private features (net: Digits.Cnn) (images: Tensor) = (Digits.maps net images).Mean [ 2; 3 ]

/// What the measures are, for a reader of the page.
let about =
    "The distances are squared Fréchet distances of normal distributions fitted to made images and to test images, of two kinds of figures: 64 features of a small CNN trained beside, and 49 means over 4 × 4 pixels. What real training images are away from test images is the best to hope for."

/// Trains the CNN whose features are compared, on images and labels.
let train (quick: bool) (key: Key) (data: FashionMnist.Images) : Digits.Cnn =
    let epochs, size = if quick then 10, 25 else 2, 64
    let step, batches, start = Digits.training epochs size key data

    let train progress =
        Train.run { Train.defaults with Epochs = epochs; Progress = progress } step batches start

    fst (Progress.show "The CNN whose features are compared" train).Last.State

/// Distances of made images, and of as many real ones that nothing was to be made alike, from other real ones.
let measures (net: Digits.Cnn) (real: Tensor) (test: Tensor) (made: Tensor) : (string * float) list =
    let seen, reduced = Parts.compiled features net, Parts.compiled (fun () x -> blocks x) ()
    let count = min (Data.count test) (min (Data.count real) (Data.count made))
    let fitted (by: Tensor -> Tensor) images = images |> Data.split count |> fst |> by |> Gaussian.fit
    let between by a b = Gaussian.distance (fitted by a) (fitted by b)

    [
        "featureDistance", between seen made test
        "featureDistanceOfReal", between seen real test
        "blockDistance", between reduced made test
        "blockDistanceOfReal", between reduced real test
    ]
