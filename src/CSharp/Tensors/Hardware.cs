namespace Cotangent;

/// <summary>Where tensors live and compute. CUDA devices need one of the bundles with libtorch.</summary>
public static class Hardware
{
    /// <summary>A CUDA device by its index, whether or not it is there.</summary>
    /// <exception cref="DeviceException">The index is negative.</exception>
    /// <example><code>
    /// Hardware.Cuda(1).ToString() // cuda:1
    /// </code></example>
    public static Device Cuda(int index = 0) => DeviceModule.cuda(index);

    /// <summary>The devices that tensors can be on here; the CPU comes first.</summary>
    /// <example><code>
    /// Hardware.Available()[0].ToString() // cpu
    /// </code></example>
    public static IReadOnlyList<Device> Available() => [.. DeviceModule.available()];

    /// <summary>The bytes of a device's memory that tensors hold now, and the most there have been.</summary>
    /// <exception cref="DeviceException">There is no such device, or nothing that serves it.</exception>
    /// <example><code>
    /// Hardware.Memory(Device.Cpu).Live > 0 // true
    /// </code></example>
    public static DeviceMemory Memory(Device device) => DeviceModule.memory(device.NotNull());

    /// <summary>Waits until a device has done all work given to it, as before reading a clock.</summary>
    /// <exception cref="DeviceException">There is no such device, or nothing that serves it.</exception>
    /// <example><code>
    /// var product = Tensor.Ones(100, 100).MatMul(Tensor.Ones(100, 100));
    /// Hardware.Synchronize(product.Device); // Now a clock may be read.
    /// </code></example>
    public static void Synchronize(Device device) => DeviceModule.synchronize(device.NotNull());

    /// <summary>The same numbers on another device.</summary>
    /// <exception cref="DeviceException">There is no such device, or no engine for it.</exception>
    /// <exception cref="MemoryException">The device has no room for it.</exception>
    /// <example><code>
    /// var device = Hardware.Available()[^1]; // A GPU, if there is one.
    /// Tensor.Create([1.0, 2.0]).To(device) // [1, 2]
    /// </code></example>
    public static Tensor To(this Tensor t, Device device) => Devices.To(t.NotNull(), device.NotNull());

    /// <summary>Runs a function whose new tensors are made on a device.</summary>
    /// <exception cref="DeviceException">There is no such device, or nothing that serves it.</exception>
    /// <example><code>
    /// Hardware.OnDevice(Device.Cpu, () => Tensor.Zeros(2) + 1) // [1, 1]
    /// </code></example>
    public static T OnDevice<T>(Device device, Func<T> body) => Core.onDevice(device.NotNull(), body.ToFSharp());

    /// <summary>Runs a function, and frees what it made on devices that its result does not reach.</summary>
    /// <example><code>
    /// var x = Tensor.Create([1.0, 2.0]);
    /// Hardware.Scope(() => (x.Square() * 10).Sum()) // 50
    /// </code></example>
    public static T Scope<T>(Func<T> body) => Core.scope(body.ToFSharp());

    /// <summary>Runs a function with the CPU's work done by one engine: to compare, or to look for a fault.</summary>
    /// <exception cref="DeviceException">libtorch is asked for and can't be loaded.</exception>
    /// <example><code>
    /// Hardware.WithCpuEngine(CpuEngine.Managed, () => Tensor.Create([1.0, 4.0]).Sqrt()) // [1, 2]
    /// </code></example>
    public static T WithCpuEngine<T>(CpuEngine engine, Func<T> body) =>
        Core.withCpuEngine(engine.NotNull(), body.ToFSharp());
}
