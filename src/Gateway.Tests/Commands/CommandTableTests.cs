using System.Text.Json.Nodes;
using Gateway.Tests.Support;

namespace Gateway.Tests.Commands;

/// <summary>Every command that asks a running Gateway: its exit code and the shape of what <c>--json</c> prints, one after the other
/// on one Gateway.</summary>
public sealed class CommandTableTests(ConsoleRig rig) : IClassFixture<ConsoleRig>
{
    /// <summary>Commands, and the keys of what they print; a list in brackets, by the keys of its first item.</summary>
    private static readonly (string Command, string Keys)[] _commands =
    [
        ("status", "version node ready clusters destinations configuration kernel"),
        ("show", "[id state scheduler total ready active flows rate errors]"),
        ("show mail", "id scheduler destinations"),
        ("virtual-servers", "[id cluster protocol forwarding listen paths]"),
        ("virtual-servers smtp", "id cluster paths"),
        ("top", "[id scheduler destinations]"),
        ("top --once", "[id scheduler destinations]"),
        ("explain mail --client 192.0.2.1", "chosen rule candidates"),
        ("drain mail/m1 --dry-run", "dryRun effect shares before after"),
        ("drain mail/m1 --for 00:10:00", "dryRun effect shares before after undo"),
        ("drain mail --why update", "id cluster status inEffect destinations left flows cutOff"),
        ("drain mail --wait", "id cluster status left"),
        ("drain --node --dry-run", "id cluster status left"),
        ("drains", "[id cluster destination who why status inEffect left flows]"),
        ("drains cancel d2", "id status"),
        ("maintenance mail/m1 --why disk", "dryRun effect shares undo"),
        ("up mail/m1", "dryRun effect shares undo"),
        ("weight mail/m1 5", "dryRun effect shares undo"),
        ("events -n 3", "[id time kind text]"),
        ("connections", "count connections"),
        ("config show", "ReverseProxy VirtualServers"),
        ("config diff FILE --merge", "dryRun revision differences shares warnings"),
        ("config apply FILE --merge --confirm 00:05:00", "dryRun revision differences pending"),
        ("config confirm", "dryRun version differences"),
        ("config apply FILE2 --merge --confirm 00:05:00", "dryRun revision differences pending"),
        ("config rollback", "dryRun revision differences"),
        ("config versions", "[number time by comment changes]"),
        ("config restore 0", "dryRun version revision differences"),
        ("config save", "ReverseProxy VirtualServers"),
        ("save", "ReverseProxy VirtualServers"),
        ("save -", "ReverseProxy VirtualServers"),
        ("save OUT", "file"),
    ];

    /// <summary>A prompt prints what its lines do.</summary>
    private static readonly string[] _withoutJson = ["console"];

    [Fact]
    public async Task EveryCommand_EndsWellAndPrintsItsJson()
    {
        using var folder = new TemporaryFolder();
        var (file, second, written) = (Path.Combine(folder.Path, "a.json"), Path.Combine(folder.Path, "b.json"), Path.Combine(folder.Path, "out.json"));
        await File.WriteAllTextAsync(file, """{ "ReverseProxy": { "Clusters": { "mail": { "Destinations": { "m1": { "Weight": 4 } } } } } }""");
        await File.WriteAllTextAsync(second, """{ "ReverseProxy": { "Clusters": { "mail": { "Destinations": { "m1": { "Weight": 6 } } } } } }""");
        foreach (var (command, keys) in _commands)
        {
            var line = command.Replace("FILE2", second, StringComparison.Ordinal).Replace("FILE", file, StringComparison.Ordinal)
                .Replace("OUT", written, StringComparison.Ordinal);
            var (exit, output, errors) = await rig.RunAsync(line + " --json");

            Assert.True(exit == 0, $"{command} ended with {exit}: {errors}");
            var answer = JsonNode.Parse(output);
            var shape = Assert.IsType<JsonObject>(keys[0] == '[' ? Assert.IsType<JsonArray>(answer)[0] : answer);
            Assert.All(keys.Trim('[', ']').Split(' '), key => Assert.True(shape.ContainsKey(key), $"{command}: {key} is not in {output}"));
        }
    }

    [Fact]
    public void EveryCommand_IsInTheTable()
    {
        var missing = ConsoleRig.Names().Except(_withoutJson)
            .Where(name => !_commands.Any(row => row.Command == name || row.Command.StartsWith(name + ' ', StringComparison.Ordinal)));

        Assert.Empty(missing);
    }
}
