(**
---
title: Glossary
category: Start
categoryindex: 1
index: 8
description: Words of machine learning and automatic differentiation, each in a sentence or two with its name here: JIT, operator fusion, pytree, state dict, epoch, mini-batch; and the names of JAX and PyTorch.
---
*)
(*** hide ***)
#load "../site/page.fsx"

(**
# Glossary

Words of the field, each in a sentence or two, with its name in this library. The first three tables give the names of F#; the last
one goes from the names of JAX and PyTorch to those of F# and of C#.

## Machine learning

| | |
| --- | --- |
| **machine learning** | Finding a rule from examples instead of writing it down. A first [introduction](csharp-and-machine-learning.html). |
| **neural network, deep learning** | A function made of layers, each of them simple, with parameters that are learned. Here a record of layers, or `Sequential`: [Layers and models](layers.html). |
| **tensor** | An array of numbers with any number of axes. `Tensor`; it never changes. |
| **dtype** | The type of a tensor's numbers: Float32, Float64, BFloat16, Float16; Int8, Int16, Int32, Int64; UInt8, UInt16, UInt32, UInt64; Complex64, Complex128; or Bool. Never converted silently; `x.Convert` does it. |
| **broadcasting** | Operators stretch axes of size 1, and add missing axes in front, so that shapes fit, as in NumPy. Losses don't. |
| **einsum** | A notation for products and sums over named axes, such as `ij,jk->ik` for a matrix product. Products with names of their own are `matmul`, `dot` and `outer`. |
| **parameters, weights** | The numbers of a model that training changes. They stand in the model's record; `Model.count` counts them. |
| **loss** | How wrong a model is, as one number that training makes smaller. `Loss`; targets come first. |
| **regression, classification** | Predicting a number, such as a price; predicting one of several kinds. |
| **MSE, MAE, RMSE** | How far predictions are off: the mean of the squared differences (`Loss.meanSquaredError`), the mean of the differences without their signs (`Metric.meanAbsoluteError`), and the root of the first (`Metric.rootMeanSquaredError`). The last two are in the unit of what is predicted. |
| **one-hot encoding** | A number of a class as a vector of zeros with a single one, so that a network takes no class for more than another. `oneHot`. |
| **normalising, standardising inputs** | Subtracting the mean and dividing by the standard deviation, both of the training examples, so that all inputs are about as large; networks learn much faster then. Both numbers belong to the model, as `Frozen` tensors, which training leaves alone. |
| **MLP, multilayer perceptron** | A chain of linear layers with an activation between them. `Mlp.create`. |
| **gradient** | For each parameter, how fast the loss grows with it. `grad`; its type is that of the model. |
| **optimiser** | What makes a step from a gradient: gradient descent, Adam and others. `Optimizer`: [Losses, optimisers, schedules](optimizers.html). |
| **learning rate, schedule** | How far a step goes, and how that changes during the training. `Schedule`. |
| **mini-batch** | The few examples that one step learns from. `Data.batches`. |
| **epoch** | Once through all examples. `Epochs` of `Train.run`. |
| **training and inference mode** | Layers such as dropout and batch normalisation behave differently while they are trained and when they are used. Here these are two functions, `train` and `forward`, and not a mode. |
| **overfitting** | Learning the training examples by heart, so that others are answered worse. It shows on a validation set. |
| **validation set, test set** | Examples kept aside: the first to watch and choose by, the second for one measurement at the end. `Data.split`. |
| **early stopping** | Ending a training when results on the validation set stop getting better. `Callback.earlyStopping`. |
| **logits** | The numbers that a classifier's last layer makes, before `softmax` turns them into probabilities. Losses take logits. |
| **confusion matrix** | How often each kind is taken for each other one. `Metric.confusionMatrix`. |
| **attention, transformer** | A layer in which each position takes a weighted mean of others, and the network built of such layers. `attend`, `TransformerEncoder`: [Attention](attention.html). |
| **GAN, VAE, diffusion** | Networks that make new examples. `Gan` trains the first; the samples have the first two. |
| **checkpoint, save and load** | A file with the parameters, or with all of a training. `Checkpoint.save`, `Checkpoint.load`, `Checkpoint.resume`: [Saving](checkpoints.html). (For the other meaning see rematerialisation.) |
| **state dict** | PyTorch's dictionary from names to tensors. Here the model itself is saved; `Model.names` lists the names, `Safetensors.read` gives a map. |
| **mixed precision** | Computing in 16 bits while parameters stay in 32. `MixedPrecision.computeIn`, `LossScale`. |
| **reproducibility** | The same numbers when a program is run again: [Sharp bits](sharp-bits.html) has a table. |
| **random key, PRNG key, seed** | An immutable value that decides a random draw. `Key.create 0L`, `Key.split`: no hidden state. |
| **notebook** | Text, code and results in one document. [Install](install.html) says how to use the library in one. |

## Differentiation

| | |
| --- | --- |
| **automatic differentiation, autodiff, autograd** | Computing derivatives exactly, from the program of a function: not approximately, by finite differences, and without deriving formulas by hand. `grad`, `jvp`, `vjp`: [The idea](tour.html). |
| **differentiable programming** | Writing programs so that whole programs can be differentiated, not only neural networks. |
| **primal** | The value of a function itself, as opposed to its derivative. |
| **tangent** | A small change of an input, which forward mode pushes through a function. |
| **cotangent** | How a result depends on an intermediate value, which reverse mode pulls back to the inputs. A gradient is one. |
| **forward mode, JVP** | Jacobian-vector product: the derivative in one direction, together with the value. `jvp`. |
| **reverse mode, VJP, backpropagation** | Vector-Jacobian product: from the derivative with respect to the result, back to all inputs. `vjp`; `grad` is the case of one number as the result. |
| **Jacobian, Hessian** | All first derivatives of a function with many results; all second derivatives of one with a single result. `jacobian`, `hessian`, `hvp`. |
| **Taylor mode, jet** | Carrying the first coefficients of a power series through a function, in place of one tangent: all derivatives up to an order at once. `taylor`, `jet`: [Hessians and Newton's method](newton.html#Taylor-series). |
| **Laplacian** | The sum of the second derivatives along all axes. `laplacian`. |
| **custom derivative** | Your own rule in place of the chain rule. `withDerivative`: [Extending](extending.html). |
| **stop gradient, detach** | Treating a value as a constant. `stopGradient`. |
| **tree, pytree** | Any nesting of records, tuples, lists, arrays, options, unions and maps with tensors in it. Functions here take and return trees, without registration. `Tree`. |
| **static** | What in a tree can't hold a tensor, such as a number, a string or an activation: it is not differentiated, and a new value compiles again. |
| **vectorisation, batching** | Making a function of one example into one of a batch. `vmap`. |

## Compiling

| | |
| --- | --- |
| **JIT, just-in-time compilation** | Translating to machine code while the program runs. `compile`: [Compiling](compile.html). |
| **eager** | Evaluating each operation at once, as plain code does. What is not inside `compile` runs eagerly. |
| **tracing, staging** | Calling a function with stand-ins for tensors, to write down its operations. |
| **graph** | The operations of a traced function, and what each of them reads. `Compile.graph`, `Compile.page`. |
| **operator fusion, kernel fusion** | Making one loop of several operations, so that numbers go through memory once. `compile` does it; `Compile.program` shows it. |
| **common-subexpression elimination (CSE)** | Computing once what is written twice. A pass of `compile`; `Compile.passes` lists all of them. |
| **rematerialisation, gradient checkpointing** | Computing values again on the way back instead of keeping them, to save memory. `checkpoint`. |
| **buffer donation** | Letting a function overwrite its argument's memory. `compileDonating`. |
| **AOT, ahead of time** | Compiling before the program runs: .NET's Native AOT, with `PublishAot`. What works there: [Compiling](compile.html). |
| **engine, backend** | What computes: managed code, or libtorch on the CPU or on CUDA. [Devices and engines](devices.html). |

## Names in other libraries

| JAX, PyTorch | F# | C# |
| --- | --- | --- |
| `jit`, `torch.compile` | `compile` | `Transform.Compile` |
| `grad`, `backward()` | `grad` | `Differentiate.Gradient` |
| `requires_grad`, `no_grad`, `zero_grad` | not needed | not needed |
| `value_and_grad`; with `has_aux` | `valueAndGrad`; `valueAndGradWith` | `Differentiate.ValueAndGradient`; `ValueAndGradientWith` |
| `jacrev`, `jacfwd`, `hessian` | `jacobian`, `jacobianForward`, `hessian`; of trees `jacobians`, `jacobiansForward`, `hessians` | `Differentiate.Jacobian`, `JacobianForward`, `Hessian`; `Jacobians`, `JacobiansForward`, `Hessians` |
| `jvp`, `vjp` | `jvp`, `vjp` | `Differentiate.Jvp`, `Vjp` |
| `custom_vjp`, `custom_jvp`, `autograd.Function` | `withDerivative` | `Differentiate.WithPull`, `WithPush` |
| `stop_gradient`, `detach` | `stopGradient` | `Differentiate.StopGradient` |
| `vmap`; with `in_axes` | `vmap`; `vmapWith` | `Transform.Vectorize` |
| `fori_loop`, `while_loop`, `scan`, `cond`, `switch` | `iterate`, with the round's number `iteratei`, `whileLoop` (with a bound, `boundedWhileLoop`), `scan`, `cond`, `switch` | `Control.Iterate`, `While`, `Scan`, `Cond`, `Switch` |
| `custom_vmap` | `withBatching` | `Transform.WithBatching` |
| `eval_shape` | `evalShape` | `Transform.EvalShape` |
| `checkpoint` with a policy, `checkpoint_name` | `checkpointWith`, `checkpointName` | `Transform.Checkpoint`, `CheckpointName` |
| `pure_callback`, `debug.callback` | `hostCall`, `Debug.observe` | `Control.HostCall`, `Checks.Observe` |
| `associative_scan` | `associativeScan`, `associativeScanWith` | `Control.AssociativeScan` |
| `remat`, `jax.checkpoint` | `checkpoint` | `Transform.Checkpoint` |
| `donate_argnums` | `compileDonating` | `Transform.CompileDonating` |
| `tree_map`, `tree_leaves` | `Tree.map`, `Tree.leaves` | `Tree.Map`, `Tree.Leaves` |
| `PRNGKey`, `split`, `fold_in`; `manual_seed` | `Key.create`, `Key.split`, `Key.fold` | `Key.Create`, `key.Split()`, `key.Fold(…)` |
| `debug.print` | `Debug.print` | `Checks.Print` |
| `debug_nans`, `detect_anomaly` | `Debug.checkNumbers` | `Checks.Numbers` |
| `scaled_dot_product_attention`, `dot_product_attention` | `attend` | `query.Attend(…)` |
| `nn.Module` | a record of layers | a record of layers |
| `nn.Sequential` | `Sequential.create` | `Sequential.Create` |
| `train()`, `eval()` | `Dropout.train`, `BatchNorm.train`; `forward` | `Train`, `Forward` |
| `state_dict`, `torch.save`; `load_state_dict` | `Checkpoint.save`; `Checkpoint.load` | `Checkpoint.Save`; `Checkpoint.Load` |
| `DataLoader`, `Dataset` | `Data.batches`; `Loader`, `Dataset` of `Cotangent.Data` | `Data.Batches`; `Loader`, `Dataset` |
| `optimizer.step()` | `Optimizer.step` | `optimizer.Step(…)` |
| `autocast`, `GradScaler` | `MixedPrecision.computeIn`, `LossScale` | `MixedPrecision.ComputeIn`, `LossScale` |
| `to('cuda')` | `x.To(Device.cuda 0)`, `onDevice` | `x.To(Hardware.Cuda())`, `Hardware.OnDevice` |
| `view`, `cat`, `where` | `x.Reshape`, `concat`, `where` | `x.Reshape`, `Tensor.Concat`, `mask.Where(…)` |

More of them, as code that was run, are in [Coming from PyTorch, JAX, DiffSharp, TorchSharp](coming-from.html); for DiffSharp, see
[Migrating from DiffSharp](migrating-from-diffsharp.html).
*)
