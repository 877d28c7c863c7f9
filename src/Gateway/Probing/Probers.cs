using System.Collections.Frozen;
using Gateway.Clusters;
using Gateway.Probing.Connections;
using Gateway.Probing.Kinds;

namespace Gateway.Probing;

/// <summary>The probers by the name that <c>Probe:Kind</c> gives them.</summary>
internal static class Probers
{
    /// <summary>The kind that asks an agent, and says nothing of whether a destination works.</summary>
    public const string Agent = "agent";

    private static readonly FrozenDictionary<string, Func<ProbeOptions, IProber>> _byKind =
        new Dictionary<string, Func<ProbeOptions, IProber>>
        {
            ["tcp"] = options => new TcpProber(options),
            ["udp"] = options => new UdpProber(options),
            ["http"] = options => new HttpProber(options),
            ["https"] = options => new HttpProber(options, new ProbeTls(options.VerifyCertificate)),
            ["h2"] = options => new Http2Prober(options),
            ["grpc"] = options => new GrpcProber(options),
            ["dns"] = options => new DnsProber(options),
            ["icmp"] = _ => new IcmpProber(),
            ["smtp"] = Conversations.Smtp,
            ["ftp"] = Conversations.Ftp,
            ["imap"] = Conversations.Imap,
            ["pop3"] = Conversations.Pop3,
            ["redis"] = Conversations.Redis,
            ["postgres"] = options => new PostgresProber(options),
            ["command"] = options => new CommandProber(options),
            [Agent] = options => new AgentProber(options),
        }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<string> Kinds { get; } = [.. _byKind.Keys.Order()];

    /// <exception cref="KeyNotFoundException">The kind is not one of <see cref="Kinds"/>; configuration that was
    /// validated never has such a one.</exception>
    public static IProber Create(ProbeOptions options) => _byKind[options.Kind](options);
}
