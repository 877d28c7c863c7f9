using Gateway.Clusters;
using Gateway.Names;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace Gateway.Http;

/// <summary>Gives YARP the same destinations as the store has: one for each address of a name.</summary>
/// <remarks>YARP keeps them for session affinity and passive health; it reads them anew when the token fires.</remarks>
internal sealed class NamedDestinations(NameTable names) : IDestinationResolver
{
    public ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
    {
        // Before the table is read: a change in between is then told, not lost.
        var changed = names.Changed;
        var isNamed = false;
        var resolved = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, config) in destinations)
        {
            if (OptionsOf(id, config) is not { } options || NameExpansion.KeyOf(options) is null)
            {
                resolved[id] = config;
                continue;
            }

            isNamed = true;
            foreach (var one in names.Expand(options))
            {
                resolved[one.Id] = config with { Address = one.Address.OriginalString, Host = one.Host };
            }
        }

        return ValueTask.FromResult(new ResolvedDestinationCollection(resolved, isNamed ? changed : null));
    }

    private static DestinationOptions? OptionsOf(string id, DestinationConfig config) =>
        !Uri.TryCreate(config.Address, UriKind.Absolute, out var address) ? null : new DestinationOptions
        {
            Id = id,
            Address = address,
            Host = config.Host,
            Resolve = config.Metadata?.TryGetValue(YarpSection.ResolveKey, out var lookup) == true
                && Enum.TryParse<NameLookup>(lookup, ignoreCase: true, out var parsed) ? parsed : NameLookup.All,
        };
}
