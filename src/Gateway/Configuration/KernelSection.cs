using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Kernel</c> section.</summary>
internal static class KernelSection
{
    public static KernelOptions Read(Section section) => new()
    {
        OnStop = section.Text("OnStop", new KernelOptions().OnStop).ToLowerInvariant(),
    };
}
