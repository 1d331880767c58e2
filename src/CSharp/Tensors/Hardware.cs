namespace Cotangent;

/// <summary>Where tensors live and compute. CUDA devices need one of the bundles with libtorch.</summary>
public static class Hardware
{
    /// <summary>A CUDA device by its index.</summary>
    /// <exception cref="DeviceException">There is no such device, or no engine for it.</exception>
    public static Device Cuda(int index = 0) => DeviceModule.cuda(index);

    /// <summary>The devices that tensors can be on here; the CPU comes first.</summary>
    public static IReadOnlyList<Device> Available() => [.. DeviceModule.available()];

    /// <summary>The bytes of a device's memory that tensors hold now, and the most there have been.</summary>
    public static DeviceMemory Memory(Device device) => DeviceModule.memory(device.NotNull());

    /// <summary>Waits until a device has done all work given to it, as before reading a clock.</summary>
    public static void Synchronize(Device device) => DeviceModule.synchronize(device.NotNull());

    /// <summary>The same numbers on another device.</summary>
    /// <exception cref="DeviceException">There is no such device, or no engine for it.</exception>
    public static Tensor To(this Tensor t, Device device) => Devices.To(t.NotNull(), device.NotNull());

    /// <summary>Runs a function whose new tensors are made on a device.</summary>
    public static T OnDevice<T>(Device device, Func<T> body) => Core.onDevice(device.NotNull(), body.ToFSharp());

    /// <summary>Runs a function, and frees what it made on devices that its result does not reach.</summary>
    public static T Scope<T>(Func<T> body) => Core.scope(body.ToFSharp());

    /// <summary>Runs a function with the CPU's work done by one engine: to compare, or to look for a fault.</summary>
    public static T WithCpuEngine<T>(CpuEngine engine, Func<T> body) =>
        Core.withCpuEngine(engine.NotNull(), body.ToFSharp());
}
