using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads the <c>Http</c> section.</summary>
internal static class HttpSection
{
    public static HttpOptions Read(Section section)
    {
        var defaults = new HttpOptions();
        return new HttpOptions
        {
            Forwarder = section.Text("Forwarder", defaults.Forwarder).ToLowerInvariant(),
            Transport = section.Text("Transport", defaults.Transport).ToLowerInvariant(),
            PlainLane = section.Flag("PlainLane", defaults.PlainLane),
            DeferAccept = section.Flag("DeferAccept", defaults.DeferAccept),
            Loops = section.Whole("Loops", defaults.Loops),
        };
    }
}
