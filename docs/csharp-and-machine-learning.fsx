(**
---
title: For C# developers new to machine learning
category: Start
categoryindex: 1
index: 6
description: What a tensor, a gradient, a loss, a model, an optimiser, an epoch, a mini-batch, training and inference, overfitting and a validation set are, in C#.
---
*)
(*** hide ***)
#load "../site/page.fsx"
open Page

let show = csharp "MachineLearning.cs"
let showCode = csharpCode "MachineLearning.cs"

(**
# For C# developers new to machine learning

You write C#, and have never trained a neural network. This page explains the words, each with a few lines that run, in an order in
which each word needs only those before it. You need the package `Cotangent.CSharp` ([Install](install.html)) and no mathematics beyond school. What stands under the
code is what it printed.

*Machine learning* means: instead of writing down the rule that turns an input into an answer, you give many examples of inputs with
the right answers, and the program finds the rule. "Finds" is the interesting part, and it is simpler than it sounds.

## A tensor: an array of numbers

A *tensor* is an array of numbers with any number of axes: a single number, a row, a table, or, as for colour pictures, a stack of tables.
Calculations apply to all numbers at once, which replaces most loops.
*)
(*** hide ***)
show "Numbers"
(*** include-it-raw ***)

(**
In front of its numbers, a tensor shows their type and its *shape*, the length of each axis: `(2, 3)` is two rows of three. A tensor never changes. Every
calculation makes a new one.

## A gradient: which way is up

Change the input of a function a little: how much does the result change? The answer, for each input, is the *gradient*. For one
number it is the slope of the curve.
*)
(*** hide ***)
show "Slopes"
(*** include-it-raw ***)

(**
At 3, the result grows six times as fast as the input. At −1, it falls twice as fast. `Differentiate.Gradient` takes any function
that is written with tensors, loops and branches included, and computes its gradient exactly. This is called *automatic
differentiation*, and it is what Cotangent is made for.

Why does it matter? Because it tells how to make a result smaller: go a small step against the gradient. That is all of training.

## A model: a function with adjustable numbers

The rule to be found must have some form. The simplest is a straight line. Its slope and its intercept are to be found from the examples, and are called *parameters*. A
*model* is a form with its parameters. In Cotangent it is a plain record:
*)
(*** hide ***)
showCode "Line"
(*** include-it-raw ***)

(**
## A loss: how wrong is it?

A *loss* is one number that says how wrong the model is on the examples: 0 would be perfect. A common one is the mean of the squared
differences between the model's answers and the right ones. Here the right answers follow the rule y = 2x + 1, which the model does not know:
*)
(*** hide ***)
show "Wrong"
(*** include-it-raw ***)

(**
The gradient of the loss with respect to the model is a `Line`, too. Both of its numbers are negative: the loss falls when the slope or the intercept grows.

## An optimiser: a step in the right direction

An *optimiser* makes a step against the gradient, and so improves the model a little. How far it goes is the *learning rate*, here 0.1:
too small takes long, too large overshoots. Repeat it, and you have trained a model:
*)
(*** hide ***)
show "Steps"
(*** include-it-raw ***)

(**
From examples alone, the program has found the rule. `state` is what an optimiser remembers from step to step. Plain descent (`Sgd`)
remembers nothing but a count; `Adam`, which most people use, remembers earlier gradients and adapts the size of the steps.

## A neural network: a model for everything else

A line can't follow a curve. A *neural network* can. It is a chain of *layers*. A linear layer makes many weighted sums of its inputs; an
*activation*, a simple curve such as `Tanh`, bends each of them; and the next layer does the same with the results. With enough numbers in
it, such a chain can follow any curve.
*)
(*** hide ***)
showCode "Network"
(*** include-it-raw ***)

(**
The parameters start as random numbers. All randomness in Cotangent comes from a *key*: equal keys give equal numbers, so a
training can be repeated.

## Mini-batches and epochs

With many examples, it would be slow to look at all of them before every step. So each step takes a few, a *mini-batch*. When all examples
have been used once, an *epoch* is over. The next begins, with mini-batches in another order.
*)
(*** hide ***)
showCode "Points" + showCode "State" + show "Epochs"
(*** include-it-raw ***)

(**
`Train.Run` repeats the step. It compiles the step to machine code first, can report progress, and can be cancelled.

## Overfitting, and a validation set

A network with many parameters can learn its examples by heart, noise and all. On new inputs it is then worse than before.
This is *overfitting*. You notice it only on examples that the model has not learned from: a *validation set*, kept aside from the start.
*)
(*** hide ***)
show "Overfit"
(*** include-it-raw ***)

(**
On the twelve examples the loss falls and falls. On the two hundred others it falls first and then rises: from there on, the network
learns the noise. More examples are the best cure. Others are to stop when the validation loss rises (*early stopping*,
`Callback.EarlyStopping`), a smaller network, and dropout.

If you use the validation set to choose between models, you fit it a little as well. So a third set, the *test set*, is
looked at once, in the end.

## Training and inference

Using a trained model is called *inference*. Most layers do the same in both, some do not. *Dropout* sets some numbers to 0
at random while a model is trained, so that it can't rely on any one of them; at inference it does nothing. In many libraries a model
has a mode that you must remember to switch. Here there are two methods:
*)
(*** hide ***)
show "Modes"
(*** include-it-raw ***)

(**
The numbers that are left are doubled, so that their sum is the same on average.

## Your first classifier

That is all that you need to understand a program that tells trousers from sneakers, with real pictures, in F# and in C#:
[Your first classifier](first-classifier.html). After that, [Quick start, C#](quickstart-csharp.html) shows more of the library,
[Saving and loading](checkpoints.html) what to do with a trained model, and the [glossary](glossary.html) explains more words.
*)
