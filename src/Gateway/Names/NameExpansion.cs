using System.Net;
using System.Net.Sockets;
using Gateway.Clusters;

namespace Gateway.Names;

/// <summary>Makes destinations of the addresses of a name.</summary>
internal static class NameExpansion
{
    /// <summary>No name makes more destinations than this; the first in order are taken.</summary>
    public const int MostAddresses = 128;

    /// <summary>What is to be looked up for a destination; null when its address is no name, or is not to be looked up. The
    /// machine's own name, <c>localhost</c>, is left to the system, which knows both of its addresses (RFC 6761).</summary>
    public static NameKey? KeyOf(DestinationOptions destination)
    {
        var name = destination.Address.DnsSafeHost.TrimEnd('.').ToLowerInvariant();
        return destination.Resolve == NameLookup.Off || IPAddress.TryParse(name, out _)
            || name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal)
                ? null
                : new NameKey(name, destination.Resolve);
    }

    /// <summary>
    /// The destination for each address, in the order of <see cref="Order"/>; the destination itself when nothing is known of
    /// its name yet. Its weight, limits and other options are those of each; SRV records set
    /// port and weight, and those that are not of the best priority are backups, in the order of the priorities.
    /// </summary>
    public static IEnumerable<DestinationOptions> Expand(DestinationOptions destination, ValueList<NameAddress>? addresses)
    {
        if (addresses is null or { Count: 0 })
        {
            // Without a record of its service there is no port to connect to.
            return destination.Address.Port > 0 ? [destination] : [];
        }

        var priorities = addresses.Select(found => found.Priority).Distinct().ToList();
        return addresses.Select(found => Of(destination, found, priorities.IndexOf(found.Priority)));
    }

    /// <summary>The addresses in an order that does not depend on that of the answer, which servers change each time: the best
    /// priority first. Each address and port once, and no more than <see cref="MostAddresses"/>.</summary>
    public static ValueList<NameAddress> Order(IEnumerable<NameAddress> addresses) =>
    [
        .. addresses.GroupBy(found => (found.Address, found.Port)).Select(OneOf)
            .OrderBy(found => found.Priority)
            .ThenBy(found => found.Address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .ThenBy(found => Convert.ToHexString(found.Address.GetAddressBytes()), StringComparer.Ordinal)
            .ThenBy(found => found.Port)
            .Take(MostAddresses),
    ];

    // RFC 2782: who comes to a worse priority has tried all of the better one, this address too, so the best counts. Records of
    // one priority are a chance each, so an address that several hosts have gets the chance of all of them.
    private static NameAddress OneOf(IEnumerable<NameAddress> ofOneEndPoint)
    {
        var all = ofOneEndPoint.ToList();
        var best = all.MinBy(found => found.Priority)!;
        return best.Weight is null ? best : best with
        {
            Weight = Math.Min(
                all.Where(found => found.Priority == best.Priority).Sum(found => found.Weight ?? 0), DestinationOptions.MaxWeight),
        };
    }

    private static DestinationOptions Of(DestinationOptions destination, NameAddress found, int rank) => destination with
    {
        Id = found.Port is { } port ? $"{destination.Id}[{new IPEndPoint(found.Address, port)}]" : $"{destination.Id}[{found.Address}]",
        Origin = destination.Id,
        Name = destination.Address.DnsSafeHost,
        Address = At(destination.Address, found),
        Host = destination.Host ?? HostOf(destination.Address),
        // A probe elsewhere stays there, unless elsewhere is another port of the same name.
        ProbeAddress = destination.ProbeAddress is { } probe && IsSameHost(probe, destination.Address)
            ? At(probe, found with { Port = null })
            : destination.ProbeAddress,
        Weight = destination.Weight == 0 ? 0 : WeightOf(found) ?? destination.Weight,
        Backup = destination.Backup || rank > 0,
        BackupRank = destination.Backup ? destination.BackupRank + rank : Math.Max(1, rank),
    };

    // RFC 2782: weight 0 is a very small chance beside others, so the smallest that is one.
    private static int? WeightOf(NameAddress found) => found.Weight is { } weight ? Math.Max(1, weight) : null;

    private static Uri At(Uri address, NameAddress found) => new UriBuilder(address)
    {
        Host = found.Address.ToString(),
        Port = found.Port ?? address.Port,
    }.Uri;

    // What the client would have asked for, had it looked the name up itself.
    private static string? HostOf(Uri address) => address.Scheme is not ("http" or "https") ? null
        : address.IsDefaultPort ? address.DnsSafeHost
        : $"{address.DnsSafeHost}:{address.Port}";

    private static bool IsSameHost(Uri a, Uri b) => a.DnsSafeHost.Equals(b.DnsSafeHost, StringComparison.OrdinalIgnoreCase);
}
