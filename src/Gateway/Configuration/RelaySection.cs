using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Relay</c> section.</summary>
internal static class RelaySection
{
    public static RelayOptions Read(Section section)
    {
        var defaults = new RelayOptions();
        return new RelayOptions
        {
            Engine = section.Text("Engine", defaults.Engine).ToLowerInvariant(),
            Loops = section.Whole("Loops", defaults.Loops),
        };
    }
}
