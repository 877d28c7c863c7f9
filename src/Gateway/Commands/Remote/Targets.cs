using System.CommandLine;
using System.CommandLine.Completions;

namespace Gateway.Commands.Remote;

/// <summary>Clusters and destinations as arguments of commands, completed with the names that the running Gateway has.</summary>
internal static class Targets
{
    private const string OfCluster = "CLUSTER";
    private const string OfDestination = "CLUSTER/DESTINATION";
    private const string OfEither = "CLUSTER[/DESTINATION]";

    /// <summary>An argument that names a cluster.</summary>
    public static Argument<string> Cluster(Option<string> url) => Completed(new Argument<string>(OfCluster), url);

    /// <summary>An argument that may name a cluster.</summary>
    public static Argument<string?> AnyCluster(Option<string> url, string description) => Completed(
        new Argument<string?>(OfCluster) { Arity = ArgumentArity.ZeroOrOne, Description = description }, url);

    /// <summary>An argument that names a destination.</summary>
    public static Argument<string> Destination(Option<string> url) => Completed(new Argument<string>(OfDestination), url);

    /// <summary>An argument that may name a cluster or a destination.</summary>
    public static Argument<string?> ClusterOrDestination(Option<string> url) =>
        Completed(new Argument<string?>(OfEither) { Arity = ArgumentArity.ZeroOrOne }, url);

    /// <summary>The cluster, and the destination if one is meant, that a name written <c>cluster</c> or
    /// <c>cluster/destination</c> stands for. Ids may have slashes themselves: then Gateway is asked which there are.</summary>
    /// <exception cref="RemoteException">There is neither.</exception>
    public static async Task<(string Cluster, string? Destination)> FindAsync(GatewayClient client, string name)
    {
        if (!name.Contains('/', StringComparison.Ordinal))
        {
            return (name, null);
        }

        var clusters = Tables.Items(await client.GetAsync("clusters")).Select(cluster => $"{cluster?["id"]}").ToList();
        foreach (var cluster in clusters.Where(id => name.StartsWith(id + '/', StringComparison.OrdinalIgnoreCase)).OrderByDescending(id => id.Length))
        {
            var destinations = Tables.Items((await client.GetAsync($"clusters/{Uri.EscapeDataString(cluster)}"))["destinations"]);
            if (destinations.Any(d => $"{d?["id"]}".Equals(name[(cluster.Length + 1)..], StringComparison.OrdinalIgnoreCase)))
            {
                return (cluster, name[(cluster.Length + 1)..]);
            }
        }

        return clusters.Find(id => id.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found ? (found, null)
            : name.Split('/', 2) is [var first, var rest] && clusters.Exists(id => id.Equals(first, StringComparison.OrdinalIgnoreCase))
                ? throw new RemoteException($"Cluster '{first}' has no destination '{rest}'. 'gateway show {first}' lists them.")
            : throw new RemoteException($"There is no cluster or destination '{name}'. 'gateway show' lists clusters.");
    }

    /// <summary>The path in the API of a destination written <c>cluster/destination</c>.</summary>
    /// <exception cref="WrongLineException">It is not written so.</exception>
    /// <exception cref="RemoteException">There is none.</exception>
    public static async Task<string> PathOfAsync(GatewayClient client, string destination)
    {
        if (destination.Split('/') is [{ Length: > 0 } cluster, { Length: > 0 } id])
        {
            return GatewayClient.PathOf(cluster, id);
        }

        var found = destination.Trim('/').Contains('/', StringComparison.Ordinal) ? await FindAsync(client, destination) : default;
        return found.Destination is { } member ? GatewayClient.PathOf(found.Cluster, member)
            : throw new WrongLineException($"'{destination}' is no destination. Write CLUSTER/DESTINATION.");
    }

    /// <summary>The names that may be in place of <paramref name="typed"/>: of destinations once their cluster is typed. None
    /// when Gateway does not tell any.</summary>
    public static async Task<IReadOnlyList<string>> NamesAsync(GatewayClient client, Argument argument, string typed)
    {
        if (argument.Name is not (OfCluster or OfDestination or OfEither))
        {
            return [];
        }

        try
        {
            var clusters = Tables.Items(await client.GetAsync("clusters")).Select(cluster => $"{cluster?["id"]}").ToList();
            var inside = argument.Name == OfCluster ? null
                : clusters.Where(id => typed.StartsWith(id + '/', StringComparison.OrdinalIgnoreCase)).MaxBy(id => id.Length);
            var names = inside is null
                ? clusters.SelectMany(id => argument.Name switch
                {
                    OfCluster => [id],
                    OfDestination => [id + '/'],
                    _ => (string[])[id, id + '/'],
                })
                : Tables.Items((await client.GetAsync($"clusters/{Uri.EscapeDataString(inside)}"))["destinations"])
                    .Select(destination => $"{typed[..inside.Length]}/{destination?["id"]}");
            return [.. names.Where(name => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase))];
        }
        catch (RemoteException)
        {
            // Whoever types is told when the command itself asks.
            return [];
        }
    }

    private static Argument<T> Completed<T>(Argument<T> argument, Option<string> url)
    {
        argument.CompletionSources.Add(context =>
        {
            if (!Uri.TryCreate(context.ParseResult.GetValue(url), UriKind.Absolute, out var address))
            {
                return [];
            }

            using var client = new GatewayClient(address, Environment.GetEnvironmentVariable("GATEWAY_TOKEN"));
            // A shell waits for the answer anyhow, and the parser knows no other way to ask.
            return NamesAsync(client, argument, context.WordToComplete).GetAwaiter().GetResult()
                .Select(name => new CompletionItem(name));
        });
        return argument;
    }
}
