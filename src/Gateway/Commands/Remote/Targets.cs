using System.CommandLine;
using System.CommandLine.Completions;

namespace Gateway.Commands.Remote;

/// <summary>Clusters and destinations as arguments of commands, completed with the names that the running Gateway has.</summary>
internal static class Targets
{
    private const string OfCluster = "CLUSTER";
    private const string OfDestination = "CLUSTER/DESTINATION";

    /// <summary>An argument that names a cluster.</summary>
    public static Argument<string> Cluster(Option<string> url) => Completed(new Argument<string>(OfCluster), url);

    /// <summary>An argument that may name a cluster.</summary>
    public static Argument<string?> AnyCluster(Option<string> url, string description) => Completed(
        new Argument<string?>(OfCluster) { Arity = ArgumentArity.ZeroOrOne, Description = description }, url);

    /// <summary>An argument that names a destination.</summary>
    public static Argument<string> Destination(Option<string> url) => Completed(new Argument<string>(OfDestination), url);

    /// <summary>The names that may be in place of <paramref name="typed"/>: of destinations once their cluster is typed. None
    /// when Gateway does not tell any.</summary>
    public static async Task<IReadOnlyList<string>> NamesAsync(GatewayClient client, Argument argument, string typed)
    {
        if (argument.Name is not (OfCluster or OfDestination))
        {
            return [];
        }

        try
        {
            var slash = argument.Name == OfDestination ? typed.IndexOf('/', StringComparison.Ordinal) : -1;
            var names = slash > 0
                ? Tables.Items((await client.GetAsync($"clusters/{Uri.EscapeDataString(typed[..slash])}"))["destinations"])
                    .Select(destination => $"{typed[..slash]}/{destination?["id"]}")
                : Tables.Items(await client.GetAsync("clusters"))
                    .Select(cluster => argument.Name == OfDestination ? $"{cluster?["id"]}/" : $"{cluster?["id"]}");
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
