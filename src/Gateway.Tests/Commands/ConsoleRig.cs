using Gateway.Commands;
using Gateway.Commands.Remote;
using Gateway.Tests.Management;
using Spectre.Console;

namespace Gateway.Tests.Commands;

/// <summary>A running Gateway with one cluster, and the commands that ask it, as a terminal of eighty columns shows them.</summary>
public sealed class ConsoleRig : IAsyncLifetime
{
    private const string Mail = """
        {
          "ReverseProxy": { "Clusters": { "mail": {
            "LoadBalancingPolicy": "wrr",
            "Destinations": {
              "m1": { "Address": "tcp://127.0.0.1:9", "Weight": 3 },
              "m2": { "Address": "tcp://127.0.0.1:10", "MaxConnections": 7 },
              "sorry": { "Address": "tcp://127.0.0.1:11", "Backup": true }
            } } } },
          "VirtualServers": { "smtp": { "Listen": "127.0.0.1:0", "ClusterId": "mail" } }
        }
        """;

    private readonly string _json;
    private ManagedGateway? _managed;

    public ConsoleRig()
        : this(Mail)
    {
    }

    /// <param name="json">Another configuration.</param>
    internal ConsoleRig(string json) => _json = json;

    internal Gateway.Tests.Support.RunningGateway Gateway => _managed!.Gateway;

    public string Url => $"http://{_managed!.EndPoint}";

    public async Task InitializeAsync() => _managed = await ManagedGateway.StartAsync(_json);

    public async Task DisposeAsync() => await _managed!.DisposeAsync();

    /// <summary>A rig of another configuration for one test.</summary>
    internal static async Task WithAsync(string json, Func<ConsoleRig, Task> test)
    {
        var rig = new ConsoleRig(json);
        await rig.InitializeAsync();
        try
        {
            await test(rig);
        }
        finally
        {
            await rig.DisposeAsync();
        }
    }

    public async Task<(int Exit, string Output, string Errors)> ConsoleAsync(string script)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        using var input = new StringReader(script);
        var line = new RemoteLine(ScreenOf(output, errors));
        using var client = new GatewayClient(new Uri(Url), null);
        try
        {
            await Prompt.RunAsync(client, line, Url, input);
            return (0, output.ToString(), errors.ToString());
        }
        catch (RemoteException e)
        {
            return (1, output.ToString(), errors.ToString() + e.Message);
        }
    }

    public Task<(int Exit, string Output, string Errors)> RunAsync(string command) => RunAsync(command, columns: 80);

    /// <summary>Runs a command as a terminal of so many columns shows it.</summary>
    public async Task<(int Exit, string Output, string Errors)> RunAsync(string command, int columns)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var parsed = Root(output, errors, columns).Parse(command.Contains("--url", StringComparison.Ordinal) ? command : $"{command} --url {Url}");
        var exit = await CommandLine.InvokeAsync(parsed, errors);
        return (exit, output.ToString(), errors.ToString());
    }

    /// <summary>All commands that ask a running Gateway, those of others included, as they are typed.</summary>
    public static IReadOnlyList<string> Names()
    {
        return [.. Below(Root(TextWriter.Null, TextWriter.Null), "")];

        static IEnumerable<string> Below(System.CommandLine.Command command, string name) => command.Subcommands.SelectMany(sub =>
            Below(sub, $"{name} {sub.Name}".TrimStart()).Prepend($"{name} {sub.Name}".TrimStart())
                .Where(each => sub.Action is not null || each != $"{name} {sub.Name}".TrimStart()));
    }

    /// <summary>What the prompt offers after what is typed.</summary>
    public IReadOnlyList<string> Complete(string typed)
    {
        using var client = new GatewayClient(new Uri(Url), null);
        return Prompt.Complete(client, Root(TextWriter.Null, TextWriter.Null), typed);
    }

    /// <summary>What a shell is offered after what is typed.</summary>
    public IEnumerable<string> Suggest(string typed)
    {
        var line = typed.Insert(typed.IndexOf(' ', StringComparison.Ordinal), $" --url {Url}");
        return Root(TextWriter.Null, TextWriter.Null).Parse(line).GetCompletions(line.Length).Select(item => item.Label);
    }

    private static System.CommandLine.RootCommand Root(TextWriter output, TextWriter errors, int columns = 80)
    {
        var root = new System.CommandLine.RootCommand();
        foreach (var sub in new RemoteLine(ScreenOf(output, errors, columns)).Commands())
        {
            root.Subcommands.Add(sub);
        }

        return root;
    }

    private static Screen ScreenOf(TextWriter output, TextWriter errors, int columns = 80)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(output),
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = columns;
        return new Screen(console, output, errors);
    }
}
