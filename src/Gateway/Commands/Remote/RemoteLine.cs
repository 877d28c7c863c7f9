using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Gateway.Clusters;

namespace Gateway.Commands.Remote;

/// <summary>The commands that ask a running Gateway: what they are called, what they ask, and how the answer is shown.</summary>
internal sealed class RemoteLine
{
    private readonly Screen _screen;
    private readonly Option<string> _url = new("--url", "-u")
    {
        Description = $"The management listener; by default GATEWAY_URL, else {GatewayClient.DefaultUrl}.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("GATEWAY_URL") ?? GatewayClient.DefaultUrl,
    };

    private readonly Option<bool> _json = new("--json", "-j") { Description = "The answer of the API, as JSON." };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only tells what would be." };

    public RemoteLine(Screen screen) => _screen = screen;

    /// <summary>All commands.</summary>
    public IEnumerable<Command> Commands()
    {
        yield return Status();
        yield return Show();
        yield return VirtualServers();
        yield return Top();
        yield return Explain();
        foreach (var command in new DrainLine(this).Create())
        {
            yield return command;
        }

        yield return Maintenance();
        yield return Up();
        yield return Weight();
        yield return Events();
        yield return Connections();
        yield return new ConfigLine(this).Create();
        yield return Save();
        yield return PromptCommand();
    }

    public Screen Screen => _screen;

    public Option<string> Url => _url;

    public Option<bool> DryRun => _dryRun;

    public bool IsJson(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Makes a command that asks Gateway; what it refuses is told, and ends with exit code 1.</summary>
    public Command Asking(Command command, Func<ParseResult, GatewayClient, Task<JsonNode?>> ask, Action<JsonNode> show)
    {
        command.Options.Add(_url);
        command.Options.Add(_json);
        command.SetAction(async (parsed, _) => await RunAsync(parsed, async client =>
        {
            if (await ask(parsed, client) is not { } answer)
            {
                return;
            }

            if (parsed.GetValue(_json))
            {
                _screen.Json(answer);
            }
            else
            {
                show(answer);
            }
        }));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, Func<GatewayClient, Task> act)
    {
        var url = parsed.GetValue(_url)!;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            await _screen.ErrorAsync($"--url '{url}' is not an http:// or https:// address.");
            return CommandLine.BadInput;
        }

        try
        {
            using var client = new GatewayClient(address, Environment.GetEnvironmentVariable("GATEWAY_TOKEN"));
            await act(client);
            return 0;
        }
        catch (WrongLineException e)
        {
            await _screen.ErrorAsync(e.Message);
            return CommandLine.BadInput;
        }
        catch (Exception e) when (e is RemoteException or IOException or UnauthorizedAccessException)
        {
            await _screen.ErrorAsync(e.Message);
            return 1;
        }
    }

    private Command Status() => Asking(
        new Command("status", "How a running Gateway is."), async (_, client) => await client.GetAsync("status"),
        answer => _screen.Draw(Tables.Status, answer));

    private Command Show()
    {
        var cluster = Targets.AnyCluster(_url, "Shows its destinations; without it all clusters.");
        return Asking(
            new Command("show", "Clusters, or the destinations of one.") { cluster },
            async (parsed, client) => await client.GetAsync(parsed.GetValue(cluster) is { } id ? $"clusters/{Uri.EscapeDataString(id)}" : "clusters"),
            answer => Show(answer));
    }

    private void Show(JsonNode answer)
    {
        if (answer is JsonArray)
        {
            _screen.Draw(Tables.Clusters, answer);
        }
        else
        {
            _screen.Draw(Tables.Destinations, answer);
        }
    }

    private Command VirtualServers()
    {
        var server = new Argument<string?>("VIRTUAL-SERVER") { Arity = ArgumentArity.ZeroOrOne, Description = "Shows one, with what the kernel counted for each destination." };
        return Asking(
            new Command("virtual-servers", "Virtual servers, the path that serves each, and why.") { server },
            async (parsed, client) => await client.GetAsync(
                parsed.GetValue(server) is { } id ? $"virtual-servers/{Uri.EscapeDataString(id)}" : "virtual-servers"),
            answer =>
            {
                if (answer is JsonArray)
                {
                    _screen.Draw(Tables.VirtualServers, answer);
                }
                else
                {
                    _screen.Draw(Tables.VirtualServer, answer);
                }
            });
    }

    private Command Top()
    {
        var once = new Option<bool>("--once") { Description = "Draws one picture and ends." };
        var command = new Command("top", "All destinations, drawn anew each second until q or Ctrl+C; one picture with --json.") { once };
        command.Options.Add(_url);
        command.Options.Add(_json);
        command.SetAction(async (parsed, cancellation) => await RunAsync(parsed, async client =>
        {
            if (IsJson(parsed))
            {
                _screen.Json(await client.GetAsync("clusters?destinations=true"));
            }
            else
            {
                await TopView.RunAsync(client, _screen, parsed.GetValue(once), cancellation);
            }
        }));
        return command;
    }

    private Command Explain()
    {
        var cluster = Targets.Cluster(_url);
        string[] names = ["client", "port", "host", "path", "query", "header", "cookie"];
        var options = names.Select(name => new Option<string?>($"--{name}") { Description = $"The {name} of the flow." }).ToList();
        var command = new Command("explain", "Where such a flow would go now, and why.") { cluster };
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        return Asking(
            command,
            async (parsed, client) => await client.GetAsync($"clusters/{Uri.EscapeDataString(parsed.GetValue(cluster)!)}/explain?"
                + string.Join('&', options.Zip(names).Where(pair => parsed.GetValue(pair.First) is not null)
                    .Select(pair => $"{pair.Second}={Uri.EscapeDataString(parsed.GetValue(pair.First)!)}"))),
            answer => _screen.Draw(Tables.Explain, answer));
    }

    private Command Maintenance()
    {
        var destination = Targets.Destination(_url);
        var why = new Option<string?>("--why") { Description = "For the log and for whoever looks next." };
        var span = TimeOption.Create("How long", "--for");
        var until = new Option<string?>("--until") { Description = "Until when: a moment such as 2026-11-25T06:00:00Z." };
        return Asking(
            new Command("maintenance", "Takes a destination out of service.") { destination, why, span, until, _dryRun },
            async (parsed, client) => await client.SendAsync(
                HttpMethod.Post, $"{await Targets.PathOfAsync(client, parsed.GetValue(destination)!)}/maintenance{Dry(parsed)}",
                Body(("why", parsed.GetValue(why)), ("for", parsed.GetValue(span)), ("until", parsed.GetValue(until)))),
            answer => _screen.Draw(Tables.Change, answer));
    }

    private Command Up()
    {
        var destination = Targets.Destination(_url);
        var force = new Option<bool>("--force") { Description = "In service whatever probes say." };
        return Asking(
            new Command("up", "Takes a drain or maintenance back.") { destination, force, _dryRun },
            async (parsed, client) => await client.SendAsync(
                HttpMethod.Post, $"{await Targets.PathOfAsync(client, parsed.GetValue(destination)!)}/up?force={(parsed.GetValue(force) ? "true" : "false")}"
                    + (parsed.GetValue(_dryRun) ? "&dryRun=true" : ""), new JsonObject()),
            answer => _screen.Draw(Tables.Change, answer));
    }

    private Command Weight()
    {
        var destination = Targets.Destination(_url);
        var weight = new Argument<string>("WEIGHT") { Description = "0 to 65535, or 'configured' for that of the configuration." };
        var span = TimeOption.Create("How long", "--for");
        return Asking(
            new Command("weight", "Sets the weight of a destination.") { destination, weight, span, _dryRun },
            async (parsed, client) =>
            {
                var body = Body(("for", parsed.GetValue(span)));
                var word = parsed.GetValue(weight)!;
                body["weight"] = word == "configured" ? null
                    : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= DestinationOptions.MaxWeight ? number
                    : throw new WrongLineException($"'{word}' is no weight. Write 0 to {DestinationOptions.MaxWeight}, or configured.");
                return await client.SendAsync(HttpMethod.Post, $"{await Targets.PathOfAsync(client, parsed.GetValue(destination)!)}/weight{Dry(parsed)}", body);
            },
            answer => _screen.Draw(Tables.Change, answer));
    }

    private Command Events()
    {
        var limit = new Option<int>("--limit", "-n") { Description = "How many.", DefaultValueFactory = _ => 20 };
        var cluster = new Option<string?>("--cluster") { Description = "Of this cluster only." };
        return Asking(
            new Command("events", "What happened lately, the latest last.") { limit, cluster },
            async (parsed, client) => await client.GetAsync($"events?limit={parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture)}"
                + (parsed.GetValue(cluster) is { } id ? $"&cluster={Uri.EscapeDataString(id)}" : "")),
            answer => _screen.Draw(Tables.Events, answer));
    }

    private Command Connections()
    {
        var limit = new Option<int>("--limit", "-n") { Description = "How many.", DefaultValueFactory = _ => 50 };
        var filters = ((string[])["virtual-server", "cluster", "destination", "client"])
            .Select(name => (Name: name, Option: new Option<string?>($"--{name}") { Description = $"Of this {name.Replace('-', ' ')} only." })).ToList();
        var command = new Command("connections", "Relayed connections.") { limit };
        foreach (var (_, option) in filters)
        {
            command.Options.Add(option);
        }

        return Asking(
            command,
            async (parsed, client) => await client.GetAsync($"connections?limit={parsed.GetValue(limit).ToString(CultureInfo.InvariantCulture)}"
                + string.Concat(filters.Where(filter => parsed.GetValue(filter.Option) is not null).Select(filter =>
                    $"&{(filter.Name == "virtual-server" ? "virtualServer" : filter.Name)}={Uri.EscapeDataString(parsed.GetValue(filter.Option)!)}"))),
            answer => _screen.Draw(Tables.Connections, answer));
    }

    private Command Save()
    {
        var file = new Argument<string?>("FILE") { Arity = ArgumentArity.ZeroOrOne, Description = "Where to; without it, and with -, standard output." };
        return Asking(
            new Command("save", "Writes the running state as a configuration file; starting from it gives the same state.") { file },
            async (parsed, client) => await RunningState.SaveAsync(client, _screen, parsed.GetValue(file)),
            answer => RunningState.Show(_screen, answer));
    }

    private Command PromptCommand()
    {
        var command = new Command("console", "A prompt with completion and history; knows these commands and the words of balance.");
        command.Options.Add(_url);
        command.SetAction(async (parsed, _) => await RunAsync(
            parsed, client => Prompt.RunAsync(client, this, parsed.GetValue(_url)!, Console.In)));
        return command;
    }

    /// <summary>The query that only asks what would be, where the command line says so.</summary>
    public string Dry(ParseResult parsed) => parsed.GetValue(_dryRun) ? "?dryRun=true" : "";

    /// <summary>An object of the values that are there.</summary>
    public static JsonObject Body(params IEnumerable<(string Key, string? Value)> values) =>
        new(values.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
}
