// A project that the published program refers to: models in C#.
using Cotangent;

namespace Models;

public record Layer(Tensor Weight, Tensor? Bias, string Name)
{
    public static Layer Create(Tensor weight) => new(weight, null, "layer");

    public Tensor Forward(Tensor x) => x * Weight;
}

public record Network(Linear First, IReadOnlyList<Linear> Rest)
{
    public static Network Create(Tensor weight) => new(Affine(weight), [Affine(weight)]);

    // By a method of the facade, so that it is part of the program.
    private static Linear Affine(Tensor weight) => new(Tensor.Concat([weight]), null, Activation.Identity);
}

public sealed class Counter
{
    public Tensor Total { get; private init; }

    public int Calls { get; private init; }

    public Counter(Tensor total) => Total = total;
}
