using System.CommandLine;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Changes;

namespace Gateway.Commands.Remote;

/// <summary><c>gateway config</c>: what the configuration is, and changes of it that can be taken back.</summary>
internal sealed class ConfigLine(RemoteLine line)
{
    public Command Create()
    {
        var command = new Command("config", "Shows and changes the configuration of a running Gateway.")
        {
            line.Asking(new Command("show", "The configuration in force."), async (_, client) =>
                (await client.GetAsync("configuration"))["configuration"], line.Screen.Json),
            Change("diff", "What a file would change.", isDryRun: true),
            Change("apply", "Puts a file in force.", isDryRun: false),
            Post("confirm", "Keeps a change that waits to be confirmed."),
            Post("rollback", "Takes back a change that waits to be confirmed."),
            line.Asking(new Command("versions", "The versions that were in force."), async (_, client) =>
                await client.GetAsync("configuration/versions"), answer => line.Screen.Draw(Tables.Versions, answer)),
            Restore(),
        };
        var file = new Argument<string?>("FILE") { Arity = ArgumentArity.ZeroOrOne };
        command.Subcommands.Add(line.Asking(
            new Command("save", "Writes the running state as a configuration file.") { file },
            async (parsed, client) => await RunningState.SaveAsync(client, line.Screen, parsed.GetValue(file)),
            answer => RunningState.Show(line.Screen, answer)));
        return command;
    }

    private Command Change(string name, string description, bool isDryRun)
    {
        var file = new Argument<string>("FILE") { Description = "A whole configuration, with comments if need be; users and tokens stay as they are." };
        var isPatch = new Option<bool>("--merge") { Description = "FILE is a merge patch (RFC 7396): what it does not name stays." };
        var confirm = TimeOption.Create("Roll back after this time unless confirmed", "--confirm");
        var minReady = new Option<int?>("--min-ready") { Description = "Roll back when a cluster has fewer ready destinations." };
        var maxErrors = new Option<string?>("--max-error-rate") { Description = "Roll back when a larger share of flows fails, such as 0.05." };
        var comment = new Option<string?>("--comment") { Description = "What it is for." };
        var command = new Command(name, description) { file, isPatch };
        if (!isDryRun)
        {
            command.Add(confirm);
            command.Add(minReady);
            command.Add(maxErrors);
            command.Add(comment);
        }

        return line.Asking(
            command,
            async (parsed, client) =>
            {
                var given = Read(parsed.GetValue(file)!);
                var patch = parsed.GetValue(isPatch) ? given
                    : MergeDifference.OfWhole((JsonObject)(await client.GetAsync("configuration"))["configuration"]!, given);
                var query = isDryRun ? "dryRun=true" : string.Join('&', new (string Key, string? Value)[]
                {
                    ("confirm", parsed.GetValue(confirm)), ("minReady", $"{parsed.GetValue(minReady)}"),
                    ("maxErrorRate", parsed.GetValue(maxErrors)), ("comment", parsed.GetValue(comment)),
                }.Where(pair => !string.IsNullOrEmpty(pair.Value)).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value!)}"));
                return await client.SendAsync(HttpMethod.Patch, $"configuration?{query}", patch);
            },
            answer => line.Screen.Draw(Tables.Change, answer));
    }

    private Command Post(string name, string description) => line.Asking(
        new Command(name, description), async (_, client) => await client.SendAsync(HttpMethod.Post, $"configuration/{name}", new JsonObject()),
        answer => line.Screen.Draw(Tables.Change, answer));

    private Command Restore()
    {
        var number = new Argument<int>("VERSION") { Description = "Its number; 0 is the file alone." };
        return line.Asking(
            new Command("restore", "Brings a version back.") { number },
            async (parsed, client) => await client.SendAsync(
                HttpMethod.Post, $"configuration/versions/{parsed.GetValue(number)}/restore", new JsonObject()),
            answer => line.Screen.Draw(Tables.Change, answer));
    }

    private static JsonObject Read(string file)
    {
        var errors = new List<ConfigurationError>();
        var tree = JsonTree.Parse(File.ReadAllBytes(file), file, errors);
        return tree is not null && errors.Count == 0 ? MergePatch.ToJson(tree) : throw new RemoteException(string.Join('\n', errors));
    }
}
