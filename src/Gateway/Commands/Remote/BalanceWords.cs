using System.Globalization;
using System.Text.Json.Nodes;

namespace Gateway.Commands.Remote;

/// <summary>The words of <c>balance -i</c>: a cluster is a group, its destinations are channels numbered from 0.</summary>
internal sealed class BalanceWords(GatewayClient client, Screen screen)
{
    public const string Help = """
          group NAME    makes this cluster the one that the words below are about, by name or number
          create H P    adds a channel, disabled; assign N H P points one elsewhere
          enable N      and disable N put channel N in service and out of it; connections go on
          maxc N M      at most M connections at once; 0 is no limit
          reset         sets the counters of the cluster to zero
          rr, hash      schedules by turns, or by the client's address
        """;

    /// <summary>The words, for completion.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["assign", "create", "disable", "enable", "group", "hash", "help", "maxc", "quit", "reset", "rr", "version"];

    /// <summary>The cluster the words are about; empty while there is none.</summary>
    public string Cluster { get; private set; } = "";

    /// <summary>Begins with the first cluster.</summary>
    public async Task SelectFirstAsync() =>
        Cluster = $"{Tables.Items(await client.GetAsync("clusters")).FirstOrDefault()?["id"]}";

    /// <summary>Carries a line out. Returns false when it is none of balance's.</summary>
    /// <exception cref="RemoteException">It cannot be done.</exception>
    public async Task<bool> TryAsync(IReadOnlyList<string> words)
    {
        switch (words)
        {
            case ["show"] when Cluster.Length > 0:
                screen.Draw(Tables.Destinations, await client.GetAsync(Path()));
                return true;
            case ["version"]:
                screen.Line($"Gateway {(await client.GetAsync("status"))["version"]}");
                return true;
            case ["group", var name]:
                await SelectAsync(name);
                return true;
            case ["enable", var channel]:
                await client.SendAsync(HttpMethod.Post, $"{await ChannelAsync(channel)}/up", new JsonObject());
                return true;
            case ["disable", var channel]:
                await client.SendAsync(HttpMethod.Post, $"{await ChannelAsync(channel)}/maintenance", new JsonObject { ["why"] = "disabled at the console" });
                return true;
            case ["maxc", var channel, var limit]:
                await ChangeAsync(channel, "MaxConnections", Number(limit));
                return true;
            case ["assign", var channel, var host, var port]:
                await ChangeAsync(channel, "Address", await AddressAsync(host, port));
                return true;
            case ["create", var host, var port]:
                await CreateAsync(host, port);
                return true;
            case ["reset"]:
                await client.SendAsync(HttpMethod.Post, $"{Path()}/reset-counters", new JsonObject());
                return true;
            case ["rr"] or ["hash"]:
                await PatchAsync(new JsonObject { ["LoadBalancingPolicy"] = words[0] == "rr" ? "rr" : "sh" });
                return true;
            default:
                return false;
        }
    }

    private string Path() => Cluster.Length > 0 ? $"clusters/{Uri.EscapeDataString(Cluster)}"
        : throw new RemoteException("There is no cluster. Add one to the configuration.");

    private async Task SelectAsync(string name)
    {
        var ids = Tables.Items(await client.GetAsync("clusters")).Select(cluster => $"{cluster?["id"]}").ToList();
        var found = ids.Find(id => string.Equals(id, name, StringComparison.OrdinalIgnoreCase))
            ?? (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? ids.ElementAtOrDefault(number) : null);
        Cluster = found ?? throw new RemoteException($"There is no cluster '{name}'. Known: {string.Join(", ", ids)}.");
    }

    private async Task<string> IdAsync(string channel)
    {
        var destinations = Tables.Items((await client.GetAsync(Path()))["destinations"]).Select(d => $"{d?["id"]}").ToList();
        return destinations.Find(id => id == channel)
            ?? (int.TryParse(channel, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? destinations.ElementAtOrDefault(number) : null)
            ?? throw new RemoteException($"There is no channel '{channel}' in {Cluster}; it has {destinations.Count}.");
    }

    private async Task<string> ChannelAsync(string channel) => $"{Path()}/destinations/{Uri.EscapeDataString(await IdAsync(channel))}";

    /// <summary>An address with the scheme that the others of the cluster have.</summary>
    private async Task<string> AddressAsync(string host, string port)
    {
        var first = Tables.Items((await client.GetAsync(Path()))["destinations"]).FirstOrDefault()?["address"];
        var scheme = Uri.TryCreate($"{first}", UriKind.Absolute, out var address) ? address.Scheme : "tcp";
        var bare = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        return $"{scheme}://{bare}:{port}";
    }

    private async Task CreateAsync(string host, string port)
    {
        var id = $"{host}-{port}".Replace(':', '-').Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
        var path = $"{Path()}/destinations/{Uri.EscapeDataString(id)}";
        var answer = await client.GetAsync("configuration");
        var destinations = answer["configuration"]?["ReverseProxy"]?["Clusters"]?[Cluster]?["Destinations"] as JsonObject ?? [];
        if (destinations.Select(pair => pair.Key).FirstOrDefault(key => string.Equals(key, id, StringComparison.OrdinalIgnoreCase)) is { } known)
        {
            throw new RemoteException($"{Cluster} has the channel '{known}' already. Use enable, maxc or assign to change it.");
        }

        // Disabled until somebody enables it: first with weight 0, so that nothing comes in between.
        await client.SendAsync(HttpMethod.Put, $"configuration/{path}", new JsonObject { ["Address"] = await AddressAsync(host, port), ["Weight"] = 0 },
            ifRevision: $"{answer["revision"]}");
        await client.SendAsync(HttpMethod.Post, $"{path}/maintenance", new JsonObject { ["why"] = "created at the console" });
        await ChangeAsync(id, "Weight", 1);
    }

    private async Task ChangeAsync(string channel, string key, JsonNode value) =>
        await PatchAsync(new JsonObject { ["Destinations"] = new JsonObject { [await IdAsync(channel)] = new JsonObject { [key] = value } } });

    private async Task PatchAsync(JsonObject cluster)
    {
        Path();
        await client.SendAsync(HttpMethod.Patch, "configuration", new JsonObject
        {
            ["ReverseProxy"] = new JsonObject { ["Clusters"] = new JsonObject { [Cluster] = cluster } },
        });
    }

    private static int Number(string word) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new RemoteException($"'{word}' is no number of connections.");
}
