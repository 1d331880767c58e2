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

let show (region: string) = csharp "MachineLearning.cs" region
let showCode (region: string) = csharpCode "MachineLearning.cs" region

(**
# For C# developers new to machine learning

You write C#, and have never trained a neural network. This page explains the words that you will meet, one after the other, each
with a few lines of code. You need the package `Cotangent.CSharp` ([Install](install.html)), and no mathematics beyond school. What
stands under the code is what it printed.

In *machine learning* you don't write down the rule that turns an input into an answer. You give many inputs with the right answers,
and the program finds the rule. How it finds one is the interesting part, and simpler than it sounds.

## A tensor: an array of numbers

A *tensor* is an array of numbers with any number of axes: a single number, a row, a table, or, as for colour pictures, a stack of tables.
Calculations apply to all numbers at once, which replaces most loops.
*)
(*** hide ***)
show "Numbers"
(*** include-it-raw ***)

(**
The lengths of a tensor's axes are its *shape*: `celsius.Shape` is (2, 3), two rows of three. The type of its numbers is its *dtype*,
here Float64, from C#'s `double`; most networks use Float32, C#'s `float`. A tensor never changes: every calculation makes a new
one.

## A gradient: which way is up

If you change the input of a function a little, how much does the result change? The *gradient* answers that, for each number of the
input. Of a function of one number, it is the slope of the curve. Here the curve is a parabola, x²:
*)
(*** hide ***)
show "Slopes"
(*** include-it-raw ***)

(**
At 3, the result grows six times as fast as the input. At −1, it falls twice as fast. `Differentiate.Gradient` takes any function
that is written with tensors, loops and branches included, and computes its gradient exactly. This is called *automatic
differentiation*, and it is what Cotangent is made for.

Gradients matter because they tell how to make a result smaller: change the input by a small step against the gradient. Training is
nothing else.

## A model: a function with adjustable numbers

A *model* is a function with some numbers in it that are still to be found, its *parameters*. The simplest one is a straight line,
whose parameters are its slope and its intercept. In Cotangent a model is a plain record:
*)
(*** hide ***)
showCode "Line"
(*** include-it-raw ***)

(**
## A loss: how wrong is it?

A *loss* is one number that says how wrong the model is on the examples: 0 would be perfect. A common one is the mean of the squared
differences between the model's answers and the right ones. Here the right
answers follow the rule y = 2x + 1, which the model does not know:
*)
(*** hide ***)
show "Wrong"
(*** include-it-raw ***)

(**
The gradient with respect to a `Line` is a `Line`, too. Both of its numbers are negative: the loss falls when the slope or the
intercept grows.

## An optimiser: a step in the right direction

An *optimiser* makes a step against the gradient, and so improves the model a little. How far it goes is set by the *learning
rate*, here 0.1. With too small a rate, training takes long; with too large a one, steps overshoot. Repeat the step, and you have
trained a model:
*)
(*** hide ***)
show "Steps"
(*** include-it-raw ***)

(**
The program has found the rule from examples alone. `state` is what the optimiser remembers from step to step. Plain gradient descent
(`Sgd`) remembers nothing. `Adam`, which most people use, remembers earlier gradients and adapts the size of its steps to them.

## A neural network: a model for everything else

A line can't follow a curve, but a *neural network* can. It is a chain of *layers*. A linear layer makes many weighted sums of its
inputs. An *activation*, a simple curve such as `Tanh`, bends each of the sums. The next layer does the same with the results. A chain
of this kind can follow any curve, if its layers are wide enough.
*)
(*** hide ***)
showCode "Network"
(*** include-it-raw ***)

(**
Networks learn badly from inputs of very different sizes, such as rooms and square metres. So one *normalises* them first: from each column
its mean is subtracted, and the result divided by its standard deviation, both taken from the training examples. The two are numbers
of the model, but not to be trained: keep them in fields of type `Frozen<Tensor>`, which gradients and optimisers leave alone, and
which are saved with the rest.

The parameters start as random numbers. All randomness in Cotangent comes from a *key*: equal keys give equal numbers, so a
training can be repeated.

## Mini-batches and epochs

With many examples, it would be slow to look at all of them before every step. So each step takes a few, a *mini-batch*. When all
examples have been used once, an *epoch* is over, and the next one begins, in another order. The examples here are noisy points of a
wave, y = sin 2x:
*)
(*** hide ***)
showCode "Points" + showCode "State" + show "Epochs"
(*** include-it-raw ***)

(**
`Train.Run` repeats the step, after compiling it to machine code. It can report its progress, and it can be cancelled.

## Overfitting, and a validation set

A network with many parameters can learn its examples by heart, noise included. On new inputs it is then worse than before. This is
called *overfitting*. You notice it only on examples that the network has not learned from, a *validation set* that is kept aside
from the start.
*)
(*** hide ***)
show "Overfit"
(*** include-it-raw ***)

(**
On the twelve examples the loss falls to almost nothing. On the two hundred others it falls first, and then it doubles: by then, the network
is learning the noise. More examples are the best cure. Other cures are a smaller network, dropout (below), and to stop as soon as the
validation loss rises, which is called early stopping and done by `Callback.EarlyStopping`.

If you choose between several networks by the validation set, the choice is fitted to that set. So people keep a third set, the
*test set*, for one measurement at the very end.

## Training and inference

Using a trained model is called *inference*. Most layers do the same in training and in inference, but some do not. *Dropout* sets
numbers to 0 at random while a model is trained, so that it can't rely on any one of them; in inference it does nothing. In many
libraries a model has a mode that you must remember to switch. Here there are two methods:
*)
(*** hide ***)
show "Modes"
(*** include-it-raw ***)

(**
In training, the numbers that are left are doubled, so that the sum stays the same on average.

## Your first classifier

Now you know all the words that you need for a program that tells trousers from sneakers in real pictures, in F# and in C#:
[Your first classifier](first-classifier.html). If your data are tables, with numbers and texts in CSV,
[Predicting a number from a table](tables.html) goes the same way with them. After that, [Quick start, C#](quickstart-csharp.html) shows more of the library,
[Saving and loading](checkpoints.html) what to do with a trained model, and the [glossary](glossary.html) explains more words.
*)
