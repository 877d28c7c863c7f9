using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Kernel</c> section.</summary>
internal static class KernelSection
{
    public static KernelOptions Read(Section section)
    {
        var defaults = new KernelOptions();
        return new KernelOptions
        {
            OnStop = section.Text("OnStop", defaults.OnStop).ToLowerInvariant(),
            MaxFlows = section.Whole("MaxFlows", defaults.MaxFlows),
        };
    }
}
