using System.Collections.Frozen;
using Gateway.Clusters;

namespace Gateway.Probing;

/// <summary>The probers by the name that <c>Probe:Kind</c> gives them.</summary>
internal static class Probers
{
    private static readonly FrozenDictionary<string, Func<ProbeOptions, IProber>> _byKind =
        new Dictionary<string, Func<ProbeOptions, IProber>>
        {
            ["tcp"] = options => new TcpProber(options),
            ["http"] = options => new HttpProber(options),
            ["https"] = options => new HttpProber(options, new ProbeTls(options.VerifyCertificate)),
        }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyList<string> Kinds { get; } = [.. _byKind.Keys.Order()];

    /// <exception cref="KeyNotFoundException">The kind is not one of <see cref="Kinds"/>; configuration that was
    /// validated never has such a one.</exception>
    public static IProber Create(ProbeOptions options) => _byKind[options.Kind](options);
}
