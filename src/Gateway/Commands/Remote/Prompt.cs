using System.CommandLine;
using Gateway.Hosting;

namespace Gateway.Commands.Remote;

/// <summary><c>gateway console</c>: reads commands line by line until the end of the input or <c>quit</c>.</summary>
internal static class Prompt
{
    /// <exception cref="RemoteException">Gateway did not answer at the start, or the last line of a script failed.</exception>
    public static async Task RunAsync(GatewayClient client, RemoteLine line, string url, TextReader input)
    {
        var balance = new BalanceWords(client, line.Screen);
        await balance.SelectFirstAsync();
        var isTerminal = !Console.IsInputRedirected && ReferenceEquals(input, Console.In);
        var editor = new LineEditor();
        var root = new RootCommand();
        foreach (var command in new RemoteLine(line.Screen).Commands().Where(command => command.Name != "console"))
        {
            root.Subcommands.Add(command);
        }

        var failed = false;
        while (true)
        {
            var prompt = $"gateway [{Printable.Of(balance.Cluster)}]> ";
            var text = isTerminal ? editor.Read(prompt, typed => Complete(client, root, typed)) : await input.ReadLineAsync();
            if (text is null || text.Trim() is "quit" or "exit")
            {
                break;
            }

            if (text.Trim().Length > 0 && !text.TrimStart().StartsWith('#'))
            {
                failed = !await OneAsync(balance, root, url, text.Trim(), line.Screen);
            }
        }

        if (failed && !isTerminal)
        {
            throw new RemoteException("The last command failed.");
        }
    }

    private static async Task<bool> OneAsync(BalanceWords balance, RootCommand root, string url, string text, Screen screen)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            if (words is ["help"] or ["?"])
            {
                Help(root, screen);
                return true;
            }

            if (await balance.TryAsync(words))
            {
                return true;
            }
        }
        catch (RemoteException e)
        {
            await screen.ErrorAsync(e.Message);
            return false;
        }

        if (words[0][0] != '-' && !root.Subcommands.Any(command => command.Name == words[0]))
        {
            var known = root.Subcommands.Select(command => command.Name).Concat(BalanceWords.Names);
            await screen.ErrorAsync(BalanceWords.Names.Contains(words[0])
                ? $"'{words[0]}' takes other words than these. 'help' lists them." : $"{CommandLine.NoCommand(words[0], known)} 'help' lists them.");
            return false;
        }

        var parsed = root.Parse(text);
        if (parsed.Errors.Count > 0)
        {
            await screen.ErrorAsync($"{parsed.Errors[0].Message} 'help' lists the commands.");
            return false;
        }

        // Every command takes --url; here all ask the same Gateway.
        return await root.Parse(words.Contains("--help") ? text : $"{text} --url {url}").InvokeAsync() == 0;
    }

    private static void Help(RootCommand root, Screen screen)
    {
        foreach (var command in root.Subcommands)
        {
            screen.Line($"  {command.Name,-14}{command.Description}");
        }

        foreach (var text in BalanceWords.Help.Split('\n'))
        {
            screen.Line(text);
        }

        screen.Line("  quit          leaves");
    }

    /// <summary>What may follow what is typed so far.</summary>
    internal static IReadOnlyList<string> Complete(GatewayClient client, RootCommand root, string typed)
    {
        var words = typed.Split(' ');
        Command command = root;
        var arguments = 0;
        foreach (var word in words[..^1].Where(word => word.Length > 0 && word[0] != '-'))
        {
            var inner = command.Subcommands.FirstOrDefault(sub => sub.Name == word);
            arguments += inner is null ? 1 : 0;
            command = inner ?? command;
        }

        var last = words[^1];
        if (!last.StartsWith('-') && command.Arguments.ElementAtOrDefault(arguments) is { } argument)
        {
            return Targets.NamesAsync(client, argument, last).GetAwaiter().GetResult();
        }

        var own = command.Subcommands.Select(sub => sub.Name).Concat(last.StartsWith('-') ? command.Options.Select(option => option.Name) : []);
        return [.. own.Concat(command == root ? BalanceWords.Names : []).Where(name => name.StartsWith(last, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
    }
}
