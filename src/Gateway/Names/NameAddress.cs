using System.Net;
using Gateway.Clusters;

namespace Gateway.Names;

/// <summary>One address a name stands for.</summary>
/// <param name="Address">The address.</param>
internal sealed record NameAddress(IPAddress Address)
{
    /// <summary>SRV: the port of the service; null is that of the destination.</summary>
    public int? Port { get; init; }

    /// <summary>SRV: the lowest is used while it can be.</summary>
    public int Priority { get; init; }

    /// <summary>SRV: the share among those of equal priority; null is not said.</summary>
    public int? Weight { get; init; }

    public override string ToString() => Port is { } port ? $"{new IPEndPoint(Address, port)}" : $"{Address}";
}

/// <summary>A name and what is asked for; the key of everything that is known of it.</summary>
/// <param name="Name">In lower case, without a dot at its end.</param>
/// <param name="Lookup">What is asked for.</param>
internal readonly record struct NameKey(string Name, NameLookup Lookup);

/// <summary>What was found for one question.</summary>
/// <param name="Addresses">None where the name has none.</param>
/// <param name="Ttl">How long it holds; null is not said.</param>
/// <param name="Problem">Why nothing could be found out; null when it could.</param>
internal sealed record NameFinding(IReadOnlyList<NameAddress> Addresses, TimeSpan? Ttl, string? Problem = null)
{
    public static NameFinding Failed(string problem) => new([], null, problem);
}
