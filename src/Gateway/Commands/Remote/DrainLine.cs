using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Gateway.Commands.Remote;

/// <summary><c>gateway drain</c> and <c>gateway drains</c>: destinations, clusters or the node get no new clients, which is
/// followed until nothing is in progress.</summary>
internal sealed class DrainLine(RemoteLine line)
{
    private static readonly TimeSpan _pace = TimeSpan.FromSeconds(0.5);

    public IEnumerable<Command> Create()
    {
        yield return Drain();
        yield return Drains();
    }

    private Command Drain()
    {
        var target = Targets.ClusterOrDestination(line.Url);
        var node = new Option<bool>("--node") { Description = "The whole node: /readyz tells whoever sends clients to stop." };
        var why = new Option<string?>("--why") { Description = "For the log and for whoever looks next." };
        var deadline = TimeOption.Create("Cuts off what is left after this time", "--deadline");
        var sticky = TimeOption.Create("How long known clients may come back, by default as long as they are remembered", "--sticky", "--sticky-for");
        var wait = new Option<bool>("--wait") { Description = "Tells what is in progress until nothing is; exit 1 when somebody takes it back meanwhile." };
        var span = TimeOption.Create("One destination: takes the order back by itself after this time", "--for");
        var until = new Option<string?>("--until") { Description = "The same as a moment such as 2026-11-25T06:00:00Z." };
        var command = new Command("drain", "Gives a destination, a cluster or the node no new clients; known ones may finish.")
        {
            target, node, why, deadline, sticky, wait, span, until, line.DryRun,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(target) is null == !result.GetValue(node))
            {
                result.AddError("Name CLUSTER, CLUSTER/DESTINATION or --node, one of them.");
            }
            else if ((result.GetValue(span) ?? result.GetValue(until)) is not null
                && (result.GetValue(node) || result.GetValue(deadline) is not null || result.GetValue(wait)))
            {
                result.AddError("--for and --until take the order on one destination back by themselves; leave out --node, --deadline and --wait.");
            }
        });
        return line.Asking(
            command,
            async (parsed, client) =>
            {
                var (cluster, destination) = parsed.GetValue(target) is { } name ? await Targets.FindAsync(client, name) : default;
                if ((parsed.GetValue(span) ?? parsed.GetValue(until)) is not null)
                {
                    return await client.SendAsync(
                        HttpMethod.Post, $"{PathOf(cluster!, destination)}/drain{line.Dry(parsed)}",
                        RemoteLine.Body(("why", parsed.GetValue(why)), ("for", parsed.GetValue(span)), ("until", parsed.GetValue(until)),
                            ("stickyFor", parsed.GetValue(sticky))));
                }

                if (parsed.GetValue(line.DryRun) && destination is not null && parsed.GetValue(deadline) is null)
                {
                    // The shares of the others belong to what would be.
                    return await client.SendAsync(
                        HttpMethod.Post, $"{PathOf(cluster!, destination)}/drain?dryRun=true", RemoteLine.Body(("stickyFor", parsed.GetValue(sticky))));
                }

                var drain = await client.SendAsync(HttpMethod.Post, $"drains{line.Dry(parsed)}", RemoteLine.Body(
                    ("cluster", cluster), ("destination", destination), ("why", parsed.GetValue(why)), ("stickyFor", parsed.GetValue(sticky)),
                    ("deadline", parsed.GetValue(deadline))));
                return parsed.GetValue(wait) && !parsed.GetValue(line.DryRun)
                    ? await FollowAsync(client, drain, line.IsJson(parsed)) : drain;
            },
            answer =>
            {
                if (answer["effect"] is not null)
                {
                    line.Screen.Draw(Tables.Change, answer);
                }
                else
                {
                    line.Screen.Line(Line(answer));
                }
            });
    }

    private Command Drains()
    {
        var id = new Argument<string>("ID") { Description = "As 'gateway drains' lists it, such as d1." };
        var command = line.Asking(
            new Command("drains", "Drains that run, and those that ended last, with what they still wait for."),
            async (_, client) => await client.GetAsync("drains"), answer => line.Screen.Draw(Tables.Drains, answer));
        command.Subcommands.Add(line.Asking(
            new Command("cancel", "Takes a drain back, also one that has ended: new clients come again.") { id },
            async (parsed, client) => await client.SendAsync(HttpMethod.Delete, $"drains/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null),
            answer => line.Screen.Line(Line(answer))));
        return command;
    }

    /// <summary>Tells what a drain still waits for whenever that changes, until it ends.</summary>
    /// <returns>The drain as it ended.</returns>
    /// <exception cref="RemoteException">Somebody took it back.</exception>
    private async Task<JsonNode> FollowAsync(GatewayClient client, JsonNode drain, bool isJson)
    {
        var told = "";
        while ($"{drain["status"]}" == "running")
        {
            if (!isJson && Line(drain) is var now && now != told)
            {
                told = now;
                line.Screen.Line(now);
            }

            await Task.Delay(_pace, TimeProvider.System, CancellationToken.None);
            drain = await client.GetAsync($"drains/{Uri.EscapeDataString($"{drain["id"]}")}");
        }

        return $"{drain["status"]}" != "cancelled" ? drain
            : throw new RemoteException($"Drain {drain["id"]} of {Tables.DrainOf(drain)} was taken back.");
    }

    private static string PathOf(string cluster, string? destination) => destination is null
        ? throw new WrongLineException($"'{cluster}' is a cluster: --for and --until are for one destination. Write CLUSTER/DESTINATION.")
        : GatewayClient.PathOf(cluster, destination);

    /// <summary>How a drain is, in one line.</summary>
    private static string Line(JsonNode drain)
    {
        var id = $"{drain["id"]}";
        var name = id.Length > 0 ? $"{id}: {Tables.DrainOf(drain)}" : $"would drain {Tables.DrainOf(drain)}";
        var destinations = (drain["destination"] is null ? Tables.Long(drain["destinations"]) : 0) switch
        {
            0 => "",
            1 => " (1 destination)",
            var count => string.Create(CultureInfo.InvariantCulture, $" ({count} destinations)"),
        };
        return $"{name}{destinations}, {drain["status"]}, {Tables.DrainFlows(drain)} in progress{Tables.DrainCut(drain)}";
    }
}
