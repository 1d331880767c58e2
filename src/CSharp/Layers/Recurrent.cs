namespace Cotangent;

/// <summary>Making simple recurrent networks: <c>Rnn.Create</c>.</summary>
public static class RnnLayers
{
    extension(Rnn)
    {
        /// <summary>A simple recurrent network from a number of inputs to a number of hidden ones.</summary>
        /// <param name="inputs">How many numbers a step has.</param>
        /// <param name="hidden">How many the network hands from step to step.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="activation">What each step's sum goes through; the hyperbolic tangent by default.</param>
        /// <param name="layers">Layers, each reading what the one before has made.</param>
        /// <param name="bidirectional">Whether there is a second direction, from the last step to the first.</param>
        /// <param name="dropout">The share of the numbers between two layers that training drops.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default uniform within ±1/√hidden.</param>
        /// <param name="biasInit">How the biases start; by default uniform within ±1/√hidden.</param>
        /// <exception cref="ValueException">
        /// A number of inputs, hidden numbers or layers is below 1, or the dropout is not from 0 to below 1.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Rnn.Create(3, 8, Key.Create(0), bidirectional: true);
        /// layer.Forward(Tensor.Ones(2, 5, 3)) // shape (2, 5, 16)
        /// </code></example>
        public static Rnn Create(
            int inputs,
            int hidden,
            Key key,
            Activation? activation = null,
            int layers = 1,
            bool bidirectional = false,
            double dropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        )
        {
            var options = RecurrentChoices.Options(layers, bidirectional, dropout, bias, dtype, weightInit, biasInit);
            var made = RnnModule.init(options, inputs, hidden, key.NotNull());
            return new(made.Layers, made.Dropout, activation ?? made.Activation);
        }
    }
}

/// <summary>Making gated recurrent units: <c>Gru.Create</c>.</summary>
public static class GruLayers
{
    extension(Gru)
    {
        /// <summary>Gated recurrent units from a number of inputs to a number of hidden ones.</summary>
        /// <param name="inputs">How many numbers a step has.</param>
        /// <param name="hidden">How many the network hands from step to step.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="layers">Layers, each reading what the one before has made.</param>
        /// <param name="bidirectional">Whether there is a second direction, from the last step to the first.</param>
        /// <param name="dropout">The share of the numbers between two layers that training drops.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default uniform within ±1/√hidden.</param>
        /// <param name="biasInit">How the biases start; by default uniform within ±1/√hidden.</param>
        /// <param name="resetAfter">Whether the reset gate comes after the product of the state, as in PyTorch, or before it, as in the paper.</param>
        /// <exception cref="ValueException">
        /// A number of inputs, hidden numbers or layers is below 1, or the dropout is not from 0 to below 1.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Gru.Create(3, 8, Key.Create(0));
        /// var (y, state) = layer.Run(Tensor.Ones(2, 5, 3), mask: Mask.OfLengths(Tensor.Create([2, 5]), 5));
        /// state // shape (2, 1, 8)
        /// </code></example>
        public static Gru Create(
            int inputs,
            int hidden,
            Key key,
            int layers = 1,
            bool bidirectional = false,
            double dropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null,
            bool resetAfter = true
        )
        {
            var options = RecurrentChoices.Options(layers, bidirectional, dropout, bias, dtype, weightInit, biasInit);
            var made = GruModule.init(options, inputs, hidden, key.NotNull());
            return new(made.Layers, made.Dropout, resetAfter);
        }
    }
}

/// <summary>Making long short-term memory: <c>Lstm.Create</c>.</summary>
public static class LstmLayers
{
    extension(Lstm)
    {
        /// <summary>Long short-term memory from a number of inputs to a number of hidden ones.</summary>
        /// <param name="inputs">How many numbers a step has.</param>
        /// <param name="hidden">How many the network hands from step to step.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="layers">Layers, each reading what the one before has made.</param>
        /// <param name="bidirectional">Whether there is a second direction, from the last step to the first.</param>
        /// <param name="dropout">The share of the numbers between two layers that training drops.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default uniform within ±1/√hidden.</param>
        /// <param name="biasInit">How the biases start; by default uniform within ±1/√hidden.</param>
        /// <exception cref="ValueException">
        /// A number of inputs, hidden numbers or layers is below 1, or the dropout is not from 0 to below 1.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Lstm.Create(3, 8, Key.Create(0), layers: 2, dropout: 0.1);
        /// var (y, state) = layer.Run(Tensor.Ones(2, 5, 3), key: Key.Create(1));
        /// state.Cell // shape (2, 2, 8)
        /// </code></example>
        public static Lstm Create(
            int inputs,
            int hidden,
            Key key,
            int layers = 1,
            bool bidirectional = false,
            double dropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            LstmModule.init(
                RecurrentChoices.Options(layers, bidirectional, dropout, bias, dtype, weightInit, biasInit),
                inputs,
                hidden,
                key.NotNull()
            );
    }
}

/// <summary>Options of all recurrent networks.</summary>
internal static class RecurrentChoices
{
    internal static RecurrentOptions Options(
        int layers,
        bool bidirectional,
        double dropout,
        bool bias,
        DType dtype,
        Initializer? weightInit,
        Initializer? biasInit
    ) =>
        new(
            (weightInit ?? Init.InverseRoot).ToFSharp(),
            bias ? (biasInit ?? Init.InverseRoot).ToFSharp().ToReferenceOption() : null,
            layers,
            bidirectional,
            dropout,
            dtype
        );
}
