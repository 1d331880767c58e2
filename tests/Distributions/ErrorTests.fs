/// Bad input is refused where it comes in, with words that help.
module Cotangent.Distributions.Tests.ErrorTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions

/// That an exception of this type is thrown, and what its message says.
let private throws<'e when 'e :> exn> (words: string list) (action: unit -> objnull) =
    try
        action () |> ignore
        failtest $"nothing was thrown for {words}"
    with
    | :? 'e as e ->
        for word in words do
            Expect.stringContains e.Message word "message"
    | e -> failtest $"{e.GetType().Name}: {e.Message}"

let private t (x: float) = tensor x

[<Tests>]
let errors =
    testList "Errors" [
        test "parameters out of range" {
            throws<ValueException> [ "Normal"; "scale"; "positive"; "-1" ] (fun () -> Normal(t 0.0, t -1.0))
            throws<ValueException> [ "Normal"; "loc" ] (fun () -> Normal(t nan, t 1.0))
            throws<ValueException> [ "Gamma"; "concentration" ] (fun () -> Gamma(t 0.0, t 1.0))
            throws<ValueException> [ "Gamma"; "rate" ] (fun () -> Gamma(t 1.0, t nan))
            throws<ValueException> [ "Uniform"; "above low" ] (fun () -> Uniform(t 1.0, t 1.0))
            throws<ValueException> [ "Bernoulli"; "between 0 and 1" ] (fun () -> Bernoulli(t 1.5))

            throws<ValueException> [ "Categorical"; "sum to 1"; "OfLogits" ] (fun () ->
                Categorical(tensor [ 0.5; 0.6 ]))

            throws<ValueException> [ "Binomial"; "whole number" ] (fun () -> Binomial(t 1.5, t 0.5))
            throws<ValueException> [ "Geometric"; "above 0" ] (fun () -> Geometric(t 0.0))

            throws<ValueException> [ "TruncatedNormal"; "above low" ] (fun () ->
                TruncatedNormal(t 0.0, t 1.0, t 2.0, t 1.0))

            throws<ValueException> [ "Poisson"; "rate" ] (fun () -> Poisson(tensor [ 1.0; -1.0 ]))
        }
        test "inside grad, where numbers are known" {
            throws<ValueException> [ "scale" ] (fun () ->
                box (grad (fun s -> Normal(t 0.0, s).LogProb(t 1.0)) (t -1.0)))
        }
        test "dtypes and shapes of parameters" {
            throws<DTypeException> [ "loc is Float64"; "scale is Float32" ] (fun () ->
                Normal(t 0.0, tensor 1.0f))

            throws<DTypeException> [ "Int32"; "Convert" ] (fun () -> Poisson(tensor 3))

            throws<ShapeException> [ "(3)"; "(2)" ] (fun () ->
                Normal(tensor [ 0.0; 1.0 ], tensor [ 1.0; 1.0; 1.0 ]))

            throws<ShapeException> [ "Categorical" ] (fun () -> Categorical.OfLogits(t 1.0))
            throws<ArgumentNullException> [ "loc" ] (fun () -> Normal(Unchecked.defaultof<Tensor>, t 1.0))
        }
        test "what is asked of a distribution" {
            let d = Normal(tensor [ 0.0; 1.0 ], t 1.0)

            throws<DTypeException> [ "Normal.LogProb"; "Float32"; "Convert" ] (fun () ->
                d.LogProb(tensor 1.0f))

            throws<ShapeException> [ "Normal.Cdf"; "(3)"; "(2)" ] (fun () -> d.Cdf(tensor [ 1.0; 2.0; 3.0 ]))
            throws<ShapeException> [ "Normal.Sample"; "-1" ] (fun () -> d.Sample(Key.create 0L, -1))
            throws<ArgumentNullException> [ "x" ] (fun () -> d.LogProb(Unchecked.defaultof<Tensor>))
            throws<DTypeException> [ "Int32" ] (fun () -> Categorical(tensor [ 1.0 ]).LogProb(tensor 0.0))

            throws<DistributionException> [ "Poisson"; "entropy"; "-LogProb" ] (fun () ->
                Poisson(t 3.0).Entropy())
        }
        test "what they say of themselves" {
            let text = Normal(tensor [ 0.0; 1.0 ], t 1.0).ToString()
            Expect.equal text "Normal, batch (2), event (), Float64" "text"
        }
    ]
