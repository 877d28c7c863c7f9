using System.Net;
using Gateway.Clusters;

namespace Gateway.Configuration;

/// <summary>Reads one virtual server.</summary>
internal static class VirtualServerSection
{
    private static readonly string[] _tcpOnly = ["ProxyProtocol", "Sni", "Alpn", "SniOnly", "UserTimeout", "Tls", "Sorry"];

    private static readonly string[] _ofConnections = ["IdleTimeout", "HalfClosedTimeout", "HandshakeTimeout", "KeepAlive"];

    /// <param name="section">The section of the virtual server.</param>
    /// <param name="warnings">The same section, for what is probably not meant.</param>
    /// <param name="folder">Where relative paths begin; null when there is no file.</param>
    public static VirtualServerOptions Read(Section section, Section warnings, string? folder)
    {
        var listen = section.Child("Listen");
        if (listen.Exists && !listen.Elements.Any())
        {
            listen.Error("names no address", "Add an address and port, such as \"0.0.0.0:25\".");
        }

        CheckTransport(section, warnings);
        var defaults = new VirtualServerOptions { Id = section.Id, Listen = [], ClusterId = "" };
        return new VirtualServerOptions
        {
            Id = section.Id,
            Listen = [.. section.Child("Listen").Elements.SelectMany(element => ListenAddresses.Parse(element.Value))],
            Protocol = section.Text("Protocol", defaults.Protocol).ToLowerInvariant(),
            ClusterId = section.Text("ClusterId", ""),
            Forwarding = section.Text("Forwarding", defaults.Forwarding).ToLowerInvariant(),
            Interface = section.Text("Interface") is { Length: > 0 } device ? device : null,
            AssignAddress = section.Flag("AssignAddress", defaults.AssignAddress),
            Masquerade = section.Flag("Masquerade", defaults.Masquerade),
            Stateless = section.Flag("Stateless", defaults.Stateless),
            ConnectTimeout = section.Time("ConnectTimeout", defaults.ConnectTimeout),
            IdleTimeout = section.Time("IdleTimeout", defaults.IdleTimeout),
            HalfClosedTimeout = section.Time("HalfClosedTimeout", defaults.HalfClosedTimeout),
            MaxConnections = section.Whole("MaxConnections", defaults.MaxConnections),
            MaxConnectionsPerClient = section.Whole("MaxConnectionsPerClient", defaults.MaxConnectionsPerClient),
            SamePort = section.Flag("SamePort", defaults.SamePort),
            SourceAddresses = [.. section.Child("SourceAddresses").Elements.Select(element => NetworkList.ParseAddress(element.Value)).OfType<IPAddress>()],
            Transparent = section.Flag("Transparent", defaults.Transparent),
            UserTimeout = section.Time("UserTimeout", defaults.UserTimeout),
            KeepAlive = ReadKeepAlive(section, defaults.KeepAlive),
            ProxyProtocol = ReadProxyProtocol(section.Child("ProxyProtocol")),
            Sni = ReadNames(section.Child("Sni")),
            Alpn = ReadClusterByName(section.Child("Alpn")),
            SniOnly = ReadSniOnly(section),
            Tls = RelayTlsSection.Read(section.Child("Tls"), folder),
            Sorry = ReadSorry(section.Child("Sorry")),
            HandshakeTimeout = section.Time("HandshakeTimeout", defaults.HandshakeTimeout),
            SessionTimeout = section.Time("SessionTimeout", defaults.SessionTimeout),
            OnePacket = section.Flag("OnePacket", defaults.OnePacket),
            Replies = section.Whole("Replies", defaults.Replies),
            UnconfirmedReplies = section.Whole("UnconfirmedReplies", defaults.UnconfirmedReplies),
        };
    }

    private static void CheckTransport(Section section, Section warnings)
    {
        var isUdp = string.Equals(section.Text("Protocol"), "udp", StringComparison.OrdinalIgnoreCase);
        foreach (var key in isUdp ? _tcpOnly.Where(section.Has) : [])
        {
            section.Error(key, "is for TCP, and this virtual server is UDP", "Remove the key.");
        }

        foreach (var key in isUdp ? _ofConnections.Where(section.Has) : [])
        {
            warnings.Error(key, "has no effect: it is for TCP, and this virtual server is UDP", "Use SessionTimeout, or remove the key.");
        }

        if (section.Flag("Transparent", false) && section.Has("SourceAddresses"))
        {
            section.Error("SourceAddresses", "contradicts Transparent, which takes the client's address", "Remove one of the two.");
        }
    }

    private static ProxyProtocolOptions ReadProxyProtocol(Section section) => new()
    {
        From = NetworkList.Read(section.Child("From")),
        Send = section.Text("Send", "none").ToLowerInvariant() switch { "v1" => 1, "v2" => 2, _ => 0 },
    };

    private static ValueList<KeyValuePair<string, string>> ReadNames(Section names)
    {
        foreach (var entry in names.Children.Where(entry => !ServerNames.IsRight(entry.Id)))
        {
            entry.Error("is not a host name",
                "Write a name such as www.example.com, *.example.com for all names below, or * for every name.");
        }

        return ReadClusterByName(names);
    }

    private static ValueList<KeyValuePair<string, string>> ReadClusterByName(Section names)
    {
        var clusters = new List<KeyValuePair<string, string>>();
        foreach (var entry in names.Children)
        {
            clusters.Add(new(entry.Id, entry.Value ?? ""));
        }

        return [.. clusters];
    }

    private static RelaySorryOptions? ReadSorry(Section section)
    {
        if (!section.Exists)
        {
            return null;
        }

        var sorry = new RelaySorryOptions { Body = section.Text("Body", ""), BodyHex = section.Text("BodyHex", "") };
        if (!ProbeStepSection.CheckHex(section, "Body", sorry.Body, sorry.BodyHex, mayHaveHoles: false))
        {
            return null;
        }

        var length = sorry.ToBytes().Length;
        if (length == 0)
        {
            section.Error("says nothing", "Write what clients are to be told as Body, or remove the section: then they are reset.");
        }
        else if (length > RelaySorryOptions.MostBytes)
        {
            section.Error(sorry.Body.Length > 0 ? "Body" : "BodyHex",
                $"has {length} bytes, more than {RelaySorryOptions.MostBytes}", "Shorten it, or add a backup destination that says more.");
        }

        return sorry;
    }

    private static bool ReadSniOnly(Section section)
    {
        var only = section.Flag("SniOnly", false);
        if (only && !section.Child("Sni").Children.Any() && !section.Child("Alpn").Children.Any())
        {
            section.Error("SniOnly", "refuses everybody without Sni and Alpn", "Add the names that are served under Sni.");
        }

        return only;
    }

    private static TimeSpan ReadKeepAlive(Section section, TimeSpan otherwise)
    {
        var silence = section.Time("KeepAlive", otherwise);
        if (silence.Ticks % TimeSpan.TicksPerSecond != 0)
        {
            section.Error("KeepAlive", "is not a whole number of seconds",
                "TCP counts it in seconds; write 00:01:00 for a minute.");
        }

        return silence;
    }
}
