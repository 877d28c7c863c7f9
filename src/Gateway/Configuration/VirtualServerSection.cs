using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads one virtual server.</summary>
internal static class VirtualServerSection
{
    public static VirtualServerOptions Read(Section section)
    {
        var listen = section.Child("Listen");
        if (listen.Exists && !listen.Elements.Any())
        {
            listen.Error("names no address", "Add an address and port, such as \"0.0.0.0:25\".");
        }

        var defaults = new VirtualServerOptions { Id = section.Id, Listen = [], ClusterId = "" };
        return new VirtualServerOptions
        {
            Id = section.Id,
            Listen = section.EndPoints("Listen"),
            Protocol = section.Text("Protocol", defaults.Protocol).ToLowerInvariant(),
            ClusterId = section.Text("ClusterId", ""),
            Forwarding = section.Text("Forwarding", defaults.Forwarding).ToLowerInvariant(),
            ConnectTimeout = section.Time("ConnectTimeout", defaults.ConnectTimeout),
            IdleTimeout = section.Time("IdleTimeout", defaults.IdleTimeout),
            HalfClosedTimeout = section.Time("HalfClosedTimeout", defaults.HalfClosedTimeout),
            MaxConnections = section.Whole("MaxConnections", defaults.MaxConnections),
        };
    }
}
